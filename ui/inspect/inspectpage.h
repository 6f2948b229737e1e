// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensortree.h"
#include "ui/window/room.h"

#include <memory>
#include <vector>

class QStackedWidget;

namespace rekey::ui {

class BlocksPanel;
class EmptyState;
class InspectToolBar;
class Notice;
struct KeyHits;
class FileMetadataPanel;
class FileSafetyPanel;
class Sparklines;
class StatusLine;
class TensorFilterModel;
class TensorModel;
class TensorPanel;
class TensorView;
struct TensorReading;

/// Inspect: one side's keys with sizes, histograms and statistics; the selected tensor in every block; metadata and
/// safety of the file.
class InspectPage : public Room
{
    Q_OBJECT
public:
    explicit InspectPage(Session &session, QWidget *parent = nullptr);

    QWidget *toolBarWidget() override;
    QWidget *statusWidget() override;
    bool focusFilter() override;
    void activated() override;

    Side side() const { return m_side; }
    void showSide(Side side);
    void setFolded(bool folded);
    void setFilter(const QString &text);
    TensorView &view() const { return *m_view; }
    void selectTensor(std::uint32_t tensor);

protected:
    void changeEvent(QEvent *event) override;

private:
    QWidget *makeTree();
    QWidget *makeSide();
    void reopen();
    void buildTree();
    void adopt(std::shared_ptr<const TensorTree> tree);
    void applyFilter();
    void showFiltered(KeyHits hits);
    void followSelection();
    void followCurrent();
    void read(std::uint32_t tensor);
    void showReading(const TensorReading &reading);
    void showNothingSelected();
    void updateSides();
    void updateSafety();
    void updateStatus();
    void saveCsv();

    Session &m_session;
    Side m_side = Side::Source;
    CheckpointPtr m_checkpoint;
    TensorModel *m_model;
    TensorFilterModel *m_shown;
    Sparklines *m_sparklines;
    StatusLine *m_status;
    InspectToolBar *m_toolBar;
    QStackedWidget *m_stack;
    EmptyState *m_empty, *m_noHits;
    QStackedWidget *m_treeStack;
    TensorView *m_view;
    BlocksPanel *m_blocks;
    Notice *m_notice;
    TensorPanel *m_tensor;
    FileMetadataPanel *m_metadata;
    FileSafetyPanel *m_safety;
    QAction *m_save;
    quint64 m_values = 0, m_bytes = 0, m_hits = 0;
    QString m_dtypes, m_closest;
    bool m_quiet = false; ///< a selection that follows is not a person's
    bool m_filtered = false;
    bool m_sideChosen = false; ///< by a person
};

} // namespace rekey::ui

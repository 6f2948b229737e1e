// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/document/session.h"
#include "ui/inspect/tensortree.h"
#include "ui/window/room.h"

#include <memory>
#include <vector>

class QLabel;
class QScrollArea;
class QStackedWidget;
class QTimer;

namespace rekey::ui {

class EmptyState;
class FilterField;
class FileMetadataPanel;
class PageButton;
class PanelHeader;
class FileSafetyPanel;
class SegmentedSwitch;
class SmallMultiples;
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

    QWidget *toolBarWidget() override { return m_toolBar; }
    QWidget *statusWidget() override;
    QList<QAction *> menuActions() override { return m_actions; }
    bool focusFilter() override;
    void activated() override;

    Side side() const { return m_side; }
    void showSide(Side side);
    void setFolded(bool folded);
    void setFilter(const QString &text);
    TensorView &view() const { return *m_view; }
    void selectTensor(std::uint32_t tensor);

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void changeEvent(QEvent *event) override;
    bool eventFilter(QObject *watched, QEvent *event) override;

private:
    QWidget *makeToolBar();
    QWidget *makeTree();
    QWidget *makeMultiples();
    QWidget *makeSide();
    void reopen();
    void buildTree();
    void adopt(std::shared_ptr<const TensorTree> tree);
    void applyFilter();
    void showFiltered(std::vector<bool> accepted, quint64 hits, const QString &closest);
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
    QWidget *m_toolBar = nullptr;
    StatusLine *m_status;
    SegmentedSwitch *m_sides;
    PageButton *m_fold, *m_save;
    FilterField *m_filter;
    QTimer *m_filterDelay;
    QStackedWidget *m_stack;
    EmptyState *m_empty, *m_noHits;
    QStackedWidget *m_treeStack;
    TensorView *m_view;
    PanelHeader *m_multiplesHead;
    SmallMultiples *m_multiples;
    QLabel *m_notes, *m_notesIcon;
    TensorPanel *m_tensor;
    FileMetadataPanel *m_metadata;
    FileSafetyPanel *m_safety;
    QList<QAction *> m_actions;
    quint64 m_values = 0, m_bytes = 0, m_hits = 0;
    QString m_dtypes, m_closest;
    bool m_quiet = false; ///< a selection that follows is not a person's
    bool m_filtered = false;
    bool m_sideChosen = false; ///< by a person
};

} // namespace rekey::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentrun.h"
#include "ui/segment/segmenttoolbar.h"
#include "ui/window/room.h"

class QStackedWidget;

namespace rekey::ui {

class AgreementPanel;
class BehaviourPanel;
class CandidateStrip;
class CanvasCard;
class ImageStrip;
class PanelHeader;
class PromptPanel;
class Session;
class StatisticsTable;
class StatusLine;
class ViewState;
struct StripPicture;

/// Segment: the original and the converted model beside each other on a picture, with the same prompts.
class SegmentPage : public Room
{
    Q_OBJECT
public:
    explicit SegmentPage(Session &session, QWidget *parent = nullptr);
    /// With models of one's own: tests.
    SegmentPage(Session &session, SegmentDoor door, QWidget *parent = nullptr);
    ~SegmentPage() override;

    QWidget *toolBarWidget() override;
    QWidget *statusWidget() override;
    QList<QAction *> menuActions() override { return m_actions; }
    QUndoStack *undoStack() override { return &m_prompts.undoStack(); }
    void activated() override;

    SegmentRun &run() { return m_run; }
    PromptModel &prompts() { return m_prompts; }
    CanvasCard &originalCard() { return *m_original; }
    CanvasCard &convertedCard() { return *m_converted; }
    void openImage(const std::filesystem::path &path);
    void setMode(CanvasMode mode);

Q_SIGNALS:
    void mapRequested(); ///< the person wants to settle open keys

protected:
    void showEvent(QShowEvent *event) override;
    void hideEvent(QHideEvent *event) override;
    void keyPressEvent(QKeyEvent *event) override;
    void keyReleaseEvent(QKeyEvent *event) override;
    void dragEnterEvent(QDragEnterEvent *event) override;
    void dropEvent(QDropEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    QWidget *makeCanvases();
    QWidget *makeBottom();
    QWidget *makeSide();
    void makeActions();
    void connectRun();
    void connectCanvas(CanvasCard &card);
    void choosePicture(const StripPicture &picture);
    void chooseImage();
    void saveMask();
    void updateModels();
    void runIfQuick();
    void updateCards();
    void updateCard(Which which);
    void updateMasks();
    void updateCandidates();
    void updateAgreement();
    void updateTimings();
    void updateStatus();
    QString convertedBlocked() const;
    QString agreementWhy() const;
    QColor maskColour() const;

    Session &m_session;
    PromptModel m_prompts;
    SegmentRun m_run;
    ViewState *m_view;
    SegmentToolBar *m_toolBar;
    StatusLine *m_status;
    QStackedWidget *m_stack;
    CanvasCard *m_original, *m_converted;
    CandidateStrip *m_candidates;
    ImageStrip *m_images;
    PromptPanel *m_promptPanel;
    AgreementPanel *m_agreement;
    BehaviourPanel *m_behaviour;
    StatisticsTable *m_timings;
    QList<QAction *> m_actions;
    CanvasMode m_mode = CanvasMode::SideBySide;
    QImage m_small;  ///< of the picture, for candidates
    std::optional<QPoint> m_pointer;
    QTimer *m_hover;
    bool m_begun = false;
};

} // namespace rekey::ui

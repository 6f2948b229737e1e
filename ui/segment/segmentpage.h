// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"
#include "ui/segment/cardview.h"
#include "ui/segment/promptmodel.h"
#include "ui/segment/segmentrun.h"
#include "ui/segment/segmenttoolbar.h"
#include "ui/window/room.h"

class QStackedWidget;
class QTimer;

namespace rekey::ui {

class CandidatePanel;
class CanvasCard;
class CanvasPair;
class EverythingRun;
class MaskActions;
class ModuleWindow;
class Notice;
class PicturePanel;
class SegmentSide;
class Session;
class StatusLine;
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
    QUndoStack *undoStack() override { return &m_prompts.undoStack(); }
    void activated() override;
    const Job *shownJob() const override;

    SegmentRun &run() { return m_run; }
    PromptModel &prompts() { return m_prompts; }
    CanvasCard &originalCard() const;
    CanvasCard &convertedCard() const;
    EverythingRun &everything() { return *m_everything; }
    SegmentSide &side() { return *m_side; }
    MaskActions &maskActions() { return *m_maskActions; }
    Notice &notice() { return *m_notice; }
    void openImage(const std::filesystem::path &path);
    /// The window of TorchScript modules, made when it is first asked for.
    ModuleWindow &moduleWindow();
    void setMode(CanvasMode mode);
    /// What is shown here, for a comparison layer by layer; before anything is shown, the demo's first photo.
    ParityPicture pictureForParity();
    /// The chosen mask as a prompt for the next run.
    void promptWithMask();

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
    QWidget *makeEmpty();
    QWidget *makePage();
    void makeActions();
    void begin();
    void connectToolBar();
    void connectSession();
    void connectRun();
    void connectBehaviour();
    void connectCanvases();
    void choosePicture(const StripPicture &picture);
    void followPrompts();
    void followPicture();
    void updateModels();
    void runIfQuick();
    void runAsked();
    void updateCards();
    void showEverything();
    void pointAt(Which which, const std::optional<QPoint> &pixel);
    void updateStatus();
    CardView viewOf(Which which);
    void act(CardAction action);

    Session &m_session;
    PromptModel m_prompts;
    SegmentRun m_run;
    EverythingRun *m_everything;
    SegmentToolBar *m_toolBar;
    StatusLine *m_status;
    QStackedWidget *m_stack;
    CanvasPair *m_canvases;
    CandidatePanel *m_candidates;
    PicturePanel *m_pictures;
    SegmentSide *m_side;
    MaskActions *m_maskActions;
    Notice *m_notice;
    QAction *m_runAction = nullptr, *m_maskPromptAction = nullptr;
    std::optional<QPoint> m_pointer;
    QTimer *m_hover;
    ModuleWindow *m_module = nullptr;
    bool m_begun = false;
};

} // namespace rekey::ui

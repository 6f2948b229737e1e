// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/module/modulerun.h"
#include "ui/module/outputview.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QSpinBox;
class QStackedWidget;

namespace rekey::ui {

class EmptyState;
class Notice;
class PageButton;
class PanelHeader;
class PicturePanel;
class PreparationPanel;
class SegmentedSwitch;
class Session;
class StatisticsTable;
class StatusLine;

/// Any TorchScript module on a picture, in a window of its own: consent before its code runs, how the picture is
/// prepared, and its results as mask, heat map, class scores or feature colours.
class ModuleWindow : public QWidget
{
    Q_OBJECT
public:
    explicit ModuleWindow(Session &session, QWidget *parent = nullptr);
    ModuleWindow(Session &session, ModuleDoor door, QWidget *parent = nullptr);
    ~ModuleWindow() override;

    ModuleRun &run() { return m_run; }
    void open(const std::filesystem::path &file);
    void giveConsent();
    void choosePicture(const std::filesystem::path &path);
    void setChoice(const OutputChoice &choice);
    const OutputChoice &choice() const { return m_choice; }
    OutputView &outputView() const { return *m_output; }
    PageButton *consentButton() const { return m_consent; }

private:
    QWidget *makeEmpty();
    QWidget *makeConsent();
    QWidget *makePage();
    QWidget *makeSide();
    QWidget *makeOutputPart();
    void connectParts();
    void askFile();
    void askLabels();
    void followRun();
    void showResult();
    void fillFromSource(bool on);
    void updateOutput();
    void updateControls();

    Session &m_session;
    ModuleRun m_run;
    OutputChoice m_choice;
    std::vector<std::string> m_labels;
    QStackedWidget *m_stack;
    EmptyState *m_consentText;
    PageButton *m_consent = nullptr, *m_runButton, *m_fill, *m_labelsButton;
    OutputView *m_picture, *m_output;
    PanelHeader *m_moduleHead, *m_outputHead;
    StatisticsTable *m_facts;
    PreparationPanel *m_preparation;
    PicturePanel *m_pictures;
    QComboBox *m_outputs;
    SegmentedSwitch *m_kind;
    QWidget *m_channelRow, *m_thresholdRow;
    QSpinBox *m_channel;
    QDoubleSpinBox *m_threshold;
    StatusLine *m_status;
    Notice *m_notice;
    bool m_quiet = false;
};

} // namespace rekey::ui

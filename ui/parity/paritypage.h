// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/parity/parityrun.h"
#include "ui/window/room.h"

#include <functional>

class QSplitter;
class QStackedWidget;

namespace rekey::ui {

class DepthPlot;
class EmptyState;
class FilterField;
class LayerPanel;
class LayersModel;
class Notice;
class PageButton;
class PanelTabs;
class ParityTable;
class ParityToolBar;
class SegmentedSwitch;
class StatusLine;
class VerdictLine;
class WeightsModel;

/// Parity: where the converted model parts from its reference, tensor by tensor and layer by layer, and which rules are
/// to blame.
class ParityPage : public Room
{
    Q_OBJECT
public:
    explicit ParityPage(Session &session, QWidget *parent = nullptr);
    /// With comparisons of one's own: tests.
    ParityPage(Session &session, ParityDoor door, QWidget *parent = nullptr);
    ~ParityPage() override;

    QWidget *toolBarWidget() override;
    QWidget *statusWidget() override;
    bool focusFilter() override;
    void activated() override;
    const Job *shownJob() const override { return m_run.job(); }

    /// Where the picture and the prompts come from: the Segment room's.
    void setPictureSource(std::function<ParityPicture()> source) { m_pictureSource = std::move(source); }

    /// What a person chose for the converted model there.
    void setConditionsSource(std::function<ParityConditions()> source) { m_conditionsSource = std::move(source); }

    ParityRun &run() { return m_run; }
    DepthPlot &plot() const { return *m_plot; }
    LayerPanel &layerPanel() const { return *m_layer; }
    ParityTable &layers() const { return *m_layers; }
    ParityTable &weights() const { return *m_weights; }
    VerdictLine &verdict() const { return *m_verdict; }
    ParityToolBar &toolBar() const { return *m_toolBar; }
    Notice &notice() const { return *m_notice; }
    void compareWith(const ParityReference &reference);
    void showTable(int index); ///< 0: layers, 1: weights
    void setOnlyDifferences(bool on);
    void chooseLayer(int row);
    void saveReport(const QString &file);
    void saveCaptureScript(const QString &file);

Q_SIGNALS:
    void segmentAsked();
    void mapAsked();
    void rulesAsked(const std::vector<std::uint32_t> &rules);

private:
    QWidget *makeEmpty();
    QWidget *makePage();
    QWidget *makePlot();
    QWidget *makeTables();
    void makeActions();
    void connectParts();
    void chooseReference(ParityReference::Kind kind);
    void askTolerance();
    void askReport();
    void askCaptureScript();
    void showResult();
    void followRun();
    void updateEmpty();
    void updateStatus();
    void actOnEmpty();
    void askRulesOfWeight(int row);

    Session &m_session;
    ParityRun m_run;
    std::function<ParityPicture()> m_pictureSource;
    std::function<ParityConditions()> m_conditionsSource;
    ParityToolBar *m_toolBar;
    StatusLine *m_status;
    QStackedWidget *m_stack, *m_tables;
    EmptyState *m_empty, *m_noLayers, *m_noWeights;
    PageButton *m_emptyAction, *m_emptyRecorded, *m_emptyFiles;
    VerdictLine *m_verdict;
    QSplitter *m_upper;
    DepthPlot *m_plot;
    LayerPanel *m_layer;
    LayersModel *m_layersModel;
    WeightsModel *m_weightsModel;
    ParityTable *m_layers, *m_weights;
    PanelTabs *m_tabs;
    SegmentedSwitch *m_which;
    FilterField *m_filter;
    Notice *m_notice;
    QAction *m_runAction = nullptr, *m_reportAction = nullptr;
    std::shared_ptr<const ParityResult> m_shown;
};

} // namespace rekey::ui

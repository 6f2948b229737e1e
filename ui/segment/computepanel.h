// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/segment/segmentdoor.h"

#include <QWidget>

class QComboBox;
class QLabel;

namespace rekey::ui {

class Jobs;
class PanelHeader;
class SegmentedSwitch;

/// What the models run on and how exactly. Devices and the speed of each precision are asked for in the background.
class ComputePanel : public QWidget
{
    Q_OBJECT
public:
    ComputePanel(Jobs &jobs, const SegmentDoor &door, QWidget *parent = nullptr);

    /// Asks what there is, once; loads LibTorch, so not before something runs.
    void ask();
    const ComputeOptions &chosen() const { return m_chosen; }

Q_SIGNALS:
    void computeChosen(const rekey::ComputeOptions &compute);

private:
    struct Offer
    {
        std::vector<ComputeDevice> devices;
        std::vector<PrecisionOffer> precisions;
    };
    void askPrecisions(const std::string &device);
    void show(const Offer &offer);
    void showReason();
    void choose(Precision precision);

    Jobs &m_jobs;
    const SegmentDoor &m_door;
    ComputeOptions m_chosen {Precision::F32, "cpu", true};
    Offer m_offer;
    PanelHeader *m_header;
    QComboBox *m_device;
    QLabel *m_deviceName, *m_reason;
    SegmentedSwitch *m_precision;
    bool m_asked = false, m_quiet = false;
};

} // namespace rekey::ui

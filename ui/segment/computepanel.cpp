// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/computepanel.h"

#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/labels.h"
#include "ui/window/panelheader.h"
#include "ui/window/segmentedswitch.h"

#include <QComboBox>
#include <QGridLayout>
#include <QLabel>

#include <algorithm>
#include <array>

namespace rekey::ui {

namespace {

constexpr std::array precisionOrder {Precision::F32, Precision::BF16, Precision::F16}; // in the switch

int indexOf(Precision precision)
{
    return static_cast<int>(std::ranges::find(precisionOrder, precision) - precisionOrder.begin());
}

QString deviceText(const ComputeDevice &device)
{
    const QString name = QString::fromStdString(device.name);
    return device.memoryBytes > 0 ? QStringLiteral("%1, %2").arg(name, bytesText(device.memoryBytes)) : name;
}

} // namespace

ComputePanel::ComputePanel(Jobs &jobs, const SegmentDoor &door, QWidget *parent)
    : QWidget(parent)
    , m_jobs(jobs)
    , m_door(door)
    , m_header(new PanelHeader(tr("Computation")))
    , m_device(new QComboBox)
    , m_deviceName(new QLabel(tr("Processor")))
    , m_reason(quietLabel())
    , m_precision(new SegmentedSwitch({{precisionText(Precision::F32), {}, tr("Single precision, as the original computes")},
                                       {precisionText(Precision::BF16), {}, tr("Matrix products of the image encoder in BF16")},
                                       {precisionText(Precision::F16), {}, tr("Matrix products of the image encoder in F16")}}))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_header);
    auto *body = new QWidget;
    auto *grid = new QGridLayout(body);
    grid->setContentsMargins(12, 10, 12, 10);
    grid->setHorizontalSpacing(12);
    grid->setVerticalSpacing(8);
    m_device->setFont(secondaryFont());
    m_deviceName->setFont(secondaryFont());
    m_device->setAccessibleName(tr("Device"));
    m_device->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
    m_device->hide();
    m_precision->setSmall(true);
    m_precision->setAccessibleName(tr("Precision"));
    for (const Precision half : {Precision::BF16, Precision::F16}) // until it is measured
        m_precision->setChoiceEnabled(indexOf(half), false);
    m_reason->setWordWrap(true);
    grid->addWidget(quietLabel(tr("Device")), 0, 0);
    grid->addWidget(m_device, 0, 1);
    grid->addWidget(m_deviceName, 0, 1);
    grid->addWidget(quietLabel(tr("Precision")), 1, 0);
    grid->addWidget(m_precision, 1, 1, Qt::AlignLeft);
    grid->addWidget(m_reason, 2, 1);
    grid->setColumnStretch(1, 1);
    column->addWidget(body);
    m_reason->hide();
    connect(m_device, &QComboBox::activated, this, [this](int index) {
        m_chosen.device = m_offer.devices[static_cast<std::size_t>(index)].id;
        m_chosen.precision = Precision::F32;
        askPrecisions(m_chosen.device);
        Q_EMIT computeChosen(m_chosen);
    });
    connect(m_precision, &SegmentedSwitch::currentChanged, this,
            [this](int index) { choose(precisionOrder[static_cast<std::size_t>(index)]); });
}

void ComputePanel::choose(Precision precision)
{
    if (m_quiet || precision == m_chosen.precision)
        return;
    m_chosen.precision = precision;
    showReason();
    Q_EMIT computeChosen(m_chosen);
}

void ComputePanel::ask()
{
    if (m_asked || !m_door.devices)
        return;
    m_asked = true;
    askPrecisions(m_chosen.device);
}

void ComputePanel::askPrecisions(const std::string &device)
{
    m_jobs.start(
        this, QStringLiteral("offer"), tr("Measuring precisions"),
        [door = m_door, device](const Progress &) {
            return Offer {door.devices(), door.precisions(device)};
        },
        [this](const Offer &offer) { show(offer); });
}

void ComputePanel::show(const Offer &offer)
{
    m_offer = offer;
    m_quiet = true;
    m_device->clear();
    for (const ComputeDevice &device : offer.devices) {
        m_device->addItem(deviceText(device));
        if (device.id == m_chosen.device)
            m_device->setCurrentIndex(m_device->count() - 1);
    }
    // One device is a fact, several are a choice.
    m_device->setVisible(offer.devices.size() > 1);
    m_deviceName->setVisible(offer.devices.size() <= 1);
    if (!offer.devices.empty())
        m_deviceName->setText(deviceText(offer.devices.front()));
    for (const PrecisionOffer &each : offer.precisions) {
        const int index = indexOf(each.precision);
        m_precision->setChoice(index, {precisionText(each.precision), {}, QString::fromStdString(each.reason)});
        m_precision->setChoiceEnabled(index, each.offered);
    }
    m_precision->setCurrent(indexOf(m_chosen.precision));
    m_quiet = false;
    showReason();
}

void ComputePanel::showReason()
{
    // What there is to know of the half precisions is worth a line whether or not one is chosen.
    QStringList lines;
    for (const PrecisionOffer &offer : m_offer.precisions) {
        if (offer.precision != Precision::F32)
            lines << tr("%1: %2").arg(precisionText(offer.precision), QString::fromStdString(offer.reason));
    }
    m_reason->setText(lines.join(u'\n'));
    m_reason->setVisible(!lines.isEmpty());
}

} // namespace rekey::ui

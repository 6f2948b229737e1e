// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/everythingpanel.h"

#include "ui/inspect/statisticstable.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/labels.h"
#include "ui/window/pagebutton.h"
#include "ui/window/panelheader.h"

#include <QDoubleSpinBox>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QSpinBox>

namespace rekey::ui {

namespace {

QDoubleSpinBox *fraction(const QString &name, const QString &toolTip)
{
    auto *box = new QDoubleSpinBox;
    box->setRange(0, 1);
    box->setDecimals(2);
    box->setSingleStep(0.01);
    box->setAccessibleName(name);
    box->setToolTip(toolTip);
    return box;
}

QSpinBox *number(const QString &name, int least, int most, const QString &toolTip)
{
    auto *box = new QSpinBox;
    box->setRange(least, most);
    box->setAccessibleName(name);
    box->setToolTip(toolTip);
    return box;
}

} // namespace

EverythingPanel::EverythingPanel(EverythingRun &run, QWidget *parent)
    : QWidget(parent)
    , m_run(run)
    , m_header(new PanelHeader(tr("Everything")))
    , m_points(number(tr("Points per side"), 1, 128, tr("Points of the grid along each side of the picture")))
    , m_layers(number(tr("Crop layers"), 0, 3, tr("Also looks at 2×2, 4×4 … parts of the picture, each encoded on its own")))
    , m_area(number(tr("Smallest region"), 0, 100'000, tr("Pixels: smaller holes are filled, smaller islands removed")))
    , m_iou(fraction(tr("Predicted IoU"), tr("Masks that the model rates lower are left out")))
    , m_stability(fraction(tr("Stability"), tr("Masks that change more with the threshold are left out")))
    , m_overlap(fraction(tr("Box overlap"), tr("Of masks whose boxes overlap more, the best stays")))
    , m_start(new PageButton(PageButton::Look::Primary, tr("Segment everything"), QStringLiteral("run")))
    , m_defaults(new PageButton(PageButton::Look::Link, tr("Defaults")))
    , m_save(new PageButton(PageButton::Look::Link, tr("Save all masks…")))
    , m_table(new StatisticsTable(
          {{tr("Original"), ColumnInk::Source, ColumnInk::Text}, {tr("Converted"), ColumnInk::Target, ColumnInk::Text}}))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    m_header->addTrailing(m_defaults);
    column->addWidget(m_header);
    auto *form = new QGridLayout;
    form->setContentsMargins(12, 10, 12, 10);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(6);
    form->setColumnStretch(0, 1);
    m_area->setSuffix(tr(" px"));
    m_area->setSingleStep(50);
    const std::pair<QString, QAbstractSpinBox *> rows[]
        = {{tr("Points per side"), m_points},       {tr("Predicted IoU, at least"), m_iou}, {tr("Stability, at least"), m_stability},
           {tr("Box overlap, at most"), m_overlap}, {tr("Crop layers"), m_layers},          {tr("Smallest region"), m_area}};
    for (const auto &[title, box] : rows) {
        QLabel *label = fieldLabel(title);
        label->setBuddy(box);
        box->setFont(secondaryFont());
        box->setFixedWidth(104);
        const int row = form->rowCount();
        form->addWidget(label, row, 0);
        form->addWidget(box, row, 1);
    }
    column->addLayout(form);
    auto *buttons = new QHBoxLayout;
    buttons->setContentsMargins(12, 0, 12, 12);
    buttons->addWidget(m_start);
    buttons->addStretch();
    buttons->addWidget(m_save);
    column->addLayout(buttons);
    column->addWidget(new PanelHeader(tr("Masks found")));
    auto *found = new QVBoxLayout;
    found->setContentsMargins(12, 8, 12, 8);
    m_table->setRowHeight(24);
    m_table->setAccessibleName(tr("Masks found"));
    found->addWidget(m_table);
    column->addLayout(found);

    for (QSpinBox *box : {m_points, m_layers, m_area})
        connect(box, &QSpinBox::valueChanged, this, &EverythingPanel::change);
    for (QDoubleSpinBox *box : {m_iou, m_stability, m_overlap})
        connect(box, &QDoubleSpinBox::valueChanged, this, &EverythingPanel::change);
    connect(m_start, &QAbstractButton::clicked, this, [this] {
        if (!m_run.isRunning())
            return m_run.start();
        m_run.cancel();
        follow();
    });
    connect(m_defaults, &QAbstractButton::clicked, this, [this] { m_run.setOptions({}); });
    connect(m_save, &QAbstractButton::clicked, this, &EverythingPanel::saveAsked);
    connect(&m_run, &EverythingRun::changed, this, &EverythingPanel::follow);
    show(m_run.options());
    follow();
}

EverythingOptions EverythingPanel::given() const
{
    EverythingOptions options = m_run.options();
    options.pointsPerSide = m_points->value();
    options.cropLayers = m_layers->value();
    options.minRegionArea = m_area->value();
    options.predictedIouThreshold = m_iou->value();
    options.stabilityThreshold = m_stability->value();
    options.boxNmsThreshold = m_overlap->value();
    return options;
}

void EverythingPanel::change()
{
    if (!m_quiet)
        m_run.setOptions(given());
}

void EverythingPanel::show(const EverythingOptions &options)
{
    m_quiet = true;
    m_points->setValue(options.pointsPerSide);
    m_layers->setValue(options.cropLayers);
    m_area->setValue(options.minRegionArea);
    m_iou->setValue(options.predictedIouThreshold);
    m_stability->setValue(options.stabilityThreshold);
    m_overlap->setValue(options.boxNmsThreshold);
    m_quiet = false;
}

void EverythingPanel::setPointed(Which which, int mask)
{
    if (m_pointedWhich == which && m_pointed == mask)
        return;
    m_pointedWhich = which;
    m_pointed = mask;
    updateTable();
}

void EverythingPanel::follow()
{
    if (!(given() == m_run.options()))
        show(m_run.options());
    const bool any = m_run.answer(Which::Original) != nullptr || m_run.answer(Which::Converted) != nullptr;
    m_start->setText(m_run.isRunning() ? tr("Cancel") : tr("Segment everything"));
    m_start->setIconName(m_run.isRunning() ? QStringLiteral("cancel") : QStringLiteral("run"));
    m_start->setEnabled(m_run.canRun() || m_run.isRunning());
    m_start->updateGeometry();
    m_save->setEnabled(any);
    if (m_run.isOutOfDate())
        m_header->setChip(QStringLiteral("warning"), tr("Out of date"), Status::ToReview);
    else
        m_header->clearChip();
    updateTable();
}

void EverythingPanel::updateTable()
{
    const auto row = [this](const QString &name, auto text) {
        const auto cell = [&](Which which) {
            const EverythingAnswer *answer = m_run.answer(which);
            return answer != nullptr && answer->result ? text(which, *answer->result) : QStringLiteral("–");
        };
        return StatisticsTable::Row {name, {cell(Which::Original), cell(Which::Converted)}};
    };
    // The mask under the pointer, in the picture that it is over.
    const auto pointed = [this](auto figure) {
        return [this, figure](Which which, const EverythingResult &result) {
            const auto index = static_cast<std::size_t>(m_pointed);
            return which == m_pointedWhich && m_pointed >= 0 && index < result.masks.size() ? figure(result.masks[index])
                                                                                            : QStringLiteral("–");
        };
    };
    const auto score = [](double value) { return QLocale().toString(value, 'f', 3); };
    m_table->setRows(
        {row(tr("Masks"), [](Which, const EverythingResult &r) { return countText(r.masks.size()); }),
         row(tr("Points asked"), [](Which, const EverythingResult &r) { return countText(r.points); }),
         row(tr("Encoding"), [](Which, const EverythingResult &r) { return durationText(r.encodingMilliseconds); }),
         row(tr("Time in all"), [](Which, const EverythingResult &r) { return durationText(r.milliseconds); }),
         row(tr("Pointed: area"), pointed([](const EverythingMask &m) { return tr("%1 px").arg(countText(m.area)); })),
         row(tr("Pointed: IoU"), pointed([score](const EverythingMask &m) { return score(static_cast<double>(m.predictedIou)); })),
         row(tr("Pointed: stability"), pointed([score](const EverythingMask &m) { return score(static_cast<double>(m.stability)); }))});
}

} // namespace rekey::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/module/preparationpanel.h"

#include "ui/theme/theme.h"
#include "ui/window/labels.h"
#include "ui/window/panelheader.h"

#include <QCheckBox>
#include <QComboBox>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QSpinBox>

#include <algorithm>

namespace rekey::ui {

namespace {

struct Normalising
{
    const char *name;
    std::array<double, 3> mean, deviation;
};

/// What published networks were trained with.
const Normalising normalisings[] = {
    {QT_TRANSLATE_NOOP("rekey::ui::PreparationPanel", "ImageNet"), {0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
    {QT_TRANSLATE_NOOP("rekey::ui::PreparationPanel", "CLIP"), {0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
    {QT_TRANSLATE_NOOP("rekey::ui::PreparationPanel", "−1 to 1"), {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}},
    {QT_TRANSLATE_NOOP("rekey::ui::PreparationPanel", "None"), {0, 0, 0}, {1, 1, 1}}};
constexpr int largestSide = 4096;

} // namespace

PreparationPanel::PreparationPanel(const ImagePreparation &preparation, QWidget *parent)
    : QWidget(parent)
    , m_width(new QSpinBox)
    , m_height(new QSpinBox)
    , m_fit(new QComboBox)
    , m_range(new QComboBox)
    , m_norm(new QComboBox)
    , m_blueFirst(new QCheckBox(tr("Blue first (BGR)")))
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(new PanelHeader(tr("Preparation")));
    auto *form = new QFormLayout;
    form->setContentsMargins(12, 10, 12, 10);
    form->setHorizontalSpacing(12);
    form->setVerticalSpacing(6);
    auto *size = new QWidget;
    auto *row = new QHBoxLayout(size);
    row->setContentsMargins(0, 0, 0, 0);
    row->setSpacing(4);
    for (QSpinBox *box : {m_width, m_height}) {
        box->setRange(1, largestSide);
        box->setKeyboardTracking(false);
        box->setFont(secondaryFont());
    }
    m_width->setAccessibleName(tr("Width"));
    m_height->setAccessibleName(tr("Height"));
    row->addWidget(m_width, 1);
    row->addWidget(new QLabel(QString(QChar(0x00D7))));
    row->addWidget(m_height, 1);
    m_fit->addItems({tr("Stretch"), tr("Pad right and below"), tr("Crop the middle"), tr("Keep the picture's size")});
    m_range->addItems({tr("0 to 1"), tr("0 to 255")});
    for (const Normalising &each : normalisings)
        m_norm->addItem(tr(each.name));
    const std::pair<QString, QWidget *> rows[]
        = {{tr("Size"), size}, {tr("Fit"), m_fit}, {tr("Range"), m_range}, {tr("Mean, deviation"), m_norm}};
    for (const auto &[title, field] : rows) {
        field->setFont(secondaryFont());
        field->setAccessibleName(title);
        form->addRow(fieldLabel(title), field);
    }
    m_blueFirst->setFont(secondaryFont());
    form->addRow(QString(), m_blueFirst);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    column->addLayout(form);

    m_width->setValue(preparation.width);
    m_height->setValue(preparation.height);
    m_fit->setCurrentIndex(static_cast<int>(preparation.fit));
    m_range->setCurrentIndex(preparation.range > 1 ? 1 : 0);
    m_blueFirst->setChecked(preparation.blueFirst);
    for (std::size_t i = 0; i < std::size(normalisings); ++i)
        if (normalisings[i].mean == preparation.mean && normalisings[i].deviation == preparation.deviation)
            m_norm->setCurrentIndex(static_cast<int>(i));
    for (QSpinBox *box : {m_width, m_height})
        connect(box, &QSpinBox::valueChanged, this, &PreparationPanel::emitChanged);
    for (QComboBox *box : {m_fit, m_range, m_norm})
        connect(box, &QComboBox::activated, this, &PreparationPanel::emitChanged);
    connect(m_blueFirst, &QCheckBox::toggled, this, &PreparationPanel::emitChanged);
}

ImagePreparation PreparationPanel::preparation() const
{
    ImagePreparation preparation;
    preparation.width = m_width->value();
    preparation.height = m_height->value();
    preparation.fit = static_cast<ImagePreparation::Fit>(m_fit->currentIndex());
    preparation.range = m_range->currentIndex() == 0 ? 1 : 255;
    preparation.mean = normalisings[m_norm->currentIndex()].mean;
    preparation.deviation = normalisings[m_norm->currentIndex()].deviation;
    preparation.blueFirst = m_blueFirst->isChecked();
    if (preparation.range > 1) {
        // Mean and deviation are published for 0 to 1.
        for (std::size_t i = 0; i < 3; ++i) {
            preparation.mean[i] *= preparation.range;
            preparation.deviation[i] *= preparation.deviation[i] == 1 && preparation.mean[i] == 0 ? 1 : preparation.range;
        }
    }
    return preparation;
}

void PreparationPanel::emitChanged()
{
    const bool sized = m_fit->currentIndex() != static_cast<int>(ImagePreparation::Fit::Keep);
    m_width->setEnabled(sized);
    m_height->setEnabled(sized);
    Q_EMIT preparationChanged(preparation());
}

} // namespace rekey::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/parity/paritytoolbar.h"

#include "ui/parity/parityverdict.h"
#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/segmentedswitch.h"
#include "ui/window/toolbarfit.h"

#include <QFontMetrics>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>

namespace rekey::ui {

namespace {

constexpr int longestReference = 220;

QString iconOf(ParityReference::Kind kind)
{
    switch (kind) {
    case ParityReference::Kind::Original: return QStringLiteral("photo");
    case ParityReference::Kind::Recorded:
    case ParityReference::Kind::Files: return QStringLiteral("layers");
    case ParityReference::Kind::Checkpoint: return QStringLiteral("checkpoint");
    case ParityReference::Kind::Target: return QStringLiteral("target");
    }
    return {};
}

} // namespace

ParityToolBar::ParityToolBar(QWidget *parent)
    : QWidget(parent)
    , m_reference(new PageButton(PageButton::Look::Outlined, {}, QStringLiteral("photo"), this))
    , m_capture(new PageButton(PageButton::Look::Outlined, tr("Capture script…"), QStringLiteral("script"), this))
    , m_report(new PageButton(PageButton::Look::Outlined, tr("Save report…"), QStringLiteral("export"), this))
    , m_run(new PageButton(PageButton::Look::Primary, tr("Check parity"), QStringLiteral("run"), this))
    , m_toleranceTitle(new QLabel(tr("Tolerance"), this))
    , m_tolerance(new SegmentedSwitch(
          {{tr("F32 %1").arg(toleranceText(toleranceF32)), {}, tr("What rounding in single precision may add in one layer")},
           {tr("16 bit %1").arg(toleranceText(toleranceHalf)), {}, tr("What rounding in 16 bits may add in one layer")},
           {tr("Own…"), {}, tr("A tolerance of your own")}},
          this))
{
    auto *row = new QHBoxLayout(this);
    row->setContentsMargins(4, 0, 0, 0);
    row->setSpacing(8);
    row->setSizeConstraint(QLayout::SetNoConstraint);
    m_reference->setAccessibleName(tr("Compared with"));
    m_reference->setToolTip(tr("What the converted model is compared with"));
    m_capture->setToolTip(tr("A Python script that records the activations of any torch module, for the comparison here"));
    m_toleranceTitle->setFont(secondaryFont());
    m_tolerance->setAccessibleName(tr("Tolerance"));
    m_run->setKeyCap(tr("F5"));
    row->addWidget(m_reference);
    row->addWidget(m_capture);
    row->addStretch();
    row->addWidget(m_toleranceTitle);
    row->addWidget(m_tolerance);
    row->addSpacing(4);
    row->addWidget(m_report);
    row->addWidget(m_run);
    connect(m_reference, &QAbstractButton::clicked, this, &ParityToolBar::showMenu);
    connect(m_capture, &QAbstractButton::clicked, this, &ParityToolBar::captureAsked);
    connect(m_report, &QAbstractButton::clicked, this, &ParityToolBar::reportAsked);
    connect(m_run, &QAbstractButton::clicked, this, [this] { m_running ? Q_EMIT cancelAsked() : Q_EMIT runAsked(); });
    connect(m_tolerance, &SegmentedSwitch::currentChanged, this, [this](int index) {
        if (m_quiet)
            return;
        if (index == 2)
            Q_EMIT ownToleranceAsked();
        else
            Q_EMIT toleranceChosen(index == 0 ? toleranceF32 : toleranceHalf);
    });
}

void ParityToolBar::showMenu()
{
    using Kind = ParityReference::Kind;
    QMenu menu(this);
    const auto add = [&](Kind kind, const QString &text) {
        QAction *action = menu.addAction(icon(iconOf(kind)), text, this, [this, kind] { Q_EMIT kindChosen(kind); });
        action->setCheckable(true);
        action->setChecked(kind == m_kind);
    };
    menu.addSection(tr("Layer by layer"));
    add(Kind::Original, tr("Original model, on a picture"));
    menu.addAction(icon(QStringLiteral("photo")), tr("Choose picture…"), this, &ParityToolBar::pictureAsked);
    add(Kind::Recorded, tr("Recorded activations…"));
    add(Kind::Files, tr("Two files of activations…"));
    menu.addSection(tr("Weights only"));
    add(Kind::Checkpoint, tr("Another checkpoint…"));
    add(Kind::Target, tr("The target's own values"));
    menu.exec(m_reference->mapToGlobal(QPoint(0, m_reference->height() + 2)));
}

void ParityToolBar::setReference(const ParityReference &reference, const QString &picture)
{
    m_kind = reference.kind;
    m_reference->setIconName(iconOf(reference.kind));
    switch (reference.kind) {
    case ParityReference::Kind::Original:
        m_referenceText = picture.isEmpty() ? tr("Original, no picture") : tr("Original, %1").arg(picture);
        break;
    case ParityReference::Kind::Target: m_referenceText = tr("Target's own values"); break;
    case ParityReference::Kind::Files:
        m_referenceText = tr("%1, %2").arg(QString::fromStdString(reference.file.filename().string()),
                                           QString::fromStdString(reference.checked.filename().string()));
        break;
    case ParityReference::Kind::Recorded:
    case ParityReference::Kind::Checkpoint: m_referenceText = QString::fromStdString(reference.file.filename().string()); break;
    }
    m_reference->setText(QFontMetrics(font()).elidedText(m_referenceText, Qt::ElideMiddle, longestReference) + QStringLiteral(" ▾"));
    m_reference->setAccessibleName(tr("Compared with %1").arg(m_referenceText));
    m_reference->updateGeometry();
    fit();
}

void ParityToolBar::setTolerance(double tolerance, bool applies)
{
    m_quiet = true;
    const bool own = tolerance != toleranceF32 && tolerance != toleranceHalf;
    m_tolerance->setChoice(2, {own ? toleranceText(tolerance) : tr("Own…"), {}, tr("A tolerance of your own")});
    m_tolerance->setCurrent(own ? 2 : tolerance == toleranceHalf ? 1 : 0);
    m_tolerance->setEnabled(applies);
    fit();
    m_toleranceTitle->setEnabled(applies);
    m_quiet = false;
}

void ParityToolBar::setState(bool mayRun, bool running, bool hasResult)
{
    m_running = running;
    m_run->setText(running ? tr("Cancel") : tr("Check parity"));
    m_run->setIconName(running ? QStringLiteral("cancel") : QStringLiteral("run"));
    m_run->setKeyCap(running ? QString() : tr("F5"));
    m_run->setEnabled(mayRun || running);
    m_run->updateGeometry();
    m_report->setEnabled(hasResult);
    fit();
}

void ParityToolBar::resizeEvent(QResizeEvent *event)
{
    QWidget::resizeEvent(event);
    fit();
}

void ParityToolBar::fit()
{
    foldToFit(*this, {[this](bool folded) { m_report->setFolded(folded); }, [this](bool folded) { m_capture->setFolded(folded); },
                      [this](bool folded) { m_toleranceTitle->setHidden(folded); }});
}

} // namespace rekey::ui

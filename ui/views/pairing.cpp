// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/pairing.h"

#include "core/base/error.h"
#include "core/suggest/suggest.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/keytreeview.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QTimerEvent>

#include <variant>

namespace rekey::ui {

namespace {

constexpr int expandDelay = 600; ///< ms over a collapsed row
constexpr int scrollStep = 8;

struct Refusal
{
    QString sentence;
    Rule draft;
};

/// The chip at the pointer.
class DragLabel : public QLabel
{
public:
    using QLabel::QLabel;

protected:
    void paintEvent(QPaintEvent *event) override
    {
        const Theme theme = Theme::of(palette());
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(QPen(theme.accent, 1));
        painter.setBrush(theme.raised);
        painter.drawRoundedRect(QRectF(rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
        painter.end();
        QLabel::paintEvent(event);
    }
};

Rule literalRule(const std::vector<std::uint32_t> &sources, const std::vector<std::uint32_t> &targets, const Schema &source,
                 const Schema &target)
{
    Rule rule;
    if (!sources.empty())
        rule.sources.push_back(Pattern::literal(source.tensors[sources.front()].key));
    if (!targets.empty())
        rule.targets.push_back(Pattern::literal(target.tensors[targets.front()].key));
    return rule;
}

} // namespace

Pairing::Pairing(Session &session, QObject *parent)
    : QObject(parent)
    , m_session(session)
{
}

void Pairing::preview(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets)
{
    MappingDocument &document = m_session.document();
    if (!document.source() || !document.target())
        return;
    Job *job = m_session.jobs().start(
        this, QStringLiteral("preview"), tr("Inferring the rule"),
        [sources = std::move(sources), targets = std::move(targets), source = document.source(), target = document.target()](
            const Progress &) {
            const Inference inference = inferRules(sources, targets, *source, *target);
            QString text = ruleLine(inference.rules.front());
            if (inference.rules.size() > 1)
                text += QLatin1Char('\n') + tr("and %n more rule(s)", nullptr, static_cast<int>(inference.rules.size()) - 1);
            // A plain rename says nothing that the keys do not.
            const QString what = QString::fromStdString(inference.text);
            return what.contains(QLatin1Char(',')) ? what + QLatin1Char('\n') + text : text;
        },
        [this](const QString &text) { Q_EMIT previewed(text, true); });
    connect(job, &Job::failed, this, [this](const QString &error) { Q_EMIT previewed(error, false); });
}

void Pairing::plan(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets)
{
    MappingDocument &document = m_session.document();
    if (!document.source() || !document.target())
        return;
    using Outcome = std::variant<PairingPlan, Refusal>;
    m_session.jobs().start(
        this, QStringLiteral("pair"), tr("Inferring the rule"),
        [sources = std::move(sources), targets = std::move(targets), source = document.source(), target = document.target(),
         mapping = document.mapping(), before = document.resolution()](const Progress &progress) -> Outcome {
            try {
                return planPairing(sources, targets, mapping, before.get(), *source, *target, progress);
            } catch (const Error &error) {
                return Refusal{QString::fromUtf8(error.what()), literalRule(sources, targets, *source, *target)};
            }
        },
        [this](const Outcome &outcome) {
            if (const auto *refusal = std::get_if<Refusal>(&outcome))
                Q_EMIT refused(refusal->sentence, refusal->draft);
            else
                Q_EMIT planned(std::get<PairingPlan>(outcome));
        });
}

PairingDrag::PairingDrag(KeyTreeView &source, KeyTreeView &target, Pairing &pairing)
    : QObject(&source)
    , m_source(source)
    , m_target(target)
    , m_pairing(pairing)
{
    source.viewport()->installEventFilter(this);
    connect(&pairing, &Pairing::previewed, this, [this](const QString &text, bool) {
        if (m_dragging && m_over.isValid())
            showText(text);
    });
}

QString PairingDrag::label() const
{
    return m_label ? m_label->text() : QString();
}

bool PairingDrag::eventFilter(QObject *watched, QEvent *event)
{
    if (m_dragging && event->type() == QEvent::KeyPress && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape) {
        end(false);
        return true;
    }
    if (m_dragging && event->type() == QEvent::ShortcutOverride && static_cast<QKeyEvent *>(event)->key() == Qt::Key_Escape) {
        event->accept();
        return true;
    }
    const auto *mouse = dynamic_cast<QMouseEvent *>(event);
    if (mouse == nullptr || watched != m_source.viewport()) // other events come while the view is being destroyed
        return false;
    switch (event->type()) {
    case QEvent::MouseButtonPress:
        m_armed = mouse->button() == Qt::LeftButton && mouse->modifiers() == Qt::NoModifier
                  && m_source.indexAt(mouse->position().toPoint()).isValid();
        m_pressed = mouse->position().toPoint();
        return false;
    case QEvent::MouseMove:
        if (!(mouse->buttons() & Qt::LeftButton) || !m_armed)
            return false;
        if (!m_dragging && (mouse->position().toPoint() - m_pressed).manhattanLength() >= QApplication::startDragDistance())
            begin(mouse->globalPosition().toPoint());
        if (m_dragging)
            move(mouse->globalPosition().toPoint());
        return true; // neither a rubber band nor Qt's own drag
    case QEvent::MouseButtonRelease:
        m_armed = false;
        if (!m_dragging)
            return false;
        move(mouse->globalPosition().toPoint());
        end(true);
        return true;
    default:
        return false;
    }
}

void PairingDrag::begin(const QPoint &globalPosition)
{
    const QModelIndex pressed = m_source.indexAt(m_pressed);
    if (!pressed.isValid() || !m_target.keys()->tree())
        return;
    const std::uint32_t node = m_source.keys()->nodeOf(pressed);
    m_tensors = m_source.selectionModel()->isSelected(pressed) ? m_source.selectedTensors() : m_source.keys()->tree()->tensorsBelow(node);
    const auto rows = m_source.selectionModel()->selectedRows().size();
    const QString name = rows > 1 ? tr("%n row(s)", nullptr, static_cast<int>(rows)) : pressed.data().toString();
    m_what = QStringLiteral("<b>%1</b> · %2").arg(name.toHtmlEscaped(), tr("%n key(s)", nullptr, static_cast<int>(m_tensors.size())));
    std::uint64_t values = 0;
    for (const std::uint32_t tensor : m_tensors)
        values += elementCount(m_source.keys()->schema()->tensors[tensor].shape);
    m_target.keys()->setDragValues(values);
    m_target.viewport()->update();

    m_dragging = true;
    m_label = new DragLabel(m_source.window());
    m_label->setAttribute(Qt::WA_TransparentForMouseEvents);
    m_label->setTextFormat(Qt::RichText);
    m_label->setFont(secondaryFont());
    m_label->setMargin(8);
    m_label->setForegroundRole(QPalette::ToolTipText);
    showText({});
    m_label->show();
    place(globalPosition);
    QApplication::setOverrideCursor(Qt::ClosedHandCursor);
    qApp->installEventFilter(this);
    m_scrollTimer.start(30, this);
}

void PairingDrag::showText(const QString &rule)
{
    if (!m_label)
        return;
    m_label->setText(rule.isEmpty()
                         ? m_what
                         : m_what + QStringLiteral("<br>") + rule.toHtmlEscaped().replace(QLatin1Char('\n'), QStringLiteral("<br>")));
    m_label->adjustSize();
    place(m_last);
}

void PairingDrag::place(const QPoint &globalPosition)
{
    m_last = globalPosition;
    const QWidget *window = m_label->window();
    QPoint at = window->mapFromGlobal(globalPosition) + QPoint(14, 16);
    at.setX(std::clamp(at.x(), 4, std::max(4, window->width() - m_label->width() - 4)));
    at.setY(std::clamp(at.y(), 4, std::max(4, window->height() - m_label->height() - 4)));
    m_label->move(at);
    m_label->raise();
}

void PairingDrag::move(const QPoint &globalPosition)
{
    place(globalPosition);
    const QPoint local = m_target.viewport()->mapFromGlobal(globalPosition);
    const QModelIndex over = m_target.viewport()->rect().contains(local) ? m_target.indexAt(local) : QModelIndex();
    if (over == m_over)
        return;
    m_over = over;
    m_target.setDropRow(over);
    showText({});
    m_hoverTimer.stop();
    if (!over.isValid())
        return;
    m_hoverTimer.start(expandDelay, this);
    m_pairing.preview(m_tensors, m_target.keys()->tree()->tensorsBelow(m_target.keys()->nodeOf(over)));
}

void PairingDrag::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_hoverTimer.timerId()) {
        m_hoverTimer.stop();
        if (m_over.isValid())
            m_target.expand(m_over);
    } else if (event->timerId() == m_scrollTimer.timerId()) {
        const QPoint local = m_target.viewport()->mapFromGlobal(m_last);
        if (local.x() < 0 || local.x() > m_target.viewport()->width())
            return;
        QScrollBar *bar = m_target.verticalScrollBar();
        if (local.y() >= 0 && local.y() < 20)
            bar->setValue(bar->value() - scrollStep);
        else if (local.y() > m_target.viewport()->height() - 20 && local.y() <= m_target.viewport()->height())
            bar->setValue(bar->value() + scrollStep);
    }
}

void PairingDrag::end(bool drop)
{
    m_dragging = false;
    m_hoverTimer.stop();
    m_scrollTimer.stop();
    qApp->removeEventFilter(this);
    QApplication::restoreOverrideCursor();
    delete m_label;
    m_target.setDropRow({});
    m_target.keys()->setDragValues(0);
    m_target.viewport()->update();
    if (drop && m_over.isValid())
        m_pairing.plan(std::move(m_tensors), m_target.keys()->tree()->tensorsBelow(m_target.keys()->nodeOf(m_over)));
    m_over = QModelIndex();
    m_tensors.clear();
}

} // namespace rekey::ui

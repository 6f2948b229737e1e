// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/pairing.h"

#include "core/base/error.h"
#include "core/suggest/suggest.h"
#include "ui/document/rulesedit.h"
#include "ui/jobs/job.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/views/keytreeview.h"
#include "ui/window/pagebutton.h"

#include <QApplication>
#include <QKeyEvent>
#include <QMouseEvent>
#include <QPainter>
#include <QScrollBar>
#include <QStringListModel>
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
            const Progress &) { return QString::fromStdString(inferRules(sources, targets, *source, *target).text); },
        [this](const QString &text) { Q_EMIT previewed(text, true); });
    connect(job, &Job::failed, this, [this](const QString &error) { Q_EMIT previewed(error, false); });
}

void Pairing::apply(std::vector<std::uint32_t> sources, std::vector<std::uint32_t> targets)
{
    MappingDocument &document = m_session.document();
    if (!document.source() || !document.target())
        return;
    struct Change
    {
        Mapping next;
        std::uint32_t first = none;
        QString text;
    };
    using Outcome = std::variant<Change, Refusal>;
    m_session.jobs().start(
        this, QStringLiteral("pair"), tr("Inferring the rule"),
        [sources = std::move(sources), targets = std::move(targets), source = document.source(), target = document.target(),
         mapping = document.mapping()](const Progress &) -> Outcome {
            try {
                const Inference inference = inferRules(sources, targets, *source, *target);
                Change change;
                change.text = QString::fromStdString(inference.text);
                change.next = withRulesPreferred(mapping, inference.rules, *source, *target, &change.first);
                return change;
            } catch (const Error &error) {
                return Refusal{QString::fromUtf8(error.what()), literalRule(sources, targets, *source, *target)};
            }
        },
        [this](const Outcome &outcome) {
            if (const auto *refusal = std::get_if<Refusal>(&outcome)) {
                Q_EMIT refused(refusal->sentence, refusal->draft);
                return;
            }
            const Change &change = std::get<Change>(outcome);
            m_session.document().change(change.next, tr("Pair %1").arg(change.text));
            Q_EMIT applied(change.first);
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
    if (watched != m_source.viewport())
        return false;
    const auto *mouse = static_cast<QMouseEvent *>(event);
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
    m_label->setText(rule.isEmpty() ? m_what : m_what + QStringLiteral("<br>") + rule.toHtmlEscaped());
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
        m_pairing.apply(std::move(m_tensors), m_target.keys()->tree()->tensorsBelow(m_target.keys()->nodeOf(m_over)));
    m_over = QModelIndex();
    m_tensors.clear();
}

/// Target rows whose template contains the text, leaves first that take as many values.
class PairDialog::Rows : public QAbstractListModel
{
public:
    Rows(std::shared_ptr<const KeyTree> tree, std::uint64_t values, QObject *parent)
        : QAbstractListModel(parent)
        , m_tree(std::move(tree))
        , m_values(values)
    {
    }

    void setText(const QString &text)
    {
        beginResetModel();
        m_nodes.clear();
        for (std::uint32_t node = 1; node < m_tree->nodes.size(); ++node) {
            if (text.isEmpty() || keyText(m_tree->nodes[node].path).contains(text, Qt::CaseInsensitive))
                m_nodes.push_back(node);
        }
        std::stable_sort(m_nodes.begin(), m_nodes.end(), [this](std::uint32_t a, std::uint32_t b) { return fits(a) && !fits(b); });
        endResetModel();
    }

    std::uint32_t node(int row) const { return m_nodes[static_cast<std::size_t>(row)]; }
    int rowCount(const QModelIndex &parent = {}) const override { return parent.isValid() ? 0 : static_cast<int>(m_nodes.size()); }

    QVariant data(const QModelIndex &index, int role) const override
    {
        if (!index.isValid() || (role != Qt::DisplayRole && role != Qt::ToolTipRole))
            return {};
        const KeyTree::Node &shown = m_tree->nodes[node(index.row())];
        const QString detail = shown.shapes.empty() ? QStringLiteral("%1 keys").arg(shown.keys) : QString::fromStdString(shown.shapes);
        return keyText(shown.path) + QStringLiteral("   ") + detail;
    }

private:
    bool fits(std::uint32_t node) const { return m_tree->nodes[node].values == m_values; }

    std::shared_ptr<const KeyTree> m_tree;
    std::uint64_t m_values;
    std::vector<std::uint32_t> m_nodes;
};

PairDialog::PairDialog(Session &session, const std::vector<std::uint32_t> &sources, QWidget *parent)
    : QDialog(parent)
    , m_tree(session.keyTree(Side::Target))
    , m_edit(new QLineEdit)
    , m_list(new QListView)
{
    setWindowTitle(tr("Pair with…"));
    resize(560, 420);
    const Schema &schema = session.checkpoint(Side::Source)->schema();
    std::uint64_t values = 0;
    for (const std::uint32_t source : sources)
        values += elementCount(schema.tensors[source].shape);
    m_rows = new Rows(m_tree, values, this);
    auto *what = new QLabel(sources.size() == 1 ? tr("%1 becomes the target key:").arg(keyText(schema.tensors[sources.front()].key))
                                                : tr("%1 and %n more key(s) become:", nullptr, static_cast<int>(sources.size()) - 1)
                                                      .arg(keyText(schema.tensors[sources.front()].key)));
    what->setWordWrap(true);
    m_edit->setPlaceholderText(tr("Part of a target key"));
    m_edit->setAccessibleName(tr("Part of a target key"));
    m_list->setModel(m_rows);
    m_list->setFont(fixedFont());
    m_list->setUniformItemSizes(true);
    m_list->setFocusPolicy(Qt::NoFocus);
    auto *pair = new PageButton(PageButton::Look::Primary, tr("Pair"));
    auto *cancel = new PageButton(PageButton::Look::Outlined, tr("Cancel"));
    auto *buttons = new QHBoxLayout;
    buttons->addStretch(1);
    buttons->addWidget(cancel);
    buttons->addWidget(pair);
    auto *column = new QVBoxLayout(this);
    column->addWidget(what);
    column->addWidget(m_edit);
    column->addWidget(m_list, 1);
    column->addLayout(buttons);
    connect(m_edit, &QLineEdit::textChanged, this, &PairDialog::filter);
    connect(m_edit, &QLineEdit::returnPressed, this, &QDialog::accept);
    connect(m_list, &QListView::doubleClicked, this, &QDialog::accept);
    connect(pair, &QAbstractButton::clicked, this, &QDialog::accept);
    connect(cancel, &QAbstractButton::clicked, this, &QDialog::reject);
    filter();
}

void PairDialog::filter()
{
    m_rows->setText(m_edit->text());
    m_list->setCurrentIndex(m_rows->index(0));
}

std::vector<std::uint32_t> PairDialog::targets() const
{
    const QModelIndex current = m_list->currentIndex();
    return current.isValid() ? m_tree->tensorsBelow(m_rows->node(current.row())) : std::vector<std::uint32_t>();
}

} // namespace rekey::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/ruleeditor.h"

#include "ui/jobs/job.h"
#include "ui/models/keystatus.h"
#include "ui/window/elidedlabel.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"

#include <QAbstractItemView>
#include <QCompleter>
#include <QGridLayout>
#include <QKeyEvent>
#include <QPainter>
#include <QStringListModel>
#include <QStyledItemDelegate>

namespace rekey::ui {

namespace {

constexpr int effectDelay = 80; ///< ms after the last key
constexpr int completionHeight = 24, widestCompletion = 560;

/// The templates of a side's rows: keys with their numbers lifted out, once each.
QStringList templates(const KeyTree &tree)
{
    QStringList texts;
    for (const KeyTree::Node &node : tree.nodes) {
        if (!node.tensors.empty())
            texts.append(QString::fromStdString(node.path));
    }
    return texts;
}

/// Rows of a completer's list: as high as those of a tree, the current one marked though the list has no focus.
class CompletionDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        return {QFontMetrics(option.font).horizontalAdvance(index.data().toString()) + 16, completionHeight};
    }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const auto *view = qobject_cast<const QAbstractItemView *>(option.widget);
        const bool current = view != nullptr && view->currentIndex() == index;
        painter->fillRect(option.rect, current ? theme.sel : option.state & QStyle::State_MouseOver ? theme.hover : theme.base);
        const QString text = QFontMetrics(fixedFont()).elidedText(index.data().toString(), Qt::ElideMiddle, option.rect.width() - 16);
        paintText(*painter, option.rect.adjusted(8, 0, -8, 0), text, fixedFont(), theme.text);
    }
};

void complete(QLineEdit *edit, QStringList texts)
{
    int longest = 0;
    for (const QString &text : std::as_const(texts))
        longest = std::max(longest, QFontMetrics(fixedFont()).horizontalAdvance(text));
    auto *completer = new QCompleter(std::move(texts), edit);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    completer->setFilterMode(Qt::MatchContains);
    completer->setMaxVisibleItems(10);
    completer->popup()->setFont(fixedFont());
    completer->popup()->setItemDelegate(new CompletionDelegate(completer->popup()));
    completer->popup()->setMouseTracking(true);
    completer->popup()->setMinimumWidth(std::min(longest + 40, widestCompletion));
    edit->setCompleter(completer);
}

} // namespace

PatternEdit::PatternEdit(QWidget *parent)
    : QLineEdit(parent)
{
    setFont(fixedFont());
    setFixedHeight(28);
}

void PatternEdit::setErrorPosition(qsizetype position)
{
    m_error = position;
    update();
}

void PatternEdit::paintEvent(QPaintEvent *event)
{
    QLineEdit::paintEvent(event);
    if (m_error < 0)
        return;
    // The cursor rectangle at a position is not public: measured from where the cursor is.
    const QFontMetrics metrics(font());
    const int cursorX = cursorRect().center().x();
    const int offset = metrics.horizontalAdvance(text().left(cursorPosition())) - metrics.horizontalAdvance(text().left(m_error));
    const int x = std::clamp(cursorX - offset, 6, width() - 12);
    QPainter painter(this);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen(Theme::of(palette()).status(Status::Missing).foreground, 1.5));
    QPolygonF wave;
    const int end = std::min(width() - 6, x + std::max(8, metrics.horizontalAdvance(text().mid(m_error))));
    for (int step = 0; x + step * 2 <= end; ++step)
        wave.append(QPointF(x + step * 2, height() - 6 + (step % 2 == 0 ? 0 : 2)));
    painter.drawPolyline(wave);
}

RuleEditor::RuleEditor(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_document(session.document())
    , m_sources(new PatternEdit)
    , m_targets(new PatternEdit)
    , m_transform(new PatternEdit)
    , m_effectIcon(new QLabel)
    , m_effect(new ElidedLabel)
    , m_apply(new PageButton(PageButton::Look::Link, tr("Apply")))
    , m_discard(new PageButton(PageButton::Look::Link, tr("Discard")))
{
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::Base);
    m_sources->setAccessibleName(tr("Source keys"));
    m_targets->setAccessibleName(tr("Target keys"));
    m_transform->setAccessibleName(tr("Transform"));
    m_sources->setPlaceholderText(tr("Source keys, blocks.{i}.{leaf}"));
    m_targets->setPlaceholderText(tr("Target keys, layers.{i}.{leaf}"));
    m_transform->setPlaceholderText(tr("transform"));
    m_transform->setToolTip(tr("Such as: concat dim 0, transpose 0 1, permute 2 0 1. Empty: as it is"));
    m_transform->setFixedWidth(128);
    m_effect->setFont(secondaryFont());
    m_effect->setTextFormat(Qt::RichText);
    m_effect->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    m_apply->setKeyCap(tr("Enter"));
    m_discard->setKeyCap(tr("Esc"));
    m_apply->setFocusPolicy(Qt::NoFocus);
    m_discard->setFocusPolicy(Qt::NoFocus);
    setFocusProxy(m_sources);

    auto *arrow = new QLabel;
    arrow->setPixmap(iconPixmap(QStringLiteral("arrow-right"), 16, devicePixelRatioF(), Theme::of(palette()).text2));
    auto *patterns = new QHBoxLayout;
    patterns->setSpacing(8);
    patterns->addWidget(m_sources, 1);
    patterns->addWidget(arrow);
    patterns->addWidget(m_targets, 1);
    patterns->addWidget(m_transform);
    auto *below = new QHBoxLayout;
    below->setSpacing(6);
    below->addWidget(m_effectIcon);
    below->addWidget(m_effect, 1);
    below->addWidget(m_apply);
    below->addWidget(m_discard);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(36, 7, 12, 5);
    column->setSpacing(4);
    column->addLayout(patterns);
    column->addLayout(below);

    m_debounce.setSingleShot(true);
    m_debounce.setInterval(effectDelay);
    connect(&m_debounce, &QTimer::timeout, this, &RuleEditor::computeEffect);
    for (PatternEdit *edit : {m_sources, m_targets, m_transform}) {
        connect(edit, &QLineEdit::textChanged, this, [this] { m_debounce.start(); });
        edit->installEventFilter(this);
    }
    connect(m_apply, &QAbstractButton::clicked, this, &RuleEditor::apply);
    connect(m_discard, &QAbstractButton::clicked, this, &RuleEditor::discarded);
    for (const Side side : {Side::Source, Side::Target}) {
        const auto tree = session.keyTree(side);
        if (!tree)
            continue;
        session.jobs().start(
            this, QStringLiteral("complete%1").arg(static_cast<int>(side)), tr("Listing keys"),
            [tree](const Progress &) { return templates(*tree); },
            [this, side](QStringList texts) { complete(side == Side::Source ? m_sources : m_targets, std::move(texts)); });
    }
}

void RuleEditor::setRule(std::uint32_t index, const Rule &rule)
{
    m_index = index;
    m_base = rule;
    m_sources->setVisible(rule.kind != RuleKind::Init);
    m_targets->setVisible(rule.kind != RuleKind::Drop);
    setDraft(RuleDraft::of(rule));
    for (PatternEdit *edit : {m_sources, m_targets}) {
        edit->end(false);
        edit->deselect();
    }
    computeEffect();
}

RuleDraft RuleEditor::draft() const
{
    return {m_sources->text(), m_targets->text(), m_transform->text()};
}

void RuleEditor::setDraft(const RuleDraft &draft)
{
    m_sources->setText(draft.sources);
    m_targets->setText(draft.targets);
    m_transform->setText(draft.transform);
    m_transform->setVisible(
        m_base.kind == RuleKind::Map
        && (!draft.transform.isEmpty() || draft.sources.contains(QLatin1Char(',')) || draft.targets.contains(QLatin1Char(','))));
}

QString RuleEditor::effectText() const
{
    return m_effect->text();
}

void RuleEditor::computeEffect()
{
    const auto source = m_document.source(), target = m_document.target();
    if (!source || !target)
        return;
    m_session.jobs().start(
        this, QStringLiteral("effect"), tr("Computing the effect"),
        [draft = draft(), index = m_index, mapping = m_document.mapping(), before = m_document.resolution(), source,
         target](const Progress &progress) { return draftEffect(draft, index, mapping, before.get(), *source, *target, progress); },
        [this, draft = draft()](const DraftEffect &effect) {
            if (draft == this->draft())
                showEffect(effect);
        });
}

void RuleEditor::showEffect(const DraftEffect &effect)
{
    const Theme theme = Theme::of(palette());
    m_effect->setText(effect.text());
    m_effect->setToolTip(effect.text());
    m_effect->setAccessibleName(effect.text());
    const Status status = effect.status();
    m_effectIcon->setPixmap(iconPixmap(statusIcon(status), 16, devicePixelRatioF(), theme.status(status).foreground));
    for (const DraftField field : {DraftField::Sources, DraftField::Targets, DraftField::Transform}) {
        PatternEdit *edit = field == DraftField::Sources ? m_sources : field == DraftField::Targets ? m_targets : m_transform;
        edit->setErrorPosition(effect.error && effect.error->field == field ? effect.error->position : -1);
    }
    if (effect.effect.mismatched > 0 && m_base.kind == RuleKind::Map)
        m_transform->show();
    Q_EMIT effectShown();
}

void RuleEditor::apply()
{
    ParsedDraft parsed = parseDraft(draft(), m_base);
    if (parsed.error) {
        DraftEffect wrong;
        wrong.error = parsed.error;
        showEffect(wrong);
        return;
    }
    Q_EMIT applied(m_index, parsed.rule);
}

void RuleEditor::keyPressEvent(QKeyEvent *event)
{
    if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        apply();
    else if (event->key() == Qt::Key_Escape)
        Q_EMIT discarded();
    else
        QWidget::keyPressEvent(event);
}

bool RuleEditor::eventFilter(QObject *watched, QEvent *event)
{
    if (event->type() == QEvent::ShortcutOverride) {
        // Esc and Enter are the editor's, not the window's.
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Escape || key == Qt::Key_Return || key == Qt::Key_Enter) {
            event->accept();
            return true;
        }
    }
    if (event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent *>(event)->key();
        if (key == Qt::Key_Escape) {
            Q_EMIT discarded();
            return true;
        }
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            apply();
            return true;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void RuleEditor::paintEvent(QPaintEvent *event)
{
    QWidget::paintEvent(event);
    const Theme theme = Theme::of(palette());
    QPainter painter(this);
    painter.fillRect(QRect(0, 0, 2, QWidget::height()), theme.accent);
    painter.drawPixmap(13, m_sources->isVisible() ? m_sources->y() + 6 : 13,
                       iconPixmap(QStringLiteral("edit"), 16, devicePixelRatioF(), theme.accent));
    paintLineBelow(painter, rect(), theme.line);
}

} // namespace rekey::ui

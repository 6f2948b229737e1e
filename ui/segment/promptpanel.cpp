// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/segment/promptpanel.h"

#include "ui/segment/promptmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/theme/theme.h"
#include "ui/window/pagebutton.h"
#include "ui/window/paintkit.h"
#include "ui/window/panelheader.h"

#include <QHelpEvent>
#include <QKeyEvent>
#include <QListView>
#include <QMouseEvent>
#include <QPainter>
#include <QStyledItemDelegate>
#include <QToolTip>
#include <QVBoxLayout>

#include <algorithm>

namespace rekey::ui {

namespace {

constexpr int rowHeight = 36;
constexpr int hotWidth = 32;
constexpr int mostRows = 6;

QRect crossRect(const QRect &row)
{
    return {row.right() + 1 - hotWidth - 4, row.top(), hotWidth, row.height()};
}
QRect eyeRect(const QRect &row)
{
    return crossRect(row).translated(-hotWidth, 0);
}

QString kindIcon(Prompt::Kind kind)
{
    switch (kind) {
    case Prompt::Kind::Point: return QStringLiteral("point");
    case Prompt::Kind::Background: return QStringLiteral("point-background");
    case Prompt::Kind::Box: return QStringLiteral("box");
    case Prompt::Kind::Mask: return QStringLiteral("mask");
    }
    return {};
}

QColor kindColour(Prompt::Kind kind, const Theme &theme)
{
    switch (kind) {
    case Prompt::Kind::Point: return theme.status(Status::Proven).foreground;
    case Prompt::Kind::Background: return theme.status(Status::Missing).foreground;
    default: return theme.text;
    }
}

/// Two lines, and two hot spots at the right.
class PromptDelegate : public QStyledItemDelegate
{
public:
    explicit PromptDelegate(PromptModel &model, QObject *parent)
        : QStyledItemDelegate(parent)
        , m_model(model)
    {
    }

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {200, rowHeight}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const QRect row = option.rect;
        const bool shown = index.data(PromptModel::ShownRole).toBool();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(row, theme.sel);
        else if (option.state & QStyle::State_MouseOver)
            painter->fillRect(row, theme.hover);
        const auto kind = static_cast<Prompt::Kind>(index.data(PromptModel::KindRole).toInt());
        const QString name = kindIcon(kind);
        const QColor kindInk = kindColour(kind, theme);
        const qreal ratio = painter->device()->devicePixelRatioF();
        painter->drawPixmap(QPoint(row.left() + 12, row.top() + 10), iconPixmap(name, 16, ratio, shown ? kindInk : theme.text3));
        const int left = row.left() + 36, width = eyeRect(row).left() - left;
        paintText(*painter, QRect(left, row.top() + 2, width, 17), index.data().toString(), secondaryFont(),
                  shown ? theme.text : theme.text3);
        paintText(*painter, QRect(left, row.top() + 18, width, 16), index.data(PromptModel::DetailRole).toString(), tabular(smallFont()),
                  theme.text3);
        const auto glyph = [&](const QRect &spot, const QString &glyphName, const QColor &ink) {
            painter->drawPixmap(QPoint(spot.center().x() - 7, spot.center().y() - 7), iconPixmap(glyphName, 16, ratio, ink));
        };
        glyph(eyeRect(row), QStringLiteral("eye"), shown ? theme.text2 : theme.text3);
        if (!shown) {
            painter->setRenderHint(QPainter::Antialiasing);
            painter->setPen(QPen(theme.text2, 1.5));
            const QPoint c = eyeRect(row).center();
            painter->drawLine(c + QPoint(-6, 7), c + QPoint(7, -6));
        }
        glyph(crossRect(row), QStringLiteral("close"), theme.text2);
        if (option.state & QStyle::State_HasFocus && option.state & QStyle::State_KeyboardFocusChange)
            paintFocusRing(*painter, row, theme.accent);
    }

    bool editorEvent(QEvent *event, QAbstractItemModel *, const QStyleOptionViewItem &option, const QModelIndex &index) override
    {
        if (event->type() != QEvent::MouseButtonRelease)
            return false;
        const QPoint at = static_cast<QMouseEvent *>(event)->position().toPoint();
        const int row = index.row();
        if (eyeRect(option.rect).contains(at))
            m_model.setShown(row, !index.data(PromptModel::ShownRole).toBool());
        else if (crossRect(option.rect).contains(at))
            m_model.remove(row);
        else
            return false;
        return true;
    }

    bool helpEvent(QHelpEvent *event, QAbstractItemView *view, const QStyleOptionViewItem &option, const QModelIndex &index) override
    {
        if (eyeRect(option.rect).contains(event->pos()))
            QToolTip::showText(event->globalPos(),
                               index.data(PromptModel::ShownRole).toBool() ? PromptPanel::tr("Leave this prompt out")
                                                                           : PromptPanel::tr("Use this prompt"),
                               view);
        else if (crossRect(option.rect).contains(event->pos()))
            QToolTip::showText(event->globalPos(), PromptPanel::tr("Remove this prompt (Del)"), view);
        else
            QToolTip::hideText();
        return true;
    }

private:
    PromptModel &m_model;
};

/// Keys that a list has no business with go to the page: 1…3, F5, Space.
class PromptView : public QListView
{
public:
    using QListView::QListView;

protected:
    void keyPressEvent(QKeyEvent *event) override
    {
        const int row = currentIndex().row();
        auto *prompts = static_cast<PromptModel *>(model());
        if (event->key() == Qt::Key_Delete && row >= 0)
            prompts->remove(row);
        else if ((event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter) && row >= 0)
            prompts->setShown(row, !prompts->prompts()[row].isShown);
        else if (event->key() == Qt::Key_Space || (event->key() >= Qt::Key_1 && event->key() <= Qt::Key_9))
            event->ignore();
        else
            QListView::keyPressEvent(event);
    }
};

/// "Ctrl+Z last prompt  Del selected prompt", or how to begin.
class PromptHint : public QWidget
{
public:
    explicit PromptHint(PromptModel &model, QWidget *parent)
        : QWidget(parent)
        , m_model(model)
    {
        setFixedHeight(32);
    }

protected:
    void paintEvent(QPaintEvent *) override
    {
        QPainter painter(this);
        const Theme theme = Theme::of(palette());
        int x = 12;
        const auto words = [&](const QString &text) {
            const int wide = QFontMetrics(secondaryFont()).horizontalAdvance(text) + 2;
            paintText(painter, QRect(x, 0, wide, height() - 4), text, secondaryFont(), theme.text2);
            x += wide + 10;
        };
        const auto cap = [&](const QString &text) {
            paintKeyCap(painter, QRect(x, 0, 80, height() - 4), text, theme);
            x += keyCapWidth(text) + 8;
        };
        if (m_model.prompts().isEmpty()) {
            words(PromptPanel::tr("Click the picture, or drag a box on it."));
            return;
        }
        cap(PromptPanel::tr("Ctrl+Z"));
        words(PromptPanel::tr("last prompt"));
        cap(PromptPanel::tr("Del"));
        words(PromptPanel::tr("selected prompt"));
    }

private:
    PromptModel &m_model;
};

} // namespace

PromptPanel::PromptPanel(PromptModel &model, QWidget *parent)
    : QWidget(parent)
    , m_model(model)
    , m_header(new PanelHeader(tr("Prompts"), {}, this))
    , m_clear(new PageButton(PageButton::Look::Link, tr("Clear all"), {}, m_header))
    , m_view(new PromptView(this))
    , m_hint(new PromptHint(model, this))
{
    auto *layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    m_header->addTrailing(m_clear);
    layout->addWidget(m_header);
    layout->addSpacing(4);
    layout->addWidget(m_view);
    layout->addWidget(m_hint);

    m_view->setModel(&m_model);
    m_view->setItemDelegate(new PromptDelegate(m_model, m_view));
    m_view->setFrameShape(QFrame::NoFrame);
    m_view->setMouseTracking(true);
    m_view->setUniformItemSizes(true);
    m_view->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_view->setAccessibleName(tr("Prompts"));
    connect(m_clear, &QAbstractButton::clicked, &m_model, &PromptModel::clear);
    connect(&m_model, &PromptModel::promptsChanged, this, &PromptPanel::follow);
    connect(m_view->selectionModel(), &QItemSelectionModel::currentChanged, this,
            [this](const QModelIndex &current) { Q_EMIT currentChanged(current.row()); });
    follow();
}

void PromptPanel::follow()
{
    const int count = static_cast<int>(m_model.prompts().size());
    m_header->setDetail(count > 0 ? countText(static_cast<quint64>(count)) : QString());
    m_clear->setVisible(count > 0);
    m_view->setFixedHeight(std::min(count, mostRows) * rowHeight);
    m_view->setVisible(count > 0);
    m_hint->update();
    if (count > 0 && currentRow() < 0)
        setCurrentRow(count - 1);
}

int PromptPanel::currentRow() const
{
    return m_view->currentIndex().row();
}

void PromptPanel::setCurrentRow(int row)
{
    m_view->setCurrentIndex(m_model.index(row));
}

} // namespace rekey::ui

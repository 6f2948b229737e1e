// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/views/problemspanel.h"

#include "ui/models/problemsmodel.h"
#include "ui/theme/displaytext.h"
#include "ui/views/emptystate.h"
#include "ui/window/paintkit.h"

#include <QBoxLayout>
#include <QListView>
#include <QPainter>
#include <QStackedWidget>
#include <QStyledItemDelegate>

#include <algorithm>

namespace rekey::ui {

namespace {

class ProblemDelegate : public QStyledItemDelegate
{
public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem &, const QModelIndex &) const override { return {200, 28}; }

    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override
    {
        const Theme theme = Theme::of(option.palette);
        const QRect &row = option.rect;
        painter->save();
        if (option.state & QStyle::State_Selected)
            painter->fillRect(row, theme.sel);
        else if (option.state & QStyle::State_MouseOver)
            painter->fillRect(row, theme.hover);
        const auto severity = static_cast<Severity>(index.data(ProblemsModel::SeverityRole).toInt());
        const QString name = severity == Severity::Error     ? QStringLiteral("error")
                             : severity == Severity::Warning ? QStringLiteral("warning")
                                                             : QStringLiteral("info");
        const QColor colour = severity == Severity::Error ? theme.status(Status::Missing).foreground
            : severity == Severity::Warning               ? theme.status(Status::ToReview).foreground
                                                          : theme.status(Status::Suggested).foreground;
        painter->drawPixmap(row.x() + 12, row.center().y() - 7, iconPixmap(name, 16, painter->device()->devicePixelRatioF(), colour));
        // The place stands in a column of its own, further right where the sentence is long and the place is not.
        const QString sentence = index.data().toString(), place = index.data(ProblemsModel::PlaceRole).toString();
        const int placeWidth = QFontMetrics(fixedFont()).horizontalAdvance(place) + 4, right = row.right() - 12;
        const int needed = row.x() + 36 + QFontMetrics(option.font).horizontalAdvance(sentence) + 24;
        const int split = std::max(row.x() + row.width() * 3 / 5, std::min(needed, right - placeWidth));
        paintText(*painter, QRect(row.x() + 36, row.y(), split - row.x() - 48, row.height()), sentence, option.font, theme.text);
        paintText(*painter, QRect(split, row.y(), right - split, row.height()), place, fixedFont(), theme.text2);
        paintLineBelow(*painter, row, theme.line);
        painter->restore();
    }
};

} // namespace

ProblemsPanel::ProblemsPanel(Session &session, QWidget *parent)
    : QWidget(parent)
    , m_session(session)
    , m_model(new ProblemsModel(this))
    , m_list(new QListView)
    , m_stack(new QStackedWidget)
    , m_empty(new EmptyState(QStringLiteral("check")))
{
    m_list->setModel(m_model);
    m_list->setItemDelegate(new ProblemDelegate(m_list));
    m_list->setFrameShape(QFrame::NoFrame);
    m_list->setUniformItemSizes(true);
    m_list->setMouseTracking(true);
    m_list->setVerticalScrollMode(QAbstractItemView::ScrollPerPixel);
    m_list->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    m_list->setAccessibleName(tr("Problems"));
    m_stack->addWidget(m_empty);
    m_stack->addWidget(m_list);
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(m_stack);
    connect(&session.document(), &MappingDocument::resolutionChanged, this, &ProblemsPanel::follow);
    connect(m_list, &QListView::clicked, this, &ProblemsPanel::goTo);
    connect(m_list, &QListView::activated, this, &ProblemsPanel::goTo);
    follow();
}

int ProblemsPanel::count() const
{
    return m_model->rowCount();
}

void ProblemsPanel::follow()
{
    MappingDocument &document = m_session.document();
    m_model->setResolution(document.resolution(), document.source(), document.target());
    if (document.resolution())
        m_empty->setText(tr("No problem found"), tr("Missing, mismatched and colliding keys would be listed here."));
    else
        m_empty->setText(tr("Nothing to check yet"), tr("Problems of the mapping appear here once both sides are open."));
    m_stack->setCurrentIndex(count() > 0 ? 1 : 0);
    Q_EMIT countChanged(count());
}

void ProblemsPanel::goTo(const QModelIndex &index)
{
    const Problem &problem = m_model->problem(index);
    if (problem.target != none)
        m_session.selectTensors(Side::Target, {problem.target});
    else if (problem.source != none)
        m_session.selectTensors(Side::Source, {problem.source});
    else if (problem.rule != none)
        m_session.selectRule(problem.rule);
}

} // namespace rekey::ui

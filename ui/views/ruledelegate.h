// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/models/rulesmodel.h"
#include "ui/theme/theme.h"

#include <QStyledItemDelegate>

namespace rekey::ui {

/// Where the columns of the rules list lie, for a width; the header's labels stand above them.
struct RuleColumns
{
    int iconLeft, sourceLeft, sourceRight, arrowLeft, targetLeft, targetRight, keysRight, evidenceRight;
    static RuleColumns of(int width);
};

/// Paints the rows of RulesModel; knows no editors.
class RuleDelegate : public QStyledItemDelegate
{
    Q_OBJECT
public:
    static constexpr int rowHeight = 28, candidateHeight = 44, actionsHeight = 44;

    RuleDelegate(const RulesModel *model, QObject *parent);

    void setEditedRule(std::uint32_t rule) { m_editedRule = rule; }
    std::uint32_t editedRule() const { return m_editedRule; }
    void setHovered(const QModelIndex &index) { m_hovered = index; }

    QSize sizeHint(const QStyleOptionViewItem &option, const QModelIndex &index) const override;
    void paint(QPainter *painter, const QStyleOptionViewItem &option, const QModelIndex &index) const override;

private:
    void paintGroup(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const;
    void paintRule(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const;
    void paintCandidate(QPainter &painter, const QStyleOptionViewItem &option, const QModelIndex &index, const Theme &theme) const;

    const RulesModel *m_model;
    std::uint32_t m_editedRule = none;
    QPersistentModelIndex m_hovered;
};

/// A pattern, cut in the middle where it does not fit, its variables in the accent colour.
void drawPattern(QPainter &painter, const QRect &rect, const QString &text, const Theme &theme, const QColor &colour);

} // namespace rekey::ui

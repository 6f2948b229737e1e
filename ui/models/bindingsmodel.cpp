// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/bindingsmodel.h"

#include "ui/models/cellroles.h"
#include "ui/theme/displaytext.h"

#include <QStringList>

namespace rekey::ui {

namespace {

QString keysText(const std::vector<std::uint32_t> &tensors, const Schema &schema, const QString &separator)
{
    QStringList keys;
    for (const std::uint32_t tensor : tensors)
        keys.append(keyText(schema.tensors[tensor].key));
    return keys.join(separator);
}

/// "3 of 768×768", or each shape where they differ.
QString shapesText(const std::vector<std::uint32_t> &tensors, const Schema &schema)
{
    QStringList shapes;
    for (const std::uint32_t tensor : tensors)
        shapes.append(shapeText(schema.tensors[tensor].shape));
    const bool same = shapes.size() > 1 && shapes.count(shapes.front()) == shapes.size();
    return same ? BindingsModel::tr("%1 of %2").arg(shapes.size()).arg(shapes.front()) : shapes.join(QStringLiteral(", "));
}

} // namespace

void BindingsModel::setBindings(std::vector<Assignment> bindings, std::shared_ptr<const Schema> source,
                                std::shared_ptr<const Schema> target)
{
    beginResetModel();
    m_bindings = std::move(bindings);
    m_source = std::move(source);
    m_target = std::move(target);
    endResetModel();
}

int BindingsModel::rowCount(const QModelIndex &parent) const
{
    return parent.isValid() || !m_source || !m_target ? 0 : static_cast<int>(m_bindings.size());
}

int BindingsModel::columnCount(const QModelIndex &) const
{
    return ColumnCount;
}

QVariant BindingsModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid())
        return {};
    const Assignment &binding = m_bindings[static_cast<std::size_t>(index.row())];
    switch (role) {
    case Qt::DisplayRole:
        if (index.column() == Sources)
            return keysText(binding.sources, *m_source, QStringLiteral(", "));
        if (index.column() == Targets)
            return QStringLiteral("→ ") + keysText(binding.targets, *m_target, QStringLiteral(", "));
        {
            const QString from = shapesText(binding.sources, *m_source), to = shapesText(binding.targets, *m_target);
            return from == to ? from : from + QStringLiteral(" → ") + to;
        }
    case Qt::ToolTipRole:
        return keysText(binding.sources, *m_source, QStringLiteral("\n")) + QStringLiteral("\n→ ")
               + keysText(binding.targets, *m_target, QStringLiteral("\n→ "));
    case CellFixedRole:
        return true;
    case CellInkRole:
        return static_cast<int>(index.column() == Shapes ? CellInk::Quiet : CellInk::Text);
    default:
        return {};
    }
}

} // namespace rekey::ui

// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensormodel.h"

#include "ui/theme/displaytext.h"

#include <cmath>
#include <utility>

namespace rekey::ui {

TensorModel::TensorModel(Session &session, QObject *parent)
    : QAbstractItemModel(parent)
    , m_session(session)
{
}

void TensorModel::setTree(Side side, const CheckpointPtr &checkpoint, std::shared_ptr<const TensorTree> tree)
{
    beginResetModel();
    m_side = side;
    m_checkpoint = checkpoint;
    m_tree = std::move(tree);
    endResetModel();
}

QModelIndex TensorModel::indexOf(std::uint32_t node, int column) const
{
    if (!m_tree || node == 0 || node >= m_tree->nodes.size())
        return {};
    return createIndex(static_cast<int>(m_tree->nodes[node].row), column, quintptr(node));
}

QModelIndex TensorModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!m_tree || row < 0 || column < 0 || column >= ColumnCount || parent.column() > 0)
        return {};
    const auto &children = m_tree->nodes[parent.isValid() ? nodeAt(parent) : 0].children;
    if (static_cast<std::size_t>(row) >= children.size())
        return {};
    return createIndex(row, column, quintptr(children[static_cast<std::size_t>(row)]));
}

QModelIndex TensorModel::parent(const QModelIndex &index) const
{
    if (!m_tree || !index.isValid())
        return {};
    return indexOf(m_tree->nodes[nodeAt(index)].parent);
}

int TensorModel::rowCount(const QModelIndex &parent) const
{
    if (!m_tree || parent.column() > 0)
        return 0;
    return static_cast<int>(m_tree->nodes[parent.isValid() ? nodeAt(parent) : 0].children.size());
}

int TensorModel::columnCount(const QModelIndex &) const
{
    return ColumnCount;
}

bool TensorModel::hasChildren(const QModelIndex &parent) const
{
    return rowCount(parent) > 0;
}

std::optional<Statistics> TensorModel::statisticsOf(std::uint32_t node) const
{
    if (!m_tree || m_tree->nodes[node].tensors.empty())
        return std::nullopt;
    Statistics all;
    for (const std::uint32_t tensor : m_tree->nodes[node].tensors) {
        const Statistics *one = m_session.statistics(m_side, tensor);
        if (one == nullptr)
            return std::nullopt;
        all.merge(*one);
    }
    return all;
}

QString TensorModel::text(const TensorTree::Node &node, std::uint32_t index, int column) const
{
    switch (column) {
    case Key:
        return keyText(node.name);
    case ShapeColumn:
        return node.isLeaf() ? keyText(node.shapes) : countText(node.keys);
    case Values:
        return shortCountText(node.values);
    case Mean:
    case StandardDeviation: {
        const auto statistics = statisticsOf(index);
        if (!statistics || statistics->finite == 0)
            return {};
        return numberText(column == Mean ? statistics->mean : statistics->standardDeviation());
    }
    default:
        return {};
    }
}

QString TensorModel::toolTip(const TensorTree::Node &node) const
{
    if (!node.isLeaf())
        return tr("%1\n%2 keys, %3 values, %4")
            .arg(keyText(node.path), countText(node.keys), countText(node.values), bytesText(node.bytes));
    const SchemaTensor &tensor = m_checkpoint->schema().tensors[node.tensors.front()];
    const auto dtype = name(tensor.dtype);
    return tr("%1\n%2, %3, %4 values, %5")
        .arg(keyText(node.tensors.size() > 1 ? node.path : tensor.key), keyText(node.shapes),
             QString::fromLatin1(dtype.data(), static_cast<qsizetype>(dtype.size())), countText(node.values), bytesText(node.bytes));
}

QVariant TensorModel::data(const QModelIndex &index, int role) const
{
    if (!m_tree || !index.isValid())
        return {};
    const std::uint32_t id = nodeAt(index);
    const TensorTree::Node &node = m_tree->nodes[id];
    switch (role) {
    case Qt::DisplayRole:
        return text(node, id, index.column());
    case Qt::ToolTipRole:
        return toolTip(node);
    case Qt::TextAlignmentRole:
        return index.column() == Key || index.column() == Size || index.column() == HistogramColumn ? int(Qt::AlignLeft | Qt::AlignVCenter)
                                                                                                   : int(Qt::AlignRight | Qt::AlignVCenter);
    case Qt::AccessibleTextRole:
        if (index.column() == Size)
            return bytesText(node.bytes);
        return text(node, id, index.column());
    case NodeRole:
        return id;
    case FractionRole:
        // Sizes span decades: bars grow with the logarithm.
        return m_tree->largest > 1 ? std::log(static_cast<double>(node.values) + 1) / std::log(static_cast<double>(m_tree->largest) + 1)
                                   : 1.0;
    case TagRole:
        return node.repeat > 1 ? QStringLiteral("×%1").arg(node.repeat) : QString();
    case LeafRole:
        return node.isLeaf();
    default:
        return {};
    }
}

QVariant TensorModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal)
        return {};
    if (role == Qt::TextAlignmentRole)
        return section == Key || section == Size || section == HistogramColumn ? int(Qt::AlignLeft | Qt::AlignVCenter)
                                                                              : int(Qt::AlignRight | Qt::AlignVCenter);
    if (role != Qt::DisplayRole)
        return {};
    switch (section) {
    case Key: return tr("Key");
    case ShapeColumn: return tr("Shape");
    case Values: return tr("Values");
    case Size: return tr("Size");
    case HistogramColumn: return tr("Histogram");
    case Mean: return tr("Mean");
    case StandardDeviation: return tr("Std dev.");
    default: return {};
    }
}

void TensorFilterModel::setAccepted(std::vector<bool> accepted)
{
    m_accepted = std::move(accepted);
    invalidateFilter();
}

bool TensorFilterModel::filterAcceptsRow(int row, const QModelIndex &parent) const
{
    if (m_accepted.empty())
        return true;
    const std::uint32_t node = sourceModel()->index(row, 0, parent).data(TensorModel::NodeRole).toUInt();
    return node < m_accepted.size() && m_accepted[node];
}

} // namespace rekey::ui

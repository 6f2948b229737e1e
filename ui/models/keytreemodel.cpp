// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/keytreemodel.h"

#include "ui/models/keystatus.h"
#include "ui/theme/displaytext.h"

namespace rekey::ui {

KeyTreeModel::KeyTreeModel(Side side, QObject *parent)
    : QAbstractItemModel(parent)
    , m_side(side)
{
}

void KeyTreeModel::setTree(std::shared_ptr<const KeyTree> tree, std::shared_ptr<const Schema> schema)
{
    beginResetModel();
    m_tree = std::move(tree);
    m_schema = std::move(schema);
    m_visible = nullptr;
    m_resolution = nullptr;
    m_children.clear();
    m_tensorStatus.clear();
    m_nodeStatus.clear();
    m_partner.clear();
    m_dragValues = 0;
    rebuildRows();
    endResetModel();
}

void KeyTreeModel::setStatuses(std::vector<Status> byTensor, std::shared_ptr<const Resolution> resolution,
                               std::shared_ptr<const Mapping> mapping)
{
    m_resolution = std::move(resolution);
    m_mapping = std::move(mapping);
    m_tensorStatus = std::move(byTensor);
    m_nodeStatus = m_tree ? nodeStatuses(*m_tree, m_tensorStatus) : std::vector<Status>();
    if (rowCount() > 0)
        Q_EMIT dataChanged(index(0, 0), index(rowCount() - 1, 0), {StatusRole});
}

bool KeyTreeModel::setVisible(std::shared_ptr<const std::vector<bool>> nodes)
{
    if (!m_visible && !nodes)
        return false;
    if (m_visible && nodes && *m_visible == *nodes)
        return false;
    beginResetModel();
    m_visible = std::move(nodes);
    if (m_tree && m_visible && m_visible->size() != m_tree->nodes.size())
        m_visible = nullptr;
    rebuildRows();
    endResetModel();
    return true;
}

void KeyTreeModel::rebuildRows()
{
    m_filteredChildren.clear();
    m_row.assign(m_tree ? m_tree->nodes.size() : 0, 0);
    if (!m_tree)
        return;
    if (m_visible) {
        m_filteredChildren.resize(m_tree->nodes.size());
        for (std::uint32_t node = 0; node < m_tree->nodes.size(); ++node) {
            for (const std::uint32_t child : m_children.empty() ? m_tree->nodes[node].children : m_children[node]) {
                if ((*m_visible)[child])
                    m_filteredChildren[node].push_back(child);
            }
        }
    }
    for (std::uint32_t node = 0; node < m_tree->nodes.size(); ++node) {
        const auto &below = children(node);
        for (std::uint32_t row = 0; row < below.size(); ++row)
            m_row[below[row]] = row;
    }
}

void KeyTreeModel::setOrder(const std::vector<std::uint32_t> &place)
{
    if (!m_tree)
        return;
    beginResetModel();
    m_children.clear();
    if (!place.empty()) {
        std::vector<std::uint32_t> first(m_tree->nodes.size(), none);
        for (std::uint32_t tensor = 0; tensor < m_tree->leafOf.size() && tensor < place.size(); ++tensor) {
            for (std::uint32_t node = m_tree->leafOf[tensor]; first[node] > place[tensor]; node = m_tree->nodes[node].parent) {
                first[node] = place[tensor];
                if (node == KeyTree::root)
                    break;
            }
        }
        m_children.resize(m_tree->nodes.size());
        for (std::uint32_t node = 0; node < m_tree->nodes.size(); ++node) {
            m_children[node] = m_tree->nodes[node].children;
            // Without a partner: after the sibling before it in the file.
            std::uint32_t last = 0;
            std::vector<std::pair<std::uint32_t, std::uint32_t>> keyed;
            for (const std::uint32_t child : m_children[node]) {
                last = first[child] == none ? last : first[child];
                keyed.emplace_back(last, child);
            }
            std::stable_sort(keyed.begin(), keyed.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
            std::transform(keyed.begin(), keyed.end(), m_children[node].begin(), [](const auto &pair) { return pair.second; });
        }
    }
    rebuildRows();
    endResetModel();
}

std::vector<std::uint32_t> KeyTreeModel::setPartners(const std::vector<std::uint32_t> &tensors)
{
    m_partner.clear();
    if (!m_tree || tensors.empty())
        return {};
    std::vector<std::uint32_t> below(m_tree->nodes.size(), 0), leaves;
    for (const std::uint32_t tensor : tensors) {
        if (tensor >= m_tree->leafOf.size())
            continue;
        std::uint32_t node = m_tree->leafOf[tensor];
        leaves.push_back(node);
        for (;; node = m_tree->nodes[node].parent) {
            ++below[node];
            if (node == KeyTree::root)
                break;
        }
    }
    const auto whole = [&](std::uint32_t node) { return node != KeyTree::root && below[node] == m_tree->nodes[node].keys; };
    m_partner.assign(m_tree->nodes.size(), false);
    std::vector<std::uint32_t> framed;
    for (std::uint32_t node : leaves) {
        while (whole(m_tree->nodes[node].parent))
            node = m_tree->nodes[node].parent;
        if (!m_partner[node]) {
            m_partner[node] = true;
            framed.push_back(node);
        }
    }
    return framed;
}

void KeyTreeModel::setDragValues(std::uint64_t values)
{
    m_dragValues = values;
}

const std::vector<std::uint32_t> &KeyTreeModel::children(std::uint32_t node) const
{
    if (m_visible)
        return m_filteredChildren[node];
    return m_children.empty() ? m_tree->nodes[node].children : m_children[node];
}

Status KeyTreeModel::nodeStatus(std::uint32_t node) const
{
    return node < m_nodeStatus.size() ? m_nodeStatus[node] : Status::None;
}

QModelIndex KeyTreeModel::indexOf(std::uint32_t node) const
{
    if (!m_tree || node == KeyTree::root || node >= m_tree->nodes.size() || (m_visible && !(*m_visible)[node]))
        return {};
    return createIndex(static_cast<int>(m_row[node]), 0, quintptr(node));
}

std::uint32_t KeyTreeModel::nodeOf(const QModelIndex &index) const
{
    return index.isValid() ? static_cast<std::uint32_t>(index.internalId()) : KeyTree::root;
}

QModelIndex KeyTreeModel::index(int row, int column, const QModelIndex &parent) const
{
    if (!m_tree || column != 0 || row < 0 || parent.column() > 0)
        return {};
    const auto &below = children(nodeOf(parent));
    if (static_cast<std::size_t>(row) >= below.size())
        return {};
    return createIndex(row, 0, quintptr(below[static_cast<std::size_t>(row)]));
}

QModelIndex KeyTreeModel::parent(const QModelIndex &child) const
{
    if (!child.isValid() || !m_tree)
        return {};
    const std::uint32_t above = m_tree->nodes[nodeOf(child)].parent;
    if (above == KeyTree::root)
        return {};
    return createIndex(static_cast<int>(m_row[above]), 0, quintptr(above));
}

int KeyTreeModel::rowCount(const QModelIndex &parent) const
{
    if (!m_tree || parent.column() > 0)
        return 0;
    return static_cast<int>(children(nodeOf(parent)).size());
}

int KeyTreeModel::columnCount(const QModelIndex &) const
{
    return 1;
}

QString KeyTreeModel::detail(std::uint32_t node) const
{
    const KeyTree::Node &n = m_tree->at(node);
    constexpr std::size_t longestShapes = 20; // bytes; × takes two
    if (n.parent == KeyTree::root && !n.children.empty())
        return QStringLiteral("%1 · %2").arg(n.keys).arg(shortCountText(n.values));
    if (n.children.empty() || (!n.shapes.empty() && n.shapes.size() <= longestShapes))
        return QString::fromStdString(n.shapes);
    return QString::number(n.keys);
}

QString KeyTreeModel::toolTip(std::uint32_t node) const
{
    const KeyTree::Node &n = m_tree->at(node);
    QString text = QStringLiteral("<p style='white-space:pre'><b>%1</b><br>").arg(keyText(n.path).toHtmlEscaped());
    if (n.tensors.size() == 1 && m_schema) {
        const SchemaTensor &tensor = m_schema->tensors[n.tensors.front()];
        const std::string_view dtype = rekey::name(tensor.dtype);
        text += QStringLiteral("%1 · %2 · %3")
                    .arg(shapeText(tensor.shape), QString::fromLatin1(dtype.data(), qsizetype(dtype.size())), bytesText(n.bytes));
    } else {
        text += tr("%n key(s)", nullptr, static_cast<int>(n.keys)) + QStringLiteral(" · ") + tr("%1 values").arg(countText(n.values))
            + QStringLiteral(" · ") + bytesText(n.bytes);
    }
    if (m_resolution && m_mapping && !n.tensors.empty() && n.tensors.front() < m_tensorStatus.size())
        text += QStringLiteral("<br>") + keyStatusText(m_side, n.tensors.front(), *m_resolution, *m_mapping).toHtmlEscaped();
    else if (nodeStatus(node) != Status::None)
        text += QStringLiteral("<br>") + statusWord(nodeStatus(node));
    return text + QStringLiteral("</p>");
}

QVariant KeyTreeModel::data(const QModelIndex &index, int role) const
{
    if (!index.isValid() || !m_tree)
        return {};
    const std::uint32_t node = nodeOf(index);
    const KeyTree::Node &n = m_tree->at(node);
    switch (role) {
    case Qt::DisplayRole:
        return keyText(n.name);
    case Qt::ToolTipRole:
        return toolTip(node);
    case Qt::AccessibleTextRole: {
        const Status status = nodeStatus(node);
        const QString state = status == Status::None ? QString() : QStringLiteral(", ") + statusWord(status);
        return QStringLiteral("%1%2, %3").arg(keyText(n.name), state, detail(node));
    }
    case NodeRole:
        return node;
    case StatusRole:
        return static_cast<int>(nodeStatus(node));
    case TagRole:
        return n.repeat > 1 ? QStringLiteral("×%1").arg(n.repeat) : QString();
    case DetailRole:
        return detail(node);
    case PartnerRole:
        return node < m_partner.size() && m_partner[node];
    case FadedRole:
        return m_dragValues != 0 && n.values != m_dragValues && n.tensors.size() * m_dragValues != n.values;
    case ShortDetailRole:
        return n.children.empty() ? detail(node) : QString::number(n.keys);
    case KeyRole:
        return keyText(n.path);
    default:
        return {};
    }
}

Qt::ItemFlags KeyTreeModel::flags(const QModelIndex &index) const
{
    if (!index.isValid())
        return Qt::NoItemFlags;
    Qt::ItemFlags flags = Qt::ItemIsEnabled | Qt::ItemIsSelectable;
    if (children(nodeOf(index)).empty())
        flags |= Qt::ItemNeverHasChildren;
    return flags;
}

std::vector<bool> visibleNodes(const KeyTree &tree, const Schema &schema, const std::vector<Status> &byTensor, const KeyFilter &filter)
{
    std::vector<bool> visible(tree.nodes.size(), false);
    for (std::uint32_t node = 0; node < tree.nodes.size(); ++node) {
        const auto &tensors = tree.nodes[node].tensors;
        const bool passes = std::any_of(tensors.begin(), tensors.end(), [&](std::uint32_t tensor) {
            return filter.matches(schema.tensors[tensor], tensor < byTensor.size() ? byTensor[tensor] : Status::None);
        });
        if (!passes)
            continue;
        for (std::uint32_t up = node; !visible[up]; up = tree.nodes[up].parent) {
            visible[up] = true;
            if (up == KeyTree::root)
                break;
        }
    }
    return visible;
}

} // namespace rekey::ui

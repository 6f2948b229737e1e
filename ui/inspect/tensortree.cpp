// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/tensortree.h"

#include <algorithm>

namespace rekey::ui {

namespace {

bool isNumber(const std::string &name)
{
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class Builder
{
public:
    Builder(const KeyTree &keys, TensorTree &tree)
        : m_keys(keys)
        , m_tree(tree)
        , m_leaves(keys.nodes.size())
        , m_foldedBelow(keys.nodes.size())
    {
        // Children come after their parents.
        for (std::size_t i = keys.nodes.size(); i-- > 0;) {
            const KeyTree::Node &node = keys.nodes[i];
            m_leaves[i] += node.children.empty();
            m_foldedBelow[i] = m_foldedBelow[i] || node.repeat > 1;
            if (i != node.parent) {
                m_leaves[node.parent] += m_leaves[i];
                m_foldedBelow[node.parent] = m_foldedBelow[node.parent] || m_foldedBelow[i];
            }
        }
    }

    void build()
    {
        m_tree.nodes.resize(1);
        m_tree.leafOf.resize(m_keys.leafOf.size());
        for (const std::uint32_t child : m_keys.nodes[KeyTree::root].children)
            add(child, 0, {});
    }

private:
    std::uint32_t append(const KeyTree::Node &node, std::uint32_t parent, const std::string &prefix)
    {
        const auto index = static_cast<std::uint32_t>(m_tree.nodes.size());
        TensorTree::Node row;
        row.name = prefix.empty() ? node.name : prefix + '.' + node.name;
        row.parent = parent;
        row.row = static_cast<std::uint32_t>(m_tree.nodes[parent].children.size());
        row.tensors = node.children.empty() ? node.tensors : std::vector<std::uint32_t>();
        row.repeat = node.repeat;
        row.keys = node.keys;
        row.values = node.values;
        row.bytes = node.bytes;
        row.shapes = node.shapes;
        row.path = node.path;
        m_tree.largest = std::max(m_tree.largest, row.values);
        m_tree.nodes.push_back(std::move(row));
        m_tree.nodes[parent].children.push_back(index);
        for (const std::uint32_t tensor : m_tree.nodes[index].tensors)
            m_tree.leafOf[tensor] = index;
        return index;
    }

    void add(std::uint32_t key, std::uint32_t parent, const std::string &prefix)
    {
        const KeyTree::Node &node = m_keys.nodes[key];
        const std::uint32_t index = append(node, parent, prefix);
        if (node.repeat == 1)
            countNumbered(node, index);
        // A block lists its tensors; a list of blocks stays a list of blocks.
        const bool flat = m_leaves[key] <= TensorTree::flatLimit && m_tree.nodes[index].repeat == 1 && !m_foldedBelow[key];
        for (const std::uint32_t child : node.children) {
            if (flat || node.repeat > 1)
                addLeaves(child, index, {}, flat || m_leaves[key] <= TensorTree::flatLimit);
            else
                add(child, index, {});
        }
    }

    void addLeaves(std::uint32_t key, std::uint32_t parent, const std::string &prefix, bool flat)
    {
        const KeyTree::Node &node = m_keys.nodes[key];
        if (!flat)
            return add(key, parent, prefix);
        if (node.children.empty()) {
            append(node, parent, prefix);
            return;
        }
        const std::string path = prefix.empty() ? node.name : prefix + '.' + node.name;
        for (const std::uint32_t child : node.children)
            addLeaves(child, parent, path, flat);
    }

    /// "blocks ×6" also while they are not folded.
    void countNumbered(const KeyTree::Node &node, std::uint32_t index)
    {
        const auto numbered = std::count_if(node.children.begin(), node.children.end(), [this](std::uint32_t child) {
            return isNumber(m_keys.nodes[child].name) && !m_keys.nodes[child].children.empty();
        });
        if (numbered > 1 && static_cast<std::size_t>(numbered) == node.children.size())
            m_tree.nodes[index].repeat = static_cast<std::uint32_t>(numbered);
    }

    const KeyTree &m_keys;
    TensorTree &m_tree;
    std::vector<std::uint32_t> m_leaves;
    std::vector<bool> m_foldedBelow;
};

} // namespace

TensorTree buildTensorTree(const Schema &schema, Folding folding)
{
    const KeyTree keys = buildKeyTree(schema, folding);
    TensorTree tree;
    Builder(keys, tree).build();
    return tree;
}

} // namespace rekey::ui

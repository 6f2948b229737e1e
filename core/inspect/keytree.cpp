// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/keytree.h"

#include "core/inspect/segmenttrie.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

namespace rekey {

namespace {

using Ids = std::vector<std::uint32_t>;

// An unfolded block of at most this many tensors lists them flat ("attn.qkv.weight").
constexpr std::size_t flatBlockLimit = 64;
// Distinct shapes that a row spells out.
constexpr std::size_t shapesShown = 3;

/// "{i}" … "{n}" by nesting depth.
std::string variable(int depth)
{
    return {'{', static_cast<char>('i' + std::min(depth, 5)), '}'};
}

std::string join(std::string_view path, std::string_view segment)
{
    return fmt::format("{}.{}", path, segment);
}

/// "0", "1–5", "0, 2 … 22" for the numbers that share a row.
std::string numbersText(const std::vector<std::int64_t> &numbers)
{
    const std::size_t n = numbers.size();
    if (n == 1)
        return std::to_string(numbers[0]);
    if (numbers.back() - numbers.front() == static_cast<std::int64_t>(n) - 1)
        return fmt::format("{}–{}", numbers.front(), numbers.back());
    if (n == 2)
        return fmt::format("{}, {}", numbers[0], numbers[1]);
    return fmt::format("{}, {} … {}", numbers[0], numbers[1], numbers.back());
}

class TreeBuilder
{
public:
    TreeBuilder(const Schema &schema, Folding folding)
        : m_schema(schema)
        , m_trie(schema)
        , m_folding(folding)
    {
        m_tree.nodes.reserve(folding == Folding::Unfolded ? schema.tensors.size() * 3 / 2 : 1024);
        m_tree.nodes.emplace_back();
        m_tree.leafOf.assign(schema.tensors.size(), KeyTree::root);
    }

    KeyTree build()
    {
        addChildren(KeyTree::root, {0}, {}, 0);
        sumUp();
        return std::move(m_tree);
    }

private:
    /// Siblings under numbers that share one row; a single one stands alone.
    struct Group
    {
        Ids children;
        std::vector<std::int64_t> numbers;
    };

    std::uint32_t addRow(std::uint32_t parent, std::string name, std::string path)
    {
        const auto row = static_cast<std::uint32_t>(m_tree.nodes.size());
        m_tree.nodes.emplace_back();
        m_tree.nodes[row].name = std::move(name);
        m_tree.nodes[row].path = std::move(path);
        m_tree.nodes[row].parent = parent;
        m_tree.nodes[parent].children.push_back(row);
        return row;
    }

    void makeLeaf(std::uint32_t row, const Ids &members)
    {
        for (const std::uint32_t member : members) {
            for (const std::uint32_t tensor : m_trie.at(member).tensors) {
                m_tree.nodes[row].tensors.push_back(tensor);
                m_tree.leafOf[tensor] = row;
            }
        }
    }

    /// The children named like the first member's child `child`, in every member. Members are alike, so all have one.
    Ids aligned(const Ids &members, std::uint32_t child) const
    {
        Ids result {child};
        for (std::size_t i = 1; i < members.size(); ++i)
            result.push_back(m_trie.child(members[i], m_trie.at(child).segment));
        return result;
    }

    struct ShapeCount
    {
        std::size_t same = 0, all = 0;
    };

    /// Whether siblings of equal structure may share rows: at least half of their tensors have one shape in all of them.
    /// So it is with blocks; the layers of an MLP differ.
    bool alike(const Ids &siblings) const
    {
        ShapeCount count;
        return countShapes(siblings, count) && count.same * 2 >= count.all;
    }

    /// False when the subtrees differ after all: equal hashes are a strong hint, not a proof.
    bool countShapes(const Ids &members, ShapeCount &count) const
    {
        const auto &first = m_trie.at(members[0]);
        for (const std::uint32_t member : members) {
            if (m_trie.at(member).children.size() != first.children.size() || m_trie.at(member).tensors.empty() != first.tensors.empty())
                return false;
        }
        if (!first.tensors.empty()) {
            const Shape &shape = m_schema.tensors[first.tensors[0]].shape;
            count.same
                += std::ranges::all_of(members, [&](std::uint32_t m) { return m_schema.tensors[m_trie.at(m).tensors[0]].shape == shape; });
            ++count.all;
        }
        return std::ranges::all_of(first.children, [&](std::uint32_t child) {
            const Ids below = aligned(members, child);
            return std::ranges::find(below, SegmentTrie::npos) == below.end() && countShapes(below, count);
        });
    }

    std::vector<Group> numberGroups(std::uint32_t node) const
    {
        std::vector<Group> groups;
        for (const std::uint32_t child : m_trie.at(node).children) {
            if (!m_trie.at(child).number)
                continue;
            const auto alike = std::ranges::find_if(
                groups, [&](const Group &g) { return m_trie.at(g.children[0]).structure == m_trie.at(child).structure; });
            Group &group = alike != groups.end() ? *alike : groups.emplace_back();
            group.children.push_back(child);
            group.numbers.push_back(segmentNumber(m_trie.at(child).segment));
        }
        std::vector<Group> result;
        for (Group &group : groups) {
            if (group.children.size() == 1 || alike(group.children)) {
                result.push_back(std::move(group));
            } else {
                for (std::size_t i = 0; i < group.children.size(); ++i)
                    result.push_back({{group.children[i]}, {group.numbers[i]}});
            }
        }
        std::ranges::sort(result, {}, [](const Group &g) { return g.numbers[0]; });
        return result;
    }

    bool onlyNumbers(std::uint32_t node) const
    {
        return std::ranges::all_of(m_trie.at(node).children, [&](std::uint32_t c) { return m_trie.at(c).number; });
    }

    /// Numbers that do not fold into one row: such a list goes with its numbers, "layers.0", rather than with its parent.
    bool isUnfoldedList(std::uint32_t node) const
    {
        const auto &list = m_trie.at(node);
        return list.children.size() > 1 && list.tensors.empty() && onlyNumbers(node) && numberGroups(node).size() > 1;
    }

    bool isTensorOnly(std::uint32_t node) const { return m_trie.at(node).children.empty(); }

    /// A module of tensors: weight and bias.
    bool holdsOnlyTensors(std::uint32_t node) const
    {
        return std::ranges::all_of(m_trie.at(node).children, [&](std::uint32_t c) { return isTensorOnly(c); });
    }

    /// One row that stands for the aligned trie nodes `members`, or several where they list flat.
    void addNode(std::uint32_t parent, std::string name, Ids members, std::string path, int depth)
    {
        for (;;) {
            const auto &first = m_trie.at(members[0]);
            if (!first.tensors.empty())
                makeLeaf(addRow(parent, name, path), members);
            if (first.children.empty())
                return;
            // A chain of single children is one row.
            if (first.children.size() > 1 || !first.tensors.empty())
                break;
            const std::uint32_t only = first.children[0];
            if (isUnfoldedList(only))
                break;
            const auto &next = m_trie.at(only);
            name = join(name, next.segment);
            path = join(path, next.segment);
            members = aligned(members, only);
        }
        const std::vector<Group> groups = onlyNumbers(members[0]) ? numberGroups(members[0]) : std::vector<Group>();
        if (groups.size() == 1 && groups[0].children.size() > 1)
            addRepeated(parent, name, members, groups[0], path, depth);
        else
            addChildren(addRow(parent, std::move(name), path), members, path, depth);
    }

    /// The row with ×6: numbered children that are all alike.
    void addRepeated(std::uint32_t parent, const std::string &name, const Ids &members, const Group &group, const std::string &path,
                     int depth)
    {
        const auto repeat = static_cast<std::uint32_t>(group.children.size());
        if (m_folding == Folding::Unfolded) {
            const std::uint32_t row = addRow(parent, name, path);
            m_tree.nodes[row].repeat = repeat;
            for (const std::uint32_t child : group.children)
                addBlock(row, child, path, depth);
            return;
        }
        Ids blocks;
        for (const std::uint32_t member : members) {
            for (const std::uint32_t child : group.children)
                blocks.push_back(m_trie.child(member, m_trie.at(child).segment));
        }
        const bool inRoot = m_trie.at(members[0]).parent == SegmentTrie::npos;
        addFoldedBlocks(parent, name, std::move(blocks), repeat, inRoot ? variable(depth) : join(path, variable(depth)), depth + 1);
    }

    void addFoldedBlocks(std::uint32_t parent, std::string name, Ids blocks, std::uint32_t repeat, std::string path, int depth)
    {
        // A chain down to a single tensor stays one row, "point_embeddings.weight ×4".
        std::string chain = name, chainPath = path;
        Ids end = blocks;
        while (m_trie.at(end[0]).tensors.empty() && m_trie.at(end[0]).children.size() == 1) {
            const std::uint32_t only = m_trie.at(end[0]).children[0];
            chain = join(chain, m_trie.at(only).segment);
            chainPath = join(chainPath, m_trie.at(only).segment);
            end = aligned(end, only);
        }
        if (isTensorOnly(end[0])) {
            const std::uint32_t row = addRow(parent, std::move(chain), std::move(chainPath));
            m_tree.nodes[row].repeat = repeat;
            makeLeaf(row, end);
            return;
        }
        const std::uint32_t row = addRow(parent, std::move(name), path);
        m_tree.nodes[row].repeat = repeat;
        if (!m_trie.at(blocks[0]).tensors.empty()) // a tensor with tensors below it: give it a row of its own
            makeLeaf(addRow(row, {}, path), blocks);
        addChildren(row, blocks, path, depth);
    }

    /// One numbered block of an unfolded tree.
    void addBlock(std::uint32_t parent, std::uint32_t block, const std::string &path, int depth)
    {
        const auto &node = m_trie.at(block);
        const std::string blockPath = join(path, node.segment);
        Ids leaves;
        if (node.children.size() > 1 && node.tensors.empty() && collectFlat(block, leaves)) {
            const std::uint32_t row = addRow(parent, std::string(node.segment), blockPath);
            for (const std::uint32_t leaf : leaves)
                addFlatLeaf(row, {}, block, leaf, blockPath);
        } else {
            addNode(parent, std::string(node.segment), {block}, blockPath, depth);
        }
    }

    bool collectFlat(std::uint32_t node, Ids &leaves) const
    {
        if (!m_trie.at(node).tensors.empty())
            leaves.push_back(node);
        for (const std::uint32_t child : m_trie.at(node).children) {
            if (leaves.size() > flatBlockLimit || !collectFlat(child, leaves))
                return false;
        }
        return leaves.size() <= flatBlockLimit;
    }

    /// A row named by the segments from below `from` down to `leaf`, after `prefix`.
    void addFlatLeaf(std::uint32_t row, const std::string &prefix, std::uint32_t from, std::uint32_t leaf, const std::string &path)
    {
        std::string below;
        for (std::uint32_t up = leaf; up != from; up = m_trie.at(up).parent)
            below = below.empty() ? std::string(m_trie.at(up).segment) : join(std::string(m_trie.at(up).segment), below);
        const bool itself = leaf == from;
        const std::string name = itself ? prefix : prefix.empty() ? below : join(prefix, below);
        makeLeaf(addRow(row, name, itself ? path : join(path, below)), {leaf});
    }

    /// The numbered children of `members`: a row for each, or for each group that folds.
    void addGroups(std::uint32_t row, const Ids &members, const std::string &path, int depth, const std::string &prefix)
    {
        const bool isRoot = m_trie.at(members[0]).parent == SegmentTrie::npos;
        for (const Group &group : numberGroups(members[0])) {
            if (m_folding == Folding::Folded && group.children.size() > 1) {
                addRepeated(row, prefix + numbersText(group.numbers), members, group, path, depth);
                continue;
            }
            for (const std::uint32_t child : group.children) {
                const std::string number(m_trie.at(child).segment), childPath = isRoot ? number : join(path, number);
                Ids leaves;
                if (m_folding == Folding::Unfolded && holdsOnlyTensors(child) && m_trie.at(child).children.size() <= 2
                    && collectFlat(child, leaves)) {
                    for (const std::uint32_t leaf : leaves)
                        addFlatLeaf(row, prefix + number, child, leaf, childPath);
                } else {
                    addNode(row, prefix + number, aligned(members, child), childPath, depth);
                }
            }
        }
    }

    /// A module that holds tensors beside (weight, bias) pairs shows all of them flat: "qkv.weight".
    bool listsPairsFlat(const SegmentTrie::Node &node) const
    {
        bool tensor = false;
        for (const std::uint32_t child : node.children) {
            if (m_trie.at(child).number || !holdsOnlyTensors(child) || m_trie.at(child).children.size() > 2)
                return false;
            tensor = tensor || isTensorOnly(child);
        }
        return tensor && node.parent != SegmentTrie::npos;
    }

    void addChildren(std::uint32_t row, const Ids &members, const std::string &path, int depth)
    {
        const auto &first = m_trie.at(members[0]);
        const bool isRoot = first.parent == SegmentTrie::npos;
        if (!isRoot && first.children.size() == 1 && isUnfoldedList(first.children[0])) {
            const std::uint32_t list = first.children[0];
            const std::string name(m_trie.at(list).segment);
            return addGroups(row, aligned(members, list), join(path, name), depth, name + ".");
        }
        const bool flat = listsPairsFlat(first);
        bool numbersDone = false;
        for (const std::uint32_t child : first.children) {
            const auto &node = m_trie.at(child);
            if (node.number) {
                if (!numbersDone)
                    addGroups(row, members, path, depth, {});
                numbersDone = true;
                continue;
            }
            const Ids below = aligned(members, child);
            const std::string childPath = isRoot ? std::string(node.segment) : join(path, node.segment);
            if (flat && !isTensorOnly(child)) {
                for (const std::uint32_t leaf : node.children)
                    addNode(row, join(node.segment, m_trie.at(leaf).segment), aligned(below, leaf),
                            join(childPath, m_trie.at(leaf).segment), depth);
            } else {
                addNode(row, std::string(node.segment), below, childPath, depth);
            }
        }
    }

    void sumUp()
    {
        // Rows come after their parents.
        for (std::size_t row = m_tree.nodes.size(); row-- > 1;) {
            KeyTree::Node &node = m_tree.nodes[row];
            for (const std::uint32_t tensor : node.tensors) {
                const SchemaTensor &entry = m_schema.tensors[tensor];
                const std::uint64_t values = elementCount(entry.shape);
                node.keys += 1;
                node.values += values;
                node.bytes += byteCount(entry.dtype, values).value_or(0);
            }
            KeyTree::Node &parent = m_tree.nodes[node.parent];
            parent.keys += node.keys;
            parent.values += node.values;
            parent.bytes += node.bytes;
            node.shapes = shapesOf(node);
        }
    }

    /// Of a tensor, and of a module that is a tensor or a pair (weight, bias): the rest shows how many it holds.
    std::string shapesOf(const KeyTree::Node &node) const
    {
        if (node.children.size() > 2 || (node.repeat > 1 && !node.children.empty()))
            return {};
        std::vector<const Shape *> distinct;
        const auto add = [&](const Ids &tensors) {
            for (const std::uint32_t tensor : tensors) {
                const Shape &shape = m_schema.tensors[tensor].shape;
                if (distinct.size() <= shapesShown && std::ranges::none_of(distinct, [&](const Shape *s) { return *s == shape; }))
                    distinct.push_back(&shape);
            }
        };
        add(node.tensors);
        for (const std::uint32_t child : node.children) {
            if (m_tree.nodes[child].tensors.empty())
                return {};
            add(m_tree.nodes[child].tensors);
        }
        if (distinct.size() > shapesShown && !node.children.empty())
            return {};
        std::string text;
        for (std::size_t i = 0; i < distinct.size(); ++i)
            text += i == shapesShown ? ", …" : (i == 0 ? "" : ", ") + shapeText(*distinct[i]);
        return text;
    }

    const Schema &m_schema;
    SegmentTrie m_trie;
    Folding m_folding;
    KeyTree m_tree;
};

} // namespace

KeyTree buildKeyTree(const Schema &schema, Folding folding)
{
    return TreeBuilder(schema, folding).build();
}

std::vector<std::uint32_t> KeyTree::tensorsBelow(std::uint32_t node) const
{
    std::vector<std::uint32_t> result, open {node};
    while (!open.empty()) {
        const Node &row = nodes[open.back()];
        open.pop_back();
        result.insert(result.end(), row.tensors.begin(), row.tensors.end());
        open.insert(open.end(), row.children.begin(), row.children.end());
    }
    std::ranges::sort(result);
    return result;
}

} // namespace rekey

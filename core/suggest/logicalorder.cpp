// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/logicalorder.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <unordered_map>

namespace rekey {

namespace {

bool isDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

bool naturalOrder(const std::string &a, const std::string &b)
{
    std::size_t i = 0, j = 0;
    const auto number = [](const std::string &text, std::size_t &at) {
        std::uint64_t value = 0;
        for (; at < text.size() && isDigit(text[at]); ++at)
            value = value * 10 + static_cast<std::uint64_t>(text[at] - '0');
        return value;
    };
    while (i < a.size() && j < b.size()) {
        if (!isDigit(a[i]) || !isDigit(b[j])) {
            if (a[i] != b[j])
                return a[i] < b[j];
            ++i, ++j;
            continue;
        }
        const std::uint64_t x = number(a, i), y = number(b, j);
        if (x != y)
            return x < y;
    }
    return a.size() - i < b.size() - j;
}

/// "head" names "bbox_head" and "head_dist", but not "multi_head_attention".
bool names(const std::unordered_set<std::string> &parts, const Words &words)
{
    return parts.contains(words.front()) || parts.contains(words.back());
}

/// First (-1) or last (1) of its siblings by its name. Where parts of networks usually stand only counts `amongParts`.
int placeOf(const std::string &segment, bool amongParts)
{
    const Lexicon &lex = lexicon();
    int place = 0;
    const Words words = splitWords(segment);
    if (amongParts && !words.empty())
        place = names(lex.firstParts, words) ? -1 : names(lex.lastParts, words) ? 1 : 0;
    for (const auto &word : words) {
        if (lex.firstWords.contains(word))
            place = -1;
        else if (lex.lastWords.contains(word))
            place = 1;
    }
    return place;
}

/// "Conv2d_{}_pointwise" of "Conv2d_3_pointwise" and 3; nothing without a number.
std::optional<std::pair<std::string, std::uint64_t>> numbered(const std::string &segment)
{
    std::string text;
    std::optional<std::uint64_t> last;
    for (std::size_t i = 0; i < segment.size();) {
        if (!isDigit(segment[i])) {
            text += segment[i++];
            continue;
        }
        std::uint64_t value = 0;
        for (; i < segment.size() && isDigit(segment[i]); ++i)
            value = value * 10 + static_cast<std::uint64_t>(segment[i] - '0');
        last = value;
        text += "{}";
    }
    if (!last)
        return std::nullopt;
    return std::pair(text, *last);
}

struct Node
{
    std::string name;
    std::vector<std::size_t> children; ///< in file order
    std::unordered_map<std::string, std::size_t> byName;
    std::vector<std::size_t> units;
    // Of this node among its siblings:
    int place = 0;
    bool counted = false;
    std::uint64_t number = 0;
};

class Order
{
public:
    Order(const std::vector<Unit> &units, bool alphabetical, bool ties) : m_nodes(1), m_alphabetical(alphabetical), m_ties(ties)
    {
        for (std::size_t u = 0; u < units.size(); ++u) {
            std::size_t node = 0;
            for (const auto &segment : units[u].segments) {
                const auto [child, isNew] = m_nodes[node].byName.emplace(segment, m_nodes.size());
                const std::size_t next = child->second;
                if (isNew) {
                    m_nodes[node].children.push_back(next);
                    m_nodes.emplace_back();
                    m_nodes.back().name = segment;
                }
                node = next;
            }
            m_nodes[node].units.push_back(u);
        }
        placeChildren(0);
    }

    std::vector<Placed> all()
    {
        visit(0);
        return std::move(m_placed);
    }

private:
    void placeChildren(std::size_t index)
    {
        // Numbers inside a name count siblings only where several names differ in nothing else.
        constexpr std::size_t leastSeries = 2;
        std::map<std::string, std::size_t> series;
        for (const std::size_t child : m_nodes[index].children)
            if (const auto number = numbered(m_nodes[child].name))
                ++series[number->first];
        // A file that keeps its order says itself where a head stands; and heads of attention have no backbone beside them.
        auto &children = m_nodes[index].children;
        const bool amongParts = m_ties && std::any_of(children.begin(), children.end(), [&](std::size_t child) {
            const Words words = splitWords(m_nodes[child].name);
            return !words.empty() && names(lexicon().firstParts, words);
        });
        for (const std::size_t child : children) {
            placeChildren(child);
            Node &node = m_nodes[child];
            node.place = placeOf(node.name, amongParts);
            if (const auto number = numbered(node.name); number && (number->first == "{}" || series[number->first] >= leastSeries)) {
                node.counted = true;
                node.number = number->second;
            }
        }
        if (m_alphabetical || allNumbers(children))
            std::stable_sort(children.begin(), children.end(), [&](std::size_t a, std::size_t b) {
                return m_nodes[a].counted && m_nodes[b].counted && m_nodes[a].number != m_nodes[b].number
                    ? m_nodes[a].number < m_nodes[b].number
                    : naturalOrder(m_nodes[a].name, m_nodes[b].name);
            });
        std::stable_sort(children.begin(), children.end(),
                         [&](std::size_t a, std::size_t b) { return m_nodes[a].place < m_nodes[b].place; });
    }

    bool allNumbers(const std::vector<std::size_t> &children) const
    {
        return std::all_of(children.begin(), children.end(), [&](std::size_t child) {
            return std::all_of(m_nodes[child].name.begin(), m_nodes[child].name.end(), isDigit);
        });
    }

    void visit(std::size_t index)
    {
        for (const std::size_t unit : m_nodes[index].units) {
            m_placed.push_back({unit, m_position});
            if (!m_ties)
                ++m_position;
        }
        if (!m_ties) {
            for (const std::size_t child : m_nodes[index].children)
                visit(child);
            return;
        }
        visitInTurn(index, [](const Node &node) { return node.place < 0; });
        // Nothing orders the others among each other: all begin at the same position, numbered ones in turn.
        const std::uint32_t begin = m_position;
        visitInTurn(index, [](const Node &node) { return node.place == 0 && node.counted; });
        std::uint32_t end = m_position;
        for (const std::size_t child : m_nodes[index].children) {
            if (m_nodes[child].place != 0 || m_nodes[child].counted)
                continue;
            m_position = begin;
            visit(child);
            end = std::max(end, m_position);
        }
        m_position = end;
        visitInTurn(index, [](const Node &node) { return node.place > 0; });
    }

    template <typename Which>
    void visitInTurn(std::size_t index, const Which &which)
    {
        bool any = false;
        for (const std::size_t child : m_nodes[index].children) {
            if (!which(m_nodes[child]))
                continue;
            ++m_position;
            visit(child);
            any = true;
        }
        if (any)
            ++m_position;
    }

    std::vector<Node> m_nodes;
    bool m_alphabetical;
    bool m_ties;
    std::uint32_t m_position = 0;
    std::vector<Placed> m_placed;
};

} // namespace

std::vector<Placed> logicalOrder(const std::vector<Unit> &units, bool alphabetical, bool ties)
{
    return Order(units, alphabetical, ties).all();
}

bool isAlphabetical(const Schema &schema)
{
    // Siblings tell, not whole keys: a file may hold several parts, one after the other, some of them sorted. Numbers tell
    // nothing. Registration order is full of descents: "weight" stands before "bias", "norm" before "attn".
    constexpr std::size_t fewest = 4;
    constexpr double tolerated = 0.02, leastShare = 0.2;
    struct Counts { std::size_t keys = 0, informative = 0, descents = 0; };
    std::unordered_map<std::string, Counts> parts;            // by first segment
    std::unordered_map<std::string, std::string> lastChild; // by parent
    const auto isNumbered = [](const std::string &segment) { return numbered(segment).has_value(); };
    for (const auto &tensor : schema.tensors) {
        const auto segments = keySegments(tensor.key);
        Counts &part = parts[segments.front()];
        ++part.keys;
        std::string parent;
        for (const auto &segment : segments) {
            std::string &last = lastChild[parent];
            if (!parent.empty() && !last.empty() && last != segment && !(isNumbered(last) && isNumbered(segment))) {
                ++part.informative;
                part.descents += segment < last;
            }
            last = segment;
            parent += segment + '.';
        }
    }
    std::size_t sorted = 0;
    for (const auto &[name, part] : parts)
        if (part.informative >= fewest && static_cast<double>(part.descents) <= tolerated * static_cast<double>(part.informative))
            sorted += part.keys;
    return static_cast<double>(sorted) > leastShare * static_cast<double>(schema.tensors.size());
}

} // namespace rekey

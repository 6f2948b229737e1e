// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/suggest/generalise.h"
#include "core/suggest/layout.h"
#include "core/suggest/matcher.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace rekey {

namespace {

using Indices = std::vector<std::uint32_t>;

Step step(BasicStep op) { return Step{std::move(op)}; }

std::string lastSegment(const std::string &key)
{
    return keySegments(key).back();
}

std::string shapesText(const Indices &tensors, const Schema &schema)
{
    std::string text;
    for (const auto t : tensors)
        text += (text.empty() ? "" : ", ") + shapeText(schema.tensors[t].shape);
    return text;
}

/// What a person might have meant when no transform leads from one shape to the other.
std::string likeliest(const Shape &source, const Shape &target)
{
    if (elementCount(source) == elementCount(target))
        return "a reshape would give the right size, but is no usual layout: write it by hand if it is meant";
    if (source.size() == target.size()) {
        std::vector<std::size_t> differ;
        for (std::size_t i = 0; i < source.size(); ++i)
            if (source[i] != target[i])
                differ.push_back(i);
        if (differ.size() == 1) {
            const std::size_t d = differ.front();
            const char *what = source[d] > target[d] ? "slice or interpolate" : "pad, interpolate or join with others along";
            return fmt::format("only dimension {} differs ({} and {}): {} it", d, source[d], target[d], what);
        }
    }
    return "they hold different numbers of values";
}

[[noreturn]] void refuse(const Indices &sources, const Indices &targets, const Schema &source, const Schema &target)
{
    const std::string from = displayText(source.tensors[sources.front()].key), to = displayText(target.tensors[targets.front()].key);
    std::string hint;
    if (sources.size() == 1 && targets.size() == 1)
        hint = "; " + likeliest(source.tensors[sources.front()].shape, target.tensors[targets.front()].shape);
    throw Error("", from + " → " + to,
                fmt::format("no transform leads from {} to {}{}", shapesText(sources, source), shapesText(targets, target), hint));
}

/// Whether the leaves' or modules' names say that input and output dimension change places.
bool inputFirst(const std::string &key)
{
    return lexicon().inputFirstLeaves.contains(lastSegment(key));
}

std::optional<Transform> single(const Shape &from, const Shape &to, bool transposed)
{
    const auto found = layouts(from, to);
    if (found.empty())
        return std::nullopt;
    const auto fitting = std::find_if(found.begin(), found.end(), [&](const Layout &l) { return l.transposed == transposed; });
    return (fitting == found.end() ? found.front() : *fitting).transform;
}

/// q before k before v, gate before up; otherwise as given.
void sortByRole(Indices &tensors, const Schema &schema)
{
    std::map<std::string, int> rank;
    for (const auto &[whole, parts] : lexicon().fused)
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (whole == "qkv" || !rank.contains(parts[i]))
                rank[parts[i]] = static_cast<int>(i);
    std::map<std::uint32_t, int> order;
    for (const auto t : tensors) {
        auto segments = keySegments(schema.tensors[t].key);
        segments.pop_back();
        const auto role = rank.find(fusedRole(canonicalWords(segments)));
        if (role == rank.end())
            return;
        order[t] = role->second;
    }
    std::stable_sort(tensors.begin(), tensors.end(), [&](std::uint32_t a, std::uint32_t b) { return order[a] < order[b]; });
}

/// Dimension along which parts make up the whole; -1 when there is none.
int joinDimension(const std::vector<Shape> &parts, const Shape &whole)
{
    for (std::size_t dim = 0; dim < whole.size(); ++dim) {
        std::int64_t sum = 0;
        const bool fits = std::all_of(parts.begin(), parts.end(), [&](const Shape &part) {
            if (part.size() != whole.size())
                return false;
            for (std::size_t i = 0; i < whole.size(); ++i)
                if (i != dim && part[i] != whole[i])
                    return false;
            sum += part[dim];
            return true;
        });
        if (fits && sum == whole[dim])
            return static_cast<int>(dim);
    }
    return -1;
}

std::vector<Shape> shapesOf(const Indices &tensors, const Schema &schema)
{
    std::vector<Shape> shapes;
    for (const auto t : tensors)
        shapes.push_back(schema.tensors[t].shape);
    return shapes;
}

bool allTwoDimensional(const std::vector<Shape> &shapes)
{
    return std::all_of(shapes.begin(), shapes.end(), [](const Shape &s) { return s.size() == 2; });
}

void transposeAll(std::vector<Shape> &shapes)
{
    for (auto &shape : shapes)
        std::swap(shape[0], shape[1]);
}

/// Dimension in which equal parts lie one after the other as a new one (experts); -1 when there is none.
int stackDimension(const std::vector<Shape> &parts, const Shape &whole)
{
    for (std::size_t dim = 0; dim < whole.size(); ++dim) {
        Shape rest = whole;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(dim));
        if (whole[dim] == static_cast<std::int64_t>(parts.size())
            && std::all_of(parts.begin(), parts.end(), [&](const Shape &p) { return p == rest; }))
            return static_cast<int>(dim);
    }
    return -1;
}

std::optional<Transform> joined(std::vector<Shape> parts, const Shape &whole)
{
    if (const int dim = joinDimension(parts, whole); dim >= 0)
        return Transform{step(Concat{dim})};
    if (const int dim = stackDimension(parts, whole); dim >= 0)
        return Transform{step(Stack{dim})};
    if (allTwoDimensional(parts)) {
        transposeAll(parts);
        if (const int dim = joinDimension(parts, whole); dim >= 0)
            return Transform{step(Transpose{0, 1}), step(Concat{dim})};
    }
    return std::nullopt;
}

std::optional<Transform> split(const Shape &whole, std::vector<Shape> parts)
{
    const auto along = [&](int dim) {
        const auto d = static_cast<std::size_t>(dim);
        Split result{dim, static_cast<int>(parts.size()), {}};
        if (std::any_of(parts.begin(), parts.end(), [&](const Shape &p) { return p[d] != parts.front()[d]; })) {
            result.parts = 0;
            for (const auto &part : parts)
                result.sizes.push_back(part[d]);
        }
        return step(result);
    };
    if (const int dim = joinDimension(parts, whole); dim >= 0)
        return Transform{along(dim)};
    if (const int dim = stackDimension(parts, whole); dim >= 0)
        return Transform{step(Unstack{dim})};
    if (allTwoDimensional(parts) && whole.size() == 2) {
        transposeAll(parts);
        if (const int dim = joinDimension(parts, whole); dim >= 0)
            return Transform{along(dim), step(Transpose{0, 1})};
    }
    return std::nullopt;
}

class Literal
{
public:
    Literal(const Schema &source, const Schema &target) : m_source(source), m_target(target) {}

    std::vector<Pairing> pair(Indices sources, Indices targets) const
    {
        if (sources.size() == 1 || targets.size() == 1)
            return {one(std::move(sources), std::move(targets))};
        if (auto groups = byLeaf(sources, targets))
            return *groups;
        return matched(sources, targets);
    }

private:
    Pairing one(Indices sources, Indices targets) const
    {
        std::optional<Transform> transform;
        if (sources.size() == 1 && targets.size() == 1) {
            const auto &from = m_source.tensors[sources.front()], &to = m_target.tensors[targets.front()];
            transform = single(from.shape, to.shape, inputFirst(from.key) != inputFirst(to.key));
        } else if (targets.size() == 1) {
            sortByRole(sources, m_source);
            transform = joined(shapesOf(sources, m_source), m_target.tensors[targets.front()].shape);
        } else {
            sortByRole(targets, m_target);
            transform = split(m_source.tensors[sources.front()].shape, shapesOf(targets, m_target));
        }
        if (!transform)
            refuse(sources, targets, m_source, m_target);
        Pairing pairing;
        pairing.sources = std::move(sources);
        pairing.targets = std::move(targets);
        pairing.transform = std::move(*transform);
        pairing.evidence = {"paired by hand"};
        return pairing;
    }

    static std::string leafKind(const std::string &key)
    {
        std::string leaf = lastSegment(key);
        if (const auto kind = lexicon().leafKinds.find(leaf); kind != lexicon().leafKinds.end())
            return kind->second;
        for (const auto &suffix : lexicon().leafSuffixes)
            if (leaf.ends_with(suffix))
                return suffix.substr(1);
        return leaf;
    }

    /// Weights of several modules onto the weight of one, their biases onto its bias.
    std::optional<std::vector<Pairing>> byLeaf(const Indices &sources, const Indices &targets) const
    {
        std::map<std::string, std::pair<Indices, Indices>> groups;
        for (const auto s : sources)
            groups[leafKind(m_source.tensors[s].key)].first.push_back(s);
        for (const auto t : targets)
            groups[leafKind(m_target.tensors[t].key)].second.push_back(t);
        for (const auto &[leaf, group] : groups)
            if (group.first.empty() || group.second.empty() || (group.first.size() > 1 && group.second.size() > 1))
                return std::nullopt;
        std::vector<Pairing> pairings;
        for (const auto &[leaf, group] : groups)
            pairings.push_back(one(group.first, group.second));
        return pairings;
    }

    /// Block onto block: as if nothing else existed.
    std::vector<Pairing> matched(const Indices &sources, const Indices &targets) const
    {
        const auto without = [](const Schema &schema, const Indices &keep) {
            std::vector<bool> skip(schema.tensors.size(), true);
            for (const auto t : keep)
                skip[t] = false;
            return skip;
        };
        auto pairings = matchTensors(m_source, m_target, without(m_source, sources), without(m_target, targets), nullptr, {}).pairings;
        if (pairings.empty())
            refuse(sources, targets, m_source, m_target);
        for (auto &pairing : pairings) {
            pairing.state = RuleState::Accepted;
            pairing.confidence = 1;
            pairing.evidence = {"paired by hand"};
        }
        return pairings;
    }

    const Schema &m_source;
    const Schema &m_target;
};

std::string describe(const std::vector<Pairing> &literal, std::size_t blocks)
{
    const Pairing &first = literal.front();
    std::string text = literal.size() == 1 || first.sources.size() + first.targets.size() > 2
        ? fmt::format("{} → {}", first.sources.size(), first.targets.size())
        : fmt::format("{} keys", literal.size());
    if (const std::string transform = transformText(first.transform); !transform.empty())
        text += ", " + transform;
    if (blocks > 1)
        text += fmt::format(", ×{}", blocks);
    return text;
}

} // namespace

Inference inferRules(std::span<const std::uint32_t> sources, std::span<const std::uint32_t> targets, const Schema &source,
                     const Schema &target)
{
    if (sources.empty() || targets.empty())
        throw Error("", "", "nothing to pair: choose at least one key on each side");
    const auto literal = Literal(source, target).pair({sources.begin(), sources.end()}, {targets.begin(), targets.end()});
    const auto general = generalise(literal, source, target);
    Inference inference;
    inference.literal = rulesFromPairings(literal, source, target);
    inference.rules = rulesFromPairings(general, source, target);
    inference.added.assign(general.begin() + static_cast<std::ptrdiff_t>(literal.size()), general.end());
    inference.text = describe(literal, general.size() / literal.size());
    return inference;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/atoms.h"

#include "core/suggest/logicalorder.h"
#include "core/suggest/sublayers.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

namespace rekey {

namespace {

std::string lowerCase(std::string text)
{
    for (char &c : text)
        c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

struct LeafName
{
    std::size_t segments = 0;  ///< of the key that are its module's path
    std::string moduleTail;    ///< "in_proj" of in_proj_weight: one more segment of the path
    std::string kind = "value";
    std::string name;
};

LeafName classify(const std::vector<std::string> &segments)
{
    const Lexicon &lex = lexicon();
    const std::string last = lowerCase(segments.back());
    const std::size_t above = segments.size() - 1;
    if (const auto kind = lex.leafKinds.find(last); kind != lex.leafKinds.end() && above > 0)
        return {above, {}, kind->second, last};
    // torch.nn.utils.parametrizations: X.parametrizations.weight.original0
    if (segments.size() > 3) {
        const auto kind = lex.leafKinds.find(segments[above - 2] + "." + segments[above - 1] + "." + last);
        if (kind != lex.leafKinds.end())
            return {above - 2, {}, kind->second, last};
    }
    for (const auto &suffix : lex.leafSuffixes)
        if (last.size() > suffix.size() && last.ends_with(suffix))
            return {above, segments.back().substr(0, last.size() - suffix.size()), suffix.substr(1), suffix.substr(1)};
    return {segments.size(), {}, "value", last};
}

int leafRank(const std::string &kind)
{
    static const std::vector<std::string> order = {"weight", "weight_v", "value", "bias"};
    return static_cast<int>(std::find(order.begin(), order.end(), kind) - order.begin());
}

/// w1, w2, w3 side by side are a gated feed-forward's.
void nameGates(std::vector<Unit> &units)
{
    const auto &gated = lexicon().gated;
    std::map<std::string, std::set<std::string>> children;
    const auto parent = [](const Unit &unit) {
        std::string text;
        for (std::size_t i = 0; i + 1 < unit.segments.size(); ++i)
            text += unit.segments[i] + '.';
        return text;
    };
    for (const auto &unit : units)
        if (gated.contains(unit.segments.back()))
            children[parent(unit)].insert(unit.segments.back());
    for (auto &unit : units) {
        const auto name = gated.find(unit.segments.back());
        if (name == gated.end() || children[parent(unit)].size() != gated.size())
            continue;
        auto segments = unit.segments;
        segments.back() = name->second;
        unit.words = canonicalWords(segments);
    }
}

std::vector<Unit> makeUnits(const Schema &schema, const std::vector<bool> &skip)
{
    const Lexicon &lex = lexicon();
    std::vector<Unit> units;
    std::map<std::vector<std::string>, std::size_t> byPath;
    std::set<std::string_view> biases; // "w_bias" of a lone parameter "w"
    for (const auto &tensor : schema.tensors)
        if (constexpr std::string_view suffix = "_bias"; tensor.key.ends_with(suffix))
            biases.insert(std::string_view(tensor.key).substr(0, tensor.key.size() - suffix.size()));
    for (std::uint32_t index = 0; index < schema.tensors.size(); ++index) {
        if (skip[index])
            continue;
        auto segments = keySegments(schema.tensors[index].key);
        LeafName leaf = classify(segments);
        if (leaf.kind == "value" && biases.contains(schema.tensors[index].key))
            leaf = {segments.size(), {}, "weight", leaf.name};
        segments.resize(leaf.segments);
        if (!leaf.moduleTail.empty())
            segments.push_back(leaf.moduleTail);
        auto path = segments;
        if (leaf.kind == "value")
            path.emplace_back("\x01"); // a lone parameter never joins a module of the same path
        const auto [entry, isNew] = byPath.emplace(path, units.size());
        if (isNew) {
            units.emplace_back();
            units.back().segments = segments;
            units.back().words = canonicalWords(segments);
        }
        Unit &unit = units[entry->second];
        unit.leaves.push_back({leaf.kind, index});
        const bool matrix = schema.tensors[index].shape.size() >= 2;
        const auto &words = unit.words;
        if (matrix && (lex.inputFirstLeaves.contains(leaf.name) || (!words.empty() && lex.inputFirstModules.contains(words.back()))))
            unit.inputFirst = true;
        // gamma beside nothing else is a layer's scale, not a norm's weight.
        if (leaf.kind == "weight" && (leaf.name == "gamma" || leaf.name.starts_with("lambda")))
            unit.words.push_back(leaf.name.starts_with("lambda") ? "lambda" : "gamma");
    }
    for (auto &unit : units)
        std::stable_sort(unit.leaves.begin(), unit.leaves.end(),
                         [](const Leaf &a, const Leaf &b) { return leafRank(a.kind) < leafRank(b.kind); });
    for (auto &unit : units)
        if (unit.find("bias") != nullptr)
            std::erase(unit.words, "gamma");
    nameGates(units);
    return units;
}

using Matrix = std::pair<std::int64_t, std::int64_t>; ///< rows that a part takes, columns

struct Fusion
{
    const Words *roles = nullptr;
    int dim = 0;
    std::vector<std::int64_t> sizes;
};

Matrix matrixOf(const Unit &unit, const Schema &schema, bool inputFirst)
{
    const Shape &shape = schema.tensors[unit.leaves.front().tensor].shape;
    if (shape.size() < 2)
        return {0, 0};
    std::int64_t rest = 1;
    for (std::size_t i = 2; i < shape.size(); ++i)
        rest *= shape[i];
    return inputFirst ? Matrix{shape[1] * rest, shape[0]} : Matrix{shape[0], shape[1] * rest};
}

/// Sizes of separate q, k, v … of one side, in both readings of a matrix.
std::map<std::string, std::set<Matrix>> roleSizes(const Side &side)
{
    std::map<std::string, std::set<Matrix>> sizes;
    for (const auto &unit : side.units) {
        const std::string role = fusedRole(unit.words);
        if (role.empty())
            continue;
        sizes[role].insert(matrixOf(unit, *side.schema, false));
        sizes[role].insert(matrixOf(unit, *side.schema, true));
    }
    return sizes;
}

const Words *fusedRoles(const Words &words)
{
    const auto &fused = lexicon().fused;
    if (words.empty())
        return nullptr;
    const auto entry = fused.find(words.back());
    return entry == fused.end() ? nullptr : &entry->second;
}

/// How a unit would be parted: in equal parts, or q and smaller equal k and v, of sizes found on the other side.
Fusion fusionOf(const Unit &unit, const Schema &schema, const std::map<std::string, std::set<Matrix>> &other,
                const std::set<Matrix> &known)
{
    const Words *roles = fusedRoles(unit.words);
    const std::string &kind = unit.leaves.front().kind;
    if (roles == nullptr || (kind != "weight" && kind != "value"))
        return {};
    const auto parts = static_cast<std::int64_t>(roles->size());
    const auto has = [&](const std::string &role, const Matrix &size) {
        const auto entry = other.find(role);
        return entry != other.end() && entry->second.contains(size);
    };
    for (const int dim : {0, 1}) {
        const auto [rows, columns] = matrixOf(unit, schema, dim == 1);
        if (rows == 0)
            continue;
        const Matrix equal{rows / parts, columns};
        if (rows % parts == 0 && (known.contains(equal) || has(roles->front(), equal)))
            return {roles, dim, std::vector<std::int64_t>(roles->size(), rows / parts)};
        if (parts != 3 || !other.contains(roles->front()))
            continue;
        for (const auto &[q, inner] : other.at(roles->front()))
            if (inner == columns && q < rows && (rows - q) % 2 == 0 && has((*roles)[1], {(rows - q) / 2, columns}))
                return {roles, dim, {q, (rows - q) / 2, (rows - q) / 2}};
    }
    return {};
}

void partInto(Side &side, std::uint32_t unitIndex, const Fusion &fusion, std::uint32_t position)
{
    const Unit &unit = side.units[unitIndex];
    std::int64_t total = 0, start = 0;
    for (const std::int64_t size : fusion.sizes)
        total += size;
    for (std::size_t part = 0; part < fusion.sizes.size(); ++part) {
        Atom atom;
        atom.unit = unitIndex;
        atom.position = position;
        atom.words = unit.words;
        atom.words.back() = (*fusion.roles)[part];
        const std::int64_t size = fusion.sizes[part];
        atom.part = {static_cast<int>(part), static_cast<int>(fusion.sizes.size()), fusion.dim, start, size};
        for (const auto &leaf : unit.leaves) {
            Shape shape = side.schema->tensors[leaf.tensor].shape;
            auto &length = shape.size() == 1 ? shape[0] : shape[static_cast<std::size_t>(fusion.dim)];
            if (length == total)
                length = size;
            atom.shapes.push_back(shape);
        }
        atom.elements = elementCount(atom.shapes.front());
        side.atoms.push_back(std::move(atom));
        start += size;
    }
}

bool canPart(const Side &side, const Unit &unit, const Fusion &fusion)
{
    if (fusion.roles == nullptr)
        return false;
    std::int64_t total = 0;
    for (const std::int64_t size : fusion.sizes)
        total += size;
    return std::all_of(unit.leaves.begin(), unit.leaves.end(), [&](const Leaf &leaf) {
        const Shape &shape = side.schema->tensors[leaf.tensor].shape;
        if (shape.size() == 1)
            return shape[0] == total;
        return shape.size() >= 2 && shape[static_cast<std::size_t>(fusion.dim)] == total;
    });
}

void makeAtoms(Side &side, const std::vector<Fusion> &fusions, bool ties)
{
    for (const auto &[u, position] : logicalOrder(side.units, side.alphabetical, ties)) {
        const Unit &unit = side.units[u];
        if (canPart(side, unit, fusions[u])) {
            partInto(side, static_cast<std::uint32_t>(u), fusions[u], position);
            continue;
        }
        Atom atom;
        atom.position = position;
        atom.unit = static_cast<std::uint32_t>(u);
        atom.words = unit.words;
        for (const auto &leaf : unit.leaves)
            atom.shapes.push_back(side.schema->tensors[leaf.tensor].shape);
        atom.elements = elementCount(atom.shapes.front());
        side.atoms.push_back(std::move(atom));
    }
}

} // namespace

const Leaf *Unit::find(std::string_view kind) const
{
    const auto leaf = std::find_if(leaves.begin(), leaves.end(), [&](const Leaf &l) { return l.kind == kind; });
    return leaf == leaves.end() ? nullptr : &*leaf;
}

std::string fusedRole(const Words &words)
{
    if (words.empty())
        return {};
    for (const auto &[whole, parts] : lexicon().fused)
        if (std::find(parts.begin(), parts.end(), words.back()) != parts.end())
            return words.back();
    return {};
}

std::pair<Side, Side> cutIntoAtoms(const Schema &source, const Schema &target, const std::vector<bool> &skipSource,
                                   const std::vector<bool> &skipTarget)
{
    std::pair<Side, Side> sides;
    auto &[from, to] = sides;
    from.schema = &source;
    to.schema = &target;
    from.units = makeUnits(source, skipSource);
    to.units = makeUnits(target, skipTarget);
    lookAround(from);
    lookAround(to);
    from.alphabetical = isAlphabetical(source);
    to.alphabetical = isAlphabetical(target);
    nameOwnersOfNorms(from);
    nameOwnersOfNorms(to);

    const auto fromSizes = roleSizes(from), toSizes = roleSizes(to);
    std::set<Matrix> known;
    std::vector<Fusion> fromFusions, toFusions;
    // Twice: what one side must part, the other parts as well, so that equal fused tensors still meet part by part.
    for (int pass = 0; pass < 2; ++pass) {
        fromFusions.clear();
        toFusions.clear();
        for (const auto &unit : from.units)
            fromFusions.push_back(fusionOf(unit, source, toSizes, known));
        for (const auto &unit : to.units)
            toFusions.push_back(fusionOf(unit, target, fromSizes, known));
        for (const auto *side : {&from, &to}) {
            const auto &fusions = side == &from ? fromFusions : toFusions;
            for (std::size_t u = 0; u < fusions.size(); ++u)
                if (fusions[u].roles != nullptr)
                    known.insert({fusions[u].sizes.front(), matrixOf(side->units[u], *side->schema, fusions[u].dim == 1).second});
        }
    }
    // Where one file lost the order of siblings, the other's says nothing either.
    const bool ties = from.alphabetical || to.alphabetical;
    makeAtoms(from, fromFusions, ties);
    makeAtoms(to, toFusions, ties);
    return sides;
}

} // namespace rekey

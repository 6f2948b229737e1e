// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/layout.h"
#include "core/suggest/matcher.h"

#include <algorithm>
#include <map>

namespace rekey {

namespace {

Step step(BasicStep op) { return Step{std::move(op)}; }

Shape withoutOnes(const Shape &shape)
{
    Shape result;
    std::copy_if(shape.begin(), shape.end(), std::back_inserter(result), [](std::int64_t n) { return n != 1; });
    return result;
}

/// Which way round the linear layers of a source module lie, counted where the shape shows it.
class Orientation
{
public:
    Orientation(const Side &source, const Side &target, const std::vector<Match> &matches) : m_source(source), m_target(target)
    {
        for (const auto &match : matches) {
            const Atom &a = source.atoms[match.source], &b = target.atoms[match.target];
            Shape matrix = withoutOnes(a.shapes.front());
            if (matrix.size() == 3 && b.shapes.front().size() == 3)
                matrix.erase(matrix.begin()); // of every expert
            if (matrix.size() != 2 || isTable(source.units[a.unit]))
                continue;
            const auto found = layouts(a.shapes.front(), b.shapes.front());
            if (found.empty() || (matrix[0] == matrix[1] && !isShownByFusion(a, b)))
                continue;
            const bool transposed = matrix[0] == matrix[1] ? a.part.dim + b.part.dim == 1 : found.front().transposed;
            for (const auto &path : ancestors(a))
                ++m_votes[path][transposed ? 1 : 0];
        }
    }

    /// Whether layers around it show by their shapes which way round it lies.
    bool isShown(const Atom &a) const
    {
        const auto paths = ancestors(a);
        return std::any_of(paths.begin(), paths.end(), [&](const std::string &path) { return m_votes.contains(path); });
    }

    /// Whether the matrix of this pair is transposed, when its shape does not show it.
    bool transposed(const Atom &a, const Atom &b) const
    {
        const Unit &from = m_source.units[a.unit], &to = m_target.units[b.unit];
        // A bare matrix is multiplied from the right (x @ proj), a linear layer's weight is not.
        const bool bareSource = isBareProjection(from), bareTarget = isBareProjection(to);
        if (bareSource != bareTarget && (bareSource ? to : from).leaves.front().kind == "weight")
            return true;
        if (isKernel(from, m_source) || isKernel(to, m_target))
            return from.inputFirst != to.inputFirst;
        // What the layers around it show goes before what the names of frameworks say.
        const auto paths = ancestors(a);
        for (auto path = paths.rbegin(); path != paths.rend(); ++path)
            if (const auto votes = m_votes.find(*path); votes != m_votes.end())
                return votes->second[1] > votes->second[0];
        return from.inputFirst != to.inputFirst;
    }

    /// Frameworks that call a weight so have no other way round.
    static bool isKernel(const Unit &unit, const Side &side)
    {
        return side.key(unit.leaves.front()).ends_with("kernel");
    }

private:
    /// What is fused, q and k and v or gate and up, is fused along the output: where only one side is, and the other lies as is usual.
    bool isShownByFusion(const Atom &a, const Atom &b) const
    {
        const bool from = a.part.index >= 0, to = b.part.index >= 0;
        return from != to && !(from ? m_target.units[b.unit] : m_source.units[a.unit]).inputFirst;
    }

    /// An embedding lies the same way round everywhere.
    static bool isTable(const Unit &unit)
    {
        return std::find(unit.words.begin(), unit.words.end(), "embed") != unit.words.end();
    }

    static bool isBareProjection(const Unit &unit)
    {
        const Words &words = unit.words;
        return unit.leaves.front().kind == "value" && std::find(words.begin(), words.end(), "proj") != words.end();
    }

    /// Modules around an atom, without the root; for the matrices of many experts apart from single ones.
    std::vector<std::string> ancestors(const Atom &a) const
    {
        const Unit &unit = m_source.units[a.unit];
        std::vector<std::string> paths;
        const bool named
            = std::any_of(unit.words.begin(), unit.words.end(), [](const std::string &w) { return lexicon().experts.contains(w); });
        const bool shared = std::find(unit.words.begin(), unit.words.end(), "shared") != unit.words.end();
        std::string path = a.shapes.front().size() == 3 || (named && !shared) ? "*" : "";
        for (std::size_t i = 0; i + 1 < unit.segments.size(); ++i) {
            path += unit.segments[i] + '.';
            paths.push_back(path);
        }
        return paths;
    }

    const Side &m_source;
    const Side &m_target;
    std::map<std::string, std::array<int, 2>> m_votes;
};

struct Chosen
{
    Transform transform;
    bool ambiguous = false; ///< the shape allows both ways round
    bool guess = false;     ///< Layout::guess
};

class Pairer
{
public:
    Pairer(const Side &source, const Side &target, const std::vector<Match> &matches)
        : m_source(source), m_target(target), m_orientation(source, target, matches),
          m_byTarget(target.atoms.size(), nullptr)
    {
        for (const auto &match : matches)
            m_byTarget[match.target] = &match;
        for (std::uint32_t b = 0; b < target.atoms.size(); ++b)
            m_atomsOfTarget[target.atoms[b].unit].push_back(b);
        for (const auto &match : matches)
            m_matchesOfSource[source.atoms[match.source].unit].push_back(&match);
    }

    std::vector<Pairing> all()
    {
        for (std::uint32_t unit = 0; unit < m_target.units.size(); ++unit)
            if (const auto atoms = m_atomsOfTarget.find(unit); atoms != m_atomsOfTarget.end())
                pairUnit(unit, atoms->second);
        return std::move(m_pairings);
    }

private:
    const Atom &sourceAtom(const Match &match) const { return m_source.atoms[match.source]; }
    const Atom &targetAtom(const Match &match) const { return m_target.atoms[match.target]; }

    void pairUnit(std::uint32_t unit, const std::vector<std::uint32_t> &atoms)
    {
        std::vector<const Match *> matches;
        for (const std::uint32_t b : atoms)
            if (m_byTarget[b] != nullptr)
                matches.push_back(m_byTarget[b]);
        if (matches.empty())
            return;
        if (atoms.size() == 1) {
            const Match &match = *matches.front();
            if (sourceAtom(match).part.index < 0)
                pairWhole(match, 1);
            else
                pairPart(match);
            return;
        }
        if (matches.size() != atoms.size())
            return;
        if (sameParts(matches))
            pairWhole(*worst(matches), static_cast<int>(matches.size()));
        else if (std::all_of(matches.begin(), matches.end(), [&](const Match *m) { return sourceAtom(*m).part.index < 0; }))
            pairJoined(unit, matches);
    }

    static const Match *worst(const std::vector<const Match *> &matches)
    {
        return *std::min_element(matches.begin(), matches.end(),
                                 [](const Match *a, const Match *b) { return a->confidence < b->confidence; });
    }

    /// Part 0 to part 0, 1 to 1 … of one unit.
    bool sameParts(const std::vector<const Match *> &matches) const
    {
        const Atom &first = sourceAtom(*matches.front());
        return first.part.count == static_cast<int>(matches.size())
            && std::all_of(matches.begin(), matches.end(), [&](const Match *m) {
                   return sourceAtom(*m).unit == first.unit && sourceAtom(*m).part.index == targetAtom(*m).part.index;
               });
    }

    Chosen choose(const Shape &from, const Shape &to, const Atom &a, const Atom &b) const
    {
        auto found = layouts(from, to);
        if (found.empty())
            return {};
        const bool both = std::any_of(found.begin(), found.end(), [](const Layout &l) { return l.transposed; })
            && std::any_of(found.begin(), found.end(), [](const Layout &l) { return !l.transposed; });
        if (!both)
            return {found.front().transform, false, found.front().guess};
        const bool wanted = m_orientation.transposed(a, b);
        const auto layout = std::find_if(found.begin(), found.end(), [&](const Layout &l) { return l.transposed == wanted; });
        return {layout->transform, true, layout->guess};
    }

    Pairing pairing(const Match &match) const
    {
        Pairing result;
        result.state = RuleState::Suggested;
        result.confidence = match.confidence;
        result.evidence = evidence(match);
        const bool from = m_source.units[sourceAtom(match).unit].assumed, to = m_target.units[targetAtom(match).unit].assumed;
        if (from != to && match.values != ValuePrints::Verdict::Same) {
            result.confidence = std::min(result.confidence, 0.6);
            result.evidence.emplace_back("the file is sorted by name, so which attention comes first is only assumed");
        }
        return result;
    }

    std::vector<std::string> evidence(const Match &match) const
    {
        std::vector<std::string> words;
        if (match.rivals == 0)
            words.push_back("only pair with shape " + shapeText(sourceAtom(match).shapes.front()));
        if (match.support.name > 2)
            words.emplace_back("names say the same");
        if (match.support.group > 0.7F)
            words.emplace_back("modules around both go together");
        if (match.support.sequence > 0.8F)
            words.emplace_back("numbered modules around both come in the same turn");
        const bool ordered = !m_source.alphabetical && !m_target.alphabetical;
        if (match.support.order > 0 && ordered)
            words.emplace_back("same place in the order of both files");
        if (!match.doubt.empty())
            words.push_back(match.doubt);
        return words;
    }

    /// Why the parts of a fused tensor lie in this order.
    void explainParts(Pairing &result, const Unit &fused, const std::vector<const Match *> &matches, bool fusedIsTarget) const
    {
        std::string roles;
        for (const Match *match : matches)
            roles += (roles.empty() ? "" : ", ") + (fusedIsTarget ? targetAtom(*match) : sourceAtom(*match)).words.back();
        const std::string &name = fused.segments.back();
        result.evidence.push_back("parts in the order " + roles + ", as its name “" + name + "” says");
        if (lexicon().interleaved.contains(name)) {
            result.confidence = std::min(result.confidence, 0.6);
            result.evidence.emplace_back("rows of such tensors may be mixed per head, which names and shapes do not show");
        }
    }

    const Shape &sourceShape(const Leaf &leaf) const { return m_source.schema->tensors[leaf.tensor].shape; }
    const Shape &targetShape(const Leaf &leaf) const { return m_target.schema->tensors[leaf.tensor].shape; }

    /// The leaf of the source that a leaf of the target takes its values from.
    const Leaf *partner(const Unit &from, const Unit &to, const Leaf &leaf) const
    {
        if (&leaf == &to.leaves.front() && (from.leaves.size() == 1 || to.leaves.size() == 1 || from.leaves.front().kind == leaf.kind))
            return &from.leaves.front();
        return from.find(leaf.kind);
    }

    void pairWhole(const Match &match, int)
    {
        const Atom &a = sourceAtom(match), &b = targetAtom(match);
        const Unit &from = m_source.units[a.unit], &to = m_target.units[b.unit];
        for (const auto &leaf : to.leaves) {
            const Leaf *origin = partner(from, to, leaf);
            if (origin == nullptr || !layoutCost(sourceShape(*origin), targetShape(leaf)))
                continue;
            Pairing result = pairing(match);
            result.sources = {m_source.schema->tensors[origin->tensor].tiedTo};
            result.targets = {leaf.tensor};
            const Chosen chosen = choose(sourceShape(*origin), targetShape(leaf), a, b);
            result.transform = chosen.transform;
            if (chosen.ambiguous && targetShape(leaf).size() == 3 && !m_orientation.isShown(a)) {
                result.confidence = std::min(result.confidence, 0.85);
                result.evidence.emplace_back("its shape does not show whether each matrix lies the other way round");
            }
            if (chosen.ambiguous && from.inputFirst != to.inputFirst && !m_orientation.isShown(a)
                && !Orientation::isKernel(from, m_source) && !Orientation::isKernel(to, m_target)) {
                result.confidence = std::min(result.confidence, 0.85);
                result.evidence.emplace_back("which dimension is the input is only usual for such names");
            }
            if (chosen.guess) {
                result.confidence = std::min(result.confidence, 0.5);
                result.evidence.emplace_back("the order of elements is the usual one, but shapes do not show it");
            }
            m_pairings.push_back(std::move(result));
        }
    }

    /// A part of a fused source: one pairing for all targets that take parts of it, or a slice where some are missing.
    void pairPart(const Match &match)
    {
        const std::uint32_t unit = sourceAtom(match).unit;
        auto matches = m_matchesOfSource[unit];
        std::erase_if(matches, [&](const Match *m) { return targetAtom(*m).part.index >= 0; });
        std::sort(matches.begin(), matches.end(),
                  [&](const Match *x, const Match *y) { return sourceAtom(*x).part.index < sourceAtom(*y).part.index; });
        const bool complete = static_cast<int>(matches.size()) == sourceAtom(match).part.count;
        if (complete && matches.front() != &match)
            return; // done, or to be done, with the first part
        const auto leaves = m_source.units[unit].leaves;
        for (std::size_t l = 0; l < leaves.size(); ++l) {
            if (complete && splitLeaf(leaves[l], l, matches))
                continue;
            for (const Match *m : complete ? matches : std::vector<const Match *>{&match})
                sliceLeaf(leaves[l], l, *m);
        }
    }

    const Leaf *targetLeaf(const Match &match, const Leaf &origin, std::size_t position) const
    {
        const Unit &to = m_target.units[targetAtom(match).unit];
        return position == 0 ? &to.leaves.front() : to.find(origin.kind);
    }

    bool splitLeaf(const Leaf &origin, std::size_t position, const std::vector<const Match *> &matches)
    {
        const Atom &first = sourceAtom(*matches.front());
        Pairing result = pairing(*worst(matches));
        result.sources = {origin.tensor};
        Transform each;
        for (const Match *match : matches) {
            const Leaf *leaf = targetLeaf(*match, origin, position);
            if (leaf == nullptr)
                return false;
            const Chosen chosen = choose(sourceAtom(*match).shapes[position], targetShape(*leaf), sourceAtom(*match), targetAtom(*match));
            if (match != matches.front() && chosen.transform != each)
                return false;
            each = chosen.transform;
            result.targets.push_back(leaf->tensor);
        }
        const int dim = sourceShape(origin).size() == 1 ? 0 : first.part.dim;
        Split split{dim, static_cast<int>(matches.size()), {}};
        if (std::any_of(matches.begin(), matches.end(), [&](const Match *m) { return sourceAtom(*m).part.size != first.part.size; })) {
            split.parts = 0;
            for (const Match *match : matches)
                split.sizes.push_back(sourceAtom(*match).part.size);
        }
        explainParts(result, m_source.units[first.unit], matches, false);
        result.transform.push_back(step(split));
        result.transform.insert(result.transform.end(), each.begin(), each.end());
        m_pairings.push_back(std::move(result));
        return true;
    }

    void sliceLeaf(const Leaf &origin, std::size_t position, const Match &match)
    {
        const Leaf *leaf = targetLeaf(match, origin, position);
        if (leaf == nullptr)
            return;
        const Atom &a = sourceAtom(match);
        Pairing result = pairing(match);
        result.sources = {origin.tensor};
        result.targets = {leaf->tensor};
        const int dim = sourceShape(origin).size() == 1 ? 0 : a.part.dim;
        result.transform.push_back(step(Slice{dim, a.part.start, a.part.start + a.part.size, 1}));
        const Chosen chosen = choose(a.shapes[position], targetShape(*leaf), a, targetAtom(match));
        result.transform.insert(result.transform.end(), chosen.transform.begin(), chosen.transform.end());
        m_pairings.push_back(std::move(result));
    }

    void pairJoined(std::uint32_t unit, const std::vector<const Match *> &matches)
    {
        const Unit &to = m_target.units[unit];
        for (std::size_t l = 0; l < to.leaves.size(); ++l) {
            Pairing result = pairing(*worst(matches));
            result.targets = {to.leaves[l].tensor};
            Transform each;
            for (const Match *match : matches) {
                const Unit &from = m_source.units[sourceAtom(*match).unit];
                const Leaf *origin = l == 0 ? &from.leaves.front() : from.find(to.leaves[l].kind);
                if (origin == nullptr)
                    break;
                result.sources.push_back(origin->tensor);
                each = choose(sourceShape(*origin), targetAtom(*match).shapes[l], sourceAtom(*match), targetAtom(*match)).transform;
            }
            if (result.sources.size() != matches.size())
                continue;
            result.transform = each;
            explainParts(result, to, matches, true);
            const int dim = targetShape(to.leaves[l]).size() == 1 ? 0 : targetAtom(*matches.front()).part.dim;
            result.transform.push_back(step(Concat{dim}));
            m_pairings.push_back(std::move(result));
        }
    }

    const Side &m_source;
    const Side &m_target;
    Orientation m_orientation;
    std::vector<const Match *> m_byTarget;
    std::map<std::uint32_t, std::vector<std::uint32_t>> m_atomsOfTarget;
    std::map<std::uint32_t, std::vector<const Match *>> m_matchesOfSource;
    std::vector<Pairing> m_pairings;
};

} // namespace

std::vector<Pairing> pairTensors(const Side &source, const Side &target, const std::vector<Match> &matches)
{
    return Pairer(source, target, matches).all();
}

} // namespace rekey

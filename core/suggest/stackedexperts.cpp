// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/stackedexperts.h"

#include "core/mapping/numberless.h"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <set>
#include <unordered_map>

namespace rekey {

namespace {

using Indices = std::vector<std::uint32_t>;

Step step(BasicStep op) { return Step{std::move(op)}; }

bool isNumber(const std::string &text)
{
    return !text.empty() && text.size() <= 6 && text.find_first_not_of("0123456789") == std::string::npos;
}

bool namesExperts(const std::string &segment)
{
    // Most segments hold no such word at all.
    const auto alike = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
    if (std::none_of(lexicon().experts.begin(), lexicon().experts.end(), [&](const std::string &word) {
            return std::search(segment.begin(), segment.end(), word.begin(), word.end(), alike) != segment.end();
        }))
        return false;
    const Words words = splitWords(segment);
    return std::any_of(words.begin(), words.end(), [](const std::string &word) { return lexicon().experts.contains(word); });
}

/// Where in a key the experts are counted: "experts.7", "expert_7".
struct ExpertNumber
{
    std::int64_t number = -1;
    std::string key; ///< without it
};

ExpertNumber expertNumber(const std::string &key)
{
    ExpertNumber found;
    if (!namesExperts(key))
        return found;
    const auto segments = keySegments(key);
    for (std::size_t s = 0; s < segments.size(); ++s) {
        std::string kept = segments[s];
        const std::size_t digits = kept.find_last_not_of("0123456789") + 1;
        const bool after = s > 0 && isNumber(kept) && namesExperts(segments[s - 1]);
        const bool within = digits > 1 && isNumber(kept.substr(digits)) && namesExperts(kept.substr(0, digits));
        if (found.number < 0 && (after || within)) {
            found.number = std::stoll(kept.substr(digits));
            kept.resize(after ? 0 : digits);
            while (kept.ends_with('_'))
                kept.pop_back();
        }
        if (!kept.empty())
            found.key += (found.key.empty() ? "" : ".") + kept;
    }
    return found;
}

/// "ffn_gate_exps.weight" -> "exps.ffn_gate.weight": the word for all experts before the layer's name.
std::string expertsFirst(const std::string &key)
{
    auto segments = keySegments(key);
    for (std::size_t s = segments.size() - std::min<std::size_t>(segments.size(), 2); s < segments.size(); ++s) {
        const std::size_t at = segments[s].find_last_of('_');
        if (at != std::string::npos && at > 0 && namesExperts(segments[s].substr(at + 1)))
            segments[s] = segments[s].substr(at + 1) + '.' + segments[s].substr(0, at);
    }
    std::string text;
    for (const auto &segment : segments)
        text += (text.empty() ? "" : ".") + segment;
    return text;
}

bool mayBeStack(const std::string &key)
{
    if (!namesExperts(key) || expertNumber(key).number >= 0)
        return false;
    bool named = false;
    for (const auto &segment : keySegments(key)) {
        const Words words = splitWords(segment);
        if (std::find(words.begin(), words.end(), "shared") != words.end())
            return false;
        named = named || namesExperts(segment);
    }
    return named;
}

/// How many values one expert's tensors have; none where nothing is known of single experts.
using Sizes = std::set<std::uint64_t>;

/// The shape of one expert's part of a stack; nothing where it is none of so many experts. `strict`: of known size in any case, else only
/// where the experts lie one after the other in a matrix.
std::optional<Shape> shapeOfOne(const Shape &stack, std::int64_t experts, const Sizes &sizes, bool strict)
{
    Shape one;
    const bool apart = stack.size() >= 2 && stack.front() == experts;
    if (apart)
        one.assign(stack.begin() + 1, stack.end());
    else if (stack.size() == 2 && stack.front() % experts == 0)
        one = {stack[0] / experts, stack[1]};
    else
        return std::nullopt;
    // Of two that are fused, or half of them.
    const std::uint64_t elements = elementCount(one);
    const bool known = sizes.contains(elements) || (elements % 2 == 0 && sizes.contains(elements / 2)) || sizes.contains(2 * elements);
    return known || (apart && !strict) ? std::optional(one) : std::nullopt;
}

/// The experts that all stacks of three dimensions agree on; 0 where they do not. Adds the sizes of single experts.
std::int64_t commonExperts(const Schema &schema, const std::vector<bool> &skipped, Sizes &sizes)
{
    std::int64_t experts = 0;
    for (std::size_t t = 0; t < schema.tensors.size(); ++t) {
        const auto &tensor = schema.tensors[t];
        if (skipped[t] || tensor.shape.size() != 3 || !mayBeStack(tensor.key))
            continue;
        if (experts != 0 && tensor.shape.front() != experts)
            return 0;
        experts = tensor.shape.front();
        sizes.insert(elementCount(tensor.shape) / static_cast<std::uint64_t>(std::max<std::int64_t>(experts, 1)));
    }
    return experts > 1 ? experts : 0;
}

Shape withFront(Shape shape, std::int64_t size)
{
    shape.insert(shape.begin(), size);
    return shape;
}

/// 0 … rank-1 with the first moved behind `after` others.
std::vector<int> frontMovedBehind(std::size_t rank, int after)
{
    std::vector<int> dims(rank);
    std::iota(dims.begin(), dims.end(), 0);
    std::rotate(dims.begin(), dims.begin() + 1, dims.begin() + 1 + after);
    return dims;
}

std::vector<int> inversePermutation(const std::vector<int> &dims)
{
    std::vector<int> result(dims.size());
    for (std::size_t i = 0; i < dims.size(); ++i)
        result[static_cast<std::size_t>(dims[i])] = static_cast<int>(i);
    return result;
}

std::vector<TensorShape> shapesOf(const Indices &tensors, const Schema &schema)
{
    std::vector<TensorShape> shapes;
    for (const auto t : tensors)
        shapes.push_back({schema.tensors[t].shape, schema.tensors[t].dtype});
    return shapes;
}

template <typename Op>
std::size_t place(const Transform &transform)
{
    return static_cast<std::size_t>(
        std::find_if(transform.begin(), transform.end(), [](const Step &s) { return std::holds_alternative<Op>(s.op); })
        - transform.begin());
}

/// The same for the tensors of all experts at once; nothing for what does not happen to experts.
std::optional<Transform> oneDimensionOn(const Transform &transform, std::int64_t experts)
{
    Transform result;
    for (Step next : transform) {
        if (auto *concat = std::get_if<Concat>(&next.op))
            ++concat->dim;
        else if (auto *split = std::get_if<Split>(&next.op))
            ++split->dim;
        else if (auto *slice = std::get_if<Slice>(&next.op))
            ++slice->dim;
        else if (auto *transpose = std::get_if<Transpose>(&next.op))
            ++transpose->dim0, ++transpose->dim1;
        else if (auto *reshape = std::get_if<Reshape>(&next.op))
            reshape->shape = withFront(reshape->shape, experts);
        else
            return std::nullopt;
        result.push_back(std::move(next));
    }
    return result;
}

/// Each expert's tensors, brought together as for one expert and stacked.
std::optional<Transform> gathered(const Transform &one, const Pairing &pairing, const Schema &source, const Shape &whole,
                                  std::int64_t experts)
{
    const std::size_t join = place<Concat>(one);
    const auto parts = static_cast<std::int64_t>(pairing.sources.size());
    Transform result(one.begin(), one.begin() + static_cast<std::ptrdiff_t>(join));
    const auto each = outputShapes(result, shapesOf(pairing.sources, source));
    result.push_back(step(Stack{0}));
    Shape shape = withFront(each.front().shape, parts * experts);
    if (parts > 1) {
        // [part and expert, …] -> [part, expert, …] -> the part where it is joined.
        if (join + 1 != one.size()
            || std::any_of(each.begin(), each.end(), [&](const TensorShape &t) { return t.shape != each.front().shape; }))
            return std::nullopt;
        shape = withFront(withFront(each.front().shape, experts), parts);
        result.push_back(step(Reshape{shape}));
        result.push_back(step(Permute{frontMovedBehind(shape.size(), std::get<Concat>(one[join].op).dim + 1)}));
        result.push_back(step(Reshape{whole}));
    } else if (shape != whole) {
        result.push_back(step(Reshape{whole}));
    }
    return result;
}

/// A stack taken apart into each expert's tensors.
std::optional<Transform> scattered(const Transform &one, const Pairing &pairing, const Shape &ofOne, const Shape &whole,
                                   std::int64_t experts)
{
    const std::size_t cut = place<Split>(one);
    const auto parts = static_cast<std::int64_t>(pairing.targets.size());
    Transform result;
    if (parts > 1) {
        const auto *split = cut == 0 ? std::get_if<Split>(&one.front().op) : nullptr;
        if (split == nullptr || !split->sizes.empty() || split->parts != parts)
            return std::nullopt;
        const auto dim = static_cast<std::size_t>(split->dim);
        Shape part = ofOne;
        part[dim] /= parts;
        Shape seen = withFront(part, experts);
        seen.insert(seen.begin() + 1 + static_cast<std::ptrdiff_t>(dim), parts);
        result.push_back(step(Reshape{seen}));
        result.push_back(step(Permute{inversePermutation(frontMovedBehind(seen.size(), split->dim + 1))}));
        result.push_back(step(Reshape{withFront(part, parts * experts)}));
    } else if (withFront(ofOne, experts) != whole) {
        result.push_back(step(Reshape{withFront(ofOne, experts)}));
    }
    result.push_back(step(Unstack{0}));
    result.insert(result.end(), one.begin() + static_cast<std::ptrdiff_t>(parts > 1 ? cut + 1 : 0), one.end());
    return result;
}

/// A stack as a stack.
std::optional<Transform> restacked(const Transform &one, const Shape &from, const Shape &fromWhole, const Shape &to, const Shape &toWhole,
                                   std::int64_t experts)
{
    auto result = oneDimensionOn(one, experts);
    if (!result)
        return std::nullopt;
    if (withFront(from, experts) != fromWhole)
        result->insert(result->begin(), step(Reshape{withFront(from, experts)}));
    if (withFront(to, experts) != toWhole)
        result->push_back(step(Reshape{toWhole}));
    return result;
}

bool isSquare(const Shape &shape)
{
    return shape.size() == 2 && shape[0] == shape[1];
}

} // namespace

std::vector<StackedExperts::Group> StackedExperts::groupsOf(const Schema &schema, const std::vector<bool> &skipped)
{
    std::map<std::string, std::map<std::int64_t, std::uint32_t>> found;
    for (std::uint32_t t = 0; t < schema.tensors.size(); ++t) {
        if (skipped[t])
            continue;
        const auto expert = expertNumber(schema.tensors[t].key);
        if (expert.number >= 0)
            found[expert.key].emplace(expert.number, t);
    }
    std::vector<Group> groups;
    for (const auto &[key, members] : found) {
        Group group{key, {}};
        for (const auto &[number, tensor] : members)
            if (number == static_cast<std::int64_t>(group.tensors.size())
                && schema.tensors[tensor].shape == schema.tensors[members.begin()->second].shape)
                group.tensors.push_back(tensor);
        if (group.tensors.size() == members.size() && members.size() > 1)
            groups.push_back(std::move(group));
    }
    return groups;
}

void StackedExperts::viewSeparate(View &view, std::vector<bool> &skipped, const std::vector<Group> &groups)
{
    for (const auto &group : groups) {
        view.schema.tensors[group.tensors.front()].key = group.key;
        for (std::size_t e = 1; e < group.tensors.size(); ++e)
            skipped[group.tensors[e]] = true;
        view.separate[group.tensors.front()] = group.tensors;
    }
}

StackedExperts::StackedExperts(const Schema &source, const Schema &target, const Skipped &skipped) : m_skipped(skipped)
{
    std::unordered_map<std::string, bool> known; // by key without its numbers
    const auto mentions = [&](const Schema &schema) {
        return std::any_of(schema.tensors.begin(), schema.tensors.end(), [&](const SchemaTensor &tensor) {
            const auto [entry, isNew] = known.emplace(numberless(tensor.key), false);
            return entry->second = isNew ? mayBeStack(tensor.key) : entry->second;
        });
    };
    const bool mentionedInSource = mentions(source), mentionedInTarget = mentions(target);
    if (!mentionedInSource && !mentionedInTarget)
        return;
    const auto from = groupsOf(source, skipped.source), to = groupsOf(target, skipped.target);
    if (!from.empty() && !to.empty())
        return;
    const auto &separate = from.empty() ? to : from;
    std::int64_t experts = 0;
    Sizes sizes;
    for (const auto &group : separate) {
        if (experts != 0 && static_cast<std::int64_t>(group.tensors.size()) != experts)
            return;
        experts = static_cast<std::int64_t>(group.tensors.size());
        sizes.insert(elementCount((from.empty() ? target : source).tensors[group.tensors.front()].shape));
    }
    if (separate.empty()) {
        const std::int64_t before = commonExperts(source, skipped.source, sizes), after = commonExperts(target, skipped.target, sizes);
        experts = std::max(before, after);
        if (experts == 0 || (before != after && std::min(before, after) != 0))
            return;
    }
    m_source.real = &source;
    m_target.real = &target;
    m_source.schema = source;
    m_target.schema = target;
    const auto viewStacks = [&](View &view, const std::vector<bool> &left) {
        for (std::uint32_t t = 0; t < view.schema.tensors.size(); ++t) {
            auto &tensor = view.schema.tensors[t];
            if (left[t] || !mayBeStack(tensor.key))
                continue;
            if (auto one = shapeOfOne(tensor.shape, experts, sizes, !separate.empty())) {
                tensor.shape = std::move(*one);
                tensor.key = expertsFirst(tensor.key);
                view.stacked[t] = experts;
            }
        }
    };
    if (from.empty())
        viewStacks(m_source, skipped.source);
    if (to.empty())
        viewStacks(m_target, skipped.target);
    if ((from.empty() && m_source.stacked.empty()) || (to.empty() && m_target.stacked.empty()))
        return;
    viewSeparate(m_source, m_skipped.source, from);
    viewSeparate(m_target, m_skipped.target, to);
    m_any = true;
}

StackedExperts::Kind StackedExperts::kindOf(const View &view, const Indices &tensors)
{
    const auto all
        = [&](const auto &some) { return std::all_of(tensors.begin(), tensors.end(), [&](auto t) { return some.contains(t); }); };
    if (all(view.separate))
        return Kind::Separate;
    if (all(view.stacked))
        return Kind::Stacked;
    const bool plain
        = std::none_of(tensors.begin(), tensors.end(), [&](auto t) { return view.separate.contains(t) || view.stacked.contains(t); });
    return plain ? Kind::None : Kind::Mixed;
}

bool StackedExperts::write(Pairing &pairing) const
{
    constexpr double orderUnknown = 0.85;
    const Kind from = kindOf(m_source, pairing.sources), to = kindOf(m_target, pairing.targets);
    if (from == Kind::None && to == Kind::None)
        return true;
    if (from == Kind::None || to == Kind::None || from == Kind::Mixed || to == Kind::Mixed
        || std::any_of(pairing.transform.begin(), pairing.transform.end(), [](const Step &s) { return s.only >= 0; }))
        return false;
    const std::int64_t experts = (m_source.stacked.empty() ? m_target : m_source).stacked.begin()->second;
    const auto shape = [](const Schema &schema, std::uint32_t tensor) { return schema.tensors[tensor].shape; };
    const std::uint32_t source = pairing.sources.front(), target = pairing.targets.front();
    const Shape fromOne = shape(m_source.schema, source), toOne = shape(m_target.schema, target);
    std::optional<Transform> transform;
    if (from == Kind::Separate && to == Kind::Stacked && pairing.targets.size() == 1)
        transform = gathered(pairing.transform, pairing, m_source.schema, shape(*m_target.real, target), experts);
    else if (from == Kind::Stacked && to == Kind::Separate && pairing.sources.size() == 1)
        transform = scattered(pairing.transform, pairing, fromOne, shape(*m_source.real, source), experts);
    else if (from == Kind::Stacked && to == Kind::Stacked)
        transform = restacked(pairing.transform, fromOne, shape(*m_source.real, source), toOne, shape(*m_target.real, target), experts);
    if (!transform)
        return false;
    const bool fused = pairing.sources.size() + pairing.targets.size() > 2 || place<Slice>(pairing.transform) < pairing.transform.size();
    if (fused) {
        pairing.confidence = std::min(pairing.confidence, orderUnknown);
        pairing.evidence.emplace_back("some implementations mix the rows of the two, which names and shapes do not show");
    } else if (isSquare(fromOne) || isSquare(toOne)) {
        pairing.confidence = std::min(pairing.confidence, orderUnknown);
        pairing.evidence.emplace_back(
            "each expert's matrix is square, so that its shape does not show whether it lies the other way round");
    }
    pairing.evidence.push_back("all " + std::to_string(experts) + " experts, in the order of their numbers");
    pairing.transform = std::move(*transform);
    const auto all = [](Indices &tensors, const View &view) {
        Indices members;
        for (const auto t : tensors)
            members.insert(members.end(), view.separate.at(t).begin(), view.separate.at(t).end());
        tensors = std::move(members);
    };
    if (from == Kind::Separate)
        all(pairing.sources, m_source);
    if (to == Kind::Separate)
        all(pairing.targets, m_target);
    return true;
}

void StackedExperts::writeForAll(TensorMatches &matches) const
{
    std::erase_if(matches.pairings, [&](Pairing &pairing) { return !write(pairing); });
    std::erase_if(matches.questions, [&](const Pairing &pairing) {
        return kindOf(m_source, pairing.sources) != Kind::None || kindOf(m_target, pairing.targets) != Kind::None;
    });
    std::erase_if(matches.rivals, [&](const auto &entry) {
        return kindOf(m_target, {entry.first}) != Kind::None
               || std::any_of(entry.second.begin(), entry.second.end(),
                              [&](const TensorMatches::Rival &rival) { return kindOf(m_source, {rival.source}) != Kind::None; });
    });
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/openkeys.h"

#include "core/suggest/atoms.h"

#include <algorithm>
#include <map>

namespace rekey {

namespace {

using Reasons = std::map<std::string, std::vector<std::uint32_t>>;

/// [1, 1, n, n] without values of its own.
bool isMask(const Shape &shape)
{
    return shape.size() == 4 && shape[0] == 1 && shape[1] == 1 && shape[2] == shape[3] && shape[2] > 1;
}

std::string computedBuffer(const std::string &key, const Shape &shape)
{
    const auto leaf = lexicon().computed.find(keySegments(key).back());
    if (leaf != lexicon().computed.end())
        return leaf->second;
    return isMask(shape) ? lexicon().maskReason : std::string();
}

/// Exactly these keys, in as few patterns as they can be written.
std::vector<Pattern> patternsOf(const std::vector<std::uint32_t> &tensors, const Schema &schema)
{
    std::vector<Pairing> same;
    for (const auto t : tensors) {
        Pairing pairing;
        pairing.sources = pairing.targets = {t};
        same.push_back(std::move(pairing));
    }
    std::vector<Pattern> patterns;
    for (const auto &rule : rulesFromPairings(same, schema, schema))
        patterns.push_back(rule.sources.front());
    return patterns;
}

std::string whyUnused(const Unit &unit, bool anyHeadFilled)
{
    if (unit.twin)
        return "a running copy of weights that are used";
    const bool head
        = std::any_of(unit.words.begin(), unit.words.end(), [](const std::string &word) { return word == "head" || word == "lmhead"; });
    return head && !anyHeadFilled ? "a head that the target does not have" : std::string();
}

} // namespace

std::vector<Rule> explainOpenKeys(const Schema &source, const Schema &target, const std::vector<bool> &usedSource,
                                  const std::vector<bool> &filledTarget)
{
    Reasons drops, keeps;
    for (std::uint32_t s = 0; s < source.tensors.size(); ++s)
        if (!usedSource[s])
            if (const auto why = computedBuffer(source.tensors[s].key, source.tensors[s].shape); !why.empty())
                drops[why].push_back(s);
    const bool allUsed = std::all_of(usedSource.begin(), usedSource.end(), [](bool used) { return used; });
    const Side side = allUsed ? Side{} : cutIntoAtoms(source, Schema{}, std::vector<bool>(source.tensors.size()), {}).first;
    const bool allFilled = std::all_of(filledTarget.begin(), filledTarget.end(), [](bool filled) { return filled; });
    for (const auto &unit : side.units)
        for (const auto &leaf : unit.leaves) {
            const auto &tensor = source.tensors[leaf.tensor];
            if (usedSource[leaf.tensor] || !computedBuffer(tensor.key, tensor.shape).empty())
                continue;
            if (const auto why = whyUnused(unit, !allFilled); !why.empty())
                drops[why].push_back(leaf.tensor);
        }
    for (std::uint32_t t = 0; t < target.tensors.size(); ++t)
        if (!filledTarget[t])
            if (const auto why = computedBuffer(target.tensors[t].key, target.tensors[t].shape); !why.empty())
                keeps[why].push_back(t);

    std::vector<Rule> rules;
    const auto add = [&](RuleKind kind, const std::string &why, Pattern pattern) {
        Rule rule;
        rule.kind = kind;
        (kind == RuleKind::Drop ? rule.sources : rule.targets) = {std::move(pattern)};
        rule.reason = why;
        rule.evidence = {why};
        rule.state = RuleState::Suggested;
        rule.confidence = 0.95;
        rules.push_back(std::move(rule));
    };
    for (const auto &[why, tensors] : drops)
        for (auto &pattern : patternsOf(tensors, source))
            add(RuleKind::Drop, why, std::move(pattern));
    for (const auto &[why, tensors] : keeps)
        for (auto &pattern : patternsOf(tensors, target))
            add(RuleKind::Init, why, std::move(pattern));
    return rules;
}

} // namespace rekey

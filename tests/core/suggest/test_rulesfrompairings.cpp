// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gmock/gmock.h>

#include <set>

namespace rekey {
namespace {

Schema schemaOf(const std::vector<std::string> &keys, const Shape &shape = {4})
{
    Schema schema;
    for (const auto &key : keys)
        schema.tensors.push_back({key, shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
    return schema;
}

/// Pairs source i with target i.
std::vector<Pairing> straight(std::size_t count)
{
    std::vector<Pairing> pairings;
    for (std::uint32_t i = 0; i < count; ++i)
        pairings.push_back({{i}, {i}, {}, RuleState::Suggested, 0.9, {}});
    return pairings;
}

std::vector<std::string> texts(const std::vector<Rule> &rules)
{
    std::vector<std::string> result;
    for (const auto &rule : rules) {
        std::string text;
        for (const auto &pattern : rule.sources)
            text += pattern.text() + ' ';
        text += "->";
        for (const auto &pattern : rule.targets)
            text += ' ' + pattern.text();
        result.push_back(text);
    }
    return result;
}

using Keys = std::set<std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>>>;

/// What the rules resolve to, as pairings.
Keys resolved(const std::vector<Rule> &rules, const Schema &source, const Schema &target)
{
    Mapping mapping;
    mapping.rules = rules;
    Keys keys;
    for (const auto &assignment : resolve(mapping, source, target).assignments)
        keys.emplace(assignment.sources, assignment.targets);
    return keys;
}

void expectExact(const std::vector<Rule> &rules, const std::vector<Pairing> &pairings, const Schema &source, const Schema &target)
{
    Keys wanted;
    for (const auto &pairing : pairings)
        wanted.emplace(pairing.sources, pairing.targets);
    EXPECT_EQ(resolved(rules, source, target), wanted);
}

TEST(RulesFromPairings, blocksBecomeOneRuleWithLeaf)
{
    const Schema source = schemaOf({"blocks.0.norm1.weight", "blocks.0.norm1.bias", "blocks.1.norm1.weight", "blocks.1.norm1.bias"});
    const Schema target = schemaOf({"layers.0.ln.weight", "layers.0.ln.bias", "layers.1.ln.weight", "layers.1.ln.bias"});
    const auto pairings = straight(4);
    const auto rules = rulesFromPairings(pairings, source, target);
    EXPECT_THAT(texts(rules), testing::ElementsAre("blocks.{i}.norm1.{leaf} -> layers.{i}.ln.{leaf}"));
    expectExact(rules, pairings, source, target);
    EXPECT_EQ(rules.front().state, RuleState::Suggested);
    EXPECT_DOUBLE_EQ(rules.front().confidence, 0.9);
}

TEST(RulesFromPairings, offsetsAndReversals)
{
    const Schema source = schemaOf({"layer1.w", "layer2.w", "layer3.w", "up.0.w", "up.1.w", "up.2.w"});
    const Schema target = schemaOf({"stage.0.w", "stage.1.w", "stage.2.w", "ups.2.w", "ups.1.w", "ups.0.w"});
    const auto pairings = straight(6);
    const auto rules = rulesFromPairings(pairings, source, target);
    EXPECT_THAT(texts(rules), testing::ElementsAre("layer{i}.w -> stage.{i-1}.w", "up.{i}.w -> ups.{2-i}.w"));
    expectExact(rules, pairings, source, target);
}

TEST(RulesFromPairings, nestedNumbersFlatten)
{
    const Schema source = schemaOf({"a.0.0", "a.0.1", "a.1.0", "a.1.1", "a.2.0", "a.2.1"});
    const Schema target = schemaOf({"b.0", "b.1", "b.2", "b.3", "b.4", "b.5"});
    const auto there = rulesFromPairings(straight(6), source, target);
    EXPECT_THAT(texts(there), testing::ElementsAre("a.{i}.{j} -> b.{2*i+j}"));
    expectExact(there, straight(6), source, target);
    const auto back = rulesFromPairings(straight(6), target, source);
    EXPECT_EQ(back.size(), 1U) << testing::PrintToString(texts(back));
    expectExact(back, straight(6), target, source);
}

TEST(RulesFromPairings, unevenNestingIsListed)
{
    const Schema source = schemaOf({"f.1.w", "f.2.w", "f.3.w", "f.4.w"});
    const Schema target = schemaOf({"b.0.0.w", "b.1.0.w", "b.1.1.w", "b.2.0.w"});
    const auto rules = rulesFromPairings(straight(4), source, target);
    EXPECT_EQ(rules.size(), 1U) << testing::PrintToString(texts(rules));
    expectExact(rules, straight(4), source, target);
}

TEST(RulesFromPairings, aSubtreeThatKeepsItsNamesIsOneRule)
{
    const Schema source = schemaOf({"module.enc.a.w", "module.enc.b.0.w", "module.enc.b.1.w", "module.other.w"});
    const Schema target = schemaOf({"a.w", "b.0.w", "b.1.w"});
    const auto rules = rulesFromPairings(straight(3), source, target);
    EXPECT_THAT(texts(rules), testing::ElementsAre("module.enc.{rest} -> {rest}"));
    expectExact(rules, straight(3), source, target);
}

TEST(RulesFromPairings, neverTouchesAnotherKey)
{
    // norm.running_mean has a partner of its own elsewhere: {leaf} would take it along.
    const Schema source = schemaOf({"norm.weight", "norm.bias", "norm.extra"});
    const Schema target = schemaOf({"bn.weight", "bn.bias", "x.extra"});
    const auto pairings = straight(3);
    const auto rules = rulesFromPairings(pairings, source, target);
    expectExact(rules, pairings, source, target);
}

TEST(RulesFromPairings, alternativesOnBothSides)
{
    const Schema source = schemaOf({"a.0.q.w", "a.0.k.w", "a.1.q.w", "a.1.k.w", "a.0.z.w", "a.1.z.w"});
    const Schema target = schemaOf({"b.0.query.w", "b.0.key.w", "b.1.query.w", "b.1.key.w"});
    const auto rules = rulesFromPairings(straight(4), source, target);
    EXPECT_EQ(rules.size(), 1U) << testing::PrintToString(texts(rules));
    expectExact(rules, straight(4), source, target);
}

TEST(RulesFromPairings, splitAndConcatKeepTheirOrder)
{
    const Schema source = schemaOf({"b.0.qkv.weight", "b.0.qkv.bias", "b.1.qkv.weight", "b.1.qkv.bias"}, {12});
    const Schema target = schemaOf({"l.0.q.weight", "l.0.q.bias", "l.0.k.weight", "l.0.k.bias", "l.0.v.weight", "l.0.v.bias",
                                    "l.1.q.weight", "l.1.q.bias", "l.1.k.weight", "l.1.k.bias", "l.1.v.weight", "l.1.v.bias"});
    const Transform split = {Step{Split{0, 3, {}}}};
    std::vector<Pairing> pairings = straight(4);
    for (auto &pairing : pairings)
        pairing.transform = split;
    pairings[0].targets = {0, 2, 4};
    pairings[1].targets = {1, 3, 5};
    pairings[2].targets = {6, 8, 10};
    pairings[3].targets = {7, 9, 11};
    const auto rules = rulesFromPairings(pairings, source, target);
    EXPECT_THAT(texts(rules), testing::ElementsAre("b.{i}.qkv.{leaf} -> l.{i}.q.{leaf} l.{i}.k.{leaf} l.{i}.v.{leaf}"));
    expectExact(rules, pairings, source, target);
    EXPECT_EQ(rules.front().transform, split);
}

TEST(RulesFromPairings, aRuleIsAsSureAsItsWorstPairing)
{
    const Schema source = schemaOf({"a.0.w", "a.1.w"}), target = schemaOf({"b.0.w", "b.1.w"});
    std::vector<Pairing> pairings = straight(2);
    pairings[0].evidence = {"x"};
    pairings[1].confidence = 0.4;
    pairings[1].evidence = {"y", "x"};
    const auto rules = rulesFromPairings(pairings, source, target);
    ASSERT_EQ(rules.size(), 1U);
    EXPECT_DOUBLE_EQ(rules[0].confidence, 0.4);
    EXPECT_THAT(rules[0].evidence, testing::ElementsAre("x", "y"));
}

TEST(RulesFromPairings, bracesInKeysStayLiteral)
{
    const Schema source = schemaOf({"a{0}.w"}), target = schemaOf({"b.w"});
    const auto rules = rulesFromPairings(straight(1), source, target);
    expectExact(rules, straight(1), source, target);
}

} // namespace
} // namespace rekey

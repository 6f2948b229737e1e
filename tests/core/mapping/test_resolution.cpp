// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include "core/base/error.h"
#include "tests/core/mapping/values.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <iostream>

namespace rekey {
namespace {

using test::drop;
using test::init;
using test::map;
using test::mappingOf;
using test::schemaOf;

/// Every target key with its status and sources: "b.0 filled a.0"; conflicts name both rules.
std::vector<std::string> targetLines(const Resolution &resolution, const Schema &source, const Schema &target)
{
    static const char *names[] = {"filled", "initialised", "to-review", "missing", "mismatched", "conflicting"};
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < resolution.targets.size(); ++i) {
        const TargetOutcome &outcome = resolution.targets[i];
        std::string line = target.tensors[i].key + " " + names[static_cast<std::size_t>(outcome.status)];
        if (outcome.assignment != none) {
            const Assignment &assignment = resolution.assignments[outcome.assignment];
            for (const std::uint32_t key : assignment.sources)
                line += " " + source.tensors[key].key;
            if (assignment.targets.size() > 1)
                line += fmt::format(" [{}]", outcome.output);
        }
        if (outcome.status == TargetStatus::Conflicting)
            line += fmt::format(" ({}, {})", outcome.rule, outcome.otherRule);
        lines.push_back(line);
    }
    return lines;
}

std::string sourceLine(const Resolution &resolution)
{
    static const char names[] = {'U', 'R', 'D', '-'};
    std::string line;
    for (const SourceOutcome &outcome : resolution.sources)
        line += names[static_cast<std::size_t>(outcome.status)];
    return line;
}

std::vector<std::string> kinds(const Resolution &resolution)
{
    std::vector<std::string> result;
    for (const Problem &problem : resolution.problems)
        result.push_back(problem.kind);
    return result;
}

struct Case
{
    const char *what;
    Schema source, target;
    std::vector<Rule> rules;
    std::vector<std::string> targets;
    std::string sources; ///< U used, R to review, D dropped, - unused
    std::vector<std::string> problems;
};

void check(const Case &c)
{
    SCOPED_TRACE(c.what);
    const Resolution resolution = resolve(mappingOf(c.rules), c.source, c.target);
    EXPECT_EQ(targetLines(resolution, c.source, c.target), c.targets);
    EXPECT_EQ(sourceLine(resolution), c.sources);
    EXPECT_EQ(kinds(resolution), c.problems);
}

TEST(Resolution, Rules)
{
    const Case cases[] = {
        {"rename with numbers",
         schemaOf({{"a.0.w", {2}}, {"a.1.w", {2}}, {"a.1.b", {2}}}),
         schemaOf({{"b.1.w", {2}}, {"b.2.w", {2}}}),
         {map({"a.{i}.w"}, {"b.{i+1}.w"})},
         {"b.1.w filled a.0.w", "b.2.w filled a.1.w"},
         "UU-",
         {"unused"}},
        {"alternatives by position",
         schemaOf({{"a.q", {2}}, {"a.k", {3}}}),
         schemaOf({{"b.key", {3}}, {"b.query", {2}}}),
         {map({"a.{x:q|k}"}, {"b.{x:query|key}"})},
         {"b.key filled a.k", "b.query filled a.q"},
         "UU",
         {}},
        {"alternatives against a plain variable",
         schemaOf({{"a.q", {2}}, {"a.k", {2}}, {"a.o", {2}}}),
         schemaOf({{"b.q", {2}}, {"b.o", {2}}}),
         {map({"a.{name:q|k}"}, {"b.{name}"})},
         {"b.q filled a.q", "b.o missing"},
         "U--",
         {"missing", "unused", "unused", "missing-partner"}},
        {"plain variable against alternatives",
         schemaOf({{"a.1", {2}}, {"a.7", {2}}}),
         schemaOf({{"b.one", {2}}}),
         {map({"a.{x}"}, {"b.{x:nil|one}"})},
         {"b.one missing"},
         "--",
         {"missing", "no-match", "unused"}},
        {"fuse",
         schemaOf({{"0.q", {2, 4}}, {"0.k", {2, 4}}, {"0.v", {2, 4}}}),
         schemaOf({{"0.qkv", {6, 4}}}),
         {map({"{i}.q", "{i}.k", "{i}.v"}, {"{i}.qkv"}, "concat dim 0")},
         {"0.qkv filled 0.q 0.k 0.v"},
         "UUU",
         {}},
        {"fuse without one source",
         schemaOf({{"0.q", {2}}, {"0.k", {2}}, {"0.v", {2}}, {"1.q", {2}}, {"1.v", {2}}}),
         schemaOf({{"0.qkv", {6}}, {"1.qkv", {6}}}),
         {map({"{i}.q", "{i}.k", "{i}.v"}, {"{i}.qkv"}, "concat dim 0")},
         {"0.qkv filled 0.q 0.k 0.v", "1.qkv missing"},
         "UUU--",
         {"missing", "missing-partner", "unused", "unused"}},
        {"split",
         schemaOf({{"0.qkv", {6, 4}}}),
         schemaOf({{"0.q", {2, 4}}, {"0.k", {2, 4}}, {"0.v", {2, 4}}}),
         {map({"{i}.qkv"}, {"{i}.q", "{i}.k", "{i}.v"}, "split dim 0 into 3")},
         {"0.q filled 0.qkv [0]", "0.k filled 0.qkv [1]", "0.v filled 0.qkv [2]"},
         "U",
         {}},
        {"split without one target",
         schemaOf({{"0.qkv", {6}}}),
         schemaOf({{"0.q", {2}}, {"0.v", {2}}}),
         {map({"{i}.qkv"}, {"{i}.q", "{i}.k", "{i}.v"}, "split dim 0 into 3")},
         {"0.q missing", "0.v missing"},
         "-",
         {"missing", "missing", "missing-partner", "unused"}},
        {"gather in numeric order",
         schemaOf({{"e.10.w", {2}}, {"e.9.w", {2}}, {"e.8.w", {2}}}),
         schemaOf({{"w", {3, 2}}}),
         {map({"e.{e}.w"}, {"w"}, "stack dim 0")},
         {"w filled e.8.w e.9.w e.10.w"},
         "UUU",
         {}},
        {"gather by block with a gap",
         schemaOf({{"b.0.e.0", {2}}, {"b.0.e.2", {2}}, {"b.1.e.0", {2}}, {"b.1.e.1", {2}}}),
         schemaOf({{"b.0", {2, 2}}, {"b.1", {2, 2}}}),
         {map({"b.{i}.e.{e}"}, {"b.{i}"}, "stack dim 0")},
         {"b.0 filled b.0.e.0 b.0.e.2", "b.1 filled b.1.e.0 b.1.e.1"},
         "UUUU",
         {"gap"}},
        {"gather over alternatives, in their order",
         schemaOf({{"v", {2}}, {"k", {2}}, {"q", {2}}}),
         schemaOf({{"qkv", {6}}}),
         {map({"{x:q|k|v}"}, {"qkv"}, "concat dim 0")},
         {"qkv filled q k v"},
         "UUU",
         {}},
        {"gather two lists",
         schemaOf({{"0.up", {2}}, {"1.up", {2}}, {"0.gate", {2}}, {"1.gate", {2}}}),
         schemaOf({{"all", {4, 2}}}),
         {map({"{e}.gate", "{e}.up"}, {"all"}, "stack dim 0")},
         {"all filled 0.gate 1.gate 0.up 1.up"},
         "UUUU",
         {}},
        {"gather two uneven lists",
         schemaOf({{"0.up", {2}}, {"0.gate", {2}}, {"1.gate", {2}}}),
         schemaOf({{"all", {3, 2}}}),
         {map({"{e}.gate", "{e}.up"}, {"all"}, "stack dim 0")},
         {"all missing"},
         "---",
         {"missing", "missing-partner", "unused", "unused"}},
        {"scatter",
         schemaOf({{"w", {3, 2}}}),
         schemaOf({{"e.10", {2}}, {"e.9", {2}}, {"e.8", {2}}}),
         {map({"w"}, {"e.{e}"}, "unstack dim 0")},
         {"e.10 filled w [2]", "e.9 filled w [1]", "e.8 filled w [0]"},
         "U",
         {}},
        {"a source without the block's variable",
         schemaOf({{"0.w", {2}}, {"1.w", {2}}, {"shared", {1}}}),
         schemaOf({{"0.x", {3}}, {"1.x", {3}}}),
         {map({"{i}.w", "shared"}, {"{i}.x"}, "concat dim 0")},
         {"0.x filled 0.w shared", "1.x filled 1.w shared"},
         "UUU",
         {}},
        {"two variables joined",
         schemaOf({{"r.0", {1}}, {"r.1", {1}}, {"c.5", {1}}}),
         schemaOf({{"0.5", {2}}, {"1.5", {2}}}),
         {map({"r.{i}", "c.{j}"}, {"{i}.{j}"}, "concat dim 0")},
         {"0.5 filled r.0 c.5", "1.5 filled r.1 c.5"},
         "UUU",
         {}},
        {"one source for two rules",
         schemaOf({{"pe", {2}}}),
         schemaOf({{"x.pe", {2}}, {"y.pe", {2}}}),
         {map({"pe"}, {"x.pe"}), map({"pe"}, {"y.pe"})},
         {"x.pe filled pe", "y.pe filled pe"},
         "U",
         {}},
        {"tied targets of one rule",
         schemaOf({{"pe", {2}}}),
         schemaOf({{"x.pe", {2}}, {"y.pe", {2}}}),
         {map({"pe"}, {"x.pe", "z.pe", "y.pe"})},
         {"x.pe filled pe", "y.pe filled pe"},
         "U",
         {}},
        {"collision",
         schemaOf({{"a", {2}}, {"b", {2}}}),
         schemaOf({{"c", {2}}}),
         {map({"a"}, {"c"}), map({"b"}, {"c"})},
         {"c conflicting a (0, 1)"},
         "UU",
         {"collision"}},
        {"collision of a rule with itself",
         schemaOf({{"0.3", {2}}, {"1.0", {2}}}),
         schemaOf({{"c.3", {2}}}),
         {map({"{i}.{j}"}, {"c.{3*i+j}"})},
         {"c.3 conflicting 0.3 (0, 0)"},
         "UU",
         {"collision"}},
        {"the same twice is shadowed",
         schemaOf({{"a.0", {2}}, {"a.1", {2}}}),
         schemaOf({{"b.0", {2}}, {"b.1", {2}}}),
         {map({"a.0"}, {"b.0"}), map({"a.{i}"}, {"b.{i}"})},
         {"b.0 filled a.0", "b.1 filled a.1"},
         "UU",
         {"shadowed"}},
        {"the same source by another transform collides",
         schemaOf({{"a", {2, 2}}}),
         schemaOf({{"b", {2, 2}}}),
         {map({"a"}, {"b"}), map({"a"}, {"b"}, "transpose 0 1")},
         {"b conflicting a (0, 1)"},
         "U",
         {"collision"}},
        {"drop before keeps its keys",
         schemaOf({{"a.0", {2}}, {"a.1", {2}}}),
         schemaOf({{"b.0", {2}}, {"b.1", {2}}}),
         {drop("a.0"), map({"a.{i}"}, {"b.{i}"})},
         {"b.0 missing", "b.1 filled a.1"},
         "DU",
         {"missing", "shadowed"}},
        {"drop after takes the rest",
         schemaOf({{"a.0", {2}}, {"a.1", {2}}, {"x", {2}}}),
         schemaOf({{"b.0", {2}}}),
         {map({"a.{i}"}, {"b.{i}"}), drop("{rest}")},
         {"b.0 filled a.0"},
         "UDD",
         {"missing-partner"}},
        {"init after fills the rest",
         schemaOf({{"a", {2}}}),
         schemaOf({{"b", {2}}, {"c", {2}}}),
         {map({"a"}, {"b"}), init("{rest}")},
         {"b filled a", "c initialised"},
         "U",
         {}},
        {"init before holds its keys",
         schemaOf({{"a", {2}}}),
         schemaOf({{"b", {2}}}),
         {init("b"), map({"a"}, {"b"})},
         {"b initialised"},
         "-",
         {"shadowed", "unused"}},
        {"open question",
         schemaOf({{"a", {2}}}),
         schemaOf({{"b", {2}}}),
         {test::open(map({"a"}, {"b"}))},
         {"b to-review a"},
         "R",
         {"to-review"}},
        {"open question holds against a later init",
         schemaOf({{"a", {2}}}),
         schemaOf({{"b", {2}}}),
         {test::open(map({"a"}, {"b"})), init("{rest}")},
         {"b to-review a"},
         "R",
         {"to-review", "shadowed"}},
        {"an answer settles the question",
         schemaOf({{"a", {2}}, {"c", {2}}}),
         schemaOf({{"b", {2}}}),
         {test::open(map({"a"}, {"b"})), map({"c"}, {"b"})},
         {"b filled c"},
         "-U",
         {"unused", "shadowed"}},
        {"wrong shape", schemaOf({{"a", {2, 3}}}), schemaOf({{"b", {3, 2}}}), {map({"a"}, {"b"})}, {"b mismatched a"}, "U", {"mismatched"}},
        {"transform that does not fit",
         schemaOf({{"a", {5}}}),
         schemaOf({{"b", {2}}, {"c", {2}}}),
         {map({"a"}, {"b", "c"}, "split dim 0 into 2")},
         {"b mismatched a [0]", "c mismatched a [1]"},
         "U",
         {"mismatched"}},
        {"wrong number of outputs",
         schemaOf({{"a", {6}}}),
         schemaOf({{"b", {2}}, {"c", {2}}}),
         {map({"a"}, {"b", "c"}, "split dim 0 into 3")},
         {"b mismatched a [0]", "c mismatched a [1]"},
         "U",
         {"mismatched"}},
        {"uneven alternatives",
         schemaOf({{"q", {2}}}),
         schemaOf({{"query", {2}}}),
         {map({"{x:q|k|v}"}, {"{x:query|key}"})},
         {"query missing"},
         "-",
         {"invalid-rule", "missing", "unused"}},
        {"doubled prefix",
         schemaOf({{"model.a", {2}}}),
         schemaOf({{"model.a", {2}}}),
         {map({"{rest}"}, {"model.{rest}"})},
         {"model.a missing"},
         "-",
         {"missing", "doubled-prefix", "missing-partner", "unused"}},
        {"doubled prefix of two segments, within",
         schemaOf({{"x.w", {2}}}),
         schemaOf({{"m.backbone.body.x.w", {2}}}),
         {map({"{rest}"}, {"m.backbone.body.backbone.body.{rest}"})},
         {"m.backbone.body.x.w missing"},
         "-",
         {"missing", "doubled-prefix", "missing-partner", "unused"}},
        {"equal numbers are no doubled prefix",
         schemaOf({{"x.w", {2}}}),
         schemaOf({{"l.0.w", {2}}}),
         {map({"x.{rest}"}, {"l.0.0.{rest}"})},
         {"l.0.w missing"},
         "-",
         {"missing", "missing-partner", "unused"}},
        {"two sources for one target, in one rule",
         schemaOf({{"m.w", {2}}, {"ema.w", {2}}}),
         schemaOf({{"w", {2}}}),
         {map({"{x:m|ema}.{leaf}"}, {"{leaf}"}, "")},
         {"w mismatched m.w ema.w"},
         "UU",
         {"mismatched"}},
        {"no match",
         schemaOf({{"a", {2}}}),
         schemaOf({{"b", {2}}}),
         {map({"a"}, {"b"}), map({"x.{i}"}, {"y.{i}"})},
         {"b filled a"},
         "U",
         {"no-match"}},
        {"result would change again",
         schemaOf({{"l.0", {2}}, {"l.1", {2}}}),
         schemaOf({{"in", {2}}, {"l.0", {2}}}),
         {map({"l.{x:0|1}"}, {"{x:in|l.0}"})},
         {"in filled l.0", "l.0 filled l.1"},
         "UU",
         {"not-idempotent"}},
    };
    for (const Case &c : cases)
        check(c);
}

TEST(Resolution, SentencesForPeople)
{
    const Schema source = schemaOf({{"a.0.w", {2, 3}}, {"a.1.w", {2, 3}}, {"b.0.w", {2, 3}}});
    const Schema target = schemaOf({{"c.0.w", {3, 2}}, {"c.1.w", {3, 2}}, {"d.0.w", {2, 3}}, {"d.1.w", {2, 3}}});
    const Resolution resolution =
        resolve(mappingOf({map({"a.{i}.w"}, {"c.{i}.w"}), map({"b.{i}.w"}, {"c.{i}.w"}, "transpose 0 1")}), source, target);
    std::vector<std::string> texts;
    for (const Problem &problem : resolution.problems)
        texts.push_back(problem.text);
    EXPECT_EQ(texts, (std::vector<std::string>{
                         "Rule 1 does not fit 1 key, first 'c.1.w': 2×3 arrives, 3×2 is expected; 'transpose 0 1' would fit.",
                         "Rules 1 and 2 both fill 1 key, first 'c.0.w': Rule 1 fills it from 'a.0.w', rule 2 from 'b.0.w'.",
                         "'d.0.w' and 1 like it are not filled by any rule.",
                     }));
    EXPECT_EQ(resolution.targets[1].arriving, (Shape{2, 3}));
    EXPECT_EQ(resolution.targets[1].why, "2×3 arrives, 3×2 is expected; 'transpose 0 1' would fit.");
    const RuleEffect &effect = resolution.rules[0];
    EXPECT_EQ(effect.sourceKeys, 2U);
    EXPECT_EQ(effect.targetKeys, 2U);
    EXPECT_EQ(effect.filled, 0U);
    EXPECT_EQ(effect.mismatched, 1U);
    EXPECT_EQ(effect.collisions, 1U);
    EXPECT_EQ(effect.problem, texts[0]);
    EXPECT_EQ(resolution.rules[1].problem, texts[1]);
}

TEST(Resolution, IntegersThatBecomeFloats)
{
    const Schema source = schemaOf({{"position_ids", {4}}, {"w", {2}}}, DType::I64);
    const Schema target = schemaOf({{"p", {4}}, {"w", {2}}}, DType::F32);
    const Resolution resolution = resolve(mappingOf({map({"position_ids"}, {"p"}), map({"w"}, {"w"})}), source, target);
    EXPECT_EQ(kinds(resolution), (std::vector<std::string>{"integer-to-float", "integer-to-float"}));
    EXPECT_TRUE(resolution.complete());
    // Of several sources any counts, and the other way round.
    Schema joined = schemaOf({{"a", {2}}, {"b", {2}}});
    joined.tensors[1].dtype = DType::I64;
    EXPECT_EQ(kinds(resolve(mappingOf({map({"a", "b"}, {"c"}, "concat dim 0")}), joined, schemaOf({{"c", {4}}}))),
              (std::vector<std::string>{"integer-to-float"}));
    EXPECT_EQ(kinds(resolve(mappingOf({map({"a"}, {"c"}), drop("b")}), joined, schemaOf({{"c", {2}}}, DType::I64))),
              (std::vector<std::string>{"float-to-integer"}));
}

TEST(Resolution, Counts)
{
    const Schema source = schemaOf({{"a", {2}}, {"x", {2}}}), target = schemaOf({{"b", {2}}, {"c", {2}}});
    const Resolution open = resolve(mappingOf({map({"a"}, {"b"})}), source, target);
    EXPECT_EQ(open.count(TargetStatus::Filled), 1U);
    EXPECT_EQ(open.count(TargetStatus::Missing), 1U);
    EXPECT_EQ(open.count(SourceStatus::Unused), 1U);
    EXPECT_FALSE(open.complete());
    EXPECT_TRUE(resolve(mappingOf({map({"a"}, {"b"}), init("c")}), source, target).complete());
    EXPECT_TRUE(resolve({}, {}, {}).complete());
}

TEST(Resolution, CheckApplies)
{
    const Schema source = schemaOf({{"a", {2}}}), target = schemaOf({{"b", {2}}}), other = schemaOf({{"z", {9}}});
    Mapping mapping = mappingOf({map({"a"}, {"b"})});
    mapping.sources = {describeSide(source)};
    mapping.target = describeSide(target);
    EXPECT_EQ(checkApplies(mapping, resolve(mapping, source, target), source, target), "");
    const Schema larger = schemaOf({{"a", {2}}, {"more", {2}}});
    EXPECT_THAT(checkApplies(mapping, resolve(mapping, larger, target), larger, target), testing::HasSubstr("made for another source"));
    try {
        checkApplies(mapping, resolve(mapping, other, target), other, target);
        ADD_FAILURE() << "a mapping for another pair was accepted";
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), testing::HasSubstr("was made for another pair"));
    }
    const Mapping unknown = mappingOf({map({"a"}, {"b"})});
    EXPECT_THAT(checkApplies(unknown, resolve(unknown, other, target), other, target), testing::HasSubstr("No rule"));
}

TEST(Resolution, OutputSchema)
{
    Schema source = schemaOf({{"0.qkv", {6, 4}}, {"1.qkv", {6, 4}}, {"pe", {2}}, {"head", {9}}, {"e.0", {2}}, {"e.1", {2}}});
    source.tensors[2].dtype = DType::F16;
    const Schema result
        = outputSchema(mappingOf({map({"{i}.qkv"}, {"l.{i}.q", "l.{i}.k", "l.{i}.v"}, "split dim 0 into 3"), map({"pe"}, {"x.pe", "y.pe"}),
                                  map({"e.{e}"}, {"all"}, "stack dim 0"), drop("head"), map({"head"}, {"never"})}),
                       source);
    std::vector<std::string> lines;
    for (const SchemaTensor &tensor : result.tensors)
        lines.push_back(fmt::format("{} {} {} {}", tensor.key, name(tensor.dtype), shapeText(tensor.shape), tensor.tiedTo));
    EXPECT_EQ(lines, (std::vector<std::string> {"l.0.q F32 2×4 0", "l.0.k F32 2×4 1", "l.0.v F32 2×4 2", "l.1.q F32 2×4 3",
                                                "l.1.k F32 2×4 4", "l.1.v F32 2×4 5", "x.pe F16 2 6", "y.pe F16 2 6", "all F32 2×2 8"}));
    const Schema scattered = outputSchema(mappingOf({map({"all"}, {"e.{e}"}, "unstack dim 0")}), schemaOf({{"all", {3, 2}}}));
    ASSERT_EQ(scattered.tensors.size(), 3U);
    EXPECT_EQ(scattered.tensors[2].key, "e.2");
}

TEST(Resolution, SourcesThatCombineFreely)
{
    Schema schema;
    for (int i = 0; i < 20'000; ++i)
        schema.tensors.push_back({fmt::format("a.{}", i), {1}, DType::F32, 0});
    const Resolution resolution = resolve(mappingOf({map({"a.{i}", "a.{j}"}, {"{i}.{j}"}, "concat dim 0")}), schema, schema);
    EXPECT_EQ(resolution.rules[0].problem,
              "Rule 1: its sources combine in more than 1000000 ways; patterns of one rule should share their variables.");
}

/// 100,000 keys by 100 rules. The figure is printed; the limit only catches a change of order.
TEST(Resolution, LargeSchemas)
{
    Schema source, target;
    std::vector<Rule> rules;
    for (int module = 0; module < 100; ++module) {
        for (int block = 0; block < 250; ++block) {
            for (const char *leaf : {"attn.weight", "attn.bias", "mlp.weight", "mlp.bias"}) {
                source.tensors.push_back({fmt::format("encoder.module{}.blocks.{}.{}", module, block, leaf), {4}, DType::F32, 0});
                target.tensors.push_back({fmt::format("model.vision_module_{}.layers.{}.{}", module, block + 1, leaf), {4}, DType::F32, 0});
            }
        }
        rules.push_back(map({fmt::format("encoder.module{}.blocks.{{i}}.{{rest}}", module)},
                            {fmt::format("model.vision_module_{}.layers.{{i+1}}.{{rest}}", module)}));
    }
    const std::clock_t begin = std::clock();
    const Resolution resolution = resolve(mappingOf(rules), source, target);
    const double milliseconds = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    std::cout << fmt::format("100000 keys, 100 rules: {:.0f} ms of processor time\n", milliseconds);
    EXPECT_TRUE(resolution.complete());
    EXPECT_LT(milliseconds, 2000);
}

} // namespace
} // namespace rekey

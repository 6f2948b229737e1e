// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace rekey {
namespace {

using test::drop;
using test::init;
using test::map;
using test::mappingOf;
using test::schemaOf;

struct Back
{
    Inversion inversion;
    Resolution resolution;
};

Back invertAndResolve(const std::vector<Rule> &rules, const Schema &source, const Schema &target)
{
    const Mapping mapping = mappingOf(rules);
    Back back;
    back.inversion = invert(mapping, resolve(mapping, source, target), source, target);
    back.resolution = resolve(back.inversion.mapping, target, source);
    return back;
}

std::vector<std::string> ruleLines(const Mapping &mapping)
{
    std::vector<std::string> lines;
    for (const Rule &rule : mapping.rules) {
        std::string line = rule.kind == RuleKind::Drop ? "drop" : rule.kind == RuleKind::Init ? "init" : "";
        for (const Pattern &pattern : rule.sources)
            line += (line.empty() ? "" : " ") + pattern.text();
        line += rule.targets.empty() ? "" : " ->";
        for (const Pattern &pattern : rule.targets)
            line += " " + pattern.text();
        lines.push_back(line + (rule.transform.empty() ? "" : ": " + transformText(rule.transform)));
    }
    return lines;
}

TEST(Inversion, WholeMapping)
{
    const Schema source = schemaOf({{"pe", {2}}, {"b.0.qkv", {6, 4}}, {"b.1.qkv", {6, 4}}, {"w", {3, 4}}, {"e.0", {2}}, {"e.1", {2}}});
    const Schema target = schemaOf({{"x.pe", {2}},
                                    {"y.pe", {2}},
                                    {"l.1.q", {2, 4}},
                                    {"l.1.k", {2, 4}},
                                    {"l.1.v", {2, 4}},
                                    {"l.2.q", {2, 4}},
                                    {"l.2.k", {2, 4}},
                                    {"l.2.v", {2, 4}},
                                    {"w", {4, 3}},
                                    {"all", {2, 2}}});
    const Back back = invertAndResolve({map({"pe"}, {"x.pe"}), map({"pe"}, {"y.pe"}),
                                        map({"b.{i}.qkv"}, {"l.{i+1}.q", "l.{i+1}.k", "l.{i+1}.v"}, "split dim 0 into 3"),
                                        map({"w"}, {"w"}, "transpose 0 1"), map({"e.{e}"}, {"all"}, "stack dim 0")},
                                       source, target);
    EXPECT_EQ(ruleLines(back.inversion.mapping),
              (std::vector<std::string> {"x.pe -> pe", "drop y.pe", "l.{i+1}.q l.{i+1}.k l.{i+1}.v -> b.{i}.qkv: concat dim 0",
                                         "w -> w: transpose 0 1", "all -> e.{e}: unstack dim 0"}));
    EXPECT_EQ(back.inversion.notInvertible, std::vector<std::string>());
    EXPECT_TRUE(back.resolution.complete());
    EXPECT_EQ(back.inversion.mapping.sources.front(), describeSide(target));
    EXPECT_EQ(back.inversion.mapping.target, describeSide(source));
}

TEST(Inversion, TiedTargetsOfOneRule)
{
    const Back back
        = invertAndResolve({map({"pe"}, {"z.pe", "x.pe", "y.pe"})}, schemaOf({{"pe", {2}}}), schemaOf({{"x.pe", {2}}, {"y.pe", {2}}}));
    EXPECT_EQ(ruleLines(back.inversion.mapping), (std::vector<std::string>{"x.pe -> pe", "drop z.pe y.pe"}));
    EXPECT_TRUE(back.resolution.complete());
}

/// One of the keys that a rule copies goes elsewhere as well.
TEST(Inversion, SecondCopiesOfSomeKeys)
{
    const Back back = invertAndResolve({map({"encoder.embed"}, {"shared"}), map({"{leaf}.embed"}, {"model.{leaf}.embed"})},
                                       schemaOf({{"encoder.embed", {2}}, {"decoder.embed", {2}}}),
                                       schemaOf({{"shared", {2}}, {"model.encoder.embed", {2}}, {"model.decoder.embed", {2}}}));
    EXPECT_EQ(ruleLines(back.inversion.mapping),
              (std::vector<std::string>{"shared -> encoder.embed", "drop model.encoder.embed", "model.{leaf}.embed -> {leaf}.embed"}));
    EXPECT_EQ(back.inversion.notInvertible, std::vector<std::string>());
    EXPECT_TRUE(back.resolution.complete());
}

TEST(Inversion, SaysWhichRulesDoNot)
{
    const Schema source = schemaOf({{"pos", {5, 2}}, {"head", {2}}, {"a", {2}}, {"b", {2}}});
    const Schema target = schemaOf({{"pos", {4, 2}}, {"s", {2}}, {"new", {1}}});
    const Back back = invertAndResolve(
        {map({"pos"}, {"pos"}, "slice dim 0 from 1"), map({"a", "b"}, {"s"}, "sum"), drop("head"), init("new")}, source, target);
    EXPECT_EQ(back.inversion.notInvertible,
              (std::vector<std::string>{"Rule 1 ('pos'): 'slice dim 0 from 1' cannot be undone.", "Rule 2 ('a'): 'sum' cannot be undone.",
                                        "Rule 3 ('head'): it drops its keys; on the way back they keep the values of the target."}));
    EXPECT_EQ(ruleLines(back.inversion.mapping), (std::vector<std::string>{"init -> head", "drop new"}));
}

TEST(Inversion, ShapesThatDifferByBlock)
{
    const Schema source = schemaOf({{"0.q", {4, 2}}, {"0.kv", {2, 2}}, {"1.q", {6, 2}}, {"1.kv", {2, 2}}});
    const Schema target = schemaOf({{"0.all", {6, 2}}, {"1.all", {8, 2}}});
    const Back back = invertAndResolve({map({"{i}.q", "{i}.kv"}, {"{i}.all"}, "concat dim 0")}, source, target);
    EXPECT_EQ(ruleLines(back.inversion.mapping),
              (std::vector<std::string>{"0.all -> 0.q 0.kv: split dim 0 sizes 4,2", "1.all -> 1.q 1.kv: split dim 0 sizes 6,2"}));
    EXPECT_TRUE(back.resolution.complete());
}

TEST(Inversion, SqueezedConvolutionsStayOneRule)
{
    const Schema source = schemaOf({{"0.w", {4, 2, 1, 1}}, {"1.w", {8, 4, 1, 1}}});
    const Schema target = schemaOf({{"0.l", {4, 2}}, {"1.l", {8, 4}}});
    const Back back = invertAndResolve({map({"{i}.w"}, {"{i}.l"}, "squeeze dim -1, then squeeze dim -1")}, source, target);
    EXPECT_EQ(ruleLines(back.inversion.mapping), (std::vector<std::string>{"{i}.l -> {i}.w: unsqueeze dim -1, then unsqueeze dim -1"}));
    EXPECT_TRUE(back.resolution.complete());
}

} // namespace
} // namespace rekey

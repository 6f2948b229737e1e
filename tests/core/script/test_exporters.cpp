// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/script/exporters.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace rekey {
namespace {

using test::drop;
using test::init;
using test::map;
using test::schemaOf;
using testing::HasSubstr;
using testing::Not;

struct Pair
{
    Mapping mapping;
    Schema source, target;
    Resolution resolution;
    ExportInput input() const { return {&mapping, &source, &target, &resolution}; }
};

Pair pairOf(std::vector<Rule> rules, Schema source, Schema target)
{
    Pair pair{test::mappingOf(std::move(rules)), std::move(source), std::move(target), {}};
    pair.resolution = resolve(pair.mapping, pair.source, pair.target);
    return pair;
}

TEST(Exporters, TableIsComplete)
{
    std::set<std::string_view> ids;
    for (const Exporter &exporter : exporters()) {
        ids.insert(exporter.id);
        EXPECT_EQ(&exporterById(exporter.id), &exporter);
        EXPECT_FALSE(exporter.description.empty());
        EXPECT_TRUE(exporter.extension.starts_with("."));
    }
    EXPECT_EQ(ids, (std::set<std::string_view>{"python", "transformers", "transformers5", "json", "markdown", "capture"}));
    try {
        exporterById("yaml");
        ADD_FAILURE();
    } catch (const Error &error) {
        EXPECT_THAT(error.what(), HasSubstr("known: python, transformers, transformers5, json, markdown, capture"));
    }
}

TEST(Exporters, AllWriteWithoutSchemas)
{
    const Mapping mapping = test::mappingOf({map({"a.{i}"}, {"b.{i}"}), map({"q", "k"}, {"qk"}, "concat dim 0"), drop("x"), init("y")});
    for (const Exporter &exporter : exporters())
        EXPECT_FALSE(exporter.write({&mapping, nullptr, nullptr, nullptr}).empty()) << exporter.id;
}

TEST(Exporters, JsonIsTheMapping)
{
    const Pair pair = pairOf({map({"a"}, {"b"})}, schemaOf({{"a", {2}}}), schemaOf({{"b", {2}}}));
    const Mapping read = mappingFromJson(exporterById("json").write(pair.input()), "");
    EXPECT_EQ(read.rules, pair.mapping.rules);
    EXPECT_EQ(read.sources.front(), describeSide(pair.source));
    EXPECT_EQ(read.target, describeSide(pair.target));
}

TEST(Exporters, MarkdownSaysWhatAPersonAsks)
{
    Rule question = test::open(map({"u"}, {"v"}));
    question.evidence = {"same shape | only one"};
    Pair pair = pairOf({map({"{i}.q", "{i}.k"}, {"{i}.qk"}, "concat dim 0"), question, drop("head", "other task")},
                       schemaOf({{"0.q", {2}}, {"0.k", {2}}, {"u", {1}}, {"head", {9}}, {"left", {1}}}),
                       schemaOf({{"0.qk", {4}}, {"v", {1}}, {"w", {1}}}));
    const std::string text = exporterById("markdown").write(pair.input());
    EXPECT_THAT(text, HasSubstr("| filled | 1 |\n| initialised | 0 |\n| to review | 1 |\n| missing | 1 |"));
    EXPECT_THAT(text, HasSubstr("| used | 2 |\n| to review | 1 |\n| dropped | 1 |\n| unused | 1 |"));
    EXPECT_THAT(text, HasSubstr("| 1 | `{i}.q`<br>`{i}.k` | `{i}.qk` | 2 → 1, concat dim 0 | 1 | accepted |"));
    EXPECT_THAT(text, HasSubstr("| to review, 0.50 | same shape \\| only one |"));
    EXPECT_THAT(text, HasSubstr("| 3 | `head` | 1 | other task |"));
    EXPECT_THAT(text, HasSubstr("- error: 'w' is not filled by any rule."));
    EXPECT_THAT(text, HasSubstr("- warning: 'left' is not used by any rule."));
}

TEST(Exporters, TransformersForm)
{
    const std::vector<Rule> rules = {map({"blocks.{i}.{leaf}"}, {"layers.{i}.{leaf}"}),
                                     map({"n.{x:0|1}.w"}, {"n.{x:conv|norm}.w"}),
                                     map({"{part:attn|mlp}.{rest}"}, {"x.{part}.{rest}"}),
                                     map({"a.{i}"}, {"a.{i+1}"}),
                                     map({"pe"}, {"one.pe", "two.pe"}),
                                     map({"pe"}, {"three.pe"}),
                                     map({"q", "k"}, {"qk"}, "concat dim 0"),
                                     drop("head", "other task"),
                                     map({"v{i}"}, {"v{i}0"}),
                                     map({"s.{rest}"}, {"t.{rest}"})};
    const std::string text = exporterById("transformers").write(pairOf(rules, {}, {}).input());
    EXPECT_THAT(text, HasSubstr(R"(    r"^blocks\.(\d+)\.([^./]+)$": r"layers.\1.\2",)"));
    EXPECT_THAT(text, HasSubstr(R"(    r"^n\.0\.w$": r"n.conv.w",)"));
    EXPECT_THAT(text, HasSubstr(R"(    r"^n\.1\.w$": r"n.norm.w",)"));
    EXPECT_THAT(text, HasSubstr(R"(    r"^(attn|mlp)\.(.+)$": r"x.\1.\2",)"));
    EXPECT_THAT(text, HasSubstr(R"(    r"^pe$": r"one.pe",)"));
    EXPECT_THAT(text, HasSubstr(R"(    r"^v(\d+)$": r"v\g<1>0",)"));
    EXPECT_THAT(text, Not(HasSubstr(": r\"three.pe"))) << "a dictionary keeps the last of two entries for one expression";
    EXPECT_THAT(text, HasSubstr("# - pe -> three.pe: one tensor under several names"));
    EXPECT_THAT(text, HasSubstr("# - a.{i} -> a.{i+1}: arithmetic on numbers"));
    EXPECT_THAT(text, HasSubstr("# - pe -> one.pe, two.pe: one tensor under several names"));
    EXPECT_THAT(text, HasSubstr("# - q, k -> qk: 2 → 1, concat dim 0"));
    EXPECT_THAT(text, HasSubstr("# - head: drop: other task"));

    // With the pair, sums are written out, and what would be renamed too much is named.
    const std::string known = exporterById("transformers")
                                  .write(pairOf(rules, schemaOf({{"a.0", {2}}, {"a.1", {2}}, {"s.in", {1}}, {"s.out", {1}}}),
                                                schemaOf({{"a.1", {2}}, {"a.2", {2}}, {"t.in", {1}}}))
                                             .input());
    EXPECT_THAT(known, HasSubstr("    r\"^a\\.0$\": r\"a.1\",\n    r\"^a\\.1$\": r\"a.2\",\n"));
    EXPECT_THAT(known, HasSubstr("# - 1 key that an expression renames although the mapping does not, first 's.out'"));
}

TEST(Exporters, Transformers5Form)
{
    const std::vector<Rule> rules = {map({"m.b.{i}.norm{j}.{leaf}"}, {"v.l.{i}.ln{j}.{leaf}"}),
                                     map({"m.b.{i}.{x:q|k}"}, {"v.l.{i}.{x:key|query}"}),
                                     map({"m.{i}.q.{leaf}", "m.{i}.k.{leaf}"}, {"l.{i}.qk.{leaf}"}, "concat dim 0"),
                                     map({"{i}.qkv"}, {"{i}.q", "{i}.k", "{i}.v"}, "split dim 0 into 3"),
                                     map({"{i}.e.{e}.w"}, {"{i}.experts"}, "stack dim 0"),
                                     map({"a"}, {"b"}, "transpose 0 1"),
                                     map({"c"}, {"c"}),
                                     drop("head.{leaf}", "other task"),
                                     init("new"),
                                     map({"pe"}, {"x.pe", "y.pe"}),
                                     map({"t"}, {"u"}, "add 1"),
                                     map({"two", "three"}, {"n"}, "sum")};
    const std::string text = exporterById("transformers5").write(pairOf(rules, {}, {}).input());
    EXPECT_THAT(text, HasSubstr("from transformers.core_model_loading import Chunk, Concatenate, MergeModulelist, Transpose, "
                                "WeightConverter, WeightRenaming\n"));
    EXPECT_THAT(text, HasSubstr(R"~(    WeightRenaming(r"^m\.b\.(\d+)\.norm(?=\d+\.[^./]+$)", r"v.l.\1.ln"),)~"));
    EXPECT_THAT(text, HasSubstr(R"~(    WeightRenaming(r"^m\.b\.(\d+)\.q$", r"v.l.\1.key"),)~"));
    EXPECT_THAT(text, HasSubstr(R"~(    WeightRenaming(r"^m\.(?=\d+\.q\.[^./]+$)", r"l."),)~"));
    EXPECT_THAT(text, HasSubstr(R"~(        source_patterns=[r"\.q\.(?=[^./]+$)", r"\.k\.(?=[^./]+$)"],
        target_patterns=".qk.",
        operations=[Concatenate(dim=0)],)~"));
    EXPECT_THAT(text, HasSubstr(R"~(        source_patterns=r"\.qkv$",
        target_patterns=[".q", ".k", ".v"],
        operations=[Chunk(dim=0)],)~"));
    EXPECT_THAT(text, HasSubstr(R"~(        source_patterns=r"\.e.*.w$",
        target_patterns=".experts",
        operations=[MergeModulelist(dim=0)],)~"));
    EXPECT_THAT(text, Not(HasSubstr("\"c\""))) << "a key that keeps its name needs no entry";
    EXPECT_THAT(text, HasSubstr("    r\"^head\\.[^./]+$\",  # other task\n"));
    for (const char *unsaid : {"# - new: the model initialises", "# - pe -> x.pe, y.pe: one tensor under several names",
                               "# - t -> u: add 1", "# - two, three -> n: 2 → 1, sum"})
        EXPECT_THAT(text, HasSubstr(unsaid));

    // Renamings follow one another there: b has to become c before a becomes b. Names that change places cannot.
    const std::string chain = exporterById("transformers5").write(
        pairOf({map({"a"}, {"b"}), map({"b"}, {"c"})}, schemaOf({{"a", {1}}, {"b", {1}}}), schemaOf({{"b", {1}}, {"c", {1}}})).input());
    EXPECT_THAT(chain, HasSubstr("    WeightRenaming(r\"^b$\", r\"c\"),\n    WeightRenaming(r\"^a$\", r\"b\"),\n"));
    const std::string swapped = exporterById("transformers5").write(
        pairOf({map({"a"}, {"b"}), map({"b"}, {"a"})}, schemaOf({{"a", {1}}, {"b", {1}}}), schemaOf({{"a", {1}}, {"b", {1}}})).input());
    EXPECT_THAT(swapped,
                HasSubstr("# - 1 key would be taken for another, since renamings follow one another and converters search: 'a' as 'a'"));
}

TEST(Exporters, PythonHoldsOnlyWhatItUses)
{
    const Pair plain = pairOf({map({"a.{i}"}, {"b.{i}"})}, schemaOf({{"a.0", {2}}}), schemaOf({{"b.0", {2}}}));
    const std::string renames = exporterById("python").write(plain.input());
    for (const char *absent :
         {"def concat", "def split", "def each", "class Drop", "class Init", "solve_sum", "Step", "%%", "#if", "#endif"})
        EXPECT_THAT(renames, Not(HasSubstr(absent)));
    EXPECT_THAT(renames, HasSubstr("    Rule(\"a.{i}\", \"b.{i}\"),\n"));
    EXPECT_THAT(
        exporterById("python").write(pairOf({map({"a.{x:q|k}"}, {"b.{x:q|k}"}), map({"a.{x:o|p}"}, {"b.{x:p|o}"})}, {}, {}).input()),
        HasSubstr("    Rule(\"a.{x:q|k}\", \"b.{x}\"),\n    Rule(\"a.{x:o|p}\", \"b.{x:p|o}\"),\n"));
    EXPECT_THAT(renames, HasSubstr("--reverse"));

    const Pair more = pairOf({map({"qkv"}, {"q", "k", "v"}, "split dim 0 into 3"), drop("head", "says \"no\" \\"),
                              init("z", InitPolicy::Zeros), test::open(map({"u"}, {"w"}))},
                             schemaOf({{"qkv", {6}}, {"head", {1}}}), schemaOf({{"q", {2}}, {"k", {2}}, {"v", {2}}, {"z", {3, 4}}}));
    const std::string text = exporterById("python").write(more.input());
    EXPECT_THAT(text, HasSubstr("    Rule(\"qkv\", [\"q\", \"k\", \"v\"], [split(0, 3)]),\n"));
    EXPECT_THAT(text, HasSubstr("    Drop(\"head\", \"says \\\"no\\\" \\\\\"),\n"));
    EXPECT_THAT(text, HasSubstr("    Init(\"z\", \"zeros\"),\n"));
    EXPECT_THAT(text, HasSubstr("    \"z\": [3, 4],\n"));
    EXPECT_THAT(text, Not(HasSubstr("def only(")));
    EXPECT_THAT(text, HasSubstr("# open question, confidence 0.50: Rule('u', 'w')"));
    EXPECT_THAT(text, HasSubstr("def split("));
    EXPECT_THAT(text, Not(HasSubstr("def concat(")));
    EXPECT_THAT(text, Not(HasSubstr("--reverse"))) << "there is an open question";
    EXPECT_THAT(text, HasSubstr("There is no way back:\n- Rule 4 is an open question.\n"));
    for (const std::string &script : {renames, text}) {
        std::istringstream lines(script);
        for (std::string line; std::getline(lines, line);)
            EXPECT_LE(line.size(), 120U) << line;
    }
}

TEST(Exporters, PythonRefusesWhatItCannotSay)
{
    const Mapping braces = test::mappingOf({map({"a{{x}}"}, {"b"})});
    EXPECT_THROW(exporterById("python").write({&braces, nullptr, nullptr, nullptr}), Error);
    const Mapping lists = test::mappingOf({map({"{x:a|b}.{x:q|k}"}, {"{x}"})});
    EXPECT_THROW(exporterById("python").write({&lists, nullptr, nullptr, nullptr}), Error);
    const Pair quantised = pairOf({map({"a"}, {"b"})}, schemaOf({{"a", {32}}}), schemaOf({{"b", {32}}}, DType::Q4_0));
    EXPECT_THROW(exporterById("python").write(quantised.input()), Error);
}

} // namespace
} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/mapping/transformfields.h"
#include "tests/core/mapping/jsonschema.h"
#include "tests/core/mapping/randommapping.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>

namespace rekey {
namespace {

using test::map;

Mapping everything()
{
    Mapping mapping;
    mapping.name = "SAM \"tiny\" → HF";
    mapping.note = "two\nlines";
    mapping.sources = {{"a.pth", "0123", 12}, {"b.pth", "", 0}};
    mapping.target = {"hf", "4567", 13};
    mapping.incompleteAccepted = true;
    mapping.rules.push_back(map({"a.{i}.{leaf}"}, {"b.{i}.{leaf}"}));
    mapping.rules.push_back(map({"q.{i}", "k.{i}", "v.{i}"}, {"qkv.{i}"}, "transpose 0 1 only input 2, then concat dim 0"));
    Rule question = test::open(map({"x"}, {"y"}));
    question.evidence = {"same shape", "same position"};
    question.candidates = {{test::patterns({"x"}), test::patterns({"y"}), {}, 0.61, "order"},
                           {test::patterns({"z"}), test::patterns({"y"}), parseTransform("negate"), 0.3, ""}};
    question.note = "ask";
    mapping.rules.push_back(question);
    mapping.rules.push_back(test::drop("head.{rest}", "classifier of another task"));
    Rule normal = test::init("new.{rest}", InitPolicy::Normal);
    normal.initStd = 0.05;
    mapping.rules.push_back(normal);
    mapping.rules.push_back(test::init("zeros", InitPolicy::Zeros));
    Rule proven = map({"p"}, {"p"}, "slice dim 0 from 1");
    proven.state = RuleState::Proven;
    proven.confidence = 0.123456789012345;
    mapping.rules.push_back(proven);
    return mapping;
}

TEST(MappingFile, RoundTripIsExact)
{
    const std::string json = mappingToJson(everything());
    const Mapping read = mappingFromJson(json, "m.json");
    EXPECT_EQ(read, everything());
    EXPECT_EQ(mappingToJson(read), json);
}

TEST(MappingFile, EveryStepRoundTrips)
{
    for (const std::string text : {"concat dim 0",
                                   "split dim 1 into 3",
                                   "split dim 0 sizes 32,32,64",
                                   "slice dim 1 from 1 to 577 step 2",
                                   "slice dim 1 from 1",
                                   "pad dim 1 before 1 after 0 value 0.5",
                                   "permute 0,2,3,1",
                                   "transpose 0 1",
                                   "reshape 0×-1×64",
                                   "reshape scalar",
                                   "squeeze dim 0",
                                   "unsqueeze dim -1",
                                   "stack dim 0",
                                   "unstack dim 0",
                                   "interleave dim 0 outer 2 a 12 b 3",
                                   "repeat dim 0 times 3",
                                   "interpolate dim 1 to 14×14 keep 1 flattened",
                                   "cast BF16",
                                   "scale 0.125",
                                   "add -1",
                                   "sum",
                                   "negate",
                                   "fuse_weight_norm dim 0",
                                   "split_weight_norm dim 0",
                                   "fold_batch_norm eps 0.001 bias",
                                   "negate only input 1"}) {
        const Mapping mapping = test::mappingOf({map({"a", "b"}, {"c"}, text)});
        EXPECT_EQ(mappingFromJson(mappingToJson(mapping), ""), mapping) << text;
    }
}

TEST(MappingFile, RandomMappingsRoundTripExactlyAndFollowTheSchema)
{
    const test::JsonSchema schema(nlohmann::json::parse(test::fileText(REKEY_RESOURCES "/mapping.schema.json")));
    std::set<std::size_t> steps;
    for (unsigned seed = 0; seed < 1000; ++seed) {
        const Mapping mapping = test::RandomMapping(seed).mapping();
        const std::string json = mappingToJson(mapping);
        const Mapping read = mappingFromJson(json, "m.json");
        ASSERT_EQ(read, mapping) << "seed " << seed << "\n" << json;
        ASSERT_EQ(mappingToJson(read), json) << "seed " << seed;
        ASSERT_EQ(schema.fault(nlohmann::json::parse(json)), "") << "seed " << seed;
        for (const Rule &rule : mapping.rules) {
            for (const Step &step : rule.transform)
                steps.insert(step.op.index());
        }
    }
    EXPECT_EQ(steps.size(), std::variant_size_v<BasicStep>);
}

/// Documents as people have them: opened and saved they are the same to the byte.
TEST(MappingFile, DocumentsStayAsTheyAre)
{
    const test::JsonSchema schema(nlohmann::json::parse(test::fileText(REKEY_RESOURCES "/mapping.schema.json")));
    int documents = 0;
    for (const auto &entry : std::filesystem::directory_iterator(REKEY_TEST_DATA "/mapping/documents")) {
        const std::string text = test::fileText(entry.path().string());
        EXPECT_EQ(mappingToJson(loadMapping(entry.path())), text) << entry.path();
        EXPECT_EQ(schema.fault(nlohmann::json::parse(text)), "") << entry.path();
        ++documents;
    }
    EXPECT_GE(documents, 4);
}

TEST(MappingFile, SchemaKnowsEveryStepAndRefusesMistakes)
{
    const auto json = nlohmann::json::parse(test::fileText(REKEY_RESOURCES "/mapping.schema.json"));
    std::map<std::string, std::pair<std::set<std::string>, std::set<std::string>>> described, real; // fields, required fields by step
    for (const auto &branch : json.at("$defs").at("step").at("oneOf")) {
        auto &[fields, required] = described[branch.at("properties").at("op").at("const")];
        for (const auto &[name, each] : branch.at("properties").items())
            fields.insert(name);
        required = branch.at("required").get<std::set<std::string>>();
    }
    for (const std::string_view name : stepNames) {
        auto &[fields, required] = real[std::string(name)];
        fields = {"op", "only"};
        required = {"op"};
        std::visit([&, &all = fields, &needed = required](const auto &op) {
            visitFields(op, [&](const StepField &field, const auto &) {
                all.emplace(field.name);
                if (field.required)
                    needed.emplace(field.name);
            });
        }, *stepByName(name));
    }
    EXPECT_EQ(described, real);

    const test::JsonSchema schema(json);
    const auto faultOf = [&](const std::string &rules) {
        return schema.fault(nlohmann::json::parse("{\"format\": \"rekey-mapping\", \"version\": 1, \"rules\": [" + rules + "]}"));
    };
    EXPECT_EQ(faultOf("{\"sources\": [\"a\"], \"targets\": [\"b\"]}"), "");
    for (const char *wrong : {"{\"sources\": \"a\"}", "{\"source\": [\"a\"]}", "{\"state\": \"sure\"}", "{\"confidence\": 2}",
                              "{\"transform\": [{\"op\": \"concat\"}]}", "{\"transform\": [{\"op\": \"negate\", \"dim\": 0}]}",
                              "{\"transform\": [{\"op\": \"concat\", \"dim\": 0.5}]}"})
        EXPECT_NE(faultOf(wrong), "") << wrong;
}

TEST(MappingFile, RefusesWithPlaceAndReason)
{
    const auto document = [](const std::string &rules) {
        return "{\n \"format\": \"rekey-mapping\",\n \"version\": 1,\n \"rules\": [\n" + rules + "\n ]\n}\n";
    };
    const struct { std::string text, message;
    } cases[] = {
        {"", "m.json: line 1, column 1: is no valid JSON"},
        {"{\"format\": \"rekey-mapping\",\n \"version\": 1,\n \"rules\": [,]}", "m.json: line 3, column 12: is no valid JSON"},
        {"[]", "m.json: is no mapping: expected \"format\": \"rekey-mapping\""},
        {"{\"format\": \"other\"}", "m.json: is no mapping"},
        {"{\"format\": \"rekey-mapping\"}", "version"},
        {"{\"format\": \"rekey-mapping\",\n\"version\": 2}",
         "m.json: version, line 2, column 12: the mapping has format version 2, this Rekey reads version 1"},
        {"{\"format\": \"rekey-mapping\", \"version\": 1}", "'rules' is missing"},
        {document("{\"sources\": [\"a\"], \"target\": [\"b\"]}"),
         "m.json: rules[0].target, line 5, column 30: unknown field 'target'; known here: kind, sources"},
        {document("{\"sources\": [\"a\"]}"), "m.json: rules[0], line 5, column 1: the rule has no 'targets'"},
        {document("{\"targets\": [\"a\"]}"), "the rule has no 'sources'"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"]},\n{\"sources\": [\"a.{i\"],\n\"targets\": [\"b\"]}"),
         "m.json: rules[1].sources[0], line 6, column 14: 'a.{i' is no pattern: at character 3: expected '}'"},
        {document("{\"sources\": \"a\", \"targets\": [\"b\"]}"),
         "rules[0].sources, line 5, column 13: expected a list in [ ], found \"a\""},
        {document("{\"sources\": [1], \"targets\": [\"b\"]}"), "rules[0].sources[0], line 5, column 14: expected text in quotes, found 1"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],\n \"transform\": [{\"op\": \"concta\", \"dim\": 0}]}"),
         "rules[0].transform[0].op, line 6, column 23: expected one of concat, split"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],\n \"transform\": [\n{\"op\": \"concat\"}]}"),
         "rules[0].transform[0], line 7, column 1: 'dim' is missing"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 0.5}]}"),
         "rules[0].transform[0].dim, line 5, column 76: expected a whole number, found 0.5"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 99999999999}]}"),
         "expected a whole number, found 99999999999"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 0, \"axis\": 1}]}"),
         "unknown field 'axis'; known here: op, dim, only"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"state\": \"sure\"}"),
         "rules[0].state, line 5, column 47: expected one of proven, suggested, accepted, to-review, found \"sure\""},
        {document("{\"kind\": \"drop\", \"sources\": [\"a\"], \"targets\": [\"b\"]}"), "a 'drop' rule has 'sources' only"},
        {document("{\"sources\": [\"é→\"], \"targets\": [\"b\"], \"state\": 1}"),
         "rules[0].state, line 5, column 48: expected text in quotes, found 1"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"confidence\": 1.5}"),
         "rules[0].confidence, line 5, column 52: expected a number from 0 to 1, found 1.5"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"confidence\": 1e999}"), "m.json: cannot be read: number overflow"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],\n \"targets\": [\"c\"]}"),
         "m.json: line 6, column 2: the field 'targets' stands here for the second time; one of them has to go"},
        {document("{\"kind\": \"init\", \"targets\": [\"b\"], \"init\": \"normal\", \"init_std\": -1}"),
         "init_std, line 5, column 66: expected a number from 0, found -1"},
        {document("{\"kind\": \"init\", \"targets\": [\"b\"], \"init\": \"random\"}"),
         "rules[0].init, line 5, column 44: expected one of keep, zeros, ones, normal"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"negate\", \"only\": -1}]}"),
         "rules[0].transform[0].only, line 5, column 77: expected a number from 0, the place of the one input meant, found -1"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"interpolate\", \"dim\": 0, \"sizes\": [3], "
                  "\"mode\": \"cubic\"}]}"),
         "mode, line 5, column 106: expected one of linear, bilinear, bicubic, found 'cubic'"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"cast\", \"dtype\": \"F31\"}]}"),
         "rules[0].transform[0].dtype, line 5, column 76: expected an element type such as F32, found \"F31\""},
        {document("{\"sources\": [\"{x:q|}.{x:a|b|c}\"], \"targets\": [\"b\"]}"), "rules[0].sources[0], line 5, column 14: "},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"candidates\": [{\"sources\": [\"a\"], \"targets\": [\"b\"]}]}"),
         "rules[0].candidates[0], line 5, column 53: 'confidence' is missing"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],}"), "m.json: line 5, column 37: is no valid JSON"},
        {document("// a remark\n{\"sources\": [\"a\"], \"targets\": [\"b\"]}"), "m.json: line 5, column 1: is no valid JSON"},
        {document("{\"sources\": [\"a\\q\"], \"targets\": [\"b\"]}"), "m.json: line 5, column 17: is no valid JSON"},
        {document("{\"sources\": [\"a\xff\"], \"targets\": [\"b\"]}"), "is no valid JSON"},
        {"{\"format\": \"rekey-mapping\", \"version\": 1, \"rules\": [{\"sources\": [\"a", "m.json: line 1, column 68: is no valid JSON"},
        {document(std::string(200000, '[') + std::string(200000, ']')), "nested"},
    };
    for (const auto &c : cases) {
        try {
            mappingFromJson(c.text, "m.json");
            ADD_FAILURE() << c.text << " was accepted";
        } catch (const Error &error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(c.message));
        }
    }
}

TEST(MappingFile, SavesBesideAndRenames)
{
    const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "rekey-mapping-file";
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    const std::filesystem::path path = folder / "m.rekey.json";
    saveMapping(everything(), path);
    const std::string first = test::fileText(path.string());
    EXPECT_EQ(loadMapping(path), everything());
    saveMapping(loadMapping(path), path);
    EXPECT_EQ(test::fileText(path.string()), first);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1) << "something is left beside the file";

    EXPECT_THROW(saveMapping(everything(), folder / "missing" / "m.json"), Error);
    EXPECT_THROW(saveMapping(everything(), folder), Error);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
    EXPECT_THROW(loadMapping(folder), Error);
    EXPECT_THROW(loadMapping(folder / "absent.json"), Error);
    std::filesystem::remove_all(folder);
}

TEST(MappingFile, KeyThatIsNoTextIsRefused)
{
    EXPECT_THROW(mappingToJson(test::mappingOf({map({"a\xff"}, {"b"})})), Error);
}

TEST(MappingFile, FingerprintFollowsContentNotOrder)
{
    const Schema a = test::schemaOf({{"x", {1, 2}}, {"y", {3}}});
    const Schema b = test::schemaOf({{"y", {3}}, {"x", {1, 2}}});
    EXPECT_EQ(schemaFingerprint(a), schemaFingerprint(b));
    EXPECT_EQ(schemaFingerprint(a).size(), 64U);
    EXPECT_NE(schemaFingerprint(a), schemaFingerprint(test::schemaOf({{"x", {2, 1}}, {"y", {3}}})));
    EXPECT_NE(schemaFingerprint(a), schemaFingerprint(test::schemaOf({{"x", {1, 2}}, {"y", {3}}}, DType::F16)));
    // printf 'x F32 [1,2]\ny F32 [3]\n' | sha256sum
    EXPECT_EQ(schemaFingerprint(a), "4c459f7deab951980b3ae4d3b0a962d31a6009712583d46f871bb6c38f4d121e");
}

} // namespace
} // namespace rekey

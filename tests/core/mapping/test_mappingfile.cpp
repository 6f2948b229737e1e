// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

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
    for (const std::string text :
         {"concat dim 0", "split dim 1 into 3", "split dim 0 sizes 32,32,64", "slice dim 1 from 1 to 577 step 2", "slice dim 1 from 1",
          "pad dim 1 before 1 after 0 value 0.5", "permute 0,2,3,1", "transpose 0 1", "reshape 0×-1×64", "reshape scalar", "squeeze dim 0",
          "unsqueeze dim -1", "stack dim 0", "unstack dim 0", "interleave dim 0 outer 2 a 12 b 3", "repeat dim 0 times 3",
          "interpolate dim 1 to 14×14 keep 1 flattened", "cast BF16", "scale 0.125", "add -1", "sum", "negate", "fuse_weight_norm dim 0",
          "split_weight_norm dim 0", "fold_batch_norm eps 0.001 bias", "negate only input 1"}) {
        const Mapping mapping = test::mappingOf({map({"a", "b"}, {"c"}, text)});
        EXPECT_EQ(mappingFromJson(mappingToJson(mapping), ""), mapping) << text;
    }
}

TEST(MappingFile, HasTheDocumentedFields)
{
    const auto json = nlohmann::ordered_json::parse(mappingToJson(everything()));
    const auto schema = nlohmann::json::parse(test::fileText(REKEY_RESOURCES "/mapping.schema.json"));
    // Every field written is described, and every field required is written: the part of JSON Schema that matters here.
    const std::function<void(const nlohmann::ordered_json &, nlohmann::json, const std::string &)> check =
        [&](const nlohmann::ordered_json &value, nlohmann::json rules, const std::string &place) {
            if (rules.contains("$ref"))
                rules = schema.at(nlohmann::json::json_pointer(rules.at("$ref").get<std::string>().substr(1)));
            if (rules.contains("const")) {
                EXPECT_EQ(value, rules.at("const")) << place;
            }
            if (rules.contains("enum")) {
                EXPECT_THAT(rules.at("enum"), testing::Contains(value)) << place;
            }
            if (value.is_object()) {
                for (const auto &name : rules.value("required", nlohmann::json::array()))
                    EXPECT_TRUE(value.contains(name)) << place << " lacks " << name;
                for (const auto &[name, member] : value.items()) {
                    ASSERT_TRUE(rules.at("properties").contains(name)) << place << "." << name << " is not described";
                    check(member, rules.at("properties").at(name), place + "." + name);
                }
            }
            for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
                check(value[i], rules.at("items"), place + "[" + std::to_string(i) + "]");
        };
    check(json, schema, "mapping");
    const auto &ops = schema.at("$defs").at("step").at("properties").at("op").at("enum");
    EXPECT_EQ(ops.size(), std::variant_size_v<BasicStep>);
}

TEST(MappingFile, RefusesWithPlaceAndReason)
{
    const auto document = [](const std::string &rules) {
        return "{\n \"format\": \"rekey-mapping\",\n \"version\": 1,\n \"rules\": [\n" + rules + "\n ]\n}\n";
    };
    const struct { std::string text, message; } cases[] = {
        {"", "m.json: line 1: is no valid JSON"},
        {"{\"format\": \"rekey-mapping\",\n \"version\": 1,\n \"rules\": [,]}", "m.json: line 3: is no valid JSON"},
        {"[]", "m.json: is no mapping: expected \"format\": \"rekey-mapping\""},
        {"{\"format\": \"other\"}", "m.json: is no mapping"},
        {"{\"format\": \"rekey-mapping\"}", "version"},
        {"{\"format\": \"rekey-mapping\",\n\"version\": 2}", "m.json: version, line 2: the mapping has format version 2, this Rekey reads version 1"},
        {"{\"format\": \"rekey-mapping\", \"version\": 1}", "'rules' is missing"},
        {document("{\"sources\": [\"a\"], \"target\": [\"b\"]}"), "m.json: rules[0].target, line 5: unknown field 'target'; known here: kind, sources"},
        {document("{\"sources\": [\"a\"]}"), "m.json: rules[0], line 5: the rule has no 'targets'"},
        {document("{\"targets\": [\"a\"]}"), "the rule has no 'sources'"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"]},\n{\"sources\": [\"a.{i\"],\n\"targets\": [\"b\"]}"),
         "m.json: rules[1].sources[0], line 6: 'a.{i' is no pattern: at character 3: expected '}'"},
        {document("{\"sources\": \"a\", \"targets\": [\"b\"]}"), "rules[0].sources, line 5: expected a list in [ ], found \"a\""},
        {document("{\"sources\": [1], \"targets\": [\"b\"]}"), "rules[0].sources[0], line 5: expected text in quotes, found 1"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],\n \"transform\": [{\"op\": \"concta\", \"dim\": 0}]}"),
         "rules[0].transform[0].op, line 6: expected one of concat, split"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"],\n \"transform\": [\n{\"op\": \"concat\"}]}"),
         "rules[0].transform[0], line 7: 'dim' is missing"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 0.5}]}"),
         "rules[0].transform[0].dim, line 5: expected a whole number, found 0.5"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 99999999999}]}"),
         "expected a whole number, found 99999999999"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"transform\": [{\"op\": \"concat\", \"dim\": 0, \"axis\": 1}]}"),
         "unknown field 'axis'; known here: op, dim, only"},
        {document("{\"sources\": [\"a\"], \"targets\": [\"b\"], \"state\": \"sure\"}"),
         "rules[0].state, line 5: expected one of proven, suggested, accepted, to-review, found \"sure\""},
        {document("{\"kind\": \"drop\", \"sources\": [\"a\"], \"targets\": [\"b\"]}"), "a 'drop' rule has 'sources' only"},
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

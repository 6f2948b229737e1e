// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"
#include "tests/core/mapping/values.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

using nlohmann::json;
using test::map;
using test::schemaOf;

struct Case
{
    Rule rule;
    Schema source, target;
    std::string pairs; ///< expected, without confidence
};

TEST(Pairs, OpsOfTheBenchmark)
{
    const Case cases[] = {
        {map({"a"}, {"b"}), schemaOf({{"a", {2}}}), schemaOf({{"b", {2}}}), R"([{"target":"b","sources":["a"],"op":"copy","args":{}}])"},
        {map({"a"}, {"b"}, "transpose 0 -1"), schemaOf({{"a", {2, 3}}}), schemaOf({{"b", {3, 2}}}),
         R"([{"target":"b","sources":["a"],"op":"transpose","args":{"dims":[1,0]}}])"},
        {map({"a"}, {"b"}, "permute 3,2,0,1"), schemaOf({{"a", {2, 3, 4, 5}}}), schemaOf({{"b", {5, 4, 2, 3}}}),
         R"([{"target":"b","sources":["a"],"op":"permute","args":{"dims":[3,2,0,1]}}])"},
        {map({"a"}, {"b"}, "squeeze dim 0"), schemaOf({{"a", {1, 3}}}), schemaOf({{"b", {3}}}),
         R"([{"target":"b","sources":["a"],"op":"reshape","args":{"shape":[3]}}])"},
        {map({"qkv"}, {"q", "k", "v"}, "split dim 0 sizes 4,1,1"), schemaOf({{"qkv", {6}}}), schemaOf({{"q", {4}}, {"k", {1}}, {"v", {1}}}),
         R"([{"target":"q","sources":["qkv"],"op":"split","args":{"dim":0,"start":0,"size":4}},
             {"target":"k","sources":["qkv"],"op":"split","args":{"dim":0,"start":4,"size":1}},
             {"target":"v","sources":["qkv"],"op":"split","args":{"dim":0,"start":5,"size":1}}])"},
        {map({"a"}, {"b"}, "slice dim 1 from 1"), schemaOf({{"a", {1, 5}}}), schemaOf({{"b", {1, 4}}}),
         R"([{"target":"b","sources":["a"],"op":"split","args":{"dim":1,"start":1,"size":4}}])"},
        {map({"q", "k"}, {"qk"}, "concat dim -1"), schemaOf({{"q", {2, 2}}, {"k", {2, 3}}}), schemaOf({{"qk", {2, 5}}}),
         R"([{"target":"qk","sources":["q","k"],"op":"concat","args":{"dim":1}}])"},
        {map({"a", "b"}, {"c"}, "sum"), schemaOf({{"a", {2}}, {"b", {2}}}), schemaOf({{"c", {2}}}),
         R"([{"target":"c","sources":["a","b"],"op":"add","args":{}}])"},
        {map({"q", "k"}, {"qk"},
             "reshape 2×2×3 only input 0, then permute 1,0,2 only input 0, then reshape 4×3 only input 0, then concat dim 0"),
         schemaOf({{"q", {4, 3}}, {"k", {2, 3}}}), schemaOf({{"qk", {6, 3}}}),
         R"([{"target":"qk","sources":["q","k"],"op":"chain","args":{"pre":[[{"op":"reshape","shape":[2,2,3]},{"op":"permute","dims":[1,0,2]},
             {"op":"reshape","shape":[4,3]}],[]],"steps":[{"op":"concat","dim":0}]}}])"},
        {map({"a"}, {"b"}, "reshape 2×3, then transpose 0 1"), schemaOf({{"a", {1, 1, 2, 3}}}), schemaOf({{"b", {3, 2}}}),
         R"([{"target":"b","sources":["a"],"op":"chain","args":{"steps":[{"op":"reshape","shape":[2,3]},{"op":"transpose","dims":[1,0]}]}}])"},
        {map({"a"}, {"b"}, "interleave dim 0 outer 2 a 2 b 3"), schemaOf({{"a", {12, 5}}}), schemaOf({{"b", {12, 5}}}),
         R"([{"target":"b","sources":["a"],"op":"chain","args":{"steps":[{"op":"reshape","shape":[2,2,3,1,5]},{"op":"permute","dims":[0,2,1,3,4]},
             {"op":"reshape","shape":[12,5]}]}}])"},
        {map({"a"}, {"b"}, "pad dim 0 before 1 after 0"), schemaOf({{"a", {2}}}), schemaOf({{"b", {3}}}),
         R"([{"target":"b","sources":["a"],"op":"pad","args":{"dim":0,"before":1,"after":0,"value":0.0}}])"},
        {map({"{e}"}, {"all"}, "stack dim 0"), schemaOf({{"0", {2}}, {"1", {2}}}), schemaOf({{"all", {2, 2}}}),
         R"([{"target":"all","sources":["0","1"],"op":"chain","args":{"pre":[[{"op":"reshape","shape":[1,2]}],[{"op":"reshape","shape":[1,2]}]],
             "steps":[{"op":"concat","dim":0}]}}])"},
    };
    for (const Case &c : cases) {
        const Mapping mapping = test::mappingOf({c.rule});
        json written = json::parse(resolutionToPairsJson(mapping, resolve(mapping, c.source, c.target), c.source, c.target));
        for (json &pair : written["pairs"]) {
            EXPECT_EQ(pair["confidence"], 1.0);
            pair.erase("confidence");
        }
        EXPECT_EQ(written["pairs"], json::parse(c.pairs)) << transformText(c.rule.transform);
    }
}

TEST(Pairs, OpenAndUnusedKeysAreListed)
{
    const Schema source = schemaOf({{"a", {2}}, {"x", {2}}, {"d", {2}}}), target = schemaOf({{"b", {2}}, {"c", {2}}, {"m", {3}}});
    Rule question = test::open(map({"a"}, {"b"}));
    const Mapping mapping = test::mappingOf({question, test::drop("d"), map({"x"}, {"m"})});
    const json written = json::parse(resolutionToPairsJson(mapping, resolve(mapping, source, target), source, target));
    ASSERT_EQ(written["pairs"].size(), 1U);
    EXPECT_EQ(written["pairs"][0]["confidence"], 0.5);
    EXPECT_EQ(written["target_unfilled"], (json{"c", "m"}));
    EXPECT_EQ(written["source_unused"], (json{"d"}));
}

} // namespace
} // namespace rekey

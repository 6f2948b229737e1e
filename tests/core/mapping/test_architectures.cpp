// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/architectures.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/mapping/resolution.h"
#include "tests/core/mapping/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace rekey {
namespace {

using nlohmann::json;

const Architecture &sam()
{
    const auto found = std::ranges::find(architectures(), "sam", &Architecture::id);
    EXPECT_NE(found, architectures().end());
    return *found;
}

Schema resourceSchema(const std::string &name)
{
    return test::schemaFile(std::string(REKEY_RESOURCES "/schemas/") + name + ".json");
}

/// The truth files were made by running transformers' own conversion on the key lists.
TEST(Architectures, SamRulesAgreeWithTheTruth)
{
    const struct { std::string source, target, from, to;
    } cases[] = {
        {"sam_vit_b", "hf_sam_base", "original", "hf"},  {"sam_vit_l", "hf_sam_large", "original", "hf"},
        {"sam_vit_h", "hf_sam_huge", "original", "hf"},  {"hf_sam_base", "sam_vit_b", "hf", "original"},
        {"hf_sam_large", "sam_vit_l", "hf", "original"}, {"hf_sam_huge", "sam_vit_h", "hf", "original"},
    };
    for (const auto &c : cases) {
        SCOPED_TRACE(c.source + " to " + c.target);
        const Schema source = resourceSchema(c.source), target = resourceSchema(c.target);
        const Mapping mapping = namingMapping(sam(), c.from, c.to);
        const Resolution resolution = resolve(mapping, source, target);
        EXPECT_TRUE(resolution.complete());
        EXPECT_EQ(resolution.count(SourceStatus::Unused), 0U);
        for (const Problem &problem : resolution.problems)
            EXPECT_EQ(problem.severity, Severity::Info) << problem.text;
        std::set<std::pair<std::string, std::string>> written, expected;
        const json pairs = json::parse(resolutionToPairsJson(mapping, resolution, source, target));
        for (const json &pair : pairs["pairs"])
            written.emplace(pair["target"], pair["sources"].dump() + pair["op"].dump());
        const json truth
            = json::parse(test::fileText(std::string(REKEY_TEST_DATA "/mapping/truth/") + c.source + "_to_" + c.target + ".json"));
        for (const json &pair : truth["pairs"])
            expected.emplace(pair["target"], pair["sources"].dump() + pair["op"].dump());
        EXPECT_EQ(written, expected);
        EXPECT_EQ(pairs["source_unused"], truth["source_unused"]);

        const Schema produced = outputSchema(mapping, source);
        std::set<std::string> producedKeys, targetKeys;
        for (const SchemaTensor &tensor : produced.tensors)
            producedKeys.insert(tensor.key);
        for (const SchemaTensor &tensor : target.tensors)
            targetKeys.insert(tensor.key);
        EXPECT_EQ(producedKeys, targetKeys);
    }
}

TEST(Architectures, HfFilesWithoutTheTiedMatrix)
{
    Schema source = resourceSchema("hf_sam_base");
    std::erase_if(source.tensors, [](const SchemaTensor &t) { return t.key == "prompt_encoder.shared_embedding.positional_embedding"; });
    const Schema target = resourceSchema("sam_vit_b");
    const Resolution back = resolve(namingMapping(sam(), "hf", "original"), source, target);
    EXPECT_TRUE(back.complete());
    const Resolution there = resolve(namingMapping(sam(), "original", "hf"), target, source);
    EXPECT_TRUE(there.complete());
    EXPECT_EQ(there.count(SourceStatus::Unused), 0U);
    EXPECT_EQ(recognise(source)->naming->id, "hf");
}

TEST(Architectures, RulesInvertIntoEachOther)
{
    const Schema source = resourceSchema("sam_vit_b"), target = resourceSchema("hf_sam_base");
    const Mapping there = namingMapping(sam(), "original", "hf");
    const Inversion back = invert(there, resolve(there, source, target), source, target);
    EXPECT_TRUE(back.notInvertible.empty());
    const Resolution inverted = resolve(back.mapping, target, source);
    const Resolution known = resolve(namingMapping(sam(), "hf", "original"), target, source);
    EXPECT_TRUE(inverted.complete());
    for (std::size_t i = 0; i < inverted.targets.size(); ++i)
        EXPECT_EQ(inverted.assignments[inverted.targets[i].assignment].sources, known.assignments[known.targets[i].assignment].sources);
}

TEST(Architectures, ExamplesAreRecognised)
{
    ASSERT_EQ(sam().examples.size(), 6U);
    for (const Architecture::Example &example : sam().examples) {
        ASSERT_FALSE(resource(example.schema).empty()) << example.schema;
        const std::optional<Recognised> found = recognise(test::schemaFile(std::string(REKEY_RESOURCES "/") + example.schema));
        ASSERT_TRUE(found) << example.name;
        EXPECT_EQ(found->architecture->id, "sam");
        EXPECT_EQ(found->naming->id, example.naming);
        EXPECT_EQ(found->prefix, "");
    }
}

TEST(Architectures, SeesThroughWrappers)
{
    for (const std::string prefix : {"module.", "model.module.", "_orig_mod."}) {
        Schema schema = resourceSchema("sam_vit_b");
        for (SchemaTensor &tensor : schema.tensors)
            tensor.key = prefix + tensor.key;
        const auto found = recognise(schema);
        ASSERT_TRUE(found) << prefix;
        EXPECT_EQ(found->prefix, prefix);
        EXPECT_EQ(found->naming->id, "original");
    }
    EXPECT_FALSE(recognise(test::schemaOf({{"a", {1}}})));
    EXPECT_FALSE(recognise({}));
}

TEST(Architectures, Behaviour)
{
    EXPECT_EQ(sam().namings.front().id, "original");
    EXPECT_EQ(sam().namings[0].behaviour.at("decoder_norm_eps"), 1e-5);
    EXPECT_EQ(sam().namings[1].behaviour.at("decoder_norm_eps"), 1e-6);
    EXPECT_THROW(namingMapping(sam(), "original", "timm"), Error);
    EXPECT_EQ(namingMapping(sam(), "hf", "hf").rules.size(), 1U);
}

} // namespace
} // namespace rekey

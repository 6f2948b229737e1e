// SPDX-License-Identifier: GPL-3.0-or-later
// Checkpoints that hold a running copy of the weights beside them: one of the two is matched, and as fully as if it were alone.
#include "core/suggest/twincopies.h"
#include "scorefolder.h"

#include "core/checkpoint/checkpoint.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rekey {
namespace {

struct Copied
{
    const char *name, *original, *copy;
    bool copyFirst = false, dotless = false;
};

Schema withCopy(const Schema &plain, const Copied &way)
{
    Schema both;
    const auto add = [&](bool copy) {
        for (const auto &tensor : plain.tensors) {
            std::string key = tensor.key;
            if (copy && way.dotless)
                std::erase(key, '.');
            both.tensors.push_back(
                {(copy ? way.copy : way.original) + key, tensor.shape, tensor.dtype, static_cast<std::uint32_t>(both.tensors.size())});
        }
    };
    add(way.copyFirst);
    add(!way.copyFirst);
    return both;
}

/// Target key -> source key without its prefix.
std::map<std::string, std::string> filled(const Schema &source, const Schema &target, const std::string &prefix, std::size_t &outside,
                                          double &surest)
{
    const Mapping mapping = suggest(source, target);
    const Resolution resolution = resolve(mapping, source, target);
    std::map<std::string, std::string> result;
    for (const auto &assignment : resolution.assignments)
        for (const auto t : assignment.targets) {
            std::string keys;
            for (const auto s : assignment.sources) {
                const std::string &key = source.tensors[s].key;
                outside += !key.starts_with(prefix);
                keys += key.substr(std::min(prefix.size(), key.size())) + ' ';
            }
            result[target.tensors[t].key] = keys;
            surest = std::max(surest, mapping.rules[assignment.rule].confidence);
        }
    return result;
}

const Copied marked[] = {
    {"ema last", "model.", "ema."},
    {"ema first", "model.", "ema.", true},
    {"a wrapper of its own", "model.", "ema_model.module.", true},
    {"beside bare keys", "", "model_ema."},
    {"names without dots", "model.", "model_ema.", false, true},
    {"deeper", "net.", "state.averaged_model.module.", true},
};

class CopiesOf : public testing::TestWithParam<const char *>
{
protected:
    CopiesOf()
        : source(openCheckpoint(suggestData() / GetParam() / "source.json"))
        , target(openCheckpoint(suggestData() / GetParam() / "target.json"))
    {
    }
    std::shared_ptr<const Checkpoint> source, target;
};

TEST_P(CopiesOf, theOriginalIsMatchedAsIfItWereAlone)
{
    std::size_t outside = 0;
    double surest = 0;
    const auto alone = filled(source->schema(), target->schema(), "", outside, surest);
    for (const auto &way : marked) {
        SCOPED_TRACE(way.name);
        const Schema both = withCopy(source->schema(), way);
        const auto twins = twinCopies(both);
        for (std::size_t t = 0; t < twins.size(); ++t)
            ASSERT_EQ(twins[t], both.tensors[t].key.starts_with(way.copy)) << both.tensors[t].key;
        EXPECT_EQ(filled(both, target->schema(), way.original, outside, surest), alone);
        EXPECT_EQ(outside, 0U) << "taken from the copy";
    }
}

TEST_P(CopiesOf, ofTwoThatNoNameTellsApartOneIsTakenWholly)
{
    std::size_t outside = 0;
    double surest = 0;
    const auto alone = filled(source->schema(), target->schema(), "", outside, surest);
    EXPECT_GE(surest, 0.9);
    surest = 0;
    EXPECT_EQ(filled(withCopy(source->schema(), {"", "first.", "second."}), target->schema(), "first.", outside, surest), alone);
    EXPECT_EQ(outside, 0U);
    EXPECT_LT(surest, 0.9) << "it could be the other one";
}

INSTANTIATE_TEST_SUITE_P(Unlike, CopiesOf,
                         testing::Values("bench/gpt2_hf__nanogpt", "bench/resnet50_tv__hf", "bench/sd_vae_ldm__diffusers",
                                         "bench/segformer_b0_nv__hf"));

TEST(TwinCopies, blocksAreNoCopies)
{
    Schema blocks;
    for (const char *block : {"model.layers.0.", "model.layers.1."})
        for (int i = 0; i < 20; ++i)
            blocks.tensors.push_back(
                {block + ("part" + std::to_string(i)) + ".weight", {4, 4}, DType::F32, static_cast<std::uint32_t>(blocks.tensors.size())});
    const auto repeated = equalParts(blocks);
    EXPECT_EQ(std::count(repeated.begin(), repeated.end(), true), 0);
}

TEST(TwinCopies, halfOfAModelIsNoCopy)
{
    const auto source = openCheckpoint(suggestData() / "bench/segformer_b0_nv__hf/source.json");
    Schema both = withCopy(source->schema(), {"", "model.", "ema."});
    for (std::size_t t = both.tensors.size() / 2; t < both.tensors.size(); t += 2)
        both.tensors[t].shape.push_back(3);
    const auto twins = twinCopies(both);
    EXPECT_EQ(std::count(twins.begin(), twins.end(), true), 0);
}

} // namespace
} // namespace rekey

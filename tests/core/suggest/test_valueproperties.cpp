// SPDX-License-Identifier: GPL-3.0-or-later
// Real architectures with small random weights, converted as their truth says, and then made hard: siblings swapped, blocks
// of fused rows shuffled, heads interleaved, names replaced. What counts is what the suggested rules give: the target's values.
#include "core/checkpoint/writers.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"
#include "tests/core/suggest/smallarray.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <set>

namespace rekey {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using testdata::Array;
using Arrays = std::vector<std::pair<std::string, Array>>;

/// Sizes to an eighth, so that a model of a billion weights takes a few megabytes.
std::int64_t small(std::int64_t size)
{
    return size > 20'000 ? size % 97 + 200 : size >= 32 && size % 8 == 0 ? size / 8 : size;
}

Shape small(const Json &shape)
{
    Shape result;
    for (const auto &size : shape)
        result.push_back(small(size.get<std::int64_t>()));
    return result;
}

/// A step of a truth file.
Array carriedOut(const Array &a, const Json &step)
{
    const std::string op = step["op"];
    const Json &args = step.contains("args") ? step["args"] : step;
    if (op == "transpose" || op == "permute")
        return testdata::permuted(a, args["dims"].get<std::vector<int>>());
    if (op == "reshape") {
        Shape shape = small(args["shape"]); // numbers of heads stay
        if (elementCount(shape) != a.data.size())
            shape[0] = shape[0] * static_cast<std::int64_t>(a.data.size()) / static_cast<std::int64_t>(elementCount(shape));
        return testdata::reshaped(a, shape);
    }
    if (op == "split") {
        const std::int64_t size = args["size"], start = args["start"];
        return testdata::sliced(a, args["dim"], start / size * small(size), (start / size + 1) * small(size));
    }
    if (op != "copy")
        throw std::logic_error(op);
    return a;
}

Array carriedOut(std::vector<Array> sources, const Json &pair)
{
    const std::string op = pair["op"];
    if (op == "concat")
        return testdata::concatenated(sources, pair["args"]["dim"]);
    if (op != "chain")
        return carriedOut(sources.front(), pair);
    const Json &args = pair["args"];
    for (std::size_t i = 0; args.contains("pre") && i < sources.size(); ++i)
        for (const auto &step : args["pre"][i])
            sources[i] = carriedOut(sources[i], step);
    Array result = sources.front();
    for (const auto &step : args["steps"])
        result = step["op"] == "concat" ? testdata::concatenated(sources, step.value("dim", 0)) : carriedOut(result, step);
    return result;
}

struct Model
{
    Arrays source, target;       ///< in file order
    std::set<std::string> parts; ///< targets that are parts of a source
};

/// Blocks whose number is beyond the first few of the largest models are left out.
bool leftOut(const std::string &key, int layers)
{
    for (std::size_t at = key.find("layers."); at != std::string::npos; at = key.find("layers.", at + 1))
        if (std::atoi(key.c_str() + at + 7) >= layers)
            return true;
    return false;
}

Model materialise(const fs::path &pair, std::mt19937 &random)
{
    const int layers = pair.filename().string().starts_with("llama") ? 2 : 1000;
    std::normal_distribution<float> normal(0, 0.1F);
    const auto noise = [&](const Shape &shape) {
        Array array{shape, std::vector<float>(elementCount(shape))};
        for (float &value : array.data)
            value = array.data.size() < 3 ? 77.0F : normal(random); // counters of batches are the same everywhere
        return array;
    };
    const auto read = [&](const char *name) { return Json::parse(std::ifstream(pair / name)); };
    const Json source = read("source.json"), target = read("target.json"), truths = read("truth.json");
    Model model;
    std::map<std::string, Array> sources;
    for (const auto &tensor : source["tensors"])
        if (const std::string key = tensor["key"]; !leftOut(key, layers))
            model.source.emplace_back(key, sources[key] = noise(small(tensor["shape"])));
    std::map<std::string, Json> truth;
    for (const auto &entry : truths["pairs"])
        truth[entry["target"]] = entry;
    for (const auto &tensor : target["tensors"]) {
        const std::string key = tensor["key"];
        if (leftOut(key, layers) || !truth.contains(key))
            continue;
        std::vector<Array> parts;
        for (const auto &part : truth[key]["sources"])
            parts.push_back(sources.at(part.get<std::string>()));
        if (const std::string op = truth[key]["op"]; op == "split" || op == "chain")
            model.parts.insert(key);
        model.target.emplace_back(key, carriedOut(parts, truth[key]));
    }
    return model;
}

class ValueProperties : public testing::TestWithParam<const char *>
{
protected:
    fs::path folder;
    std::mt19937 random{11};
    Model model;

    void SetUp() override
    {
        folder = fs::path(REKEY_BUILD) / "suggest-test" / "properties" / fs::path(GetParam()).filename();
        fs::create_directories(folder);
        model = materialise(fs::path(REKEY_TEST_DATA) / "suggest" / GetParam(), random);
        ASSERT_GT(model.target.size(), 15U);
    }
    void TearDown() override { fs::remove_all(folder); }

    CheckpointPtr write(const std::string &name, const Arrays &arrays, DType dtype = DType::F32) const
    {
        Schema schema;
        for (const auto &[key, array] : arrays)
            schema.tensors.push_back({key, array.shape, dtype, static_cast<std::uint32_t>(schema.tensors.size())});
        const fs::path path = folder / (name + ".safetensors");
        writerFor(path).write(path, schema, [&](std::size_t i, const ByteSink &sink) {
            const auto &data = arrays[i].second.data;
            if (dtype == DType::F32)
                return sink(std::as_bytes(std::span(data)));
            std::vector<std::uint16_t> half;
            for (const float value : data) {
                const auto bits = std::bit_cast<std::uint32_t>(value);
                half.push_back(static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16));
            }
            sink(std::as_bytes(std::span(half)));
        }, {}, {});
        return openCheckpoint(path);
    }

    static Mapping suggested(const Checkpoint &source, const Checkpoint &target)
    {
        SuggestOptions options;
        options.sourceValues = &source;
        options.targetValues = &target;
        return suggest(source.schema(), target.schema(), options);
    }

    /// Every target tensor gets exactly its values, and nearly all rules say that they are proven.
    void expectFound(const Arrays &target, DType dtype = DType::F32) const
    {
        const auto from = write("from", model.source), to = write("to", target, dtype);
        const Mapping mapping = suggested(*from, *to);
        const Resolution resolution = resolve(mapping, from->schema(), to->schema());
        std::size_t right = 0, proven = 0;
        for (const auto &assignment : resolution.assignments) {
            std::vector<Array> sources;
            for (const auto s : assignment.sources)
                sources.push_back(model.source[s].second);
            const auto results = testdata::applied(mapping.rules[assignment.rule].transform, sources);
            for (std::size_t i = 0; i < assignment.targets.size(); ++i) {
                const auto &[key, wanted] = target[assignment.targets[i]];
                const bool equal = results[std::min(i, results.size() - 1)] == wanted;
                right += equal;
                proven += mapping.rules[assignment.rule].state == RuleState::Proven;
                EXPECT_TRUE(equal) << key << " from " << model.source[assignment.sources.front()].first << " by "
                                   << transformText(mapping.rules[assignment.rule].transform);
            }
        }
        EXPECT_EQ(right, target.size());
        std::size_t telling = 0;
        for (const auto &[key, array] : target)
            telling += array.data.size() >= 3;
        EXPECT_GE(proven, telling);
    }

    /// "layers.3." of "layers.3.norm1.weight"; with it the leaf.
    static std::string block(const std::string &key)
    {
        const std::size_t number = key.find_last_of("0123456789"), dot = key.find('.', number == std::string::npos ? 0 : number);
        return key.substr(0, dot == std::string::npos ? 0 : dot);
    }

    /// Contents of equal shape within a block change places.
    void swapSiblings(Arrays &target)
    {
        std::map<std::pair<std::string, Shape>, std::vector<std::size_t>> groups;
        for (std::size_t i = 0; i < target.size(); ++i)
            if (target[i].second.data.size() >= 3)
                groups[{block(target[i].first), target[i].second.shape}].push_back(i);
        for (auto &[name, members] : groups) {
            std::vector<Array> contents;
            for (const auto m : members)
                contents.push_back(target[m].second);
            std::shuffle(contents.begin(), contents.end(), random);
            for (std::size_t i = 0; i < members.size(); ++i)
                target[members[i]].second = std::move(contents[i]);
        }
    }

    /// Every third-able first dimension has its blocks in another order.
    void shuffleThirds(Arrays &target)
    {
        for (auto &[key, array] : target) {
            if (array.shape.size() > 2 || array.shape.empty() || array.shape[0] % 3 != 0 || array.shape[0] < 12
                || model.parts.contains(key))
                continue;
            const std::int64_t third = array.shape[0] / 3;
            std::vector<std::int64_t> order = {0, 1, 2};
            std::shuffle(order.begin(), order.end(), random);
            std::vector<Array> parts;
            for (const auto part : order)
                parts.push_back(testdata::sliced(array, 0, part * third, (part + 1) * third));
            array = testdata::concatenated(parts, 0);
        }
    }
};

TEST_P(ValueProperties, asConverted) { expectFound(model.target); }

TEST_P(ValueProperties, roundedToBfloat16)
{
    const auto from = write("from", model.source), to = write("to", model.target, DType::BF16);
    const Mapping mapping = suggested(*from, *to);
    const Resolution resolution = resolve(mapping, from->schema(), to->schema());
    std::size_t proven = 0, telling = 0;
    for (const auto &[key, array] : model.target)
        telling += array.data.size() >= 8;
    for (const auto &assignment : resolution.assignments)
        if (mapping.rules[assignment.rule].state == RuleState::Proven)
            proven += assignment.targets.size();
    EXPECT_GE(proven, telling);
}

TEST_P(ValueProperties, siblingsSwapped)
{
    swapSiblings(model.target);
    expectFound(model.target);
}

TEST_P(ValueProperties, blocksOfRowsShuffled)
{
    shuffleThirds(model.target);
    expectFound(model.target);
}

TEST_P(ValueProperties, namesThatSayNothing)
{
    std::map<std::string, std::string> words;
    for (auto &[key, array] : model.target) {
        std::string renamed, word;
        for (const char c : key + '.') {
            if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
                word += c;
                continue;
            }
            if (!word.empty()) {
                const auto [entry, isNew] = words.emplace(word, "");
                if (isNew)
                    entry->second
                        = std::string(1, static_cast<char>('a' + random() % 26)) + "x" + std::to_string(random() % 90'000 + 10'000) + "x";
                renamed += entry->second;
                word.clear();
            }
            renamed += c;
        }
        renamed.pop_back();
        key = renamed;
    }
    std::shuffle(model.target.begin(), model.target.end(), random);
    std::erase_if(model.target, [](const auto &tensor) { return tensor.second.data.size() < 3; });
    expectFound(model.target);
}

/// Norms of ones, biases of zeros, the rest of another training: as if there were no values.
TEST_P(ValueProperties, aFreshTargetProvesNothing)
{
    std::normal_distribution<float> normal(0, 0.02F);
    for (auto *side : {&model.target, &model.source})
        for (auto &[key, array] : *side) {
            const bool vector = array.shape.size() < 2;
            for (float &value : array.data)
                value = side == &model.source && random() % 4 != 0 ? value : !vector ? normal(random) : key.ends_with("bias") ? 0.0F : 1.0F;
        }
    const auto from = write("from", model.source), to = write("to", model.target);
    const Mapping with = suggested(*from, *to), without = suggest(from->schema(), to->schema());
    for (const auto &rule : with.rules)
        EXPECT_NE(rule.state, RuleState::Proven) << rule.targets.front().text();
    const Resolution a = resolve(with, from->schema(), to->schema()), b = resolve(without, from->schema(), to->schema());
    std::size_t same = 0;
    for (const auto &assignment : a.assignments)
        same += std::find_if(b.assignments.begin(), b.assignments.end(), [&](const Assignment &other) {
            return other.sources == assignment.sources && other.targets == assignment.targets;
        }) != b.assignments.end();
    EXPECT_EQ(same, b.assignments.size());
}

INSTANTIATE_TEST_SUITE_P(Architectures, ValueProperties,
                         testing::Values("bench/vit_b16_timm__hf", "bench/deit_base_distilled_timm__hf", "bench/dinov2_vits14_fb__hf",
                                         "bench/segformer_b0_nv__hf", "bench/gpt2_hf__nanogpt", "bench/bert_base_flax__hf",
                                         "bench/resnet50_tv__hf", "bench/sd_vae_ldm__diffusers", "bench/mobilenetv1_tf__hf",
                                         "bench/yolox_s_megvii__mmyolo", "bench/vit_b16_tv__timm", "bench/llama3_8b_hf__gptfast",
                                         "seed/openai_clip_vit_l14_to_hf_clip_vit_l14", "seed/sam_vit_b_to_hf_sam_base",
                                         "seed/siglip2_hf_to_kornia_fused", "seed/siglip2_kornia_fused_to_hf"),
                         [](const auto &parameter) {
                             std::string name = fs::path(parameter.param).filename().string();
                             std::replace_if(
                                 name.begin(), name.end(), [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
                             return name;
                         });

} // namespace
} // namespace rekey

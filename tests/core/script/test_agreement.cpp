// SPDX-License-Identifier: GPL-3.0-or-later
// The scripts of every pair of real models below tests/data/suggest against Rekey's own conversion, there and back.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"
#include "core/script/exporters.h"
#include "core/suggest/suggest.h"
#include "tests/core/script/digests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

namespace rekey {
namespace {

namespace fs = std::filesystem;
using test::convert;
using test::differences;
using test::digests;

const std::string python = "/usr/bin/python3";

struct Pair
{
    fs::path folder;
    CheckpointPtr source, target;
    Mapping mapping, back;
    bool leadsBack = false;
};

/// The same keys with tensors of a few numbers: parts, joins and transposes stay what they are.
Schema small(Schema schema)
{
    for (SchemaTensor &tensor : schema.tensors) {
        for (std::int64_t &size : tensor.shape)
            size = size % 64 == 0 && size > 0 ? size / 64 : size;
    }
    return schema;
}

/// Bytes that are ordinary numbers in every type: no infinities, nothing denormal in 16 bits or more.
CheckpointPtr write(const fs::path &path, const Schema &schema, std::uint32_t seed)
{
    const TensorFiller fill = [&](std::size_t index, const ByteSink &sink) {
        std::vector<std::byte> bytes(byteCount(schema.tensors[index].dtype, elementCount(schema.tensors[index].shape)).value());
        for (std::byte &byte : bytes) {
            seed = seed * 1664525U + 1013904223U;
            byte = std::byte(0x30U + (seed >> 28U));
        }
        sink(bytes);
    };
    writerFor(path).write(path, schema, fill, {}, {});
    return openCheckpoint(path);
}

/// What transformers' forms are compared with: which source keys are plain renamings, and which target keys a source fills.
nlohmann::json describe(const ExportInput &input)
{
    nlohmann::json pair = {{"sources", nlohmann::json::array()}, {"plain", nlohmann::json::object()}, {"filled", nlohmann::json::array()}};
    for (const SchemaTensor &tensor : input.source->tensors)
        pair["sources"].push_back(tensor.key);
    for (const Assignment &assignment : input.resolution->assignments) {
        if (input.mapping->rules[assignment.rule].transform.empty() && assignment.sources.size() == 1)
            pair["plain"][input.source->tensors[assignment.sources.front()].key].push_back(
                input.target->tensors[assignment.targets.front()].key);
    }
    for (std::size_t i = 0; i < input.target->tensors.size(); ++i) {
        if (input.resolution->targets[i].status == TargetStatus::Filled)
            pair["filled"].push_back(input.target->tensors[i].key);
    }
    return pair;
}

void exportAll(const fs::path &folder, const ExportInput &input)
{
    for (const auto &[file, id] :
         {std::pair("convert.py", "python"), std::pair("names.py", "transformers"), std::pair("conversions.py", "transformers5")})
        std::ofstream(folder / file) << exporterById(id).write(input);
    std::ofstream(folder / "pair.json") << describe(input);
}

Pair prepare(const fs::path &data)
{
    Pair pair;
    pair.folder = fs::path(testing::TempDir()) / "rekey-agreement" / data.filename();
    fs::remove_all(pair.folder);
    fs::create_directories(pair.folder);
    const CheckpointPtr source = openCheckpoint(data / "source.json"), target = openCheckpoint(data / "target.json");
    pair.mapping = suggest(source->schema(), target->schema());
    for (Rule &rule : pair.mapping.rules)
        rule.state = RuleState::Accepted;
    pair.mapping.sources.clear();
    pair.mapping.target = {};
    pair.source = write(pair.folder / "source.safetensors", small(source->schema()), 1);
    pair.target = write(pair.folder / "target.safetensors", small(target->schema()), 2);
    const Schema &from = pair.source->schema(), &to = pair.target->schema();
    const Resolution resolution = resolve(pair.mapping, from, to);
    // What does not fit the small shapes is left out on both sides.
    std::erase_if(pair.mapping.rules, [&, index = std::size_t(0)](const Rule &) mutable {
        const RuleEffect &effect = resolution.rules[index++];
        return effect.mismatched + effect.collisions > 0;
    });
    const Resolution rest = resolve(pair.mapping, from, to);
    exportAll(pair.folder, {&pair.mapping, &from, &to, &rest});
    const Inversion inversion = invert(pair.mapping, rest, from, to);
    const auto drops
        = static_cast<std::size_t>(std::ranges::count(pair.mapping.rules, RuleKind::Drop, &Rule::kind)); // not in the way of the others
    pair.leadsBack = inversion.notInvertible.size() == drops;
    pair.back = inversion.mapping;
    convert(pair.source, pair.mapping, pair.target, pair.folder / "rekey.safetensors");
    return pair;
}

TEST(Agreement, ScriptsOfRealPairs)
{
    if (std::system((python + " -c 'import torch' > /dev/null 2>&1").c_str()) != 0)
        GTEST_SKIP() << python << " has no torch (Debian: python3-torch): the generated scripts were not run";
    try {
        runtime();
    } catch (const Error &error) {
        GTEST_SKIP() << error.what();
    }
    std::vector<Pair> pairs;
    std::string command = fmt::format("{} '{}'", python, REKEY_RUN_SCRIPTS);
    for (const char *folder : {"/suggest/bench", "/suggest/seed"}) {
        for (const auto &entry : fs::directory_iterator(std::string(REKEY_TEST_DATA) + folder)) {
            pairs.push_back(prepare(entry.path()));
            command += fmt::format(" '{}'", pairs.back().folder.string());
        }
    }
    ASSERT_EQ(std::system(command.c_str()), 0);
    std::size_t tensors = 0, back = 0;
    for (const Pair &pair : pairs) {
        SCOPED_TRACE(pair.folder.filename().string());
        const auto expected = digests(pair.folder / "rekey.safetensors");
        EXPECT_EQ(differences(pair.folder / "script.safetensors", pair.folder / "rekey.safetensors"), "");
        EXPECT_GT(expected.size(), pair.target->tensors().size() / 2) << "most of the pair should be mapped";
        tensors += expected.size();
        EXPECT_EQ(fs::exists(pair.folder / "script_back.safetensors"), pair.leadsBack);
        if (pair.leadsBack) {
            convert(openCheckpoint(pair.folder / "rekey.safetensors"), pair.back, checkpointFromSchema(pair.source->schema()),
                    pair.folder / "back.safetensors");
            EXPECT_EQ(differences(pair.folder / "script_back.safetensors", pair.folder / "back.safetensors"), "");
            ++back;
        }
        if (!HasFailure())
            fs::remove_all(pair.folder);
    }
    std::cout << fmt::format("{} pairs, {} tensors equal; {} pairs back as well\n", pairs.size(), tensors, back);
    EXPECT_GT(back, 5U);
}

} // namespace
} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/writers.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <random>

namespace rekey::testdata {

struct Values
{
    std::string key;
    Shape shape;
    std::vector<float> data;
};

/// Writes small checkpoints and asks what their values say.
class ValueEvidence : public testing::Test
{
protected:
    std::filesystem::path folder;
    std::mt19937 random{7};

    void SetUp() override
    {
        folder = std::filesystem::path(REKEY_BUILD) / "suggest-test" / testing::UnitTest::GetInstance()->current_test_info()->name();
        std::filesystem::create_directories(folder);
    }

    std::vector<float> noise(const Shape &shape)
    {
        std::normal_distribution<float> normal;
        std::vector<float> data(elementCount(shape));
        for (float &value : data)
            value = normal(random);
        return data;
    }

    Values tensor(const std::string &key, const Shape &shape) { return {key, shape, noise(shape)}; }

    CheckpointPtr write(const std::string &name, const std::vector<Values> &tensors)
    {
        Schema schema;
        for (const auto &t : tensors)
            schema.tensors.push_back({t.key, t.shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
        const std::filesystem::path path = folder / (name + ".safetensors");
        writerFor(path).write(path, schema, [&](std::size_t i, const ByteSink &sink) { sink(std::as_bytes(std::span(tensors[i].data))); },
                              {}, {});
        return openCheckpoint(path);
    }

    Mapping suggested(const CheckpointPtr &source, const CheckpointPtr &target)
    {
        SuggestOptions options;
        options.sourceValues = source.get();
        options.targetValues = target.get();
        return suggest(source->schema(), target->schema(), options);
    }

    /// target key -> source keys.
    static std::map<std::string, std::vector<std::string>> pairs(const Mapping &mapping, const Schema &source, const Schema &target)
    {
        std::map<std::string, std::vector<std::string>> result;
        for (const auto &assignment : resolve(mapping, source, target).assignments)
            for (const auto t : assignment.targets)
                for (const auto s : assignment.sources)
                    result[target.tensors[t].key].push_back(source.tensors[s].key);
        return result;
    }
};

inline std::vector<float> joined(std::initializer_list<const std::vector<float> *> parts)
{
    std::vector<float> all;
    for (const auto *part : parts)
        all.insert(all.end(), part->begin(), part->end());
    return all;
}

} // namespace rekey::testdata

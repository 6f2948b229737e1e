// SPDX-License-Identifier: GPL-3.0-or-later
// Made-up networks of many kinds, each written twice in ways drawn by chance: q, k and v fused in any order or per head,
// siblings that changed places, names that say nothing, keys sorted or shuffled, other dtypes, norms less 1, batch norms
// folded in, weight norm. What the values prove must give exactly the target's values, whatever the rest suggests.
#include "casemaker.h"

#include "core/checkpoint/writers.h"
#include "core/mapping/resolution.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdio>
#include <filesystem>

namespace rekey {
namespace {

namespace fs = std::filesystem;
using testdata::Array;
using testdata::CaseMaker;
using testdata::File;

struct Counts
{
    std::size_t cases = 0, tensors = 0, proven = 0, open = 0, wrong = 0;
};

fs::path folder()
{
    const fs::path path = fs::path(REKEY_BUILD) / "suggest-test" / "cases";
    fs::create_directories(path);
    return path;
}

CheckpointPtr saved(const std::string &name, const File &file)
{
    Schema schema;
    for (const auto &[key, array] : file.tensors)
        schema.tensors.push_back({key, array.shape, file.dtype, static_cast<std::uint32_t>(schema.tensors.size())});
    const fs::path path = folder() / (name + ".safetensors");
    writerFor(path).write(path, schema, [&](std::size_t i, const ByteSink &sink) {
        const auto &data = file.tensors[i].second.data;
        if (file.dtype == DType::F32)
            return sink(std::as_bytes(std::span(data)));
        std::vector<std::uint16_t> half;
        for (const float value : data) {
            const auto bits = std::bit_cast<std::uint32_t>(value);
            if (file.dtype == DType::BF16) {
                half.push_back(static_cast<std::uint16_t>(bits >> 16));
                continue;
            }
            // Values are binary16 numbers already.
            int exponent = 0;
            const float fraction = std::frexp(std::fabs(value), &exponent);
            const bool isNormal = value != 0 && exponent >= -13;
            const auto mantissa = static_cast<unsigned>(std::ldexp(isNormal ? fraction * 2 - 1 : std::fabs(value), isNormal ? 10 : 24));
            const unsigned biased = isNormal ? static_cast<unsigned>(exponent + 14) : 0U;
            half.push_back(static_cast<std::uint16_t>((bits >> 31 << 15) | (biased << 10) | mantissa));
        }
        sink(std::as_bytes(std::span(half)));
    }, {}, {});
    return openCheckpoint(path);
}

/// Whether a rule's result is the target's tensor: to the bit after a cast, or within rounding where it was calculated.
bool same(const Array &result, const Array &wanted, DType dtype, bool calculated)
{
    if (result.shape != wanted.shape)
        return false;
    float largest = 0;
    for (const float value : wanted.data)
        largest = std::max(largest, std::fabs(value));
    for (std::size_t i = 0; i < wanted.data.size(); ++i) {
        const float value = testdata::roundedTo(result.data[i], dtype);
        const float allowed = calculated ? std::ldexp(4 * largest, dtype == DType::BF16 ? -8 : dtype == DType::F16 ? -11 : -21) : 0.0F;
        if (!(std::fabs(value - wanted.data[i]) <= allowed))
            return false;
    }
    return true;
}

bool isTelling(const Array &array)
{
    return std::set<float>(array.data.begin(), array.data.end()).size() >= 3;
}

/// Runs one case and says where it fails.
void run(const File &from, const File &to, Counts &counts, const std::string &what)
{
    const auto source = saved("from", from), target = saved("to", to);
    SuggestOptions options;
    options.sourceValues = source.get();
    options.targetValues = target.get();
    const Mapping mapping = suggest(source->schema(), target->schema(), options);
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    std::vector<bool> proven(to.tensors.size());
    for (const auto &assignment : resolution.assignments) {
        const Rule &rule = mapping.rules[assignment.rule];
        std::vector<Array> sources;
        for (const auto s : assignment.sources)
            sources.push_back(from.tensors[s].second);
        const auto results = testdata::applied(rule.transform, sources);
        for (std::size_t i = 0; i < assignment.targets.size(); ++i) {
            const auto &[key, wanted] = to.tensors[assignment.targets[i]];
            if (rule.state == RuleState::ToReview)
                continue; // a question
            const bool right = same(results[std::min(i, results.size() - 1)], wanted, to.dtype, to.calculated.contains(key));
            proven[assignment.targets[i]] = right && rule.state == RuleState::Proven;
            counts.wrong += !right;
            EXPECT_TRUE(right) << what << "\n  " << key << " from " << from.tensors[assignment.sources.front()].first << " by "
                               << transformText(rule.transform);
        }
    }
    for (std::size_t t = 0; t < to.tensors.size(); ++t) {
        if (!isTelling(to.tensors[t].second))
            continue;
        ++counts.tensors;
        counts.proven += proven[t];
        counts.open += !proven[t];
        EXPECT_TRUE(proven[t]) << what << "\n  " << to.tensors[t].first << " is not proven";
    }
    ++counts.cases;
}

TEST(ValueCases, theValuesFindTheRightOrderInEveryCase)
{
    const int casesEach = std::getenv("REKEY_VALUE_CASES") != nullptr ? std::atoi(std::getenv("REKEY_VALUE_CASES")) : 40;
    Counts all;
    std::printf("%-12s %6s %8s %8s %6s %6s\n", "network", "cases", "tensors", "proven", "open", "wrong");
    for (const auto &architecture : CaseMaker::architectures()) {
        Counts counts;
        for (int seed = 0; seed < casesEach && !testing::Test::HasFatalFailure(); ++seed) {
            CaseMaker maker(static_cast<unsigned>(seed) * 7919U + static_cast<unsigned>(architecture.size()));
            const auto network = maker.network(architecture);
            const auto one = maker.convention(architecture, false), other = maker.convention(architecture, true);
            const std::string what = architecture + ", seed " + std::to_string(seed) + ": " + one.text() + " -> " + other.text();
            run(maker.written(network, one), maker.written(network, other), counts, what);
        }
        std::printf("%-12s %6zu %8zu %8zu %6zu %6zu\n", architecture.c_str(), counts.cases, counts.tensors, counts.proven, counts.open,
                    counts.wrong);
        all.cases += counts.cases;
        all.tensors += counts.tensors;
        all.proven += counts.proven;
        all.open += counts.open;
        all.wrong += counts.wrong;
    }
    std::printf("%-12s %6zu %8zu %8zu %6zu %6zu\n", "all", all.cases, all.tensors, all.proven, all.open, all.wrong);
    EXPECT_EQ(all.wrong, 0U);
    EXPECT_EQ(all.open, 0U);
    fs::remove_all(folder());
}

} // namespace
} // namespace rekey

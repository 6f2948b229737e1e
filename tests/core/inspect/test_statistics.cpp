// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/statistics.h"

#include "tests/core/inspect/valuefile.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

using namespace rekey;

namespace {

constexpr float infinite = std::numeric_limits<float>::infinity();
constexpr float notANumber = std::numeric_limits<float>::quiet_NaN();

std::vector<float> normalValues(std::size_t count, float mean, float deviation)
{
    std::mt19937 engine(7);
    std::normal_distribution<float> normal(mean, deviation);
    std::vector<float> values(count);
    for (float &value : values)
        value = normal(engine);
    return values;
}

/// The plain loops that the fast ones must agree with.
Statistics naive(const std::vector<float> &values)
{
    Statistics s;
    long double sum = 0, squares = 0;
    for (const float v : values) {
        ++s.count;
        if (std::isnan(v)) {
            ++s.nans;
            continue;
        }
        if (std::isinf(v)) {
            ++s.infinities;
            continue;
        }
        ++s.finite;
        s.zeros += v == 0;
        s.minimum = std::min(s.minimum, static_cast<double>(v));
        s.maximum = std::max(s.maximum, static_cast<double>(v));
        sum += v;
    }
    s.mean = static_cast<double>(sum / static_cast<long double>(s.finite));
    for (const float v : values)
        squares += std::isfinite(v) ? (v - static_cast<long double>(s.mean)) * (v - static_cast<long double>(s.mean)) : 0;
    s.m2 = static_cast<double>(squares);
    return s;
}

void expectSame(const Statistics &a, const Statistics &b)
{
    EXPECT_EQ(a.count, b.count);
    EXPECT_EQ(a.finite, b.finite);
    EXPECT_EQ(a.zeros, b.zeros);
    EXPECT_EQ(a.nans, b.nans);
    EXPECT_EQ(a.infinities, b.infinities);
    EXPECT_EQ(a.minimum, b.minimum);
    EXPECT_EQ(a.maximum, b.maximum);
    EXPECT_NEAR(a.mean, b.mean, 1e-12 * std::max(1.0, std::abs(b.mean)));
    EXPECT_NEAR(a.m2, b.m2, 1e-9 * b.m2);
}

} // namespace

TEST(Statistics, AgreesWithPlainLoops)
{
    // A mean far from 0 cancels in the textbook formula.
    for (const std::size_t count : {std::size_t(1), std::size_t(7), std::size_t(2048), std::size_t(2049), std::size_t(100003)}) {
        const std::vector<float> values = normalValues(count, 1000, 0.01f);
        Statistics fast;
        fast.add(values);
        expectSame(fast, naive(values));
    }
}

TEST(Statistics, CountsWhatIsNotFinite)
{
    std::vector<float> values = normalValues(5000, 0, 1);
    values[3] = notANumber;
    values[2500] = infinite;
    values[2501] = -infinite;
    values[2502] = 0;
    values[2503] = -0.0f;
    Statistics fast;
    fast.add(values);
    expectSame(fast, naive(values));
    EXPECT_EQ(fast.zeros, 2u);

    Statistics nothing;
    nothing.add(std::vector<float> {notANumber, notANumber});
    EXPECT_EQ(nothing.finite, 0u);
    EXPECT_TRUE(std::isnan(nothing.standardDeviation()));
}

TEST(Statistics, MergesPartsInAnyChunking)
{
    const std::vector<float> values = normalValues(10000, -3, 2);
    Statistics parts;
    for (std::size_t at = 0; at < values.size(); at += 777) {
        Statistics part;
        part.add(std::span(values).subspan(at, std::min<std::size_t>(777, values.size() - at)));
        parts.merge(part);
    }
    parts.merge(Statistics());
    expectSame(parts, naive(values));
}

TEST(Statistics, ReadsTensorsAndRows)
{
    std::vector<float> values(30);
    std::iota(values.begin(), values.end(), 0.0f);
    const ValueFile file("F32", {6, 5}, values);
    const CheckpointPtr checkpoint = file.open();
    EXPECT_DOUBLE_EQ(statistics(*checkpoint, 0).mean, 14.5);
    const Statistics middle = statisticsOfRows(*checkpoint, 0, 2, 2);
    EXPECT_EQ(middle.count, 10u);
    EXPECT_EQ(middle.minimum, 10);
    EXPECT_EQ(middle.maximum, 19);
    EXPECT_EQ(statisticsOfRows(*checkpoint, 0, 5, 100).count, 5u);
    EXPECT_EQ(statisticsOfRows(*checkpoint, 0, 9, 1).count, 0u);
}

TEST(Histogram, PutsEdgesWhereTheyBelong)
{
    const ValueFile file("F32", {9}, std::vector<float> {0, 0.25f, 0.5f, 0.75f, 1, 1.5f, -0.5f, notANumber, infinite});
    const Histogram h = histogram(*file.open(), 0, 0, 1, 4);
    EXPECT_EQ(h.counts, (std::vector<std::uint64_t> {1, 1, 1, 2}));
    EXPECT_EQ(h.outside, 2u) << "1.5 and -0.5: what is not finite is nowhere";
}

TEST(Histogram, AgreesWithPlainLoopsAndAddsUpOverRows)
{
    const std::vector<float> values = normalValues(99 * 1000, 0, 1);
    const ValueFile file("F32", {99, 1000}, values);
    const CheckpointPtr checkpoint = file.open();
    const Histogram h = histogram(*checkpoint, 0, -2.5, 2.5, 72);
    std::vector<std::uint64_t> counts(72);
    std::uint64_t outside = 0;
    for (const float v : values) {
        if (v < -2.5f || v > 2.5f)
            ++outside;
        else
            ++counts[std::min<std::size_t>(71, static_cast<std::size_t>((static_cast<double>(v) + 2.5) * (72 / 5.0)))];
    }
    EXPECT_EQ(h.counts, counts);
    EXPECT_EQ(h.outside, outside);
    std::vector<std::uint64_t> thirds(72);
    for (std::uint64_t third = 0; third < 3; ++third) {
        const Histogram part = histogramOfRows(*checkpoint, 0, third * 33, 33, -2.5, 2.5, 72);
        for (std::size_t i = 0; i < 72; ++i)
            thirds[i] += part.counts[i];
    }
    EXPECT_EQ(thirds, counts);
}

TEST(DisplayRange, ShowsTheBulkAndIsNeverEmpty)
{
    const auto range = [](const std::vector<float> &values) {
        const ValueFile file("F32", {static_cast<std::int64_t>(values.size())}, values);
        return displayRange(*file.open(), 0);
    };
    const ValueRange uniform = range({-1, -0.5f, 0, 0.5f, 1});
    EXPECT_EQ(uniform.lower, -1);
    EXPECT_EQ(uniform.upper, 1);

    std::vector<float> outliers = normalValues(20000, 0, 0.02f);
    outliers[5] = 900;
    outliers[6] = -1e30f;
    const ValueRange bulk = range(outliers);
    EXPECT_GT(bulk.lower, -0.2);
    EXPECT_LT(bulk.upper, 0.2);
    EXPECT_LT(bulk.lower, -0.05);
    EXPECT_GT(bulk.upper, 0.05);

    for (const std::vector<float> &odd :
         {std::vector<float> {0}, {1, 1, 1}, {-7}, {notANumber}, {infinite, -infinite}, {3e38f, -3e38f}, {1e-40f, 0}}) {
        const ValueRange r = range(odd);
        EXPECT_LT(r.lower, r.upper);
        EXPECT_TRUE(std::isfinite(r.lower) && std::isfinite(r.upper));
    }
    const ValueRange both = united({-1, 0.5}, {0, 2});
    EXPECT_EQ(both.lower, -1);
    EXPECT_EQ(both.upper, 2);
}

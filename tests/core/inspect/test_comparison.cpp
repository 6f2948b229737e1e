// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/comparison.h"

#include "core/base/error.h"
#include "tests/core/inspect/valuefile.h"

#include <gtest/gtest.h>

#include <cmath>

using namespace rekey;

namespace {

Schema schemaOf(std::initializer_list<std::pair<const char *, Shape>> keys)
{
    Schema schema;
    for (const auto &[key, shape] : keys)
        schema.tensors.push_back({key, shape, DType::F32, 0});
    return schema;
}

ValueDifference compare(const ValueFile &a, const ValueFile &b)
{
    return compareValues(*a.open(), 0, *b.open(), 0);
}

} // namespace

TEST(CompareKeys, ReportsMissingAndUnexpected)
{
    const Schema a = schemaOf({{"x", {1}}, {"y", {2, 3}}, {"z", {4}}}), b = schemaOf({{"y", {3, 2}}, {"w", {1}}, {"x", {1}}});
    const KeyDifference difference = compareKeys(a, b);
    EXPECT_EQ(difference.common, (std::vector<std::string> {"x", "y"}));
    EXPECT_EQ(difference.onlyA, (std::vector<std::string> {"z"}));
    EXPECT_EQ(difference.onlyB, (std::vector<std::string> {"w"}));
    ASSERT_EQ(difference.shapeMismatch.size(), 1u);
    EXPECT_EQ(difference.shapeMismatch[0].key, "y");
    EXPECT_EQ(difference.shapeMismatch[0].b, (Shape {3, 2}));
}

TEST(CompareKeys, StripsPrefixesAndLeavesOthersOut)
{
    const Schema a = schemaOf({{"enc.x", {1}}, {"enc.y", {1}}, {"head.z", {1}}}), b = schemaOf({{"vision.x", {1}}, {"other", {1}}});
    const KeyDifference difference = compareKeys(a, b, {{"enc.", "vision."}});
    EXPECT_EQ(difference.common, (std::vector<std::string> {"x"}));
    EXPECT_EQ(difference.onlyA, (std::vector<std::string> {"y"}));
    EXPECT_TRUE(difference.onlyB.empty());
}

TEST(CompareValues, MeasuresWhatDiffers)
{
    const ValueFile a("F32", {2, 2}, std::vector<float> {1, 2, 3, 4}), b("F32", {2, 2}, std::vector<float> {1, 2, 3.5f, 3});
    const ValueDifference same = compare(a, a), other = compare(a, b);
    EXPECT_TRUE(same.equal);
    EXPECT_EQ(same.maxAbsolute, 0);
    EXPECT_DOUBLE_EQ(same.cosine, 1);
    EXPECT_FALSE(other.equal);
    EXPECT_EQ(other.differing, 2u);
    EXPECT_DOUBLE_EQ(other.maxAbsolute, 1);
    EXPECT_DOUBLE_EQ(other.meanAbsolute, 0.375);
    EXPECT_NEAR(other.cosine, (1 + 4 + 10.5 + 12) / (std::sqrt(30.0) * std::sqrt(1 + 4 + 12.25 + 9)), 1e-12);
}

TEST(CompareValues, TakesNanForNanAndSeesTheLastBitOfIntegers)
{
    const float nan = std::nanf(""), inf = HUGE_VALF;
    const ValueFile a("F32", {3}, std::vector<float> {nan, inf, 0.0f}), b("F32", {3}, std::vector<float> {nan, inf, -0.0f});
    EXPECT_TRUE(compare(a, b).equal);
    const ValueFile c("F32", {3}, std::vector<float> {0, inf, 0.0f});
    EXPECT_FALSE(compare(a, c).equal);
    EXPECT_TRUE(std::isinf(compare(a, c).maxAbsolute));
    // 2^24 and 2^24 + 1 are one float.
    const ValueFile d("I64", {1}, std::vector<std::int64_t> {16777216}), e("I64", {1}, std::vector<std::int64_t> {16777217});
    EXPECT_DOUBLE_EQ(compare(d, e).maxAbsolute, 1);
}

TEST(CompareValues, ComparesAcrossTypesAndBlocks)
{
    std::vector<float> values(200001, 0.5f);
    std::vector<std::uint16_t> halves(200001, 0x3800); // 0.5 in F16
    const ValueFile wide("F32", {200001}, values), narrow("F16", {200001}, halves);
    EXPECT_TRUE(compare(wide, narrow).equal);
    halves.back() = 0x3C00; // 1.0
    const ValueFile last("F16", {200001}, halves);
    EXPECT_EQ(compare(wide, last).differing, 1u);
    EXPECT_THROW(compare(wide, ValueFile("F32", {1}, std::vector<float> {1})), Error);
}

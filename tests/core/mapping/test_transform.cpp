// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/transform.h"

#include "core/base/error.h"
#include "core/mapping/transformfields.h"
#include "tests/core/mapping/randomtransform.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <fmt/format.h>
#include <set>

namespace rekey {
namespace {

std::vector<TensorShape> floats(const std::vector<Shape> &shapes)
{
    std::vector<TensorShape> result;
    for (const Shape &shape : shapes)
        result.push_back({shape, DType::F32});
    return result;
}

struct Case
{
    std::string text;                ///< as transformText() writes it
    std::vector<Shape> before, after;
    std::string inverse;             ///< "-": none
};

// Every step at least once.
const Case cases[] = {
    {"", {{2, 3}}, {{2, 3}}, ""},
    {"concat dim 0", {{4, 6}, {4, 6}, {4, 6}}, {{12, 6}}, "split dim 0 into 3"},
    {"concat dim -1", {{4, 6}, {4, 2}}, {{4, 8}}, "split dim -1 sizes 6,2"},
    {"concat dim 0", {{4, 6}}, {{4, 6}}, ""},
    {"split dim 0 into 3", {{12, 6}}, {{4, 6}, {4, 6}, {4, 6}}, "concat dim 0"},
    {"split dim 1 sizes 1,5", {{12, 6}}, {{12, 1}, {12, 5}}, "concat dim 1"},
    {"slice dim 1 from 1", {{1, 5, 3}}, {{1, 4, 3}}, "-"},
    {"slice dim 1 from 0 to 5", {{1, 5, 3}}, {{1, 5, 3}}, ""},
    {"slice dim 0 from 0 to 9 step 2", {{9}}, {{5}}, "-"},
    {"slice dim 0 from -2", {{9}}, {{2}}, "-"},
    {"pad dim 1 before 1 after 0", {{1, 4, 3}}, {{1, 5, 3}}, "slice dim 1 from 1"},
    {"pad dim 0 before 0 after 2 value 1.5", {{4}}, {{6}}, "slice dim 0 from 0 to 4"},
    {"permute 3,2,0,1", {{3, 4, 5, 6}}, {{6, 5, 3, 4}}, "permute 2,3,1,0"},
    {"transpose 0 1", {{3, 4}, {5, 6}}, {{4, 3}, {6, 5}}, "transpose 0 1"},
    {"reshape 2×-1", {{4, 3}}, {{2, 6}}, "reshape 4×3"},
    {"reshape 0×6×2", {{4, 3, 4}}, {{4, 6, 2}}, "reshape 4×3×4"},
    {"reshape 8×4", {{8, 4, 1, 1}}, {{8, 4}}, "unsqueeze dim 2, then unsqueeze dim 3"},
    {"reshape 1×8×1×4", {{8, 4}}, {{1, 8, 1, 4}}, "squeeze dim 2, then squeeze dim 0"},
    {"reshape scalar", {{1}}, {{}}, "unsqueeze dim 0"},
    {"squeeze dim -1", {{3, 1}}, {{3}}, "unsqueeze dim -1"},
    {"unsqueeze dim 0", {{3}}, {{1, 3}}, "squeeze dim 0"},
    {"stack dim 0", {{3, 4}, {3, 4}}, {{2, 3, 4}}, "unstack dim 0"},
    {"stack dim -1", {{3, 4}, {3, 4}}, {{3, 4, 2}}, "unstack dim -1"},
    {"unstack dim 1", {{3, 2}}, {{3}, {3}}, "stack dim 1"},
    {"interleave dim 0 outer 4 a 2 b 3", {{24, 5}}, {{24, 5}}, "interleave dim 0 outer 4 a 3 b 2"},
    {"interleave dim 0 a 12 b 3", {{72}}, {{72}}, "interleave dim 0 a 3 b 12"},
    {"repeat dim 1 times 3", {{8, 1, 2, 2}}, {{8, 3, 2, 2}}, "slice dim 1 from 0 to 1"},
    {"interpolate dim 1 to 5×7 keep 1 flattened", {{1, 17, 8}}, {{1, 36, 8}}, "-"},
    {"interpolate dim 2 to 5×7 mode bilinear", {{1, 8, 4, 4}}, {{1, 8, 5, 7}}, "-"},
    {"interpolate dim 0 to 27 mode linear", {{15, 8}}, {{27, 8}}, "-"},
    {"cast F16", {{3}}, {{3}}, "-"},
    {"cast F64", {{3}}, {{3}}, "cast F32"},
    {"scale 0.5", {{3}}, {{3}}, "scale 2"},
    {"scale 0", {{3}}, {{3}}, "-"},
    {"add 1", {{3}}, {{3}}, "add -1"},
    {"sum", {{3}, {3}}, {{3}}, "-"},
    {"negate", {{3}}, {{3}}, "negate"},
    {"fuse_weight_norm dim 0", {{8, 1, 1}, {8, 4, 3}}, {{8, 4, 3}}, "split_weight_norm dim 0"},
    {"fuse_weight_norm dim 0", {{8}, {8, 4, 3}}, {{8, 4, 3}},
     "split_weight_norm dim 0, then squeeze dim 2 only input 0, then squeeze dim 1 only input 0"},
    {"split_weight_norm dim 2", {{8, 4, 3}}, {{1, 1, 3}, {8, 4, 3}}, "fuse_weight_norm dim 2"},
    {"fold_batch_norm", {{8, 4, 3, 3}, {8}, {8}, {8}, {8}}, {{8, 4, 3, 3}, {8}}, "-"},
    {"fold_batch_norm eps 0.001 bias", {{8, 4}, {8}, {8}, {8}, {8}, {8}}, {{8, 4}, {8}}, "-"},
    {"reshape 4×2×3×6 only input 0, then concat dim 1", {{24, 6}, {4, 1, 3, 6}}, {{4, 3, 3, 6}},
     "split dim 1 sizes 2,1, then reshape 24×6 only input 0"},
    {"interleave dim 0 outer 4 a 2 b 3 only input 0, then concat dim 0", {{24, 5}, {6, 5}}, {{30, 5}},
     "split dim 0 sizes 24,6, then interleave dim 0 outer 4 a 3 b 2 only input 0"},
    {"transpose 0 1, then split dim 0 into 2, then unsqueeze dim 0", {{5, 4}}, {{1, 2, 5}, {1, 2, 5}},
     "squeeze dim 0, then concat dim 0, then transpose 0 1"},
};

TEST(Transform, ShapesTextAndInverse)
{
    std::set<std::size_t> seen;
    for (const Case &c : cases) {
        const Transform transform = parseTransform(c.text);
        for (const Step &step : transform)
            seen.insert(step.op.index());
        EXPECT_EQ(transformText(transform), c.text);
        std::vector<Shape> after;
        for (const TensorShape &shape : outputShapes(transform, floats(c.before)))
            after.push_back(shape.shape);
        EXPECT_EQ(after, c.after) << c.text;
        const std::optional<Transform> back = inverse(transform, floats(c.before));
        EXPECT_EQ(back ? transformText(*back) : "-", c.inverse) << c.text;
        if (back) {
            EXPECT_EQ(outputShapes(*back, outputShapes(transform, floats(c.before))), floats(c.before)) << c.text;
            EXPECT_EQ(parseTransform(transformText(*back)), *back);
        }
    }
    EXPECT_EQ(seen.size(), std::variant_size_v<BasicStep>) << "a step is not in the table";
}

/// Every chain of steps that fits some tensors: its text and its inverse, by shapes and types. (tests/core/runtime does it with values.)
TEST(Transform, InversesLeadBackToTheSameShapes)
{
    test::RandomTransforms random(1);
    std::array<int, std::variant_size_v<BasicStep>> undone{}, seen{};
    for (int i = 0; i < 30'000; ++i) {
        const test::TransformCase c = random.next(4);
        ASSERT_EQ(parseTransform(transformText(c.transform)), c.transform) << transformText(c.transform);
        const std::vector<TensorShape> outputs = outputShapes(c.transform, c.inputs);
        const std::optional<Transform> back = inverse(c.transform, c.inputs);
        for (const Step &step : c.transform) {
            ++seen[step.op.index()];
            undone[step.op.index()] += back.has_value();
        }
        if (back) {
            ASSERT_EQ(outputShapes(*back, outputs), c.inputs) << transformText(c.transform) << " back by " << transformText(*back);
        }
    }
    for (std::size_t step = 0; step < seen.size(); ++step) {
        EXPECT_GT(seen[step], 20) << stepNames[step];
        const bool lossy = stepNames[step] == "sum" || stepNames[step] == "fold_batch_norm" || stepNames[step] == "interpolate";
        EXPECT_EQ(undone[step] > 0, !lossy) << stepNames[step];
    }
}

TEST(Transform, FaultsNameBothShapes)
{
    const struct { std::string text; std::vector<Shape> before; std::string message;
    } faults[] = {
        {"concat dim 0", {{480, 160}, {480, 80}}, "concat dim 0: 480×160 and 480×80 differ in dimension 1"},
        {"concat dim 0", {{4}, {4, 1}}, "concat dim 0: 4 and 4×1 differ in the number of dimensions"},
        {"concat dim 2", {{4, 1}}, "concat dim 2: a tensor of shape 4×1 has no dimension 2"},
        {"split dim 0 into 3", {{10, 2}}, "split dim 0 into 3: dimension 0 of 10×2 does not divide into 3 equal parts"},
        {"split dim 0 sizes 4,5", {{10, 2}}, "split dim 0 sizes 4,5: the sizes add up to 9, dimension 0 of 10×2 has 10"},
        {"split dim 0", {{10}}, "split dim 0: needs the number of parts or their sizes"},
        {"split dim 0 into 2", {{4}, {4}}, "split dim 0 into 2: needs one tensor, there are 2"},
        {"slice dim 0 from 2 to 9", {{4}}, "slice dim 0 from 2 to 9: a slice from 2 to 9 leaves 4"},
        {"permute 0,1", {{4}}, "permute 0,1: names 2 dimensions, 4 has 1"},
        {"permute 1,1", {{4, 2}}, "permute 1,1: names dimension 1 twice"},
        {"reshape 3×-1", {{4, 2}}, "reshape 3×-1: 4×2 has 8 elements, which 3 does not divide"},
        {"reshape 3×3", {{4, 2}}, "reshape 3×3: 4×2 has 8 elements, the new shape 9"},
        {"reshape 9223372036854775807×4", {{4}}, "reshape 9223372036854775807×4: sizes 9223372036854775807 and 4 are too large"},
        {"squeeze dim 0", {{4, 2}}, "squeeze dim 0: dimension 0 of 4×2 is not 1"},
        {"stack dim 0", {{4}, {5}}, "stack dim 0: 4 and 5 differ"},
        {"interleave dim 0 a 4 b 3", {{10}}, "interleave dim 0 a 4 b 3: dimension 0 of 10 does not divide into 1×4×3 parts"},
        {"interpolate dim 0 to 3×3 flattened", {{7, 2}}, "interpolate dim 0 to 3×3 flattened: 7 rows of 7×2 are no square grid"},
        {"interpolate dim 0 to 9", {{7, 2}}, "interpolate dim 0 to 9: mode 'bicubic' does not fit; 'linear' is expected for one size"},
        {"interpolate dim 0 to 9 keep 7 mode linear", {{7, 2}}, "interpolate dim 0 to 9 keep 7 mode linear: keeps 7 rows, 7×2 has 7"},
        {"interpolate dim 1 to 3×3", {{0, 7, 2}}, "interpolate dim 1 to 3×3: 0×7×2 holds nothing to interpolate"},
        {"split dim 0 into 2000000000", {{0}}, "split dim 0 into 2000000000: 2000000000 parts are more than any model has"},
        {"concat dim 0", {{INT64_MAX}, {INT64_MAX}}, "concat dim 0: sizes 9223372036854775807 and 9223372036854775807 are too large"},
        {"fuse_weight_norm dim 0",
         {{3}, {4, 2}},
         "fuse_weight_norm dim 0: g of shape 3 does not have one value for each of dimension 0 of 4×2"},
        {"fold_batch_norm",
         {{4, 2}, {4}},
         "fold_batch_norm: needs 5 tensors (weight, norm weight, norm bias, running mean, running variance), there are 2"},
        {"concat dim 0 only input 0", {{4}, {4}}, "concat dim 0 only input 0: 'only input' goes with steps that act on each tensor alone"},
        {"negate only input 2", {{4}, {4}}, "negate only input 2: there is no input 2, only 2 tensors"},
    };
    for (const auto &fault : faults) {
        try {
            outputShapes(parseTransform(fault.text), floats(fault.before));
            ADD_FAILURE() << fault.text << " was accepted";
        } catch (const Error &error) {
            EXPECT_EQ(std::string(error.what()), fault.message);
        }
    }
}

TEST(Transform, TypesOfJoinedTensors)
{
    const auto joined = [](DType a, DType b) { return outputShapes(parseTransform("concat dim 0"), {{{2}, a}, {{2}, b}}).front().dtype; };
    EXPECT_EQ(joined(DType::F16, DType::F16), DType::F16);
    EXPECT_EQ(joined(DType::F16, DType::BF16), DType::F32);
    EXPECT_EQ(joined(DType::F16, DType::F32), DType::F32);
    EXPECT_EQ(joined(DType::I64, DType::F16), DType::F16);
    EXPECT_EQ(joined(DType::I8, DType::U8), DType::I16);
    EXPECT_THROW(outputShapes(parseTransform("add 1"), {{{2}, DType::I64}}), Error);
    EXPECT_THROW(outputShapes(parseTransform("negate"), {{{2}, DType::Bool}}), Error);
    // Calculated in floating point, whole numbers come back as 2.9999998, which a cast would make 2.
    EXPECT_TRUE(inverse(parseTransform("cast F32, then transpose 0 1"), {{{2, 3}, DType::U8}}).has_value());
    EXPECT_FALSE(inverse(parseTransform("cast F32, then scale 1.5"), {{{2}, DType::U8}}).has_value());
    EXPECT_FALSE(inverse(parseTransform("stack dim 0"), {{{2}, DType::F16}, {{2}, DType::F32}}).has_value());
}

TEST(Transform, ParsingSaysWhatWasExpected)
{
    const std::pair<std::string, std::string> faults[] = {
        {"conct dim 0", "step 1: expected one of concat, split"},
        {"concat", "step 1 (concat): expected 'dim', found the end"},
        {"concat dim x", "step 1 (concat): expected a number for 'dim', found 'x'"},
        {"concat dim 0 1", "step 1 (concat): expected one of 'dim', found '1'"},
        {"concat dim 0, then split dim 0 in 3", "step 2 (split): expected one of 'dim', 'into', 'sizes', found 'in'"},
        {"transpose 0", "step 1 (transpose): expected 'dim1', found the end"},
        {"reshape 3×a", "step 1 (reshape): expected numbers for 'shape', such as 4×3, found '3×a'"},
        {"cast F31", "step 1 (cast): expected an element type such as F32 for 'dtype', found 'F31'"},
        {"negate 1", "step 1 (negate): expected nothing more, found '1'"},
        {"negate only 1", "expected 'only input' and a number from 0"},
        {"concat dim 0, then ", "step 2: expected one of"},
    };
    for (const auto &[text, message] : faults) {
        try {
            parseTransform(text);
            ADD_FAILURE() << text << " was accepted";
        } catch (const Error &error) {
            EXPECT_THAT(error.what(), testing::HasSubstr(message));
        }
    }
    EXPECT_EQ(parseTransform("reshape 3x4"), parseTransform(" reshape  3,4"));
}

} // namespace
} // namespace rekey

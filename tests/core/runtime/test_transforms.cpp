// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/applytransform.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numeric>
#include <random>

using namespace rekey;

namespace {

using Index = std::vector<std::int64_t>;

/// The naive loop: a value for every index, from a function of the index.
struct Grid
{
    Shape shape;
    std::vector<double> values;

    static Grid of(const Shape &shape, const std::function<double(const Index &)> &value)
    {
        Grid grid{shape, {}};
        Index index(shape.size(), 0);
        for (std::uint64_t i = 0; i < elementCount(shape); ++i) {
            grid.values.push_back(value(index));
            for (std::size_t d = shape.size(); d-- > 0;) {
                if (++index[d] < shape[d])
                    break;
                index[d] = 0;
            }
        }
        return grid;
    }
    double at(const Index &index) const
    {
        std::size_t offset = 0;
        for (std::size_t d = 0; d < shape.size(); ++d)
            offset = offset * static_cast<std::size_t>(shape[d]) + static_cast<std::size_t>(index[d]);
        return values.at(offset);
    }
};

Grid randomGrid(const Shape &shape, unsigned seed = 1)
{
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> uniform(-2, 2);
    return Grid::of(shape, [&](const Index &) { return uniform(random); });
}

Value toValue(const Grid &grid)
{
    return {at::tensor(at::ArrayRef<double>(grid.values)).to(at::kFloat).reshape(grid.shape), DType::F32};
}

Grid toGrid(const Value &value)
{
    const at::Tensor plain = numeric(value).tensor.to(at::kDouble).contiguous();
    return {shapeOf(plain), {plain.data_ptr<double>(), plain.data_ptr<double>() + plain.numel()}};
}

std::vector<Grid> apply(const Transform &transform, const std::vector<Grid> &inputs)
{
    std::vector<Value> values;
    for (const Grid &grid : inputs)
        values.push_back(toValue(grid));
    std::vector<Grid> results;
    for (const Value &value : applyTransform(transform, values))
        results.push_back(toGrid(value));
    return results;
}

void expectEqual(const Grid &found, const Grid &expected, double tolerance = 0)
{
    ASSERT_EQ(found.shape, expected.shape);
    for (std::size_t i = 0; i < found.values.size(); ++i)
        ASSERT_NEAR(found.values[i], expected.values[i], tolerance) << i;
}

/// A transform of one tensor into one: expected value at an index of the result, from the input.
void check(const Transform &transform, const Shape &in, const Shape &out, const std::function<double(const Grid &, const Index &)> &value,
           double tolerance = 0)
{
    SCOPED_TRACE(transformText(transform));
    const Grid input = randomGrid(in);
    const std::vector<Grid> results = apply(transform, {input});
    ASSERT_EQ(results.size(), 1U);
    expectEqual(results[0], Grid::of(out, [&](const Index &index) { return value(input, index); }), tolerance);
}

std::int64_t flatIndex(const Index &index, const Shape &shape)
{
    std::int64_t flat = 0;
    for (std::size_t d = 0; d < shape.size(); ++d)
        flat = flat * shape[d] + index[d];
    return flat;
}

/// Keys' cubic convolution with a = -0.75, as torch's bicubic.
double cubicWeight(double distance)
{
    constexpr double a = -0.75;
    const double x = std::abs(distance);
    if (x <= 1)
        return (a + 2) * x * x * x - (a + 3) * x * x + 1;
    return x < 2 ? a * x * x * x - 5 * a * x * x + 8 * a * x - 4 * a : 0;
}

/// One dimension of an interpolation: pairs of input position and weight.
std::vector<std::pair<std::int64_t, double>> taps(std::int64_t out, std::int64_t size, std::int64_t newSize, bool cubic)
{
    double center = (static_cast<double>(out) + 0.5) * static_cast<double>(size) / static_cast<double>(newSize) - 0.5;
    if (!cubic)
        center = std::max(center, 0.0);
    const auto first = static_cast<std::int64_t>(std::floor(center));
    std::vector<std::pair<std::int64_t, double>> result;
    for (std::int64_t i = first - 1; i <= first + 2; ++i) {
        const double weight
            = cubic ? cubicWeight(center - static_cast<double>(i)) : std::max(0.0, 1 - std::abs(center - static_cast<double>(i)));
        result.emplace_back(std::clamp<std::int64_t>(i, 0, size - 1), weight);
    }
    return result;
}

double interpolated(const std::function<double(std::int64_t, std::int64_t)> &at, std::int64_t y, std::int64_t x, Shape from, Shape to,
                    bool cubic)
{
    double sum = 0;
    for (const auto &[row, weightY] : taps(y, from[0], to[0], cubic)) {
        for (const auto &[column, weightX] : taps(x, from[1], to[1], cubic))
            sum += weightY * weightX * at(row, column);
    }
    return sum;
}

} // namespace

TEST(ApplyTransform, JoinsTensors)
{
    const std::vector<Grid> in = {randomGrid({2, 3, 4}, 1), randomGrid({2, 5, 4}, 2), randomGrid({2, 1, 4}, 3)};
    for (const int dim : {1, -2}) {
        const std::vector<Grid> joined = apply({{Concat{dim}}}, in);
        expectEqual(joined.at(0), Grid::of({2, 9, 4}, [&](const Index &i) {
            const std::size_t which = i[1] < 3 ? 0 : i[1] < 8 ? 1 : 2;
            return in[which].at({i[0], i[1] - (which == 0 ? 0 : which == 1 ? 3 : 8), i[2]});
        }));
    }
    const std::vector<Grid> same = {randomGrid({2, 3}, 1), randomGrid({2, 3}, 2)};
    for (const int dim : {0, 1, 2, -1}) {
        Shape shape = {2, 3};
        const auto at = static_cast<std::size_t>(dim < 0 ? 2 : dim);
        shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(at), 2);
        expectEqual(apply({{Stack{dim}}}, same).at(0), Grid::of(shape, [&](Index i) {
            const auto which = static_cast<std::size_t>(i[at]);
            i.erase(i.begin() + static_cast<std::ptrdiff_t>(at));
            return same[which].at(i);
        }));
    }
    expectEqual(apply({{Sum{}}}, same).at(0), Grid::of({2, 3}, [&](const Index &i) {
        return static_cast<float>(same[0].at(i)) + static_cast<float>(same[1].at(i));
    }));
}

TEST(ApplyTransform, TakesTensorsApart)
{
    const Grid in = randomGrid({6, 4});
    const std::vector<Grid> equal = apply({{Split{0, 3, {}}}}, {in});
    ASSERT_EQ(equal.size(), 3U);
    for (std::int64_t part = 0; part < 3; ++part)
        expectEqual(equal[static_cast<std::size_t>(part)], Grid::of({2, 4}, [&](const Index &i) {
                        return in.at({i[0] + 2 * part, i[1]});
                    }));
    const std::vector<Grid> sized = apply({{Split{-1, 0, {1, 3}}}}, {in});
    ASSERT_EQ(sized.size(), 2U);
    expectEqual(sized[1], Grid::of({6, 3}, [&](const Index &i) { return in.at({i[0], i[1] + 1}); }));
    const std::vector<Grid> rows = apply({{Unstack{1}}}, {in});
    ASSERT_EQ(rows.size(), 4U);
    expectEqual(rows[2], Grid::of({6}, [&](const Index &i) { return in.at({i[0], 2}); }));
}

TEST(ApplyTransform, MovesElements)
{
    check({{Slice{0, 1, 6, 2}}}, {7, 2}, {3, 2}, [](const Grid &in, const Index &i) { return in.at({1 + 2 * i[0], i[1]}); });
    check({{Slice{1, -2, INT64_MAX, 1}}}, {2, 5}, {2, 2}, [](const Grid &in, const Index &i) { return in.at({i[0], i[1] + 3}); });
    check({{Pad {1, 2, 1, 0.5}}}, {2, 3}, {2, 6}, [](const Grid &in, const Index &i) {
        return i[1] >= 2 && i[1] < 5 ? in.at({i[0], i[1] - 2}) : 0.5;
    });
    check({{Permute{{2, 0, -2}}}}, {2, 3, 4}, {4, 2, 3}, [](const Grid &in, const Index &i) { return in.at({i[1], i[2], i[0]}); });
    check({{Transpose{0, -1}}}, {2, 3, 4}, {4, 3, 2}, [](const Grid &in, const Index &i) { return in.at({i[2], i[1], i[0]}); });
    check({{Transpose {0, 1}}, {Reshape {{0, -1}}}}, {2, 3, 4}, {3, 8}, [](const Grid &in, const Index &i) {
        return in.at({i[1] / 4, i[0], i[1] % 4});
    });
    check({{Reshape{{4, -1, 2}}}}, {2, 12}, {4, 3, 2}, [](const Grid &in, const Index &i) {
        return in.values[static_cast<std::size_t>(flatIndex(i, {4, 3, 2}))];
    });
    check({{Squeeze{1}}}, {2, 1, 3}, {2, 3}, [](const Grid &in, const Index &i) { return in.at({i[0], 0, i[1]}); });
    check({{Unsqueeze{-1}}}, {2, 3}, {2, 3, 1}, [](const Grid &in, const Index &i) { return in.at({i[0], i[1]}); });
    check({{Repeat{0, 3}}}, {2, 2}, {6, 2}, [](const Grid &in, const Index &i) { return in.at({i[0] % 2, i[1]}); });
    // [outer 2, a 3, b 2, rest 2] -> [outer, b, a, rest]
    check({{Interleave{0, 2, 3, 2}}}, {24, 2}, {24, 2}, [](const Grid &in, const Index &i) {
        const std::int64_t outer = i[0] / 12, b = i[0] / 6 % 2, a = i[0] / 2 % 3, rest = i[0] % 2;
        return in.at({((outer * 3 + a) * 2 + b) * 2 + rest, i[1]});
    });
    check({{Interleave{1, 2, 3, 2}}, {Interleave{1, 2, 2, 3}}}, {2, 24}, {2, 24}, [](const Grid &in, const Index &i) { return in.at(i); });
}

TEST(ApplyTransform, Calculates)
{
    check({{Scale{0.25}}}, {5}, {5}, [](const Grid &in, const Index &i) { return in.at(i) * 0.25; });
    check({{Add{1}}}, {5}, {5}, [](const Grid &in, const Index &i) { return static_cast<float>(in.at(i)) + 1.0F; });
    check({{Negate{}}}, {5}, {5}, [](const Grid &in, const Index &i) { return -in.at(i); });
    const std::vector<Grid> in = {randomGrid({2}, 1), randomGrid({2}, 2)};
    const std::vector<Grid> one = apply({{Scale{2}, 1}}, in);
    expectEqual(one.at(0), in[0]);
    expectEqual(one.at(1), Grid::of({2}, [&](const Index &i) { return 2 * in[1].at(i); }));
}

TEST(ApplyTransform, ResizesPositionTables)
{
    check({{Interpolate{0, {7}, 0, false, "linear"}}}, {4, 3}, {7, 3}, [](const Grid &in, const Index &i) {
        double sum = 0;
        for (const auto &[row, weight] : taps(i[0], 4, 7, false))
            sum += weight * in.at({row, i[1]});
        return sum;
    }, 1e-6);
    for (const bool cubic : {false, true}) {
        const std::string mode = cubic ? "bicubic" : "bilinear";
        check({{Interpolate{1, {5, 7}, 0, false, mode}}}, {1, 4, 4, 3}, {1, 5, 7, 3}, [&](const Grid &in, const Index &i) {
            return interpolated([&](auto y, auto x) { return in.at({0, y, x, i[3]}); }, i[1], i[2], {4, 4}, {5, 7}, cubic);
        }, 2e-6);
        check({{Interpolate{1, {5, 5}, 1, true, mode}}}, {1, 10, 2}, {1, 26, 2}, [&](const Grid &in, const Index &i) {
            if (i[1] == 0)
                return in.at({0, 0, i[2]});
            return interpolated(
                [&](auto y, auto x) {
                    return in.at({0, 1 + 3 * y + x, i[2]});
                },
                (i[1] - 1) / 5, (i[1] - 1) % 5, {3, 3}, {5, 5}, cubic);
        }, 2e-6);
    }
}

TEST(ApplyTransform, FusesWeightNorm)
{
    const Grid g = randomGrid({4, 1}, 1), v = randomGrid({4, 3}, 2);
    const Grid weight = apply({{FuseWeightNorm{0}}}, {g, v}).at(0);
    expectEqual(weight, Grid::of({4, 3}, [&](const Index &i) {
        double squares = 0;
        for (std::int64_t k = 0; k < 3; ++k)
            squares += v.at({i[0], k}) * v.at({i[0], k});
        return g.at({i[0], 0}) * v.at(i) / std::sqrt(squares);
    }), 1e-6);
    const std::vector<Grid> parts = apply({{SplitWeightNorm{0}}}, {weight});
    expectEqual(apply({{FuseWeightNorm{0}}}, parts).at(0), weight, 1e-6);
}

TEST(ApplyTransform, FoldsBatchNorm)
{
    const Grid weight = randomGrid({3, 2}, 1), bias = randomGrid({3}, 2), gamma = randomGrid({3}, 3), beta = randomGrid({3}, 4),
               mean = randomGrid({3}, 5), variance = Grid::of({3}, [](const Index &i) { return 0.5 + static_cast<double>(i[0]); });
    const Grid x = randomGrid({2}, 6);
    for (const bool hasBias : {true, false}) {
        std::vector<Grid> inputs = {weight, gamma, beta, mean, variance};
        if (hasBias)
            inputs.insert(inputs.begin() + 1, bias);
        const std::vector<Grid> folded = apply({{FoldBatchNorm{1e-3, hasBias}}}, inputs);
        ASSERT_EQ(folded.size(), 2U);
        for (std::int64_t c = 0; c < 3; ++c) {
            double plain = hasBias ? bias.at({c}) : 0, both = folded[1].at({c});
            for (std::int64_t k = 0; k < 2; ++k) {
                plain += weight.at({c, k}) * x.at({k});
                both += folded[0].at({c, k}) * x.at({k});
            }
            EXPECT_NEAR(both, (plain - mean.at({c})) / std::sqrt(variance.at({c}) + 1e-3) * gamma.at({c}) + beta.at({c}), 1e-5);
        }
    }
}

TEST(ApplyTransform, CastsAsTorchDoes)
{
    const Value value{at::tensor({1.0F + 0x1p-11F, 1.0F + 3 * 0x1p-11F, 70000.0F, -2.7F}), DType::F32};
    const auto as = [&](DType dtype) { return toGrid(applyTransform({{Cast{dtype}}}, {value}).at(0)).values; };
    EXPECT_EQ(as(DType::F16), (std::vector<double>{1, 1 + 4 * 0x1p-11, INFINITY, -2.69921875})) << "ties to even";
    EXPECT_EQ(as(DType::BF16), (std::vector<double>{1, 1, 70144, -2.703125}));
    EXPECT_EQ(as(DType::I32), (std::vector<double>{1, 1, 70000, -2}));
    EXPECT_EQ(as(DType::U16), (std::vector<double>{1, 1, 70000 - 65536, 65534}));
    EXPECT_EQ(as(DType::F8E4M3)[3], -2.75);
    EXPECT_TRUE(std::isnan(as(DType::F8E4M3)[2])) << "has no infinity";
    EXPECT_TRUE(std::isinf(as(DType::F8E5M2)[2]));
}

TEST(ApplyTransform, CarriesTypesLibTorchLacks)
{
    at::Tensor codes = at::arange(256, at::kByte).reshape({16, 16});
    for (const DType dtype : {DType::F8E4M3, DType::F8E5M2, DType::F8E4M3FNUZ, DType::F8E5M2FNUZ}) {
        const Value moved = applyTransform({{Transpose{0, 1}}}, {{codes, dtype}}).at(0);
        EXPECT_EQ(moved.dtype, dtype);
        EXPECT_TRUE(moved.tensor.equal(codes.t())) << "bits, not values";
        // Every code that is a number comes back from its value.
        const Value back = cast(cast({codes, dtype}, DType::F32), dtype);
        const at::Tensor numbers = cast({codes, dtype}, DType::F32).tensor;
        EXPECT_TRUE(at::where(numbers.isnan(), codes, back.tensor).equal(codes)) << name(dtype);
    }
    const Value wide{at::tensor({0xFFFF, 1}, at::kInt).to(at::kShort), DType::U16};
    EXPECT_EQ(toGrid(cast(wide, DType::F32)).values, (std::vector<double>{65535, 1}));
    const Value joined = applyTransform({{Concat{0}}}, {wide, wide}).at(0);
    EXPECT_EQ(joined.dtype, DType::U16);
    EXPECT_EQ(toGrid(joined).values, (std::vector<double>{65535, 1, 65535, 1}));
}

TEST(ApplyTransform, LeavesInputsAlone)
{
    const Grid in = randomGrid({4, 4});
    const Value value = toValue(in);
    applyTransform({{Transpose{0, 1}}, {Scale{3}}, {Add{1}}, {Negate{}}, {Pad{0, 1, 1, 0}}}, {value});
    applyTransform({{FuseWeightNorm{0}}}, {toValue(randomGrid({4}, 2)), value});
    expectEqual(toGrid(value), in);
}

TEST(ApplyTransform, RefusesWhatShapesForbid)
{
    const Value value = toValue(randomGrid({2, 3}));
    EXPECT_THROW(applyTransform({{Split{1, 2, {}}}}, {value}), Error);
    EXPECT_THROW(applyTransform({{Concat{0}}}, {value, toValue(randomGrid({2, 4}))}), Error);
    EXPECT_THROW(applyTransform({{Reshape{{4}}}}, {value}), Error);
    EXPECT_THROW(applyTransform({{Permute{{0, 0}}}}, {value}), Error);
}

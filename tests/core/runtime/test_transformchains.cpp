// SPDX-License-Identifier: GPL-3.0-or-later
// Chains of all transforms, carried out, undone and compared; position tables against torch's own interpolate by way of the scripts
// (tests/core/script).
#include "core/mapping/rearrangement.h"
#include "core/runtime/applytransform.h"
#include "tests/core/mapping/randomtransform.h"

#include <gtest/gtest.h>

#include <array>
#include <iostream>

using namespace rekey;

namespace {

/// Values that any type holds: small whole numbers.
Value randomValue(const TensorShape &shape)
{
    const bool bits = shape.dtype == DType::Bool;
    const at::Tensor numbers = at::randint(bits ? 0 : 1, bits ? 2 : 9, shape.shape, at::TensorOptions(at::kLong));
    return cast({numbers, DType::I64}, shape.dtype);
}

std::vector<Value> randomValues(const std::vector<TensorShape> &shapes)
{
    std::vector<Value> values;
    for (const TensorShape &shape : shapes)
        values.push_back(randomValue(shape));
    return values;
}

std::vector<TensorShape> shapesOf(const std::vector<Value> &values)
{
    std::vector<TensorShape> shapes;
    for (const Value &value : values)
        shapes.push_back({shapeOf(value.tensor), value.dtype});
    return shapes;
}

/// Largest difference, relative to numbers above one; infinite where one is no number.
double difference(const Value &a, const Value &b)
{
    const at::Tensor x = numeric(a).tensor.to(at::kDouble), y = numeric(b).tensor.to(at::kDouble);
    if (x.numel() == 0)
        return 0;
    const double largest = ((x - y).abs() / at::clamp_min(x.abs(), 1)).max().item<double>();
    return std::isnan(largest) ? INFINITY : largest;
}

template <class... Steps>
bool hasStep(const Transform &transform)
{
    return std::ranges::any_of(transform, [](const Step &step) { return (std::holds_alternative<Steps>(step.op) || ...); });
}

} // namespace

TEST(TransformChains, ShapesAreThoseForeseen)
{
    at::manual_seed(1);
    test::RandomTransforms random(2);
    std::array<int, std::variant_size_v<BasicStep>> seen{};
    for (int i = 0; i < 4000; ++i) {
        const test::TransformCase c = random.next(4);
        const std::vector<Value> results = applyTransform(c.transform, randomValues(c.inputs));
        ASSERT_EQ(shapesOf(results), outputShapes(c.transform, c.inputs)) << transformText(c.transform);
        for (const Step &step : c.transform)
            ++seen[step.op.index()];
    }
    for (std::size_t step = 0; step < seen.size(); ++step)
        EXPECT_GT(seen[step], 5) << stepNames[step] << " was not walked";
}

/// What only moves elements, or widens them, comes back bit by bit; arithmetic as closely as its type allows.
TEST(TransformChains, InversesBringTheValuesBack)
{
    at::manual_seed(1);
    test::RandomTransforms random(3);
    int exact = 0, close = 0;
    for (int i = 0; i < 6000; ++i) {
        const test::TransformCase c = random.next(3);
        const std::optional<Transform> back = inverse(c.transform, c.inputs);
        if (!back)
            continue;
        const std::vector<Value> inputs = randomValues(c.inputs);
        const std::vector<Value> outputs = applyTransform(c.transform, inputs);
        const std::vector<Value> returned = applyTransform(*back, outputs);
        SCOPED_TRACE(transformText(c.transform) + " back by " + transformText(*back));
        ASSERT_EQ(shapesOf(returned), c.inputs);
        if (hasStep<FuseWeightNorm>(c.transform)) { // another g and v, for the same weight
            const std::vector<Value> again = applyTransform(c.transform, returned);
            for (std::size_t k = 0; k < again.size(); ++k)
                ASSERT_LE(difference(again[k], outputs[k]), again[k].dtype == DType::F32 || again[k].dtype == DType::F64 ? 1e-4 : 0.3);
            ++close;
        } else if (hasStep<Scale, Add, SplitWeightNorm>(c.transform)) {
            for (std::size_t k = 0; k < inputs.size(); ++k)
                ASSERT_LE(difference(returned[k], inputs[k]), inputs[k].dtype == DType::F32 || inputs[k].dtype == DType::F64 ? 1e-4 : 0.3);
            ++close;
        } else {
            for (std::size_t k = 0; k < inputs.size(); ++k)
                ASSERT_TRUE(returned[k].tensor.equal(inputs[k].tensor));
            ++exact;
        }
    }
    std::cout << exact << " chains come back bit by bit, " << close << " with the rounding of their type\n";
    EXPECT_GT(exact, 500);
    EXPECT_GT(close, 100);
}

/// What is read run by run is what LibTorch gives.
TEST(TransformChains, RunsOfElementsAreTheSameValues)
{
    at::manual_seed(1);
    test::RandomTransforms random(4);
    std::array<int, std::variant_size_v<BasicStep>> seen{};
    for (int i = 0; i < 20000; ++i) {
        const test::TransformCase c = random.next(4);
        const auto outputs = rearranged(c.transform, c.inputs);
        if (!outputs)
            continue;
        const std::vector<Value> inputs = randomValues(c.inputs), expected = applyTransform(c.transform, inputs);
        SCOPED_TRACE(transformText(c.transform));
        ASSERT_EQ(outputs->size(), expected.size());
        for (std::size_t k = 0; k < expected.size(); ++k) {
            std::vector<at::Tensor> runs = {at::empty({0}, expected[k].tensor.options())};
            for (const ElementRun &run : (*outputs)[k].runs)
                runs.push_back(inputs[run.input].tensor.flatten().narrow(0, static_cast<std::int64_t>(run.first),
                                                                         static_cast<std::int64_t>(run.count)));
            ASSERT_EQ((*outputs)[k].dtype, expected[k].dtype);
            ASSERT_TRUE(at::cat(runs).equal(expected[k].tensor.contiguous().flatten()));
        }
        for (const Step &step : c.transform)
            ++seen[step.op.index()];
    }
    for (const char *moving : {"concat", "split", "slice", "reshape", "squeeze", "unsqueeze", "stack", "unstack", "interleave", "repeat"})
        EXPECT_GT(seen[static_cast<std::size_t>(std::ranges::find(stepNames, moving) - std::begin(stepNames))], 20) << moving;
}

TEST(TransformChains, WeightNormOverEveryDimension)
{
    at::manual_seed(1);
    for (int dim = -3; dim < 3; ++dim) {
        for (const bool flat : {false, true}) {
            const at::Tensor v = at::randn({4, 3, 5});
            Shape shape = {1, 1, 1};
            const auto at = static_cast<std::size_t>(dim < 0 ? dim + 3 : dim);
            shape[at] = v.size(dim);
            const at::Tensor g = at::rand(shape) + 0.5;
            const Value fused = applyTransform({{FuseWeightNorm{dim}}}, {{flat ? g.flatten() : g, DType::F32}, {v, DType::F32}}).at(0);
            EXPECT_LT((fused.tensor - at::_weight_norm(v, g, static_cast<std::int64_t>(at))).abs().max().item<double>(), 1e-6) << dim;
            const std::vector<Value> parts = applyTransform({{SplitWeightNorm{dim}}}, {fused});
            EXPECT_LT((parts[0].tensor - g).abs().max().item<double>(), 1e-5) << "g is the norm of the weight";
            EXPECT_TRUE(parts[1].tensor.equal(fused.tensor));
        }
    }
}

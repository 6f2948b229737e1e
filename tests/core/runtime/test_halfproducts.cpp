// SPDX-License-Identifier: GPL-3.0-or-later
// Products of factors in 16 bits, and models computed with them.
#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/models/sam/deviceencoder.h"
#include "core/runtime/models/sam/segmenter.h"
#include "core/runtime/precisions.h"
#include "core/runtime/tiles.h"
#include "samreference.h"
#include "tileproduct.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <limits>

using namespace rekey;
using namespace rekey::test;
using tiles::Factors;

namespace {

constexpr std::array halfFactors {Factors::F16, Factors::BF16, Factors::BF16AsHalves};

const char *nameOf(Factors factors)
{
    return factors == Factors::F16 ? "fp16" : factors == Factors::BF16 ? "bf16" : "bf16 as halves";
}

at::Tensor product(Factors factors, const at::Tensor &x, const at::Tensor &weight)
{
    return tileProduct(factors, x, weight, {}, tiles::Then::Store, at::full({x.size(0), weight.size(0)}, std::nanf("")));
}

/// To 8 or to 11 significant bits, whatever the exponent; as doubles.
at::Tensor roundedFor(Factors factors, const at::Tensor &x)
{
    const at::Tensor wide = x.to(at::kDouble);
    const at::Tensor unit = at::exp2(at::floor(at::log2(wide.abs().clamp_min(1e-300))) - (factors == Factors::F16 ? 10 : 7));
    return at::round(wide / unit) * unit; // to even
}

/// What error the sums may have. `typical` is the deviation of a sum of terms of random signs. Where factors are scaled, what is far below
/// the largest of its row or column may be lost: 2^-29 of that.
at::Tensor allowed(Factors factors, const at::Tensor &x, const at::Tensor &weight)
{
    const at::Tensor a = x.to(at::kDouble), b = weight.to(at::kDouble);
    const at::Tensor typical = at::sqrt(at::mm(a * a, (b * b).t()));
    if (factors == Factors::BF16)
        return 1e-5 * typical;
    const at::Tensor lost = std::ldexp(1.0, -29)
                          * (std::get<0>(a.abs().max(1, true)) * b.abs().sum(1).unsqueeze(0)
                             + a.abs().sum(1, true) * std::get<0>(b.abs().max(1)).unsqueeze(0));
    return 8e-3 * typical + 2 * lost;
}

at::Tensor powersOfTen(at::IntArrayRef shape, double least, double most)
{
    return at::pow(10.0, at::rand(shape, at::kDouble) * (most - least) + least);
}

at::Tensor spread(at::IntArrayRef shape, const at::Tensor &factors)
{
    return (at::randn(shape, at::kDouble) * factors).to(at::kFloat);
}

double rms(const at::Tensor &x)
{
    return std::sqrt((x * x).mean().item<double>());
}

/// A model's weights with those of every MLP made larger: its first layer gives numbers beyond 65504, and so does the second.
class LoudWeights final : public TensorSource
{
public:
    explicit LoudWeights(TensorSourcePtr source)
        : TensorSource(source->schema())
        , m_source(std::move(source))
    {
    }
    Value tensor(std::size_t index) const override
    {
        Value value = m_source->tensor(index);
        if (schema().tensors[index].key.find(".mlp.lin1.") != std::string::npos)
            value.tensor = value.tensor * 0x1p20;
        return value;
    }

private:
    TensorSourcePtr m_source;
};

Image testPicture(int side)
{
    Image image {side, side * 2 / 3, {}};
    for (int i = 0; i < 3 * image.width * image.height; ++i)
        image.rgb.push_back(static_cast<std::uint8_t>(i * 7 + i / 50));
    return image;
}

} // namespace

/// All tails: rows that do not fill a block, columns a panel, the inner dimension a run, a slab or a pair.
TEST(HalfProducts, AreThoseOfTheRoundedFactors)
{
    at::manual_seed(11);
    const c10::InferenceMode mode;
    for (const Factors factors : halfFactors) {
        if (!tiles::available(factors))
            continue;
        for (const auto &[rows, in, columns] : {std::tuple {1, 1, 1},
                                                {13, 31, 63},
                                                {14, 32, 64},
                                                {15, 33, 65},
                                                {29, 100, 130},
                                                {43, 1701, 97},
                                                {28, 768, 64},
                                                {3, 769, 31}}) {
            const at::Tensor row = powersOfTen({rows, 1}, -15, 15), column = powersOfTen({columns, 1}, -15, 15);
            const std::tuple<const char *, at::Tensor, at::Tensor> cases[] = {
                {"ordinary", at::randn({rows, in}), at::randn({columns, in}) * 0.02},
                {"tiny", at::randn({rows, in}) * 1e-30, at::randn({columns, in})},
                {"below the normal numbers of fp32", at::randn({rows, in}) * 1e-39, at::randn({columns, in}) * 1e20},
                {"huge", at::randn({rows, in}) * 1e30, at::randn({columns, in}) * 1e-2},
                {"huge and tiny", at::randn({rows, in}) * 1e30, at::randn({columns, in}) * 1e-30},
                {"every row and column of another size", spread({rows, in}, row), spread({columns, in}, column)},
                {"small beside large", spread({rows, in}, powersOfTen({rows, in}, -6, 0)),
                 spread({columns, in}, powersOfTen({columns, in}, -6, 0))},
            };
            for (const auto &[name, x, weight] : cases) {
                if (factors == Factors::BF16 && std::string_view(name).starts_with("below"))
                    continue; // vdpbf16ps takes these for zeros
                SCOPED_TRACE(fmt::format("{}, {}×{}×{}, {}", nameOf(factors), rows, in, columns, name));
                const at::Tensor a = roundedFor(factors, x), b = roundedFor(factors, weight);
                const at::Tensor error = (product(factors, x, weight) - at::mm(a, b.t())).abs();
                EXPECT_LE((error / allowed(factors, x, weight)).max().item<double>(), 1);
            }
        }
    }
}

TEST(HalfProducts, AddBiasAndGelu)
{
    at::manual_seed(12);
    const c10::InferenceMode mode;
    for (const Factors factors : halfFactors) {
        if (!tiles::available(factors))
            continue;
        const at::Tensor x = at::randn({30, 200}), weight = at::randn({70, 200}) / 14, bias = at::randn({70}), before = at::randn({30, 70});
        const at::Tensor exact = at::mm(roundedFor(factors, x), roundedFor(factors, weight).t());
        const auto error = [&](tiles::Then then, const at::Tensor &out, const at::Tensor &expected) {
            return (tileProduct(factors, x, weight, bias, then, out) - expected).abs().max().item<double>();
        };
        SCOPED_TRACE(nameOf(factors));
        EXPECT_LE(error(tiles::Then::Add, before.clone(), before + exact + bias), 4e-3);
        EXPECT_LE(error(tiles::Then::Gelu, at::empty_like(before), at::gelu(exact + bias)), 4e-3);
        const at::Tensor zeros = at::zeros({1, 200});
        EXPECT_TRUE(at::equal(tileProduct(factors, zeros, weight, bias, tiles::Then::Store, at::empty({1, 70})), bias.unsqueeze(0)));
    }
}

/// Sums in fp16 may not cost more than rounding the factors to bf16 does, of random signs or of one sign.
TEST(HalfProducts, LoseLessInSumsThanInBfloatsRounding)
{
    if (!tiles::available(Factors::BF16AsHalves))
        GTEST_SKIP() << "this processor has no AVX-512-FP16";
    at::manual_seed(13);
    const c10::InferenceMode mode;
    for (const bool oneSign : {false, true}) {
        at::Tensor x = at::randn({140, 3072}), weight = at::randn({256, 3072});
        if (oneSign)
            x = x.abs(); // as behind a GELU
        const at::Tensor rounded = at::mm(roundedFor(Factors::BF16, x), roundedFor(Factors::BF16, weight).t());
        const double rounding = rms(rounded - at::mm(x.to(at::kDouble), weight.to(at::kDouble).t()));
        const double sums = rms(product(Factors::BF16AsHalves, x, weight) - rounded);
        std::printf("%s: rounding to bf16 %.4f, sums in fp16 %.4f\n", oneSign ? "rows of one sign" : "random signs", rounding, sums);
        EXPECT_LE(sums, rounding);
    }
}

TEST(HalfProducts, TiesGoToEvenAndSpecialValuesStay)
{
    const c10::InferenceMode mode;
    const float infinity = std::numeric_limits<float>::infinity(), none = std::nanf("");
    for (const Factors factors : halfFactors) {
        if (!tiles::available(factors))
            continue;
        SCOPED_TRACE(nameOf(factors));
        const at::Tensor one = at::ones({1, 1});
        if (factors != Factors::F16) {
            for (const float x : {0x1.01p0F, 0x1.03p0F, -0x1.01p5F, 0x1.010002p-3F, 0x1.00fffep0F, 0x1.ffp7F})
                EXPECT_EQ(product(factors, at::full({1, 1}, x), one).item<float>(), at::full({1, 1}, x).to(at::kBFloat16).item<float>())
                    << x;
        }
        EXPECT_EQ(product(factors, at::full({1, 1}, std::numeric_limits<float>::max()), one * 0x1p-10).item<float>(),
                  factors == Factors::F16            ? 0x1p118F
                  : factors == Factors::BF16AsHalves ? 0x1p118F
                                                     : infinity);
        at::Tensor rows = at::ones({4, 40});
        rows[1][7] = infinity;
        rows[2][39] = none;
        rows[3].fill_(std::bit_cast<float>(0xFFFFFFFFU)); // a number's absence with every bit set
        const at::Tensor result = product(factors, rows, at::ones({65, 40}));
        EXPECT_TRUE((result[0] == 40).all().item<bool>());
        EXPECT_TRUE((result[1] == infinity).all().item<bool>());
        EXPECT_TRUE(at::isnan(result[2]).all().item<bool>());
        EXPECT_TRUE(at::isnan(result[3]).all().item<bool>());
    }
}

/// Numbers beyond fp16's 65504 inside a model: both half precisions stay as near to fp32 as elsewhere.
TEST(HalfPrecision, KeepsLargeActivations)
{
    const c10::InferenceMode mode;
    const TensorSourcePtr original
        = checkpointSource(openCheckpoint(std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny" / "sam_tiny.pth"), Access::InPlace);
    const auto loud = std::make_shared<LoudWeights>(original);
    const auto embedding = [&](Precision precision) {
        ComputeOptions compute;
        compute.precision = precision;
        const auto segmenter = sam::makeSegmenter(sam::detectConfig(loud->schema(), {}), loud, {}, compute);
        Recording recording(*segmenter);
        segmenter->setImage(testPicture(64));
        double largest = 0;
        for (const float value : recording.at("encoder.blocks.0.mlp").numbers)
            largest = std::max(largest, std::abs(static_cast<double>(value)));
        EXPECT_GT(largest, 65504);
        return recording.at("encoder.image_embedding").numbers;
    };
    const std::vector<float> exact = embedding(Precision::F32);
    for (const auto &[precision, tolerance] : {std::tuple {Precision::BF16, 0.1}, std::tuple {Precision::F16, 0.02}}) {
        if (precision == Precision::F16 && !tiles::available(Factors::F16))
            continue;
        const double error = difference(embedding(precision), exact);
        std::printf("%s: largest difference of the embedding %.4f\n", precisionName(precision), error);
        EXPECT_LE(error, tolerance);
    }
}

/// The same for the encoder that runs on CUDA devices, on LibTorch's processor device, which has bf16 but no products of fp16.
TEST(HalfPrecision, KeepsLargeActivationsOnDevices)
{
    const c10::InferenceMode mode;
    at::manual_seed(14);
    const auto loud = std::make_shared<LoudWeights>(
        checkpointSource(openCheckpoint(std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny" / "sam_tiny.pth"), Access::InPlace));
    const sam::Config config = sam::detectConfig(loud->schema(), {});
    const sam::Weights weights = sam::Weights(loud).below("image_encoder.");
    const at::Tensor pixels = at::randn({1, 3, config.imageSize, config.imageSize});
    const at::Tensor exact = sam::ImageEncoder(config, weights).forward(pixels, {}, {});
    const at::Tensor rounded = sam::DeviceEncoder(config, weights, Precision::BF16, at::kCPU).forward(pixels, {}, {});
    const double error = (rounded - exact).abs().max().item<double>();
    std::printf("largest difference of the embedding %.4f\n", error);
    EXPECT_GT(error, 1e-5) << "computed in bf16";
    EXPECT_LE(error, 0.1);
}

TEST(HalfPrecision, IsRefusedWhereThereIsNone)
{
    if (tiles::available(Factors::F16)) {
        EXPECT_EQ(tileFactors(Precision::F16), Factors::F16);
        return;
    }
    EXPECT_THROW(tileFactors(Precision::F16), Error);
}

/// What is chosen for bf16 is what the processor has, and the same whenever it is asked for.
TEST(HalfPrecision, ChoosesAWayToBfloat)
{
    const std::optional<Factors> factors = tileFactors(Precision::BF16);
    if (factors) {
        EXPECT_TRUE(*factors == Factors::BF16 || *factors == Factors::BF16AsHalves);
        EXPECT_TRUE(tiles::available(*factors));
    }
    EXPECT_EQ(tileFactors(Precision::BF16), factors);
    std::printf("bf16 by %s\n", factors ? nameOf(*factors) : "LibTorch's operators");
}

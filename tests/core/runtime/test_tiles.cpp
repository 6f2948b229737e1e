// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/models/sam/deviceencoder.h"
#include "core/runtime/models/sam/maskenlarger.h"
#include "core/runtime/models/sam/segmenter.h"
#include "core/runtime/tiles.h"
#include "randomsam.h"
#include "samreference.h"
#include "tileproduct.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

using namespace rekey;
using namespace rekey::test;

namespace {

double largest(const at::Tensor &difference)
{
    return difference.abs().max().item<double>();
}

} // namespace

TEST(Tiles, AgreeWithLibTorch)
{
    constexpr tiles::Factors factors = tiles::Factors::F32;
    if (!tiles::available(factors))
        GTEST_SKIP() << "this processor has no AVX-512";
    at::manual_seed(4);
    const c10::InferenceMode mode;
    for (const auto &[rows, in, columns] :
         {std::tuple {1, 1, 1}, {14, 32, 32}, {15, 33, 65}, {200, 100, 31}, {43, 1700, 97}, {28, 768, 64}}) {
        const at::Tensor x = at::randn({rows, in}), weight = at::randn({columns, in}), bias = at::randn({columns});
        const at::Tensor before = at::randn({rows, columns}), exact = at::linear(x.to(at::kDouble), weight.to(at::kDouble));
        // Of sums of `in` products of deviation 1.
        const double tolerance = 6e-6 * std::sqrt(static_cast<double>(in) + 8);
        SCOPED_TRACE(fmt::format("{}×{}×{}", rows, in, columns));
        EXPECT_LE(largest(tileProduct(factors, x, weight, {}, tiles::Then::Store, at::empty_like(before)) - exact), tolerance);
        EXPECT_LE(largest(tileProduct(factors, x, weight, bias, tiles::Then::Add, before.clone()) - (before + exact + bias)),
                  tolerance);
        EXPECT_LE(largest(tileProduct(factors, x, weight, bias, tiles::Then::Gelu, at::empty_like(before)) - at::gelu(exact + bias)),
                  tolerance);
    }
}

/// The whole model, each precision, on 1, 2 and 4 threads.
TEST(WholeModel, DoesNotDependOnTheNumberOfThreads)
{
    const auto demo = std::filesystem::path(REKEY_RESOURCES) / "demo";
    const Image image = loadImage(demo / "photos" / "toys.jpg");
    const int before = threads();
    for (const Precision precision : {Precision::F32, Precision::BF16, Precision::F16}) {
        if (precision == Precision::F16 && !tiles::available(tiles::Factors::F16))
            continue;
        ComputeOptions compute;
        compute.precision = precision;
        const auto segmenter = runtime().openSegmenter({openCheckpoint(demo / "sam_tiny.pth"), std::nullopt, nullptr}, {}, {}, compute);
        std::vector<std::vector<float>> embeddings, logits;
        for (const int count : {1, 2, 4}) {
            setThreads(count);
            Recording recording(*segmenter);
            segmenter->setImage(image);
            embeddings.push_back(recording.at("encoder.image_embedding").numbers);
            segmenter->setTrace({});
            segmenter->setImage(image); // without a trace some layers take another way
            const SegmentResult result = segmenter->predict({{{300, 200, true}}, {}, {}, true});
            logits.push_back(result.masks[result.best].lowRes);
        }
        for (std::size_t i = 1; i < logits.size(); ++i) {
            EXPECT_LE(difference(embeddings[i], embeddings[0]), 1e-5) << precisionName(precision);
            // In half precision within rounding of the decoder's fp32: three units in the last place of the largest logits, which are
            // about 50.
            EXPECT_LE(difference(logits[i], logits[0]), precision == Precision::F32 ? 1e-5 : 2e-5) << precisionName(precision);
        }
    }
    setThreads(before);
}

/// Blocks of ViT-B's size, one with windows and one global, so that every kind of step comes up.
TEST(Cancel, TakesEffectWithinAFifthOfASecond)
{
    using Clock = std::chrono::steady_clock;
    const SamSize size {768, 2, 12, {1}};
    const auto weights = std::make_shared<RandomWeights>(SamSchema(size).schema());
    const auto segmenter = sam::makeSegmenter(sam::detectConfig(weights->schema(), {}), weights, {});
    const Image image {1024, 683, std::vector<std::uint8_t>(3 * 1024 * 683, 100)};
    segmenter->setImage(image);
    const double whole = segmenter->encodingMilliseconds();
    std::vector<double> waits;
    for (const double share : {0.1, 0.3, 0.5, 0.7, 0.9}) {
        std::stop_source stop;
        Clock::time_point asked;
        std::jthread person([&] {
            std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(share * whole));
            asked = Clock::now();
            stop.request_stop();
        });
        try {
            segmenter->setImage(image, Progress(stop.get_token(), {}));
        } catch (const Cancelled &) {
            const Clock::time_point ended = Clock::now();
            person.join();
            waits.push_back(std::chrono::duration<double, std::milli>(ended - asked).count());
        }
    }
    ASSERT_GE(waits.size(), 2U) << "the others were done before";
    std::ranges::sort(waits);
    std::printf("cancel during %.0f ms of encoding took effect after %.1f ms at the median, %.1f ms at most\n", whole,
                waits[waits.size() / 2], waits.back());
    EXPECT_LE(waits[waits.size() / 2], 200);
}

/// The encoder for CUDA devices runs on LibTorch's processor device as well: every layer as the processor's own encoder.
TEST(DeviceEncoder, AgreesWithTheProcessors)
{
    const auto folder = std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny";
    const c10::InferenceMode mode;
    for (const char *file : {"sam_tiny.pth", "edge_pad.pth"}) {
        const CheckpointPtr checkpoint = openCheckpoint(folder / file);
        const TensorSourcePtr tensors = checkpointSource(checkpoint, Access::InPlace);
        const sam::Config config = sam::detectConfig(tensors->schema(), {});
        const sam::Weights weights = sam::Weights(tensors).below("image_encoder.");
        const at::Tensor pixels = at::randn({1, 3, config.imageSize, config.imageSize});
        const auto layers = [&](const sam::Encoder &encoder) {
            std::map<std::string, at::Tensor> values;
            const sam::Trace trace = [&](const std::string &name, const at::Tensor &value) {
                values[name] = value.clone(); // what is given back goes on and is added to in place
                return value;
            };
            const at::Tensor traced = encoder.forward(pixels, trace, {});
            EXPECT_LE(largest(traced - encoder.forward(pixels, {}, {})), 1e-5) << "a trace changes nothing";
            return values;
        };
        const auto own = layers(sam::ImageEncoder(config, weights)),
                   other = layers(sam::DeviceEncoder(config, weights, Precision::F32, at::kCPU));
        ASSERT_EQ(own.size(), other.size());
        EXPECT_GE(own.size(), 15U);
        for (const auto &[name, value] : own)
            EXPECT_LE(largest(value - other.at(name)), 2e-5 * (1 + largest(value))) << file << ' ' << name;
    }
}

TEST(MaskEnlarger, GivesWhatLibTorchsOperatorsGive)
{
    const c10::InferenceMode mode;
    at::manual_seed(6);
    struct Case { int side, input, resizedWidth, resizedHeight, width, height; };
    for (const Case &c : {Case {64, 256, 256, 171, 768, 512}, Case {64, 256, 171, 256, 20, 30}, Case {32, 128, 128, 85, 128, 85},
                          Case {64, 256, 256, 256, 1, 1}, Case {16, 64, 64, 1, 900, 7}}) {
        const at::Tensor logits = at::randn({1, 1, c.side, c.side}) * 3;
        const at::Tensor whole = at::upsample_bilinear2d(logits, {c.input, c.input}, false);
        const at::Tensor cut = whole.slice(2, 0, c.resizedHeight).slice(3, 0, c.resizedWidth);
        const at::Tensor expected = at::upsample_bilinear2d(cut, {c.height, c.width}, false)[0][0];
        const sam::EnlargedMask found
            = sam::MaskEnlarger(c.side, c.input, c.resizedWidth, c.resizedHeight, c.width, c.height).enlarge(logits.data_ptr<float>(), 1);
        ASSERT_EQ(found.pixels.size(), static_cast<std::size_t>(expected.numel()));
        const at::Tensor flat = expected.contiguous();
        std::uint64_t area = 0, near = 0;
        for (std::size_t i = 0; i < found.pixels.size(); ++i) {
            const float value = flat.data_ptr<float>()[i];
            if (std::abs(value) < 1e-4F || std::abs(std::abs(value) - 1) < 1e-4F)
                ++near; // rounding may take it to either side
            else
                EXPECT_EQ(found.pixels[i], value > 0 ? 1 : 0) << c.width << " × " << c.height << ' ' << i;
            area += found.pixels[i];
        }
        EXPECT_EQ(found.area, area);
        EXPECT_NEAR(static_cast<double>(found.above), (expected > 1).sum().item<double>(), static_cast<double>(near));
        EXPECT_NEAR(static_cast<double>(found.notBelow), (expected > -1).sum().item<double>(), static_cast<double>(near));
        EXPECT_LE(near, found.pixels.size() / 100 + 1);
    }
}

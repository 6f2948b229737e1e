// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "samreference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <fstream>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

constexpr double tolerance = 1e-4; // on every recorded layer
const fs::path folder = fs::path(REKEY_TEST_DATA) / "sam_tiny";

std::unique_ptr<Segmenter> openModel(const fs::path &file, const std::map<std::string, double> &behaviour = {},
                                     Precision precision = Precision::F32)
{
    ComputeOptions compute;
    compute.precision = precision;
    return runtime().openSegmenter({openCheckpoint(folder / file), std::nullopt, nullptr}, behaviour, {}, compute);
}

nlohmann::json readPrompts()
{
    std::ifstream stream(folder / "prompts.json");
    return nlohmann::json::parse(stream);
}

/// A case of prompts.json; a batch of several boxes is asked for one by one.
Prompts promptsOf(const nlohmann::json &described, std::size_t batch, const Checkpoint &reference)
{
    Prompts prompts;
    for (std::size_t i = 0; described.contains("points") && i < described["points"].size(); ++i)
        prompts.points.push_back({described["points"][i][0], described["points"][i][1], described["labels"][i] == 1});
    if (described.contains("boxes")) {
        const nlohmann::json &box = described["boxes"][batch];
        prompts.box = {box[0], box[1], box[2], box[3]};
    }
    if (described.contains("mask"))
        prompts.maskLogits = readValues(reference, described["mask"]).numbers;
    return prompts;
}

/// Entry `batch` of a recorded batch; an empty sparse prompt stays empty.
std::vector<float> entry(const Values &recorded, std::size_t batch, std::size_t count)
{
    const std::size_t size = recorded.numbers.size() / count;
    const auto first = recorded.numbers.begin() + static_cast<std::ptrdiff_t>(batch * size);
    return {first, first + static_cast<std::ptrdiff_t>(size)};
}

/// Compares all of a reference's tensors below `prefix` that the recording has under the same name. Returns their number.
int compareBelow(const Checkpoint &reference, const std::string &prefix, const Recording &recording, std::size_t batch = 0,
                 std::size_t count = 1)
{
    int compared = 0;
    for (const TensorEntry &tensor : reference.tensors()) {
        if (!tensor.key.starts_with(prefix) || !recording.has(tensor.key.substr(prefix.size())))
            continue;
        const Values expected = readValues(reference, tensor.key);
        const Values &found = recording.at(tensor.key.substr(prefix.size()));
        // Hugging Face's one zero token stands for no prompt.
        if (found.numbers.empty() && tensor.key.ends_with(".sparse"))
            continue;
        EXPECT_LE(difference(entry(expected, batch, count), found.numbers), tolerance) << tensor.key << " [" << batch << ']';
        ++compared;
    }
    return compared;
}

void compareMasks(const Checkpoint &reference, const std::string &key, const SegmentResult &result)
{
    if (reference.find(key + ".masks") != SchemaIndex::npos) {
        const std::vector<float> expected = readValues(reference, key + ".masks").numbers;
        std::vector<float> found;
        for (const MaskCandidate &mask : result.masks)
            found.insert(found.end(), mask.pixels.begin(), mask.pixels.end());
        EXPECT_EQ(found, expected) << key;
    }
}

/// Every picture and case of prompts.json against a file of reference activations. Returns how many tensors were compared.
int compareAll(Segmenter &segmenter, const Checkpoint &reference)
{
    const CheckpointPtr inputs = openCheckpoint(folder / "reference.safetensors");
    Recording recording(segmenter);
    int compared = 0;
    const nlohmann::json prompts = readPrompts();
    for (const auto &[picture, row] : prompts.items()) {
        segmenter.setImage(loadImage(folder / row["file"]));
        compared += compareBelow(reference, picture + '.', recording);
        for (const auto &[name, described] : row["cases"].items()) {
            const std::string prefix = picture + '.' + name + '.';
            const std::size_t count = described.contains("boxes") ? described["boxes"].size() : 1;
            for (std::size_t batch = 0; batch < count; ++batch) {
                recording.clear();
                Prompts asked = promptsOf(described, batch, *inputs);
                const SegmentResult multi = segmenter.predict(asked);
                compared += compareBelow(reference, prefix, recording, batch, count);
                asked.multimask = false;
                const SegmentResult single = segmenter.predict(asked);
                EXPECT_EQ(multi.masks.size(), 3U);
                EXPECT_EQ(single.masks.size(), 1U);
                compareMasks(reference, prefix + "multi", multi);
                compareMasks(reference, prefix + "single", single);
            }
        }
    }
    return compared;
}

} // namespace

TEST(SamTiny, AgreesWithTheOriginalAtEveryLayer)
{
    const auto segmenter = openModel("sam_tiny.pth");
    EXPECT_EQ(segmenter->description(), "SAM, depth 4, width 32, image 128");
    EXPECT_DOUBLE_EQ(segmenter->behaviour().at("decoder_norm_eps"), 1e-5);
    EXPECT_DOUBLE_EQ(segmenter->behaviour().at("decoder_num_heads"), 2);
    // All but the inputs, masks and rows of inputs, which other tests compare.
    EXPECT_GE(compareAll(*segmenter, *openCheckpoint(folder / "reference.safetensors")), 130);
}

/// In half precision: every recorded layer of the encoder, beside the largest value of the layer, and the masks.
TEST(SamTiny, StaysNearTheOriginalInHalfPrecision)
{
    const CheckpointPtr reference = openCheckpoint(folder / "reference.safetensors");
    const nlohmann::json prompts = readPrompts();
    for (const auto &[precision, bound] : {std::tuple {Precision::BF16, 0.02}, std::tuple {Precision::F16, 0.006}}) {
        // fp16 only where the processor has it; bf16 everywhere, if slowly.
        if (precision == Precision::F16 && runtime().precisions().back().timesAsFast == 0)
            continue;
        const auto segmenter = openModel("sam_tiny.pth", {}, precision);
        double worst = 0;
        int layers = 0;
        std::size_t pixels = 0, flipped = 0;
        for (const auto &[picture, row] : prompts.items()) {
            Recording recording(*segmenter);
            segmenter->setImage(loadImage(folder / row["file"]));
            for (const TensorEntry &tensor : reference->tensors()) {
                const std::string name = tensor.key.substr(std::min(tensor.key.size(), picture.size() + 1));
                if (!tensor.key.starts_with(picture + ".encoder.") || !recording.has(name))
                    continue;
                const std::vector<float> expected = readValues(*reference, tensor.key).numbers;
                double largest = 0;
                for (const float value : expected)
                    largest = std::max(largest, std::abs(static_cast<double>(value)));
                const double error = difference(expected, recording.at(name).numbers) / largest;
                EXPECT_LE(error, bound) << precisionName(precision) << ' ' << tensor.key;
                worst = std::max(worst, error);
                ++layers;
            }
            const SegmentResult found = segmenter->predict(promptsOf(row["cases"].begin().value(), 0, *reference));
            const std::vector<float> masks
                = readValues(*reference, picture + '.' + row["cases"].begin().key() + ".multi.masks").numbers;
            for (std::size_t i = 0; i < masks.size(); ++i) {
                const std::size_t area = found.masks[0].pixels.size();
                flipped += found.masks[i / area].pixels[i % area] != static_cast<std::uint8_t>(masks[i]);
                ++pixels;
            }
        }
        std::printf("%s: largest error of %d layers %.4f of the layer's largest value, %zu of %zu pixels of masks differ\n",
                    precisionName(precision), layers, worst, flipped, pixels);
        EXPECT_GE(layers, 20);
        EXPECT_GT(worst, 0) << "it computes differently";
        EXPECT_LE(static_cast<double>(flipped), 0.01 * static_cast<double>(pixels));
    }
}

TEST(SamTiny, AgreesWithHuggingFaceAtEveryLayer)
{
    const auto segmenter = openModel("hf");
    EXPECT_DOUBLE_EQ(segmenter->behaviour().at("decoder_norm_eps"), 1e-6);
    EXPECT_GE(compareAll(*segmenter, *openCheckpoint(folder / "reference_hf.safetensors")), 44);
}

TEST(SamTiny, TellsTheTwoNormalisationsApart)
{
    const CheckpointPtr reference = openCheckpoint(folder / "reference_hf.safetensors");
    const auto segmenter = openModel("sam_tiny.pth", {{"decoder_norm_eps", 1e-6}});
    EXPECT_DOUBLE_EQ(segmenter->behaviour().at("decoder_norm_eps"), 1e-6);
    Recording recording(*segmenter);
    segmenter->setImage(loadImage(folder / "square.png"));
    Prompts prompts;
    prompts.points = {{40, 72, true}};
    segmenter->predict(prompts);
    const Values expected = readValues(*reference, "square.point1.decoder.masks_all");
    EXPECT_LE(difference(recording.at("decoder.masks_all").numbers, expected.numbers), 1e-5);
    const auto original = openModel("sam_tiny.pth");
    Recording other(*original);
    original->setImage(loadImage(folder / "square.png"));
    original->predict(prompts);
    EXPECT_GT(difference(other.at("decoder.masks_all").numbers, expected.numbers), 1e-4) << "then this test could not fail";
}

TEST(SamTiny, PreparesPicturesAsTheOriginal)
{
    const CheckpointPtr reference = openCheckpoint(folder / "reference.safetensors");
    for (const std::string picture : {"wide", "tall"}) {
        const Values expected = readValues(*reference, picture + ".resized_u8");
        const Image resized = resizeBilinear(loadImage(folder / (picture + ".png")), static_cast<int>(expected.shape[1]),
                                             static_cast<int>(expected.shape[0]));
        EXPECT_EQ(std::vector<float>(resized.rgb.begin(), resized.rgb.end()), expected.numbers) << picture;
    }
    const auto segmenter = openModel("sam_tiny.pth");
    Recording recording(*segmenter);
    segmenter->setImage(loadImage(folder / "square.png"));
    EXPECT_EQ(recording.at("input").numbers, readValues(*reference, "square.input").numbers);
    for (const std::string picture : {"wide", "tall"}) {
        segmenter->setImage(loadImage(folder / (picture + ".png")));
        const Values expected = readValues(*reference, picture + ".input_rows_80_to_92");
        const std::vector<float> &input = recording.at("input").numbers;
        std::vector<float> rows;
        for (std::ptrdiff_t channel = 0; channel < 3; ++channel)
            rows.insert(rows.end(), input.begin() + (channel * 128 + 80) * 128, input.begin() + (channel * 128 + 92) * 128);
        EXPECT_EQ(rows, expected.numbers) << picture;
    }
}

TEST(SamTiny, PadsWindowsThatDoNotFitTheGrid)
{
    const auto segmenter = openModel("edge_pad.pth");
    EXPECT_EQ(segmenter->description(), "SAM image encoder, depth 2, width 16, image 160");
    Recording recording(*segmenter);
    segmenter->setImage(loadImage(folder / "edge_pad.png"));
    EXPECT_EQ(compareBelow(*openCheckpoint(folder / "edge_reference.safetensors"), "pad.", recording), 9);
    EXPECT_THROW(segmenter->predict({}), Error);
}

TEST(SamTiny, ResizesRelativePositionsOfOtherSizes)
{
    // Its tables fit neither the windows nor the grid, so no shape can tell the window size: it has to be said.
    const auto segmenter = openModel("edge_relpos.pth", {{"window_size", 4}});
    Recording recording(*segmenter);
    segmenter->setImage(loadImage(folder / "square.png"));
    EXPECT_EQ(compareBelow(*openCheckpoint(folder / "edge_reference.safetensors"), "relpos.", recording), 7);
}

TEST(SamTiny, UsesAnEarlierMaskAndCountsItsArea)
{
    const auto segmenter = openModel("sam_tiny.pth");
    segmenter->setImage(loadImage(folder / "wide.png"));
    Prompts prompts;
    prompts.box = {135, 38, 82.5, 12}; // drawn from the lower right
    const SegmentResult result = segmenter->predict(prompts);
    ASSERT_EQ(result.masks.size(), 3U);
    EXPECT_EQ(result.width, 150);
    EXPECT_EQ(result.height, 100);
    const MaskCandidate &best = result.masks[result.best];
    EXPECT_EQ(best.pixels.size(), 15000U);
    EXPECT_EQ(best.area, static_cast<std::uint64_t>(std::count(best.pixels.begin(), best.pixels.end(), 1)));
    for (const MaskCandidate &mask : result.masks) {
        EXPECT_LE(mask.predictedIou, best.predictedIou);
        EXPECT_GE(mask.stability, 0);
        EXPECT_LE(mask.stability, 1);
    }
    prompts.maskLogits = best.lowRes;
    const SegmentResult refined = segmenter->predict(prompts);
    EXPECT_GT(difference(refined.masks[0].lowRes, result.masks[0].lowRes), 1e-4);
    const Prompts ordered{{}, PromptBox{82.5, 12, 135, 38}, best.lowRes, true};
    EXPECT_EQ(segmenter->predict(ordered).masks[0].lowRes, refined.masks[0].lowRes);
}

TEST(SamTiny, StopsWhenAsked)
{
    const auto segmenter = openModel("sam_tiny.pth");
    std::stop_source stop;
    const Progress progress(stop.get_token(), [&](double, std::string_view) { stop.request_stop(); });
    EXPECT_THROW(segmenter->setImage(loadImage(folder / "square.png"), progress), Cancelled);
    EXPECT_THROW(segmenter->predict({}), Error) << "no half-encoded image is left";
}

TEST(SamTiny, RefusesWhatItCannotRun)
{
    const auto sentence = [](const auto &work) -> std::string {
        try {
            work();
        } catch (const Error &error) {
            return error.what();
        }
        return "";
    };
    const auto segmenter = openModel("sam_tiny.pth");
    EXPECT_THAT(sentence([&] { segmenter->predict({}); }), HasSubstr("no image"));
    segmenter->setImage(loadImage(folder / "square.png"));
    EXPECT_THAT(sentence([&] { segmenter->predict({{}, {}, std::vector<float>(5), true}); }), HasSubstr("5 values"));
    EXPECT_THAT(sentence([&] { segmenter->predict({{{NAN, 1, true}}, {}, {}, true}); }), HasSubstr("not a number"));
    EXPECT_THAT(sentence([] { openModel("sam_tiny.pth", {{"eps", 1}}); }), HasSubstr("known are decoder_norm_eps"));
    EXPECT_THAT(sentence([] { openModel("sam_tiny.pth", {{"decoder_num_heads", 3}}); }), HasSubstr("does not divide"));
    EXPECT_THAT(sentence([] { openModel("reference.safetensors"); }), HasSubstr("known are Segment Anything"));
    Schema schema = openCheckpoint(folder / "sam_tiny.pth")->schema();
    EXPECT_THAT(sentence([&] { runtime().openSegmenter({checkpointFromSchema(schema), {}, nullptr}); }), HasSubstr("has no values"));
    for (SchemaTensor &tensor : schema.tensors) {
        if (tensor.key == "image_encoder.blocks.2.attn.rel_pos_h")
            tensor.shape = {8, 16};
    }
    EXPECT_THAT(sentence([&] { runtime().openSegmenter({checkpointFromSchema(schema), {}, nullptr}); }), HasSubstr("an odd number"));
}

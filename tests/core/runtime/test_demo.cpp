// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/mapping/architectures.h"
#include "samreference.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace rekey;
using namespace rekey::test;
namespace fs = std::filesystem;

namespace {

const fs::path demo = fs::path(REKEY_RESOURCES) / "demo";
const fs::path data = fs::path(REKEY_TEST_DATA) / "demo";

nlohmann::json readJson(const fs::path &path)
{
    std::ifstream stream(path);
    return nlohmann::json::parse(stream);
}

Prompts promptsOf(const nlohmann::json &described, const std::map<std::string, SegmentResult> &earlier)
{
    Prompts prompts;
    for (std::size_t i = 0; described.contains("points") && i < described["points"].size(); ++i)
        prompts.points.push_back({described["points"][i][0], described["points"][i][1], described["labels"][i] == 1});
    if (const auto box = described.find("box"); box != described.end())
        prompts.box = {(*box)[0], (*box)[1], (*box)[2], (*box)[3]};
    prompts.multimask = described["multimask"];
    if (const auto from = described.find("mask_from"); from != described.end()) {
        const SegmentResult &result = earlier.at(*from);
        prompts.maskLogits = result.masks[result.best].lowRes;
    }
    return prompts;
}

/// How far one model's answers may be from the references.
struct Tolerance
{
    double maskIou;
    double iou;
    double logits;
};

/// Every prompt of every photo. Returns how many masks were compared.
int comparePhotos(Segmenter &segmenter, const Tolerance &tolerance)
{
    const nlohmann::json photos = readJson(demo / "prompts.json")["photos"], expected = readJson(data / "reference" / "expected.json");
    int compared = 0;
    for (const auto &[photo, row] : photos.items()) {
        segmenter.setImage(loadImage(demo / "photos" / photo));
        const CheckpointPtr tensors = openCheckpoint(data / expected[photo]["tensors"].get<std::string>());
        std::map<std::string, SegmentResult> results;
        for (const nlohmann::json &described : row["prompts"]) {
            const std::string name = described["name"];
            const SegmentResult result = segmenter.predict(promptsOf(described, results));
            const nlohmann::json &wanted = expected[photo]["results"][name];
            EXPECT_EQ(result.masks.size(), wanted["masks"].size()) << photo << ' ' << name;
            std::vector<float> lowRes;
            for (std::size_t i = 0; i < result.masks.size(); ++i) {
                const Image mask = loadImage(data / wanted["masks"][i].get<std::string>());
                EXPECT_EQ(mask.width, result.width);
                std::vector<std::uint8_t> pixels;
                for (std::size_t pixel = 0; pixel < mask.rgb.size(); pixel += 3)
                    pixels.push_back(mask.rgb[pixel] > 127);
                EXPECT_GE(maskIou(result.masks[i].pixels, pixels), tolerance.maskIou) << photo << ' ' << name << ' ' << i;
                EXPECT_NEAR(result.masks[i].predictedIou, wanted["iou_predictions"][i].get<double>(), tolerance.iou)
                    << photo << ' ' << name << ' ' << i;
                lowRes.insert(lowRes.end(), result.masks[i].lowRes.begin(), result.masks[i].lowRes.end());
                ++compared;
            }
            EXPECT_EQ(result.best, wanted["best"]) << photo << ' ' << name;
            EXPECT_LE(difference(lowRes, readValues(*tensors, name + ".low_res").numbers), tolerance.logits) << photo << ' ' << name;
            results[name] = result;
        }
    }
    return compared;
}

Mapping originalToHuggingFace()
{
    for (const Architecture &architecture : architectures()) {
        if (architecture.id == "sam")
            return namingMapping(architecture, "original", "hf");
    }
    throw Error("", "", "no SAM among the architectures");
}

} // namespace

TEST(Demo, SegmentsEveryPhotoAsTheOriginal)
{
    const auto segmenter = runtime().openSegmenter({openCheckpoint(demo / "sam_tiny.pth"), std::nullopt, nullptr});
    EXPECT_EQ(segmenter->description(), "SAM, depth 6, width 160, image 256");
    EXPECT_EQ(comparePhotos(*segmenter, {0.999, 1e-5, 2e-3}), 37);
    Recording recording(*segmenter);
    segmenter->setImage(loadImage(demo / "photos" / "flower.jpg"));
    const CheckpointPtr flower = openCheckpoint(data / "reference" / "flower" / "tensors.safetensors");
    EXPECT_LE(difference(recording.at("encoder.image_embedding").numbers, readValues(*flower, "image_embedding").numbers), 1e-4);
}

TEST(Demo, ConvertedModelSegmentsEveryPhotoAsTheOriginal)
{
    // Weights rounded to F16 and the other implementation's eps: logits span -45 to 5 and may differ by 0.03.
    ModelWeights weights{openCheckpoint(demo / "sam_tiny.pth"), originalToHuggingFace(), openCheckpoint(demo / "hf_sam_tiny_init")};
    const auto segmenter = runtime().openSegmenter(weights);
    EXPECT_DOUBLE_EQ(segmenter->behaviour().at("decoder_norm_eps"), 1e-6);
    EXPECT_EQ(comparePhotos(*segmenter, {0.99, 2e-3, 5e-2}), 37);
}

TEST(Demo, UntrainedTargetDoesNot)
{
    const auto segmenter = runtime().openSegmenter({openCheckpoint(demo / "hf_sam_tiny_init"), std::nullopt, nullptr});
    segmenter->setImage(loadImage(demo / "photos" / "flower.jpg"));
    const SegmentResult result = segmenter->predict({{{320, 220, true}}, {}, {}, true});
    const Image mask = loadImage(data / "reference" / "flower" / "point_2.png");
    std::vector<std::uint8_t> pixels;
    for (std::size_t pixel = 0; pixel < mask.rgb.size(); pixel += 3)
        pixels.push_back(mask.rgb[pixel] > 127);
    EXPECT_LT(maskIou(result.masks[2].pixels, pixels), 0.9) << "else the comparison above shows nothing";
}

TEST(Demo, ManyClicksNeedNoMoreMemoryThanTen)
{
    const auto segmenter = runtime().openSegmenter({openCheckpoint(demo / "sam_tiny.pth"), std::nullopt, nullptr});
    segmenter->setImage(loadImage(demo / "photos" / "flower.jpg"));
    const auto residentPages = [] {
        std::ifstream statm("/proc/self/statm");
        long total = 0, resident = 0;
        statm >> total >> resident;
        return resident;
    };
    const auto click = [&](int i) { segmenter->predict({{{320.0 + i % 50, 220.0 - i % 40, true}}, {}, {}, i % 2 == 0}); };
    for (int i = 0; i < 10; ++i)
        click(i);
    const long before = residentPages();
    for (int i = 0; i < 200; ++i)
        click(i);
    EXPECT_LT(residentPages() - before, 2048) << "4 KiB pages";
}

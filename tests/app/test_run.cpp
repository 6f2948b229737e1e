// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/image.h"
#include "core/runtime/maskexport.h"
#include "tests/app/program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>

using namespace rekey;
using namespace rekey::test;
using testing::HasSubstr;
using Json = nlohmann::json;

namespace {

const std::string demo = REKEY_RESOURCES "/demo";
const std::string model = demo + "/sam_tiny.pth", photo = demo + "/photos/toys.jpg";

Json jsonFile(const std::string &path)
{
    std::ifstream stream(path);
    return Json::parse(stream);
}

} // namespace

TEST(Run, WritesMasksAsPictureOutlineAndCoco)
{
    const TemporaryFolder folder;
    for (const char *name : {"mask.png", "mask.svg", "mask.json"}) {
        const Outcome outcome = runRekey({"run", model, "--image", photo, "--point", "300,200", "-o", folder / name});
        ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
    }
    const Image png = loadImage(folder / "mask.png");
    std::vector<std::uint8_t> pixels;
    for (std::size_t i = 0; i < png.rgb.size(); i += 3)
        pixels.push_back(png.rgb[i] == 255);
    const Json row = jsonFile(folder / "mask.json")["annotations"][0];
    EXPECT_EQ(fromCocoCounts(row["segmentation"]["counts"], png.width, png.height), encodeMask(pixels, png.width, png.height));
    EXPECT_EQ(row["point_coords"], (Json {{300.0, 200.0}}));
    EXPECT_EQ(runRekey({"run", model, "--image", photo, "--point", "1,1", "-o", folder / "mask.bmp"}).exitCode, 2);
    EXPECT_EQ(runRekey({"run", model, "--image", photo, "--point", "1,1", "-o", folder / "m.png", "--dtype", "fp8"}).exitCode, 2);
}

TEST(Run, FindsEverything)
{
    const TemporaryFolder folder;
    const std::string masks = folder / "all.json", overlay = folder / "all.png";
    const Outcome outcome = runRekey({"run", model, "--image", photo, "--everything", "--points-per-side", "10", "--iou-threshold", "0.4",
                                      "--stability-threshold", "0.5", "-o", masks, "--overlay", overlay, "--json"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
    const Json said = Json::parse(outcome.output), written = jsonFile(masks);
    EXPECT_EQ(said["points"], 100);
    EXPECT_EQ(said["masks"], written["annotations"].size());
    EXPECT_GE(written["annotations"].size(), 5U);
    EXPECT_EQ(written["images"][0]["file_name"], "toys.jpg");
    EXPECT_EQ(loadImage(overlay).width, written["images"][0]["width"]);
    for (const std::vector<std::string> &more : std::vector<std::vector<std::string>> {
             {"--point", "1,1"}, {"--beside", model}, {"--points-per-side", "0"}}) {
        std::vector<std::string> arguments = {"run", model, "--image", photo, "--everything", "-o", masks};
        arguments.insert(arguments.end(), more.begin(), more.end());
        EXPECT_NE(runRekey(arguments).exitCode, 0) << more.front();
    }
    EXPECT_EQ(runRekey({"run", model, "--image", photo, "--everything", "-o", folder / "all.png"}).exitCode, 2);
}

TEST(Run, ComparesTwoCheckpoints)
{
    const TemporaryFolder folder;
    const std::string overlay = folder / "both.png";
    const std::vector<std::string> common = {"--image", photo, "--point", "300,200", "-o", folder / "mask.png", "--overlay", overlay};
    const auto run = [&](const std::string &other, const char *format) {
        std::vector<std::string> arguments = {"run", model, "--beside", other};
        arguments.insert(arguments.end(), common.begin(), common.end());
        if (*format != 0)
            arguments.emplace_back(format);
        return runRekey(arguments);
    };
    const Outcome same = run(model, "--json");
    ASSERT_EQ(same.exitCode, 0) << same.errors;
    EXPECT_EQ(Json::parse(same.output)["agreement"]["least_mask_iou"], 1.0);
    EXPECT_EQ(Json::parse(same.output)["agreement"]["largest_logit_difference"], 0.0);
    EXPECT_GT(Json::parse(same.output)["beside"]["milliseconds"]["encoding"], 0.0);
    EXPECT_GT(loadImage(overlay).width, 2 * 768);
    const Outcome untrained = run(demo + "/hf_sam_tiny_init", "");
    EXPECT_EQ(untrained.exitCode, 1) << untrained.errors;
    EXPECT_THAT(untrained.output, HasSubstr("IoU of both"));
}

TEST(Run, SaysWhichDevicesThereAre)
{
    const TemporaryFolder folder;
    const Outcome outcome
        = runRekey({"run", model, "--image", photo, "--point", "1,1", "-o", folder / "mask.png", "--device", "cuda:77"});
    EXPECT_EQ(outcome.exitCode, 3);
    EXPECT_THAT(outcome.errors, HasSubstr("cuda:77"));
    EXPECT_THAT(outcome.errors, HasSubstr("cpu"));
    EXPECT_FALSE(std::filesystem::exists(folder / "mask.png"));
}

TEST(Run, TakesPicturesOfOnePixelAndOfAHundredMillion)
{
    const TemporaryFolder folder;
    const std::string one = REKEY_TEST_DATA "/runtime/images/one_pixel.png";
    const Outcome small = runRekey({"run", model, "--image", one, "--point", "0,0", "-o", folder / "one.png"});
    EXPECT_EQ(small.exitCode, 0) << small.errors;
    EXPECT_EQ(loadImage(folder / "one.png").width, 1);
    constexpr int side = 10'000;
    const std::string huge = folder / "huge.png";
    savePng(huge, side, side, 1, std::vector<std::uint8_t>(static_cast<std::size_t>(side) * side, 90));
    const Outcome large = runRekey({"run", model, "--image", huge, "--point", "5000,5000", "-o", folder / "mask.json"});
    EXPECT_EQ(large.exitCode, 0) << large.errors;
    EXPECT_LE(large.maximumResidentKiB, 3 << 20) << "KiB: pixels, and a candidate's logits one after the other";
}

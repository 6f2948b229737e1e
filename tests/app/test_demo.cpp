// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"
#include "core/runtime/image.h"
#include "tests/app/program.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cstdlib>

using namespace rekey::test;
using testing::HasSubstr;
using Json = nlohmann::json;

namespace {

const std::string demo = REKEY_RESOURCES "/demo";
const std::string reference = REKEY_TEST_DATA "/demo/reference/";

/// Runs once; the tests look at what it wrote.
class Demo : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        folder = std::make_unique<TemporaryFolder>();
        outcome = runRekey({"demo", "--headless", "-o", *folder / "demo"});
    }
    static void TearDownTestSuite() { folder.reset(); }

    static std::string file(const std::string &name) { return *folder / ("demo/" + name); }
    static Json summary() { return Json::parse(readFile(file("summary.json"))); }

    static inline std::unique_ptr<TemporaryFolder> folder;
    static inline Outcome outcome;
};

/// Keys and bytes of the model that the demo's conversion must give.
void expectDemoDigests(const std::string &path)
{
    const rekey::CheckpointPtr converted = rekey::openCheckpoint(path);
    const Json expected = Json::parse(readFile(REKEY_TEST_DATA "/demo/expected_tensors.json"));
    ASSERT_EQ(converted->tensors().size(), expected.size());
    for (std::size_t i = 0; i < converted->tensors().size(); ++i) {
        const rekey::TensorEntry &tensor = converted->tensors()[i];
        EXPECT_EQ(rekey::sha256(*converted, i), expected[tensor.key]["sha256_f16"]) << tensor.key;
    }
}

std::vector<std::uint8_t> maskOf(const std::string &path)
{
    const rekey::Image image = rekey::loadImage(path);
    std::vector<std::uint8_t> mask;
    for (std::size_t i = 0; i < image.rgb.size(); i += 3)
        mask.push_back(image.rgb[i] > 127);
    return mask;
}

double iou(const std::vector<std::uint8_t> &a, const std::vector<std::uint8_t> &b)
{
    if (a.size() != b.size())
        return -1;
    std::size_t both = 0, either = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        both += a[i] && b[i];
        either += a[i] || b[i];
    }
    return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

} // namespace

TEST_F(Demo, WritesEverythingItNames)
{
    ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
    for (const char *name : {"hf_sam_tiny.safetensors", "sam_tiny.rekey.json", "convert_sam_tiny.py", "report.md", "summary.json"}) {
        EXPECT_GT(std::filesystem::file_size(file(name)), 100u) << name;
        EXPECT_THAT(outcome.output, HasSubstr(name));
    }
    std::size_t histograms = 0;
    for (const std::string &entry : folder->entries()) {
        histograms += entry.starts_with("demo/histograms/") && entry.ends_with(".png");
        EXPECT_EQ(entry.find(".part"), std::string::npos) << entry;
    }
    EXPECT_GE(histograms, 4u);
}

TEST_F(Demo, MapsEveryKey)
{
    const Json resolution = summary()["resolution"];
    EXPECT_EQ(resolution["complete"], true);
    EXPECT_EQ(resolution["target"]["filled"], 231);
    EXPECT_EQ(resolution["source"]["unused"], 0);
}

TEST_F(Demo, ConvertedTensorsHaveTheExpectedBytes)
{
    expectDemoDigests(file("hf_sam_tiny.safetensors"));
}

TEST_F(Demo, MasksAgreeWithTheReference)
{
    const Json prompts = Json::parse(readFile(demo + "/prompts.json"))["photos"],
               expected = Json::parse(readFile(reference + "expected.json"));
    EXPECT_EQ(summary()["photos"].size(), prompts.size());
    for (const auto &[photo, description] : prompts.items()) {
        const std::string name = std::filesystem::path(photo).stem(), prompt = description["default"];
        const Json result = expected[photo]["results"][prompt];
        const std::string best = result["masks"][result["best"].get<std::size_t>()]; // "reference/flower/point_2.png"
        const std::vector<std::uint8_t> mask = maskOf(reference + best.substr(std::string("reference/").size()));
        EXPECT_GE(iou(maskOf(file("masks/" + name + "_original.png")), mask), 0.99) << photo;
        EXPECT_GE(iou(maskOf(file("masks/" + name + "_converted.png")), mask), 0.99) << photo;
        EXPECT_TRUE(std::filesystem::exists(file("masks/" + name + ".png")));
    }
    const Json written = summary();
    for (const Json &photo : written["photos"])
        EXPECT_GE(photo["iou_original_converted"].get<double>(), 0.99) << photo;
}

TEST_F(Demo, ScriptDoesTheSame)
{
    if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0)
        GTEST_SKIP() << "/usr/bin/python3 has no torch (Debian: python3-torch)";
    const std::string out = file("by_script.safetensors");
    const std::string command = "/usr/bin/python3 '" + file("convert_sam_tiny.py") + "' '" + demo + "/sam_tiny.pth' '" + out
                                + "' --dtype float16 > '" + file("script.log") + "' 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << readFile(file("script.log"));
    const Outcome parity = runRekey({"parity", out, file("hf_sam_tiny.safetensors"), "--json"});
    EXPECT_EQ(parity.exitCode, 0) << parity.output.substr(0, 1000) << parity.errors;
    EXPECT_EQ(Json::parse(parity.output)["equal"], 231);
}

TEST_F(Demo, ParityThroughTheMappingIsExact)
{
    const Outcome parity
        = runRekey({"parity", demo + "/sam_tiny.pth", file("hf_sam_tiny.safetensors"), "--mapping", file("sam_tiny.rekey.json"), "--json"});
    EXPECT_EQ(parity.exitCode, 0) << parity.errors;
    EXPECT_EQ(Json::parse(parity.output)["equal"], 231);
}

TEST_F(Demo, RunSegmentsThroughTheMapping)
{
    const std::string mask = file("mask.png"), overlay = file("overlay.png");
    const Outcome segmented
        = runRekey({"run", demo + "/sam_tiny.pth", "--mapping", file("sam_tiny.rekey.json"), "--target", demo + "/hf_sam_tiny_init",
                    "--image", demo + "/photos/flower.jpg", "--point", "320,220", "-o", mask, "--overlay", overlay, "--json"});
    ASSERT_EQ(segmented.exitCode, 0) << segmented.errors;
    EXPECT_EQ(Json::parse(segmented.output)["masks"].size(), 3u);
    EXPECT_GE(iou(maskOf(mask), maskOf(reference + "flower/point_2.png")), 0.99);
    EXPECT_TRUE(std::filesystem::exists(overlay));
}

TEST(Suggest, FillsTheDemoAndWritesMappingAndPairs)
{
    const TemporaryFolder folder;
    const std::string source = demo + "/sam_tiny.pth", target = demo + "/hf_sam_tiny_init";
    const std::string mapping = folder / "demo.rekey.json", pairs = folder / "pairs.json";
    const Outcome outcome = runRekey({"suggest", source, target, "-o", mapping, "--pairs", pairs, "--json"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors << outcome.output.substr(0, 400);
    const Json result = Json::parse(outcome.output);
    EXPECT_EQ(result["complete"], true);
    EXPECT_EQ(result["target"]["filled"], 231);
    const Json expected = Json::parse(readFile(REKEY_TEST_DATA "/demo/expected_tensors.json"));
    const Json written = Json::parse(readFile(pairs));
    ASSERT_EQ(written["pairs"].size(), 231u);
    std::vector<std::string> wrong;
    for (const Json &pair : written["pairs"]) {
        if (pair["sources"][0] != expected[pair["target"].get<std::string>()]["source"])
            wrong.push_back(pair["target"]);
    }
    EXPECT_THAT(wrong, testing::IsEmpty());
    EXPECT_EQ(runRekey({"resolve", source, target, "--mapping", mapping}).exitCode, 0);
    EXPECT_EQ(Json::parse(runRekey({"resolve", source, target, "--mapping", mapping, "--json"}).output)["source"]["unused"], 0);
}

TEST(DemoCancel, LeavesNothing)
{
    const TemporaryFolder folder;
    const Outcome outcome = rekeyInterrupted({"demo", "--headless", "-o", folder / "demo"}, std::chrono::milliseconds(250));
    if (outcome.exitCode == 0)
        GTEST_SKIP() << "done before it could be cancelled";
    EXPECT_EQ(outcome.exitCode, 130) << outcome.errors;
    EXPECT_EQ(folder.entries(), std::vector<std::string>());
}

TEST(Convert, TakesSeveralSources)
{
    const TemporaryFolder folder;
    const std::string source = demo + "/sam_tiny.pth", target = demo + "/hf_sam_tiny_init", mapping = folder / "m.rekey.json";
    const rekey::CheckpointPtr whole = rekey::openCheckpoint(source);
    const auto writeHalf = [&](const std::string &path, bool encoder) {
        rekey::Schema schema;
        std::vector<std::size_t> indices;
        for (std::size_t i = 0; i < whole->tensors().size(); ++i) {
            if (whole->tensors()[i].key.starts_with("image_encoder.") == encoder) {
                indices.push_back(i);
                schema.tensors.push_back(whole->schema().tensors[i]);
                schema.tensors.back().tiedTo = static_cast<std::uint32_t>(schema.tensors.size() - 1);
            }
        }
        rekey::writerFor(path).write(path, schema,
                                     [&](std::size_t i, const rekey::ByteSink &sink) {
                                         std::vector<std::byte> bytes(whole->tensors()[indices[i]].bytes());
                                         whole->read(indices[i], 0, whole->tensors()[indices[i]].elements(), bytes);
                                         sink(bytes);
                                     },
                                     {}, {});
    };
    writeHalf(folder / "encoder.safetensors", true);
    writeHalf(folder / "decoder.safetensors", false);
    ASSERT_EQ(
        runRekey({"suggest", "--source", folder / "encoder.safetensors", "--source", folder / "decoder.safetensors", target, "-o", mapping})
            .exitCode,
        0);
    const Outcome outcome = runRekey({"convert", "--source", folder / "encoder.safetensors", "--source", folder / "decoder.safetensors",
                                      "--mapping", mapping, "--target", target, "-o", folder / "out.safetensors"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
    expectDemoDigests(folder / "out.safetensors");
}

TEST(Convert, CastsShardsAndRefusesOpenKeys)
{
    const TemporaryFolder folder;
    const std::string source = demo + "/sam_tiny.pth", target = demo + "/hf_sam_tiny_init", mapping = folder / "m.rekey.json";
    ASSERT_EQ(runRekey({"suggest", source, target, "-o", mapping}).exitCode, 0);
    const Outcome sharded = runRekey({"convert", source, "--mapping", mapping, "--target", target, "-o", folder / "model.safetensors",
                                      "--dtype", "fp32", "--max-shard-size", "3MB", "--json"});
    ASSERT_EQ(sharded.exitCode, 0) << sharded.errors;
    EXPECT_GE(Json::parse(sharded.output)["files"].size(), 3u);
    Json document = Json::parse(readFile(mapping));
    document["rules"].erase(document["rules"].begin());
    writeFile(mapping, document.dump());
    const Outcome open = runRekey({"convert", source, "--mapping", mapping, "--target", target, "-o", folder / "open.safetensors"});
    EXPECT_EQ(open.exitCode, 1);
    EXPECT_THAT(open.errors, HasSubstr("--allow-incomplete"));
    EXPECT_FALSE(std::filesystem::exists(folder / "open.safetensors"));
    EXPECT_EQ(
        runRekey({"convert", source, "--mapping", mapping, "--target", target, "-o", folder / "open.safetensors", "--allow-incomplete"})
            .exitCode,
        1);
    EXPECT_TRUE(std::filesystem::exists(folder / "open.safetensors"));
}

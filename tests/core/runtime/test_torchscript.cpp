// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/outputpictures.h"
#include "core/runtime/runtime.h"
#include "tests/core/checkpoint/temporaryfolder.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <future>
#include <thread>
#include <utility>

// Modules made by Python's torch, run here, beside what Python computed with them.

using namespace rekey;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const std::string python = "/usr/bin/python3";

class TorchScript : public testing::Test
{
protected:
    static void SetUpTestSuite()
    {
        s_folder = new TemporaryFolder;
        s_made
            = std::system(fmt::format("{} '{}' '{}' > /dev/null 2>&1", python, REKEY_MAKE_TORCHSCRIPT, s_folder->path().string()).c_str())
              == 0;
        if (s_made)
            s_expected = nlohmann::json::parse(fileBytes(*s_folder / "expected.json"));
    }
    static void TearDownTestSuite()
    {
        delete s_folder;
        s_folder = nullptr;
    }

    void SetUp() override
    {
        if (!s_made)
            GTEST_SKIP() << python << " has no torch (Debian: python3-torch): no TorchScript module was run";
    }

    static std::unique_ptr<ScriptModule> open(const char *name, const char *source = nullptr, std::optional<Mapping> mapping = {})
    {
        ScriptModuleRequest request;
        request.file = *s_folder / name;
        request.executionAllowed = true;
        if (source != nullptr)
            request.source = openCheckpoint(*s_folder / source);
        request.mapping = std::move(mapping);
        return runtime().openScriptModule(request);
    }

    static Image picture() { return loadImage(*s_folder / "picture.png"); }

    static ImagePreparation imageNet()
    {
        ImagePreparation preparation;
        preparation.fit = ImagePreparation::Fit::Keep;
        preparation.mean = {0.485, 0.456, 0.406};
        preparation.deviation = {0.229, 0.224, 0.225};
        return preparation;
    }

    static void expectScores(const ScriptOutput &output, const char *name)
    {
        const auto expected = s_expected[name].get<std::vector<double>>();
        ASSERT_EQ(output.values.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_NEAR(static_cast<double>(output.values[i]), expected[i], 1e-4 * std::max(1.0, std::abs(expected[i]))) << name;
    }

    static inline TemporaryFolder *s_folder = nullptr;
    static inline bool s_made = false;
    static inline nlohmann::json s_expected;
};

template <typename Work> std::string sentence(const Work &work)
{
    try {
        work();
    } catch (const Error &error) {
        return error.what();
    }
    return {};
}

} // namespace

TEST_F(TorchScript, ComputesWhatPythonDoes)
{
    for (const char *name : {"classifier.pt", "traced.pt"}) {
        const auto module = open(name);
        EXPECT_THAT(module->description(), HasSubstr("6 parameters, 3 buffers"));
        const std::vector<ScriptOutput> outputs = module->run(picture(), imageNet());
        ASSERT_EQ(outputs.size(), 1U);
        EXPECT_EQ(outputs[0].name, "");
        expectScores(outputs[0], "scores");
        EXPECT_EQ(likelyKind(outputs[0]), OutputKind::Scores);
    }
    ImagePreparation raw;
    raw.fit = ImagePreparation::Fit::Keep;
    raw.range = 255;
    raw.blueFirst = true;
    expectScores(open("classifier.pt")->run(picture(), raw).front(), "scores_bgr_255");
}

TEST_F(TorchScript, IsFilledByNamesOrThroughAMapping)
{
    const auto named = open("classifier.pt", "other.pth");
    EXPECT_EQ(named->filled(), 9U);
    expectScores(named->run(picture(), imageNet()).front(), "scores_other");
    const auto mapped = open("classifier.pt", "renamed.pth", test::mappingOf({test::map({"backbone.{rest}"}, {"{rest}"})}));
    EXPECT_TRUE(mapped->notFilled().empty());
    expectScores(mapped->run(picture(), imageNet()).front(), "scores_other");
    const auto part = open("classifier.pt", "renamed.pth", test::mappingOf({test::map({"backbone.head.{leaf}"}, {"head.{leaf}"})}));
    EXPECT_EQ(part->filled(), 2U);
    EXPECT_THAT(part->notFilled(), testing::Contains("conv.weight"));
    EXPECT_THAT(sentence([] { open("classifier.pt", "renamed.pth"); }), HasSubstr("gets nothing from"));
    EXPECT_THAT(sentence([] { open("classifier.pt", "unfit.pth"); }), HasSubstr("conv.weight"));
}

TEST_F(TorchScript, RunsOnlyWithConsent)
{
    ScriptModuleRequest request;
    request.file = *s_folder / "classifier.pt";
    EXPECT_THAT(sentence([&] { runtime().openScriptModule(request); }), HasSubstr("executes code from the file"));
}

TEST_F(TorchScript, SaysWhatIsWrong)
{
    EXPECT_THAT(sentence([] { open("other.pth"); }), HasSubstr("not a TorchScript module"));
    EXPECT_THAT(sentence([] { open("two.pt"); }), HasSubstr("takes 2 arguments"));
    const auto failing = open("failing.pt");
    EXPECT_THAT(sentence([&] { failing->run(picture(), imageNet()); }), HasSubstr("seven channels are needed"));
    EXPECT_THAT(sentence([] { open("nothing.pt"); }), HasSubstr("nothing.pt"));
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(open("segmenter.pt")->run(picture(), imageNet(), Progress(stop.get_token(), {})), Cancelled);
}

TEST_F(TorchScript, CancelTakesEffectBetweenOperators)
{
    using Clock = std::chrono::steady_clock;
    const auto slow = open("slow.pt");
    std::vector<double> waits;
    for (int i = 0; i < 3; ++i) {
        std::stop_source stop;
        std::promise<void> begun;
        Clock::time_point asked;
        std::jthread person([&] {
            begun.get_future().wait();
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            asked = Clock::now();
            stop.request_stop();
        });
        const Progress progress(stop.get_token(), [&, told = false](double, std::string_view) mutable {
            if (!std::exchange(told, true))
                begun.set_value();
        });
        EXPECT_THROW(slow->run(picture(), imageNet(), progress), Cancelled);
        const Clock::time_point ended = Clock::now();
        person.join();
        waits.push_back(std::chrono::duration<double, std::milli>(ended - asked).count());
    }
    std::ranges::sort(waits);
    std::printf("cancel took effect after %.1f ms at the median, %.1f ms at most\n", waits[1], waits[2]);
    EXPECT_LE(waits[1], 200);
    open("segmenter.pt")->run(picture(), imageNet()); // and others run as before
}

TEST_F(TorchScript, ResultsAsPictures)
{
    ImagePreparation unit;
    unit.fit = ImagePreparation::Fit::Keep;
    const std::vector<ScriptOutput> outputs = open("segmenter.pt")->run(picture(), unit);
    ASSERT_EQ(outputs.size(), 2U);
    EXPECT_EQ(outputs[0].name, "masks");
    const ScriptOutput &masks = mainOutput(outputs, OutputKind::Mask);
    const ValueMap map = valueMap(masks, 0);
    EXPECT_EQ(map.width, 16);
    EXPECT_EQ(map.height, 12);
    const std::vector<std::uint8_t> mask = maskOf(map, 0);
    const auto expected = s_expected["mask"].get<std::vector<int>>();
    for (std::size_t i = 0; i < mask.size(); ++i)
        EXPECT_EQ(mask[i], expected[i] != 0 ? 255 : 0) << i;
    EXPECT_EQ(heatMap(map).rgb.size(), 3U * 12 * 16);
    EXPECT_THROW(mainOutput(outputs, OutputKind::Features), Error) << "one channel has no components";

    const std::vector<ScriptOutput> features = open("features.pt")->run(picture(), unit);
    const ScriptOutput &feature = mainOutput(features, OutputKind::Features);
    EXPECT_EQ(feature.shape, (Shape {1, 8, 8, 8}));
    const Image colours = featureColours(feature);
    ASSERT_EQ(colours.width, 8);
    // Red runs along the strongest pattern, across; green along the second, down.
    const auto at = [&](int x, int y, std::size_t channel) { return int(colours.rgb[3 * static_cast<std::size_t>(8 * y + x) + channel]); };
    for (int i = 1; i < 8; ++i) {
        EXPECT_GT(std::abs(at(i, 3, 0) - at(i - 1, 3, 0)), 20);
        EXPECT_LT(std::abs(at(3, i, 0) - at(3, i - 1, 0)), 20);
        EXPECT_GT(std::abs(at(3, i, 1) - at(3, i - 1, 1)), 20);
    }
}

TEST(OutputPictures, ScoresAndLabels)
{
    const TemporaryFolder folder;
    const ScriptOutput logits {"", {1, 3}, {1, 3, 2}};
    const std::vector<ClassScore> scores = classScores(logits, {"cat", "dog"}, 2);
    ASSERT_EQ(scores.size(), 2U);
    EXPECT_EQ(scores[0].label, "dog");
    EXPECT_EQ(scores[1].index, 2U);
    EXPECT_EQ(scores[1].label, "");
    EXPECT_NEAR(scores[0].probability, std::exp(3.0) / (std::exp(1.0) + std::exp(2.0) + std::exp(3.0)), 1e-6);
    EXPECT_NEAR(classScores({"", {3}, {0.2F, 0.7F, 0.1F}}, {}, 1)[0].probability, 0.7, 1e-6) << "these are probabilities already";
    EXPECT_EQ(loadLabels(folder.write("a.txt", "cat\r\ndog\n")), (std::vector<std::string> {"cat", "dog"}));
    EXPECT_EQ(loadLabels(folder.write("b.json", R"(["cat", "dog"])")), (std::vector<std::string> {"cat", "dog"}));
    EXPECT_EQ(loadLabels(folder.write("c.json", R"({"1": ["n01", "dog"], "0": ["n00", "cat"]})")),
              (std::vector<std::string> {"cat", "dog"}));
    EXPECT_THROW(loadLabels(folder.write("d.json", R"({"x": "dog"})")), Error);
    EXPECT_THROW(loadLabels(folder / "none.txt"), Error);
    EXPECT_THROW(classScores({"", {1, 3, 8, 8}, std::vector<float>(192)}, {}, 1), Error);
}

TEST(OutputPictures, PreparesPictures)
{
    Image image {4, 2, {}};
    for (int i = 0; i < 8; ++i)
        image.rgb.insert(image.rgb.end(), {static_cast<std::uint8_t>(i * 10), 100, 200});
    ImagePreparation preparation;
    preparation.width = preparation.height = 4;
    preparation.range = 255;
    preparation.mean = {0, 100, 0};
    preparation.deviation = {1, 1, 2};
    preparation.fit = ImagePreparation::Fit::Pad;
    const PreparedImage padded = prepareImage(image, preparation);
    ASSERT_EQ(padded.values.size(), 48U);
    EXPECT_EQ(padded.values[7], 70) << "the last pixel's red";
    EXPECT_EQ(padded.values[8], 0) << "padding below";
    EXPECT_EQ(padded.values[16], 0);
    EXPECT_EQ(padded.values[32], 100);
    preparation.fit = ImagePreparation::Fit::Crop;
    preparation.width = preparation.height = 2;
    const PreparedImage cropped = prepareImage(image, preparation);
    EXPECT_EQ(std::vector<float>(cropped.values.begin(), cropped.values.begin() + 4), (std::vector<float> {10, 20, 50, 60}));
    preparation.fit = ImagePreparation::Fit::Keep;
    preparation.blueFirst = true;
    EXPECT_EQ(prepareImage(image, preparation).values[0], 200);
    preparation.deviation[1] = 0;
    EXPECT_THROW(prepareImage(image, preparation), Error);
}

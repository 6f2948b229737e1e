// SPDX-License-Identifier: GPL-3.0-or-later
#include "program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

using namespace rekey::test;
using testing::HasSubstr;

namespace {

const std::string folder = std::string(REKEY_TEST_DATA) + "/sam_tiny/";

nlohmann::json json(const Outcome &outcome)
{
    return nlohmann::json::parse(outcome.output);
}

} // namespace

TEST(ParityCommand, ComparesTwoModelsOnAPicture)
{
    const Outcome outcome = runRekey({"parity", folder + "sam_tiny.pth", folder + "hf", "--image", folder + "square.png", "--json"});
    EXPECT_EQ(outcome.exitCode, 1) << outcome.errors;
    const nlohmann::json result = json(outcome);
    EXPECT_EQ(result["verdict"], "computation differs");
    EXPECT_EQ(result["first_divergence"], "point: decoder.layers.0.norm1");
    EXPECT_EQ(result["layers"].size(), 88U);
    EXPECT_EQ(runRekey({"parity", folder + "sam_tiny.pth", folder + "sam_tiny.pth", "--image", folder + "square.png", "--point", "40,72"})
                  .exitCode,
              0);
}

TEST(ParityCommand, RoundedWeightsAreNoDifferentComputation)
{
    const TemporaryFolder files;
    const std::string demo = std::string(REKEY_RESOURCES) + "/demo/", mapping = files / "demo.rekey.json";
    ASSERT_EQ(runRekey({"suggest", demo + "sam_tiny.pth", demo + "hf_sam_tiny_init", "-o", mapping}).exitCode, 0);
    const Outcome outcome = runRekey({"parity", demo + "sam_tiny.pth", demo + "hf_sam_tiny_init", "--mapping", mapping, "--image",
                                      demo + "photos/flower.jpg", "--point", "320,220", "--tolerance", "0.03", "--json"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors << "the target is F16, which is all that its layers differ by";
    EXPECT_EQ(json(outcome)["verdict"], "within tolerance");
}

TEST(ParityCommand, ComputesInTheDtypeThatIsAskedFor)
{
    const std::string model = folder + "sam_tiny.pth", image = folder + "square.png";
    const Outcome outcome = runRekey({"parity", model, model, "--image", image, "--dtype", "bf16"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("Computed in bf16 beside fp32: errors up to 3e-02 are rounding."));
    EXPECT_EQ(runRekey({"parity", model, model, "--image", image, "--dtype", "f8"}).exitCode, 2);
    EXPECT_EQ(runRekey({"parity", model, model, "--dtype", "bf16"}).exitCode, 2) << "nothing is computed";
}

TEST(ParityCommand, ComparesWithRecordedActivations)
{
    const Outcome outcome = runRekey({"parity", folder + "sam_tiny.pth", "--activations", folder + "reference.safetensors"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
    EXPECT_THAT(outcome.output, HasSubstr("agree up to rounding"));
    EXPECT_THAT(outcome.errors, HasSubstr("give the picture"));
}

TEST(ParityCommand, ComparesTwoFiles)
{
    const std::string file = std::string(REKEY_TEST_DATA) + "/parity/siglip2_io.safetensors";
    const Outcome outcome = runRekey({"parity", "--activations", file, file, "--prefix-a", "hf/", "--prefix-b", "kornia/", "--json"},
                                     {{"REKEY_RUNTIME", "/nowhere"}});
    EXPECT_EQ(outcome.exitCode, 1) << outcome.errors;
    EXPECT_EQ(json(outcome)["first_divergence"], "vision.layer0") << "without LibTorch";
    EXPECT_EQ(runRekey({"parity", "--activations", file, file, "--prefix-a", "hf_gelu_erf/", "--prefix-b", "kornia/"}).exitCode, 0);
}

TEST(ParityCommand, SaysWhatItNeeds)
{
    EXPECT_EQ(runRekey({"parity"}).exitCode, 2);
    EXPECT_EQ(runRekey({"parity", folder + "sam_tiny.pth"}).exitCode, 2);
    EXPECT_EQ(runRekey({"parity", "--image", folder + "square.png"}).exitCode, 2);
    EXPECT_EQ(runRekey({"parity", "--activations", folder + "reference.safetensors"}).exitCode, 2);
}

TEST(RunModule, AsksForConsentAndForAModule)
{
    const Outcome asked = runRekey({"run", folder + "sam_tiny.pth", "--image", folder + "square.png", "--as", "scores"});
    EXPECT_EQ(asked.exitCode, 2);
    EXPECT_THAT(asked.errors, HasSubstr("--allow-code"));
    const Outcome refused = runRekey({"run", folder + "sam_tiny.pth", "--image", folder + "square.png", "--as", "scores", "--allow-code"});
    EXPECT_EQ(refused.exitCode, 3);
    EXPECT_THAT(refused.errors, HasSubstr("not a TorchScript module"));
    EXPECT_EQ(runRekey({"run", "x.pt", "--image", folder + "square.png", "--as", "mask", "--allow-code"}).exitCode, 2) << "without -o";
}

TEST(ParityCommand, RefusesWhatItWouldHaveToIgnore)
{
    const std::string a = folder + "sam_tiny.pth", b = folder + "hf";
    const std::string activations = folder + "reference.safetensors";
    for (const auto &[arguments, word] : std::vector<std::pair<std::vector<std::string>, std::string>> {
             {{"parity", a, b, "--point", "40,72"}, "--image"},
             {{"parity", a, b, "--box", "1,2,30,40"}, "--image"},
             {{"parity", a, b, "--tolerance", "0.1"}, "--image"},
             {{"parity", a, b, "--prefix-a", "hf/"}, "two files"},
             {{"parity", a, "--activations", activations, "--image", folder + "square.png", "--point", "40,72"}, "the file records"}}) {
        const Outcome outcome = runRekey(arguments);
        EXPECT_EQ(outcome.exitCode, 2) << arguments.back();
        EXPECT_THAT(outcome.errors, HasSubstr(word));
    }
}

TEST(ParityCommand, AFreshTargetIsNoWrongMapping)
{
    const TemporaryFolder files;
    const std::string demo = std::string(REKEY_RESOURCES) + "/demo/", mapping = files / "demo.rekey.json";
    ASSERT_EQ(runRekey({"suggest", demo + "sam_tiny.pth", demo + "hf_sam_tiny_init", "-o", mapping}).exitCode, 0);
    const Outcome outcome = runRekey({"parity", demo + "sam_tiny.pth", demo + "hf_sam_tiny_init", "--mapping", mapping});
    EXPECT_EQ(outcome.exitCode, 1);
    EXPECT_THAT(outcome.output, HasSubstr("looks freshly initialised"));
}

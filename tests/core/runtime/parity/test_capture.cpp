// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/writers.h"
#include "core/runtime/parity/activationfile.h"
#include "core/runtime/parity/activationparity.h"
#include "core/script/exporters.h"
#include "tests/core/checkpoint/temporaryfolder.h"
#include "tests/core/mapping/values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

// The capture script is run by Python on small modules, and what it writes is read and compared here.

using namespace rekey;
using testing::ElementsAre;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const std::string python = "/usr/bin/python3";

class Capture : public testing::Test
{
protected:
    static void SetUpTestSuite() { s_torch = std::system((python + " -c 'import torch' > /dev/null 2>&1").c_str()) == 0; }

    void SetUp() override
    {
        if (!s_torch)
            GTEST_SKIP() << python << " has no torch (Debian: python3-torch): the capture script was not run";
        m_folder.write("capture.py", exporterById("capture").write({}));
        fs::copy_file(REKEY_CAPTURE_MODELS, m_folder / "capture_models.py");
    }

    int run(const std::string &arguments) const
    {
        return std::system(fmt::format("cd '{}' && {} {} > output.txt 2>&1", m_folder.path().string(), python, arguments).c_str());
    }

    CheckpointPtr capture(const std::string &factory, const std::string &name, const std::string &options) const
    {
        EXPECT_EQ(run(fmt::format("capture.py capture_models:{} -o {} {}", factory, name, options)), 0)
            << fileBytes(m_folder / "output.txt");
        return openCheckpoint(m_folder / name);
    }

    /// The original and another one on the same input, with the mapping between their weights.
    ActivationParity compareTransformers(const std::string &other) const
    {
        FileParityRequest request;
        const bool captured = fs::exists(m_folder / "original.safetensors");
        request.reference = captured ? openCheckpoint(m_folder / "original.safetensors")
                                     : capture("original", "original.safetensors", "--input 1,5,16 --seed 3");
        request.checked = capture(other, "converted.safetensors", "--inputs original.safetensors");
        request.mapping = test::mappingOf({test::map({"blocks.{i}.norm{n}.{leaf}"}, {"layers.{i}.layer_norm{n}.{leaf}"}),
                                           test::map({"blocks.{i}.attn.{rest}"}, {"layers.{i}.attention.{rest}"}),
                                           test::map({"blocks.{i}.{x:fc1|fc2}.{leaf}"}, {"layers.{i}.{x:up|down}.{leaf}"})});
        return compareFiles(request);
    }

    TemporaryFolder m_folder;
    static inline bool s_torch = false;
};

std::vector<std::string> namesOf(const CheckpointPtr &file)
{
    std::vector<std::string> names;
    for (const TensorEntry &tensor : file->tensors())
        names.push_back(tensor.key);
    return names;
}

const LayerParityRow &rowOf(const ActivationParity &parity, const std::string &layer)
{
    const auto found = std::ranges::find(parity.rows, layer, &LayerParityRow::layer);
    if (found == parity.rows.end())
        throw std::out_of_range(layer);
    return *found;
}

} // namespace

TEST_F(Capture, WritesInputsLayersAndOutputs)
{
    const CheckpointPtr file = capture("net", "net.safetensors", "--input x=2,3,8,8 --input offset=2,4");
    EXPECT_THAT(namesOf(file),
                ElementsAre("input.x", "input.offset", "conv", "act", "shared", "shared#2", "pair.0", "pair.1", "output.a", "output.b"));
    const ActivationFile activations(file);
    EXPECT_EQ(file->tensors()[file->find("pair.1")].dtype, DType::F16);
    EXPECT_EQ(activations.find("conv")->shape, (Shape {2, 4, 6, 6}));
    const std::vector<float> conv = activations.values(*activations.find("conv")), act = activations.values(*activations.find("act"));
    EXPECT_LT(*std::ranges::min_element(conv), 0) << "recorded before a later layer worked in place";
    EXPECT_EQ(*std::ranges::min_element(act), 0);
    // The weights are in the metadata, with the digests that Rekey computes.
    EXPECT_EQ(activations.weights().tensors.size(), 4U);
    EXPECT_EQ(activations.digests().at("conv.weight").size(), 64U);
    EXPECT_EQ(activations.weights().tensors.front().shape, (Shape {4, 3, 3, 3}));
}

TEST_F(Capture, DigestsAreThoseOfTheCheckpoint)
{
    const ActivationFile activations(capture("net", "net.safetensors", "--input x=2,3,8,8"));
    ASSERT_EQ(run("-c \"import torch, capture_models; torch.save(capture_models.net().state_dict(), 'net.pth')\""), 0);
    const CheckpointPtr weights = openCheckpoint(m_folder / "net.pth");
    for (std::size_t i = 0; i < weights->tensors().size(); ++i)
        EXPECT_EQ(activations.digests().at(weights->tensors()[i].key), sha256(*weights, i));
}

TEST_F(Capture, SubsamplesAndComputesInHalfPrecision)
{
    const CheckpointPtr file = capture("net", "net.safetensors", "--input 2,3,8,8 --largest 100 --half bf16 --match conv");
    EXPECT_THAT(namesOf(file), ElementsAre("input", "conv", "output.a", "output.b"));
    EXPECT_EQ(file->tensors()[1].shape, (Shape {96}));
    EXPECT_EQ(file->tensors()[1].dtype, DType::BF16);
}

TEST_F(Capture, SeesLayersThatTorchWouldFuse)
{
    EXPECT_THAT(namesOf(capture("encoder", "encoder.safetensors", "--input 1,5,16")),
                testing::IsSupersetOf({"layers.0.self_attn", "layers.0.norm1", "layers.1.linear2", "layers.1", "output"}));
}

TEST_F(Capture, RunsTorchScriptFromOutside)
{
    ASSERT_EQ(run("capture_models.py"), 0);
    ASSERT_EQ(run("capture.py module.pt -o module.safetensors --input 2,4"), 0) << fileBytes(m_folder / "output.txt");
    EXPECT_THAT(namesOf(openCheckpoint(m_folder / "module.safetensors")), ElementsAre("input", "output"));
    EXPECT_THAT(fileBytes(m_folder / "output.txt"), HasSubstr("cannot be observed"));
    EXPECT_NE(run("capture.py capture_models:net -o nothing.safetensors"), 0) << "without inputs";
    EXPECT_FALSE(fs::exists(m_folder / "nothing.safetensors"));
}

TEST_F(Capture, TwoFilesAgreeModuleByModule)
{
    const ActivationParity parity = compareTransformers("converted");
    EXPECT_EQ(parity.verdict, ParityVerdict::Equal) << parity.summary;
    EXPECT_TRUE(parity.warnings.empty()) << parity.warnings.front();
    EXPECT_EQ(parity.rows.size(), 3U * 6 + 2);
    EXPECT_EQ(rowOf(parity, "layers.2.down").referenceLayer, "blocks.2.fc2");
    EXPECT_EQ(rowOf(parity, "layers.2.down").weights, LayerWeights::Equal);
    EXPECT_EQ(rowOf(parity, "layers.2.down").rules, std::vector<std::uint32_t> {2});
}

TEST_F(Capture, TwoFilesTellTheImplementationFromTheMapping)
{
    ActivationParity parity = compareTransformers("converted_eps");
    EXPECT_EQ(parity.verdict, ParityVerdict::ComputationDiffers) << parity.summary;
    ASSERT_TRUE(parity.firstDivergence);
    EXPECT_EQ(parity.rows[*parity.firstDivergence].layer, "layers.0.layer_norm1");

    parity = compareTransformers("converted_swapped");
    EXPECT_EQ(parity.verdict, ParityVerdict::WeightsDiffer) << parity.summary;
    ASSERT_TRUE(parity.firstDivergence);
    const LayerParityRow &first = parity.rows[*parity.firstDivergence];
    EXPECT_EQ(first.layer, "layers.1.layer_norm1");
    EXPECT_THAT(first.reason, HasSubstr("has the values of layers.1.layer_norm2.weight"));
    EXPECT_EQ(rowOf(parity, "layers.0").verdict, LayerVerdict::Equal);
    EXPECT_EQ(rowOf(parity, "layers.2.up").verdict, LayerVerdict::Follows);
}

TEST_F(Capture, HalfPrecisionRoundsAndOtherInputsAreSaid)
{
    FileParityRequest request;
    request.reference = capture("original", "original.safetensors", "--input 1,5,16 --seed 3");
    request.checked = capture("original", "half.safetensors", "--inputs original.safetensors --half bf16");
    ActivationParity parity = compareFiles(request);
    EXPECT_GT(parity.rows.back().accumulated->error(), 1e-4);
    EXPECT_EQ(parity.count(LayerVerdict::Diverges), 0U) << parity.summary;
    request.checked = capture("original", "other.safetensors", "--input 1,5,16 --seed 4");
    parity = compareFiles(request);
    EXPECT_THAT(parity.summary, HasSubstr("input diverges first"));
    EXPECT_THAT(parity.summary, HasSubstr("fed different inputs"));
}

TEST_F(Capture, WithoutAMappingOrderAndShapeServe)
{
    FileParityRequest request;
    request.reference = capture("original", "original.safetensors", "--input 1,5,16 --seed 3");
    request.checked = capture("converted", "converted.safetensors", "--inputs original.safetensors");
    const ActivationParity parity = compareFiles(request);
    EXPECT_EQ(parity.verdict, ParityVerdict::Equal) << parity.summary;
    EXPECT_EQ(rowOf(parity, "layers.1.attention").referenceLayer, "blocks.1.attn");
}

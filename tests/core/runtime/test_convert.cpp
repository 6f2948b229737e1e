// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/mapping/architectures.h"
#include "core/runtime/conversion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cstring>
#include <fstream>
#include <random>

using namespace rekey;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const fs::path demo = fs::path(REKEY_RESOURCES) / "demo";

class Convert : public testing::Test
{
protected:
    void SetUp() override
    {
        m_folder = fs::temp_directory_path() / ("rekey-test-convert-" + std::to_string(std::random_device{}()));
        fs::create_directories(m_folder);
        std::ifstream stream(fs::path(REKEY_TEST_DATA) / "demo" / "expected_tensors.json");
        m_expected = nlohmann::json::parse(stream);
    }
    void TearDown() override { fs::remove_all(m_folder); }

    ConvertRequest demoRequest(const std::string &file = "out.safetensors") const
    {
        ConvertRequest request;
        request.source = openCheckpoint(demo / "sam_tiny.pth");
        request.target = openCheckpoint(demo / "hf_sam_tiny_init");
        request.mapping = namingMapping(sam(), "original", "hf");
        request.destination = m_folder / file;
        return request;
    }
    static const Architecture &sam()
    {
        for (const Architecture &architecture : architectures()) {
            if (architecture.id == "sam")
                return architecture;
        }
        throw Error("", "", "no SAM among the architectures");
    }
    std::size_t filesLeft() const
    {
        return static_cast<std::size_t>(std::distance(fs::directory_iterator(m_folder), fs::directory_iterator()));
    }

    fs::path m_folder;
    nlohmann::json m_expected;
};

std::string refusal(const ConvertRequest &request)
{
    try {
        convertCheckpoint(request, {});
    } catch (const Error &error) {
        return error.what();
    }
    return "";
}

/// Writes F32 tensors as safetensors with metadata, to convert from.
void writeSource(const fs::path &path, const std::vector<std::pair<std::string, std::vector<float>>> &tensors)
{
    nlohmann::json header = {{"__metadata__", {{"author", "a person"}, {"format", "pt"}}}};
    std::string data;
    for (const auto &[key, values] : tensors) {
        const std::size_t begin = data.size();
        data.append(reinterpret_cast<const char *>(values.data()), values.size() * sizeof(float));
        header[key] = {{"dtype", "F32"}, {"shape", {values.size()}}, {"data_offsets", {begin, data.size()}}};
    }
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    std::ofstream stream(path, std::ios::binary);
    stream.write(reinterpret_cast<const char *>(&length), sizeof length);
    stream << text << data;
}

Rule mapRule(const std::string &source, const std::string &target, Transform transform = {})
{
    Rule rule;
    rule.sources = {Pattern::parse(source)};
    rule.targets = {Pattern::parse(target)};
    rule.transform = std::move(transform);
    return rule;
}

Rule initRule(const std::string &target, InitPolicy policy)
{
    Rule rule;
    rule.kind = RuleKind::Init;
    rule.targets = {Pattern::parse(target)};
    rule.init = policy;
    return rule;
}

std::vector<float> floats(const std::vector<std::byte> &bytes)
{
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

std::vector<float> floats(const Checkpoint &checkpoint, const std::string &key)
{
    const std::size_t index = checkpoint.find(key);
    if (index == SchemaIndex::npos)
        throw std::out_of_range(key);
    std::vector<std::byte> bytes(checkpoint.tensors()[index].bytes());
    checkpoint.read(index, 0, checkpoint.tensors()[index].elements(), bytes);
    return floats(bytes);
}

} // namespace

TEST_F(Convert, GivesTheDemosTensorsInEitherType)
{
    ConvertRequest request = demoRequest();
    const Schema &target = request.target->schema();
    ASSERT_EQ(target.tensors.size(), m_expected.size());
    for (const bool wide : {false, true}) {
        if (wide)
            request.dtype = DType::F32;
        for (std::size_t i = 0; i < target.tensors.size(); ++i) {
            Sha256 sha;
            sha.add(convertedTensor(request, i));
            EXPECT_EQ(sha.hex(), m_expected[target.tensors[i].key][wide ? "sha256_f32" : "sha256_f16"]) << target.tensors[i].key;
        }
    }
}

TEST_F(Convert, WritesTheDemo)
{
    const ConvertRequest request = demoRequest();
    const ConvertReport report = convertCheckpoint(request, {});
    EXPECT_EQ(report.tensors, 231U);
    EXPECT_EQ(report.filled, 231U);
    EXPECT_EQ(report.kept + report.initialised, 0U);
    EXPECT_TRUE(report.missing.empty());
    EXPECT_TRUE(report.unexpected.empty());
    EXPECT_EQ(report.rounding.overflows, 0U);
    EXPECT_GT(report.rounding.largest, 0);
    EXPECT_LT(report.rounding.largest, 0.02);
    ASSERT_EQ(report.files.size(), 1U);
    EXPECT_EQ(filesLeft(), 1U);

    const CheckpointPtr written = openCheckpoint(request.destination);
    ASSERT_EQ(written->tensors().size(), 231U);
    for (std::size_t i = 0; i < written->tensors().size(); ++i) {
        const TensorEntry &tensor = written->tensors()[i];
        EXPECT_EQ(tensor.dtype, DType::F16) << tensor.key;
        EXPECT_EQ(sha256(*written, i), m_expected[tensor.key]["sha256_f16"]) << tensor.key;
    }
}

TEST_F(Convert, GoesThereAndBack)
{
    ConvertRequest there = demoRequest("hf.safetensors");
    there.dtype = DType::F32;
    convertCheckpoint(there, {});
    ConvertRequest back;
    back.source = openCheckpoint(there.destination);
    back.mapping = namingMapping(sam(), "hf", "original");
    back.target = there.source;
    back.destination = m_folder / "back.safetensors";
    const ConvertReport report = convertCheckpoint(back, {});
    EXPECT_EQ(report.rounding.largest, 0);
    const CheckpointPtr returned = openCheckpoint(back.destination);
    for (std::size_t i = 0; i < there.source->tensors().size(); ++i) {
        const std::string &key = there.source->tensors()[i].key;
        ASSERT_NE(returned->find(key), SchemaIndex::npos) << key;
        EXPECT_EQ(sha256(*returned, returned->find(key)), sha256(*there.source, i)) << key;
    }
}

TEST_F(Convert, RefusesAnIncompleteMapping)
{
    ConvertRequest request = demoRequest();
    std::erase_if(request.mapping.rules, [](const Rule &rule) {
        return std::ranges::any_of(rule.targets,
                                   [](const Pattern &target) { return target.match("vision_encoder.pos_embed").has_value(); });
    });
    EXPECT_THAT(refusal(request), HasSubstr("vision_encoder.pos_embed: gets no value"));
    EXPECT_EQ(filesLeft(), 0U);

    request.allowIncomplete = true;
    const ConvertReport report = convertCheckpoint(request, {});
    EXPECT_THAT(report.missing, testing::ElementsAre("vision_encoder.pos_embed"));
    EXPECT_THAT(report.unexpected, testing::ElementsAre("image_encoder.pos_embed"));
    const CheckpointPtr written = openCheckpoint(request.destination);
    EXPECT_EQ(written->tensors().size(), 230U);
    const bool recorded = std::ranges::any_of(written->metadata(), [](const MetadataEntry &entry) {
        return pathText(entry.path) == "__metadata__.rekey.incomplete" && entry.value == "1 of 231 keys have no value";
    });
    EXPECT_TRUE(recorded);
}

TEST_F(Convert, InitialisesWhatNoSourceFills)
{
    writeSource(m_folder / "source.safetensors", {{"a", {1, 2, 3}}});
    writeSource(m_folder / "target.safetensors",
                {{"a", {0, 0, 0}}, {"kept", {7, 8}}, {"zero", {5, 5}}, {"one", {5, 5}}, {"noise", std::vector<float>(4000)}});
    ConvertRequest request;
    request.source = openCheckpoint(m_folder / "source.safetensors");
    request.target = openCheckpoint(m_folder / "target.safetensors");
    request.mapping.rules = {mapRule("a", "a", {{Scale{2}}}), initRule("kept", InitPolicy::Keep), initRule("zero", InitPolicy::Zeros),
                             initRule("one", InitPolicy::Ones), initRule("noise", InitPolicy::Normal)};
    request.mapping.rules.back().initStd = 0.5;
    request.destination = m_folder / "out.safetensors";
    const ConvertReport report = convertCheckpoint(request, {});
    EXPECT_EQ(report.filled, 1U);
    EXPECT_EQ(report.kept, 1U);
    EXPECT_EQ(report.initialised, 3U);
    const CheckpointPtr written = openCheckpoint(request.destination);
    EXPECT_EQ(floats(*written, "a"), (std::vector<float>{2, 4, 6}));
    EXPECT_EQ(floats(*written, "kept"), (std::vector<float>{7, 8}));
    EXPECT_EQ(floats(*written, "zero"), (std::vector<float>{0, 0}));
    EXPECT_EQ(floats(*written, "one"), (std::vector<float>{1, 1}));
    const std::vector<float> noise = floats(*written, "noise");
    double sum = 0, squares = 0;
    for (const float value : noise) {
        sum += value;
        squares += static_cast<double>(value) * value;
    }
    EXPECT_NEAR(sum / 4000, 0, 0.03);
    EXPECT_NEAR(std::sqrt(squares / 4000), 0.5, 0.03);
    EXPECT_EQ(floats(convertedTensor(request, request.target->find("noise"))), noise) << "the same again";
    const bool kept = std::ranges::any_of(written->metadata(), [](const MetadataEntry &entry) {
        return pathText(entry.path) == "__metadata__.author" && entry.value == "a person";
    });
    EXPECT_TRUE(kept) << "the source's metadata";

    request.target = checkpointFromSchema(request.target->schema());
    EXPECT_THAT(refusal(request), HasSubstr("kept: gets no value"));
}

TEST_F(Convert, CountsWhatRoundingCosts)
{
    writeSource(m_folder / "source.safetensors", {{"a", {1.0F, 1e6F, 0.1F, 65519.0F}}});
    ConvertRequest request;
    request.source = openCheckpoint(m_folder / "source.safetensors");
    request.mapping.rules = {mapRule("a", "b")};
    request.dtype = DType::F16;
    request.destination = m_folder / "out.safetensors";
    const ConvertReport report = convertCheckpoint(request, {});
    EXPECT_EQ(report.rounding.overflows, 1U);
    EXPECT_DOUBLE_EQ(report.rounding.largest, 15) << "65519 becomes 65504";
    ASSERT_EQ(report.warnings.size(), 1U);
    EXPECT_THAT(report.warnings[0], HasSubstr("1 finite values became infinite"));
}

TEST_F(Convert, NeverWritesOverAnInputAndLeavesNothingWhenStopped)
{
    fs::copy_file(demo / "sam_tiny.pth", m_folder / "in.safetensors");
    ConvertRequest request = demoRequest();
    request.source = openCheckpoint(m_folder / "in.safetensors");
    request.destination = m_folder / "in.safetensors";
    EXPECT_NE(refusal(request), "");
    EXPECT_EQ(fs::file_size(m_folder / "in.safetensors"), fs::file_size(demo / "sam_tiny.pth"));

    request.destination = m_folder / "out.safetensors";
    std::stop_source stop;
    stop.request_stop();
    EXPECT_THROW(convertCheckpoint(request, Progress(stop.get_token(), {})), Cancelled);
    EXPECT_EQ(filesLeft(), 1U);
    request.destination = m_folder / "missing" / "out.safetensors";
    EXPECT_NE(refusal(request), "");
    request.source = checkpointFromSchema(request.source->schema());
    request.destination = m_folder / "out.safetensors";
    EXPECT_THAT(refusal(request), HasSubstr("without values"));
    EXPECT_EQ(filesLeft(), 1U);
}

/// A record's checksum is verified while it is copied.
TEST_F(Convert, DamagedRecordsAreFoundOnTheWay)
{
    Schema schema;
    schema.tensors = {{"whole", {600, 1000}, DType::F32, 0}, {"qkv", {900, 1000}, DType::F32, 1}};
    std::vector<std::byte> values(3'600'000);
    for (std::size_t i = 0; i < values.size(); ++i)
        values[i] = static_cast<std::byte>(i * i % 251);
    const fs::path file = m_folder / "source.pth";
    writerFor(file).write(file, schema,
                          [&](std::size_t i, const ByteSink &sink) {
                              sink(std::span(values).first(byteCount(DType::F32, elementCount(schema.tensors[i].shape)).value()));
                          },
                          {}, {});
    ConvertRequest request;
    request.destination = m_folder / "out.pth";
    const Rule copied = mapRule("whole", "w"), apart = mapRule("qkv", "q", {{Slice{0, 0, 300}}});
    const auto damagedAt = [&](std::uint64_t place) {
        std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
        stream.seekg(static_cast<std::streamoff>(place));
        const auto byte = static_cast<char>(stream.get() ^ 1);
        stream.seekp(static_cast<std::streamoff>(place));
        stream.put(byte);
        stream.close();
        request.source = openCheckpoint(file);
        return refusal(request);
    };
    const std::uint64_t middle = fs::file_size(file) / 2; // of the second record
    request.mapping.rules = {copied, apart};
    EXPECT_THAT(damagedAt(middle), HasSubstr("checksum"));
    EXPECT_EQ(damagedAt(middle), "") << "mended";
    fs::remove(request.destination);
    EXPECT_THAT(damagedAt(1'200'000), HasSubstr("checksum"));
    EXPECT_EQ(filesLeft(), 1U);
}

TEST_F(Convert, KeptPackedTensorsAreUnpackedForAnotherType)
{
    writeSource(m_folder / "source.safetensors", {{"a", {1, 2}}});
    Schema schema;
    schema.tensors = {{"b", {2}, DType::F32, 0}, {"packed", {4}, DType::F4, 1}};
    const fs::path file = m_folder / "target.safetensors";
    const std::vector<std::byte> bytes(8, std::byte {0x42}); // twice 1 and 2 in E2M1
    writerFor(file).write(file, schema, [&](std::size_t i, const ByteSink &sink) { sink(std::span(bytes).first(i == 0 ? 8 : 2)); }, {}, {});
    ConvertRequest request;
    request.source = openCheckpoint(m_folder / "source.safetensors");
    request.target = openCheckpoint(file);
    request.mapping.rules = {mapRule("a", "b"), initRule("packed", InitPolicy::Keep)};
    request.dtype = DType::F32;
    request.destination = m_folder / "out.safetensors";
    convertCheckpoint(request, {});
    EXPECT_EQ(floats(*openCheckpoint(request.destination), "packed"), (std::vector<float> {1, 2, 1, 2}));
}

TEST(Runtime, SaysWhatItRunsOn)
{
    const Runtime::Info info = runtime().info();
    EXPECT_FALSE(info.libtorch.empty());
    EXPECT_FALSE(info.blas.empty());
    EXPECT_GE(info.threads, 1);
    EXPECT_TRUE(runtimeLoaded());
}

namespace {

/// Most memory resident since the last call, in bytes.
std::uint64_t peakMemory()
{
    std::uint64_t peak = 0;
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:"))
            peak = std::strtoull(line.c_str() + 6, nullptr, 10) * 1024;
    }
    std::ofstream("/proc/self/clear_refs") << 5;
    return peak;
}

} // namespace

TEST_F(Convert, NeedsMemoryForATensorNotForTheFile)
{
    // 48 tensors of 8 MiB: zeros that take no room on the disk.
    constexpr std::uint64_t tensors = 48, elements = 2 << 20, bytes = elements * sizeof(float);
    nlohmann::json header;
    for (std::uint64_t i = 0; i < tensors; ++i)
        header["layers." + std::to_string(i) + ".weight"]
            = {{"dtype", "F32"}, {"shape", {1024, elements / 1024}}, {"data_offsets", {i * bytes, (i + 1) * bytes}}};
    const std::string text = header.dump();
    const std::uint64_t length = text.size();
    const fs::path file = m_folder / "source.safetensors";
    {
        std::ofstream stream(file, std::ios::binary);
        stream.write(reinterpret_cast<const char *>(&length), sizeof length);
        stream << text;
    }
    fs::resize_file(file, sizeof length + length + tensors * bytes);

    ConvertRequest request;
    request.source = openCheckpoint(file);
    request.mapping.rules = {mapRule("layers.{i}.weight", "blocks.{i}.w", {{Transpose{0, 1}}})};
    request.dtype = DType::F16;
    request.destination = m_folder / "out.safetensors";
    runtime().info();
    peakMemory();
    [[maybe_unused]] const std::uint64_t before = peakMemory();
    const ConvertReport report = convertCheckpoint(request, {});
    EXPECT_EQ(report.filled, tensors);
    EXPECT_EQ(report.bytes, tensors * bytes / 2);
#ifndef __SANITIZE_ADDRESS__ // which keeps what was freed for a while
    EXPECT_LT(peakMemory() - before, tensors * bytes / 4);
#endif
}

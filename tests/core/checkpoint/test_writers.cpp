// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <nlohmann/json.hpp>

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <numeric>

using namespace rekey;

namespace {

Schema smallSchema()
{
    Schema schema;
    schema.name = "small";
    schema.tensors = {{"odd.bytes", {3}, DType::U8, 0},
                      {"embed.weight", {4, 2}, DType::F32, 1},
                      {"scale", {}, DType::F64, 2},
                      {"none", {0, 7}, DType::BF16, 3},
                      {"head.weight", {4, 2}, DType::F32, 1},
                      {"steps", {2}, DType::I64, 5}};
    return schema;
}

/// The value of each byte tells which tensor it belongs to and where.
std::vector<std::byte> bytesOf(const Schema &schema, std::size_t index)
{
    std::vector<std::byte> bytes(byteCount(schema.tensors[index].dtype, elementCount(schema.tensors[index].shape)).value());
    for (std::size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<std::byte>(schema.tensors[index].tiedTo * 31 + i + 1);
    return bytes;
}

TensorFiller fillerOf(const Schema &schema, std::vector<std::size_t> *calls = nullptr, std::size_t piece = 5)
{
    return [&schema, calls, piece](std::size_t index, const ByteSink &sink) {
        if (calls)
            calls->push_back(index);
        const auto bytes = bytesOf(schema, index);
        for (std::size_t at = 0; at < bytes.size(); at += piece)
            sink(std::span(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    };
}

void expectSame(const Checkpoint &checkpoint, const Schema &schema)
{
    ASSERT_EQ(checkpoint.tensors().size(), schema.tensors.size());
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        const SchemaTensor &tensor = schema.tensors[i];
        EXPECT_EQ(checkpoint.tensors()[i].key, tensor.key);
        EXPECT_EQ(checkpoint.tensors()[i].shape, tensor.shape);
        EXPECT_EQ(checkpoint.tensors()[i].dtype, tensor.dtype);
        std::vector<std::byte> bytes(checkpoint.tensors()[i].bytes());
        checkpoint.read(i, 0, checkpoint.tensors()[i].elements(), bytes);
        EXPECT_EQ(bytes, bytesOf(schema, i)) << tensor.key;
    }
}

const Writer &named(std::string_view name)
{
    return *std::ranges::find(writers(), name, &Writer::name);
}

} // namespace

TEST(Writers, SafetensorsReadsBack)
{
    const TemporaryFolder folder;
    const Schema schema = smallSchema();
    std::vector<std::size_t> calls;
    WriteOptions options;
    options.metadata = {{"title", "a \"quoted\" title"}};
    const auto files = writerFor(folder / "m.safetensors").write(folder / "m.safetensors", schema, fillerOf(schema, &calls), options, {});
    EXPECT_EQ(files, (std::vector{folder / "m.safetensors"}));
    EXPECT_EQ(calls, (std::vector<std::size_t>{0, 1, 2, 3, 5})) << "the tied tensor is not asked for again";
    const auto checkpoint = openCheckpoint(files[0]);
    expectSame(*checkpoint, schema);
    std::map<std::string, std::string> metadata;
    for (const MetadataEntry &entry : checkpoint->metadata())
        metadata[pathText({entry.path.back()})] = entry.value;
    EXPECT_EQ(metadata["format"], "pt");
    EXPECT_EQ(metadata["title"], "a \"quoted\" title");
    EXPECT_EQ(metadata["rekey.aliases"], R"({"head.weight":"embed.weight"})");
    const std::string bytes = fileBytes(files[0]);
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    EXPECT_EQ(length % 8, 0U);
    // Every tensor lies aligned to its own type.
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        const auto view = checkpoint->view(i);
        const auto whole = checkpoint->view(0).data(); // the odd bytes come last
        (void)whole;
        EXPECT_TRUE(view.empty() || reinterpret_cast<std::uintptr_t>(view.data()) % info(schema.tensors[i].dtype).blockBytes == 0);
    }
}

TEST(Writers, ShardsAreAnIndexAndNumberedFiles)
{
    const TemporaryFolder folder;
    Schema schema;
    for (std::uint32_t i = 0; i < 5; ++i)
        schema.tensors.push_back({"t" + std::to_string(i), {10}, DType::F32, i == 4 ? 0 : i});
    WriteOptions options;
    options.maxShardBytes = 80;
    const auto files = named("safetensors").write(folder / "m.safetensors", schema, fillerOf(schema), options, {});
    ASSERT_EQ(files.size(), 4U); // t0 with t4, t1 and t2, t3, the index
    EXPECT_EQ(files[0].filename(), "m-00001-of-00003.safetensors");
    EXPECT_EQ(files[3].filename(), "m.safetensors.index.json");
    const auto index = nlohmann::json::parse(fileBytes(files[3]));
    EXPECT_EQ(index["metadata"]["total_size"], 200);
    EXPECT_EQ(index["weight_map"]["t4"], index["weight_map"]["t0"]);
    const auto checkpoint = openCheckpoint(files[3]);
    EXPECT_TRUE(checkpoint->warnings().empty());
    expectSame(*checkpoint, schema);
    EXPECT_EQ(folder.count(), 4U);
}

TEST(Writers, TorchZipReadsBackAlignedAndWithTiedStorages)
{
    const TemporaryFolder folder;
    const Schema schema = smallSchema();
    const auto files = writerFor(folder / "m.pth").write(folder / "m.pth", schema, fillerOf(schema), {}, {});
    const auto checkpoint = openCheckpoint(files[0]);
    EXPECT_EQ(checkpoint->format(), "torch-zip");
    EXPECT_TRUE(checkpoint->warnings().empty());
    expectSame(*checkpoint, schema);
    EXPECT_EQ(checkpoint->schema().tensors[4].tiedTo, 1U);
    for (const GlobalUse &use : checkpoint->globals())
        EXPECT_EQ(use.grade, Grade::Known) << use.module << "." << use.name;
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        if (const auto view = checkpoint->view(i); !view.empty()) {
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(view.data()) % 64, 0U);
        }
    }
    WriteOptions wrapped;
    wrapped.wrapperKey = "model";
    const auto inside = openCheckpoint(named("torch-zip").write(folder / "w.pth", schema, fillerOf(schema), wrapped, {})[0]);
    EXPECT_EQ(inside->root().text, "model");
    expectSame(*inside, schema);
}

TEST(Writers, TheSameInputGivesTheSameFile)
{
    const TemporaryFolder folder;
    const Schema schema = smallSchema();
    for (const char *name : {"a.pth", "b.pth", "a.safetensors", "b.safetensors"})
        writerFor(folder / name).write(folder / name, schema, fillerOf(schema), {}, {});
    EXPECT_EQ(fileBytes(folder / "a.pth"), fileBytes(folder / "b.pth"));
    EXPECT_EQ(fileBytes(folder / "a.safetensors"), fileBytes(folder / "b.safetensors"));
}

TEST(Writers, FailuresAreOneErrorAndLeaveNothing)
{
    const Schema schema = smallSchema();
    for (const Writer &writer : writers()) {
        const TemporaryFolder folder;
        const auto target = folder / ("m" + std::string(writer.extensions[0]));
        const auto write = [&](const TensorFiller &filler, const WriteOptions &options = {}, const Schema *other = nullptr) {
            return refusal([&] { writer.write(target, other ? *other : schema, filler, options, {}); });
        };
        const TensorFiller throws
            = [](std::size_t index, const ByteSink &) { throw Error({}, {}, fmt::format("source {} is gone", index)); };
        EXPECT_EQ(write(throws), "source 0 is gone");
        const TensorFiller tooFew = [](std::size_t, const ByteSink &) {};
        EXPECT_NE(write(tooFew).find("odd.bytes"), std::string::npos);
        const TensorFiller tooMany = [](std::size_t, const ByteSink &sink) { sink(std::vector<std::byte>(1000)); };
        EXPECT_NE(write(tooMany).find("odd.bytes"), std::string::npos);
        Schema twice = schema;
        twice.tensors[2].key = "steps";
        EXPECT_NE(write(fillerOf(twice), {}, &twice).find("there are two tensors of this name"), std::string::npos);
        Schema huge = schema;
        huge.tensors[0].shape = {std::int64_t{1} << 60};
        EXPECT_NE(write(fillerOf(schema), {}, &huge).find("are free on the disk"), std::string::npos);
        EXPECT_EQ(folder.count(), 0U) << "something was left behind by " << writer.name;
        EXPECT_NE(refusal([&] {
                      writer.write(folder / "no/such/folder/m.x", schema, fillerOf(schema), {}, {});
                  }).find("its folder does not exist"),
                  std::string::npos);
        // A folder that disappears while it is written to
        const auto doomed = folder / "doomed";
        std::filesystem::create_directory(doomed);
        const TensorFiller removes = [&](std::size_t index, const ByteSink &sink) {
            std::filesystem::remove_all(doomed);
            fillerOf(schema)(index, sink);
        };
        EXPECT_NE(refusal([&] { writer.write(doomed / "m.x", schema, removes, {}, {}); }), "");
        EXPECT_EQ(folder.count(), 0U);
    }
}

/// A full disk, as a limit on the size of files gives it: the last kilobytes cannot be written.
TEST(Writers, ADiskThatFillsUpIsOneErrorAndLeavesNothing)
{
    const auto before = std::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
    Schema schema;
    schema.tensors = {{"first", {1000}, DType::F32, 0}, {"large", {1 << 20}, DType::F32, 1}};
    const TensorFiller zeros = [&](std::size_t index, const ByteSink &sink) {
        sink(std::vector<std::byte>(static_cast<std::size_t>(schema.tensors[index].shape[0]) * 4));
    };
    for (const Writer &writer : writers()) {
        const TemporaryFolder folder;
        rlimit small = limit;
        small.rlim_cur = 3 << 20;
        ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
        const std::string said
            = refusal([&] { writer.write(folder / ("m" + std::string(writer.extensions[0])), schema, zeros, {}, {}); });
        setrlimit(RLIMIT_FSIZE, &limit);
        EXPECT_NE(said.find("larger than the disk allows"), std::string::npos) << said;
        EXPECT_EQ(folder.count(), 0U) << "something was left behind by " << writer.name;
    }
    std::signal(SIGXFSZ, before);
}

TEST(Writers, InputsAreNeverOverwrittenUnderAnyName)
{
    const TemporaryFolder folder;
    const Schema schema = smallSchema();
    const auto input = writerFor(folder / "in.pth").write(folder / "in.pth", schema, fillerOf(schema), {}, {})[0];
    std::filesystem::create_hard_link(input, folder / "hard.pth");
    std::filesystem::create_symlink(input, folder / "soft.pth");
    const std::string before = fileBytes(input);
    WriteOptions options;
    options.inputs = {input};
    for (const char *name : {"in.pth", "hard.pth", "soft.pth"}) {
        EXPECT_NE(
            refusal([&] { named("torch-zip").write(folder / name, schema, fillerOf(schema), options, {}); }).find("is never overwritten"),
            std::string::npos)
            << name;
    }
    EXPECT_EQ(fileBytes(input), before);
    EXPECT_EQ(folder.count(), 3U);
}

TEST(Writers, CancellingLeavesNothing)
{
    const TemporaryFolder folder;
    const Schema schema = smallSchema();
    std::stop_source stop;
    const Progress progress(stop.get_token(), {});
    const TensorFiller stopping = [&](std::size_t index, const ByteSink &sink) {
        stop.request_stop();
        fillerOf(schema)(index, sink);
    };
    for (const Writer &writer : writers())
        EXPECT_THROW(writer.write(folder / "m.x", schema, stopping, {}, progress), Cancelled);
    EXPECT_EQ(folder.count(), 0U);
}

TEST(Writers, RefusesTypesThatTheFormatLacks)
{
    const TemporaryFolder folder;
    Schema schema;
    schema.tensors = {{"z", {2}, DType::C128, 0}};
    EXPECT_NE(refusal([&] {
                  named("safetensors").write(folder / "m.safetensors", schema, fillerOf(schema), {}, {});
              }).find("safetensors has no type C128"),
              std::string::npos);
    schema.tensors = {{"q", {32}, DType::Q4_0, 0}};
    EXPECT_NE(refusal([&] { named("torch-zip").write(folder / "m.pth", schema, fillerOf(schema), {}, {}); }).find("type Q4_0"),
              std::string::npos);
    EXPECT_NE(refusal([&] { writerFor("m.docx"); }).find(".safetensors, .pth"), std::string::npos);
}

TEST(Writers, ByteSizes)
{
    EXPECT_EQ(parseByteSize("5GB"), 5'000'000'000U);
    EXPECT_EQ(parseByteSize("500MiB"), 500U << 20);
    EXPECT_EQ(parseByteSize("1000000"), 1'000'000U);
    EXPECT_EQ(parseByteSize("1.5 kb"), 1500U);
    for (const char *wrong : {"", "GB", "-5GB", "5 parsecs", "1e30GB", "0"})
        EXPECT_THROW(parseByteSize(wrong), Error) << wrong;
}

// SPDX-License-Identifier: GPL-3.0-or-later
// What version control cannot carry: links, pipes, devices, files that change, files larger than the disk.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <thread>

using namespace rekey;

namespace {

const std::string smallHeader = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";

std::string smallFile()
{
    return safetensorsFile(smallHeader, std::string("\0\0\x80\x3F\0\0\0\x40", 8)); // 1, 2
}

double secondsOf(const std::function<void()> &work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

template <typename T>
void put(std::string &bytes, T value)
{
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

} // namespace

TEST(SpecialFiles, OddPathsOpen)
{
    const TemporaryFolder folder;
    for (const std::string &name : {std::string("line\nbreak \"quoted\".safetensors"), std::string("\xFF\xFE not utf-8.safetensors"),
                                   std::string("ümläut.safetensors"), std::string(240, 'x')}) {
        const auto checkpoint = openCheckpoint(folder.write(name, smallFile()));
        EXPECT_EQ(checkpoint->tensors().size(), 1U);
    }
    std::filesystem::create_symlink(folder.write("real.safetensors", smallFile()), folder / "link.safetensors");
    EXPECT_EQ(openCheckpoint(folder / "link.safetensors")->tensors().size(), 1U);
}

TEST(SpecialFiles, WhatIsNoFileIsRefusedInOneSentence)
{
    const TemporaryFolder folder;
    ASSERT_EQ(mkfifo((folder / "pipe.pt").c_str(), 0600), 0);
    std::filesystem::create_directory(folder / "folder.pt");
    std::filesystem::create_symlink("loop.pt", folder / "loop.pt");
    const auto says = [](const std::filesystem::path &path) { return refusal([&] { openCheckpoint(path); }); };
    EXPECT_EQ(says(folder / "missing.pt"), "missing.pt: there is no such file");
    EXPECT_EQ(says(folder / "pipe.pt"), "pipe.pt: this is no ordinary file (a pipe, socket or device)");
    EXPECT_EQ(says("/dev/zero"), "zero: this is no ordinary file (a pipe, socket or device)");
    EXPECT_NE(says(folder / "folder.pt").find("folder.pt: this folder holds no checkpoint"), std::string::npos);
    EXPECT_EQ(says(folder / "loop.pt"), "loop.pt: its symbolic links lead in a circle");
    EXPECT_NE(says(folder / std::string(5000, 'x')).find("the path is too long"), std::string::npos);
    folder.write("secret.pt", smallFile());
    std::filesystem::permissions(folder / "secret.pt", std::filesystem::perms::none);
    if (geteuid() != 0) {
        EXPECT_EQ(says(folder / "secret.pt"), "secret.pt: reading it is not permitted");
    }
    EXPECT_EQ(says(folder.write("text.pth", "This is a letter, no model.")).find("text.pth: "), 0U);
}

TEST(SpecialFiles, FoldersOpenWhatLiesInThem)
{
    const TemporaryFolder folder;
    folder.write("model.safetensors", smallFile());
    folder.write("config.json", "{}");
    const auto checkpoint = openCheckpoint(folder.path());
    EXPECT_EQ(checkpoint->tensors().size(), 1U);
    EXPECT_EQ(checkpoint->name(), folder.path().filename().string());
    EXPECT_EQ(openCheckpoint(folder.path() / "")->name(), folder.path().filename().string());

    const TemporaryFolder two;
    two.write("a.safetensors", smallFile());
    EXPECT_EQ(openCheckpoint(two.path())->tensors().size(), 1U);
    two.write("b.safetensors", smallFile());
    EXPECT_NE(refusal([&] { openCheckpoint(two.path()); }).find("holds 2 checkpoints (a.safetensors, b.safetensors)"), std::string::npos);
}

TEST(SpecialFiles, ShardsMayNotBeLinksOutOfTheFolder)
{
    const TemporaryFolder outside;
    const TemporaryFolder folder;
    folder.write("m.safetensors.index.json", R"({"weight_map":{"a":"s.safetensors"}})");
    std::filesystem::create_symlink(outside.write("private.safetensors", smallFile()), folder / "s.safetensors");
    EXPECT_EQ(refusal([&] { openCheckpoint(folder / "m.safetensors.index.json"); }),
              "m.safetensors.index.json: shard s.safetensors: is a link that leads out of the folder");
    // The layout of the Hugging Face cache, which is the usual place of such links.
    const TemporaryFolder cache;
    std::filesystem::create_directories(cache / "snapshots/1234");
    std::filesystem::create_directories(cache / "blobs");
    const std::string digest(64, 'a');
    cache.write("blobs/" + digest, smallFile());
    cache.write("snapshots/1234/m.safetensors.index.json", R"({"weight_map":{"a":"s.safetensors"}})");
    std::filesystem::create_symlink("../../blobs/" + digest, cache / "snapshots/1234/s.safetensors");
    EXPECT_EQ(openCheckpoint(cache / "snapshots/1234")->tensors().size(), 1U);
}

TEST(SpecialFiles, AFileThatShrinksIsAnErrorNotACrash)
{
    const TemporaryFolder folder;
    const std::string header = R"({"a":{"dtype":"U8","shape":[1000000],"data_offsets":[0,1000000]}})";
    const auto path = folder.write("m.safetensors", safetensorsFile(header, std::string(1000000, 'x')));
    const auto checkpoint = openCheckpoint(path);
    const auto view = checkpoint->view(0);
    ASSERT_EQ(view.size(), 1000000U);
    std::filesystem::resize_file(path, 1000);
    // Touching what was mapped would be SIGBUS; now it reads as zeros, and the next question is answered with an error.
    std::size_t zeros = 0;
    for (const std::byte byte : view)
        zeros += byte == std::byte{0};
    EXPECT_GT(zeros, 900000U);
    EXPECT_NE(refusal([&] { checkpoint->view(0); }).find("m.safetensors: the file shrank while it was open"), std::string::npos);
    std::vector<std::byte> bytes(10);
    EXPECT_THROW(checkpoint->read(0, 999000, 10, bytes), Error);
    EXPECT_THROW(sha256(*checkpoint, 0), Error);
}

TEST(SpecialFiles, AFileThatChangesIsAnErrorADeletedOneIsNot)
{
    const TemporaryFolder folder;
    const auto path = folder.write("m.safetensors", smallFile());
    const auto checkpoint = openCheckpoint(path);
    std::filesystem::remove(path);
    EXPECT_EQ(checkpoint->view(0).size(), 8U);
    const auto other = openCheckpoint(folder.write("n.safetensors", smallFile()));
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::fstream(folder / "n.safetensors", std::ios::in | std::ios::out | std::ios::binary).seekp(70).put('x');
    EXPECT_NE(refusal([&] { other->view(0); }).find("was changed by another program"), std::string::npos);
}

TEST(SpecialFiles, SparseSafetensorsOf40GiBListsAtOnce)
{
    const TemporaryFolder folder;
    const std::uint64_t elements = std::uint64_t{20} << 30;
    const auto path = folder.write("m.safetensors", safetensorsFile(fmt::format(
        R"({{"a":{{"dtype":"F16","shape":[{}],"data_offsets":[0,{}]}}}})", elements, elements * 2)));
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + elements * 2);
    CheckpointPtr checkpoint;
    EXPECT_LT(secondsOf([&] { checkpoint = openCheckpoint(path); }), 0.1);
    EXPECT_EQ(checkpoint->tensors()[0].bytes(), elements * 2);
    std::vector<std::byte> bytes(8, std::byte{1});
    checkpoint->read(0, elements - 4, 4, bytes);
    EXPECT_EQ(bytes[7], std::byte{0});
    EXPECT_EQ(checkpoint->view(0).size(), elements * 2);
}

TEST(SpecialFiles, TorchZipOf10GiBUsesItsZip64Offsets)
{
    // {'big': F64 [1.25 * 2^30] in data/0, 'b': F32 [2] in data/1}: a record of 10 GiB, then one behind it
    const std::uint64_t bigElements = std::uint64_t{5} << 28;
    std::string pickle = std::string("\x80\x02}(", 4);
    const auto tensor = [&](const std::string &key, const std::string &type, const std::string &storage, std::uint32_t elements) {
        std::string text = "X";
        put(text, static_cast<std::uint32_t>(key.size()));
        text += key + "ctorch._utils\n_rebuild_tensor_v2\n((U\x07storagectorch\n" + type + "\nU\x01" + storage + "U\x03" "cpuJ";
        put(text, elements);
        text += "tQK";
        text += '\0';
        text += "(J";
        put(text, elements);
        text += "t(K\x01t\x89" "ccollections\nOrderedDict\n)RtR";
        return text;
    };
    pickle += tensor("big", "DoubleStorage", "0", static_cast<std::uint32_t>(bigElements)) + tensor("b", "FloatStorage", "1", 2) + "u.";

    struct Entry
    {
        std::string name;
        std::uint64_t bytes, offset;
        std::uint32_t checksum;
    };
    std::vector<Entry> entries;
    const TemporaryFolder folder;
    const auto path = folder / "big.pt";
    std::ofstream file(path, std::ios::binary);
    std::uint64_t at = 0;
    const auto add = [&](const std::string &name, const std::string &content, std::uint64_t bytes, std::uint32_t checksum) {
        std::string header = "PK\3\4";
        for (const std::uint16_t field : {45, 0x808, 0, 0, 0})
            put(header, field);
        header.append(12, '\0'); // checksum and sizes follow the data
        put(header, static_cast<std::uint16_t>(name.size()));
        put(header, std::uint16_t{0});
        file.seekp(static_cast<std::streamoff>(at));
        file << header << name << content;
        entries.push_back({name, bytes, at, checksum});
        at += header.size() + name.size() + bytes;
    };
    // CRC-32 of the pickle is computed here the slow way.
    const auto crc = [](const std::string &bytes) {
        std::uint32_t value = ~0U;
        for (const char byte : bytes) {
            value ^= static_cast<unsigned char>(byte);
            for (int bit = 0; bit < 8; ++bit)
                value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
        }
        return ~value;
    };
    const std::string values("\0\0\x80\x3F\0\0\0\x40", 8);
    add("big/data.pkl", pickle, pickle.size(), crc(pickle));
    add("big/data/0", "", bigElements * 8, 0x12345678);
    add("big/data/1", values, values.size(), crc(values));
    const std::uint64_t directory = at;
    std::string end;
    for (const Entry &entry : entries) {
        end += std::string("PK\1\2\0\0", 6);
        for (const std::uint16_t field : {45, 0x808, 0, 0, 0})
            put(end, field);
        put(end, entry.checksum);
        put(end, ~std::uint32_t{0});
        put(end, ~std::uint32_t{0});
        put(end, static_cast<std::uint16_t>(entry.name.size()));
        put(end, std::uint16_t{28});
        end.append(10, '\0');
        put(end, ~std::uint32_t{0});
        end += entry.name;
        put(end, std::uint16_t{1});
        put(end, std::uint16_t{24});
        put(end, entry.bytes);
        put(end, entry.bytes);
        put(end, entry.offset);
    }
    const std::uint64_t size = end.size();
    end += "PK\6\6";
    put(end, std::uint64_t{44});
    end.append(12, '\0');
    put(end, std::uint64_t{3});
    put(end, std::uint64_t{3});
    put(end, size);
    put(end, directory);
    end += "PK\6\7";
    put(end, std::uint32_t{0});
    put(end, directory + size);
    put(end, std::uint32_t{1});
    end += "PK\5\6";
    put(end, std::uint32_t{0});
    put(end, std::uint16_t{3});
    put(end, std::uint16_t{3});
    put(end, static_cast<std::uint32_t>(size));
    put(end, ~std::uint32_t{0});
    put(end, std::uint16_t{0});
    file.seekp(static_cast<std::streamoff>(directory));
    file << end;
    file.close();

    CheckpointPtr checkpoint;
    EXPECT_LT(secondsOf([&] { checkpoint = openCheckpoint(path); }), 0.1);
    ASSERT_EQ(checkpoint->tensors().size(), 2U);
    EXPECT_EQ(checkpoint->tensors()[0].bytes(), std::uint64_t{10} << 30);
    std::vector<float> second;
    forEachBlock(*checkpoint, 1, 100, [&](std::uint64_t, std::span<const float> run) { second.assign(run.begin(), run.end()); });
    EXPECT_EQ(second, (std::vector<float>{1, 2}));
}

TEST(SpecialFiles, HundredThousandTensorsAndAThousandShards)
{
    const TemporaryFolder folder;
    std::string header = "{";
    for (int i = 0; i < 100000; ++i)
        header
            += fmt::format("{}\"model.layers.{}.self_attn.q_proj.weight\":{{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[{},{}]}}",
                           i ? "," : "", i, 8 * i, 8 * i + 8);
    const auto path = folder.write("m.safetensors", safetensorsFile(header + "}", std::string(800000, '\0')));
    CheckpointPtr checkpoint;
    const double seconds = secondsOf([&] { checkpoint = openCheckpoint(path); });
    std::puts(fmt::format("100,000 tensors: opened in {:.0f} ms", seconds * 1000).c_str());
    EXPECT_EQ(checkpoint->tensors().size(), 100000U);
    EXPECT_EQ(checkpoint->find("model.layers.99999.self_attn.q_proj.weight"), 99999U);

    const TemporaryFolder shards;
    std::string map;
    for (int i = 0; i < 1000; ++i) {
        shards.write(fmt::format("s{}.safetensors", i),
                     safetensorsFile(fmt::format(R"({{"t{}":{{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}}})", i), "x"));
        map += fmt::format("{}\"t{}\":\"s{}.safetensors\"", i ? "," : "", i, i);
    }
    shards.write("model.safetensors.index.json", "{\"weight_map\":{" + map + "}}");
    CheckpointPtr sharded;
    const double shardSeconds = secondsOf([&] { sharded = openCheckpoint(shards.path()); });
    std::puts(fmt::format("1,000 shards: opened in {:.0f} ms", shardSeconds * 1000).c_str());
    EXPECT_EQ(sharded->tensors().size(), 1000U);
    EXPECT_EQ(sharded->files().size(), 1000U);
}

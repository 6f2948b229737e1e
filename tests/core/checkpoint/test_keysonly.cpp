// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/keysonly.h"
#include "core/checkpoint/schematext.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <gtest/gtest.h>

#include <fstream>

namespace rekey {

namespace {

void writeBytes(const std::filesystem::path &path, const std::string &bytes)
{
    std::ofstream(path, std::ios::binary) << bytes;
}

/// Two tensors of 16 bytes each, of whose data `kept` bytes are in the file.
std::string safetensors(const std::string &first, const std::string &second, std::size_t kept)
{
    std::string header = "{\"" + first + R"(":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},")" + second
        + R"(":{"dtype":"F32","shape":[2,2],"data_offsets":[16,32]}})";
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::string length(8, '\0');
    length[0] = static_cast<char>(header.size());
    return length + header + std::string(kept, '\0');
}

} // namespace

TEST(KeysOnlyTest, ListsAFileThatIsCutOff)
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "cut.safetensors";
    writeBytes(path, safetensors("a", "b", 20));
    EXPECT_THROW(openCheckpoint(path), Error);
    const KeysOnly keys = readKeysOnly(path);
    ASSERT_EQ(keys.schema.tensors.size(), 2U);
    EXPECT_EQ(keys.schema.tensors[1].key, "b");
    EXPECT_EQ(keys.schema.tensors[1].shape, (Shape{2, 2}));
    EXPECT_EQ(keys.complete, 1U);
    EXPECT_EQ(keys.firstCut, "b");
}

TEST(KeysOnlyTest, JoinsTheHeadersOfAFolder)
{
    const TemporaryFolder folder;
    writeBytes(folder.path() / "model-00001-of-00002.safetensors", safetensors("a", "b", 32));
    writeBytes(folder.path() / "model-00002-of-00002.safetensors", safetensors("c", "d", 0));
    writeBytes(folder.path() / "model.safetensors.index.json", "{}");
    for (const auto &path : {folder.path(), folder.path() / "model.safetensors.index.json"}) {
        const KeysOnly keys = readKeysOnly(path);
        EXPECT_EQ(keys.schema.tensors.size(), 4U);
        EXPECT_EQ(keys.files, 2U);
        EXPECT_EQ(keys.complete, 2U);
        EXPECT_EQ(keys.firstCut, "c");
    }
}

TEST(KeysOnlyTest, ABrokenHeaderStaysAnError)
{
    const TemporaryFolder folder;
    const auto path = folder.path() / "broken.safetensors";
    std::string bytes = safetensors("a", "b", 32);
    bytes.replace(bytes.find("[16,32]"), 7, "[12,28]"); // overlaps
    writeBytes(path, bytes);
    EXPECT_THROW(readKeysOnly(path), Error);
    writeBytes(folder.path() / "no.safetensors", "abc");
    EXPECT_THROW(readKeysOnly(folder.path() / "no.safetensors"), Error);
    const TemporaryFolder empty;
    EXPECT_THROW(readKeysOnly(empty.path()), Error);
}

TEST(SchemaTextTest, ReadsWhatKeysPrints)
{
    const Schema schema = schemaFromJson(
        R"({"name":"x","tensors":[{"key":"a.w","shape":[2,3],"dtype":"F16"},{"key":"b.w","shape":[2,3],"dtype":"F16"}],"tied":[["a.w","b.w"]]})",
        "embedded");
    ASSERT_EQ(schema.tensors.size(), 2U);
    EXPECT_EQ(schema.tensors[0].shape, (Shape{2, 3}));
    EXPECT_EQ(schema.tensors[0].tiedTo, 0U);
    EXPECT_EQ(schema.tensors[1].tiedTo, 0U);
    try {
        schemaFromJson(R"({"tensors":[{"key":"a","shape":[2],"dtype":"F99"}]})", "embedded");
        FAIL() << "an unknown dtype passed";
    } catch (const Error &error) {
        EXPECT_EQ(error.file(), "embedded");
        EXPECT_NE(std::string(error.what()).find("F99"), std::string::npos);
    }
}

} // namespace rekey

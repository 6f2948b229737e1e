// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomicfile.h"
#include "core/base/bytereader.h"
#include "core/base/crc32.h"
#include "core/base/mappedfile.h"
#include "core/base/utf8.h"

#include <gtest/gtest.h>

#include <unistd.h>

#include <fstream>
#include <random>
#include <vector>

using namespace rekey;

namespace {

std::uint32_t naiveCrc(std::span<const std::byte> bytes)
{
    std::uint32_t value = ~0U;
    for (const std::byte byte : bytes) {
        value ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit)
            value = value & 1 ? value >> 1 ^ 0xEDB88320 : value >> 1;
    }
    return ~value;
}

} // namespace

TEST(Crc32, AgreesWithTheBitByBitOneInWholeAndInPieces)
{
    std::mt19937 random(3);
    std::vector<std::byte> bytes(5000);
    for (std::byte &byte : bytes)
        byte = static_cast<std::byte>(random());
    const std::string check = "123456789";
    EXPECT_EQ(crc32(0, std::as_bytes(std::span(check))), 0xCBF43926U);
    for (std::size_t size = 0; size < 400; ++size) {
        const auto piece = std::span(bytes).subspan(size % 17, size);
        ASSERT_EQ(crc32(0, piece), naiveCrc(piece)) << size;
    }
    for (std::size_t cut = 0; cut <= bytes.size(); cut += 37)
        ASSERT_EQ(crc32(crc32(0, std::span(bytes).first(cut)), std::span(bytes).subspan(cut)), naiveCrc(bytes)) << cut;
}

TEST(Utf8, KnowsWellFormedText)
{
    for (const char *text : {"", "plain", "größe", "你😀", "0123456789abcdef"})
        EXPECT_TRUE(isUtf8(text)) << text;
    for (const char *text : {"\xff", "\xc0\xaf", "\xe2\x82", "\xf4\x90\x80\x80", "\xed\xa0\x80", "abcdefgh\x80"})
        EXPECT_FALSE(isUtf8(text)) << text;
    EXPECT_TRUE(isUtf8("\xed\xa0\x80", true));
    EXPECT_EQ(utf8FromLatin1("gr\xf6\xdf" "e"), "größe");
    std::string text;
    for (const std::uint32_t code : {0x41U, 0xE4U, 0x20ACU, 0x1F600U})
        appendUtf8(text, code);
    EXPECT_EQ(text, "Aä€😀");
}

TEST(ByteReader, ComparesEveryLengthWithWhatIsLeft)
{
    const std::vector<std::byte> bytes = {std::byte{1}, std::byte{2}, std::byte{3}};
    ByteReader reader(bytes, "file", "part");
    EXPECT_EQ(reader.number<std::uint16_t>(), 0x0201);
    EXPECT_THROW(reader.number<std::uint16_t>(), Error);
    EXPECT_THROW(reader.take(~std::uint64_t{0}), Error);
    EXPECT_EQ(reader.left(), 1U);
}

TEST(AtomicFile, AppearsWholeOrNotAtAll)
{
    const auto folder = std::filesystem::temp_directory_path() / ("rekey-atomic-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder);
    const auto entries = [&] { return std::distance(std::filesystem::directory_iterator(folder), std::filesystem::directory_iterator()); };
    {
        AtomicFile file(folder / "never");
        file.write("half");
        file.flush();
        EXPECT_FALSE(std::filesystem::exists(folder / "never"));
        EXPECT_EQ(entries(), 1);
    }
    EXPECT_EQ(entries(), 0);
    {
        AtomicFile file(folder / "done");
        file.seek(4);
        file.write("tail");
        file.seek(0);
        file.write("head");
        EXPECT_EQ(file.position(), 4U);
        file.commit();
    }
    const auto done = MappedFile::open(folder / "done");
    EXPECT_EQ(asText(done->bytes()), "headtail");
    EXPECT_TRUE(done->isSame(folder / "." / "done"));
    EXPECT_THROW(AtomicFile(folder / "done", {folder / "done"}), Error);
    EXPECT_THROW(AtomicFile file(folder), Error);
    std::vector<AtomicFile> both;
    both.emplace_back(folder / "one").write("1");
    both.emplace_back(folder / "two").write("2");
    std::filesystem::create_directory(folder / "two");
    EXPECT_THROW(commitTogether(both), Error) << "the second cannot take its place";
    both.clear();
    EXPECT_FALSE(std::filesystem::exists(folder / "one"));
    std::filesystem::remove_all(folder);
}

/// Some megabytes, in pieces of all sizes, ahead of the end and behind it: what was written last stands.
TEST(AtomicFile, PiecesMayComeInAnyOrder)
{
    const auto path = std::filesystem::temp_directory_path() / ("rekey-pieces-" + std::to_string(getpid()));
    std::mt19937 random(1);
    for (int round = 0; round < 8; ++round) {
        std::vector<std::byte> expected;
        AtomicFile file(path);
        for (int i = 0; i < 200; ++i) {
            const std::size_t at = random() % 4 == 0 ? random() % (expected.size() + 1000) : expected.size();
            std::vector<std::byte> piece(random() % 10 == 0 ? random() % 2'000'000 : random() % 100);
            for (std::byte &byte : piece)
                byte = static_cast<std::byte>(random());
            if (!piece.empty())
                expected.resize(std::max(expected.size(), at + piece.size()));
            std::ranges::copy(piece, expected.begin() + static_cast<std::ptrdiff_t>(std::min(at, expected.size())));
            file.seek(at);
            file.write(piece);
            if (random() % 50 == 0)
                file.flush();
        }
        file.commit();
        const auto written = MappedFile::open(path);
        ASSERT_TRUE(std::ranges::equal(written->bytes(), expected)) << "round " << round;
    }
    std::filesystem::remove(path);
}

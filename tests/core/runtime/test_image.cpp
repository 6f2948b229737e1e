// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/runtime/image.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <fstream>
#include <random>
#include <sstream>

using namespace rekey;
using testing::HasSubstr;
namespace fs = std::filesystem;

namespace {

const fs::path images = fs::path(REKEY_TEST_DATA) / "runtime" / "images";
const fs::path demo = fs::path(REKEY_RESOURCES) / "demo";
const fs::path reference = fs::path(REKEY_TEST_DATA) / "demo" / "reference";

nlohmann::json readJson(const fs::path &path)
{
    std::ifstream stream(path);
    return nlohmann::json::parse(stream);
}

std::string digest(const Image &image)
{
    Sha256 sha;
    sha.add(std::as_bytes(std::span(image.rgb)));
    return sha.hex();
}

std::string readText(const fs::path &path)
{
    std::ifstream stream(path, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    return text.str();
}

/// A file in a folder of its own that goes when the test ends.
class HostileFile
{
public:
    HostileFile(const std::string &name, const std::string &content)
        : m_path(fs::temp_directory_path() / ("rekey-test-image-" + std::to_string(std::random_device{}())) / name)
    {
        fs::create_directories(m_path.parent_path());
        std::ofstream(m_path, std::ios::binary) << content;
    }
    ~HostileFile() { fs::remove_all(m_path.parent_path()); }
    HostileFile(const HostileFile &) = delete;
    HostileFile &operator=(const HostileFile &) = delete;
    const fs::path &path() const { return m_path; }

private:
    fs::path m_path;
};

std::string refusal(const fs::path &path)
{
    try {
        loadImage(path);
    } catch (const Error &error) {
        return error.what();
    }
    return "";
}

std::string refusal(const std::string &name, const std::string &content)
{
    const HostileFile file(name, content);
    return refusal(file.path());
}

} // namespace

TEST(LoadImage, GivesPillowsPixelsForEveryKind)
{
    const nlohmann::json expected = readJson(images / "expected.json");
    ASSERT_GT(expected["decoded"].size(), 20U);
    for (const auto &[name, row] : expected["decoded"].items()) {
        const Image image = loadImage(images / name);
        EXPECT_EQ(image.width, row["size"][0]) << name;
        EXPECT_EQ(image.height, row["size"][1]) << name;
        EXPECT_EQ(digest(image), row["sha256"]) << name;
    }
}

TEST(LoadImage, GivesPillowsPixelsForTheDemosPhotos)
{
    const nlohmann::json expected = readJson(reference / "expected.json");
    ASSERT_FALSE(expected.empty());
    for (const auto &[name, row] : expected.items()) {
        const Image image = loadImage(demo / "photos" / name);
        EXPECT_EQ(digest(image), row["decoded_rgb_sha256"]) << name;
        const Image resized = loadImage(reference / fs::path(name).stem() / "resized.png");
        EXPECT_EQ(digest(resizeBilinear(image, resized.width, resized.height)), digest(resized)) << name;
    }
}

TEST(ResizeBilinear, GivesPillowsPixels)
{
    const Image image = loadImage(images / "rgb.png");
    const nlohmann::json expected = readJson(images / "expected.json");
    ASSERT_FALSE(expected["resized"].empty());
    for (const auto &row : expected["resized"]) {
        const Image resized = resizeBilinear(image, row["size"][0], row["size"][1]);
        EXPECT_EQ(digest(resized), row["sha256"]) << row["size"];
    }
    EXPECT_THROW(resizeBilinear(image, 0, 5), Error);
}

TEST(LoadImage, KeepsTheUpperByteOf16BitGrey)
{
    const HostileFile file("grey16.png", readText(images / "grey16.bin"));
    const Image image = loadImage(file.path());
    ASSERT_EQ(image.width, 2);
    EXPECT_EQ(image.rgb, (std::vector<std::uint8_t>{0x12, 0x12, 0x12, 0xFE, 0xFE, 0xFE}));
}

TEST(LoadImage, SaysWhatAFileIsInstead)
{
    EXPECT_THAT(refusal("a.png", ""), HasSubstr("is empty"));
    EXPECT_THAT(refusal("a.png", "GIF89a......"), HasSubstr("a GIF picture"));
    EXPECT_THAT(refusal("a.jpg", "hello \x1b world"), HasSubstr("\"hello \\x1b"));
    EXPECT_THAT(refusal("a.jpg", std::string("PK\x03\x04....", 8)), HasSubstr("zip"));
    EXPECT_THAT(refusal("/nonexistent/picture.png"), HasSubstr("there is no such file"));
    EXPECT_THAT(refusal(images), HasSubstr("is a folder"));
    EXPECT_THAT(refusal("/dev/zero"), HasSubstr("not a regular file"));
}

TEST(LoadImage, RefusesTruncatedFiles)
{
    for (const char *name : {"rgb.png", "rgb.jpg", "progressive.jpg", "cmyk.jpg", "palette.png"}) {
        const std::string whole = readText(images / name);
        for (const double part : {0.02, 0.2, 0.5, 0.9})
            EXPECT_THAT(refusal(name, whole.substr(0, static_cast<std::size_t>(part * static_cast<double>(whole.size())))), HasSubstr(name))
                << name << ' ' << part;
    }
    const std::string jpeg = readText(images / "rgb.jpg");
    EXPECT_EQ(refusal("noend.jpg", jpeg.substr(0, jpeg.size() - 2)), "") << "only the end marker is missing";
}

TEST(LoadImage, RefusesAbsurdSizesBeforeAllocating)
{
    std::string png = readText(images / "huge.bin"); // IHDR says 2,000,000,000 × 2,000,000,000
    EXPECT_THAT(refusal("huge.png", png), HasSubstr("2000000000×2000000000"));
    std::string jpeg = readText(images / "rgb.jpg");
    const std::size_t frame = jpeg.find("\xff\xc0");
    ASSERT_NE(frame, std::string::npos);
    jpeg.replace(frame + 5, 4, "\xff\xdc\xff\xdc");
    EXPECT_THAT(refusal("huge.jpg", jpeg), HasSubstr("65500×65500"));
}

TEST(LoadImage, SurvivesDamage)
{
    std::mt19937 random(3);
    for (const char *name : {"rgb.png", "progressive.jpg", "cmyk.jpg", "palette_4bit.png", "orientation_6.jpg"}) {
        const std::string whole = readText(images / name);
        for (int round = 0; round < 60; ++round) {
            std::string damaged = whole;
            for (int i = 0; i < 4; ++i)
                damaged[4 + random() % (damaged.size() - 4)] = static_cast<char>(random());
            const HostileFile file(name, damaged);
            try {
                const Image image = loadImage(file.path());
                EXPECT_EQ(image.rgb.size(), 3U * static_cast<std::size_t>(image.width) * static_cast<std::size_t>(image.height));
            } catch (const Error &) {
            }
        }
    }
}

TEST(SavePng, ReadsBack)
{
    const HostileFile folder("placeholder", "");
    const fs::path path = folder.path().parent_path() / "out.png";
    const Image image = loadImage(images / "rgb.jpg");
    savePng(path, image.width, image.height, 3, image.rgb);
    EXPECT_EQ(digest(loadImage(path)), digest(image));
    savePng(path, 2, 1, 1, {7, 255});
    EXPECT_EQ(loadImage(path).rgb, (std::vector<std::uint8_t>{7, 7, 7, 255, 255, 255}));
    EXPECT_THROW(savePng(path, 2, 2, 1, {7, 255}), Error);
    EXPECT_THROW(savePng(folder.path().parent_path() / "missing" / "out.png", 2, 1, 1, {7, 255}), Error);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path().parent_path()), fs::directory_iterator()), 2) << "nothing is left over";
}

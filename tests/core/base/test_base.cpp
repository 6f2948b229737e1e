// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/base/progress.h"
#include "core/base/sha256.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

using namespace rekey;

TEST(DisplayText, MakesControlsAndOverridesVisible)
{
    EXPECT_EQ(displayText("a\nb\x1b[31m"), "a\\nb\\x1b[31m");
    EXPECT_EQ(displayText("abc\xE2\x80\xAE"), "abc\\u202e");
    EXPECT_EQ(displayText("\xff\xc0\xaf"), "\\xff\\xc0\\xaf");
    EXPECT_EQ(displayText("größe"), "größe");
}

TEST(DisplayText, CutsLongText)
{
    EXPECT_EQ(displayText(std::string(100, 'x'), 5), "xxxxx…");
    EXPECT_EQ(displayText("xxxxx", 5), "xxxxx");
}

TEST(Error, ReadsAsOneSentence)
{
    EXPECT_STREQ(Error("model.pt", "storage 12", "file ends early").what(), "model.pt: storage 12: file ends early");
    EXPECT_STREQ(Error("", "", "nothing given").what(), "nothing given");
}

TEST(Progress, StopsAndReports)
{
    std::stop_source stop;
    std::vector<double> seen;
    const Progress progress(stop.get_token(), [&](double fraction, std::string_view) { seen.push_back(fraction); });
    progress.part(0.5, 1).step(1, 1);
    ASSERT_FALSE(seen.empty());
    EXPECT_DOUBLE_EQ(seen.back(), 1);
    stop.request_stop();
    EXPECT_THROW(progress.step(1, 2), Cancelled);
    EXPECT_NO_THROW(Progress().step(1, 2));
}

TEST(Sha256, AgreesWithTheStandardsExamples)
{
    const auto digest = [](std::string_view text) {
        Sha256 sha;
        sha.add(text);
        return sha.hex();
    };
    EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    // The same in pieces of every size.
    const std::string text(200, 'q');
    for (std::size_t piece = 1; piece < 70; ++piece) {
        Sha256 sha;
        for (std::size_t at = 0; at < text.size(); at += piece)
            sha.add(std::string_view(text).substr(at, piece));
        EXPECT_EQ(sha.hex(), digest(text)) << piece;
    }
}

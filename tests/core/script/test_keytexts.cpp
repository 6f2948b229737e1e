// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/keytexts.h"

#include <gtest/gtest.h>

namespace rekey {
namespace {

TEST(KeyTexts, ShortForms)
{
    const struct { std::vector<std::string> keys, texts; } cases[] = {
        {{}, {}},
        {{"a"}, {"a"}},
        {{"a.weight", "a.bias"}, {"a.{weight,bias}"}},
        {{"l.0.w", "l.1.w", "l.2.w"}, {"l.{0..2}.w"}},
        {{"l.0.w", "l.2.w", "l.10.w"}, {"l.{0,2,10}.w"}},
        {{"l.0.w", "l.0.b", "l.1.w", "l.1.b"}, {"l.{0..1}.{w,b}"}},
        {{"l.0.w", "x", "l.0.b", "l.1.w"}, {"l.0.{w,b}", "x", "l.1.w"}},
        {{"n1.w", "n1.b", "n2.w", "n2.b"}, {"n{1..2}.{w,b}"}},
        {{"a,b.w", "a,b.x"}, {"a,b.w", "a,b.x"}},
        {{"l.00.w", "l.01.w"}, {"l.{00,01}.w"}},
        {{"a.w", "b/w"}, {"a.w", "b/w"}},
    };
    for (const auto &c : cases)
        EXPECT_EQ(braceTexts(c.keys), c.texts);
}

} // namespace
} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rekey {

/// "block2-0" as "block{}-{}" and 2, 0. A segment that is one of the letters a to f counts as well (branches a, b, c).
struct Numbering
{
    std::string text;
    std::vector<std::uint64_t> numbers;
};

inline Numbering numberingOf(const std::string &segment)
{
    constexpr std::uint64_t most = 1'000'000'000;
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    if (segment.size() == 1 && segment[0] >= 'a' && segment[0] <= 'f')
        return {"{}", {static_cast<std::uint64_t>(segment[0] - 'a')}};
    Numbering result;
    for (std::size_t i = 0; i < segment.size();) {
        if (!isDigit(segment[i])) {
            result.text += segment[i++];
            continue;
        }
        std::uint64_t value = 0;
        for (; i < segment.size() && isDigit(segment[i]); ++i)
            value = value < most ? value * 10 + static_cast<std::uint64_t>(segment[i] - '0') : most;
        result.text += "{}";
        result.numbers.push_back(value);
    }
    return result;
}

/// Of a whole path.
inline Numbering numberingOf(const std::vector<std::string> &segments)
{
    Numbering result;
    for (const auto &segment : segments) {
        const Numbering one = numberingOf(segment);
        result.text += one.text + '.';
        result.numbers.insert(result.numbers.end(), one.numbers.begin(), one.numbers.end());
    }
    return result;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/keytree.h"

#include "core/inspect/segmenttrie.h"

#include <algorithm>
#include <charconv>

namespace rekey {

namespace {

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

std::size_t digitRun(std::string_view text, std::size_t at)
{
    std::size_t end = at;
    while (end < text.size() && isDigit(text[end]))
        ++end;
    return end - at;
}

} // namespace

bool isNumberSegment(std::string_view segment)
{
    // 18 digits fit 63 bits. "007" is a name: its number would not lead back to it.
    return !segment.empty() && segment.size() <= 18 && std::ranges::all_of(segment, isDigit) && (segment.size() == 1 || segment[0] != '0');
}

std::int64_t segmentNumber(std::string_view segment)
{
    std::int64_t number = 0;
    std::from_chars(segment.data(), segment.data() + segment.size(), number);
    return number;
}

Template keyTemplate(std::string_view key)
{
    Template result;
    result.text.reserve(key.size());
    for (std::size_t at = 0;;) {
        const std::size_t dot = std::min(key.find('.', at), key.size());
        const std::string_view segment = key.substr(at, dot - at);
        if (isNumberSegment(segment)) {
            result.text += "{}";
            result.numbers.push_back(segmentNumber(segment));
        } else {
            result.text += segment;
        }
        if (dot == key.size())
            return result;
        result.text += '.';
        at = dot + 1;
    }
}

bool naturalLess(std::string_view a, std::string_view b)
{
    std::size_t i = 0, j = 0;
    while (i < a.size() && j < b.size()) {
        const std::size_t runA = digitRun(a, i), runB = digitRun(b, j);
        if (runA != 0 && runB != 0) {
            std::string_view numberA = a.substr(i, runA), numberB = b.substr(j, runB);
            numberA.remove_prefix(std::min(numberA.find_first_not_of('0'), numberA.size()));
            numberB.remove_prefix(std::min(numberB.find_first_not_of('0'), numberB.size()));
            if (numberA.size() != numberB.size())
                return numberA.size() < numberB.size();
            if (numberA != numberB)
                return numberA < numberB;
            i += runA;
            j += runB;
        } else {
            if (a[i] != b[j])
                return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[j]);
            ++i;
            ++j;
        }
    }
    if ((i < a.size()) != (j < b.size()))
        return j < b.size();
    return a < b; // equal up to leading zeros
}

} // namespace rekey

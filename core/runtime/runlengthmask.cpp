// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/runlengthmask.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

constexpr char firstDigit = '0';
constexpr int bitsPerDigit = 5;
constexpr std::int64_t digitMask = (1 << bitsPerDigit) - 1, signBit = 1 << (bitsPerDigit - 1), moreBit = 1 << bitsPerDigit;

void checkSize(std::size_t pixels, int width, int height)
{
    if (width < 0 || height < 0 || pixels != static_cast<std::size_t>(width) * static_cast<std::size_t>(height))
        throw Error("", "", fmt::format("a mask of {} pixels is not {}×{}", pixels, width, height));
}

void appendDigits(std::string &text, std::int64_t number)
{
    for (bool more = true; more;) {
        std::int64_t digit = number & digitMask;
        number >>= bitsPerDigit;
        more = (digit & signBit) != 0 ? number != -1 : number != 0;
        if (more)
            digit |= moreBit;
        text += static_cast<char>(firstDigit + digit);
    }
}

} // namespace

std::uint64_t RunLengthMask::area() const
{
    std::uint64_t sum = 0;
    for (std::size_t i = 1; i < counts.size(); i += 2)
        sum += counts[i];
    return sum;
}

RunLengthMask encodeMask(const std::vector<std::uint8_t> &pixels, int width, int height)
{
    checkSize(pixels.size(), width, height);
    RunLengthMask mask {width, height, {}};
    // By columns, yet memory is walked a few columns wide: one column at a time would miss the cache at every pixel.
    constexpr int columnsAtOnce = 64;
    std::vector<std::uint8_t> columns;
    bool current = false;
    std::uint32_t run = 0;
    for (int left = 0; left < width; left += columnsAtOnce) {
        const int count = std::min(columnsAtOnce, width - left);
        columns.resize(static_cast<std::size_t>(count) * static_cast<std::size_t>(height));
        for (int y = 0; y < height; ++y) {
            const std::uint8_t *row = pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width) + left;
            for (int x = 0; x < count; ++x)
                columns[static_cast<std::size_t>(x) * static_cast<std::size_t>(height) + static_cast<std::size_t>(y)] = row[x];
        }
        for (const std::uint8_t pixel : columns) {
            if ((pixel != 0) == current) {
                ++run;
                continue;
            }
            mask.counts.push_back(run);
            current = !current;
            run = 1;
        }
    }
    mask.counts.push_back(run);
    return mask;
}

std::vector<std::uint8_t> decodeMask(const RunLengthMask &mask)
{
    std::uint64_t total = 0;
    for (const std::uint32_t count : mask.counts)
        total += count;
    checkSize(total, mask.width, mask.height);
    std::vector<std::uint8_t> pixels(total, 0);
    const auto width = static_cast<std::size_t>(mask.width), height = static_cast<std::size_t>(mask.height);
    std::size_t at = 0;
    for (std::size_t i = 0; i < mask.counts.size(); ++i) {
        const std::size_t end = at + mask.counts[i];
        if (i % 2 == 1) {
            for (std::size_t x = at / height, y = at % height; at < end; ++at) {
                pixels[y * width + x] = 1;
                if (++y == height) {
                    y = 0;
                    ++x;
                }
            }
        }
        at = end;
    }
    return pixels;
}

MaskBounds boundsOf(const RunLengthMask &mask)
{
    const auto height = static_cast<std::uint64_t>(mask.height);
    std::uint64_t at = 0, left = 0, right = 0, top = height, bottom = 0;
    bool any = false;
    for (std::size_t i = 0; i < mask.counts.size(); at += mask.counts[i++]) {
        if (i % 2 == 0 || mask.counts[i] == 0)
            continue;
        const std::uint64_t first = at, last = at + mask.counts[i] - 1;
        if (!any)
            left = first / height;
        any = true;
        right = last / height;
        const bool oneColumn = first / height == last / height;
        top = std::min(top, oneColumn ? first % height : 0);
        bottom = std::max(bottom, oneColumn ? last % height : height - 1);
    }
    if (!any)
        return {};
    return {static_cast<int>(left), static_cast<int>(top), static_cast<int>(right - left + 1), static_cast<int>(bottom - top + 1)};
}

std::string cocoCounts(const RunLengthMask &mask)
{
    std::string text;
    for (std::size_t i = 0; i < mask.counts.size(); ++i) {
        const std::int64_t before = i > 2 ? static_cast<std::int64_t>(mask.counts[i - 2]) : 0;
        appendDigits(text, static_cast<std::int64_t>(mask.counts[i]) - before);
    }
    return text;
}

RunLengthMask fromCocoCounts(const std::string &counts, int width, int height)
{
    const auto fail = [](const std::string &reason) { throw Error("", "counts", "is no COCO run-length text: " + reason); };
    RunLengthMask mask {width, height, {}};
    std::uint64_t total = 0;
    const std::uint64_t pixels = static_cast<std::uint64_t>(std::max(width, 0)) * static_cast<std::uint64_t>(std::max(height, 0));
    for (std::size_t at = 0; at < counts.size();) {
        std::int64_t number = 0;
        for (int shift = 0;; shift += bitsPerDigit) {
            if (at == counts.size() || shift > 35)
                fail("a number does not end");
            const std::int64_t digit = counts[at++] - firstDigit;
            if (digit < 0 || digit >= 2 * moreBit)
                fail("it has a character that is no digit of it");
            number |= (digit & digitMask) << shift;
            if ((digit & moreBit) == 0) {
                if ((digit & signBit) != 0)
                    number |= -(std::int64_t {1} << (shift + bitsPerDigit));
                break;
            }
        }
        const std::size_t index = mask.counts.size();
        const std::int64_t count = number + (index > 2 ? static_cast<std::int64_t>(mask.counts[index - 2]) : 0);
        if (count < 0 || total + static_cast<std::uint64_t>(count) > pixels)
            fail("a run is negative or leaves the picture");
        total += static_cast<std::uint64_t>(count);
        mask.counts.push_back(static_cast<std::uint32_t>(count));
    }
    if (total != pixels)
        fail(fmt::format("it describes {} pixels of {}", total, pixels));
    return mask;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/image/codecs.h"

#include <cstring>

namespace rekey::image {

namespace {

constexpr std::uint16_t orientationTag = 0x0112;
constexpr std::uint16_t typeShort = 3;

/// Bytes of a TIFF structure in its own byte order; 0 beyond its end.
class TiffReader
{
public:
    explicit TiffReader(std::span<const std::byte> bytes)
        : m_bytes(bytes)
        , m_big(bytes.size() >= 2 && bytes[0] == std::byte('M'))
    {
    }
    std::uint32_t number(std::size_t at, std::size_t size) const
    {
        if (at > m_bytes.size() || m_bytes.size() - at < size)
            return 0;
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value = value << 8 | std::to_integer<std::uint32_t>(m_bytes[at + (m_big ? i : size - 1 - i)]);
        return value;
    }

private:
    std::span<const std::byte> m_bytes;
    bool m_big;
};

} // namespace

int exifOrientation(std::span<const std::byte> tiff)
{
    if (tiff.size() < 8 || (std::memcmp(tiff.data(), "II", 2) != 0 && std::memcmp(tiff.data(), "MM", 2) != 0))
        return 1;
    const TiffReader reader(tiff);
    if (reader.number(2, 2) != 42)
        return 1;
    const std::size_t directory = reader.number(4, 4);
    const std::size_t entries = reader.number(directory, 2);
    for (std::size_t i = 0; i < entries; ++i) {
        const std::size_t entry = directory + 2 + 12 * i;
        if (reader.number(entry, 2) != orientationTag || reader.number(entry + 2, 2) != typeShort)
            continue;
        const std::uint32_t value = reader.number(entry + 8, 2);
        return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
    }
    return 1;
}

Image upright(Image image, int orientation)
{
    if (orientation <= 1 || orientation > 8)
        return image;
    const bool swapped = orientation >= 5;
    Image turned;
    turned.width = swapped ? image.height : image.width;
    turned.height = swapped ? image.width : image.height;
    turned.rgb.resize(image.rgb.size());
    // Where row 0 and column 0 of the stored picture are to be seen (EXIF 2.32, tag 0x0112): 2 mirrored, 3 turned by
    // 180°, 4 upside down, 5 transposed, 6 to be turned clockwise, 7 transposed across the other diagonal, 8 anticlockwise.
    const bool fromRight = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool fromBottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    for (int y = 0; y < turned.height; ++y) {
        for (int x = 0; x < turned.width; ++x) {
            const int alongX = swapped ? y : x;
            const int alongY = swapped ? x : y;
            const int sourceX = fromRight ? image.width - 1 - alongX : alongX;
            const int sourceY = fromBottom ? image.height - 1 - alongY : alongY;
            const std::size_t from = 3 * (static_cast<std::size_t>(sourceY) * static_cast<std::size_t>(image.width)
                                          + static_cast<std::size_t>(sourceX));
            const std::size_t to = 3 * (static_cast<std::size_t>(y) * static_cast<std::size_t>(turned.width) + static_cast<std::size_t>(x));
            std::memcpy(&turned.rgb[to], &image.rgb[from], 3);
        }
    }
    return turned;
}

} // namespace rekey::image

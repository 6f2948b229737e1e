// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/image/codecs.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

namespace rekey {

namespace {

/// Twice Pillow's decompression bomb warning; where Pillow, too, refuses.
constexpr std::uint64_t maxPixels = 178'956'970;
constexpr std::uintmax_t maxFileBytes = 1ULL << 30;

struct Signature
{
    std::size_t offset;
    std::string_view bytes;
    std::string_view name;
};

/// Other things that people pick in a file dialog, to say what it is instead.
constexpr std::array<Signature, 15> signatures = {{
    {0, "GIF8", "a GIF picture"},
    {8, "WEBP", "a WebP picture"},
    {0, "BM", "a BMP picture"},
    {0, std::string_view("II*\0", 4), "a TIFF picture"},
    {0, std::string_view("MM\0*", 4), "a TIFF picture"},
    {4, "ftypheic", "a HEIC picture"},
    {4, "ftypmif1", "a HEIF picture"},
    {4, "ftypavif", "an AVIF picture"},
    {0, std::string_view("\0\0\0\x0cjP", 6), "a JPEG 2000 picture"},
    {0, "8BPS", "a Photoshop document"},
    {0, "%PDF", "a PDF document"},
    {0, "<svg", "an SVG drawing"},
    {0, "<?xml", "an XML document"},
    {0, "PK\x03\x04", "a zip archive (a checkpoint?)"},
    {8, "{\"", "a safetensors file"},
}};

std::string describe(std::string_view content)
{
    for (const Signature &signature : signatures) {
        if (content.size() > signature.offset && content.substr(signature.offset).starts_with(signature.bytes))
            return std::string(signature.name);
    }
    return "something that begins with \"" + displayText(content.substr(0, 8)) + '"';
}

std::vector<std::byte> readFile(const std::filesystem::path &path)
{
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status))
        throw Error(path.string(), "", "there is no such file");
    if (std::filesystem::is_directory(status))
        throw Error(path.string(), "", "is a folder; a JPEG or PNG picture was expected");
    if (!std::filesystem::is_regular_file(status))
        throw Error(path.string(), "", "is not a regular file; a JPEG or PNG picture was expected");
    const std::uintmax_t size = std::filesystem::file_size(path, error);
    std::ifstream stream(path, std::ios::binary);
    if (error || !stream)
        throw Error(path.string(), "", std::string("cannot be opened: ") + std::strerror(errno));
    if (size > maxFileBytes)
        throw Error(path.string(), "", fmt::format("is {} bytes long; pictures of up to {} are read", size, maxFileBytes));
    std::vector<std::byte> bytes(size);
    stream.read(reinterpret_cast<char *>(bytes.data()), static_cast<std::streamsize>(size));
    bytes.resize(static_cast<std::size_t>(stream.gcount()));
    return bytes;
}

} // namespace

namespace image {

void checkSize(std::uint64_t width, std::uint64_t height, const std::string &file)
{
    if (width == 0 || height == 0)
        throw Error(file, "", fmt::format("the picture is empty ({}×{} pixels)", width, height));
    if (width > maxPixels || height > maxPixels || width * height > maxPixels)
        throw Error(file, "", fmt::format("the picture claims {}×{} pixels; up to {} million are read", width, height,
                                          maxPixels / 1'000'000));
}

} // namespace image

Image loadImage(const std::filesystem::path &path)
{
    const std::vector<std::byte> bytes = readFile(path);
    const std::string_view content(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    const std::string file = path.string();
    if (content.empty())
        throw Error(file, "", "is empty; a JPEG or PNG picture was expected");
    image::Decoded decoded;
    if (content.starts_with("\xff\xd8\xff"))
        decoded = image::decodeJpeg(bytes, file);
    else if (content.starts_with("\x89PNG\r\n\x1a\n"))
        decoded = image::decodePng(bytes, file);
    else
        throw Error(file, "", "is " + describe(content) + "; a JPEG or PNG picture was expected");
    return image::upright(std::move(decoded.image), decoded.orientation);
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/image/codecs.h"

#include <png.h>

#include <unistd.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

namespace rekey {

namespace {

struct Messages
{
    char text[256];
};

[[noreturn]] void onError(png_structp png, png_const_charp message)
{
    auto &messages = *static_cast<Messages *>(png_get_error_ptr(png));
    std::snprintf(messages.text, sizeof messages.text, "%s", message);
    png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp) { }

struct Source
{
    std::span<const std::byte> bytes;
    std::size_t at = 0;
    bool exhausted = false;
};

void readBytes(png_structp png, png_bytep out, std::size_t size)
{
    auto &source = *static_cast<Source *>(png_get_io_ptr(png));
    if (source.bytes.size() - source.at < size) {
        source.exhausted = true;
        png_error(png, "the file ends early");
    }
    std::memcpy(out, source.bytes.data() + source.at, size);
    source.at += size;
}

struct Reader
{
    Messages messages = {};
    png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &messages, onError, onWarning);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;

    Reader() = default;
    Reader(const Reader &) = delete;
    Reader &operator=(const Reader &) = delete;
    ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

// In the functions with setjmp lives no object with a destructor.

bool readHeader(Reader &reader, Source &source)
{
    if (setjmp(png_jmpbuf(reader.png)) != 0)
        return false;
    png_set_user_limits(reader.png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); // checkSize() says it better
    png_set_read_fn(reader.png, &source, readBytes);
    png_read_info(reader.png, reader.info);
    return true;
}

/// Everything to 8-bit RGB: alpha and transparency dropped, 16 bits cut to the upper 8, no gamma.
bool readRows(Reader &reader, std::uint8_t *rgb, std::size_t stride)
{
    if (setjmp(png_jmpbuf(reader.png)) != 0)
        return false;
    png_set_strip_16(reader.png);
    png_set_packing(reader.png);
    png_set_palette_to_rgb(reader.png);
    const png_byte colour = png_get_color_type(reader.png, reader.info);
    if ((colour & PNG_COLOR_MASK_COLOR) == 0) {
        png_set_expand_gray_1_2_4_to_8(reader.png);
        png_set_gray_to_rgb(reader.png);
    }
    png_set_strip_alpha(reader.png);
    const int passes = png_set_interlace_handling(reader.png);
    png_read_update_info(reader.png, reader.info);
    if (png_get_rowbytes(reader.png, reader.info) != stride)
        png_error(reader.png, "unexpected pixel layout");
    const png_uint_32 height = png_get_image_height(reader.png, reader.info);
    for (int pass = 0; pass < passes; ++pass) {
        for (png_uint_32 y = 0; y < height; ++y)
            png_read_row(reader.png, rgb + y * stride, nullptr);
    }
    return true;
}

int orientation(Reader &reader)
{
    png_bytep exif = nullptr;
    png_uint_32 size = 0;
    if (png_get_eXIf_1(reader.png, reader.info, &size, &exif) == 0 || exif == nullptr)
        return 1;
    return image::exifOrientation(std::as_bytes(std::span(exif, size)));
}

struct Writer
{
    Messages messages = {};
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &messages, onError, onWarning);
    png_infop info = png != nullptr ? png_create_info_struct(png) : nullptr;

    Writer() = default;
    Writer(const Writer &) = delete;
    Writer &operator=(const Writer &) = delete;
    ~Writer() { png_destroy_write_struct(&png, &info); }
};

bool writeRows(Writer &writer, std::FILE *file, png_uint_32 width, png_uint_32 height, int channels, const std::uint8_t *pixels)
{
    if (setjmp(png_jmpbuf(writer.png)) != 0)
        return false;
    png_init_io(writer.png, file);
    png_set_IHDR(writer.png, writer.info, width, height, 8, channels == 3 ? PNG_COLOR_TYPE_RGB : PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(writer.png, writer.info);
    const std::size_t stride = static_cast<std::size_t>(width) * static_cast<std::size_t>(channels);
    for (png_uint_32 y = 0; y < height; ++y)
        png_write_row(writer.png, pixels + y * stride);
    png_write_end(writer.png, nullptr);
    return true;
}

} // namespace

namespace image {

Decoded decodePng(std::span<const std::byte> bytes, const std::string &file)
{
    Reader reader;
    if (reader.info == nullptr)
        throw Error(file, "", "cannot be read: libpng did not start");
    Source source{bytes};
    const auto fail = [&] {
        throw Error(file, "", source.exhausted ? "the PNG ends early; the file is truncated"
                                               : "is a broken PNG: " + displayText(reader.messages.text, 160));
    };
    if (!readHeader(reader, source))
        fail();
    const png_uint_32 width = png_get_image_width(reader.png, reader.info);
    const png_uint_32 height = png_get_image_height(reader.png, reader.info);
    checkSize(width, height, file);
    Decoded decoded;
    decoded.image.width = static_cast<int>(width);
    decoded.image.height = static_cast<int>(height);
    decoded.orientation = orientation(reader);
    decoded.image.rgb.resize(3 * static_cast<std::size_t>(width) * height);
    if (!readRows(reader, decoded.image.rgb.data(), 3 * static_cast<std::size_t>(width)))
        fail();
    return decoded;
}

} // namespace image

void savePng(const std::filesystem::path &path, int width, int height, int channels, const std::vector<std::uint8_t> &pixels)
{
    if (width <= 0 || height <= 0 || (channels != 1 && channels != 3)
        || pixels.size() != static_cast<std::size_t>(width) * static_cast<std::size_t>(height) * static_cast<std::size_t>(channels))
        throw Error(path.string(), "", "the picture to write has no pixels, or not as many as its size says");
    std::filesystem::path beside = path;
    beside += ".part-" + std::to_string(::getpid());
    std::FILE *file = std::fopen(beside.c_str(), "wbx");
    if (file == nullptr)
        throw Error(path.string(), "", std::string("cannot be written: ") + std::strerror(errno));
    std::string problem;
    {
        Writer writer;
        if (writer.info == nullptr)
            problem = "libpng did not start";
        else if (!writeRows(writer, file, static_cast<png_uint_32>(width), static_cast<png_uint_32>(height), channels, pixels.data()))
            problem = writer.messages.text;
    }
    if (std::fclose(file) != 0 && problem.empty())
        problem = std::strerror(errno);
    std::error_code error;
    if (problem.empty()) {
        std::filesystem::rename(beside, path, error);
        problem = error ? error.message() : "";
    }
    if (!problem.empty()) {
        std::filesystem::remove(beside, error);
        throw Error(path.string(), "", "cannot be written: " + problem);
    }
}

} // namespace rekey

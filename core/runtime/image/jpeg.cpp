// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/image/codecs.h"

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include <jpeglib.h>

#include <jerror.h>

namespace rekey::image {

namespace {

/// libjpeg reports errors by a callback that must not return; C++ objects therefore live outside of decodeRows().
struct Failure
{
    jpeg_error_mgr manager;
    std::jmp_buf escape;
    char message[JMSG_LENGTH_MAX];
    bool endOfFile; ///< libjpeg ran out of bytes and made up an end marker
    bool noData;    ///< and went on decoding without data
};

Failure &failureOf(j_common_ptr info)
{
    return *reinterpret_cast<Failure *>(info->err);
}

void onError(j_common_ptr info)
{
    Failure &failure = failureOf(info);
    info->err->format_message(info, failure.message);
    std::longjmp(failure.escape, 1);
}

void onMessage(j_common_ptr info, int level)
{
    if (level >= 0)
        return;
    failureOf(info).endOfFile |= info->err->msg_code == JWRN_JPEG_EOF;
    failureOf(info).noData |= info->err->msg_code == JWRN_HIT_MARKER;
}

struct Decoder
{
    jpeg_decompress_struct info;
    Failure failure;
};

bool readHeader(Decoder &decoder, std::span<const std::byte> bytes)
{
    if (setjmp(decoder.failure.escape) != 0)
        return false;
    jpeg_create_decompress(&decoder.info);
    jpeg_mem_src(&decoder.info, reinterpret_cast<const unsigned char *>(bytes.data()), static_cast<unsigned long>(bytes.size()));
    jpeg_save_markers(&decoder.info, JPEG_APP0 + 1, 0xFFFF);
    jpeg_read_header(&decoder.info, TRUE);
    // Pillow leaves all other settings at their defaults, too: accurate integer DCT, smooth upsampling.
    decoder.info.out_color_space = decoder.info.num_components == 1 ? JCS_GRAYSCALE : decoder.info.num_components == 4 ? JCS_CMYK : JCS_RGB;
    return true;
}

/// `rows` holds height × width × components bytes.
bool decodeRows(Decoder &decoder, unsigned char *rows)
{
    if (setjmp(decoder.failure.escape) != 0)
        return false;
    jpeg_start_decompress(&decoder.info);
    const std::size_t stride
        = static_cast<std::size_t>(decoder.info.output_width) * static_cast<std::size_t>(decoder.info.output_components);
    while (decoder.info.output_scanline < decoder.info.output_height) {
        JSAMPROW row = rows + decoder.info.output_scanline * stride;
        jpeg_read_scanlines(&decoder.info, &row, 1);
    }
    return true;
}

int orientation(const jpeg_decompress_struct &info)
{
    for (const jpeg_marker_struct *marker = info.marker_list; marker != nullptr; marker = marker->next) {
        if (marker->marker == JPEG_APP0 + 1 && marker->data_length > 6 && std::memcmp(marker->data, "Exif\0", 6) == 0)
            return exifOrientation(std::as_bytes(std::span(marker->data, marker->data_length)).subspan(6));
    }
    return 1;
}

/// round(a · b / 255), as Pillow computes it.
unsigned multiply255(unsigned a, unsigned b)
{
    const unsigned product = a * b + 128;
    return (product + (product >> 8)) >> 8;
}

std::vector<std::uint8_t> toRgb(std::vector<std::uint8_t> samples, int components)
{
    if (components == 3)
        return samples;
    const std::size_t pixels = samples.size() / static_cast<std::size_t>(components);
    std::vector<std::uint8_t> rgb(pixels * 3);
    for (std::size_t i = 0; i < pixels; ++i) {
        for (std::size_t c = 0; c < 3; ++c) {
            if (components == 1) {
                rgb[3 * i + c] = samples[i];
                continue;
            }
            // Adobe's convention, the one in use, stores ink inverted: 255 is no ink.
            const unsigned light = samples[4 * i + 3];
            rgb[3 * i + c] = static_cast<std::uint8_t>(light - multiply255(255U - samples[4 * i + c], light));
        }
    }
    return rgb;
}

} // namespace

Decoded decodeJpeg(std::span<const std::byte> bytes, const std::string &file)
{
    Decoder decoder = {};
    decoder.info.err = jpeg_std_error(&decoder.failure.manager);
    decoder.failure.manager.error_exit = onError;
    decoder.failure.manager.emit_message = onMessage;
    struct Cleanup
    {
        jpeg_decompress_struct &info;
        ~Cleanup() { jpeg_destroy_decompress(&info); }
    } cleanup{decoder.info};

    const auto fail = [&] {
        if (decoder.failure.endOfFile)
            throw Error(file, "", "the JPEG ends early; the file is truncated");
        throw Error(file, "", "is a broken JPEG: " + displayText(decoder.failure.message, 160));
    };
    if (!readHeader(decoder, bytes))
        fail();
    checkSize(decoder.info.image_width, decoder.info.image_height, file);
    const int components = decoder.info.num_components == 1 || decoder.info.num_components == 4 ? decoder.info.num_components : 3;
    Decoded decoded;
    decoded.image.width = static_cast<int>(decoder.info.image_width);
    decoded.image.height = static_cast<int>(decoder.info.image_height);
    decoded.orientation = orientation(decoder.info);
    std::vector<std::uint8_t> samples(static_cast<std::size_t>(decoded.image.width) * static_cast<std::size_t>(decoded.image.height)
                                      * static_cast<std::size_t>(components));
    if (!decodeRows(decoder, samples.data()))
        fail();
    // A lone missing end marker harms nothing; missing data do, in a progressive file already as a missing scan.
    const Failure &failure = decoder.failure;
    if (failure.endOfFile && (failure.noData || jpeg_has_multiple_scans(&decoder.info) != 0))
        fail();
    decoded.image.rgb = toRgb(std::move(samples), components);
    return decoded;
}

} // namespace rekey::image

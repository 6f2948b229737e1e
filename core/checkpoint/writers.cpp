// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/writers.h"

#include "core/base/error.h"
#include "core/checkpoint/writing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace rekey {

std::span<const Writer> writers()
{
    static const std::vector<Writer> table = {
        {"safetensors", "safetensors (*.safetensors)", {".safetensors"}, writeSafetensors},
        {"torch-zip", "PyTorch (*.pth *.pt *.bin)", {".pth", ".pt", ".bin", ".ckpt"}, writeTorchZip},
    };
    return table;
}

const Writer &writerFor(const std::filesystem::path &destination)
{
    std::string extension = destination.extension().native();
    for (char &letter : extension)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    std::string known;
    for (const Writer &writer : writers()) {
        if (std::ranges::find(writer.extensions, extension) != writer.extensions.end())
            return writer;
        for (const std::string_view name : writer.extensions)
            known += fmt::format("{}{}", known.empty() ? "" : ", ", name);
    }
    throw Error(displayText(destination.filename().native()), {},
                fmt::format("its name does not say which format to write (known: {})", known));
}

std::uint64_t parseByteSize(std::string_view text)
{
    struct Unit
    {
        std::string_view name;
        std::uint64_t bytes;
    };
    constexpr Unit units[] = {{"", 1}, {"B", 1}, {"KB", 1'000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000},
                              {"KIB", 1ULL << 10}, {"MIB", 1ULL << 20}, {"GIB", 1ULL << 30}, {"TIB", 1ULL << 40},
                              {"K", 1'000}, {"M", 1'000'000}, {"G", 1'000'000'000}};
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string unit;
    for (const char *at = end; at != text.data() + text.size(); ++at) {
        if (*at != ' ')
            unit += static_cast<char>(std::toupper(static_cast<unsigned char>(*at)));
    }
    const auto found = std::ranges::find(units, std::string_view(unit), &Unit::name);
    const double bytes = error == std::errc() && found != std::end(units) ? number * static_cast<double>(found->bytes) : -1;
    if (!(bytes >= 1 && bytes < 9e18))
        throw Error({}, {}, fmt::format("\"{}\" is no size (examples: 5GB, 500MiB, 1000000)", displayText(text)));
    return static_cast<std::uint64_t>(bytes);
}

std::uint64_t writtenBytes(const SchemaTensor &tensor, const std::string &file)
{
    const auto bytes = byteCount(tensor.dtype, elementCount(tensor.shape));
    if (!bytes)
        throw Error(file, fmt::format("tensor \"{}\"", displayText(tensor.key)),
                    fmt::format("{} values of {} fill no whole bytes", shapeText(tensor.shape), name(tensor.dtype)));
    return *bytes;
}

void verifyWritten(const CheckpointPtr &written, const Schema &expected, const std::vector<std::size_t> &indices, const std::string &file)
{
    const auto fail = [&] { throw Error(file, {}, "what was written does not read back as it should; nothing was left"); };
    if (written->tensors().size() != indices.size())
        fail();
    for (std::size_t i = 0; i < indices.size(); ++i) {
        const SchemaTensor &tensor = expected.tensors[indices[i]];
        const TensorEntry &entry = written->tensors()[i];
        if (entry.key != tensor.key || entry.shape != tensor.shape || entry.dtype != tensor.dtype)
            fail();
    }
}

} // namespace rekey

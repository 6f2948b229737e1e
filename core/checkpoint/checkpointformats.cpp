// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpointformats.h"

#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <set>

namespace rekey {

namespace {

using std::string_view_literals::operator""sv;

bool isSafetensors(const Probe &probe)
{
    if (probe.head.size() < 9 || probe.head[8] != '{')
        return false;
    const auto length = littleEndian<std::uint64_t>(reinterpret_cast<const std::byte *>(probe.head.data()));
    return length <= std::max(probe.file->size(), limits::safetensorsHeader);
}

bool isNamedSafetensors(const Probe &probe)
{
    return probe.extension == ".safetensors";
}

bool isShardIndex(const Probe &probe)
{
    return probe.extension == ".index.json";
}

bool isJson(const Probe &probe)
{
    const auto first = probe.head.find_first_not_of(" \t\r\n");
    return first != std::string::npos && probe.head[first] == '{' && probe.extension != ".safetensors";
}

bool isZip(const Probe &probe)
{
    return probe.head.starts_with("PK\3\4") || probe.head.starts_with("PK\5\6") || probe.head.starts_with("PK\6\6");
}

/// The magic number as LONG1 near the start, or as protocols 0 and 1 write it.
bool isTorchLegacy(const Probe &probe)
{
    constexpr std::string_view magic = "\x8A\x0A\x6C\xFC\x9C\x46\xF9\x20\x6A\xA8\x50\x19\x2E";
    constexpr std::size_t searched = 40;
    return (probe.head.starts_with('\x80') && std::string_view(probe.head).substr(0, searched).find(magic) != std::string_view::npos)
        || probe.head.starts_with("L119547037146038801333356L\n.");
}

bool isTar(const Probe &probe)
{
    constexpr std::size_t magicAt = 257;
    return probe.head.size() > magicAt && std::string_view(probe.head).substr(magicAt).starts_with("ustar");
}

bool isGguf(const Probe &probe)
{
    return probe.head.starts_with("GGUF");
}

bool isNpy(const Probe &probe)
{
    return probe.head.starts_with("\x93NUMPY");
}

bool isPickle(const Probe &probe)
{
    return probe.head.size() > 1 && probe.head[0] == '\x80' && probe.head[1] >= 0 && probe.head[1] <= 5;
}

/// Protocols 0 and 1 have no magic; a pickle at least ends with its STOP.
bool isOldPickle(const Probe &probe)
{
    return probe.last == '.' && probe.head[0] != '\0';
}

/// Tried from the top; the first whose sniff() agrees opens the file, and what it then finds wrong is an error.
constexpr auto formats = std::to_array<CheckpointFormat>({
    {"torch-zip", "PyTorch zip", isZip, readTorchZip},
    {"gguf", "GGUF", isGguf, readGguf},
    {"npy", "NumPy array", isNpy, readNpy},
    {"torch-tar", "PyTorch tar", isTar, readTorchTar},
    {"sharded-safetensors", "Shard index", isShardIndex, readShardIndex},
    {"safetensors", "safetensors", isSafetensors, readSafetensors},
    {"torch-legacy", "PyTorch legacy", isTorchLegacy, readTorchLegacy},
    {"pickle", "Pickle", isPickle, readPlainPickle},
    {"schema", "Key schema", isJson, readSchemaFile},
    {"safetensors", "safetensors", isNamedSafetensors, readSafetensors},
    {"pickle", "Pickle", isOldPickle, readPlainPickle},
});

struct Unsupported
{
    std::string_view magic;
    std::string_view reason;
};

/// Recognised, to say more than "unknown".
constexpr auto unsupported = std::to_array<Unsupported>({
    {"version https://git-lfs"sv, "this is a Git LFS pointer, the model itself was not downloaded (git lfs pull)"},
    {"<"sv, "this is a web page, not a model"},
    {"\x1F\x8B"sv, "a gzip archive: unpack it first"},
    {"7z\xBC\xAF"sv, "a 7z archive: unpack it first"},
    {"Rar!"sv, "a RAR archive: unpack it first"},
    {"BZh"sv, "a bzip2 archive: unpack it first"},
    {"\xFD\x37zXZ\0"sv, "an xz archive: unpack it first"},
    {"\x28\xB5\x2F\xFD"sv, "a Zstandard archive: unpack it first"},
    {"\x89HDF"sv, "an HDF5 file (Keras, TensorFlow), which is not supported"},
    {"lmgg"sv, "a ggml file from before GGUF, which is not supported; convert it with llama.cpp"},
    {"tjgg"sv, "a ggml file from before GGUF, which is not supported; convert it with llama.cpp"},
    {"PYTORCH1"sv, "a Caffe2-era PyTorch file, which is not supported"},
    {"\x89PNG"sv, "this is a picture, not a model"},
    {"\xFF\xD8\xFF"sv, "this is a picture, not a model"},
    {"%PDF"sv, "this is a PDF document, not a model"},
});

[[noreturn]] void refuse(const Probe &probe)
{
    const std::string &name = probe.file->name();
    for (const auto &[magic, reason] : unsupported) {
        if (probe.head.starts_with(magic))
            throw Error(name, {}, std::string(reason));
    }
    if (probe.head.size() > 8 && probe.head[0] == 8 && probe.head.find("onnx") != std::string::npos)
        throw Error(name, {}, "an ONNX model, which is not supported");
    if (std::ranges::all_of(probe.head, [](char byte) { return byte == 0; }))
        throw Error(name, {}, "the file holds only zeros: its download was not finished");
    const bool text
        = std::ranges::all_of(probe.head, [](unsigned char byte) { return (byte >= 0x20 && byte < 0xF8) || (byte >= 9 && byte <= 13); });
    throw Error(name, {},
                text ? "this is a text file, not a checkpoint (expected safetensors, a PyTorch file, GGUF, npz or a key schema)"
                     : "no known checkpoint format (expected safetensors, a PyTorch file, GGUF, npz or a key schema)");
}

std::string lowerCase(std::string text)
{
    for (char &letter : text)
        letter = static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
    return text;
}

} // namespace

Probe probe(std::shared_ptr<const MappedFile> file, const Progress &progress)
{
    Probe result;
    if (file->size() == 0)
        throw Error(file->name(), {}, "file is empty");
    result.head.resize(static_cast<std::size_t>(std::min<std::uint64_t>(file->size(), 4096)));
    file->read(0, std::as_writable_bytes(std::span(result.head)));
    file->read(file->size() - 1, std::as_writable_bytes(std::span(&result.last, 1)));
    const std::string name = lowerCase(file->path().filename().native());
    result.extension = name.ends_with(".index.json") ? ".index.json" : lowerCase(file->path().extension().native());
    result.file = std::move(file);
    result.progress = progress;
    return result;
}

void readByContent(const Probe &probe, CheckpointContent &content)
{
    for (const auto &[magic, reason] : unsupported) {
        if (probe.head.starts_with(magic))
            refuse(probe);
    }
    for (const CheckpointFormat &format : formats) {
        if (!format.sniff(probe))
            continue;
        content.format = format.name;
        content.formatText = format.text;
        format.open(probe, content);
        if (probe.extension == ".safetensors" && content.format != "safetensors")
            content.warn(fmt::format("it is named .safetensors, but is a file of the kind {}", content.formatText));
        return;
    }
    refuse(probe);
}

std::filesystem::path checkpointInFolder(const std::filesystem::path &folder)
{
    constexpr auto usual = std::to_array<std::string_view>(
        {"model.safetensors", "model.safetensors.index.json", "diffusion_pytorch_model.safetensors",
         "diffusion_pytorch_model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json"});
    std::error_code error;
    for (const std::string_view name : usual) {
        if (std::filesystem::exists(folder / name, error))
            return folder / name;
    }
    // Nothing with a usual name: whatever looks like weights, if it is the only one.
    constexpr auto extensions = std::to_array<std::string_view>({".safetensors", ".pth", ".pt", ".bin", ".ckpt", ".gguf", ".npz"});
    std::set<std::filesystem::path> indexes;
    std::set<std::filesystem::path> files;
    std::filesystem::directory_iterator entries(folder, error);
    const std::string shown
        = displayText(folder.filename().empty() ? folder.parent_path().filename().native() : folder.filename().native());
    if (error)
        throw Error(shown, {}, fmt::format("the folder cannot be read ({})", error.message()));
    for (const auto &entry : entries) {
        const std::string name = lowerCase(entry.path().filename().native());
        if (name.ends_with(".safetensors.index.json") || name.ends_with(".bin.index.json"))
            indexes.insert(entry.path());
        else if (std::ranges::find(extensions, entry.path().extension().native()) != extensions.end() && entry.is_regular_file(error))
            files.insert(entry.path());
    }
    const auto &candidates = indexes.empty() ? files : indexes;
    if (candidates.size() == 1)
        return *candidates.begin();
    if (candidates.empty())
        throw Error(shown, {}, "this folder holds no checkpoint (expected model.safetensors, pytorch_model.bin or a shard index)");
    std::string names;
    for (auto it = candidates.begin(); it != candidates.end() && std::distance(candidates.begin(), it) < 4; ++it)
        names += fmt::format("{}{}", names.empty() ? "" : ", ", displayText(it->filename().native(), 60));
    throw Error(shown, {}, fmt::format("this folder holds {} checkpoints ({}{}); open one of them", candidates.size(), names,
                                       candidates.size() > 4 ? ", …" : ""));
}

} // namespace rekey

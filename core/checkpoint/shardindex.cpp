// SPDX-License-Identifier: GPL-3.0-or-later
// NAME.safetensors.index.json and NAME.bin.index.json: {"metadata": {"total_size": n}, "weight_map": {tensor: file}}.
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/strictjson.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <unordered_map>

namespace rekey {

namespace {

struct Placement
{
    std::string key;
    std::uint32_t shard = 0;
};

class IndexHandler : public JsonHandler
{
public:
    explicit IndexHandler(const std::string &file) : m_file(file) { }

    std::vector<Placement> weightMap;
    std::vector<std::string> shards; ///< in the order met
    std::vector<MetadataEntry> metadata;
    std::optional<std::uint64_t> totalSize;
    bool totalSizeIsOdd = false;
    bool foundMap = false;

    void opened(bool array) override
    {
        if (level() == 0 && array)
            throw Error(m_file, {}, "the JSON is a list, an object was expected");
        if (level() == 1 && (key(1) == "weight_map" || key(1) == "metadata") && array)
            throw Error(m_file, key(1), "is a list, an object was expected");
        foundMap = foundMap || (level() == 1 && key(1) == "weight_map");
        if (level() > 1 && key(1) == "weight_map")
            throw Error(m_file, place(), "is no file name");
    }

    void value(const JsonValue &value) override
    {
        if (level() == 0)
            throw Error(m_file, {}, "the JSON is no object");
        if (level() == 1 && (key(1) == "weight_map" || (key(1) == "metadata" && value.type != JsonValue::Type::Null)))
            throw Error(m_file, key(1), "is no object");
        if (key(1) == "weight_map") {
            if (value.type != JsonValue::Type::Text)
                throw Error(m_file, place(), "is no file name");
            weightMap.push_back({key(2), shardNumber(*value.text)});
        } else if (level() == 2 && key(1) == "metadata") {
            describe(value);
        }
    }

    void closed(bool) override { }

private:
    std::string place() const { return fmt::format("weight_map \"{}\"", displayText(key(2))); }

    std::uint32_t shardNumber(const std::string &name)
    {
        const auto [found, added] = m_numbers.try_emplace(name, static_cast<std::uint32_t>(shards.size()));
        if (added) {
            if (shards.size() == limits::shards)
                throw Error(m_file, "weight_map", fmt::format("names more than {} shards", limits::shards));
            shards.push_back(name);
        }
        return found->second;
    }

    void describe(const JsonValue &value)
    {
        using Type = JsonValue::Type;
        std::string text = value.type == Type::Text ? *value.text : value.type == Type::Natural ? std::to_string(value.natural)
            : value.type == Type::Bool ? (value.natural ? "True" : "False") : value.type == Type::Null ? "None" : "";
        if (key(2) == "total_size") {
            std::uint64_t size = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
            if (!text.empty() && error == std::errc() && end == text.data() + text.size())
                totalSize = size;
            else
                totalSizeIsOdd = true;
        }
        const char *type = value.type == Type::Text ? "str" : value.type == Type::Bool ? "bool" : value.type == Type::Null ? "none"
            : value.type == Type::Real ? "float" : "int";
        metadata.push_back({{{"metadata"}, {key(2)}}, type, std::move(text), {}});
    }

    const std::string &m_file;
    std::unordered_map<std::string, std::uint32_t> m_numbers;
};

/// A shard is named, not addressed: its name must not lead anywhere else.
std::optional<std::string> wrongName(const std::string &name)
{
    constexpr auto extensions = std::to_array<std::string_view>({".safetensors", ".bin", ".pt", ".pth"});
    if (name.empty())
        return "an empty file name";
    if (name.find_first_of(std::string_view("/\\:\0", 4)) != std::string::npos || name == "." || name == "..")
        return "not a plain file name beside the index";
    if (std::ranges::none_of(extensions, [&](std::string_view extension) { return name.ends_with(extension); }))
        return "not the name of a weights file (.safetensors, .bin, .pt, .pth)";
    return {};
}

bool isHexadecimal(const std::string &text)
{
    return text.size() >= 40 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

/// Links inside the folder are fine, and the one that download caches make: ../../blobs/<digest>.
bool staysInFolder(const std::filesystem::path &folder, const std::filesystem::path &shard)
{
    std::error_code error;
    const auto real = std::filesystem::canonical(shard, error);
    if (error)
        return false;
    const auto home = std::filesystem::canonical(folder.empty() ? "." : folder, error);
    if (error)
        return false;
    if (real.parent_path() == home)
        return true;
    return home.parent_path().filename() == "snapshots" && real.parent_path() == home.parent_path().parent_path() / "blobs"
        && isHexadecimal(real.filename().native());
}

std::shared_ptr<const MappedFile> openShard(const std::filesystem::path &folder, const std::string &name, const std::string &index)
{
    const std::string part = fmt::format("shard {}", displayText(name));
    if (const auto reason = wrongName(name))
        throw Error(index, part, *reason);
    const auto path = folder / name;
    std::error_code error;
    if (!std::filesystem::exists(path, error))
        throw Error(index, part, "is missing: it must lie beside the index");
    if (!staysInFolder(folder, path))
        throw Error(index, part, "is a link that leads out of the folder");
    return MappedFile::open(path);
}

/// Lists one shard, which must be a file of tensors itself.
void readShard(const Probe &probe, CheckpointContent &shard, const std::string &index)
{
    readByContent(probe, shard);
    if (shard.format != "safetensors" && shard.format != "torch-zip" && shard.format != "torch-legacy")
        throw Error(index, fmt::format("shard {}", probe.file->name()),
                    fmt::format("is a file of the kind {}, not weights", shard.formatText));
}

class Assembly
{
public:
    Assembly(CheckpointContent &content, const IndexHandler &index, const std::string &file)
        : m_content(content), m_index(index), m_file(file)
    {
        for (std::size_t i = 0; i < index.weightMap.size(); ++i)
            m_position.emplace(index.weightMap[i].key, i);
        content.tensors.resize(index.weightMap.size());
        m_filled.resize(index.weightMap.size(), false);
    }

    void add(CheckpointContent &&shard, std::uint32_t number)
    {
        const auto firstStorage = static_cast<std::uint32_t>(m_content.storages.size());
        const auto fileNumber = static_cast<std::uint32_t>(m_content.files.size());
        for (Storage &storage : shard.storages) {
            storage.file = fileNumber;
            m_content.storages.push_back(std::move(storage));
        }
        m_content.files.push_back(shard.files.front());
        m_content.filePaths.push_back(shard.files.front()->path());
        for (TensorEntry &entry : shard.tensors) {
            const auto found = m_position.find(entry.key);
            if (found == m_position.end() || m_index.weightMap[found->second].shard != number) {
                m_content.warn(fmt::format("{}: holds \"{}\", which the index {}", shard.files.front()->name(), displayText(entry.key),
                                           found == m_position.end() ? "does not name" : "places in another shard"));
                continue;
            }
            if (entry.storage != UINT32_MAX) // meta tensors have none
                entry.storage += firstStorage;
            m_total += entry.bytes();
            m_filled[found->second] = true;
            m_content.tensors[found->second] = std::move(entry);
        }
        m_content.quantisers.merge(shard.quantisers);
        for (const std::string &sentence : shard.warnings)
            m_content.warn(fmt::format("{}: {}", shard.files.front()->name(), sentence));
        for (GlobalUse &use : shard.globals) {
            use.part = fmt::format("{}: {}", shard.files.front()->name(), use.part);
            m_content.globals.push_back(std::move(use));
        }
    }

    void finish() const
    {
        for (std::size_t i = 0; i < m_filled.size(); ++i) {
            const auto &[key, shard] = m_index.weightMap[i];
            if (!m_filled[i])
                throw Error(m_file, fmt::format("tensor \"{}\"", displayText(key)),
                            fmt::format("is not in {}, where the index places it", displayText(m_index.shards[shard])));
        }
        if (m_index.totalSizeIsOdd)
            m_content.warn(std::string("its total_size is no number"));
        if (m_index.totalSize && *m_index.totalSize != m_total)
            m_content.warn(fmt::format("it states a total_size of {} bytes, the tensors have {}", *m_index.totalSize, m_total));
    }

private:
    CheckpointContent &m_content;
    const IndexHandler &m_index;
    const std::string &m_file;
    std::unordered_map<std::string_view, std::size_t> m_position;
    std::vector<bool> m_filled;
    std::uint64_t m_total = 0;
};

} // namespace

void readShardIndex(const Probe &source, CheckpointContent &content)
{
    const MappedFile &file = *source.file;
    if (file.size() > limits::jsonFile)
        throw Error(file.name(), {}, fmt::format("a shard index of {} bytes; at most {} are read", file.size(), limits::jsonFile));
    std::string text(file.size(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    IndexHandler index(file.name());
    parseStrictJson(text, index, file.name(), {});
    if (!index.foundMap)
        throw Error(file.name(), {}, "has no weight_map");
    if (index.weightMap.empty())
        throw Error(file.name(), "weight_map", "is empty");

    const auto folder = file.path().parent_path();
    content.files.clear();
    content.filePaths.clear();
    content.metadata = std::move(index.metadata);
    Assembly assembly(content, index, file.name());
    bool pickled = false;
    for (std::uint32_t i = 0; i < index.shards.size(); ++i) {
        source.progress.step(i, index.shards.size(), "opening shards");
        CheckpointContent shard;
        shard.files = {openShard(folder, index.shards[i], file.name())};
        readShard(probe(shard.files.front(), {}), shard, file.name());
        pickled = pickled || shard.format != "safetensors";
        assembly.add(std::move(shard), i);
    }
    assembly.finish();
    content.format = pickled ? "sharded-bin" : "sharded-safetensors";
    content.formatText = pickled ? "Sharded PyTorch" : "Sharded safetensors";
}

} // namespace rekey

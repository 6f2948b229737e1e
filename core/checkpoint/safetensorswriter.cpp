// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/atomicfile.h"
#include "core/base/error.h"
#include "core/base/utf8.h"
#include "core/checkpoint/writing.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>
#include <unordered_set>

namespace rekey {

namespace {

bool isWritable(DType dtype)
{
    return dtype <= DType::F4 && dtype != DType::C32 && dtype != DType::C128;
}

/// Tensors of one file, in the order of the schema, and where their bytes go.
struct Shard
{
    std::vector<std::size_t> indices;
    std::vector<std::uint64_t> offsets; ///< in the data part, by position in `indices`
    std::uint64_t bytes = 0;
};

void check(const Schema &schema, const std::string &file)
{
    std::unordered_set<std::string_view> keys;
    for (const SchemaTensor &tensor : schema.tensors) {
        const std::string part = fmt::format("tensor \"{}\"", displayText(tensor.key));
        if (!isWritable(tensor.dtype))
            throw Error(file, part, fmt::format("safetensors has no type {}; cast it, or write a .pth", name(tensor.dtype)));
        if (!isUtf8(tensor.key) || tensor.key == "__metadata__")
            throw Error(file, part, "safetensors does not allow this name");
        if (!keys.insert(tensor.key).second)
            throw Error(file, part, "there are two tensors of this name");
    }
}

/// The index of the tensor that holds the bytes.
std::size_t holder(const Schema &schema, std::size_t index)
{
    const std::size_t tied = schema.tensors[index].tiedTo;
    return tied < index && schema.tensors[tied].shape == schema.tensors[index].shape
                   && schema.tensors[tied].dtype == schema.tensors[index].dtype
               ? tied
               : index;
}

/// Distributes the tensors in their order; tied ones go where the first of them goes.
std::vector<Shard> distribute(const Schema &schema, std::uint64_t maxBytes, const std::string &file)
{
    const std::size_t count = schema.tensors.size();
    std::vector<std::uint64_t> groupBytes(count, 0);
    for (std::size_t i = 0; i < count; ++i)
        groupBytes[holder(schema, i)] += writtenBytes(schema.tensors[i], file);
    std::vector<std::size_t> shardOf(count, 0);
    std::vector<Shard> shards(1);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t first = holder(schema, i);
        if (first == i) {
            if (maxBytes > 0 && shards.back().bytes > 0 && groupBytes[i] > 0 && shards.back().bytes + groupBytes[i] > maxBytes)
                shards.emplace_back();
            shards.back().bytes += groupBytes[i];
            shardOf[i] = shards.size() - 1;
        } else {
            shardOf[i] = shardOf[first];
        }
        shards[shardOf[i]].indices.push_back(i);
    }
    return shards;
}

/// Wider types first, so that every tensor lies aligned to its own type, as the safetensors library lays them out.
void layOut(Shard &shard, const Schema &schema, const std::string &file)
{
    std::vector<std::size_t> order(shard.indices.size());
    std::iota(order.begin(), order.end(), 0);
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) {
        const DTypeInfo &type = info(schema.tensors[shard.indices[i]].dtype);
        return type.blockElements == 1 ? type.blockBytes : 0;
    });
    shard.offsets.resize(shard.indices.size());
    std::uint64_t at = 0;
    for (const std::size_t i : order) {
        shard.offsets[i] = at;
        at += writtenBytes(schema.tensors[shard.indices[i]], file);
    }
}

std::string header(const Shard &shard, const Schema &schema, std::map<std::string, std::string> metadata, const std::string &file)
{
    nlohmann::json aliases = nlohmann::json::object();
    for (const std::size_t index : shard.indices) {
        if (const std::size_t first = holder(schema, index); first != index)
            aliases[schema.tensors[index].key] = schema.tensors[first].key;
    }
    if (!aliases.empty())
        metadata["rekey.aliases"] = aliases.dump();
    metadata.try_emplace("format", "pt");
    std::string text = "{\"__metadata__\":" + nlohmann::json(metadata).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    for (std::size_t i = 0; i < shard.indices.size(); ++i) {
        const SchemaTensor &tensor = schema.tensors[shard.indices[i]];
        text += fmt::format(",{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}}", nlohmann::json(tensor.key).dump(),
                            name(tensor.dtype), fmt::join(tensor.shape, ","), shard.offsets[i],
                            shard.offsets[i] + writtenBytes(tensor, file));
    }
    text += '}';
    text.resize((text.size() + 7) / 8 * 8, ' ');
    return text;
}

/// Writes one file and reads it back; not yet in its place.
class ShardWriter
{
public:
    ShardWriter(AtomicFile &file, const Shard &shard, const Schema &schema) : m_file(file), m_shard(shard), m_schema(schema) { }

    void write(const TensorFiller &fill, const std::map<std::string, std::string> &metadata, const Progress &progress, std::uint64_t done,
               std::uint64_t total);

private:
    void writeTensor(std::size_t index, const std::vector<std::uint64_t> &places, const TensorFiller &fill,
                     const std::function<void(std::uint64_t)> &step);

    AtomicFile &m_file;
    const Shard &m_shard;
    const Schema &m_schema;
};

void ShardWriter::writeTensor(std::size_t index, const std::vector<std::uint64_t> &places, const TensorFiller &fill,
                              const std::function<void(std::uint64_t)> &step)
{
    const std::string file = displayText(m_file.destination().filename().native());
    const std::string part = fmt::format("tensor \"{}\"", displayText(m_schema.tensors[index].key));
    const std::uint64_t expected = writtenBytes(m_schema.tensors[index], file);
    std::uint64_t written = 0;
    fill(index, [&](std::span<const std::byte> bytes) {
        if (bytes.size() > expected - written)
            throw Error(file, part, fmt::format("more than its {} bytes were to be written", expected));
        for (const std::uint64_t place : places) {
            m_file.seek(place + written);
            m_file.write(bytes);
        }
        written += bytes.size();
        step(bytes.size());
    });
    if (written != expected)
        throw Error(file, part, fmt::format("only {} of its {} bytes were to be written", written, expected));
}

void ShardWriter::write(const TensorFiller &fill, const std::map<std::string, std::string> &metadata, const Progress &progress,
                        std::uint64_t done, std::uint64_t total)
{
    const std::string file = displayText(m_file.destination().filename().native());
    const std::string text = header(m_shard, m_schema, metadata, file);
    const std::uint64_t length = text.size();
    m_file.requireSpace(8 + length + m_shard.bytes);
    m_file.write(std::as_bytes(std::span(&length, 1)));
    m_file.write(text);
    std::map<std::size_t, std::vector<std::uint64_t>> places;
    for (std::size_t i = 0; i < m_shard.indices.size(); ++i)
        places[holder(m_schema, m_shard.indices[i])].push_back(8 + length + m_shard.offsets[i]);
    for (const auto &[index, offsets] : places) {
        writeTensor(index, offsets, fill, [&](std::uint64_t bytes) {
            done += bytes;
            progress.step(done, total, "writing tensors");
        });
    }
    m_file.flush();
    OpenOptions whole;
    whole.rootChoice = OpenOptions::RootChoice::WholeFile;
    verifyWritten(openCheckpoint(m_file.temporary(), whole), m_schema, m_shard.indices, file);
}

std::filesystem::path shardPath(const std::filesystem::path &destination, std::size_t number, std::size_t count)
{
    auto path = destination;
    path.replace_filename(fmt::format("{}-{:05}-of-{:05}.safetensors", destination.stem().native(), number + 1, count));
    return path;
}

std::string index(const std::vector<Shard> &shards, const Schema &schema, const std::vector<std::filesystem::path> &paths,
                  std::uint64_t total)
{
    std::vector<std::size_t> shardOf(schema.tensors.size());
    for (std::size_t i = 0; i < shards.size(); ++i) {
        for (const std::size_t tensor : shards[i].indices)
            shardOf[tensor] = i;
    }
    std::string text = fmt::format("{{\n  \"metadata\": {{\"total_size\": {}}},\n  \"weight_map\": {{", total);
    for (std::size_t i = 0; i < schema.tensors.size(); ++i)
        text += fmt::format("{}\n    {}: {}", i == 0 ? "" : ",", nlohmann::json(schema.tensors[i].key).dump(),
                            nlohmann::json(paths[shardOf[i]].filename().string()).dump());
    return text + "\n  }\n}\n";
}

} // namespace

std::vector<std::filesystem::path> writeSafetensors(const std::filesystem::path &destination, const Schema &schema,
                                                    const TensorFiller &fill, const WriteOptions &options, const Progress &progress)
{
    const std::string file = displayText(destination.filename().native());
    check(schema, file);
    std::vector<Shard> shards = distribute(schema, options.maxShardBytes, file);
    std::uint64_t total = 0;
    std::vector<std::filesystem::path> paths;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        layOut(shards[i], schema, file);
        total += shards[i].bytes;
        paths.push_back(shards.size() == 1 ? destination : shardPath(destination, i, shards.size()));
    }
    // All files are complete before the first takes its place.
    std::vector<AtomicFile> files;
    std::uint64_t done = 0;
    for (std::size_t i = 0; i < shards.size(); ++i) {
        AtomicFile &written = files.emplace_back(paths[i], options.inputs);
        if (i == 0)
            written.requireSpace(total);
        ShardWriter(written, shards[i], schema).write(fill, options.metadata, progress, done, total);
        written.release();
        done += shards[i].bytes;
    }
    if (shards.size() > 1) {
        paths.push_back(destination.native() + ".index.json");
        files.emplace_back(paths.back(), options.inputs).write(index(shards, schema, paths, total));
    }
    commitTogether(files);
    return paths;
}

} // namespace rekey

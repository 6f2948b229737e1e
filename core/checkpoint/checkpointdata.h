// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/mappedfile.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/quantiser.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace rekey {

/// A run of bytes that tensors are views of.
struct Storage
{
    enum class Encoding : std::uint8_t { None, Stored, Deflated, Memory };

    Encoding encoding = Encoding::None;
    bool bigEndian = false;
    bool hasChecksum = false;
    std::uint32_t file = 0;        ///< index into CheckpointContent::files
    std::uint32_t checksum = 0;    ///< CRC-32 of the whole record, which begins at `offset` and has `recordBytes`
    std::uint64_t offset = 0;      ///< of the record in its file
    std::uint64_t storedBytes = 0; ///< what the record takes in the file: recordBytes, unless deflated
    std::uint64_t recordBytes = 0; ///< after inflating
    std::uint64_t begin = 0;       ///< of the storage in its record, behind the header of an array
    std::uint64_t bytes = 0;       ///< of the storage
    std::string name;              ///< "storage 12", for errors; empty in formats that name no storages
    std::shared_ptr<const std::vector<std::byte>> memory;
};

class StorageReader;

/// What a reader makes of a file: everything in it, keys counted from the file's own root.
struct CheckpointContent
{
    CheckpointContent();
    ~CheckpointContent();

    std::string name;
    std::filesystem::path path;
    std::string_view format;
    std::string_view formatText;
    std::vector<std::shared_ptr<const MappedFile>> files;
    std::vector<std::filesystem::path> filePaths;
    std::vector<Storage> storages;
    std::vector<TensorEntry> tensors;
    std::vector<MetadataEntry> metadata;
    std::vector<std::string> warnings;
    std::vector<GlobalUse> globals;
    std::unordered_map<std::string, Quantiser> quantisers; ///< by pathText() of the tensors whose integers they give meaning to
    std::vector<Path> modules;  ///< where whole nn.Modules stand: natural roots
    std::vector<Root> roots;    ///< filled by chooseRoots()
    bool hasValues = true;
    std::unique_ptr<StorageReader> reader; ///< made by openCheckpoint() when everything else is settled

    /// A sentence for people about this checkpoint, without its name.
    void warn(std::string sentence);
};

struct Checkpoint::Data
{
    std::shared_ptr<const CheckpointContent> content;
    Root root;
    std::vector<TensorEntry> below;             ///< the tensors below root(), unless that is the whole file
    const std::vector<TensorEntry> *tensors = nullptr;
    mutable std::once_flag schemaOnce;
    mutable Schema schema;
    mutable std::once_flag indexOnce;
    mutable std::unique_ptr<SchemaIndex> index;
};

/// The listing of `content` below `root`.
std::shared_ptr<const Checkpoint::Data> listedFrom(std::shared_ptr<const CheckpointContent> content, const Root &root);

/// Fills content.roots, best first.
void chooseRoots(CheckpointContent &content);

/// Whether the entry's elements lie one after the other, in row-major order.
bool isContiguous(const TensorEntry &entry);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/mappedfile.h"
#include "core/base/progress.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

struct CheckpointContent;

/// A file and its first and last bytes, which tell what it is.
struct Probe
{
    std::shared_ptr<const MappedFile> file;
    std::string head;        ///< the first 4 KiB
    char last = 0;
    std::string extension;   ///< lower case, with the dot; ".index.json" for shard indexes
    Progress progress;
};

Probe probe(std::shared_ptr<const MappedFile> file, const Progress &progress);

struct CheckpointFormat
{
    std::string_view name;  ///< "torch-zip"
    std::string_view text;  ///< "PyTorch zip", for people
    bool (*sniff)(const Probe &probe);
    /// Fills tensors, storages, metadata, warnings and globals; may refine content.format and formatText. Throws Error.
    void (*open)(const Probe &probe, CheckpointContent &content);
};

/// Lists the file with the first format whose sniff() says yes. Throws Error for whatever no row recognises.
void readByContent(const Probe &probe, CheckpointContent &content);

/// The file that stands for a folder: its weights or their index. Throws Error when there is none, or more than one.
std::filesystem::path checkpointInFolder(const std::filesystem::path &folder);

// The readers, one file each.
void readSafetensors(const Probe &probe, CheckpointContent &content);
/// The header alone, whether or not the data are there. Returns the file's bytes; the storages say where each tensor's lie.
std::uint64_t readSafetensorsKeys(const Probe &probe, CheckpointContent &content);
void readSchemaFile(const Probe &probe, CheckpointContent &content);
void readShardIndex(const Probe &probe, CheckpointContent &content);
void readTorchZip(const Probe &probe, CheckpointContent &content);
void readTorchLegacy(const Probe &probe, CheckpointContent &content);
void readTorchTar(const Probe &probe, CheckpointContent &content);
void readPlainPickle(const Probe &probe, CheckpointContent &content);
void readNpy(const Probe &probe, CheckpointContent &content);
void readGguf(const Probe &probe, CheckpointContent &content);
/// A zip without data.pkl whose members are arrays.
void readNpz(const MappedFile &file, const class ZipArchive &zip, CheckpointContent &content);

} // namespace rekey

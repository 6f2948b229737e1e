// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/keysonly.h"

#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"

#include <algorithm>
#include <unordered_set>

namespace rekey {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> filesWithHeaders(const fs::path &path)
{
    std::error_code error;
    if (!fs::is_directory(path, error) && !path.native().ends_with(".index.json"))
        return {path};
    std::vector<fs::path> files;
    for (const fs::directory_entry &entry : fs::directory_iterator(fs::is_directory(path, error) ? path : path.parent_path(), error)) {
        if (entry.path().extension() == ".safetensors" && entry.is_regular_file(error))
            files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

} // namespace

KeysOnly readKeysOnly(const fs::path &path, const Progress &progress)
{
    KeysOnly found;
    found.schema.name = displayText(path.filename().string());
    std::unordered_set<std::string> seen;
    const std::vector<fs::path> files = filesWithHeaders(path);
    for (std::size_t i = 0; i < files.size(); ++i) {
        progress.step(i, files.size(), "reading headers");
        CheckpointContent content;
        const std::uint64_t bytes = readSafetensorsKeys(probe(MappedFile::open(files[i]), progress), content);
        for (std::size_t tensor = 0; tensor < content.tensors.size(); ++tensor) {
            TensorEntry &entry = content.tensors[tensor];
            if (!seen.insert(entry.key).second)
                continue;
            const Storage &storage = content.storages[tensor];
            const bool whole = storage.offset + storage.bytes <= bytes;
            if (whole)
                ++found.complete;
            else if (found.firstCut.empty())
                found.firstCut = entry.key;
            const auto index = static_cast<std::uint32_t>(found.schema.tensors.size());
            found.schema.tensors.push_back({std::move(entry.key), std::move(entry.shape), entry.dtype, index});
        }
        ++found.files;
    }
    if (found.schema.tensors.empty())
        throw Error(found.schema.name, {}, "there is no safetensors header here that lists keys");
    return found;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/joined.h"

#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/storagereader.h"

#include <unordered_map>

namespace rekey {

namespace {

void append(CheckpointContent &joined, const Checkpoint &part)
{
    const CheckpointContent &content = *part.data().content;
    const auto firstFile = static_cast<std::uint32_t>(joined.files.size());
    const auto firstStorage = static_cast<std::uint32_t>(joined.storages.size());
    joined.files.insert(joined.files.end(), content.files.begin(), content.files.end());
    joined.filePaths.insert(joined.filePaths.end(), content.filePaths.begin(), content.filePaths.end());
    for (Storage storage : content.storages) {
        storage.file += firstFile;
        joined.storages.push_back(std::move(storage));
    }
    for (TensorEntry entry : part.tensors()) {
        if (entry.storage < content.storages.size()) // meta tensors have none
            entry.storage += firstStorage;
        joined.tensors.push_back(std::move(entry));
    }
    joined.metadata.insert(joined.metadata.end(), content.metadata.begin(), content.metadata.end());
    joined.globals.insert(joined.globals.end(), content.globals.begin(), content.globals.end());
    joined.quantisers.insert(content.quantisers.begin(), content.quantisers.end());
    for (const std::string &warning : content.warnings)
        joined.warnings.push_back(part.name() + ": " + warning);
    joined.name += (joined.name.empty() ? "" : "+") + part.name();
    joined.hasValues = joined.hasValues && part.hasValues();
}

} // namespace

CheckpointPtr joinCheckpoints(std::span<const CheckpointPtr> parts)
{
    if (parts.size() == 1)
        return parts[0];
    auto joined = std::make_shared<CheckpointContent>();
    joined->format = "joined";
    joined->formatText = "Several checkpoints";
    std::unordered_map<std::string_view, const Checkpoint *> owners;
    for (const CheckpointPtr &part : parts) {
        for (const TensorEntry &entry : part->tensors()) {
            const auto [owner, added] = owners.emplace(entry.key, part.get());
            if (!added && owner->second != part.get())
                throw Error(part->name(), displayText(entry.key),
                            "is a key of " + owner->second->name() + " as well; sources that are joined must not share keys");
        }
        append(*joined, *part);
    }
    joined->path = parts[0]->path();
    joined->roots = {Root {{}, {}, joined->tensors.size()}};
    joined->reader = std::make_unique<StorageReader>(*joined);
    return std::make_shared<Checkpoint>(listedFrom(joined, joined->roots[0]));
}

} // namespace rekey

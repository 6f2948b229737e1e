// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/smallvalues.h"

#include "core/checkpoint/storagereader.h"

#include <algorithm>

namespace rekey {

std::vector<std::byte> smallValues(PickleFile &file, const TensorEntry &entry)
{
    if (entry.storage >= file.content.storages.size())
        return {};
    // A record is verified whole, and inflated as far as need be, for however few values.
    constexpr std::uint64_t bytesAsQuickAsOneIndex = 64;
    const std::uint64_t record = file.content.storages[entry.storage].recordBytes / bytesAsQuickAsOneIndex;
    const std::uint64_t elements = entry.elements();
    if (elements == 0 || !file.budget.takeIndices(std::max(elements, record)))
        return {};
    if (!file.reader || file.readerStorages != file.content.storages.size()) {
        file.reader = std::make_shared<StorageReader>(file.content);
        file.readerStorages = file.content.storages.size();
    }
    std::vector<std::byte> bytes(entry.bytes());
    file.reader->read(entry, 0, elements, bytes);
    return bytes;
}

} // namespace rekey

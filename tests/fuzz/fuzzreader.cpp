// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/fuzzreader.h"

#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/storagereader.h"
#include "tests/fuzz/memoryfile.h"

using namespace rekey;

namespace {

void readValues(const CheckpointContent &content)
{
    constexpr std::uint64_t most = 4096;
    const StorageReader reader(content);
    for (const TensorEntry &entry : content.tensors) {
        const std::uint64_t count = std::min(entry.elements(), most / info(entry.dtype).blockElements * info(entry.dtype).blockElements);
        std::vector<std::byte> bytes(byteCount(entry.dtype, count).value_or(0));
        try {
            reader.stream(entry, 0, count, 1000, [](std::span<const std::byte>) {});
            reader.read(entry, 0, count, bytes);
            reader.view(entry);
            std::vector<float> values(count);
            if (isDecodable(entry.dtype))
                decode(entry.dtype, bytes, std::span(values));
        } catch (const Error &) {
        }
    }
}

} // namespace

int fuzzReader(const std::uint8_t *data, std::size_t size, void (*read)(const Probe &, CheckpointContent &))
{
    if (size == 0)
        return 0;
    setInput(std::as_bytes(std::span(data, size)));
    try {
        CheckpointContent content;
        const auto file = MappedFile::open("input");
        content.files = {file};
        read(probe(file, {}), content);
        chooseRoots(content);
        readValues(content);
    } catch (const Error &) {
    }
    return 0;
}

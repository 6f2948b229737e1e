// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/fuzzreader.h"

#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/storagereader.h"

#include <sys/mman.h>
#include <unistd.h>

#include <string>

using namespace rekey;

namespace {

/// A file in memory, written anew for every input.
std::string fileWith(const std::uint8_t *data, std::size_t size)
{
    static const int descriptor = memfd_create("input", MFD_CLOEXEC);
    if (ftruncate(descriptor, 0) != 0 || pwrite(descriptor, data, size, 0) != static_cast<ssize_t>(size))
        abort();
    return "/proc/self/fd/" + std::to_string(descriptor);
}

void readValues(const CheckpointContent &content)
{
    constexpr std::uint64_t most = 4096;
    const StorageReader reader(content);
    for (const TensorEntry &entry : content.tensors) {
        const std::uint64_t count = std::min(entry.elements(), most / info(entry.dtype).blockElements * info(entry.dtype).blockElements);
        std::vector<std::byte> bytes(byteCount(entry.dtype, count).value_or(0));
        try {
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
    try {
        CheckpointContent content;
        const auto file = MappedFile::open(fileWith(data, size));
        content.files = {file};
        read(probe(file, {}), content);
        chooseRoots(content);
        readValues(content);
    } catch (const Error &) {
    }
    return 0;
}

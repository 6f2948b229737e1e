// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/tensorgeometry.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

void checkGeometry(const std::string &file, const std::string &part, const TensorEntry &entry, std::uint64_t available)
{
    const DTypeInfo &type = info(entry.dtype);
    if (entry.shape.size() != entry.strides.size())
        throw Error(file, part, fmt::format("it has {} sizes and {} strides", entry.shape.size(), entry.strides.size()));
    // 128 bits hold what 64 dimensions can make wrong, as long as each step is checked.
    __extension__ using Wide = unsigned __int128;
    constexpr Wide most = INT64_MAX;
    Wide count = 1;
    Wide last = entry.offset;
    bool empty = false;
    for (std::size_t i = 0; i < entry.shape.size(); ++i) {
        const auto size = static_cast<std::uint64_t>(entry.shape[i]);
        empty = empty || size == 0;
        count *= std::max<std::uint64_t>(size, 1);
        if (size > 0)
            last += Wide{size - 1} * static_cast<std::uint64_t>(entry.strides[i]);
        if (count > most || (!empty && last > most))
            throw Error(file, part,
                        fmt::format("size [{}] with stride [{}] overflows", fmt::join(entry.shape, ", "), fmt::join(entry.strides, ", ")));
    }
    if (count * type.blockBytes / type.blockElements > most)
        throw Error(file, part, fmt::format("size [{}] of {} overflows", fmt::join(entry.shape, ", "), type.name));
    const Wide elements = empty ? Wide{entry.offset} : last + 1;
    const Wide needed = (elements * type.blockBytes + type.blockElements - 1) / type.blockElements;
    if (needed > available)
        throw Error(file, part,
                    fmt::format("size [{}], stride [{}] and offset {} reach to byte {} of a storage of {}", fmt::join(entry.shape, ", "),
                                fmt::join(entry.strides, ", "), entry.offset,
                                needed > most ? std::string("beyond 2^63") : std::to_string(static_cast<std::uint64_t>(needed)),
                                available));
}

} // namespace rekey

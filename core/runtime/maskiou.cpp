// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/runtime.h"

namespace rekey {

double maskIou(const std::vector<std::uint8_t> &a, const std::vector<std::uint8_t> &b)
{
    if (a.size() != b.size())
        throw Error("", "", "masks of different size cannot be compared");
    std::uint64_t both = 0, either = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        both += a[i] != 0 && b[i] != 0;
        either += a[i] != 0 || b[i] != 0;
    }
    return either == 0 ? 1 : static_cast<double>(both) / static_cast<double>(either);
}

} // namespace rekey

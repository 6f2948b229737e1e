// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/numberless.h"

namespace rekey {

std::string numberless(std::string_view key)
{
    std::string text;
    for (std::size_t i = 0; i < key.size(); ++i) {
        if (key[i] < '0' || key[i] > '9')
            text += key[i];
        else if (i == 0 || key[i - 1] < '0' || key[i - 1] > '9')
            text += '#';
    }
    return text;
}

} // namespace rekey

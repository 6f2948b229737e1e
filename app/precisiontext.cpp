// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/precisiontext.h"

#include "app/commands.h"
#include "core/base/error.h"

namespace rekey {

Precision precisionOf(const std::string &text)
{
    for (const Precision precision : {Precision::F32, Precision::BF16, Precision::F16}) {
        if (text == precisionName(precision))
            return precision;
    }
    throw UsageError("--dtype " + displayText(text) + " is not known; fp32, bf16 and fp16 are.");
}

} // namespace rekey

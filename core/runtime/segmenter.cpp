// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/runtime.h"

namespace rekey {

const char *precisionName(Precision precision)
{
    return precision == Precision::BF16 ? "bf16" : "fp32";
}

EverythingResult Segmenter::segmentEverything(const Image &, const EverythingOptions &, const Progress &, const EverythingListener &)
{
    throw Error("", "", description() + " cannot search a picture for everything in it");
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/runtime.h"

namespace rekey {

const char *precisionName(Precision precision)
{
    switch (precision) {
    case Precision::F32: break;
    case Precision::BF16: return "bf16";
    case Precision::F16: return "fp16";
    }
    return "fp32";
}

EverythingResult Segmenter::segmentEverything(const Image &, const EverythingOptions &, const Progress &, const EverythingListener &)
{
    throw Error("", "", description() + " cannot search a picture for everything in it");
}

} // namespace rekey

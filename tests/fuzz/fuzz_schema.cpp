// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/fuzz/fuzzreader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size)
{
    return fuzzReader(data, size, rekey::readSchemaFile);
}

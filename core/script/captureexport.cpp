// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporterlist.h"

namespace rekey {

/// The same for every mapping: what it records depends on the module that it is given.
std::string writeCapture(const ExportInput &)
{
    return
#include "python_capture.inc"
        ;
}

} // namespace rekey

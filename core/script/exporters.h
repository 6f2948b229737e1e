// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"

#include <span>
#include <string>
#include <string_view>

namespace rekey {

/// All that an exporter may say. Pointers may be null where an exporter can do without.
struct ExportInput
{
    const Mapping *mapping = nullptr;
    const Schema *source = nullptr;
    const Schema *target = nullptr;
    const Resolution *resolution = nullptr;
};

struct Exporter
{
    std::string_view id;          ///< "python", "transformers", "transformers5", "json", "markdown", "capture"
    std::string_view description; ///< "Python script (torch)"
    std::string_view extension;   ///< ".py"
    std::string (*write)(const ExportInput &input);
    bool needsMapping = true;     ///< false: `mapping` may be null
};

std::span<const Exporter> exporters();
/// Throws Error naming the known ids.
const Exporter &exporterById(std::string_view id);

} // namespace rekey

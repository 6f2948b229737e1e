// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/exporters.h"

#include "core/base/error.h"
#include "core/script/exporterlist.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rekey {

// To add an exporter: one file with one function, its declaration in exporterlist.h, one row here.
constexpr std::array<Exporter, 6> table = {{
    {"python", "Python script (torch)", ".py", writePython},
    {"transformers", "Key dictionary of transformers' conversion scripts", ".py", writeTransformers},
    {"transformers5", "Weight conversions for transformers 5 (WeightRenaming, WeightConverter)", ".py", writeWeightConversions},
    {"json", "Rekey mapping (JSON)", ".rekey.json", writeJson},
    {"markdown", "Report (Markdown)", ".md", writeMarkdown},
    {"capture", "Script that records a module's activations (torch)", ".py", writeCapture, false},
}};

std::span<const Exporter> exporters()
{
    return table;
}

const Exporter &exporterById(std::string_view id)
{
    const auto found = std::ranges::find(table, id, &Exporter::id);
    if (found != table.end())
        return *found;
    std::string known;
    for (const Exporter &exporter : table)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", exporter.id);
    throw Error({}, "export", fmt::format("there is no exporter '{}'; known: {}", displayText(id), known));
}

} // namespace rekey

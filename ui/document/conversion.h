// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/conversion.h"
#include "core/script/exporters.h"

#include <QString>

namespace rekey::ui {

/// What a person chose to write, and beside it.
struct ConvertChoice
{
    ConvertRequest request;
    bool script = true, transformers = false, mapping = true, report = true;
};

struct ConvertOutcome
{
    ConvertReport report;
    std::vector<std::filesystem::path> beside;
    double milliseconds = 0;
    QString text() const; ///< "Converted 231 tensors, 4.3 MiB, in 0.2 s: …", with what to know about the values
};
/// Converts, then writes the script, the mapping and the report beside the weights. For a worker thread. Throws Error.
ConvertOutcome carryOut(const ConvertChoice &choice, const Progress &progress);

/// Null when core has no exporter of this name.
const Exporter *exporterNamed(std::string_view id);
QString exporterText(const Exporter &exporter);
/// Written beside and renamed. For a worker thread. Throws Error.
void writeExport(const std::string &exporterId, const ExportInput &input, const std::filesystem::path &path);
/// "weights.safetensors" and ".py": "weights.py".
std::filesystem::path withSuffix(const std::filesystem::path &weights, std::string_view suffix);

} // namespace rekey::ui

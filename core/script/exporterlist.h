// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/script/exporters.h"

// One function a file; the table in exporters.cpp lists them.
namespace rekey {

std::string writePython(const ExportInput &input);
std::string writeTransformers(const ExportInput &input);
std::string writeWeightConversions(const ExportInput &input);
std::string writeJson(const ExportInput &input);
std::string writeMarkdown(const ExportInput &input);
std::string writeCapture(const ExportInput &input);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <set>
#include <string>
#include <string_view>

namespace rekey {

/// The parts of python/: conversion.py, files.py and steps.py.
extern const std::string_view pythonConversionPart, pythonFilesPart, pythonStepsPart;

/// A part's blocks: "#if name" … "#else" … "#endif" stay where the name is set, or where it is not; they may be nested.
std::string chooseBlocks(std::string_view text, const std::set<std::string, std::less<>> &names);
/// Puts a value in every "%%PLACE%%".
void fillPlace(std::string &text, std::string_view place, std::string_view value);

} // namespace rekey

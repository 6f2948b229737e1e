// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/commands.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace rekey {

/// Opens a checkpoint at the root that was asked for and prints its warnings. Throws Error.
CheckpointPtr openInput(const InputOptions &input, const Progress &progress);

/// All of them as one (core/checkpoint/joined.h).
CheckpointPtr openInputs(const std::vector<InputOptions> &inputs, const Progress &progress);
/// The files of `inputs`, for checkOutput().
std::vector<std::filesystem::path> filesOf(const std::vector<InputOptions> &inputs);

/// "sam_vit_h: 594 keys, F32, 2.4 GiB (image_encoder 457, prompt_encoder 17, mask_decoder 120)".
std::string describeInput(const Checkpoint &checkpoint);

/// Throws Error when `output` is one of the inputs or its folder is missing, before any work is done.
void checkOutput(const std::filesystem::path &output, const std::vector<std::filesystem::path> &inputs);

/// Written beside and renamed. Throws Error.
void writeText(const std::filesystem::path &path, std::string_view text);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/everything.h"
#include "core/runtime/modelagreement.h"

#include <nlohmann/json_fwd.hpp>

#include <filesystem>
#include <string>
#include <vector>

// What 'rekey run' writes and says.

namespace rekey {

/// PNG, SVG or COCO JSON by the file's ending; throws UsageError for others when checked, before any work.
void checkMaskFormat(const std::filesystem::path &path);
void saveMask(const std::filesystem::path &path, const SegmentResult &result, const Prompts &prompts,
              const std::filesystem::path &imageFile);
void saveEverything(const std::filesystem::path &path, const EverythingResult &result, const std::filesystem::path &imageFile);

nlohmann::ordered_json resultJson(const Segmenter &segmenter, const SegmentResult &result);
std::string resultText(const Segmenter &segmenter, const SegmentResult &result);

nlohmann::ordered_json agreementJson(const ModelAgreement &agreement);
std::string agreementText(const ModelAgreement &agreement);

/// The mask and the prompts over the photo.
Image overlayOf(const Image &photo, const Prompts &prompts, const MaskCandidate &mask);
/// Every mask in a colour of its own, the smallest on top.
Image overlayOf(const Image &photo, const EverythingResult &result);

} // namespace rekey

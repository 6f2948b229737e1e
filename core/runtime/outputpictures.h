// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/scriptmodule.h"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

// What a network's results look like to people. Pictures have the result's own resolution.

namespace rekey {

enum class OutputKind : std::uint8_t { Mask, HeatMap, Scores, Features };
/// From the shape: one row of numbers are scores, one map is a heat map, many channels of maps are features.
OutputKind likelyKind(const ScriptOutput &output);
/// The result to look at first: the largest one of those that can be shown as `kind`. Throws Error when there is none.
const ScriptOutput &mainOutput(std::span<const ScriptOutput> outputs, OutputKind kind);

/// One channel of values, row-major.
struct ValueMap
{
    int width = 0, height = 0;
    std::vector<float> values;
    float smallest = 0, largest = 0; ///< of the finite values
};
std::size_t channelCount(const ScriptOutput &output); ///< maps in the result: candidates of a mask, channels of features
/// Channel `channel` of the first batch entry: of [.., C, H, W], or of one map [H, W]. Throws Error for results that are no maps.
ValueMap valueMap(const ScriptOutput &output, std::size_t channel);

/// 255 where the value is above the threshold. Several channels of one class each (semantic segmentation): see classMap().
std::vector<std::uint8_t> maskOf(const ValueMap &map, double threshold);
/// The channel with the largest value at each pixel.
std::vector<std::uint16_t> classMap(const ScriptOutput &output);
/// From dark blue to yellow between the smallest and the largest value; NaN is grey.
Image heatMap(const ValueMap &map);

struct ClassScore
{
    std::size_t index = 0;
    std::string label; ///< empty without labels
    double score = 0; ///< as the network gives it
    double probability = 0; ///< softmax over all; the score itself where scores are probabilities already
};
/// Best first, at most `count`.
std::vector<ClassScore> classScores(const ScriptOutput &output, const std::vector<std::string> &labels, std::size_t count);
/// One label a line, or a JSON array, or a JSON object from index to label (ImageNet's files have all three forms). Throws Error.
std::vector<std::string> loadLabels(const std::filesystem::path &file);

/// The first three principal components over the positions, as red, green and blue, each from its 1st to its 99th percentile. Takes maps
/// [C, H, W] and tokens [N, C] where N (less class and register tokens in front) is a square. The signs are such that results are the
/// same from run to run.
Image featureColours(const ScriptOutput &output);

} // namespace rekey

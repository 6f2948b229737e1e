// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace rekey::sam {

/// Sizes of a Segment Anything model (Kirillov et al. 2023, "Segment Anything"; facebookresearch/segment-anything).
struct Config
{
    // Image encoder: a ViT with windows (Li et al. 2022, "Exploring Plain Vision Transformer Backbones for Object Detection").
    std::int64_t imageSize = 0; ///< side of the square input, pixels
    std::int64_t patchSize = 0;
    std::int64_t grid = 0;      ///< imageSize / patchSize: tokens along a side
    std::int64_t width = 0;
    std::int64_t heads = 0;
    std::int64_t mlpWidth = 0;
    std::int64_t outChannels = 0;
    std::vector<std::int64_t> windows; ///< by block; 0: global attention
    bool absolutePositions = false;
    bool relativePositions = false;
    bool qkvBias = false;
    double encoderNormEps = 1e-6;

    // Prompt encoder and mask decoder; absent where only the image encoder is there.
    bool decoder = false;
    std::int64_t maskChannels = 0;      ///< of the mask prompt's convolutions
    std::int64_t maskTokens = 0;        ///< candidates of multimask output + 1
    std::int64_t decoderDepth = 0;
    std::int64_t decoderHeads = 0;
    std::int64_t decoderMlpWidth = 0;
    std::int64_t decoderCrossWidth = 0; ///< inside attention between tokens and image
    std::int64_t iouHeadDepth = 0;
    std::int64_t iouHeadWidth = 0;
    double decoderNormEps = 1e-5;

    std::vector<std::string> assumptions; ///< what no shape says: one sentence each

    std::int64_t depth() const { return static_cast<std::int64_t>(windows.size()); }
    std::int64_t lowResSize() const { return 4 * grid; } ///< side of the decoder's masks
};

/// What shapes cannot say or a person wants otherwise; keys are behaviour names, see behaviourOf().
using Behaviour = std::map<std::string, double>;

/// From the shapes of a schema in segment-anything's naming. `behaviour` wins over what shapes suggest; `globalBlocks` (from a config.json)
/// likewise where not empty. Throws Error naming the first key that does not fit.
Config detectConfig(const Schema &schema, const Behaviour &behaviour, const std::vector<std::int64_t> &globalBlocks = {});

/// decoder_norm_eps, encoder_norm_eps, decoder_num_heads, num_heads, window_size.
Behaviour behaviourOf(const Config &config);
bool isBehaviour(const std::string &name);

/// What a config.json beside a checkpoint says about a network of this width and depth: Hugging Face's, or segment-anything's
/// parameter names. Empty where there is none or it is of another network.
struct ConfigHints
{
    Behaviour behaviour;
    std::vector<std::int64_t> globalBlocks;
    bool huggingFace = false; ///< the form of the file: its decoder_norm_eps is then Hugging Face's
};
ConfigHints configHints(const CheckpointPtr &checkpoint, std::int64_t width);

} // namespace rekey::sam

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/image.h"
#include "core/runtime/models/sam/maskenlarger.h"

#include <ATen/ATen.h>

namespace rekey::sam {

/// A picture as the encoder takes it, and its sizes on the way.
struct Picture
{
    int width = 0, height = 0;               ///< original
    int resizedWidth = 0, resizedHeight = 0; ///< longest side as long as the model's input
    at::Tensor pixels;                       ///< [1, 3, size, size], normalised, zeros to the right and below
};

/// Its sizes alone. Throws as preparePicture().
Picture pictureSizes(int width, int height, int size);
/// As segment-anything prepares it. Throws Error for a picture so narrow that nothing is left of it.
Picture preparePicture(const Image &image, int size);

/// Of a model with inputs of `size` and masks of `side`.
MaskEnlarger enlargerFor(const Picture &picture, int side, int size);

} // namespace rekey::sam

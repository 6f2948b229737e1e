// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/picture.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey::sam {

Picture pictureSizes(int width, int height, int size)
{
    const double scale = static_cast<double>(size) / std::max({width, height, 1});
    Picture picture {width, height, static_cast<int>(width * scale + 0.5), static_cast<int>(height * scale + 0.5), {}};
    if (picture.resizedWidth < 1 || picture.resizedHeight < 1)
        throw Error("", "", fmt::format("a picture of {}×{} pixels is too narrow: made {} pixels long, nothing of it is left", width,
                                        height, size));
    return picture;
}

Picture preparePicture(const Image &image, int size)
{
    Picture picture = pictureSizes(image.width, image.height, size);
    Image resized = resizeBilinear(image, picture.resizedWidth, picture.resizedHeight);
    const at::Tensor bytes = at::from_blob(resized.rgb.data(), {picture.resizedHeight, picture.resizedWidth, 3}, at::kByte);
    // Means and standard deviations of ImageNet, on the scale 0..255.
    const at::Tensor mean = at::tensor({123.675F, 116.28F, 103.53F}).view({3, 1, 1});
    const at::Tensor deviation = at::tensor({58.395F, 57.12F, 57.375F}).view({3, 1, 1});
    const at::Tensor normal = (bytes.permute({2, 0, 1}).contiguous().to(at::kFloat) - mean) / deviation;
    picture.pixels = at::constant_pad_nd(normal, {0, size - picture.resizedWidth, 0, size - picture.resizedHeight}).unsqueeze(0);
    return picture;
}

MaskEnlarger enlargerFor(const Picture &picture, int side, int size)
{
    return {side, size, picture.resizedWidth, picture.resizedHeight, picture.width, picture.height};
}

} // namespace rekey::sam

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <vector>

namespace rekey::sam {

/// What becomes of low-resolution logits in the size of the picture.
struct EnlargedMask
{
    std::vector<std::uint8_t> pixels; ///< 1 where the logit is above 0, else 0
    std::uint64_t area = 0;
    std::uint64_t above = 0;          ///< pixels with logits above +offset
    std::uint64_t notBelow = 0;       ///< pixels with logits above -offset
    /// IoU of the masks at +offset and -offset; not a number where both are empty.
    float stability() const { return static_cast<float>(above) / static_cast<float>(notBelow); }
};

/// Logits of side × side made as large as the model's input, the padding cut off, then as large as the picture, both times bilinearly as
/// LibTorch's upsample_bilinear2d (align_corners false): row by row, so that a mask of a hundred million pixels takes no floats for each of
/// them. Thread-safe.
class MaskEnlarger
{
public:
    MaskEnlarger(int side, int inputSize, int resizedWidth, int resizedHeight, int width, int height);

    EnlargedMask enlarge(const float *logits, float offset) const;

private:
    /// Output pixel i is a mixture of source[i] and source[i] + step.
    struct Axis
    {
        std::vector<int> first, second;
        std::vector<float> share; ///< of the second
        Axis(int from, int to, int wanted);
        int size() const { return static_cast<int>(first.size()); }
    };
    class Rows;

    int m_side;
    bool m_twice; ///< the picture has another size than the model's input
    Axis m_inputX, m_inputY, m_x, m_y;
};

} // namespace rekey::sam

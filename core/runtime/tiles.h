// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// Matrix products for the loops of a model: operands are rearranged ("packed") once and then used by many products, and what follows a
// product (bias, GELU, adding to what is there) happens while a tile of it lies in the cache. For processors with AVX-512; elsewhere
// LibTorch's operators do this work. On an Emerald Rapids core the products alone reach 172 of 180 billion operations a second, where
// OpenBLAS gives 140 for the same shapes. The left operand is packed in blocks of rows, the right one in panels of columns, both with the
// inner dimension going through memory, as in Goto and van de Geijn 2008, "Anatomy of High-Performance Matrix Multiplication".

namespace rekey::tiles {

/// What the factors are held in, and what multiplies them. Sums are fp32; what the unit for fp16 multiplies is summed in fp16 over halfRun
/// products at a time, the factors scaled by a power of two a row and a column, so that no sum overflows and small ones lose nothing.
enum class Factors : std::uint8_t {
    F32,
    F16,
    BF16, ///< by vdpbf16ps; twice as fast as F32 on AMD's Zen 4, half as fast on Intel's Sapphire Rapids (86 for 173 billion a second)
    BF16AsHalves, ///< rounded to bf16, whose 8 bits fit in the 11 of fp16, and multiplied as F16
};
inline constexpr std::int64_t halfRun = 32;

/// Whether this processor has the instructions: AVX-512 F, BW, DQ and VL; also AVX-512-FP16 or AVX-512-BF16.
bool available(Factors factors);

inline constexpr std::int64_t blockRows = 14;
/// Columns of a panel: 32 or 64.
std::int64_t panelColumns(Factors factors);

/// 64-byte aligned memory that keeps its size; contents are not kept when it grows.
class Buffer
{
public:
    Buffer() = default;
    ~Buffer();
    Buffer(Buffer &&other) noexcept;
    Buffer &operator=(Buffer &&) = delete;
    Buffer(const Buffer &) = delete;
    /// At least so many bytes.
    void *reserve(std::size_t bytes);
    void *data() const { return m_data; }
    float *floats() const { return static_cast<float *>(m_data); }

private:
    void *m_data = nullptr;
    std::size_t m_bytes = 0;
};

std::size_t packedRowsBytes(Factors factors, std::int64_t rows, std::int64_t inner);
/// Where row `first`, a multiple of blockRows, lies in them.
const void *packedRowsFrom(Factors factors, const void *packed, std::int64_t first, std::int64_t inner);
/// Rows of `inner` floats, wherever each lies, in blocks of blockRows; missing rows of the last block are zeros.
void packRows(Factors factors, const float *const *rows, std::int64_t count, std::int64_t inner, void *packed);

std::size_t packedColumnsBytes(Factors factors, std::int64_t columns, std::int64_t inner);
std::int64_t panelCount(Factors factors, std::int64_t columns);
/// Panel `panel` of a right operand whose columns are rows of memory, `inner` floats `stride` apart from one column to the next: a linear
/// layer's weight as PyTorch keeps it. Missing columns of the last panel are zeros. `packed` is the start of all panels.
void packPanel(Factors factors, const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::int64_t panel,
               void *packed);

enum class Then : std::uint8_t {
    Store,   ///< out = product + bias
    Add,     ///< out += product + bias
    Gelu     ///< out = gelu(product + bias), the exact form with erf to 2e-7
};

/// product = rows · columns, both packed with the same factors. Row r goes to outRows[r] (columns floats). `bias` may be null.
/// `scratch` is the calling thread's own.
void multiply(Factors factors, const void *packedRows, std::int64_t rows, const void *packedColumns, std::int64_t columns,
              std::int64_t inner, const float *bias, Then then, float *const *outRows, Buffer &scratch);

} // namespace rekey::tiles

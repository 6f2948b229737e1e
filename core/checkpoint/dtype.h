// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace rekey {

/// Element types of checkpoints, named as safetensors spells them; the ggml block types keep ggml's names.
enum class DType : std::uint8_t {
    F64, F32, F16, BF16,
    I64, I32, I16, I8, U64, U32, U16, U8, Bool,
    C32, C64, C128,
    F8E4M3, F8E5M2, F8E4M3FNUZ, F8E5M2FNUZ, F8E8M0, F6E2M3, F6E3M2, F4,
    F4x2, ///< torch.float4_e2m1fn_x2: two values in a byte that counts as one element
    QI8, QU8, QI32, QU4x2, QU2x4,
    Bits8, Bits16, Bits1x8, Bits2x4, Bits4x2,
    // ggml
    Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q8_1, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, Q8_K,
    IQ2_XXS, IQ2_XS, IQ3_XXS, IQ1_S, IQ4_NL, IQ3_S, IQ2_S, IQ4_XS, IQ1_M, TQ1_0, TQ2_0, MXFP4, NVFP4, Q1_0, Q2_0,
    /// An array that is no tensor (text, records): listed, never converted.
    Other,
    Count
};

enum class DTypeKind : std::uint8_t { Float, Integer, Bool, Complex, Quantized, Raw };

struct DTypeInfo
{
    std::string_view name;        ///< "F32", "BF16", "F8_E4M3", "Q4_K" …
    std::uint32_t blockElements;  ///< 1 for plain types; 2 for F4, 4 for F6, 32 or 256 for ggml's
    std::uint32_t blockBytes;
    DTypeKind kind;
};

const DTypeInfo &info(DType dtype);
inline std::string_view name(DType dtype) { return info(dtype).name; }
std::optional<DType> dtypeFromName(std::string_view name);

/// Bytes of `elements` values; nothing when they fill no whole number of blocks or overflow 63 bits.
std::optional<std::uint64_t> byteCount(DType dtype, std::uint64_t elements);

/// Decodes little-endian values to float, as PyTorch's `.float()` would (complex: the magnitude; BOOL: 0/1; quantised
/// blocks dequantised). `bytes` holds exactly `out.size()` elements, a whole number of blocks. Throws Error for
/// types that have no numeric meaning (`Other`).
void decode(DType dtype, std::span<const std::byte> bytes, std::span<float> out);
/// The same in double precision, exact for I32, F64 (and I64 up to 2^53).
void decode(DType dtype, std::span<const std::byte> bytes, std::span<double> out);
/// Whether decode() knows the type.
bool isDecodable(DType dtype);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tensortypes.h"

#include "core/base/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rekey {

namespace {

/// Every value of an 8-bit float type by code.
std::array<float, 256> codeValues(DType dtype)
{
    std::array<std::byte, 256> codes;
    for (std::size_t i = 0; i < codes.size(); ++i)
        codes[i] = static_cast<std::byte>(i);
    std::array<float, 256> values;
    decode(dtype, codes, std::span<float>(values));
    return values;
}

/// Rounds to the nearest value of an 8-bit float type, ties to the even code. Beyond the largest one: infinity where the type has one, else
/// NaN, as torch.Tensor.to(torch.float8_…) gives.
class Float8Encoder
{
public:
    explicit Float8Encoder(DType dtype)
    {
        const std::array<float, 256> values = codeValues(dtype);
        for (std::size_t code = 0; code < 256; ++code) {
            if (std::isnan(values[code]))
                m_nan = static_cast<std::uint8_t>(code & 0x7F ? code & 0x7F : code);
            else if (std::isinf(values[code]))
                m_infinity = static_cast<std::uint8_t>(code & 0x7F);
            else if (code < 0x80)
                m_positive.push_back(values[code]);
        }
        m_signedZero = !std::isnan(values[0x80]);
        if (!m_infinity)
            m_infinity = m_nan;
    }

    std::uint8_t operator()(float value) const
    {
        if (std::isnan(value))
            return m_nan;
        const float magnitude = std::abs(value);
        const auto above = std::lower_bound(m_positive.begin(), m_positive.end(), magnitude);
        auto code = static_cast<std::size_t>(above - m_positive.begin());
        const auto last = m_positive.size() - 1;
        if (code > last) {
            const float step = m_positive[last] - m_positive[last - 1];
            code = magnitude < m_positive[last] + step / 2 || (magnitude == m_positive[last] + step / 2 && last % 2 == 0) ? last : 256;
        } else if (code > 0 && *above != magnitude) {
            const float below = magnitude - m_positive[code - 1], beyond = *above - magnitude;
            if (below < beyond || (below == beyond && code % 2 == 1))
                --code;
        }
        if (code == 256)
            return m_infinity == m_nan ? m_nan : static_cast<std::uint8_t>(*m_infinity | (std::signbit(value) ? 0x80 : 0));
        return static_cast<std::uint8_t>(code | (std::signbit(value) && (code != 0 || m_signedZero) ? 0x80 : 0));
    }

private:
    std::vector<float> m_positive;
    std::optional<std::uint8_t> m_infinity;
    std::uint8_t m_nan = 0x7F;
    bool m_signedZero = true;
};

bool isFloat8(DType dtype)
{
    return dtype == DType::F8E4M3 || dtype == DType::F8E5M2 || dtype == DType::F8E4M3FNUZ || dtype == DType::F8E5M2FNUZ;
}

Value decoded(const Value &value)
{
    const at::Tensor bits = value.tensor.contiguous();
    at::Tensor values = at::empty(bits.sizes(), at::kFloat);
    decode(value.dtype, bytesOf(bits), std::span(values.data_ptr<float>(), static_cast<std::size_t>(values.numel())));
    return {values, DType::F32};
}

} // namespace

std::optional<at::ScalarType> scalarType(DType dtype)
{
    switch (dtype) {
    case DType::F64: return at::kDouble;
    case DType::F32: return at::kFloat;
    case DType::F16: return at::kHalf;
    case DType::BF16: return at::kBFloat16;
    case DType::I64: return at::kLong;
    case DType::I32: return at::kInt;
    case DType::I16: return at::kShort;
    case DType::I8: return at::kChar;
    case DType::U8: return at::kByte;
    case DType::Bool: return at::kBool;
    case DType::C32: return at::kComplexHalf;
    case DType::C64: return at::kComplexFloat;
    case DType::C128: return at::kComplexDouble;
    default: return std::nullopt;
    }
}

std::optional<at::ScalarType> bitsType(DType dtype)
{
    if (const auto type = scalarType(dtype))
        return type;
    const DTypeInfo &properties = info(dtype);
    if (properties.blockElements != 1 || dtype == DType::Other)
        return std::nullopt;
    switch (properties.blockBytes) {
    case 1: return at::kByte;
    case 2: return at::kShort;
    case 4: return at::kInt;
    case 8: return at::kLong;
    default: return std::nullopt;
    }
}

std::span<const std::byte> bytesOf(const at::Tensor &tensor)
{
    return {static_cast<const std::byte *>(tensor.data_ptr()), tensor.nbytes()};
}

Value numeric(const Value &value)
{
    if (isNative(value.dtype))
        return value;
    switch (value.dtype) {
    case DType::U16: return {value.tensor.to(at::kInt).bitwise_and(0xFFFF), DType::I32};
    case DType::U32: return {value.tensor.to(at::kLong).bitwise_and(std::int64_t(0xFFFFFFFF)), DType::I64};
    default: return decoded(value);
    }
}

Value cast(const Value &value, DType dtype)
{
    if (value.dtype == dtype)
        return value;
    const Value number = numeric(value);
    if (const auto type = scalarType(dtype))
        return {number.tensor.to(*type), dtype};
    if (dtype == DType::U16 || dtype == DType::U32 || dtype == DType::U64)
        return {number.tensor.to(at::kLong).to(*bitsType(dtype)), dtype}; // two's complement: narrowing keeps the low bits
    if (isFloat8(dtype)) {
        const at::Tensor values = number.tensor.to(at::kFloat).contiguous();
        at::Tensor codes = at::empty(values.sizes(), at::kByte);
        const float *from = values.data_ptr<float>();
        std::transform(from, from + values.numel(), codes.data_ptr<std::uint8_t>(), Float8Encoder(dtype));
        return {codes, dtype};
    }
    throw Error("", "", "values cannot be written as " + std::string(name(dtype)) + "; choose F32, F16 or BF16 with the dtype option");
}

Value loadTensor(const CheckpointPtr &checkpoint, std::size_t index, Access access)
{
    const TensorEntry &entry = checkpoint->tensors().at(index);
    const at::IntArrayRef sizes(entry.shape);
    const auto type = bitsType(entry.dtype);
    if (!checkpoint->hasValues() || entry.kind == TensorKind::Meta)
        throw Error(checkpoint->name(), displayText(entry.key), "has no values: only its name and shape are known");
    if (!type) {
        at::Tensor values = at::empty(sizes, at::kFloat);
        float *out = values.data_ptr<float>();
        forEachBlock(*checkpoint, index, 1 << 20, [&](std::uint64_t first, std::span<const float> block) {
            std::copy(block.begin(), block.end(), out + first);
        });
        return {values, DType::F32};
    }
    const std::span<const std::byte> mapped = access == Access::InPlace ? checkpoint->view(index) : std::span<const std::byte>();
    const bool aligned = reinterpret_cast<std::uintptr_t>(mapped.data()) % c10::elementSize(*type) == 0;
    if (!mapped.empty() && aligned) {
        // The deleter holds the checkpoint, and with it the mapping.
        auto *bytes = const_cast<std::byte *>(mapped.data());
        return {at::from_blob(bytes, sizes, [checkpoint](void *) {}, at::TensorOptions(*type)), entry.dtype};
    }
    at::Tensor values = at::empty(sizes, *type);
    checkpoint->read(index, 0, entry.elements(), {static_cast<std::byte *>(values.data_ptr()), values.nbytes()});
    return {values, entry.dtype};
}

} // namespace rekey

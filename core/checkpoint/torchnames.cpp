// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/torchnames.h"

#include <array>

namespace rekey {

namespace {

struct Name
{
    std::string_view name;
    DType dtype;
};

/// torch's spelling first, aliases after it.
constexpr auto dtypes = std::to_array<Name>({
    {"float64", DType::F64},
    {"float32", DType::F32},
    {"float16", DType::F16},
    {"bfloat16", DType::BF16},
    {"int64", DType::I64},
    {"int32", DType::I32},
    {"int16", DType::I16},
    {"int8", DType::I8},
    {"uint64", DType::U64},
    {"uint32", DType::U32},
    {"uint16", DType::U16},
    {"uint8", DType::U8},
    {"bool", DType::Bool},
    {"complex32", DType::C32},
    {"complex64", DType::C64},
    {"complex128", DType::C128},
    {"float8_e4m3fn", DType::F8E4M3},
    {"float8_e5m2", DType::F8E5M2},
    {"float8_e4m3fnuz", DType::F8E4M3FNUZ},
    {"float8_e5m2fnuz", DType::F8E5M2FNUZ},
    {"float8_e8m0fnu", DType::F8E8M0},
    {"float4_e2m1fn_x2", DType::F4x2},
    {"qint8", DType::QI8},
    {"quint8", DType::QU8},
    {"qint32", DType::QI32},
    {"quint4x2", DType::QU4x2},
    {"quint2x4", DType::QU2x4},
    {"bits8", DType::Bits8},
    {"bits16", DType::Bits16},
    {"bits1x8", DType::Bits1x8},
    {"bits2x4", DType::Bits2x4},
    {"bits4x2", DType::Bits4x2},
    {"half", DType::F16},
    {"float", DType::F32},
    {"double", DType::F64},
    {"short", DType::I16},
    {"int", DType::I32},
    {"long", DType::I64},
    {"cfloat", DType::C64},
    {"cdouble", DType::C128},
    {"chalf", DType::C32},
});

constexpr auto classes = std::to_array<Name>({
    {"Double", DType::F64},
    {"Float", DType::F32},
    {"Half", DType::F16},
    {"BFloat16", DType::BF16},
    {"Long", DType::I64},
    {"Int", DType::I32},
    {"Short", DType::I16},
    {"Char", DType::I8},
    {"Byte", DType::U8},
    {"Bool", DType::Bool},
    {"ComplexFloat", DType::C64},
    {"ComplexDouble", DType::C128},
    {"QInt8", DType::QI8},
    {"QUInt8", DType::QU8},
    {"QInt32", DType::QI32},
    {"QUInt4x2", DType::QU4x2},
    {"QUInt2x4", DType::QU2x4},
});

constexpr auto storageNames = std::to_array<Name>({
    {"DoubleStorage", DType::F64}, {"FloatStorage", DType::F32}, {"HalfStorage", DType::F16}, {"BFloat16Storage", DType::BF16},
    {"LongStorage", DType::I64}, {"IntStorage", DType::I32}, {"ShortStorage", DType::I16}, {"CharStorage", DType::I8},
    {"ByteStorage", DType::U8}, {"BoolStorage", DType::Bool}, {"ComplexFloatStorage", DType::C64}, {"ComplexDoubleStorage", DType::C128},
});

std::optional<DType> classType(std::string_view name, std::string_view kind)
{
    for (const Name &known : classes) {
        if (name.starts_with(known.name) && name.substr(known.name.size()) == kind)
            return known.dtype;
    }
    return {};
}

bool isTorchModule(std::string_view module)
{
    return module == "torch" || module == "torch.cuda" || module == "torch.storage";
}

} // namespace

std::optional<DType> dtypeFromTorch(std::string_view name)
{
    for (const Name &known : dtypes) {
        if (known.name == name)
            return known.dtype;
    }
    return {};
}

std::string_view torchName(DType dtype)
{
    for (const Name &known : dtypes) {
        if (known.dtype == dtype)
            return known.name;
    }
    return {};
}

std::optional<StorageClass> storageClass(std::string_view module, std::string_view name)
{
    if (!isTorchModule(module))
        return {};
    if (name == "UntypedStorage" || name == "_UntypedStorage")
        return StorageClass{DType::U8, true};
    if (const auto dtype = classType(name, "Storage"))
        return StorageClass{*dtype, false};
    return {};
}

std::string_view storageClassName(DType dtype)
{
    for (const Name &known : storageNames) {
        if (known.dtype == dtype)
            return known.name;
    }
    return {};
}

bool isTensorClass(std::string_view module, std::string_view name)
{
    return isTorchModule(module) && classType(name, "Tensor").has_value();
}

} // namespace rekey

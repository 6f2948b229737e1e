// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <ATen/ATen.h>

#include <optional>

namespace rekey {

/// A tensor with the checkpoint's own type. Where LibTorch lacks the type (F8, U16 …), `tensor` holds the same bits as integers of
/// that width: enough to move elements about.
struct Value
{
    at::Tensor tensor;
    DType dtype = DType::F32;
};

/// LibTorch's type for the same values; nothing where it has none.
std::optional<at::ScalarType> scalarType(DType dtype);
/// LibTorch's type for the same bits: scalarType(), else an integer of equal width; nothing for packed types (F4, ggml's blocks).
std::optional<at::ScalarType> bitsType(DType dtype);
/// Whether LibTorch computes with the type as it is.
inline bool isNative(DType dtype) { return scalarType(dtype).has_value(); }

/// Where LibTorch has the type: the value itself. Else decoded: unsigned integers to a wider signed one, all others to F32.
Value numeric(const Value &value);
/// As PyTorch's .to(dtype). Throws Error for types that cannot be written (packed ones).
Value cast(const Value &value, DType dtype);

enum class Access : std::uint8_t {
    InPlace, ///< the mapped file's own bytes where they lie so that they can be used; never written to; keeps the checkpoint alive
    Copied,  ///< memory of its own: goes when the tensor goes, while touched pages of a mapped file stay
};
/// A tensor of the checkpoint with its shape. Packed types come decoded as F32. Throws Error.
Value loadTensor(const CheckpointPtr &checkpoint, std::size_t index, Access access);

inline Shape shapeOf(const at::Tensor &tensor) { return {tensor.sizes().begin(), tensor.sizes().end()}; }
/// Row-major bytes; `tensor` must be contiguous and outlive them.
std::span<const std::byte> bytesOf(const at::Tensor &tensor);

} // namespace rekey

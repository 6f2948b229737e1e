// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/dtype.h"

#include <optional>
#include <string_view>

namespace rekey {

/// "bfloat16", "half" … as in torch.bfloat16.
std::optional<DType> dtypeFromTorch(std::string_view name);
/// torch's own name: "bfloat16"; empty for types that torch has not.
std::string_view torchName(DType dtype);

struct StorageClass
{
    DType dtype = DType::U8;
    bool untyped = false; ///< counts bytes, whatever they mean
};
/// "FloatStorage" in module torch, torch.cuda or torch.storage; nothing for other names.
std::optional<StorageClass> storageClass(std::string_view module, std::string_view name);
/// "FloatStorage" of a type that has a typed storage; empty for the others.
std::string_view storageClassName(DType dtype);
/// "FloatTensor", as torch before 0.4 named whole tensors.
bool isTensorClass(std::string_view module, std::string_view name);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tensorcomputer.h"

#include "core/base/error.h"
#include "core/runtime/tensorsource.h"

#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace rekey {

namespace {

constexpr std::int64_t blockElements = 1 << 18;

template <class Number>
void countRounding(const at::Tensor &before, const at::Tensor &after, Rounding &rounding)
{
    const at::Tensor exact = before.contiguous(), rounded = after.to(exact.scalar_type()).contiguous();
    const Number *from = exact.data_ptr<Number>(), *to = rounded.data_ptr<Number>();
    Number largest = 0;
    for (std::int64_t i = 0; i < exact.numel(); ++i) {
        const Number error = std::abs(from[i] - to[i]);
        if (error <= std::numeric_limits<Number>::max())
            largest = std::max(largest, error);
        else
            rounding.overflows += std::isfinite(from[i]) && !std::isfinite(to[i]) ? 1 : 0;
    }
    rounding.largest = std::max(rounding.largest, static_cast<double>(largest));
}

/// Casts and counts what that costs.
Value castCounting(const Value &value, DType dtype, Rounding &rounding)
{
    const Value result = cast(value, dtype);
    if (value.dtype == dtype || info(dtype).kind != DTypeKind::Float || info(value.dtype).kind == DTypeKind::Complex)
        return result;
    const at::Tensor before = numeric(value).tensor, after = numeric(result).tensor;
    if (before.is_floating_point() && before.scalar_type() != at::kDouble)
        countRounding<float>(before.to(at::kFloat), after, rounding);
    else
        countRounding<double>(before.to(at::kDouble), after, rounding);
    return result;
}

class LibTorchComputer final : public TensorComputer
{
public:
    LibTorchComputer(const ModelWeights &weights, const Schema &target, const Resolution &resolution)
    {
        if (!weights.mapping)
            throw std::logic_error("a conversion without a mapping");
        const TensorSourcePtr kept = weights.target != nullptr && weights.target->hasValues()
                                         ? checkpointSource(weights.target, Access::Copied)
                                         : nullptr;
        m_tensors = mappedSource(checkpointSource(weights.checkpoint, Access::Copied), *weights.mapping, resolution, target, kept);
    }

    void push(std::size_t index, DType dtype, const ByteSink &sink, Rounding &rounding, const Progress &progress) const override
    {
        const c10::InferenceMode mode;
        try {
            const Value whole = m_tensors->tensor(index);
            const Value flat{whole.tensor.contiguous().flatten(), whole.dtype};
            for (std::int64_t first = 0; first < flat.tensor.numel(); first += blockElements) {
                progress.check();
                pushCast({flat.tensor.slice(0, first, first + blockElements), flat.dtype}, dtype, sink, rounding);
            }
        } catch (const c10::Error &error) {
            const Schema &target = m_tensors->schema();
            throw Error(displayText(target.name), displayText(target.tensors[index].key), error.what_without_backtrace());
        }
    }

    void cast(std::span<const std::byte> values, DType from, DType to, const ByteSink &sink, Rounding &rounding) const override
    {
        const c10::InferenceMode mode;
        try {
            // Read only: from_blob knows no const.
            auto *data = const_cast<std::byte *>(values.data());
            const auto count = static_cast<std::int64_t>(values.size() / info(from).blockBytes);
            pushCast({at::from_blob(data, {count}, at::TensorOptions(bitsType(from).value())), from}, to, sink, rounding);
        } catch (const c10::Error &error) {
            throw Error("LibTorch", "", error.what_without_backtrace());
        }
    }

private:
    static void pushCast(const Value &block, DType dtype, const ByteSink &sink, Rounding &rounding)
    {
        const at::Tensor result = castCounting(block, dtype, rounding).tensor.contiguous();
        sink(bytesOf(result));
    }

    TensorSourcePtr m_tensors;
};

} // namespace

std::unique_ptr<TensorComputer> tensorComputer(const ModelWeights &weights, const Schema &target, const Resolution &resolution)
{
    return std::make_unique<LibTorchComputer>(weights, target, resolution);
}

} // namespace rekey

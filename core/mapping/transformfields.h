// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/transform.h"

#include <array>
#include <string_view>
#include <type_traits>

namespace rekey {

/// Names of the steps, by BasicStep's index.
inline constexpr std::array<std::string_view, std::variant_size_v<BasicStep>> stepNames = {
    "concat", "split", "slice", "pad", "permute", "transpose", "reshape", "squeeze", "unsqueeze", "stack", "unstack",
    "interleave", "repeat", "interpolate", "cast", "scale", "add", "sum", "negate", "fuse_weight_norm", "split_weight_norm",
    "fold_batch_norm"};

/// What Interpolate::mode may be: one dimension, two, two.
inline constexpr std::array<std::string_view, 3> interpolationModes = {"linear", "bilinear", "bicubic"};

/// How a field of a step is written.
struct StepField
{
    std::string_view name;      ///< in JSON
    std::string_view label;     ///< in text, before the value; empty: the value alone, by position
    bool required = true;       ///< others are left out where they have their default
    std::string_view separator = ","; ///< of lists, in text
};

/// Calls visit(field, member) for every field of a step, in writing order. The one list of them: JSON, text and parsers
/// follow it.
template <class AnyStep, class Visitor>
void visitFields(AnyStep &step, Visitor &&visit)
{
    using S = std::remove_const_t<AnyStep>;
    constexpr bool hasDim = requires { step.dim; } && !std::is_same_v<S, Interpolate>;
    if constexpr (hasDim)
        visit(StepField{"dim", "dim"}, step.dim);
    if constexpr (std::is_same_v<S, Split>) {
        visit(StepField{"parts", "into", false}, step.parts);
        visit(StepField{"sizes", "sizes", false}, step.sizes);
    } else if constexpr (std::is_same_v<S, Slice>) {
        visit(StepField{"start", "from"}, step.start);
        visit(StepField{"end", "to", false}, step.end);
        visit(StepField{"step", "step", false}, step.step);
    } else if constexpr (std::is_same_v<S, Pad>) {
        visit(StepField{"before", "before"}, step.before);
        visit(StepField{"after", "after"}, step.after);
        visit(StepField{"value", "value", false}, step.value);
    } else if constexpr (std::is_same_v<S, Permute>) {
        visit(StepField{"dims", ""}, step.dims);
    } else if constexpr (std::is_same_v<S, Transpose>) {
        visit(StepField{"dim0", ""}, step.dim0);
        visit(StepField{"dim1", ""}, step.dim1);
    } else if constexpr (std::is_same_v<S, Reshape>) {
        visit(StepField{"shape", "", true, "×"}, step.shape);
    } else if constexpr (std::is_same_v<S, Interleave>) {
        visit(StepField{"outer", "outer", false}, step.outer);
        visit(StepField{"a", "a"}, step.a);
        visit(StepField{"b", "b"}, step.b);
    } else if constexpr (std::is_same_v<S, Repeat>) {
        visit(StepField{"times", "times"}, step.times);
    } else if constexpr (std::is_same_v<S, Interpolate>) {
        visit(StepField{"dim", "dim"}, step.dim);
        visit(StepField{"sizes", "to", true, "×"}, step.sizes);
        visit(StepField{"keep", "keep", false}, step.keep);
        visit(StepField{"flattened", "flattened", false}, step.flattened);
        visit(StepField{"mode", "mode", false}, step.mode);
    } else if constexpr (std::is_same_v<S, Cast>) {
        visit(StepField{"dtype", ""}, step.dtype);
    } else if constexpr (std::is_same_v<S, Scale>) {
        visit(StepField{"factor", ""}, step.factor);
    } else if constexpr (std::is_same_v<S, Add>) {
        visit(StepField{"value", ""}, step.value);
    } else if constexpr (std::is_same_v<S, FoldBatchNorm>) {
        visit(StepField{"eps", "eps", false}, step.eps);
        visit(StepField{"bias", "bias", false}, step.hasBias);
    }
}

/// A step of that name with default fields; nothing for unknown names.
std::optional<BasicStep> stepByName(std::string_view name);
/// "concat, split, …"
std::string knownStepNames();

/// What a list-shaped step needs: it takes or gives lists of another length, so that `only` makes no sense.
inline bool changesList(const BasicStep &step)
{
    return std::visit([](const auto &s) {
        using S = std::decay_t<decltype(s)>;
        return std::is_same_v<S, Concat> || std::is_same_v<S, Split> || std::is_same_v<S, Stack> || std::is_same_v<S, Unstack>
            || std::is_same_v<S, Sum> || std::is_same_v<S, FuseWeightNorm> || std::is_same_v<S, SplitWeightNorm>
            || std::is_same_v<S, FoldBatchNorm>;
    }, step);
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/pythonsteps.h"

#include "core/base/error.h"
#include "core/mapping/transformfields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <map>

namespace rekey {

namespace {

struct Helper
{
    std::string_view step;     ///< as in stepNames
    std::string_view function; ///< in Python, where the step's own name is taken
    bool each;                 ///< needs each()
    std::string_view code;
};

constexpr std::string_view eachCode = R"(def each(function: Callable[[torch.Tensor], torch.Tensor], only: Optional[int] = None) -> Step:
    """Acts on every tensor of the list, or on the one at index `only`."""
    return lambda tensors: [function(t) if only in (None, i) else t for i, t in enumerate(tensors)]
)";

constexpr std::string_view wideCode = R"(def wide(tensor: torch.Tensor) -> torch.Tensor:
    """At least 32 bits, for what torch does not compute in 16 bits on a CPU."""
    return tensor.float() if tensor.element_size() < 4 else tensor
)";

constexpr std::string_view normCode = R"(def norm_except(v: torch.Tensor, dim: int) -> torch.Tensor:
    others = [d for d in range(v.dim()) if d != dim % v.dim()]
    return v.norm(2, others, True) if others else v.abs()
)";

constexpr std::array<Helper, std::variant_size_v<BasicStep>> helpers = {{
    {"concat", "concat", false, R"(def concat(dim: int) -> Step:
    """Joins all tensors along a dimension."""
    return lambda tensors: [torch.cat(tensors, dim)]
)"},
    {"split", "split", false, R"(def split(dim: int, parts: Union[int, List[int]]) -> Step:
    """Splits one tensor into equal parts, or into parts of the given sizes."""

    def step(tensors: List[torch.Tensor]) -> List[torch.Tensor]:
        (tensor,) = tensors
        sizes = [tensor.shape[dim] // parts] * parts if isinstance(parts, int) else parts
        return list(tensor.split(sizes, dim))

    return step
)"},
    {"slice", "cut", true, R"(def cut(dim: int, start: int, end: Optional[int] = None, step: int = 1, only: Optional[int] = None) -> Step:
    """Keeps [start, end) of a dimension."""
    return each(lambda t: t[(slice(None),) * (dim % t.dim()) + (slice(start, end, step),)], only)
)"},
    {"pad", "pad", true, R"(def pad(dim: int, before: int, after: int, value: float = 0, only: Optional[int] = None) -> Step:
    """Adds `before` and `after` entries of `value` at the ends of a dimension."""

    def one(t: torch.Tensor) -> torch.Tensor:
        shape = list(t.shape)
        shape[dim] += before + after
        padded = torch.full(shape, value, dtype=torch.float64).to(t.dtype)
        padded.narrow(dim, before, t.shape[dim]).copy_(t)
        return padded

    return each(one, only)
)"},
    {"permute", "permute", true, R"(def permute(*dims: int, only: Optional[int] = None) -> Step:
    """Dimension i of the result is dimension dims[i]."""
    return each(lambda t: t.permute(dims), only)
)"},
    {"transpose", "transpose", true, R"(def transpose(dim0: int, dim1: int, only: Optional[int] = None) -> Step:
    return each(lambda t: t.transpose(dim0, dim1), only)
)"},
    {"reshape", "reshape", true, R"(def reshape(*shape: int, only: Optional[int] = None) -> Step:
    """Same values in the same order; -1 is inferred, 0 keeps that dimension."""
    return each(lambda t: t.reshape([t.shape[i] if n == 0 and i < t.dim() else n for i, n in enumerate(shape)]), only)
)"},
    {"squeeze", "squeeze", true, R"(def squeeze(dim: int, only: Optional[int] = None) -> Step:
    return each(lambda t: t.squeeze(dim), only)
)"},
    {"unsqueeze", "unsqueeze", true, R"(def unsqueeze(dim: int, only: Optional[int] = None) -> Step:
    return each(lambda t: t.unsqueeze(dim), only)
)"},
    {"stack", "stack", false, R"(def stack(dim: int) -> Step:
    return lambda tensors: [torch.stack(tensors, dim)]
)"},
    {"unstack", "unstack", false, R"(def unstack(dim: int) -> Step:
    return lambda tensors: list(tensors[0].unbind(dim))
)"},
    {"interleave", "interleave", true, R"(def interleave(dim: int, outer: int, a: int, b: int, only: Optional[int] = None) -> Step:
    """A dimension seen as [outer, a, b, rest] becomes [outer, b, a, rest]."""

    def one(t: torch.Tensor) -> torch.Tensor:
        at = dim % t.dim()
        seen = t.reshape(*t.shape[:at], outer, a, b, t.shape[at] // (outer * a * b), *t.shape[at + 1 :])
        return seen.transpose(at + 1, at + 2).reshape(t.shape)

    return each(one, only)
)"},
    {"repeat", "repeat", true, R"(def repeat(dim: int, times: int, only: Optional[int] = None) -> Step:
    """The tensor `times` times after itself along a dimension."""
    return each(lambda t: t.repeat([times if d == dim % t.dim() else 1 for d in range(t.dim())]), only)
)"},
    {"interpolate", "interpolate", true, R"(def interpolate(dim: int, sizes: List[int], keep: int = 0, flattened: bool = False, mode: str = "bicubic", only: Optional[int] = None) -> Step:
    """Brings a position table to another grid; `keep` leading rows are copied."""

    def one(t: torch.Tensor) -> torch.Tensor:
        at, values = dim % t.dim(), wide(t)
        grid = len(sizes) == 2 and not flattened
        last = values.movedim((at, at + 1), (-2, -1)) if grid else values.movedim(at, -1)
        kept, table = (last, last) if grid else (last[..., :keep], last[..., keep:])
        rows = last.shape[:-2] if grid else last.shape[:-1]
        side = round(table.shape[-1] ** 0.5)
        old = table.shape[-2:] if grid else [side, side] if len(sizes) == 2 else table.shape[-1:]
        resized = torch.nn.functional.interpolate(table.reshape(1, -1, *old), size=sizes, mode=mode, align_corners=False)
        if grid:
            return resized.reshape(*rows, *sizes).movedim((-2, -1), (at, at + 1)).to(t.dtype)
        return torch.cat([kept, resized.reshape(*rows, -1)], -1).movedim(-1, at).to(t.dtype)

    return each(one, only)
)"},
    {"cast", "cast", true, R"(def cast(dtype: torch.dtype, only: Optional[int] = None) -> Step:
    return each(lambda t: t.to(dtype), only)
)"},
    {"scale", "scale", true, R"(def scale(factor: float, only: Optional[int] = None) -> Step:
    return each(lambda t: t * factor, only)
)"},
    {"add", "plus", true, R"(def plus(value: float, only: Optional[int] = None) -> Step:
    return each(lambda t: t + value, only)
)"},
    {"sum", "total", false, R"(def total() -> Step:
    """The sum of all tensors."""

    def step(tensors: List[torch.Tensor]) -> List[torch.Tensor]:
        result = tensors[0]
        for tensor in tensors[1:]:
            result = result + tensor
        return [result]

    return step
)"},
    {"negate", "negate", true, R"(def negate(only: Optional[int] = None) -> Step:
    return each(lambda t: -t, only)
)"},
    {"fuse_weight_norm", "fuse_weight_norm", false, R"(def fuse_weight_norm(dim: int) -> Step:
    """[g, v] of torch.nn.utils.weight_norm to the weight g * v / |v|."""

    def step(tensors: List[torch.Tensor]) -> List[torch.Tensor]:
        g, v = map(wide, tensors)
        norm = norm_except(v, dim)
        return [(v * (g.reshape(norm.shape) / norm)).to(torch.promote_types(tensors[0].dtype, tensors[1].dtype))]

    return step
)"},
    {"split_weight_norm", "split_weight_norm", false, R"(def split_weight_norm(dim: int) -> Step:
    """A weight to [g, v] of torch.nn.utils.weight_norm."""
    return lambda tensors: [norm_except(wide(tensors[0]), dim).to(tensors[0].dtype), tensors[0]]
)"},
    {"fold_batch_norm", "fold_batch_norm", false, R"(def fold_batch_norm(eps: float = 1e-5, bias: bool = False) -> Step:
    """[weight, (bias,) gamma, beta, mean, variance] to [weight, bias] of the layer with the norm folded in."""

    def step(tensors: List[torch.Tensor]) -> List[torch.Tensor]:
        weight, *own, gamma, beta, mean, variance = map(wide, tensors)
        inverse = (variance + eps).rsqrt()
        folded = weight * (gamma * inverse).reshape(-1, *[1] * (weight.dim() - 1))
        shift = ((own[0] if bias else torch.zeros_like(mean)) - mean) * inverse * gamma + beta
        return [folded.to(tensors[0].dtype), shift.to(tensors[0].dtype)]

    return step
)"},
}};

std::string valueText(const std::string &value) { return '"' + value + '"'; }
std::string valueText(bool value) { return value ? "True" : "False"; }
std::string valueText(int value) { return fmt::format("{}", value); }
std::string valueText(std::int64_t value) { return value == INT64_MAX ? "None" : fmt::format("{}", value); }
std::string valueText(double value) { return fmt::format("{}", value); }
std::string valueText(DType value) { return pythonDType(value); }
template <class Number>
std::string valueText(const std::vector<Number> &values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

/// Arguments in the order of the Python functions; only those at the end are left out where they have their default.
std::string arguments(const BasicStep &step)
{
    std::vector<std::string> texts;
    std::visit([&texts](const auto &op) {
        using S = std::decay_t<decltype(op)>;
        if constexpr (std::is_same_v<S, Split>) {
            texts = {valueText(op.dim), op.sizes.empty() ? valueText(op.parts) : valueText(op.sizes)};
        } else if constexpr (std::is_same_v<S, Permute>) {
            texts = {fmt::format("{}", fmt::join(op.dims, ", "))};
        } else if constexpr (std::is_same_v<S, Reshape>) {
            if (!op.shape.empty())
                texts = {fmt::format("{}", fmt::join(op.shape, ", "))};
        } else {
            std::vector<std::pair<std::string, bool>> all;
            const S standard;
            std::map<std::string_view, std::string> defaults;
            visitFields(standard, [&](const StepField &field, const auto &value) { defaults[field.name] = valueText(value); });
            visitFields(op, [&](const StepField &field, const auto &value) {
                const std::string text = valueText(value);
                all.emplace_back(text, !field.required && text == defaults[field.name]);
            });
            // `outer` stands before required arguments.
            while (!all.empty() && all.back().second)
                all.pop_back();
            for (const auto &[text, standardValue] : all)
                texts.push_back(text);
        }
    }, step);
    return fmt::format("{}", fmt::join(texts, ", "));
}

const Helper &helperOf(const Step &step)
{
    return helpers[step.op.index()];
}

} // namespace

std::string pythonDType(DType dtype)
{
    switch (dtype) {
    case DType::F64: return "torch.float64";
    case DType::F32: return "torch.float32";
    case DType::F16: return "torch.float16";
    case DType::BF16: return "torch.bfloat16";
    case DType::I64: return "torch.int64";
    case DType::I32: return "torch.int32";
    case DType::I16: return "torch.int16";
    case DType::I8: return "torch.int8";
    case DType::U8: return "torch.uint8";
    case DType::Bool: return "torch.bool";
    case DType::C64: return "torch.complex64";
    case DType::C128: return "torch.complex128";
    case DType::F8E4M3: return "torch.float8_e4m3fn";
    case DType::F8E5M2: return "torch.float8_e5m2";
    default: throw Error({}, std::string(name(dtype)), "is an element type that torch does not have; a Python script cannot write it");
    }
}

std::string pythonSteps(const Transform &transform, std::set<std::string> &used)
{
    std::string text = "[";
    for (const Step &step : transform) {
        const Helper &helper = helperOf(step);
        used.emplace(helper.step);
        std::string given = arguments(step.op);
        if (step.only >= 0)
            given += fmt::format("{}only={}", given.empty() ? "" : ", ", step.only);
        text += fmt::format("{}{}({})", text.size() > 1 ? ", " : "", helper.function, given);
    }
    return text + "]";
}

std::string pythonHelpers(const std::set<std::string> &used)
{
    bool each = false, wide = false, norm = false;
    std::string text;
    for (const Helper &helper : helpers) {
        if (!used.contains(std::string(helper.step)))
            continue;
        each = each || helper.each;
        wide = wide || helper.code.find("wide(") != std::string_view::npos || helper.code.find("map(wide") != std::string_view::npos;
        norm = norm || helper.code.find("norm_except(") != std::string_view::npos;
        text += "\n" + std::string(helper.code) + "\n";
    }
    std::string before;
    if (each)
        before += "\n" + std::string(eachCode) + "\n";
    if (wide)
        before += "\n" + std::string(wideCode) + "\n";
    if (norm)
        before += "\n" + std::string(normCode) + "\n";
    return before + text;
}

} // namespace rekey

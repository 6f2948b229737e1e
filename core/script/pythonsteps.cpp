// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/pythonsteps.h"

#include "core/base/error.h"
#include "core/mapping/transformfields.h"
#include "core/script/pythontemplate.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <vector>

namespace rekey {

namespace {

/// The step's own name, or another where Python or torch have taken it.
std::string_view functionName(std::string_view step)
{
    return step == "slice" ? "cut" : step == "sum" ? "total" : step;
}

std::string valueText(const std::string &value) { return '"' + value + '"'; }
std::string valueText(bool value) { return value ? "True" : "False"; }
std::string valueText(int value) { return fmt::format("{}", value); }
std::string valueText(std::int64_t value) { return value == INT64_MAX ? "None" : fmt::format("{}", value); }
std::string valueText(double value) { return fmt::format("{}", value); }
std::string valueText(DType value) { return pythonDType(value); }
template <class Number>
std::string valueText(const std::vector<Number> &values) { return fmt::format("[{}]", fmt::join(values, ", ")); }

/// By position; those after one that has its default are named.
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
            const S standard;
            std::map<std::string_view, std::string> defaults;
            visitFields(standard, [&](const StepField &field, const auto &value) { defaults[field.name] = valueText(value); });
            bool named = false;
            visitFields(op, [&](const StepField &field, const auto &value) {
                const std::string text = valueText(value);
                const bool optional = !field.required && field.name != "outer"; // which stands before required ones
                if (optional && text == defaults[field.name])
                    named = true;
                else
                    texts.push_back(named ? fmt::format("{}={}", field.name, text) : text);
            });
        }
    }, step);
    return fmt::format("{}", fmt::join(texts, ", "));
}

/// The functions of steps.py in their order: name and text.
std::vector<std::pair<std::string_view, std::string_view>> functions()
{
    constexpr std::string_view between = "\n\n\ndef ";
    std::vector<std::pair<std::string_view, std::string_view>> result;
    std::string_view text = pythonStepsPart;
    while (!text.empty()) {
        const std::size_t end = text.find(between);
        const std::string_view code = text.substr(0, end == std::string_view::npos ? text.find_last_not_of('\n') + 1 : end);
        result.emplace_back(code.substr(4, code.find('(') - 4), code);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 3);
    }
    return result;
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
        const std::string_view function = functionName(stepNames.at(step.op.index()));
        used.emplace(function);
        const std::string call = fmt::format("{}({})", function, arguments(step.op));
        if (step.only >= 0)
            used.emplace("only");
        text += (text.size() > 1 ? ", " : "") + (step.only >= 0 ? fmt::format("only({}, {})", step.only, call) : call);
    }
    return text + "]";
}

std::string pythonFunctions(std::set<std::string> used)
{
    const auto all = functions();
    for (const auto &[name, code] : all) {
        for (const char *helper : {"wide", "norm_except"}) {
            if (used.contains(std::string(name)) && code.find(helper) != std::string_view::npos)
                used.insert(helper);
        }
    }
    std::string text;
    for (const auto &[name, code] : all) {
        if (used.contains(std::string(name)))
            text += (text.empty() ? "" : "\n\n\n") + std::string(code);
    }
    return text;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/torchscript.h"

#include "core/base/error.h"
#include "core/runtime/operatorcancel.h"
#include "core/runtime/preparation.h"
#include "core/runtime/tensorsource.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <chrono>

namespace rekey {

namespace {

/// The last line of an interpreter's message is the sentence; the lines before it quote the program.
std::string lastLine(std::string_view message)
{
    while (!message.empty() && (message.back() == '\n' || message.back() == ' '))
        message.remove_suffix(1);
    const std::size_t start = message.rfind('\n');
    return displayText(start == std::string_view::npos ? message : message.substr(start + 1), 400);
}

/// Runs code of the module: whatever it throws becomes a sentence about the file.
template <class Work> auto guardedScript(const std::filesystem::path &file, const char *part, const Work &work)
{
    try {
        return work();
    } catch (const Error &) {
        throw;
    } catch (const Cancelled &) {
        throw;
    } catch (const std::bad_alloc &) {
        throw;
    } catch (const c10::Error &error) {
        throw Error(file.string(), part, lastLine(error.what_without_backtrace()));
    } catch (const std::exception &error) {
        throw Error(file.string(), part, lastLine(error.what()));
    }
}

struct Slot
{
    std::string key;
    at::Tensor tensor;
};

std::vector<Slot> slotsOf(const torch::jit::Module &module)
{
    std::vector<Slot> slots;
    for (const auto &parameter : module.named_parameters())
        slots.push_back({parameter.name, parameter.value});
    for (const auto &buffer : module.named_buffers())
        slots.push_back({buffer.name, buffer.value});
    return slots;
}

DType dtypeOf(const at::Tensor &tensor, const std::string &file, const std::string &key)
{
    for (std::size_t i = 0; i < static_cast<std::size_t>(DType::Count); ++i) {
        if (scalarType(static_cast<DType>(i)) == tensor.scalar_type())
            return static_cast<DType>(i);
    }
    throw Error(file, displayText(key), std::string("has the type ") + c10::toString(tensor.scalar_type()) + ", which cannot be filled");
}

Schema schemaOf(const std::vector<Slot> &slots, const std::filesystem::path &file)
{
    Schema schema;
    schema.name = file.filename().string();
    for (const Slot &slot : slots) {
        const auto own = static_cast<std::uint32_t>(schema.tensors.size());
        schema.tensors.push_back({slot.key, shapeOf(slot.tensor), dtypeOf(slot.tensor, file.string(), slot.key), own});
    }
    return schema;
}

/// The mapping that leaves every name as it is.
Mapping equalNames(const Schema &target)
{
    Mapping mapping;
    for (const SchemaTensor &tensor : target.tensors) {
        Rule rule;
        rule.sources = rule.targets = {Pattern::literal(tensor.key)};
        mapping.rules.push_back(std::move(rule));
    }
    return mapping;
}

class Outputs
{
public:
    void add(const std::string &name, const c10::IValue &value)
    {
        if (value.isTensor()) {
            addTensor(name, value.toTensor());
        } else if (value.isTuple()) {
            addTuple(name, *value.toTuple());
        } else if (value.isGenericDict()) {
            for (const auto &entry : value.toGenericDict())
                add(below(name, entry.key().isString() ? entry.key().toStringRef() : std::to_string(m_found.size())), entry.value());
        } else if (value.isList()) {
            const c10::ArrayRef<c10::IValue> items = value.toListRef();
            for (std::size_t i = 0; i < items.size(); ++i)
                add(below(name, std::to_string(i)), items[i]);
        } else if (value.isDouble() || value.isInt() || value.isBool()) {
            addTensor(name, at::scalar_tensor(value.toScalar(), at::kFloat));
        }
    }

    std::vector<ScriptOutput> take() { return std::move(m_found); }

private:
    static std::string below(const std::string &name, const std::string &part) { return name.empty() ? part : name + '.' + part; }

    void addTuple(const std::string &name, const c10::ivalue::Tuple &tuple)
    {
        const auto &schema = tuple.type()->schema();
        const bool named = schema != nullptr && schema->arguments().size() == tuple.elements().size();
        for (std::size_t i = 0; i < tuple.elements().size(); ++i)
            add(below(name, named ? schema->arguments()[i].name() : std::to_string(i)), tuple.elements()[i]);
    }

    void addTensor(const std::string &name, const at::Tensor &tensor)
    {
        if (!tensor.defined())
            return;
        const at::Tensor real = tensor.is_complex() ? tensor.abs() : tensor;
        const at::Tensor plain = (real.is_quantized() ? real.dequantize() : real).to(at::kCPU, at::kFloat).contiguous();
        const float *values = plain.data_ptr<float>();
        m_found.push_back({name, shapeOf(plain), {values, values + plain.numel()}});
    }

    std::vector<ScriptOutput> m_found;
};

class TorchScriptModule final : public ScriptModule
{
public:
    TorchScriptModule(const ScriptModuleRequest &request, const Progress &progress)
        : m_file(request.file)
    {
        progress.step(0, 2, "opening the module");
        m_module = guardedScript(m_file, "TorchScript", [&] { return torch::jit::load(m_file.string(), c10::Device(c10::kCPU)); });
        guardedScript(m_file, "eval()", [&] { m_module.eval(); });
        checkForward();
        progress.step(1, 2, "filling the module");
        if (request.source != nullptr)
            fill(request, progress.part(0.5, 1));
    }

    std::string description() const override
    {
        const std::string name = m_module.type()->name() ? m_module.type()->name()->name() : "module";
        return fmt::format("TorchScript {}, {} parameters, {} buffers", displayText(name), m_module.parameters().size(),
                           m_module.buffers().size());
    }

    std::size_t filled() const override { return m_filled; }
    std::vector<std::string> notFilled() const override { return m_notFilled; }
    double milliseconds() const override { return m_milliseconds; }

    std::vector<ScriptOutput> run(const Image &image, const ImagePreparation &preparation, const Progress &progress) override
    {
        const c10::InferenceMode mode;
        progress.step(0, 2, "running the module");
        const PreparedImage prepared = prepareImage(image, preparation);
        const at::Tensor pixels
            = at::tensor(at::ArrayRef<float>(prepared.values)).view({1, 3, prepared.height, prepared.width}).to(inputType());
        const auto start = std::chrono::steady_clock::now();
        const c10::IValue result = guardedScript(m_file, "forward", [&] { return forward(pixels, progress); });
        m_milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
        progress.check();
        Outputs outputs;
        outputs.add("", result);
        std::vector<ScriptOutput> found = outputs.take();
        if (found.empty())
            throw Error(m_file.string(), "forward", "gives no tensor, so there is nothing to show");
        return found;
    }

private:
    c10::IValue forward(const at::Tensor &pixels, const Progress &progress)
    {
        const CancelBetweenOperators cancel(progress);
        try {
            return m_module.forward({pixels});
        } catch (...) {
            progress.check(); // the interpreter wraps what a cancelled operator throws
            throw;
        }
    }

    void checkForward() const
    {
        const auto method = m_module.find_method("forward");
        if (!method)
            throw Error(m_file.string(), "forward", "is missing: the module cannot be run");
        const std::vector<c10::Argument> &arguments = method->function().getSchema().arguments();
        const auto needed = std::ranges::count_if(arguments, [](const c10::Argument &argument) { return !argument.default_value(); });
        if (needed != 2) // itself and the picture
            throw Error(m_file.string(), "forward", fmt::format("takes {} arguments; one, a picture, can be given", needed - 1));
    }

    /// Of the first floating-point parameter: a module in half precision wants its pictures so.
    at::ScalarType inputType() const
    {
        for (const at::Tensor &parameter : m_module.parameters()) {
            if (parameter.is_floating_point())
                return parameter.scalar_type();
        }
        return at::kFloat;
    }

    void fill(const ScriptModuleRequest &request, const Progress &progress)
    {
        const c10::InferenceMode mode;
        const std::vector<Slot> slots = slotsOf(m_module);
        const Schema target = schemaOf(slots, m_file), &source = request.source->schema();
        const Mapping mapping = request.mapping ? *request.mapping : equalNames(target);
        Resolution resolution = resolve(mapping, source, target);
        checkApplies(mapping, resolution, source, target);
        const std::vector<TargetOutcome> outcomes = resolution.targets;
        const TensorSourcePtr values = inSchemaTypes(
            mappedSource(checkpointSource(request.source, Access::InPlace), mapping, std::move(resolution), target, nullptr));
        for (std::size_t i = 0; i < slots.size(); ++i) {
            progress.step(i, slots.size(), "filling the module");
            const TargetOutcome &outcome = outcomes[i];
            if (outcome.status == TargetStatus::Mismatched || outcome.status == TargetStatus::Conflicting)
                throw Error(m_file.string(), displayText(slots[i].key), outcome.why);
            const bool initialised = outcome.status == TargetStatus::Initialised && mapping.rules[outcome.rule].init != InitPolicy::Keep;
            if (outcome.status == TargetStatus::Filled || initialised) {
                at::Tensor(slots[i].tensor).copy_(values->tensor(i).tensor);
                ++m_filled;
            } else if (outcome.status != TargetStatus::Initialised) {
                m_notFilled.push_back(slots[i].key);
            }
        }
        if (m_filled == 0)
            throw Error(m_file.string(), {},
                        "gets nothing from " + displayText(request.source->name()) + ": no key of one is a key of the other");
    }

    std::filesystem::path m_file;
    torch::jit::Module m_module;
    std::size_t m_filled = 0;
    std::vector<std::string> m_notFilled;
    double m_milliseconds = 0;
};

} // namespace

std::unique_ptr<ScriptModule> openTorchScript(const ScriptModuleRequest &request, const Progress &progress)
{
    if (!request.executionAllowed)
        throw Error(request.file.string(), "TorchScript",
                    "is a program, not only data: opening it to run it executes code from the file; allow that only for a file whose maker "
                    "you trust");
    const CheckpointPtr listing = openCheckpoint(request.file);
    if (listing->format() != "torchscript")
        throw Error(request.file.string(), {},
                    "is " + std::string(listing->formatText())
                        + ", not a TorchScript module; torch.jit.script or torch.jit.trace make one");
    return std::make_unique<TorchScriptModule>(request, progress);
}

} // namespace rekey

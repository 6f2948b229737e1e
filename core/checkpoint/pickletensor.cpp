// SPDX-License-Identifier: GPL-3.0-or-later
// The functions that PyTorch rebuilds tensors with: https://github.com/pytorch/pytorch/blob/main/torch/_utils.py
#include "core/checkpoint/pickletensor.h"

#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/smallvalues.h"
#include "core/checkpoint/sparsetensor.h"
#include "core/checkpoint/tensorgeometry.h"
#include "core/checkpoint/torchnames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace rekey {

namespace {

using Type = PickleValue::Type;
using Arguments = std::vector<PickleValue>;

class Builder
{
public:
    /// `wrapped`: how many builders stand around this one, which bounds the recursion.
    Builder(PickleFile &file, const Path &path, std::size_t wrapped = 0) : m_file(file), m_graph(file.graph), m_wrapped(wrapped)
    {
        m_result.entry.path = path;
    }

    bool build(PickleValue value);
    PickledTensor take() { return std::move(m_result); }

private:
    [[noreturn]] void fail(std::string reason) const
    {
        m_file.fail(fmt::format("tensor \"{}\"", displayText(pathText(m_result.entry.path))), std::move(reason));
    }
    void need(const Arguments &arguments, std::size_t count) const
    {
        if (arguments.size() < count)
            fail(fmt::format("it is built from {} arguments, at least {} were expected", arguments.size(), count));
    }

    void dense(PickleValue storage, PickleValue offset, PickleValue size, PickleValue stride, std::optional<DType> dtype = {},
               std::optional<PickleValue> metadata = {});
    StorageReference reference(PickleValue storage);
    DType dtypeOf(PickleValue value) const;
    void requireGrad(PickleValue value);
    void noteHooks(PickleValue value);
    void parameter(std::string_view name, const Arguments &arguments);
    bool fromType(const Arguments &arguments);
    void quantised(const Arguments &arguments);
    std::vector<double> channelParameters(PickleValue value, std::size_t channels);
    std::vector<double> numbersOf(const std::vector<PickleValue> &values) const;
    void sparse(const Arguments &arguments);
    void nested(const Arguments &arguments);
    void meta(const Arguments &arguments);
    void device(const Arguments &arguments);
    const TensorEntry &part(const char *name, PickleValue value);
    bool byName(std::string_view module, std::string_view name, const PickleCall &call);

    PickleFile &m_file;
    PickleGraph &m_graph;
    PickledTensor m_result;
    std::size_t m_wrapped;
};

StorageReference Builder::reference(PickleValue storage)
{
    if (storage.is(Type::Persistent))
        return m_file.storages[storage.index];
    const bool isNested = storage.is(Type::Call) && m_graph.isGlobal(m_graph.call(storage).callable, "torch.storage", "_load_from_bytes");
    if (!isNested || !m_file.readNested)
        fail("it is built from something that is no storage");
    const auto &arguments = m_graph.arguments(m_graph.call(storage));
    if (arguments.size() != 1 || !arguments[0].is(Type::Bytes))
        fail("it is built from a nested file without bytes");
    const std::string_view bytes = arguments[0].text();
    PickleFile inner(m_file.content, m_file.budget, m_file.part + ": nested file");
    inner.source = {std::as_bytes(std::span(bytes.data(), bytes.size())), m_file.source.offsetOf(bytes)};
    inner.nesting = m_file.nesting + 1;
    inner.readNested = m_file.readNested;
    const PickleValue root = m_file.readNested(inner.source, inner);
    inner.reportGlobals();
    if (!root.is(Type::Persistent))
        fail("the nested file that it is built from holds no storage");
    return inner.storages[root.index];
}

void Builder::dense(PickleValue storage, PickleValue offset, PickleValue size, PickleValue stride, std::optional<DType> dtype,
                    std::optional<PickleValue> metadata)
{
    const StorageReference from = reference(storage);
    TensorEntry &entry = m_result.entry;
    entry.kind = TensorKind::Dense;
    entry.dtype = dtype.value_or(from.dtype);
    entry.storage = from.storage;
    const auto shape = pickledShape(m_file, size);
    const auto strides = pickledShape(m_file, stride);
    if (!shape || !strides || !offset.is(Type::Integer) || offset.integer < 0)
        fail("its size, stride or offset is not made of natural numbers");
    entry.shape = *shape;
    entry.strides = *strides;
    entry.offset = static_cast<std::uint64_t>(offset.integer);
    // Storages of packed types count bytes, not values.
    checkGeometry(m_file.budget.file(), fmt::format("tensor \"{}\"", displayText(pathText(entry.path))), entry,
                  from.elements * info(from.dtype).blockBytes);
    entry.offset += from.first;
    if (isContiguous(entry))
        entry.strides = {};
    if (metadata && metadata->is(Type::Dict)) {
        const auto flag = [&](std::string_view name) {
            const PickleValue *value = m_graph.find(*metadata, name);
            return value && value->is(Type::Bool) && value->integer;
        };
        entry.conjugate = flag("conj");
        entry.negative = flag("neg");
    }
}

DType Builder::dtypeOf(PickleValue value) const
{
    const auto dtype
        = value.is(Type::Global) && m_graph.global(value).module == "torch" ? dtypeFromTorch(m_graph.global(value).name) : std::nullopt;
    if (!dtype)
        fail("its dtype is unknown");
    return *dtype;
}

void Builder::requireGrad(PickleValue value)
{
    if (value.is(Type::Bool))
        m_result.entry.requiresGrad = value.integer != 0;
}

void Builder::noteHooks(PickleValue value)
{
    const bool none = value.is(Type::None) || (value.is(Type::Dict) && m_graph.items(value).empty());
    if (!none)
        m_result.hooks = value;
}

/// torch.nn.Parameter and its kin: a tensor with marks.
void Builder::parameter(std::string_view name, const Arguments &arguments)
{
    if (arguments.empty() || !arguments[0].is(Type::Call) || !build(arguments[0]))
        fail("a Parameter that wraps no tensor");
    m_result.entry.parameter = name != "Buffer";
    if (arguments.size() > 1)
        requireGrad(arguments[1]);
    if (arguments.size() > 2 && name != "Parameter")
        noteHooks(arguments[2]);
    if (arguments.size() > 3 && name == "_rebuild_parameter_with_state")
        m_result.attributes.push_back(arguments[3]);
}

/// func(*args) with the state of a subclass. Only read when func is itself one of the functions here.
bool Builder::fromType(const Arguments &arguments)
{
    need(arguments, 4);
    if (!arguments[0].is(Type::Global) || !arguments[2].is(Type::Tuple))
        fail("a subclass that is built from no function and arguments");
    PickleCall inner;
    inner.callable = arguments[0];
    inner.arguments = arguments[2];
    const GlobalUse use = m_graph.global(arguments[0]);
    if (m_graph.isGlobal(arguments[0], "torch._utils", "_rebuild_wrapper_subclass"))
        return false; // listed as an object with its attributes
    if (!byName(use.module, use.name, inner)) {
        m_file.warn(fmt::format("tensor \"{}\": would be built by {}, which builds no tensor; nothing was run",
                                displayText(pathText(m_result.entry.path)), displayText(use.module + "." + use.name)));
        return false;
    }
    if (arguments[1].is(Type::Global) && m_graph.global(arguments[1]).name == "Parameter")
        m_result.entry.parameter = true;
    m_result.attributes.push_back(arguments[3]);
    return true;
}

/// Scales or zero points: a list of numbers, or a 1-D tensor.
std::vector<double> Builder::channelParameters(PickleValue value, std::size_t channels)
{
    std::vector<double> numbers;
    if (value.is(Type::List)) {
        numbers = numbersOf(m_graph.items(value));
    } else {
        Builder tensor(m_file, m_result.entry.path, m_wrapped);
        if (!tensor.build(value) || tensor.m_result.entry.kind != TensorKind::Dense || tensor.m_result.entry.shape.size() != 1)
            fail("its quantiser's parameters are neither a list nor a 1-D tensor");
        const TensorEntry &entry = tensor.m_result.entry;
        if (entry.shape[0] != static_cast<std::int64_t>(channels))
            fail(fmt::format("its quantiser has {} channels, {} were expected", entry.shape[0], channels));
        if (!isDecodable(entry.dtype))
            fail("its quantiser's parameters are no numbers");
        const auto bytes = smallValues(m_file, entry);
        numbers.resize(bytes.empty() ? 0 : channels);
        decode(entry.dtype, bytes, std::span(numbers));
        return numbers; // none: too many to be read
    }
    if (numbers.size() != channels)
        fail(fmt::format("its quantiser has {} channels, {} were expected", m_graph.items(value).size(), channels));
    return numbers;
}

std::vector<double> Builder::numbersOf(const std::vector<PickleValue> &values) const
{
    std::vector<double> numbers;
    m_file.budget.take(values.size() * sizeof(double));
    for (const PickleValue value : values) {
        if (!value.is(Type::Float) && !value.is(Type::Integer))
            fail("its quantiser's parameters are no numbers");
        numbers.push_back(value.is(Type::Float) ? value.real : static_cast<double>(value.integer));
    }
    return numbers;
}

void Builder::quantised(const Arguments &arguments)
{
    need(arguments, 5);
    dense(arguments[0], arguments[1], arguments[2], arguments[3]);
    const Arguments quantiser = arguments[4].is(Type::Tuple) ? m_graph.items(arguments[4]) : Arguments();
    const std::string scheme = !quantiser.empty() && quantiser[0].is(Type::Global) && m_graph.global(quantiser[0]).module == "torch"
        ? m_graph.global(quantiser[0]).name : std::string();
    TensorEntry &entry = m_result.entry;
    Quantiser made;
    if (scheme == "per_tensor_affine" || scheme == "per_tensor_symmetric") {
        if (quantiser.size() != 3 || !quantiser[2].is(Type::Integer))
            fail("its quantiser has no scale and zero point");
        made.scales = numbersOf({quantiser[1]});
        made.zeroPoints = numbersOf({quantiser[2]});
        entry.notes.push_back(
            fmt::format("quantised per tensor, scale {}, zero point {}", shownValue(m_file, quantiser[1]), quantiser[2].integer));
    } else if (scheme == "per_channel_affine" || scheme == "per_channel_symmetric" || scheme == "per_channel_affine_float_qparams") {
        if (quantiser.size() != 4 || !quantiser[3].is(Type::Integer) || quantiser[3].integer < 0
            || static_cast<std::size_t>(quantiser[3].integer) >= entry.shape.size())
            fail(fmt::format("its quantiser's axis is none of {} dimensions", entry.shape.size()));
        made.axis = static_cast<std::size_t>(quantiser[3].integer);
        const auto channels = static_cast<std::size_t>(entry.shape[made.axis]);
        made.scales = channelParameters(quantiser[1], channels);
        made.zeroPoints = channelParameters(quantiser[2], channels);
        entry.notes.push_back(fmt::format("quantised per channel, axis {}", made.axis));
        if (!made.scales.empty())
            entry.notes.push_back(
                fmt::format("scales {:g} to {:g}", *std::ranges::min_element(made.scales), *std::ranges::max_element(made.scales)));
    } else {
        fail("its quantiser is unknown");
    }
    if (!made.scales.empty() && made.scales.size() == made.zeroPoints.size())
        m_file.content.quantisers.insert_or_assign(pathText(entry.path), std::move(made));
    if (arguments.size() > 5)
        requireGrad(arguments[5]);
    if (arguments.size() > 6)
        noteHooks(arguments[6]);
}

const TensorEntry &Builder::part(const char *name, PickleValue value)
{
    Path path = m_result.entry.path;
    path.push_back({std::string(name)});
    Builder tensor(m_file, path, m_wrapped);
    if (!tensor.build(value) || tensor.m_result.entry.kind != TensorKind::Dense)
        fail(fmt::format("its part \"{}\" is no tensor", name));
    if (tensor.m_result.hooks)
        m_result.hooks = tensor.m_result.hooks;
    return m_result.parts.emplace_back(std::move(tensor.m_result.entry));
}

void Builder::sparse(const Arguments &arguments)
{
    struct Layout
    {
        std::string_view name;
        std::array<const char *, 3> parts;
        std::size_t count;
    };
    constexpr std::array<Layout, 5> layouts = {{
        {"torch.sparse_coo", {"indices", "values", ""}, 2},
        {"torch.sparse_csr", {"crow_indices", "col_indices", "values"}, 3},
        {"torch.sparse_csc", {"ccol_indices", "row_indices", "values"}, 3},
        {"torch.sparse_bsr", {"crow_indices", "col_indices", "values"}, 3},
        {"torch.sparse_bsc", {"ccol_indices", "row_indices", "values"}, 3},
    }};
    need(arguments, 2);
    std::string_view layoutName;
    if (arguments[0].is(Type::Call)) {
        const auto &names = m_graph.arguments(m_graph.call(arguments[0]));
        layoutName = !names.empty() && names[0].is(Type::Text) ? names[0].text() : std::string_view();
    }
    const auto layout = std::ranges::find(layouts, layoutName, &Layout::name);
    const Arguments data = arguments[1].is(Type::Tuple) ? m_graph.items(arguments[1]) : Arguments();
    if (layout == layouts.end() || data.size() < layout->count + 1)
        fail("its sparse layout is unknown or incomplete");
    m_result.parts.reserve(layout->count);
    for (std::size_t i = 0; i < layout->count; ++i)
        part(layout->parts[i], data[i]);
    const auto size = pickledShape(m_file, data[layout->count]);
    if (!size)
        fail("its size is not made of natural numbers");
    TensorEntry &entry = m_result.entry;
    entry.kind = TensorKind::Sparse;
    entry.shape = *size;
    entry.dtype = m_result.parts.back().dtype;
    entry.layout = layoutName.substr(6);
    if (!arrayBytes(entry.shape, info(entry.dtype).blockBytes))
        fail(fmt::format("its size [{}] overflows", fmt::join(entry.shape, ", ")));
    checkSparse(m_file, entry, m_result.parts);
}

void Builder::nested(const Arguments &arguments)
{
    need(arguments, 4);
    m_result.parts.reserve(4);
    constexpr std::array<const char *, 4> names = {"values", "sizes", "strides", "offsets"};
    // The offsets were a list of integers before PyTorch 2.1.
    const std::size_t tensors = arguments[3].isSequence() ? 3 : 4;
    for (std::size_t i = 0; i < tensors; ++i)
        part(names[i], arguments[i]);
    Shape offsets;
    for (const PickleValue offset : tensors == 3 ? m_graph.items(arguments[3]) : Arguments()) {
        if (!offset.is(Type::Integer))
            fail("its offsets are no integers");
        offsets.push_back(offset.integer);
    }
    m_result.entry.kind = TensorKind::Nested;
    m_result.entry.layout = "nested";
    m_result.entry.dtype = m_result.parts[0].dtype;
    m_result.entry.shape = m_result.parts[0].shape;
    checkNested(m_file, m_result.entry, m_result.parts, offsets);
}

void Builder::meta(const Arguments &arguments)
{
    need(arguments, 3);
    const auto shape = pickledShape(m_file, arguments[1]);
    const auto strides = pickledShape(m_file, arguments[2]);
    if (!shape || !strides || shape->size() != strides->size())
        fail("its size or stride is not made of natural numbers");
    TensorEntry &entry = m_result.entry;
    entry.kind = TensorKind::Meta;
    entry.dtype = dtypeOf(arguments[0]);
    entry.shape = *shape;
    entry.storage = UINT32_MAX;
    entry.notes.push_back("meta tensor: no values in the file");
    if (!arrayBytes(entry.shape, info(entry.dtype).blockBytes))
        fail(fmt::format("its size [{}] overflows", fmt::join(entry.shape, ", ")));
    if (arguments.size() > 3)
        requireGrad(arguments[3]);
}

/// Tensors of accelerators, saved by way of numpy or of a tensor in main memory.
void Builder::device(const Arguments &arguments)
{
    if (arguments.empty() || !arguments[0].is(Type::Call))
        fail("a tensor of another device without an array");
    if (auto array = numpyArray(m_file, arguments[0], m_result.entry.path)) {
        if (array->kind != TensorKind::Numpy)
            fail("a tensor of another device whose array holds no numbers");
        m_result.entry = std::move(*array);
        if (arguments.size() > 1 && arguments[1].is(Type::Global) && dtypeOf(arguments[1]) != m_result.entry.dtype)
            m_result.entry.notes.push_back(fmt::format("was torch.{} on its device", m_graph.global(arguments[1]).name));
    } else if (!build(arguments[0])) {
        fail("a tensor of another device without an array");
    }
}

bool Builder::byName(std::string_view module, std::string_view name, const PickleCall &call)
{
    if (++m_wrapped > limits::tensorWrapping)
        fail(fmt::format("it is wrapped more than {} times", limits::tensorWrapping));
    const Arguments arguments = m_graph.arguments(call);
    if (module == "torch._utils") {
        if (name == "_rebuild_tensor" || name == "_rebuild_tensor_v2") {
            need(arguments, name == "_rebuild_tensor" ? 4 : 6);
            dense(arguments[0], arguments[1], arguments[2], arguments[3], {},
                  arguments.size() > 6 ? std::optional(arguments[6]) : std::nullopt);
            if (arguments.size() > 5) {
                requireGrad(arguments[4]);
                noteHooks(arguments[5]);
            }
            return true;
        }
        if (name == "_rebuild_tensor_v3") {
            need(arguments, 7);
            dense(arguments[0], arguments[1], arguments[2], arguments[3], dtypeOf(arguments[6]),
                  arguments.size() > 7 ? std::optional(arguments[7]) : std::nullopt);
            requireGrad(arguments[4]);
            noteHooks(arguments[5]);
            return true;
        }
        if (name == "_rebuild_parameter" || name == "_rebuild_parameter_with_state")
            return parameter(name, arguments), true;
        if (name == "_rebuild_qtensor")
            return quantised(arguments), true;
        if (name == "_rebuild_sparse_tensor" || name == "_rebuild_sparse_csr_tensor")
            return sparse(arguments), true;
        if (name == "_rebuild_nested_tensor")
            return nested(arguments), true;
        if (name == "_rebuild_meta_tensor_no_storage")
            return meta(arguments), true;
        if (name == "_rebuild_device_tensor_from_numpy" || name == "_rebuild_xla_tensor"
            || name == "_rebuild_device_tensor_from_cpu_tensor")
            return device(arguments), true;
        return false;
    }
    if (module == "torch.nn.parameter" && (name == "Parameter" || name == "Buffer"))
        return parameter(name, arguments), true;
    if ((module == "torch._tensor" || module == "torch.tensor") && (name == "_rebuild_from_type_v2" || name == "_rebuild_from_type"))
        return fromType(arguments);
    if (isTensorClass(module, name) && arguments.empty() && call.hasState && call.state.is(Type::Tuple)) {
        const Arguments state = m_graph.items(call.state);
        if (state.size() < 4)
            return false;
        dense(state[0], state[1], state[2], state[3]);
        return true;
    }
    return false;
}

bool Builder::build(PickleValue value)
{
    if (!value.is(Type::Call))
        return false;
    const PickleCall call = m_graph.call(value);
    if (!call.callable.is(Type::Global))
        return false;
    const GlobalUse &use = m_graph.global(call.callable);
    return byName(use.module, use.name, call);
}

} // namespace

std::optional<Shape> pickledShape(const PickleFile &file, PickleValue value)
{
    const PickleGraph &graph = file.graph;
    if (value.is(Type::Call) && graph.isGlobal(graph.call(value).callable, "torch", "Size")
        && graph.arguments(graph.call(value)).size() == 1)
        value = graph.arguments(graph.call(value))[0];
    if (!value.is(Type::Tuple) || graph.items(value).size() > limits::tensorRank)
        return {};
    Shape shape;
    for (const PickleValue item : graph.items(value)) {
        if (!item.is(Type::Integer) || item.integer < 0)
            return {};
        shape.push_back(item.integer);
    }
    return shape;
}

std::optional<PickledTensor> pickledTensor(PickleFile &file, PickleValue value, const Path &path)
{
    Builder builder(file, path);
    if (!builder.build(value))
        return {};
    return builder.take();
}

TensorEntry pickledStorage(PickleFile &file, PickleValue persistent, const Path &path)
{
    const StorageReference &from = file.storages[persistent.index];
    TensorEntry entry = from.tensor ? *from.tensor : TensorEntry();
    entry.path = path;
    if (from.tensor)
        return entry;
    entry.kind = TensorKind::Storage;
    entry.dtype = from.dtype;
    entry.storage = from.storage;
    entry.offset = from.first;
    entry.shape = {static_cast<std::int64_t>(from.elements)};
    return entry;
}

} // namespace rekey

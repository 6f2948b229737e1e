// SPDX-License-Identifier: GPL-3.0-or-later
// The functions that PyTorch rebuilds tensors with: https://github.com/pytorch/pytorch/blob/main/torch/_utils.py
#include "core/checkpoint/pickletensor.h"

#include "core/base/bytereader.h"
#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/storagereader.h"
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
    std::size_t channelCount(PickleValue value);
    void sparse(const Arguments &arguments);
    void nested(const Arguments &arguments);
    void meta(const Arguments &arguments);
    void device(const Arguments &arguments);
    const TensorEntry &part(const char *name, PickleValue value);
    void checkIndices(const Shape &size, bool compressed, bool byColumn);
    std::vector<std::int64_t> integers(const TensorEntry &entry);
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
    const auto available = byteCount(from.dtype, from.elements);
    checkGeometry(m_file.budget.file(), fmt::format("tensor \"{}\"", displayText(pathText(entry.path))), entry,
                  available.value_or((from.elements * info(from.dtype).blockBytes) / info(from.dtype).blockElements));
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

std::size_t Builder::channelCount(PickleValue value)
{
    if (value.is(Type::List))
        return m_graph.items(value).size();
    Builder tensor(m_file, m_result.entry.path, m_wrapped);
    if (!tensor.build(value) || tensor.m_result.entry.shape.size() != 1)
        fail("its quantiser's parameters are neither a list nor a 1-D tensor");
    return static_cast<std::size_t>(tensor.m_result.entry.shape[0]);
}

void Builder::quantised(const Arguments &arguments)
{
    need(arguments, 5);
    dense(arguments[0], arguments[1], arguments[2], arguments[3]);
    const Arguments quantiser = arguments[4].is(Type::Tuple) ? m_graph.items(arguments[4]) : Arguments();
    const std::string scheme = !quantiser.empty() && quantiser[0].is(Type::Global) && m_graph.global(quantiser[0]).module == "torch"
        ? m_graph.global(quantiser[0]).name : std::string();
    TensorEntry &entry = m_result.entry;
    if (scheme == "per_tensor_affine" || scheme == "per_tensor_symmetric") {
        const bool numbers
            = quantiser.size() == 3 && (quantiser[1].is(Type::Float) || quantiser[1].is(Type::Integer)) && quantiser[2].is(Type::Integer);
        if (!numbers)
            fail("its quantiser has no scale and zero point");
        entry.notes.push_back(
            fmt::format("quantised per tensor, scale {}, zero point {}", shownValue(m_file, quantiser[1]), quantiser[2].integer));
    } else if (scheme == "per_channel_affine" || scheme == "per_channel_symmetric" || scheme == "per_channel_affine_float_qparams") {
        if (quantiser.size() != 4 || !quantiser[3].is(Type::Integer) || quantiser[3].integer < 0
            || static_cast<std::size_t>(quantiser[3].integer) >= entry.shape.size())
            fail(fmt::format("its quantiser's axis is none of {} dimensions", entry.shape.size()));
        const auto axis = static_cast<std::size_t>(quantiser[3].integer);
        for (const PickleValue parameters : {quantiser[1], quantiser[2]}) {
            if (const std::size_t count = channelCount(parameters); count != static_cast<std::size_t>(entry.shape[axis]))
                fail(fmt::format("its quantiser has {} channels, axis {} has {}", count, axis, entry.shape[axis]));
        }
        entry.notes.push_back(fmt::format("quantised per channel, axis {}", axis));
    } else {
        fail("its quantiser is unknown");
    }
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
    return m_result.parts.emplace_back(std::move(tensor.m_result.entry));
}

/// Index tensors are read when listing, if they are not large: a wrong index writes outside of whatever is made dense from it.
std::vector<std::int64_t> Builder::integers(const TensorEntry &entry)
{
    StorageReader reader(m_file.content);
    std::vector<std::byte> bytes(entry.bytes());
    reader.read(entry, 0, entry.elements(), bytes);
    std::vector<std::int64_t> values;
    values.reserve(entry.elements());
    for (std::size_t i = 0; i < entry.elements(); ++i)
        values.push_back(entry.dtype == DType::I32 ? littleEndian<std::int32_t>(&bytes[i * 4]) : littleEndian<std::int64_t>(&bytes[i * 8]));
    return values;
}

void Builder::checkIndices(const Shape &size, bool compressed, bool byColumn)
{
    const auto isIndex = [](const TensorEntry &entry) { return entry.dtype == DType::I64 || entry.dtype == DType::I32; };
    const TensorEntry &first = m_result.parts[0];
    if (!isIndex(first) || (compressed && !isIndex(m_result.parts[1])))
        fail("its indices are no integers");
    std::uint64_t count = 0;
    for (std::size_t i = 0; i + 1 < m_result.parts.size(); ++i)
        count += std::min<std::uint64_t>(m_result.parts[i].elements(), limits::checkedIndices + 1);
    if (!m_file.budget.takeIndices(count))
        return m_file.warn(fmt::format("tensor \"{}\": its {} indices were not compared with its size",
                                       displayText(pathText(m_result.entry.path)), count));
    const auto outside = [](const std::vector<std::int64_t> &values, std::size_t begin, std::size_t end, std::int64_t limit) {
        return std::any_of(values.begin() + static_cast<std::ptrdiff_t>(begin), values.begin() + static_cast<std::ptrdiff_t>(end),
                           [&](std::int64_t value) { return value < 0 || value >= limit; });
    };
    if (!compressed) {
        const Shape &values = m_result.parts[1].shape;
        if (first.shape.size() != 2 || values.empty() || first.shape[1] != values[0]
            || static_cast<std::size_t>(first.shape[0]) > size.size())
            fail("its indices and values disagree");
        const auto indices = integers(first);
        const auto columns = static_cast<std::size_t>(first.shape[1]);
        for (std::size_t row = 0; row < static_cast<std::size_t>(first.shape[0]); ++row) {
            if (outside(indices, row * columns, (row + 1) * columns, size[row]))
                fail(fmt::format("an index lies outside of dimension {} of {}", row, size[row]));
        }
        return;
    }
    const Shape &plain = m_result.parts[1].shape;
    const Shape &values = m_result.parts[2].shape;
    if (first.shape.size() != 1 || plain.size() != 1 || values.empty() || plain[0] != values[0] || size.size() < 2 || first.shape[0] < 1)
        fail("its parts disagree");
    // Blocked layouts divide both sizes by the block's; its values have two more dimensions.
    const bool blocked = values.size() >= 3;
    const std::int64_t rowBlock = blocked ? std::max<std::int64_t>(values[1], 1) : 1;
    const std::int64_t columnBlock = blocked ? std::max<std::int64_t>(values[2], 1) : 1;
    const std::int64_t rows = byColumn ? size[1] / columnBlock : size[0] / rowBlock;
    const std::int64_t columns = byColumn ? size[0] / rowBlock : size[1] / columnBlock;
    const auto compressedIndices = integers(first);
    const auto plainIndices = integers(m_result.parts[1]);
    if (first.shape[0] - 1 != rows || compressedIndices.front() != 0 || compressedIndices.back() != plain[0]
        || !std::ranges::is_sorted(compressedIndices) || outside(plainIndices, 0, plainIndices.size(), columns))
        fail("its compressed indices do not rise from 0 to the number of values, or an index lies outside of its size");
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
    checkIndices(entry.shape, layout->count == 3, layoutName.ends_with("sc"));
}

void Builder::nested(const Arguments &arguments)
{
    need(arguments, 4);
    m_result.parts.reserve(4);
    constexpr std::array<const char *, 4> names = {"values", "sizes", "strides", "offsets"};
    for (std::size_t i = 0; i < names.size(); ++i)
        part(names[i], arguments[i]);
    m_result.entry.kind = TensorKind::Nested;
    m_result.entry.layout = "nested";
    m_result.entry.dtype = m_result.parts[0].dtype;
    m_result.entry.shape = m_result.parts[0].shape;
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

void checkGeometry(const std::string &file, const std::string &part, const TensorEntry &entry, std::uint64_t available)
{
    const DTypeInfo &type = info(entry.dtype);
    if (entry.shape.size() != entry.strides.size())
        throw Error(file, part, fmt::format("it has {} sizes and {} strides", entry.shape.size(), entry.strides.size()));
    // 128 bits hold what 64 dimensions can make wrong, as long as each step is checked.
    __extension__ using Wide = unsigned __int128;
    constexpr Wide most = INT64_MAX;
    Wide count = 1;
    Wide last = entry.offset;
    bool empty = false;
    for (std::size_t i = 0; i < entry.shape.size(); ++i) {
        const auto size = static_cast<std::uint64_t>(entry.shape[i]);
        empty = empty || size == 0;
        count *= std::max<std::uint64_t>(size, 1);
        if (size > 0)
            last += Wide{size - 1} * static_cast<std::uint64_t>(entry.strides[i]);
        if (count > most || (!empty && last > most))
            throw Error(file, part,
                        fmt::format("size [{}] with stride [{}] overflows", fmt::join(entry.shape, ", "), fmt::join(entry.strides, ", ")));
    }
    if (count * type.blockBytes / type.blockElements > most)
        throw Error(file, part, fmt::format("size [{}] of {} overflows", fmt::join(entry.shape, ", "), type.name));
    const Wide elements = empty ? Wide{entry.offset} : last + 1;
    const Wide needed = (elements * type.blockBytes + type.blockElements - 1) / type.blockElements;
    if (needed > available)
        throw Error(file, part,
                    fmt::format("size [{}], stride [{}] and offset {} reach to byte {} of a storage of {}", fmt::join(entry.shape, ", "),
                                fmt::join(entry.strides, ", "), entry.offset,
                                needed > most ? std::string("beyond 2^63") : std::to_string(static_cast<std::uint64_t>(needed)),
                                available));
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

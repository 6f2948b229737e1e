// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/numpyarray.h"

#include "core/base/bytereader.h"
#include "core/base/utf8.h"
#include "core/checkpoint/torchnames.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace rekey {

namespace {

using Type = PickleValue::Type;

bool isNumpyCore(const PickleGraph &graph, PickleValue callable, std::string_view name)
{
    return graph.isGlobal(callable, "numpy.core.multiarray", name) || graph.isGlobal(callable, "numpy._core.multiarray", name);
}

/// numpy.dtype('f4', False, True) with BUILD (3, '<', None, None, None, -1, -1, 0).
std::optional<NumpyType> pickledType(const PickleGraph &graph, PickleValue value)
{
    if (!value.is(Type::Call) || !graph.isGlobal(graph.call(value).callable, "numpy", "dtype"))
        return {};
    const PickleCall &call = graph.call(value);
    const auto &arguments = graph.arguments(call);
    if (arguments.empty() || !(arguments[0].is(Type::Text) || arguments[0].is(Type::Bytes)))
        return {};
    auto type = numpyType(arguments[0].text());
    if (!type || !call.hasState || !call.state.is(Type::Tuple))
        return type;
    const auto &state = graph.items(call.state);
    const auto isText = [](PickleValue item) { return item.is(Type::Text) || item.is(Type::Bytes); };
    if (state.size() > 1 && isText(state[1]) && state[1].text().size() == 1
        && std::string_view("<>=|").find(state[1].text()[0]) != std::string_view::npos)
        type->order = state[1].text()[0];
    if (state.size() > 5 && type->kind != NumpyType::Kind::Number && state[5].is(Type::Integer) && state[5].integer >= 0)
        type->bytes = static_cast<std::uint64_t>(state[5].integer);
    return type;
}

/// What an element of kind U (UTF-32) or S (bytes) says, without the NULs that fill it up; empty for others.
std::string numpyText(const NumpyType &type, std::string_view bytes)
{
    bytes = bytes.substr(0, limits::shownText);
    if (type.kind != NumpyType::Kind::Text)
        return {};
    if (type.description.find('U') == std::string::npos)
        return utf8FromLatin1(bytes.substr(0, bytes.find('\0')));
    std::string text;
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        auto code = littleEndian<std::uint32_t>(reinterpret_cast<const std::byte *>(bytes.data() + at));
        code = type.isBigEndian() ? __builtin_bswap32(code) : code;
        if (code == 0)
            break;
        appendUtf8(text, code);
    }
    return text;
}

struct PickledArray
{
    PickleValue type, shape, data;
    bool fortran = false; ///< column-major
};

/// Protocols up to 4: _reconstruct(ndarray, (0,), b'b') with BUILD (1, shape, dtype, fortran, bytes). Protocol 5:
/// _frombuffer(bytes, dtype, shape, 'C' or 'F').
std::optional<PickledArray> pickledArray(const PickleGraph &graph, PickleValue value)
{
    if (!value.is(Type::Call))
        return {};
    const PickleCall &call = graph.call(value);
    if (isNumpyCore(graph, call.callable, "_reconstruct") && call.hasState && call.state.is(Type::Tuple)
        && graph.items(call.state).size() == 5) {
        const auto &state = graph.items(call.state);
        return PickledArray{state[2], state[1], state[4], state[3].is(Type::Bool) && state[3].integer != 0};
    }
    const bool fromBuffer = graph.isGlobal(call.callable, "numpy.core.numeric", "_frombuffer")
        || graph.isGlobal(call.callable, "numpy._core.numeric", "_frombuffer");
    const auto &arguments = graph.arguments(call);
    if (fromBuffer && arguments.size() == 4 && arguments[3].is(Type::Text))
        return PickledArray{arguments[1], arguments[2], arguments[0], arguments[3].text() == "F"};
    return {};
}

} // namespace

std::optional<NumpyType> numpyType(std::string_view description)
{
    struct Known
    {
        std::string_view text;
        DType dtype;
    };
    constexpr auto numbers = std::to_array<Known>({
        {"f2", DType::F16}, {"f4", DType::F32}, {"f8", DType::F64}, {"i1", DType::I8}, {"i2", DType::I16}, {"i4", DType::I32},
        {"i8", DType::I64}, {"u1", DType::U8}, {"u2", DType::U16}, {"u4", DType::U32}, {"u8", DType::U64}, {"b1", DType::Bool},
        {"c8", DType::C64}, {"c16", DType::C128}});
    NumpyType type;
    type.description = description;
    if (!description.empty() && std::string_view("<>=|").find(description[0]) != std::string_view::npos) {
        type.order = description[0];
        description.remove_prefix(1);
    }
    for (const auto &[text, dtype] : numbers) {
        if (description == text) {
            type.dtype = dtype;
            type.bytes = info(dtype).blockBytes;
            return type;
        }
    }
    if (description == "O" || description == "O8" || description == "O4") {
        type.kind = NumpyType::Kind::Object;
        type.bytes = 8;
        return type;
    }
    constexpr std::size_t longest = 24;
    if (description.empty() || description.size() > longest || std::string_view("USVMma").find(description[0]) == std::string_view::npos)
        return {};
    const std::string_view rest = description.substr(1);
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
    const bool whole = end == rest.data() + rest.size();
    if ((!rest.empty() && error != std::errc()) || (!whole && *end != '['))
        return {};
    type.kind = description[0] == 'U' || description[0] == 'S' || description[0] == 'a' ? NumpyType::Kind::Text : NumpyType::Kind::Other;
    type.bytes = description[0] == 'U' ? std::uint64_t{count} * 4 : count;
    return type;
}

std::optional<std::uint64_t> arrayBytes(const Shape &shape, std::uint64_t elementBytes)
{
    std::uint64_t bytes = elementBytes;
    bool empty = false;
    for (const std::int64_t dimension : shape) {
        empty = empty || dimension == 0;
        if (dimension != 0 && __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(dimension), &bytes))
            return {};
    }
    if (bytes > INT64_MAX)
        return {};
    return empty ? 0 : bytes;
}

Shape fortranStrides(const Shape &shape)
{
    Shape strides;
    std::int64_t stride = 1;
    for (const std::int64_t dimension : shape) {
        strides.push_back(stride);
        stride *= std::max<std::int64_t>(dimension, 1);
    }
    return strides;
}

std::optional<TensorEntry> numpyArray(PickleFile &file, PickleValue value, const Path &path)
{
    const PickleGraph &graph = file.graph;
    const auto array = pickledArray(graph, value);
    if (!array)
        return {};
    const std::string part = fmt::format("array \"{}\"", displayText(pathText(path)));
    const auto type = pickledType(graph, array->type);
    if (!type)
        file.fail(part, "its numpy type is not understood");
    TensorEntry entry;
    entry.path = path;
    entry.kind = TensorKind::Numpy;
    entry.dtype = type->dtype;
    if (!array->shape.is(Type::Tuple))
        file.fail(part, "its shape is no tuple");
    for (const PickleValue dimension : graph.items(array->shape)) {
        if (!dimension.is(Type::Integer) || dimension.integer < 0)
            file.fail(part, "its shape holds something that is not a natural number");
        if (entry.shape.size() == limits::tensorRank)
            file.fail(part, fmt::format("it has more than {} dimensions", limits::tensorRank));
        entry.shape.push_back(dimension.integer);
    }
    if (type->kind != NumpyType::Kind::Number) {
        entry.kind = TensorKind::Object;
        entry.dtype = DType::Other;
        entry.layout = type->kind == NumpyType::Kind::Object ? "object" : type->description;
        return entry;
    }
    const auto needed = arrayBytes(entry.shape, type->bytes);
    const PickleValue data = array->data;
    if (!data.is(Type::Bytes) && !data.is(Type::ByteArray) && !data.is(Type::Text))
        file.fail(part, "it has no bytes");
    std::string_view bytes = data.text();
    // Python 2 arrays that Python 3 wrote again hold their bytes as Latin-1 text.
    const auto isHigh = [](char byte) { return static_cast<unsigned char>(byte) >= 0x80; };
    if (data.is(Type::Text) && !data.byteText && std::ranges::any_of(bytes, isHigh)) {
        std::string plain;
        for (std::size_t i = 0; i < bytes.size(); ++i) {
            const auto byte = static_cast<unsigned char>(bytes[i]);
            if (byte > 0xC3)
                file.fail(part, "the text that stands for its bytes holds a character beyond Latin-1");
            plain += static_cast<char>(byte < 0x80 ? byte : (byte & 3) << 6 | (bytes[std::min(++i, bytes.size() - 1)] & 0x3F));
        }
        file.budget.take(plain.size());
        bytes = file.graph.owned.emplace_back(std::move(plain));
    }
    if (!needed || *needed != bytes.size())
        file.fail(part, fmt::format("shape [{}] of {} needs {} bytes, it has {}", fmt::join(entry.shape, ", "), name(type->dtype),
                                    needed ? std::to_string(*needed) : "too many", bytes.size()));
    if (array->fortran && entry.shape.size() > 1) {
        entry.strides = fortranStrides(entry.shape);
        entry.notes.push_back("Fortran order");
    }
    entry.storage = addInlineStorage(file, bytes, type->isBigEndian());
    return entry;
}

std::optional<NumpyScalar> numpyScalar(const PickleFile &file, PickleValue value)
{
    const PickleGraph &graph = file.graph;
    if (!value.is(Type::Call) || !isNumpyCore(graph, graph.call(value).callable, "scalar"))
        return {};
    const auto &arguments = graph.arguments(graph.call(value));
    const auto type = arguments.empty() ? std::nullopt : pickledType(graph, arguments[0]);
    if (!type || arguments.size() != 2)
        return {};
    if (type->kind != NumpyType::Kind::Number)
        return NumpyScalar {"numpy." + type->description,
                            arguments[1].is(Type::Bytes) ? numpyText(*type, arguments[1].text()) : std::string()};
    NumpyScalar scalar{"numpy." + std::string(torchName(type->dtype)), {}};
    std::string bytes(arguments[1].is(Type::Bytes) || arguments[1].is(Type::Text) ? arguments[1].text() : std::string_view());
    if (bytes.size() != type->bytes)
        return scalar;
    if (type->isBigEndian())
        std::ranges::reverse(bytes);
    const auto run = std::as_bytes(std::span(bytes));
    double number = 0;
    std::int64_t whole = 0;
    switch (type->dtype) {
    case DType::Bool: scalar.value = bytes[0] != 0 ? "True" : "False"; break;
    case DType::I64: std::memcpy(&whole, bytes.data(), 8); scalar.value = std::to_string(whole); break;
    case DType::U64: std::memcpy(&whole, bytes.data(), 8); scalar.value = std::to_string(static_cast<std::uint64_t>(whole)); break;
    case DType::F32: {
        float single = 0;
        decode(DType::F32, run, std::span(&single, 1));
        scalar.value = fmt::format("{}", single);
        break;
    }
    default:
        decode(type->dtype, run, std::span(&number, 1));
        scalar.value = fmt::format("{}", number);
    }
    return scalar;
}

} // namespace rekey

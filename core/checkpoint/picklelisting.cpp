// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/globalnames.h"
#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/pickletensor.h"
#include "core/checkpoint/torchnames.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace rekey {

namespace {

using Type = PickleValue::Type;
using Values = std::vector<PickleValue>;

/// Some of an object's children: dictionary items, list items, or one value under a name.
struct Segment
{
    enum class Kind { Pairs, Items, One };
    Kind kind = Kind::Items;
    const Values *values = nullptr; ///< of the graph, whose nodes do not move while it is listed
    PickleValue value;              ///< of One
    std::string name;               ///< of One
    bool skipNone = false;          ///< parameters and modules that are not there
    std::vector<std::size_t> shadowed; ///< pairs that a later one with the same key replaces, sorted

    std::size_t size() const { return kind == Kind::One ? 1 : kind == Kind::Pairs ? values->size() / 2 : values->size(); }
};

struct Frame
{
    std::uint64_t identity = 0; ///< of the container, to notice when it contains itself
    std::vector<Segment> segments;
    std::size_t segment = 0;
    std::size_t next = 0;
    bool hasStep = false; ///< whether the path holds the step to the current child
};

class Lister
{
public:
    Lister(PickleFile &file, const Path &path) : m_file(file), m_graph(file.graph), m_path(path) { }

    void list(PickleValue root)
    {
        visit(root);
        while (!m_frames.empty())
            advance();
    }

private:
    void advance();
    void enter(PathStep step);
    void leave();
    void count(std::uint64_t values);
    void visit(PickleValue value);
    void visitCall(PickleValue value);
    bool visitTensor(PickleValue value);
    bool visitPlainCall(PickleValue value);
    void visitNested(PickleValue value);
    void openObject(PickleValue value);
    bool openModule(PickleValue value, Frame &frame);
    void openAttributes(const PickledTensor &tensor);
    void open(PickleValue identity, std::vector<Segment> segments);
    void add(TensorEntry entry);
    void note(std::string_view type, std::string value, std::string className = {});
    PathStep keyStep(PickleValue key) const;
    Segment pairs(const Values &values);
    Segment items(const Values &values) const { return {Segment::Kind::Items, &values, {}, {}, false, {}}; }
    Segment one(std::string name, PickleValue value) const { return {Segment::Kind::One, nullptr, value, std::move(name), false, {}}; }
    /// The pairs of a dict, also of one that was made by a call.
    const Values *pairsOf(PickleValue value) const;
    bool restIsPlain(const Values &values, std::size_t from) const;

    PickleFile &m_file;
    PickleGraph &m_graph;
    Path m_path;
    std::vector<Frame> m_frames;
    std::unordered_set<std::uint64_t> m_open;
    std::deque<Values> m_flattened; ///< pairs of dictionaries that were written as lists of pairs
    std::uint64_t m_visited = 0;
    std::size_t m_pathBytes = 0;
    bool m_full = false; ///< no room for further values that are no tensors
};

std::uint64_t identityOf(PickleValue value)
{
    return std::uint64_t{value.is(Type::Call)} << 32 | value.index;
}

std::size_t textBytes(const PathStep &step)
{
    const auto *text = std::get_if<std::string>(&step.value);
    return text ? text->size() : 0;
}

/// Everything that takes time proportional to the file counts, also what is then not listed: a small file can lead to
/// the same values any number of times.
void Lister::count(std::uint64_t values)
{
    m_visited += values;
    if (m_visited > limits::listedEntries)
        m_file.fail(m_file.part, fmt::format("it lists more than {} values", limits::listedEntries));
}

void Lister::enter(PathStep step)
{
    m_pathBytes += textBytes(step);
    if (m_pathBytes > limits::pathBytes)
        m_file.fail(m_file.part, fmt::format("the keys that lead to a value have more than {} bytes", limits::pathBytes));
    m_path.push_back(std::move(step));
}

void Lister::leave()
{
    m_pathBytes -= textBytes(m_path.back());
    m_path.pop_back();
}

void Lister::add(TensorEntry entry)
{
    entry.key = pathText(entry.path);
    std::uint64_t bytes = 2 * sizeof entry + entry.key.size() + (entry.shape.size() + entry.strides.size()) * sizeof(std::int64_t);
    for (const PathStep &step : entry.path)
        bytes += sizeof step + (std::holds_alternative<std::string>(step.value) ? std::get<std::string>(step.value).size() : 0);
    m_file.budget.take(bytes);
    m_file.content.tensors.push_back(std::move(entry));
}

void Lister::note(std::string_view type, std::string value, std::string className)
{
    if (m_full)
        return;
    // The list of entries is copied when it grows.
    std::uint64_t bytes = 3 * sizeof(MetadataEntry) + value.size() + className.size();
    for (const PathStep &step : m_path)
        bytes += sizeof step + (std::holds_alternative<std::string>(step.value) ? std::get<std::string>(step.value).size() : 0);
    // Tensors come first: values that are none may take half of what is left, then they are no longer listed.
    if (bytes * 2 > m_file.budget.left()) {
        m_full = true;
        return m_file.warn("it holds more values that are no tensors than can be listed; the rest is left out");
    }
    m_file.budget.take(bytes);
    m_file.content.metadata.push_back({m_path, std::string(type), std::move(value), std::move(className)});
}

PathStep Lister::keyStep(PickleValue key) const
{
    if (key.is(Type::Text)) {
        if (key.index > limits::pathBytes)
            m_file.fail(m_file.part, fmt::format("a key of {} bytes; at most {} are read", key.index, limits::pathBytes));
        return {pickleText(key)};
    }
    if (key.is(Type::Integer))
        return {key.integer};
    std::string text = key.is(Type::Call) || key.is(Type::Global) ? fmt::format("<{}>", m_graph.fullName(key)) : shownValue(m_file, key);
    if (text.size() > 200)
        text.resize(200);
    return {key.is(Type::Bytes) ? "b'" + text + "'" : text, true};
}

Segment Lister::pairs(const Values &values)
{
    Segment segment{Segment::Kind::Pairs, &values, {}, {}, false, {}};
    if (values.size() == 2)
        return segment;
    std::unordered_map<std::string_view, std::size_t> texts;
    std::unordered_map<std::int64_t, std::size_t> numbers;
    for (std::size_t i = 0; i < values.size() / 2; ++i) {
        const PickleValue key = values[2 * i];
        std::size_t earlier = i;
        if (key.is(Type::Text))
            earlier = std::exchange(texts.try_emplace(key.text(), i).first->second, i);
        else if (key.is(Type::Integer))
            earlier = std::exchange(numbers.try_emplace(key.integer, i).first->second, i);
        if (earlier != i) {
            segment.shadowed.push_back(earlier);
            if (segment.shadowed.size() <= 10)
                m_file.warn(fmt::format("the key \"{}\" occurs twice in one dictionary; the last value counts",
                                        displayText(pathText({keyStep(key)}))));
        }
    }
    std::ranges::sort(segment.shadowed);
    return segment;
}

const Values *Lister::pairsOf(PickleValue value) const
{
    if (value.is(Type::Dict))
        return &m_graph.items(value);
    return value.is(Type::Call) ? &m_graph.call(value).pairs : nullptr;
}

void Lister::open(PickleValue container, std::vector<Segment> segments)
{
    if (m_frames.size() >= limits::listingDepth)
        m_file.fail(m_file.part, fmt::format("its values are nested deeper than {} levels", limits::listingDepth));
    const std::uint64_t identity = identityOf(container);
    if (!m_open.insert(identity).second) {
        m_file.warn(fmt::format("{}: an object contains itself at \"{}\"", m_file.part, displayText(pathText(m_path))));
        return;
    }
    Frame &frame = m_frames.emplace_back();
    frame.identity = identity;
    frame.segments = std::move(segments);
}

bool Lister::restIsPlain(const Values &values, std::size_t from) const
{
    return std::all_of(values.begin() + static_cast<std::ptrdiff_t>(from), values.end(),
                       [](PickleValue value) { return value.type < Type::List; });
}

/// Goes on to the next child of the innermost container, or leaves it.
void Lister::advance()
{
    Frame &frame = m_frames.back();
    if (frame.hasStep) {
        leave();
        frame.hasStep = false;
    }
    while (frame.segment < frame.segments.size() && frame.next >= frame.segments[frame.segment].size()) {
        ++frame.segment;
        frame.next = 0;
    }
    if (frame.segment == frame.segments.size()) {
        m_open.erase(frame.identity);
        m_frames.pop_back();
        return;
    }
    const Segment &segment = frame.segments[frame.segment];
    const std::size_t i = frame.next++;
    PickleValue child = segment.value;
    switch (segment.kind) {
    case Segment::Kind::One: enter({segment.name}); break;
    case Segment::Kind::Pairs:
        child = (*segment.values)[2 * i + 1];
        if (std::ranges::binary_search(segment.shadowed, i) || (segment.skipNone && child.is(Type::None)))
            return count(1);
        enter(keyStep((*segment.values)[2 * i]));
        break;
    case Segment::Kind::Items:
        child = (*segment.values)[i];
        enter({static_cast<std::int64_t>(i)});
        if (i == limits::listedScalars)
            count(segment.size() / 64); // the look at the rest
        if (i == limits::listedScalars && restIsPlain(*segment.values, i)) {
            frame.next = segment.values->size();
            frame.hasStep = true;
            return note("list", fmt::format("… and {} more values", segment.values->size() - i));
        }
        break;
    }
    frame.hasStep = true;
    visit(child);
}

void Lister::visit(PickleValue value)
{
    count(1);
    while (value.is(Type::Call) && m_graph.isGlobal(m_graph.call(value).callable, "torch.jit._pickle", "restore_type_tag")
           && !m_graph.arguments(m_graph.call(value)).empty()) {
        value = m_graph.arguments(m_graph.call(value))[0];
        count(1);
    }
    switch (value.type) {
    case Type::List:
    case Type::Tuple:
        if (m_graph.items(value).empty())
            return note(shownType(value), value.is(Type::List) ? "[]" : "()");
        return open(value, {items(m_graph.items(value))});
    case Type::Dict: {
        if (m_graph.items(value).empty())
            return note("dict", "{}");
        if (m_open.contains(identityOf(value)))
            return open(value, {});
        return open(value, {pairs(m_graph.items(value))});
    }
    case Type::Persistent: return add(pickledStorage(m_file, value, m_path));
    case Type::Global: {
        const GlobalUse &use = m_graph.global(value);
        if (use.module == "torch" && dtypeFromTorch(use.name))
            return note("torch.dtype", use.name);
        return note("global", use.module + "." + use.name);
    }
    case Type::Call: return visitCall(value);
    default: return note(shownType(value), shownValue(m_file, value));
    }
}

void Lister::visitCall(PickleValue value)
{
    if (m_open.contains(identityOf(value)))
        return open(value, {});
    if (visitTensor(value))
        return;
    if (auto array = numpyArray(m_file, value, m_path)) {
        if (array->kind != TensorKind::Object)
            return add(std::move(*array));
        if (array->layout == "object")
            m_file.warn(fmt::format("array \"{}\" holds Python objects and is not opened", displayText(pathText(m_path))));
        return note("array", array->layout);
    }
    if (!visitPlainCall(value))
        openObject(value);
}

bool Lister::visitTensor(PickleValue value)
{
    auto tensor = pickledTensor(m_file, value, m_path);
    if (!tensor)
        return false;
    add(std::move(tensor->entry));
    for (TensorEntry &part : tensor->parts)
        add(std::move(part));
    if (tensor->hooks)
        m_file.warn(fmt::format("tensor \"{}\" carries backward hooks, which are code; nothing was run", displayText(pathText(m_path))));
    std::vector<Segment> segments;
    for (const PickleValue attributes : tensor->attributes) {
        if (attributes.is(Type::Dict))
            segments.push_back(pairs(m_graph.items(attributes)));
        else if (attributes.is(Type::Tuple)) {
            for (const PickleValue part : m_graph.items(attributes)) {
                if (part.is(Type::Dict))
                    segments.push_back(pairs(m_graph.items(part)));
            }
        }
    }
    if (tensor->hooks)
        segments.push_back(one("_backward_hooks", *tensor->hooks));
    if (!segments.empty())
        open(value, std::move(segments));
    return true;
}

/// Calls that stand for plain values.
bool Lister::visitPlainCall(PickleValue value)
{
    const PickleCall &call = m_graph.call(value);
    if (!call.callable.is(Type::Global))
        return false;
    const GlobalUse &use = m_graph.global(call.callable);
    const Values &arguments = m_graph.arguments(call);
    const std::string full = use.module + "." + use.name;
    if (full == "torch.Size" && arguments.size() == 1 && arguments[0].is(Type::Tuple)) {
        const auto shape = pickledShape(m_file, arguments[0]);
        return note("torch.Size", shape ? fmt::format("[{}]", fmt::join(*shape, ", ")) : shownValue(m_file, arguments[0])), true;
    }
    if (full == "torch.device") {
        std::string text;
        for (const PickleValue argument : arguments)
            text += (text.empty() ? "" : ":") + shownValue(m_file, argument);
        return note("torch.device", text), true;
    }
    if (full == "torch.serialization._get_layout" && arguments.size() == 1)
        return note("torch.layout", shownValue(m_file, arguments[0])), true;
    if (full == "builtins.complex" && arguments.size() == 2)
        return note("complex", fmt::format("({}, {})", shownValue(m_file, arguments[0]), shownValue(m_file, arguments[1]))), true;
    if (full == "builtins.getattr" && use.grade == Grade::Known && arguments.size() == 2)
        return note("object", shownValue(m_file, arguments[1]), m_graph.fullName(arguments[0])), true;
    if (full == "torch._utils._rebuild_wrapper_subclass" && !arguments.empty() && arguments[0].is(Type::Global))
        return note("object", "a tensor without values of its own", m_graph.fullName(arguments[0])), true;
    if (auto scalar = numpyScalar(m_file, value))
        return note(scalar->type, std::move(scalar->value)), true;
    if (full == "collections.OrderedDict" || full == "collections.Counter" || full == "collections.defaultdict") {
        std::vector<Segment> segments;
        for (const PickleValue argument : arguments) {
            if (argument.is(Type::Dict))
                segments.push_back(pairs(m_graph.items(argument)));
            else if (argument.is(Type::List)) {
                // Python 2: OrderedDict([[key, value], …])
                Values &flat = m_flattened.emplace_back();
                m_file.budget.take(m_graph.items(argument).size() * 2 * sizeof(PickleValue));
                for (const PickleValue pair : m_graph.items(argument)) {
                    if (pair.isSequence() && m_graph.items(pair).size() == 2)
                        flat.insert(flat.end(), m_graph.items(pair).begin(), m_graph.items(pair).end());
                }
                segments.push_back(pairs(flat));
            }
        }
        segments.push_back(pairs(call.pairs));
        if (std::ranges::all_of(segments, [](const Segment &segment) { return segment.size() == 0; }))
            return note("dict", "{}"), true;
        return open(value, std::move(segments)), true;
    }
    if (full == "collections.deque") {
        std::vector<Segment> segments;
        if (!arguments.empty() && arguments[0].isSequence())
            segments.push_back(items(m_graph.items(arguments[0])));
        segments.push_back(items(call.items));
        return open(value, std::move(segments)), true;
    }
    if (full.starts_with("torch.jit._pickle.build_") && arguments.size() == 1 && arguments[0].isSequence())
        return open(value, {items(m_graph.items(arguments[0]))}), true;
    if (full == "torch.storage._load_from_bytes" && m_file.readNested && arguments.size() == 1 && arguments[0].is(Type::Bytes))
        return visitNested(arguments[0]), true;
    return false;
}

void Lister::visitNested(PickleValue bytes)
{
    const std::string_view run = bytes.text();
    PickleFile inner(m_file.content, m_file.budget, m_file.part + ": nested file");
    inner.source = {std::as_bytes(std::span(run.data(), run.size())), m_file.source.offsetOf(run)};
    inner.nesting = m_file.nesting + 1;
    inner.readNested = m_file.readNested;
    const PickleValue root = m_file.readNested(inner.source, inner);
    listPickle(inner, root, m_path); // as deep as files are nested: limits::nestedFiles
    inner.reportGlobals();
}

/// A whole nn.Module: its parameters and buffers under the names of its state dict.
bool Lister::openModule(PickleValue value, Frame &frame)
{
    const PickleCall &call = m_graph.call(value);
    if (!call.hasState || !call.state.is(Type::Dict))
        return false;
    const PickleValue *parameters = m_graph.find(call.state, "_parameters");
    const PickleValue *modules = m_graph.find(call.state, "_modules");
    if (!parameters || !modules || !pairsOf(*parameters) || !pairsOf(*modules))
        return false;
    const PickleValue *buffers = m_graph.find(call.state, "_buffers");
    for (const PickleValue *group : {parameters, buffers, modules}) {
        if (!group || !pairsOf(*group))
            continue;
        frame.segments.push_back(pairs(*pairsOf(*group)));
        frame.segments.back().skipNone = true;
    }
    return true;
}

/// An object of a class that is not known: shown with its class and everything that it holds.
void Lister::openObject(PickleValue value)
{
    const PickleCall &call = m_graph.call(value);
    PickleValue named = call.callable;
    const Values &arguments = m_graph.arguments(call);
    if (m_graph.isGlobal(named, "copyreg", "_reconstructor") && !arguments.empty() && arguments[0].is(Type::Global))
        named = arguments[0];
    note("object",
         arguments.size() == 1 && !arguments[0].isContainer() && !arguments[0].is(Type::Call) ? shownValue(m_file, arguments[0]) : "",
         m_graph.fullName(named));
    Frame frame;
    if (openModule(value, frame)) {
        const bool inModule = std::ranges::any_of(m_file.content.modules, [&](const Path &path) {
            return path.size() <= m_path.size() && std::equal(path.begin(), path.end(), m_path.begin());
        });
        if (!inModule)
            m_file.content.modules.push_back(m_path);
        return open(value, std::move(frame.segments));
    }
    std::vector<Segment> &segments = frame.segments;
    if (call.callable.is(Type::Call))
        segments.push_back(one("<callable>", call.callable));
    if (call.hasState) {
        if (call.state.is(Type::Dict)) {
            segments.push_back(pairs(m_graph.items(call.state)));
        } else if (call.state.is(Type::Tuple)) {
            const Values &parts = m_graph.items(call.state);
            for (std::size_t i = 0; i < parts.size(); ++i) {
                if (parts[i].is(Type::Dict))
                    segments.push_back(pairs(m_graph.items(parts[i])));
                else if (parts[i].is(Type::Call) || parts[i].isSequence())
                    segments.push_back(one(std::to_string(i), parts[i]));
            }
        } else if (call.state.is(Type::Call) || call.state.isContainer()) {
            segments.push_back(one("<state>", call.state));
        }
    }
    segments.push_back(items(call.items));
    segments.push_back(pairs(call.pairs));
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        if (arguments[i].is(Type::Call) || arguments[i].isContainer())
            segments.push_back(one(fmt::format("<arg{}>", i), arguments[i]));
    }
    if (call.keywords.is(Type::Dict))
        segments.push_back(one("<kwargs>", call.keywords));
    open(value, std::move(segments));
}

} // namespace

void listPickle(PickleFile &file, PickleValue root, const Path &path)
{
    Lister(file, path).list(root);
}

} // namespace rekey

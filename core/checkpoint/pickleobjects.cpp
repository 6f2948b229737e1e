// SPDX-License-Identifier: GPL-3.0-or-later
// Objects in a pickle: those that stand for plain values, modules, and classes that are not known.
#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/picklelister.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

/// The state of a subclass: a dict, or a dict and one of slots.
void Lister::appendAttributes(PickleValue state, std::vector<Segment> &segments)
{
    if (state.is(Type::Dict))
        segments.push_back(pairs(m_graph.items(state)));
    for (const PickleValue part : state.is(Type::Tuple) ? m_graph.items(state) : Values()) {
        if (part.is(Type::Dict))
            segments.push_back(pairs(m_graph.items(part)));
    }
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
    if ((full == "torch._tensor._rebuild_from_type_v2" || full == "torch.tensor._rebuild_from_type_v2") && arguments.size() == 4
        && m_graph.isGlobal(arguments[0], "torch._utils", "_rebuild_wrapper_subclass") && arguments[1].is(Type::Global)) {
        // A sharded or otherwise wrapped tensor: what it wraps is among its attributes.
        note("object", "a tensor without values of its own", m_graph.fullName(arguments[1]));
        std::vector<Segment> segments;
        appendAttributes(arguments[3], segments);
        return open(value, std::move(segments)), true;
    }
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

/// What a module says about itself: numbers and texts, and lists and dictionaries of such. Nothing else of a module's
/// state is part of its state dict.
void Lister::appendPlainState(PickleValue state, std::vector<Segment> &segments)
{
    constexpr std::size_t longest = 256; // looked through again for every attribute that shares it
    const auto isPlain = [&](PickleValue value) {
        return value.type < Type::List
            || (value.isContainer() && m_graph.items(value).size() <= longest && restIsPlain(m_graph.items(value), 0));
    };
    const Values &items = m_graph.items(state);
    count(items.size() / 2);
    for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
        const bool shown = items[i].is(Type::Text) && items[i].index > 0 && items[i].index < limits::globalName
            && items[i].text()[0] != '_' && isPlain(items[i + 1]);
        if (!shown)
            continue;
        segments.push_back(one(pickleText(items[i]), items[i + 1]));
    }
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
    appendPlainState(call.state, frame.segments);
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

} // namespace rekey

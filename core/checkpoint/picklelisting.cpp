// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/numpyarray.h"
#include "core/checkpoint/picklelister.h"
#include "core/checkpoint/torchnames.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace rekey {

namespace {

std::uint64_t identityOf(PickleValue value)
{
    return std::uint64_t{value.is(PickleValue::Type::Call)} << 32 | value.index;
}

std::size_t textBytes(const PathStep &step)
{
    const auto *text = std::get_if<std::string>(&step.value);
    return text ? text->size() : 0;
}

} // namespace

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

Lister::Segment Lister::pairs(const Values &values)
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

const Lister::Values *Lister::pairsOf(PickleValue value) const
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

bool Lister::restIsPlain(const Values &values, std::size_t from)
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
    for (const PickleValue attributes : tensor->attributes)
        appendAttributes(attributes, segments);
    if (tensor->hooks)
        segments.push_back(one("_backward_hooks", *tensor->hooks));
    if (!segments.empty())
        open(value, std::move(segments));
    return true;
}

void listPickle(PickleFile &file, PickleValue root, const Path &path)
{
    Lister(file, path).list(root);
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/pickletensor.h"

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_set>
#include <vector>

namespace rekey {

/// Walks a pickle's graph with a stack of its own and lists what it finds into the file's content.
class Lister
{
public:
    using Type = PickleValue::Type;
    using Values = std::vector<PickleValue>;

    Lister(PickleFile &file, const Path &path) : m_file(file), m_graph(file.graph), m_path(path) { }

    void list(PickleValue root)
    {
        visit(root);
        while (!m_frames.empty())
            advance();
    }

private:
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
    void appendAttributes(PickleValue state, std::vector<Segment> &segments);
    void appendPlainState(PickleValue state, std::vector<Segment> &segments);
    void open(PickleValue identity, std::vector<Segment> segments);
    void add(TensorEntry entry);
    void note(std::string_view type, std::string value, std::string className = {});
    PathStep keyStep(PickleValue key) const;
    Segment pairs(const Values &values);
    Segment items(const Values &values) const { return {Segment::Kind::Items, &values, {}, {}, false, {}}; }
    Segment one(std::string name, PickleValue value) const { return {Segment::Kind::One, nullptr, value, std::move(name), false, {}}; }
    /// The pairs of a dict, also of one that was made by a call.
    const Values *pairsOf(PickleValue value) const;
    static bool restIsPlain(const Values &values, std::size_t from);

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

} // namespace rekey

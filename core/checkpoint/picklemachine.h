// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/bytereader.h"
#include "core/checkpoint/parsebudget.h"
#include "core/checkpoint/picklevalue.h"

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace rekey {

/// Runs a pickle as data: a stack machine whose "calls" only note what would have been called. Nothing is imported,
/// nothing is evaluated; every length is checked before it is used; every allocation is counted.
class PickleMachine
{
public:
    /// Turns a persistent id into a value (Persistent, or a Global for legacy module ids); throws for ids it does not know.
    using PersistentLoad = std::function<PickleValue(PickleValue id)>;
    using Warn = std::function<void(std::string)>;

    /// Texts and bytes of the graph are views of `stream`, which must outlive it. `part` names it in errors.
    PickleMachine(std::span<const std::byte> stream, std::string part, PickleGraph &graph, ParseBudget &budget, Warn warn);

    /// Runs the pickle that begins at position() up to its STOP, and returns the one value it leaves.
    PickleValue run(const PersistentLoad &persistentLoad = {});

    std::size_t position() const { return m_position; }
    std::size_t left() const { return m_stream.size() - m_position; }
    /// Bytes from position() on, which is moved past them.
    std::span<const std::byte> take(std::uint64_t count);
    const std::string &part() const { return m_part; }
    [[noreturn]] void fail(const std::string &reason) const;

private:
    using Type = PickleValue::Type;
    using Values = std::vector<PickleValue>;

    bool step(unsigned char opcode, const PersistentLoad &persistentLoad);
    bool stepNumbers(unsigned char opcode);
    bool stepText(unsigned char opcode);
    bool stepContainers(unsigned char opcode);
    bool stepMemo(unsigned char opcode);
    bool stepObjects(unsigned char opcode);

    template <typename T>
    T number()
    {
        return littleEndian<T>(take(sizeof(T)).data());
    }
    std::string_view text(std::uint64_t length);
    std::string_view line();
    void push(PickleValue value);
    PickleValue pop();
    PickleValue &top();
    Values popMark();
    void pushNode(Type type, Values values);
    void pushText(Type type, std::string_view text);
    std::string_view keep(std::string text);
    void pushDecimal(std::string_view digits);
    void pushLong(std::string_view bytes);
    void pushFloatLine();
    void pushQuotedString();
    void pushRawUnicode();
    void frame();
    void append(Values values, bool onlySets);
    void store(const Values &pairs);
    void remember(std::uint64_t slot);
    void recall(std::uint64_t slot);
    std::uint64_t slotFromLine();
    PickleValue global(std::string_view module, std::string_view name);
    void call(PickleValue callable, PickleValue arguments, bool isNew, PickleValue keywords = {});
    bool fold(PickleValue callable, const Values &arguments);
    void noteCalled(PickleValue callable, const Values &arguments);
    void build();
    void dropped(PickleValue value);

    std::span<const std::byte> m_stream;
    std::string m_part;
    PickleGraph &m_graph;
    ParseBudget &m_budget;
    Warn m_warn;
    std::size_t m_position = 0;
    std::size_t m_opcodeAt = 0;
    std::size_t m_frameEnd = 0;
    std::uint64_t m_bytesSkipped = 0; ///< byte strings, which do not count as stream
    Values m_stack;
    std::vector<std::size_t> m_marks; ///< where in the stack they are
    Values m_memo;                    ///< slots 0, 1, 2 … as Python numbers them
    std::unordered_map<std::uint64_t, PickleValue> m_sparseMemo; ///< any others
    std::size_t m_memoCount = 0;
    std::unordered_map<std::string, std::uint32_t> m_globalIndex;
};

} // namespace rekey

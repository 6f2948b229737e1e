// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

/// A value of a pickle, inert: 16 bytes, trivially copied. Containers are numbers of nodes in a PickleGraph, so that
/// shared and self-containing structures are no trouble and nothing is destroyed recursively.
struct PickleValue
{
    enum class Type : std::uint8_t {
        Mark, None, Bool, Integer, BigInteger, Float, Text, Bytes, ByteArray,
        List, Tuple, Dict, Set, FrozenSet,
        Global, Call, Persistent,
    };

    Type type = Type::None;
    bool byteText = false;   ///< of a Text: a Python 2 byte string
    std::uint32_t index = 0; ///< of a container, global, call or persistent object; length of text and bytes
    union {
        std::int64_t integer = 0; ///< also of a Bool
        double real;
        const char *data;         ///< BigInteger: its decimal digits
    };

    static PickleValue ofInteger(std::int64_t value) { return make(Type::Integer, 0, value); }
    static PickleValue ofBool(bool value) { return make(Type::Bool, 0, value); }
    static PickleValue ofNode(Type type, std::size_t index) { return make(type, static_cast<std::uint32_t>(index), 0); }
    static PickleValue ofFloat(double value)
    {
        PickleValue result = make(Type::Float, 0, 0);
        result.real = value;
        return result;
    }
    static PickleValue ofText(Type type, std::string_view text)
    {
        PickleValue result = make(type, static_cast<std::uint32_t>(text.size()), 0);
        result.data = text.data();
        return result;
    }

    bool is(Type other) const { return type == other; }
    bool isSequence() const { return type == Type::List || type == Type::Tuple; }
    bool isContainer() const { return type >= Type::List && type <= Type::FrozenSet; }
    /// Of Text, Bytes, ByteArray and BigInteger.
    std::string_view text() const { return {data, index}; }

private:
    static PickleValue make(Type type, std::uint32_t index, std::int64_t integer)
    {
        PickleValue result;
        result.type = type;
        result.index = index;
        result.integer = integer;
        return result;
    }
};

/// Something that Python would have called or built: kept as what was asked for.
struct PickleCall
{
    PickleValue callable;  ///< Global or Call
    PickleValue arguments; ///< Tuple
    PickleValue keywords;  ///< Dict or None
    PickleValue state;     ///< of BUILD
    bool hasState = false;
    bool isNew = false;    ///< cls.__new__ rather than a call
    std::vector<PickleValue> items; ///< appended
    std::vector<PickleValue> pairs; ///< stored, key and value in turn
};

struct PickleGraph
{
    /// Of lists, tuples, sets: the items. Of dicts: key and value in turn.
    std::vector<std::vector<PickleValue>> nodes;
    std::vector<PickleCall> calls;
    std::vector<GlobalUse> globals;
    std::deque<std::string> owned; ///< texts that do not lie in the stream as they are

    const std::vector<PickleValue> &items(PickleValue container) const { return nodes[container.index]; }
    const PickleCall &call(PickleValue value) const { return calls[value.index]; }
    const GlobalUse &global(PickleValue value) const { return globals[value.index]; }

    /// The arguments of a call.
    const std::vector<PickleValue> &arguments(const PickleCall &call) const { return nodes[call.arguments.index]; }
    /// Whether a value is the global `module`.`name`.
    bool isGlobal(PickleValue value, std::string_view module, std::string_view name) const
    {
        return value.is(PickleValue::Type::Global) && global(value).module == module && global(value).name == name;
    }
    /// "module.name" of a Global, of a Call the name at the bottom of its callables.
    std::string fullName(PickleValue value) const
    {
        for (int depth = 0; depth < 100 && value.is(PickleValue::Type::Call); ++depth)
            value = call(value).callable;
        return value.is(PickleValue::Type::Global) ? global(value).module + "." + global(value).name : std::string("?");
    }
    /// The value stored under a text key of a dict; null where there is none.
    const PickleValue *find(PickleValue dict, std::string_view key) const
    {
        const PickleValue *found = nullptr;
        const auto &pairs = items(dict);
        for (std::size_t i = 0; i + 1 < pairs.size(); i += 2) {
            if (pairs[i].is(PickleValue::Type::Text) && pairs[i].text() == key)
                found = &pairs[i + 1];
        }
        return found;
    }
};

/// A Text's characters as UTF-8: Python 2 byte strings are read as Latin-1.
std::string pickleText(PickleValue text);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
// What each opcode does; the stack, the memo and the objects are picklemachine.cpp.
#include "core/checkpoint/picklemachine.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace rekey {

bool PickleMachine::stepNumbers(unsigned char opcode)
{
    switch (opcode) {
    case 'N': push({}); return true;
    case 0x88: push(PickleValue::ofBool(true)); return true;
    case 0x89: push(PickleValue::ofBool(false)); return true;
    case 'I': {
        const std::string_view digits = line();
        if (digits == "00" || digits == "01")
            push(PickleValue::ofBool(digits == "01"));
        else
            pushDecimal(digits);
        return true;
    }
    case 'L': {
        std::string_view digits = line();
        if (digits.ends_with('L'))
            digits.remove_suffix(1);
        pushDecimal(digits);
        return true;
    }
    case 'F': pushFloatLine(); return true;
    case 'G': push(PickleValue::ofFloat(std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>())))); return true;
    case 'J': push(PickleValue::ofInteger(number<std::int32_t>())); return true;
    case 'K': push(PickleValue::ofInteger(number<std::uint8_t>())); return true;
    case 'M': push(PickleValue::ofInteger(number<std::uint16_t>())); return true;
    case 0x8A: pushLong(text(number<std::uint8_t>())); return true;
    case 0x8B: {
        const auto length = number<std::int32_t>();
        if (length < 0 || length > static_cast<std::int32_t>(limits::pickleInteger))
            fail(fmt::format("an integer of {} bytes; at most {} are read", length, limits::pickleInteger));
        pushLong(text(static_cast<std::uint64_t>(length)));
        return true;
    }
    default: return false;
    }
}

bool PickleMachine::stepText(unsigned char opcode)
{
    const auto byteText = [&](std::string_view bytes) {
        PickleValue value = PickleValue::ofText(Type::Text, bytes);
        value.byteText = true;
        push(value);
    };
    const auto bytes = [&](Type type, std::uint64_t length) {
        const std::string_view run = text(length);
        m_bytesSkipped += run.size();
        pushText(type, run);
    };
    switch (opcode) {
    case 'S': pushQuotedString(); return true;
    case 'T': {
        const auto length = number<std::int32_t>();
        if (length < 0)
            fail(fmt::format("a BINSTRING of {} bytes", length));
        m_bytesSkipped += static_cast<std::uint64_t>(length);
        byteText(text(static_cast<std::uint64_t>(length)));
        return true;
    }
    case 'U': byteText(text(number<std::uint8_t>())); return true;
    case 'V': pushRawUnicode(); return true;
    case 'X': pushText(Type::Text, text(number<std::uint32_t>())); return true;
    case 0x8C: pushText(Type::Text, text(number<std::uint8_t>())); return true;
    case 0x8D: pushText(Type::Text, text(number<std::uint64_t>())); return true;
    case 'B': bytes(Type::Bytes, number<std::uint32_t>()); return true;
    case 'C': bytes(Type::Bytes, number<std::uint8_t>()); return true;
    case 0x8E: bytes(Type::Bytes, number<std::uint64_t>()); return true;
    case 0x96: bytes(Type::ByteArray, number<std::uint64_t>()); return true;
    default: return false;
    }
}

bool PickleMachine::stepContainers(unsigned char opcode)
{
    const auto pushTuple = [&](std::size_t count) {
        Values values(count);
        for (std::size_t i = count; i-- > 0;)
            values[i] = pop();
        pushNode(Type::Tuple, std::move(values));
    };
    switch (opcode) {
    case ']': pushNode(Type::List, {}); return true;
    case '}': pushNode(Type::Dict, {}); return true;
    case ')': pushNode(Type::Tuple, {}); return true;
    case 0x8F: pushNode(Type::Set, {}); return true;
    case 'l': pushNode(Type::List, popMark()); return true;
    case 't': pushNode(Type::Tuple, popMark()); return true;
    case 0x91: pushNode(Type::FrozenSet, popMark()); return true;
    case 'd': {
        const Values pairs = popMark();
        pushNode(Type::Dict, {});
        store(pairs);
        return true;
    }
    case 0x85: pushTuple(1); return true;
    case 0x86: pushTuple(2); return true;
    case 0x87: pushTuple(3); return true;
    case 'a': append({pop()}, false); return true;
    case 'e': append(popMark(), false); return true;
    case 0x90: append(popMark(), true); return true;
    case 's': {
        const PickleValue value = pop();
        const PickleValue key = pop();
        store({key, value});
        return true;
    }
    case 'u': store(popMark()); return true;
    default: return false;
    }
}

bool PickleMachine::stepMemo(unsigned char opcode)
{
    switch (opcode) {
    case 'q': remember(number<std::uint8_t>()); return true;
    case 'r': remember(number<std::uint32_t>()); return true;
    case 'p': remember(slotFromLine()); return true;
    case 0x94: remember(m_memoCount); return true;
    case 'h': recall(number<std::uint8_t>()); return true;
    case 'j': recall(number<std::uint32_t>()); return true;
    case 'g': recall(slotFromLine()); return true;
    default: return false;
    }
}

bool PickleMachine::stepObjects(unsigned char opcode)
{
    switch (opcode) {
    case 'c': {
        const std::string_view module = line();
        push(global(module, line()));
        return true;
    }
    case 0x93: {
        const PickleValue name = pop();
        const PickleValue module = pop();
        if (!name.is(Type::Text) || !module.is(Type::Text))
            fail("the name of a global is no text");
        push(global(module.text(), name.text()));
        return true;
    }
    case 'i': {
        const std::string_view module = line();
        const PickleValue callable = global(module, line());
        pushNode(Type::Tuple, popMark());
        const PickleValue arguments = pop();
        call(callable, arguments, false);
        return true;
    }
    case 'o': {
        Values values = popMark();
        if (values.empty())
            fail("OBJ without a class");
        const PickleValue callable = values.front();
        values.erase(values.begin());
        pushNode(Type::Tuple, std::move(values));
        const PickleValue arguments = pop();
        call(callable, arguments, false);
        return true;
    }
    case 'R':
    case 0x81: {
        const PickleValue arguments = pop();
        const PickleValue callable = pop();
        call(callable, arguments, opcode == 0x81);
        return true;
    }
    case 0x92: {
        const PickleValue keywords = pop();
        const PickleValue arguments = pop();
        const PickleValue callable = pop();
        if (!keywords.is(Type::Dict))
            fail("the keywords of NEWOBJ_EX are no dictionary");
        call(callable, arguments, true, keywords);
        return true;
    }
    case 'b': build(); return true;
    default: return false;
    }
}

/// False at STOP.
bool PickleMachine::step(unsigned char opcode, const PersistentLoad &persistentLoad)
{
    switch (opcode) {
    case '.': return false;
    case 0x80:
        if (const auto protocol = number<std::uint8_t>(); protocol > 5)
            fail(fmt::format("pickle protocol {} is unknown", protocol));
        return true;
    case 0x95: frame(); return true;
    case '(':
        m_marks.push_back(m_stack.size());
        m_budget.take(sizeof(std::size_t) * 2);
        push(PickleValue::ofNode(Type::Mark, 0));
        return true;
    case '0':
        if (!m_stack.empty() && m_stack.back().is(Type::Mark))
            popMark();
        else
            dropped(pop());
        return true;
    case '1':
        for (const PickleValue value : popMark())
            dropped(value);
        return true;
    case '2': push(top()); return true;
    case 'Q':
    case 'P': {
        if (!persistentLoad)
            fail("a persistent id, which only PyTorch's own files may hold");
        const PickleValue id = opcode == 'Q' ? pop() : PickleValue::ofText(Type::Text, line());
        push(persistentLoad(id));
        return true;
    }
    case 0x82:
    case 0x83:
    case 0x84: fail("an extension code");
    case 0x97:
    case 0x98: fail("an out-of-band buffer, which no file can hold");
    default: break;
    }
    if (!stepNumbers(opcode) && !stepText(opcode) && !stepContainers(opcode) && !stepMemo(opcode) && !stepObjects(opcode))
        fail(fmt::format("0x{:02x} is no opcode", opcode));
    return true;
}

PickleValue PickleMachine::run(const PersistentLoad &persistentLoad)
{
    m_stack.clear();
    m_marks.clear();
    m_memo.clear();
    m_sparseMemo.clear();
    m_memoCount = 0;
    m_frameEnd = 0;
    m_bytesSkipped = 0;
    const std::size_t begin = m_position;
    while (true) {
        m_opcodeAt = m_position;
        m_budget.takeOpcode();
        if (m_position - begin - std::min<std::uint64_t>(m_bytesSkipped, m_position - begin) > limits::pickleStream)
            fail(fmt::format("the pickle is longer than {} MiB", limits::pickleStream / limits::MiB));
        if (m_frameEnd != 0 && m_position > m_frameEnd)
            fail("an opcode straddles the end of its frame");
        if (m_position == m_frameEnd)
            m_frameEnd = 0;
        if (left() == 0)
            fail("the pickle ends without STOP (cut short?)");
        if (!step(std::to_integer<unsigned char>(m_stream[m_position++]), persistentLoad))
            break;
    }
    if (m_stack.size() != 1 || m_stack.back().is(Type::Mark))
        fail(fmt::format("STOP with {} objects on the stack, one was expected", m_stack.size()));
    return m_stack.back();
}

} // namespace rekey

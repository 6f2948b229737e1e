// SPDX-License-Identifier: GPL-3.0-or-later
// The pickle protocols 0 to 5: https://github.com/python/cpython/blob/main/Lib/pickletools.py
#include "core/checkpoint/picklemachine.h"

#include "core/base/bytereader.h"
#include "core/base/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rekey {

std::string pickleText(PickleValue text)
{
    return text.byteText && !isUtf8(text.text()) ? utf8FromLatin1(text.text()) : std::string(text.text());
}

PickleMachine::PickleMachine(std::span<const std::byte> stream, std::string part, PickleGraph &graph, ParseBudget &budget, Warn warn)
    : m_stream(stream), m_part(std::move(part)), m_graph(graph), m_budget(budget), m_warn(std::move(warn))
{
}

void PickleMachine::fail(const std::string &reason) const
{
    throw Error(m_budget.file(), m_part, fmt::format("{}, at byte {}", reason, m_opcodeAt));
}

std::span<const std::byte> PickleMachine::take(std::uint64_t count)
{
    if (count > left())
        fail(fmt::format("a field of {} bytes runs past the end of the stream, {} are left", count, left()));
    const auto taken = m_stream.subspan(m_position, count);
    m_position += count;
    return taken;
}

std::string_view PickleMachine::text(std::uint64_t length)
{
    if (length > UINT32_MAX && length <= left())
        fail("a text of more than 4 GiB is not supported");
    return asText(take(length));
}

std::string_view PickleMachine::line()
{
    const std::string_view rest = asText(m_stream.subspan(m_position, std::min(left(), limits::pickleLine + 1)));
    const std::size_t end = rest.find('\n');
    if (end == rest.npos)
        fail(rest.size() > limits::pickleLine ? fmt::format("a text line is longer than {} bytes", limits::pickleLine)
                                              : "a text line has no end");
    m_position += end + 1;
    return rest.substr(0, end);
}

void PickleMachine::push(PickleValue value)
{
    if (m_stack.size() == m_stack.capacity())
        m_budget.take(std::max<std::size_t>(m_stack.capacity(), 16) * sizeof(PickleValue));
    m_stack.push_back(value);
}

PickleValue PickleMachine::pop()
{
    const PickleValue value = top();
    m_stack.pop_back();
    return value;
}

PickleValue &PickleMachine::top()
{
    if (m_stack.empty() || m_stack.back().is(Type::Mark))
        fail("the stack holds too little for the opcode");
    return m_stack.back();
}

PickleMachine::Values PickleMachine::popMark()
{
    if (m_marks.empty())
        fail("there is no MARK for the opcode");
    const auto mark = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    m_marks.pop_back();
    Values values(mark + 1, m_stack.end());
    m_stack.erase(mark, m_stack.end());
    return values;
}

void PickleMachine::pushNode(Type type, Values values)
{
    m_budget.take(sizeof(Values) * 2 + values.size() * sizeof(PickleValue));
    m_graph.nodes.push_back(std::move(values));
    push(PickleValue::ofNode(type, m_graph.nodes.size() - 1));
}

void PickleMachine::pushText(Type type, std::string_view text)
{
    if (type == Type::Text && !isUtf8(text, true))
        fail("a text is not UTF-8");
    push(PickleValue::ofText(type, text));
}

std::string_view PickleMachine::keep(std::string text)
{
    m_budget.take(text.size() + sizeof text);
    return m_graph.owned.emplace_back(std::move(text));
}

void PickleMachine::pushDecimal(std::string_view digits)
{
    const auto trimmed = digits.substr(std::min(digits.find_first_not_of(" \t\r"), digits.size()));
    std::string_view number = trimmed.substr(0, trimmed.find_last_not_of(" \t\r") + 1);
    const bool negative = number.starts_with('-');
    if (negative || number.starts_with('+'))
        number.remove_prefix(1);
    if (number.empty() || number.size() > limits::pickleDigits || number.find_first_not_of("0123456789") != number.npos)
        fail("an integer in text form is none");
    std::int64_t value = 0;
    bool fits = true;
    for (const char digit : number)
        fits = fits && !__builtin_mul_overflow(value, 10, &value) && !__builtin_add_overflow(value, digit - '0', &value);
    if (fits)
        return push(PickleValue::ofInteger(negative ? -value : value));
    push(PickleValue::ofText(Type::BigInteger, keep((negative ? "-" : "") + std::string(number))));
}

void PickleMachine::pushLong(std::string_view bytes)
{
    const bool negative = !bytes.empty() && static_cast<unsigned char>(bytes.back()) >= 0x80;
    if (bytes.size() <= 8) {
        std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
        for (std::size_t i = bytes.size(); i-- > 0;)
            value = value << 8 | static_cast<unsigned char>(bytes[i]);
        return push(PickleValue::ofInteger(static_cast<std::int64_t>(value)));
    }
    if (bytes.size() > limits::integerShown)
        return push(PickleValue::ofText(Type::BigInteger, keep(fmt::format("an integer of {} bytes", bytes.size()))));
    // To decimal: repeated division by ten of at most 128 bytes.
    std::vector<unsigned char> magnitude(bytes.begin(), bytes.end());
    if (negative) {
        unsigned carry = 1;
        for (unsigned char &byte : magnitude) {
            carry += static_cast<unsigned char>(~byte);
            byte = static_cast<unsigned char>(carry);
            carry >>= 8;
        }
    }
    std::string digits;
    while (!magnitude.empty()) {
        unsigned rest = 0;
        for (std::size_t i = magnitude.size(); i-- > 0;) {
            rest = rest << 8 | magnitude[i];
            magnitude[i] = static_cast<unsigned char>(rest / 10);
            rest %= 10;
        }
        digits += static_cast<char>('0' + rest);
        while (!magnitude.empty() && magnitude.back() == 0)
            magnitude.pop_back();
    }
    if (negative)
        digits += '-';
    std::ranges::reverse(digits);
    push(PickleValue::ofText(Type::BigInteger, keep(std::move(digits))));
}

void PickleMachine::pushFloatLine()
{
    std::string_view number = line();
    while (!number.empty() && (number.back() == ' ' || number.back() == '\r'))
        number.remove_suffix(1);
    if (number.starts_with('+'))
        number.remove_prefix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
    if (number.size() > 100 || error == std::errc::invalid_argument || end != number.data() + number.size())
        fail("a floating-point number in text form is none");
    push(PickleValue::ofFloat(value));
}

namespace {

int hexDigit(char letter)
{
    if (letter >= '0' && letter <= '9')
        return letter - '0';
    const char lower = static_cast<char>(letter | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// `count` hexadecimal digits at the start of `text`; -1 when they are not there.
std::int64_t hexNumber(std::string_view text, std::size_t count)
{
    if (text.size() < count)
        return -1;
    std::int64_t value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int digit = hexDigit(text[i]);
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/// One backslash escape of a Python byte string at the start of `text`, which begins behind the backslash. Returns the
/// characters it takes; 0 for a broken one.
std::size_t unescape(std::string_view text, std::string &out)
{
    constexpr std::string_view letters = "\\'\"nrtabfv\n";
    constexpr std::string_view meanings = "\\'\"\n\r\t\a\b\f\v";
    if (text.empty())
        return 0;
    if (const std::size_t known = letters.find(text[0]); known != letters.npos) {
        if (known < meanings.size())
            out += meanings[known];
        return 1;
    }
    if (text[0] == 'x') {
        const std::int64_t value = hexNumber(text.substr(1), 2);
        out += static_cast<char>(value);
        return value < 0 ? 0 : 3;
    }
    if (text[0] >= '0' && text[0] <= '7') {
        std::size_t length = 0;
        int value = 0;
        for (; length < 3 && length < text.size() && text[length] >= '0' && text[length] <= '7'; ++length)
            value = value * 8 + (text[length] - '0');
        out += static_cast<char>(value);
        return length;
    }
    out += '\\';
    out += text[0];
    return 1;
}

} // namespace

void PickleMachine::pushQuotedString()
{
    std::string_view quoted = line();
    while (!quoted.empty() && (quoted.back() == ' ' || quoted.back() == '\r'))
        quoted.remove_suffix(1);
    if (quoted.size() < 2 || (quoted.front() != '\'' && quoted.front() != '"') || quoted.back() != quoted.front())
        fail("a STRING has no quotes");
    const char quote = quoted.front();
    quoted = quoted.substr(1, quoted.size() - 2);
    std::string text;
    for (std::size_t i = 0; i < quoted.size(); ++i) {
        if (quoted[i] == quote)
            fail("a STRING has a quote inside");
        if (quoted[i] != '\\') {
            text += quoted[i];
            continue;
        }
        const std::size_t taken = unescape(quoted.substr(i + 1), text);
        if (taken == 0)
            fail("a STRING has a broken escape");
        i += taken;
    }
    PickleValue value = PickleValue::ofText(Type::Text, keep(std::move(text)));
    value.byteText = true;
    push(value);
}

void PickleMachine::pushRawUnicode()
{
    const std::string_view raw = line();
    std::string text;
    for (std::size_t i = 0; i < raw.size();) {
        // \uXXXX counts only behind an odd number of backslashes
        std::size_t slashes = 0;
        while (i + slashes < raw.size() && raw[i + slashes] == '\\')
            ++slashes;
        const char kind = i + slashes < raw.size() ? raw[i + slashes] : '\0';
        if (slashes % 2 == 1 && (kind == 'u' || kind == 'U')) {
            const std::size_t digits = kind == 'u' ? 4 : 8;
            const std::int64_t code = hexNumber(raw.substr(i + slashes + 1), digits);
            if (code < 0 || code > 0x10FFFF)
                fail("a UNICODE has a broken escape");
            text.append(slashes - 1, '\\');
            appendUtf8(text, static_cast<std::uint32_t>(code));
            i += slashes + 1 + digits;
        } else if (slashes > 0) {
            text.append(slashes, '\\');
            i += slashes;
        } else {
            appendUtf8(text, static_cast<unsigned char>(raw[i++]));
        }
    }
    push(PickleValue::ofText(Type::Text, keep(std::move(text))));
}

void PickleMachine::frame()
{
    const auto length = number<std::uint64_t>();
    if (m_frameEnd != 0)
        fail("a frame begins inside another");
    if (length > left())
        fail(fmt::format("a frame of {} bytes runs past the end of the stream, {} are left", length, left()));
    m_frameEnd = m_position + length;
}

void PickleMachine::append(Values values, bool onlySets)
{
    const PickleValue target = top();
    m_budget.take(values.size() * sizeof(PickleValue) * 2);
    Values *items = nullptr;
    if (target.is(Type::Call))
        items = &m_graph.calls[target.index].items;
    else if (target.is(onlySets ? Type::Set : Type::List))
        items = &m_graph.nodes[target.index];
    else
        fail(onlySets ? "items are added to something that is no set" : "items are appended to something that is no list");
    items->insert(items->end(), values.begin(), values.end());
}

void PickleMachine::store(const Values &pairs)
{
    if (pairs.size() % 2 != 0)
        fail("keys and values of a dictionary do not pair up");
    for (std::size_t i = 0; i < pairs.size(); i += 2) {
        if (pairs[i].is(Type::List) || pairs[i].is(Type::Dict) || pairs[i].is(Type::Set) || pairs[i].is(Type::ByteArray))
            fail("a dictionary key is of a kind that cannot be one");
    }
    const PickleValue target = top();
    m_budget.take(pairs.size() * sizeof(PickleValue) * 2);
    if (!target.is(Type::Dict) && !target.is(Type::Call))
        fail("an item is stored into something that is no dictionary");
    Values &items = target.is(Type::Call) ? m_graph.calls[target.index].pairs : m_graph.nodes[target.index];
    items.insert(items.end(), pairs.begin(), pairs.end());
}

void PickleMachine::remember(std::uint64_t slot)
{
    const PickleValue value = top();
    if (slot > m_stream.size())
        fail(fmt::format("memo slot {} is out of any honest range", slot));
    if (slot < m_memo.size()) {
        m_memoCount += m_memo[slot].is(Type::Mark);
        m_memo[slot] = value;
    } else if (slot <= m_memo.size() + 64) {
        m_budget.take((slot + 1 - m_memo.size()) * sizeof(PickleValue) * 2);
        m_memo.resize(slot + 1, PickleValue::ofNode(Type::Mark, 0)); // a Mark stands for a slot never stored
        m_memo[slot] = value;
        ++m_memoCount;
    } else {
        m_budget.take(64);
        m_memoCount += m_sparseMemo.insert_or_assign(slot, value).second;
    }
}

void PickleMachine::recall(std::uint64_t slot)
{
    // A slot beyond the dense part may have been stored before the dense part grew past it.
    if (const auto found = m_sparseMemo.find(slot); found != m_sparseMemo.end() && (slot >= m_memo.size() || m_memo[slot].is(Type::Mark)))
        return push(found->second);
    if (slot >= m_memo.size() || m_memo[slot].is(Type::Mark))
        fail(fmt::format("memo slot {} was never stored", slot));
    push(m_memo[slot]);
}

std::uint64_t PickleMachine::slotFromLine()
{
    const std::string_view digits = line();
    std::uint64_t slot = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), slot);
    if (error != std::errc() || end != digits.data() + digits.size())
        fail("a memo slot in text form is no number");
    return slot;
}

} // namespace rekey

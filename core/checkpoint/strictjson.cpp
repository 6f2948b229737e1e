// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/strictjson.h"

#include "core/base/error.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <functional>

namespace rekey {

bool JsonNames::add(std::string_view name)
{
    if (2 * (m_count + 1) > m_slots.size())
        grow();
    const std::size_t hash = std::hash<std::string_view>()(name);
    const std::size_t mask = m_slots.size() - 1;
    std::size_t at = hash & mask;
    for (; m_slots[at].end != 0; at = (at + 1) & mask) {
        const Slot &slot = m_slots[at];
        if (slot.hash == hash && std::string_view(m_text).substr(slot.begin, slot.end - slot.begin) == name)
            return false;
    }
    m_slots[at] = {hash, m_text.size(), m_text.size() + name.size()};
    m_text += name;
    ++m_count;
    return true;
}

void JsonNames::clear()
{
    if (m_count == 0)
        return;
    m_text.resize(1);
    m_slots.assign(m_slots.size() > 64 ? 0 : m_slots.size(), Slot());
    m_count = 0;
}

void JsonNames::grow()
{
    std::vector<Slot> slots(std::max<std::size_t>(16, 2 * m_slots.size()));
    for (const Slot &slot : m_slots) {
        if (slot.end == 0)
            continue;
        std::size_t at = slot.hash & (slots.size() - 1);
        while (slots[at].end != 0)
            at = (at + 1) & (slots.size() - 1);
        slots[at] = slot;
    }
    m_slots = std::move(slots);
}

struct StrictJsonParser : nlohmann::json_sax<nlohmann::json>
{
    JsonHandler &handler;
    const std::string &file;
    const std::string &part;

    StrictJsonParser(JsonHandler &receiver, const std::string &fileName, const std::string &partName)
        : handler(receiver), file(fileName), part(partName)
    {
    }

    bool put(JsonValue value)
    {
        handler.value(value);
        return true;
    }

    bool open(bool array)
    {
        if (handler.m_level == limits::jsonDepth)
            throw Error(file, part, fmt::format("JSON is nested deeper than {} levels", limits::jsonDepth));
        handler.opened(array);
        if (handler.m_frames.size() == handler.m_level)
            handler.m_frames.emplace_back();
        JsonHandler::Frame &frame = handler.m_frames[handler.m_level++];
        frame.array = array;
        frame.key.clear();
        frame.names.clear();
        return true;
    }

    bool close(bool array)
    {
        handler.closed(array);
        --handler.m_level;
        return true;
    }

    bool null() override { return put({}); }
    bool boolean(bool value) override { return put({JsonValue::Type::Bool, value, nullptr}); }
    bool number_integer(number_integer_t) override { return put({JsonValue::Type::Negative, 0, nullptr}); }
    bool number_unsigned(number_unsigned_t value) override { return put({JsonValue::Type::Natural, value, nullptr}); }
    bool number_float(number_float_t, const string_t &) override { return put({JsonValue::Type::Real, 0, nullptr}); }
    bool string(string_t &value) override { return put({JsonValue::Type::Text, 0, &value}); }
    bool binary(binary_t &) override { return false; }
    bool start_object(std::size_t) override { return open(false); }
    bool end_object() override { return close(false); }
    bool start_array(std::size_t) override { return open(true); }
    bool end_array() override { return close(true); }

    bool key(string_t &name) override
    {
        JsonHandler::Frame &frame = handler.m_frames[handler.m_level - 1];
        if (!frame.names.add(name))
            throw Error(file, part, fmt::format("\"{}\" occurs twice", displayText(name)));
        frame.key = name;
        return true;
    }

    bool parse_error(std::size_t position, const std::string &, const nlohmann::detail::exception &) override
    {
        throw Error(file, part, fmt::format("not valid JSON, at byte {}", position));
    }
};

void parseStrictJson(std::string_view text, JsonHandler &handler, const std::string &file, const std::string &part)
{
    if (text.starts_with("\xEF\xBB\xBF"))
        throw Error(file, part, "JSON begins with a byte order mark");
    // The parser would take a NUL for the end, and ignore what follows.
    if (const std::size_t nul = text.find('\0'); nul != text.npos)
        throw Error(file, part, fmt::format("not valid JSON, a NUL at byte {}", nul));
    StrictJsonParser parser(handler, file, part);
    nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &parser);
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/strictjson.h"

#include "core/base/error.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rekey {

bool JsonHandler::Frame::add(const std::string &name)
{
    constexpr std::size_t searched = 8; // most objects are small: looking through them beats hashing
    if (!many.empty())
        return many.insert(name).second;
    if (std::ranges::find(few, name) != few.end())
        return false;
    few.push_back(name);
    if (few.size() > searched) {
        many.insert(few.begin(), few.end());
        few.clear();
    }
    return true;
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
        if (handler.m_frames.size() == limits::jsonDepth)
            throw Error(file, part, fmt::format("JSON is nested deeper than {} levels", limits::jsonDepth));
        handler.opened(array);
        handler.m_frames.push_back({array, {}, {}, {}});
        return true;
    }

    bool close(bool array)
    {
        handler.closed(array);
        handler.m_frames.pop_back();
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
        auto &frame = handler.m_frames.back();
        if (!frame.add(name))
            throw Error(file, part, fmt::format("\"{}\" occurs twice", displayText(name)));
        frame.key = std::move(name);
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
    StrictJsonParser parser(handler, file, part);
    nlohmann::json::sax_parse(text.data(), text.data() + text.size(), &parser);
}

} // namespace rekey

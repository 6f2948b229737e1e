// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace rekey {

struct JsonValue
{
    enum class Type { Null, Bool, Natural, Negative, Real, Text };
    Type type = Type::Null;
    std::uint64_t natural = 0; ///< of a Natural; a Bool is 0 or 1
    std::string *text = nullptr;
};

/// Receives a JSON document piece by piece, in its order. Levels: 0 is outside of everything, the members of the
/// outermost object are at level 1.
class JsonHandler
{
public:
    virtual ~JsonHandler() = default;
    virtual void value(const JsonValue &value) = 0;
    virtual void opened(bool array) = 0;
    /// Called while the closing container still counts as a level.
    virtual void closed(bool array) = 0;

    std::size_t level() const { return m_frames.size(); }
    /// The member that is being read at `level`; empty in arrays.
    const std::string &key(std::size_t level) const { return m_frames[level - 1].key; }
    bool inArray() const { return !m_frames.empty() && m_frames.back().array; }

private:
    struct Frame
    {
        bool array = false;
        std::string key;
        std::vector<std::string> few;
        std::unordered_set<std::string> many;
        bool add(const std::string &name);
    };
    std::vector<Frame> m_frames;
    friend struct StrictJsonParser;
};

/// Strict JSON (RFC 8259): no comments, NaN, byte order mark or trailing text; no member twice in one object; at most
/// limits::jsonDepth levels. Throws Error(file, part, …).
void parseStrictJson(std::string_view text, JsonHandler &handler, const std::string &file, const std::string &part);

} // namespace rekey

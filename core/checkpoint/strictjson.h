// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

struct JsonValue
{
    enum class Type { Null, Bool, Natural, Negative, Real, Text };
    Type type = Type::Null;
    std::uint64_t natural = 0; ///< of a Natural; a Bool is 0 or 1
    std::string *text = nullptr;
};

/// The member names of one object so far. Made for headers with 100,000 of them and for many small ones.
class JsonNames
{
public:
    /// False when the name is there already.
    bool add(std::string_view name);
    void clear();

private:
    struct Slot
    {
        std::size_t hash = 0;
        std::size_t begin = 0; ///< in m_text
        std::size_t end = 0;   ///< 0: free
    };
    void grow();
    std::string m_text = " "; ///< the names one after the other; the blank keeps `end` above 0
    std::vector<Slot> m_slots;
    std::size_t m_count = 0;
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

    std::size_t level() const { return m_level; }
    /// The member that is being read at `level`; empty in arrays.
    const std::string &key(std::size_t level) const { return m_frames[level - 1].key; }
    bool inArray() const { return m_level > 0 && m_frames[m_level - 1].array; }

private:
    struct Frame
    {
        bool array = false;
        std::string key;
        JsonNames names;
    };
    std::vector<Frame> m_frames; ///< kept when left, to be used again
    std::size_t m_level = 0;
    friend struct StrictJsonParser;
};

/// Strict JSON (RFC 8259): no comments, NaN, byte order mark or trailing text; no member twice in one object; at most
/// limits::jsonDepth levels. Throws Error(file, part, …).
void parseStrictJson(std::string_view text, JsonHandler &handler, const std::string &file, const std::string &part);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/mapping.h"

#include "core/base/error.h"
#include "core/mapping/jsonplace.h"
#include "core/mapping/mappingformat.h"
#include "core/mapping/mappingjson.h"
#include "core/mapping/transformfields.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <limits>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

/// The document being read and the place in it.
struct Reading
{
    const std::string &file;
    std::string_view text;
    JsonPath path;

    [[noreturn]] void fail(const std::string &reason) const
    {
        const std::string place = jsonPathText(path);
        throw Error(file, fmt::format("{}{}", place.empty() ? "" : place + ", ", positionText(positionOfJsonPath(text, path))), reason);
    }
    [[noreturn]] void failExpected(std::string_view expected, const Json &found) const
    {
        const std::string shown = found.dump(-1, ' ', false, Json::error_handler_t::replace);
        fail(fmt::format("expected {}, found {}", expected, displayText(shown, 60)));
    }
};

/// One step down for the lifetime of the object.
class Down
{
public:
    template <class KeyOrIndex>
    Down(Reading &reading, KeyOrIndex step)
        : m_reading(reading)
    {
        m_reading.path.emplace_back(std::move(step));
    }
    ~Down() { m_reading.path.pop_back(); }
    Down(const Down &) = delete;
    Down &operator=(const Down &) = delete;

private:
    Reading &m_reading;
};

void read(Reading &reading, const Json &json, std::string &value)
{
    if (!json.is_string())
        reading.failExpected("text in quotes", json);
    value = json.get<std::string>();
}

void read(Reading &reading, const Json &json, bool &value)
{
    if (!json.is_boolean())
        reading.failExpected("true or false", json);
    value = json.get<bool>();
}

void read(Reading &reading, const Json &json, double &value)
{
    if (!json.is_number())
        reading.failExpected("a number", json);
    value = json.get<double>();
}

template <class Integer>
void read(Reading &reading, const Json &json, Integer &value)
    requires std::is_integral_v<Integer>
{
    const bool fits = json.is_number_unsigned() ? std::in_range<Integer>(json.get<std::uint64_t>())
                                                : json.is_number_integer() && std::in_range<Integer>(json.get<std::int64_t>());
    if (!fits)
        reading.failExpected("a whole number", json);
    value = json.get<Integer>();
}

void read(Reading &reading, const Json &json, DType &value)
{
    std::string text;
    read(reading, json, text);
    const std::optional<DType> dtype = dtypeFromName(text);
    if (!dtype)
        reading.failExpected("an element type such as F32", json);
    value = *dtype;
}

void read(Reading &reading, const Json &json, Pattern &value)
{
    std::string text;
    read(reading, json, text);
    try {
        value = Pattern::parse(text);
    } catch (const PatternError &error) {
        reading.fail(fmt::format("'{}' is no pattern: {}", displayText(text), error.what()));
    }
}

template <std::size_t size>
std::size_t readWord(Reading &reading, const Json &json, const std::array<std::string_view, size> &words)
{
    std::string text;
    read(reading, json, text);
    const auto found = std::ranges::find(words, text);
    if (found == words.end())
        reading.failExpected(fmt::format("one of {}", fmt::join(words, ", ")), json);
    return static_cast<std::size_t>(found - words.begin());
}

void read(Reading &reading, const Json &json, RuleKind &value)
{
    value = static_cast<RuleKind>(readWord(reading, json, mappingformat::kindNames));
}

void read(Reading &reading, const Json &json, RuleState &value)
{
    value = static_cast<RuleState>(readWord(reading, json, mappingformat::stateNames));
}

void read(Reading &reading, const Json &json, InitPolicy &value)
{
    value = static_cast<InitPolicy>(readWord(reading, json, mappingformat::initNames));
}

void read(Reading &reading, const Json &json, Step &value);
void read(Reading &reading, const Json &json, Candidate &value);
void read(Reading &reading, const Json &json, Rule &value);
void read(Reading &reading, const Json &json, MappingSide &value);

template <class T>
void read(Reading &reading, const Json &json, std::vector<T> &values)
{
    if (!json.is_array())
        reading.failExpected("a list in [ ]", json);
    values.clear();
    for (std::size_t i = 0; i < json.size(); ++i) {
        const Down down(reading, i);
        read(reading, json[i], values.emplace_back());
    }
}

/// The fields of one object; what is asked for is known, anything else is a mistake and refused.
class Fields
{
public:
    Fields(Reading &reading, const Json &json)
        : m_reading(reading)
        , m_json(json)
    {
        if (!json.is_object())
            reading.failExpected("an object in { }", json);
    }

    template <class T>
    bool optional(std::string_view name, T &value)
    {
        m_known.push_back(name);
        const auto found = m_json.find(name);
        if (found == m_json.end())
            return false;
        const Down down(m_reading, std::string(name));
        read(m_reading, *found, value);
        return true;
    }

    template <class T>
    void required(std::string_view name, T &value)
    {
        if (!optional(name, value))
            m_reading.fail(fmt::format("'{}' is missing", name));
    }

    void finish() const
    {
        for (const auto &item : m_json.items()) {
            if (std::ranges::find(m_known, item.key()) != m_known.end())
                continue;
            const Down down(m_reading, item.key());
            m_reading.fail(fmt::format("unknown field '{}'; known here: {}", displayText(item.key()), fmt::join(m_known, ", ")));
        }
    }

private:
    Reading &m_reading;
    const Json &m_json;
    std::vector<std::string_view> m_known;
};

/// A number that has to lie within bounds.
void checkRange(Reading &reading, const char *name, double value, double least, double most, std::string_view expected)
{
    const Down down(reading, std::string(name));
    if (!(value >= least && value <= most))
        reading.fail(fmt::format("expected {}, found {}", expected, value));
}

void read(Reading &reading, const Json &json, Step &value)
{
    Fields fields(reading, json);
    std::string name;
    fields.required("op", name);
    const std::optional<BasicStep> op = stepByName(name);
    if (!op) {
        const Down down(reading, std::string("op"));
        reading.failExpected("one of " + knownStepNames(), json["op"]);
    }
    value = {*op, -1};
    std::visit([&fields](auto &step) {
        visitFields(step, [&fields](const StepField &field, auto &member) {
            if (field.required)
                fields.required(field.name, member);
            else
                fields.optional(field.name, member);
        });
    }, value.op);
    if (fields.optional("only", value.only))
        checkRange(reading, "only", value.only, 0, std::numeric_limits<int>::max(), "a number from 0, the place of the one input meant");
    fields.finish();
    if (const auto *interpolate = std::get_if<Interpolate>(&value.op)) {
        const Down down(reading, std::string("mode"));
        if (std::ranges::find(interpolationModes, interpolate->mode) == interpolationModes.end())
            reading.fail(
                fmt::format("expected one of {}, found '{}'", fmt::join(interpolationModes, ", "), displayText(interpolate->mode)));
    }
}

void read(Reading &reading, const Json &json, Candidate &value)
{
    Fields fields(reading, json);
    fields.required("sources", value.sources);
    fields.required("targets", value.targets);
    fields.optional("transform", value.transform);
    fields.required("confidence", value.confidence);
    fields.optional("why", value.why);
    fields.finish();
    checkRange(reading, "confidence", value.confidence, 0, 1, "a number from 0 to 1");
}

void read(Reading &reading, const Json &json, Rule &value)
{
    Fields fields(reading, json);
    fields.optional("kind", value.kind);
    fields.optional("sources", value.sources);
    fields.optional("targets", value.targets);
    fields.optional("transform", value.transform);
    fields.optional("reason", value.reason);
    fields.optional("init", value.init);
    fields.optional("init_std", value.initStd);
    fields.optional("state", value.state);
    fields.optional("confidence", value.confidence);
    fields.optional("evidence", value.evidence);
    fields.optional("candidates", value.candidates);
    fields.optional("note", value.note);
    fields.finish();
    checkRange(reading, "confidence", value.confidence, 0, 1, "a number from 0 to 1");
    checkRange(reading, "init_std", value.initStd, 0, std::numeric_limits<double>::max(), "a number from 0");
    if (value.kind != RuleKind::Init && value.sources.empty())
        reading.fail("the rule has no 'sources'");
    if (value.kind != RuleKind::Drop && value.targets.empty())
        reading.fail("the rule has no 'targets'");
    if (value.kind == RuleKind::Init && !value.sources.empty())
        reading.fail("an 'init' rule has 'targets' only, found 'sources'");
    if (value.kind == RuleKind::Drop && !value.targets.empty())
        reading.fail("a 'drop' rule has 'sources' only, found 'targets'");
}

void read(Reading &reading, const Json &json, MappingSide &value)
{
    Fields fields(reading, json);
    fields.required("name", value.name);
    fields.optional("fingerprint", value.fingerprint);
    fields.optional("tensors", value.tensors);
    fields.finish();
}

/// Greatest number of brackets open at once.
std::size_t nesting(std::string_view json)
{
    std::size_t depth = 0, deepest = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            deepest = std::max(deepest, ++depth);
        else if (!quoted && (c == ']' || c == '}') && depth > 0)
            --depth;
    }
    return deepest;
}

Json parse(std::string_view json, const std::string &file)
{
    constexpr std::size_t deepest = 16;
    if (nesting(json) > deepest)
        throw Error(file, {}, fmt::format("is nested more than {} deep, which no mapping is", deepest));
    Json document;
    try {
        document = Json::parse(json);
    } catch (const Json::parse_error &error) {
        // "[json.exception.parse_error.101] parse error at line 3, column 5: syntax error while …"
        std::string reason = error.what();
        reason.erase(0, std::min(reason.find(": "), reason.size() - 2) + 2);
        const TextPosition position = positionOfByte(json, std::max<std::size_t>(error.byte, 1) - 1);
        throw Error(file, positionText(position), "is no valid JSON: " + displayText(reason, 160));
    } catch (const Json::exception &error) { // a number such as 1e999
        std::string reason = error.what();
        reason.erase(0, std::min(reason.find("] "), reason.size() - 2) + 2);
        throw Error(file, {}, "cannot be read: " + displayText(reason, 160));
    }
    if (const std::optional<RepeatedField> repeated = repeatedField(json))
        throw Error(file, positionText(repeated->position),
                    fmt::format("the field '{}' stands here for the second time; one of them has to go", displayText(repeated->name)));
    return document;
}

void checkHeader(Reading &reading, const Json &document)
{
    const auto format = document.is_object() ? document.find("format") : document.end();
    if (format == document.end() || *format != mappingformat::name)
        throw Error(reading.file, {}, fmt::format("is no mapping: expected \"format\": \"{}\"", mappingformat::name));
    const Down down(reading, std::string("version"));
    const auto found = document.find("version");
    if (found == document.end() || !found->is_number_integer())
        reading.fail(fmt::format("expected the number of the format's version, {}", mappingformat::version));
    if (*found != mappingformat::version)
        reading.fail(fmt::format("the mapping has format version {}, this Rekey reads version {}; a newer Rekey may read it", found->dump(),
                                 mappingformat::version));
}

} // namespace

Mapping mappingFromJson(std::string_view json, const std::string &file)
{
    const Json document = parse(json, file);
    Reading reading{file, json, {}};
    checkHeader(reading, document);
    Mapping mapping;
    Fields fields(reading, document);
    std::string format;
    int version = 0;
    fields.required("format", format);
    fields.required("version", version);
    fields.optional("name", mapping.name);
    fields.optional("note", mapping.note);
    fields.optional("sources", mapping.sources);
    fields.optional("target", mapping.target);
    fields.optional("incomplete_accepted", mapping.incompleteAccepted);
    fields.required("rules", mapping.rules);
    fields.finish();
    return mapping;
}

std::vector<Rule> rulesFromJson(std::string_view json, const std::string &file)
{
    const Json document = parse(json, file);
    Reading reading{file, json, {}};
    std::vector<Rule> rules;
    read(reading, document, rules);
    return rules;
}

} // namespace rekey

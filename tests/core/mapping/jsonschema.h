// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace rekey::test {

/// The part of JSON Schema (draft 2020-12) that resources/mapping.schema.json uses. Words it does not know are faults, so that nothing
/// in the schema goes unchecked. Says what is wrong, first fault only; empty when the value is valid.
class JsonSchema
{
public:
    using Json = nlohmann::json;

    explicit JsonSchema(Json root)
        : m_root(std::move(root))
    {
    }

    std::string fault(const Json &value) const { return fault(value, m_root, "mapping"); }

private:
    static bool isOfType(const Json &value, const std::string &type)
    {
        return type == "object" ? value.is_object() : type == "array" ? value.is_array() : type == "string" ? value.is_string()
            : type == "boolean"                                       ? value.is_boolean()
            : type == "integer"                                       ? value.is_number_integer()
                                                                      : type == "number" && value.is_number();
    }

    std::string fault(const Json &value, const Json &schema, const std::string &place) const
    {
        for (const auto &[word, rule] : schema.items()) {
            const std::string found = faultOf(word, rule, value, schema, place);
            if (!found.empty())
                return found;
        }
        return {};
    }

    std::string faultOf(const std::string &word, const Json &rule, const Json &value, const Json &schema, const std::string &place) const
    {
        const auto unless = [&](bool fine) {
            return fine ? std::string() : fmt::format("{}: {} breaks \"{}\": {}", place, value.dump(), word, rule.dump());
        };
        if (word == "$schema" || word == "$id" || word == "title" || word == "description" || word == "default" || word == "$defs")
            return {};
        if (word == "$ref")
            return fault(value, m_root.at(Json::json_pointer(rule.get<std::string>().substr(1))), place);
        if (word == "type")
            return unless(isOfType(value, rule));
        if (word == "const")
            return unless(value == rule);
        if (word == "enum")
            return unless(std::ranges::find(rule, value) != rule.end());
        if (word == "minimum" || word == "maximum")
            return unless(!value.is_number() || (word == "minimum" ? value >= rule : value <= rule));
        if (word == "required")
            return unless(!value.is_object() || std::ranges::all_of(rule, [&](const Json &name) { return value.contains(name); }));
        if (word == "additionalProperties")
            return unless(!value.is_object() || std::ranges::all_of(value.items(), [&](const auto &item) {
                return schema.at("properties").contains(item.key());
            }));
        if (word == "oneOf")
            return unless(std::ranges::count_if(rule, [&](const Json &each) { return fault(value, each, place).empty(); }) == 1);
        if (word == "items") {
            for (std::size_t i = 0; value.is_array() && i < value.size(); ++i) {
                if (const std::string found = fault(value[i], rule, fmt::format("{}[{}]", place, i)); !found.empty())
                    return found;
            }
            return {};
        }
        if (word == "properties") {
            for (const auto &[name, each] : rule.items()) {
                const std::string found
                    = value.is_object() && value.contains(name) ? fault(value[name], each, place + "." + name) : std::string();
                if (!found.empty())
                    return found;
            }
            return {};
        }
        return fmt::format("{}: the checker does not know the word \"{}\"", place, word);
    }

    Json m_root;
};

} // namespace rekey::test

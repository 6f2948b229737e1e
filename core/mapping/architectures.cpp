// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/architectures.h"

#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/mapping/mappingjson.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace rekey {

namespace {

using Json = nlohmann::json;

constexpr std::string_view folder = "architectures/";

struct NamingRules
{
    std::string architecture, from, to;
    std::vector<Rule> rules;
};

struct Knowledge
{
    std::vector<Architecture> architectures;
    std::vector<NamingRules> rules;
};

Naming readNaming(const Json &json)
{
    Naming naming;
    naming.id = json.at("id");
    naming.name = json.at("name");
    naming.layout = json.at("layout");
    naming.behaviour = json.at("behaviour").get<std::map<std::string, double>>();
    for (const Json &pattern : json.at("signature"))
        naming.signature.push_back(Pattern::parse(pattern.get<std::string>()));
    return naming;
}

void read(std::string_view name, Knowledge &knowledge)
{
    const std::string file(name);
    try {
        const Json json = Json::parse(resource(name));
        Architecture architecture;
        architecture.id = json.at("id");
        architecture.name = json.at("name");
        for (const Json &naming : json.at("namings"))
            architecture.namings.push_back(readNaming(naming));
        for (const Json &example : json.at("examples"))
            architecture.examples.push_back({example.at("name"), example.at("naming"), example.at("schema")});
        for (const Json &set : json.at("rules"))
            knowledge.rules.push_back({architecture.id, set.at("from"), set.at("to"), rulesFromJson(set.at("rules").dump(), file)});
        knowledge.architectures.push_back(std::move(architecture));
    } catch (const Json::exception &error) {
        throw Error(file, {}, error.what());
    } catch (const PatternError &error) {
        throw Error(file, "signature", error.what());
    }
}

const Knowledge &knowledge()
{
    static const Knowledge all = [] {
        Knowledge read;
        for (const std::string_view name : resources(folder))
            rekey::read(name, read);
        return read;
    }();
    return all;
}

/// What stands before each key that a pattern matches from some segment on.
std::vector<std::string> prefixesOf(const Pattern &pattern, const Schema &schema)
{
    std::vector<std::string> prefixes;
    for (const SchemaTensor &tensor : schema.tensors) {
        const std::string_view key = tensor.key;
        for (std::size_t begin = 0; begin < key.size();) {
            if (pattern.match(key.substr(begin)) && std::ranges::find(prefixes, key.substr(0, begin)) == prefixes.end())
                prefixes.emplace_back(key.substr(0, begin));
            const std::size_t dot = key.find('.', begin);
            begin = dot == std::string_view::npos ? key.size() : dot + 1;
        }
    }
    std::ranges::stable_sort(prefixes, {}, &std::string::size);
    return prefixes;
}

bool matchesBelow(const Pattern &pattern, std::string_view prefix, const Schema &schema)
{
    std::vector<PatternValue> values(pattern.slots().size());
    return std::ranges::any_of(schema.tensors, [&](const SchemaTensor &tensor) {
        const std::string_view key = tensor.key;
        return key.starts_with(prefix) && pattern.match(key.substr(prefix.size()), values);
    });
}

const Naming &namingById(const Architecture &architecture, const std::string &id)
{
    const auto found = std::ranges::find(architecture.namings, id, &Naming::id);
    if (found != architecture.namings.end())
        return *found;
    std::string known;
    for (const Naming &naming : architecture.namings)
        known += (known.empty() ? "" : ", ") + naming.id;
    throw Error({}, architecture.id, fmt::format("has no naming '{}'; known: {}", displayText(id), known));
}

} // namespace

const std::vector<Architecture> &architectures()
{
    return knowledge().architectures;
}

std::optional<Recognised> recognise(const Schema &schema)
{
    for (const Architecture &architecture : architectures()) {
        for (const Naming &naming : architecture.namings) {
            if (naming.signature.empty())
                continue;
            for (std::string &prefix : prefixesOf(naming.signature.front(), schema)) {
                if (std::ranges::all_of(naming.signature, [&](const Pattern &pattern) { return matchesBelow(pattern, prefix, schema); }))
                    return Recognised{&architecture, &naming, std::move(prefix)};
            }
        }
    }
    return std::nullopt;
}

Mapping namingMapping(const Architecture &architecture, const std::string &from, const std::string &to)
{
    const Naming &source = namingById(architecture, from);
    const Naming &target = namingById(architecture, to);
    Mapping mapping;
    mapping.name = fmt::format("{} → {}", source.name, target.name);
    mapping.sources = {{source.layout, {}, 0}};
    mapping.target = {target.layout, {}, 0};
    if (from == to) {
        Rule same;
        same.sources = same.targets = {Pattern::parse("{rest}")};
        mapping.rules = {same};
        return mapping;
    }
    const auto found = std::ranges::find_if(knowledge().rules, [&](const NamingRules &rules) {
        return rules.architecture == architecture.id && rules.from == from && rules.to == to;
    });
    if (found == knowledge().rules.end())
        throw Error({}, architecture.id, fmt::format("no rules lead from '{}' to '{}'", displayText(from), displayText(to)));
    mapping.rules = found->rules;
    for (Rule &rule : mapping.rules)
        rule.evidence.push_back(fmt::format("Both layouts of {} are known", architecture.name));
    return mapping;
}

} // namespace rekey

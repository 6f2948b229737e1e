// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/mapping.h"

#include <fstream>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

// Small values for the tests of mappings.
namespace rekey::test {

inline Schema schemaOf(std::initializer_list<std::pair<std::string, Shape>> rows, DType dtype = DType::F32)
{
    Schema schema;
    for (const auto &[key, shape] : rows)
        schema.tensors.push_back({key, shape, dtype, static_cast<std::uint32_t>(schema.tensors.size())});
    return schema;
}

inline std::vector<Pattern> patterns(const std::vector<std::string> &texts)
{
    std::vector<Pattern> result;
    for (const std::string &text : texts)
        result.push_back(Pattern::parse(text));
    return result;
}

inline Rule map(const std::vector<std::string> &sources, const std::vector<std::string> &targets, const std::string &transform = {})
{
    Rule rule;
    rule.sources = patterns(sources);
    rule.targets = patterns(targets);
    rule.transform = parseTransform(transform);
    return rule;
}

inline Rule drop(const std::string &source, const std::string &reason = "not wanted")
{
    Rule rule;
    rule.kind = RuleKind::Drop;
    rule.sources = patterns({source});
    rule.reason = reason;
    return rule;
}

inline Rule init(const std::string &target, InitPolicy policy = InitPolicy::Keep)
{
    Rule rule;
    rule.kind = RuleKind::Init;
    rule.targets = patterns({target});
    rule.init = policy;
    return rule;
}

inline Rule open(Rule rule)
{
    rule.state = RuleState::ToReview;
    rule.confidence = 0.5;
    return rule;
}

inline Mapping mappingOf(std::vector<Rule> rules)
{
    Mapping mapping;
    mapping.rules = std::move(rules);
    return mapping;
}

inline std::string fileText(const std::string &path)
{
    std::ifstream file(path, std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
}

inline Schema schemaFile(const std::string &path)
{
    const auto json = nlohmann::json::parse(fileText(path));
    Schema schema;
    schema.name = json.value("name", "");
    for (const auto &row : json.at("tensors")) {
        const auto index = static_cast<std::uint32_t>(schema.tensors.size());
        schema.tensors.push_back(
            {row.at("key"), row.at("shape").get<Shape>(), dtypeFromName(row.at("dtype").get<std::string>()).value(), index});
    }
    return schema;
}

} // namespace rekey::test

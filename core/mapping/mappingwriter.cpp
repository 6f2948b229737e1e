// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/mapping.h"

#include "core/base/error.h"
#include "core/mapping/mappingformat.h"
#include "core/mapping/transformfields.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Json toJson(const std::vector<Pattern> &patterns)
{
    Json list = Json::array();
    for (const Pattern &pattern : patterns)
        list.push_back(pattern.text());
    return list;
}

Json toJson(const Step &step)
{
    Json object = {{"op", stepName(step)}};
    std::visit([&object](const auto &op) {
        using S = std::decay_t<decltype(op)>;
        Json defaults;
        const S standard;
        visitFields(standard, [&](const StepField &field, const auto &value) {
            if constexpr (!std::is_same_v<std::decay_t<decltype(value)>, DType>)
                defaults[field.name] = value;
        });
        visitFields(op, [&](const StepField &field, const auto &value) {
            Json written;
            if constexpr (std::is_same_v<std::decay_t<decltype(value)>, DType>)
                written = name(value);
            else
                written = value;
            if (field.required || written != defaults[field.name])
                object[field.name] = written;
        });
    }, step.op);
    if (step.only >= 0)
        object["only"] = step.only;
    return object;
}

Json toJson(const Transform &transform)
{
    Json list = Json::array();
    for (const Step &step : transform)
        list.push_back(toJson(step));
    return list;
}

double finite(double value)
{
    return std::isfinite(value) ? value : 0;
}

/// What the reader takes.
double confidence(double value)
{
    return std::clamp(finite(value), 0.0, 1.0);
}

Json toJson(const Candidate &candidate)
{
    Json object = {{"sources", toJson(candidate.sources)}, {"targets", toJson(candidate.targets)}};
    if (!candidate.transform.empty())
        object["transform"] = toJson(candidate.transform);
    object["confidence"] = confidence(candidate.confidence);
    if (!candidate.why.empty())
        object["why"] = candidate.why;
    return object;
}

/// What has its usual value is left out: a plain rename is two patterns.
Json toJson(const Rule &rule)
{
    const Rule usual;
    Json object = Json::object();
    if (rule.kind != usual.kind)
        object["kind"] = mappingformat::kindNames[static_cast<std::size_t>(rule.kind)];
    if (!rule.sources.empty())
        object["sources"] = toJson(rule.sources);
    if (!rule.targets.empty())
        object["targets"] = toJson(rule.targets);
    if (!rule.transform.empty())
        object["transform"] = toJson(rule.transform);
    if (!rule.reason.empty())
        object["reason"] = rule.reason;
    if (rule.init != usual.init || rule.kind == RuleKind::Init)
        object["init"] = initPolicyName(rule.init);
    if (rule.initStd != usual.initStd || rule.init == InitPolicy::Normal)
        object["init_std"] = std::max(finite(rule.initStd), 0.0);
    if (rule.state != usual.state)
        object["state"] = mappingformat::stateNames[static_cast<std::size_t>(rule.state)];
    if (rule.confidence != usual.confidence)
        object["confidence"] = confidence(rule.confidence);
    if (!rule.evidence.empty())
        object["evidence"] = rule.evidence;
    for (const Candidate &candidate : rule.candidates)
        object["candidates"].push_back(toJson(candidate));
    if (!rule.note.empty())
        object["note"] = rule.note;
    return object;
}

Json toJson(const MappingSide &side)
{
    return {{"name", side.name}, {"fingerprint", side.fingerprint}, {"tensors", side.tensors}};
}

/// One line, with the spaces that a person would put.
std::string onOneLine(const Json &value)
{
    if (!value.is_structured())
        return value.dump(-1, ' ', false, Json::error_handler_t::strict);
    std::string text = value.is_object() ? "{" : "[";
    for (auto item = value.begin(); item != value.end(); ++item) {
        text += text.size() > 1 ? ", " : "";
        if (value.is_object())
            text += Json(item.key()).dump() + ": ";
        text += onOneLine(*item);
    }
    return text + (value.is_object() ? "}" : "]");
}

/// Values that fit a line stay on one, so that a rule is a few lines and a change of one is a small difference.
void write(const Json &value, std::size_t indent, std::string &text)
{
    constexpr std::size_t widest = 120;
    const std::string flat = onOneLine(value);
    if ((indent > 0 && indent + flat.size() <= widest) || !value.is_structured() || value.empty()) {
        text += flat;
        return;
    }
    const std::string margin(indent + 1, ' ');
    text += value.is_object() ? "{\n" : "[\n";
    std::size_t left = value.size();
    for (auto item = value.begin(); item != value.end(); ++item) {
        text += margin;
        if (value.is_object())
            text += Json(item.key()).dump() + ": ";
        write(*item, indent + 1, text);
        text += --left > 0 ? ",\n" : "\n";
    }
    text += std::string(indent, ' ') + (value.is_object() ? "}" : "]");
}

} // namespace

std::string mappingToJson(const Mapping &mapping)
{
    Json document = {{"format", mappingformat::name}, {"version", mappingformat::version}};
    if (!mapping.name.empty())
        document["name"] = mapping.name;
    if (!mapping.note.empty())
        document["note"] = mapping.note;
    document["sources"] = Json::array();
    for (const MappingSide &side : mapping.sources)
        document["sources"].push_back(toJson(side));
    document["target"] = toJson(mapping.target);
    if (mapping.incompleteAccepted)
        document["incomplete_accepted"] = true;
    document["rules"] = Json::array();
    for (const Rule &rule : mapping.rules)
        document["rules"].push_back(toJson(rule));
    std::string text;
    try {
        write(document, 0, text);
    } catch (const Json::type_error &) {
        throw Error({}, "mapping", "holds a name that is no valid UTF-8 text and cannot be written as JSON; rename that key first");
    }
    return text + "\n";
}

} // namespace rekey

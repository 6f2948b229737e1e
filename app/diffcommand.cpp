// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/inspect/comparison.h"

#include <algorithm>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t keysShown = 10;

struct ValueRow
{
    std::string key;
    ValueDifference difference;
};

/// The key in the file again, for values: the prefix that was stripped is one of these.
std::size_t findStripped(const Checkpoint &checkpoint, const std::string &key, const std::vector<std::string> &prefixes)
{
    if (prefixes.empty())
        return checkpoint.find(key);
    for (const std::string &prefix : prefixes) {
        if (const std::size_t found = checkpoint.find(prefix + key); found != SchemaIndex::npos)
            return found;
    }
    return SchemaIndex::npos;
}

std::vector<ValueRow> compareCommon(const Checkpoint &a, const Checkpoint &b, const KeyDifference &keys, const DiffOptions &options,
                                    const Progress &progress)
{
    std::vector<ValueRow> rows;
    for (std::size_t i = 0; i < keys.common.size(); ++i) {
        progress.step(i, keys.common.size(), "comparing values");
        const std::string &key = keys.common[i];
        const std::size_t inA = findStripped(a, key, options.stripPrefixes), inB = findStripped(b, key, options.stripPrefixes);
        if (inA == SchemaIndex::npos || inB == SchemaIndex::npos || a.tensors()[inA].shape != b.tensors()[inB].shape
            || !isDecodable(a.tensors()[inA].dtype) || !isDecodable(b.tensors()[inB].dtype))
            continue;
        rows.push_back({key, compareValues(a, inA, b, inB)});
    }
    return rows;
}

Json diffJson(const Checkpoint &a, const Checkpoint &b, const KeyDifference &keys, const std::vector<ValueRow> *values)
{
    Json mismatches = Json::array();
    for (const KeyDifference::Mismatch &m : keys.shapeMismatch)
        mismatches.push_back({{"key", m.key}, {"a", m.a}, {"b", m.b}});
    Json result = {{"a", {{"name", a.name()}, {"keys", a.tensors().size()}}},
                   {"b", {{"name", b.name()}, {"keys", b.tensors().size()}}},
                   {"common", keys.common.size()},
                   {"only_a", keys.onlyA.size()},
                   {"only_b", keys.onlyB.size()},
                   {"shape_mismatch", std::move(mismatches)},
                   {"common_keys", keys.common},
                   {"missing", keys.onlyB},
                   {"unexpected", keys.onlyA}};
    if (values != nullptr) {
        Json rows = Json::array();
        for (const ValueRow &row : *values) {
            rows.push_back({{"key", row.key},
                            {"equal", row.difference.equal},
                            {"max_abs", row.difference.maxAbsolute},
                            {"mean_abs", row.difference.meanAbsolute},
                            {"cosine", row.difference.cosine},
                            {"differing", row.difference.differing}});
        }
        result["values"] = std::move(rows);
    }
    return result;
}

std::string someKeys(const std::vector<std::string> &keys)
{
    std::string text;
    for (std::size_t i = 0; i < std::min(keys.size(), keysShown); ++i)
        text += "  " + displayText(keys[i], 200) + "\n";
    if (keys.size() > keysShown)
        text += fmt::format("  … and {} more\n", countText(keys.size() - keysShown));
    return text;
}

std::string diffText(const Checkpoint &a, const Checkpoint &b, const KeyDifference &keys, bool stripped)
{
    std::string text = describeInput(a) + "\n" + describeInput(b) + "\n\n";
    if (stripped) {
        text += fmt::format("With the prefixes stripped: {} in {}, {} in {}.\n", countText(keys.common.size() + keys.onlyA.size(), "key"),
                            displayText(a.name()), countText(keys.common.size() + keys.onlyB.size(), "key"), displayText(b.name()));
    }
    text += fmt::format("{} common\n{}", countText(keys.common.size(), "key"), someKeys(keys.common));
    text += fmt::format("{} only in {} (unexpected)\n{}", countText(keys.onlyA.size(), "key"), displayText(a.name()), someKeys(keys.onlyA));
    text += fmt::format("{} only in {} (missing)\n{}", countText(keys.onlyB.size(), "key"), displayText(b.name()), someKeys(keys.onlyB));
    if (!keys.shapeMismatch.empty()) {
        text += fmt::format("{} of other shape\n", countText(keys.shapeMismatch.size(), "common key"));
        for (std::size_t i = 0; i < std::min(keys.shapeMismatch.size(), keysShown); ++i) {
            const KeyDifference::Mismatch &m = keys.shapeMismatch[i];
            text += fmt::format("  {}: {} and {}\n", displayText(m.key, 200), shapeText(m.a), shapeText(m.b));
        }
    }
    return text;
}

std::string valuesText(const std::vector<ValueRow> &rows)
{
    const auto differing = static_cast<std::size_t>(std::ranges::count_if(rows, [](const ValueRow &row) { return !row.difference.equal; }));
    std::string text
        = fmt::format("\nValues: {} equal, {} different\n", countText(rows.size() - differing, "tensor"), countText(differing));
    std::size_t shown = 0;
    for (const ValueRow &row : rows) {
        if (row.difference.equal || ++shown > keysShown)
            continue;
        text += fmt::format("  {}: largest difference {:.1e}, cosine {:.6f}\n", displayText(row.key, 200), row.difference.maxAbsolute,
                            row.difference.cosine);
    }
    return text;
}

} // namespace

int diffCommand(const DiffOptions &options)
{
    const Progress progress = terminalProgress();
    const CheckpointPtr a = openInput(options.a, progress), b = openInput(options.b, progress);
    if (options.values && (!a->hasValues() || !b->hasValues()))
        throw Error((a->hasValues() ? b : a)->path().string(), {}, "is a schema: it has keys and shapes but no values to compare");
    const KeyDifference keys = compareKeys(a->schema(), b->schema(), {options.stripPrefixes});
    std::vector<ValueRow> values;
    if (options.values)
        values = compareCommon(*a, *b, keys, options, progress);
    if (options.json)
        printJson(diffJson(*a, *b, keys, options.values ? &values : nullptr));
    else
        printText(diffText(*a, *b, keys, !options.stripPrefixes.empty()) + (options.values ? valuesText(values) : std::string()));
    const bool same = keys.onlyA.empty() && keys.onlyB.empty() && keys.shapeMismatch.empty()
                      && std::ranges::all_of(values, [](const ValueRow &row) { return row.difference.equal; });
    return same ? ExitDone : ExitFindings;
}

} // namespace rekey

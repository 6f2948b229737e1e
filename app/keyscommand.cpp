// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/inspect/keytree.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

std::string_view kindName(TensorKind kind)
{
    switch (kind) {
    case TensorKind::Dense: return "dense";
    case TensorKind::Storage: return "storage";
    case TensorKind::Numpy: return "numpy";
    case TensorKind::Meta: return "meta";
    case TensorKind::Sparse: return "sparse";
    case TensorKind::Nested: return "nested";
    case TensorKind::Object: return "object";
    }
    return "dense";
}

Json pathJson(const Path &path)
{
    Json steps = Json::array();
    for (const PathStep &step : path) {
        if (const auto *number = std::get_if<std::int64_t>(&step.value))
            steps.push_back(*number);
        else if (step.repr)
            steps.push_back({{"repr", std::get<std::string>(step.value)}});
        else
            steps.push_back(std::get<std::string>(step.value));
    }
    return steps;
}

bool hasDigest(const TensorEntry &entry)
{
    return entry.kind != TensorKind::Meta && entry.kind != TensorKind::Sparse && entry.kind != TensorKind::Nested
           && entry.kind != TensorKind::Object;
}

bool isPartOf(const TensorEntry &entry, const TensorEntry &container)
{
    return entry.path.size() == container.path.size() + 1 && std::equal(container.path.begin(), container.path.end(), entry.path.begin());
}

Json tensorJson(const TensorEntry &entry)
{
    Json row = {{"key", entry.key},
                {"path", pathJson(entry.path)},
                {"shape", entry.shape},
                {"dtype", name(entry.dtype)},
                {"nbytes", entry.bytes()}};
    if (entry.kind != TensorKind::Dense)
        row["kind"] = entry.layout.empty() ? std::string(kindName(entry.kind)) : entry.layout;
    if (entry.parameter)
        row["parameter"] = true;
    if (entry.requiresGrad)
        row["requires_grad"] = *entry.requiresGrad;
    if (!entry.strides.empty())
        row["strides"] = entry.strides;
    if (!entry.notes.empty())
        row["notes"] = entry.notes;
    return row;
}

/// Numbers and truth values as JSON's own, where it can hold them exactly; everything else as text.
Json valueJson(const MetadataEntry &entry)
{
    constexpr std::int64_t exact = std::int64_t(1) << 53;
    const char *begin = entry.value.data(), *end = begin + entry.value.size();
    const auto is = [&](std::string_view type) { return entry.type == type || entry.type.starts_with("numpy." + std::string(type)); };
    if (is("int") || is("uint")) {
        std::int64_t number = 0;
        if (const auto [at, error] = std::from_chars(begin, end, number); error == std::errc() && at == end && std::abs(number) <= exact)
            return number;
    } else if (is("float")) {
        double number = 0;
        if (const auto [at, error] = std::from_chars(begin, end, number); error == std::errc() && at == end && std::isfinite(number))
            return number;
    } else if (is("bool") && (entry.value == "True" || entry.value == "true")) {
        return true;
    } else if (is("bool") && (entry.value == "False" || entry.value == "false")) {
        return false;
    } else if (entry.type == "none") {
        return nullptr;
    }
    return entry.value;
}

Json keysJson(const Checkpoint &checkpoint, bool digests, const Progress &progress)
{
    Json tensors = Json::array();
    const std::size_t count = checkpoint.tensors().size();
    const TensorEntry *container = nullptr; // the sparse or nested tensor whose parts follow it
    for (std::size_t i = 0; i < count; ++i) {
        const TensorEntry &entry = checkpoint.tensors()[i];
        Json row = tensorJson(entry);
        if (digests && hasDigest(entry)) {
            progress.step(i, count, "computing digests");
            row["sha256"] = sha256(checkpoint, i);
        }
        if (container != nullptr && isPartOf(entry, *container)) {
            row["path"] = pathJson({entry.path.back()});
            tensors.back()["components"].push_back(std::move(row));
            continue;
        }
        const bool holdsParts = entry.kind == TensorKind::Sparse || entry.kind == TensorKind::Nested;
        container = holdsParts ? &entry : nullptr;
        tensors.push_back(std::move(row));
    }
    nlohmann::json metadata = nlohmann::json::object(); // sorted: an ordered one looks names up one by one
    Json entries = Json::array();
    for (const MetadataEntry &entry : checkpoint.metadata()) {
        metadata[pathText(entry.path)] = nlohmann::json(valueJson(entry));
        Json row = {{"path", pathJson(entry.path)}, {"type", entry.type}, {"value", valueJson(entry)}};
        if (!entry.className.empty())
            row["class"] = entry.className;
        entries.push_back(std::move(row));
    }
    Json roots = Json::array();
    for (const Root &root : checkpoint.roots())
        roots.push_back({{"root", root.text}, {"tensors", root.tensors}});
    return {{"name", checkpoint.name()},      {"format", checkpoint.format()}, {"warnings", checkpoint.warnings()},
            {"root", checkpoint.root().text}, {"roots", std::move(roots)},     {"tensors", std::move(tensors)},
            {"metadata", Json(metadata)},     {"entries", std::move(entries)}};
}

std::string keysText(const Checkpoint &checkpoint, bool digests, const Progress &progress)
{
    std::size_t width = 0;
    for (const TensorEntry &entry : checkpoint.tensors())
        width = std::max(width, std::min<std::size_t>(entry.key.size(), 72));
    fmt::memory_buffer out;
    const std::size_t count = checkpoint.tensors().size();
    for (std::size_t i = 0; i < count; ++i) {
        const TensorEntry &entry = checkpoint.tensors()[i];
        const std::string key = displayText(entry.key, 4096), shape = shapeText(entry.shape);
        const std::string_view dtype = name(entry.dtype);
        const auto append = [&](std::string_view text, std::size_t least) {
            out.append(text.data(), text.data() + text.size());
            for (std::size_t n = text.size(); n < least; ++n)
                out.push_back(' ');
        };
        append(key, width + 2);
        append(dtype, 6);
        append(shape, 0);
        if (digests && hasDigest(entry)) {
            progress.step(i, count, "computing digests");
            fmt::format_to(std::back_inserter(out), "  {}", sha256(checkpoint, i));
        }
        out.push_back('\n');
    }
    return fmt::to_string(out);
}

void treeText(const KeyTree &tree, std::uint32_t node, int indent, fmt::memory_buffer &out)
{
    for (const std::uint32_t child : tree.at(node).children) {
        const KeyTree::Node &row = tree.at(child);
        std::string label(static_cast<std::size_t>(indent) * 2, ' ');
        label += displayText(row.name, 200);
        if (row.repeat > 1)
            label += fmt::format(" ×{}", row.repeat);
        if (row.tensors.empty())
            fmt::format_to(std::back_inserter(out), "{:<48}  {:>9} keys  {:>15} values  {:>10}\n", label, countText(row.keys),
                           countText(row.values), bytesText(row.bytes));
        else
            fmt::format_to(std::back_inserter(out), "{:<48}  {}\n", label, row.shapes);
        treeText(tree, child, indent + 1, out);
    }
}

std::string rootsText(const Checkpoint &checkpoint)
{
    std::size_t all = 0;
    for (const Root &root : checkpoint.roots())
        all = std::max(all, root.tensors);
    if (checkpoint.root().text.empty() || all <= checkpoint.tensors().size())
        return {};
    return fmt::format("Listed from '{}'; the whole file holds {} ('--root all' lists them).\n", displayText(checkpoint.root().text),
                       countText(all, "tensor"));
}

} // namespace

int keysCommand(const KeysOptions &options)
{
    const Progress progress = terminalProgress();
    // A listing for machines leaves nothing out: every tensor of the file, with its path from the file's own root.
    InputOptions input = options.input;
    if (options.json && !options.rootGiven)
        input.root = "all";
    const CheckpointPtr checkpoint = openInput(input, progress);
    if (options.json) {
        printJson(keysJson(*checkpoint, options.sha256, progress));
    } else if (options.tree) {
        fmt::memory_buffer out;
        treeText(buildKeyTree(checkpoint->schema(), Folding::Folded), KeyTree::root, 0, out);
        printText(fmt::to_string(out));
    } else {
        printText(keysText(*checkpoint, options.sha256, progress));
    }
    if (!options.json)
        printText("\n" + describeInput(*checkpoint) + "\n" + std::string(checkpoint->formatText()) + "\n" + rootsText(*checkpoint));
    return ExitDone;
}

} // namespace rekey

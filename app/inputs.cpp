// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/inputs.h"

#include "app/terminal.h"
#include "core/base/error.h"
#include "core/checkpoint/joined.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <map>

#include <unistd.h>

namespace rekey {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t warningsShown = 5;
constexpr std::size_t groupsShown = 6;

std::string dtypesText(const Schema &schema)
{
    std::map<DType, std::size_t> counts;
    for (const SchemaTensor &tensor : schema.tensors)
        ++counts[tensor.dtype];
    std::vector<std::pair<std::size_t, DType>> sorted;
    for (const auto &[dtype, count] : counts)
        sorted.emplace_back(count, dtype);
    std::ranges::sort(sorted, std::greater<>());
    std::string text;
    for (const auto &[count, dtype] : sorted)
        text += (text.empty() ? "" : "/") + std::string(name(dtype));
    return text;
}

} // namespace

CheckpointPtr openInput(const InputOptions &input, const Progress &progress)
{
    OpenOptions options;
    if (input.root == "all") {
        options.rootChoice = OpenOptions::RootChoice::WholeFile;
    } else if (input.root != "auto") {
        options.rootChoice = OpenOptions::RootChoice::Named;
        options.root = input.root;
    }
    // Kept to the end of the program, which does not come back from main() (main.cpp).
    static std::vector<CheckpointPtr> opened;
    const CheckpointPtr &checkpoint = opened.emplace_back(openCheckpoint(input.file, options, progress));
    const std::vector<std::string> &warnings = checkpoint->warnings();
    for (std::size_t i = 0; i < std::min(warnings.size(), warningsShown); ++i)
        printWarning(checkpoint->name() + ": " + warnings[i]);
    if (warnings.size() > warningsShown)
        printWarning(fmt::format("{}: and {} more; 'rekey keys --json' lists them", checkpoint->name(), warnings.size() - warningsShown));
    return checkpoint;
}

CheckpointPtr openInputs(const std::vector<InputOptions> &inputs, const Progress &progress)
{
    std::vector<CheckpointPtr> parts;
    for (const InputOptions &input : inputs)
        parts.push_back(openInput(input, progress));
    return joinCheckpoints(parts);
}

std::vector<fs::path> filesOf(const std::vector<InputOptions> &inputs)
{
    std::vector<fs::path> files;
    for (const InputOptions &input : inputs)
        files.push_back(input.file);
    return files;
}

std::vector<InputOptions> PairOptions::sourceInputs() const
{
    if (sources.empty()) {
        if (a.empty())
            throw UsageError("There is no source; name it, or several with --source.");
        return {{a, rootA}};
    }
    std::vector<InputOptions> inputs;
    for (const fs::path &source : sources)
        inputs.push_back({source, rootA});
    return inputs;
}

InputOptions PairOptions::targetInput() const
{
    if (sources.empty() ? b.empty() : !b.empty())
        throw UsageError(sources.empty() ? "There is no target; give A and B, or --source A1 --source A2 B."
                                         : "With --source there is one more file to name, the target.");
    return {sources.empty() ? b : a, rootB};
}

std::string describeInput(const Checkpoint &checkpoint)
{
    const Schema &schema = checkpoint.schema();
    std::uint64_t bytes = 0;
    std::vector<std::pair<std::string_view, std::size_t>> groups; // by first segment, in file order
    for (const SchemaTensor &tensor : schema.tensors) {
        bytes += byteCount(tensor.dtype, elementCount(tensor.shape)).value_or(0);
        const std::string_view first = std::string_view(tensor.key).substr(0, tensor.key.find('.'));
        const auto group = std::ranges::find(groups, first, &std::pair<std::string_view, std::size_t>::first);
        if (group != groups.end())
            ++group->second;
        else if (groups.size() <= groupsShown)
            groups.emplace_back(first, 1);
    }
    std::string text = fmt::format("{}: {}, {}, {}", displayText(checkpoint.name()), countText(schema.tensors.size(), "key"),
                                   dtypesText(schema), bytesText(bytes));
    if (groups.size() <= groupsShown) {
        for (std::size_t i = 0; i < groups.size(); ++i)
            text += fmt::format("{}{} {}", i == 0 ? " (" : ", ", displayText(groups[i].first), groups[i].second);
        text += groups.empty() ? "" : ")";
    }
    return text;
}

void checkOutput(const fs::path &output, const std::vector<fs::path> &inputs)
{
    std::error_code error;
    for (const fs::path &input : inputs) {
        if (fs::exists(output, error) && fs::equivalent(output, input, error))
            throw Error(output.string(), {}, "is an input and will not be written over; choose another name");
    }
    if (fs::is_directory(output, error))
        throw Error(output.string(), {}, "is a folder; name a file to write");
    const fs::path folder = output.has_parent_path() ? output.parent_path() : fs::path(".");
    if (!fs::is_directory(folder, error))
        throw Error(folder.string(), {}, "there is no such folder to write to");
}

void writeText(const fs::path &path, std::string_view text)
{
    checkOutput(path, {});
    const fs::path beside = path.string() + fmt::format(".{}.part", getpid());
    std::error_code error;
    {
        std::ofstream out(beside, std::ios::binary);
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        out.close();
        if (!out) {
            fs::remove(beside, error);
            throw Error(path.string(), {}, "cannot be written (no space, or no permission)");
        }
    }
    fs::rename(beside, path, error);
    if (error) {
        const std::string reason = error.message();
        fs::remove(beside, error);
        throw Error(path.string(), {}, "cannot be written: " + reason);
    }
}

} // namespace rekey

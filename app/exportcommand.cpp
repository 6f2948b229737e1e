// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/script/exporters.h"

#include <utility>

namespace rekey {

namespace {

const Exporter &chosenExporter(const std::string &id)
{
    try {
        return exporterById(id);
    } catch (const Error &error) {
        throw UsageError(error.what());
    }
}

} // namespace

namespace {

/// The mapping that leads back. Says on stderr which rules do not; false when there are any.
bool turnBack(Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
{
    Inversion inversion = invert(mapping, resolution, source, target);
    for (const std::string &sentence : inversion.notInvertible)
        printWarning(sentence);
    mapping = std::move(inversion.mapping);
    return inversion.notInvertible.empty();
}

} // namespace

int exportCommand(const ExportOptions &options)
{
    const Progress progress = terminalProgress();
    const Exporter &exporter = chosenExporter(options.exporter);
    if (options.mapping.empty() && exporter.needsMapping)
        throw UsageError("export needs the mapping to write; only --to capture does without.");
    const bool toFile = !options.output.empty() && options.output != "-";
    if (options.reverse && (options.sources.empty() || !options.target))
        throw UsageError("--reverse needs --source and --target: what undoes a rule depends on shapes.");
    std::vector<std::filesystem::path> inputs = filesOf(options.sources);
    if (!options.mapping.empty())
        inputs.push_back(options.mapping);
    if (options.target)
        inputs.push_back(options.target->file);
    if (toFile)
        checkOutput(options.output, inputs);
    Mapping mapping = options.mapping.empty() ? Mapping() : loadMapping(options.mapping);
    const CheckpointPtr source = options.sources.empty() ? nullptr : openInputs(options.sources, progress);
    const CheckpointPtr target = options.target ? openInput(*options.target, progress) : nullptr;
    ExportInput input;
    input.mapping = &mapping;
    input.source = source ? &source->schema() : nullptr;
    input.target = target ? &target->schema() : nullptr;
    Resolution resolution;
    bool whole = true;
    if (source && target) {
        resolution = resolve(mapping, *input.source, *input.target);
        if (const std::string warning = checkApplies(mapping, resolution, *input.source, *input.target); !warning.empty())
            printWarning(warning);
        if (options.reverse) {
            whole = turnBack(mapping, resolution, *input.source, *input.target);
            std::swap(input.source, input.target);
            resolution = resolve(mapping, *input.source, *input.target);
        }
        input.resolution = &resolution;
    }
    const std::string text = exporter.write(input);
    progress.check();
    if (!toFile) {
        printText(text);
        return whole ? ExitDone : ExitFindings;
    }
    writeText(options.output, text);
    if (options.json)
        printJson({{"file", options.output.string()}, {"exporter", exporter.id}, {"bytes", text.size()}});
    else
        printText("Written: " + options.output.string() + "\n");
    return whole ? ExitDone : ExitFindings;
}

} // namespace rekey

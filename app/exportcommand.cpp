// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/script/exporters.h"

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

int exportCommand(const ExportOptions &options)
{
    const Progress progress = terminalProgress();
    const Exporter &exporter = chosenExporter(options.exporter);
    if (!options.output.empty())
        checkOutput(options.output, {options.mapping});
    const Mapping mapping = loadMapping(options.mapping);
    const CheckpointPtr source = options.source ? openInput(*options.source, progress) : nullptr;
    const CheckpointPtr target = options.target ? openInput(*options.target, progress) : nullptr;
    ExportInput input;
    input.mapping = &mapping;
    input.source = source ? &source->schema() : nullptr;
    input.target = target ? &target->schema() : nullptr;
    Resolution resolution;
    if (source && target) {
        resolution = resolve(mapping, source->schema(), target->schema());
        checkApplies(mapping, resolution, source->schema(), target->schema());
        input.resolution = &resolution;
    }
    const std::string text = exporter.write(input);
    progress.check();
    if (options.output.empty()) {
        printText(text);
        return ExitDone;
    }
    writeText(options.output, text);
    if (options.json)
        printJson({{"file", options.output.string()}, {"exporter", exporter.id}, {"bytes", text.size()}});
    else
        printText("Written: " + options.output.string() + "\n");
    return ExitDone;
}

} // namespace rekey

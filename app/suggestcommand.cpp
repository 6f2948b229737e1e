// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/terminal.h"
#include "core/suggest/lexicon.h"
#include "core/suggest/suggest.h"

#include <fmt/format.h>

namespace rekey {

int suggestCommand(const SuggestCommandOptions &options)
{
    const Progress progress = terminalProgress();
    for (const auto &file : options.lexicons)
        extendLexicon(file);
    const std::vector<InputOptions> sources = options.pair.sourceInputs();
    const InputOptions targetInput = options.pair.targetInput();
    std::vector<std::filesystem::path> files = filesOf(sources);
    files.push_back(targetInput.file);
    for (const std::filesystem::path &output : {options.output, options.pairs}) {
        if (!output.empty())
            checkOutput(output, files);
    }
    const CheckpointPtr source = openInputs(sources, progress), target = openInput(targetInput, progress);
    SuggestOptions how;
    ValueReport values;
    how.report = &values;
    if (!options.namesOnly && source->hasValues() && target->hasValues()) {
        how.sourceValues = source.get();
        how.targetValues = target.get();
    }
    Mapping mapping = suggest(source->schema(), target->schema(), how, progress);
    if (mapping.sources.empty())
        mapping.sources = {describeSide(source->schema())};
    if (mapping.target.fingerprint.empty())
        mapping.target = describeSide(target->schema());
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    progress.check();
    if (!options.output.empty())
        saveMapping(mapping, options.output);
    if (!options.pairs.empty())
        writeText(options.pairs, resolutionToPairsJson(mapping, resolution, source->schema(), target->schema()));

    if (options.json) {
        nlohmann::ordered_json result = resolutionJson(mapping, resolution, source->schema(), target->schema());
        if (how.sourceValues != nullptr)
            result["values"] = {{"bytes_read", values.bytesRead},
                                {"bytes_held", values.bytesHeld},
                                {"seconds", values.seconds},
                                {"proven_targets", values.provenTargets}};
        result["mapping"] = nlohmann::ordered_json::parse(mappingToJson(mapping));
        printJson(result);
    } else {
        std::string text = describeInput(*source) + "\n" + describeInput(*target) + "\n\n" + rulesText(mapping, resolution) + "\n"
                           + countText(mapping.rules.size(), "rule") + ". " + countsText(resolution);
        if (how.sourceValues != nullptr)
            text += fmt::format("Values: {} of {} target keys proven; {} read in {:.2f} s.\n", values.provenTargets,
                                target->schema().tensors.size(), bytesText(values.bytesRead), values.seconds);
        if (!options.output.empty())
            text += "Written: " + options.output.string() + "\n";
        if (!options.pairs.empty())
            text += "Written: " + options.pairs.string() + "\n";
        printText(text);
    }
    return withoutFindings(resolution) ? ExitDone : ExitFindings;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/terminal.h"

namespace rekey {

int resolveCommand(const ResolveOptions &options)
{
    const Progress progress = terminalProgress();
    const Mapping mapping = loadMapping(options.mapping);
    const InputOptions targetInput = options.pair.targetInput();
    const CheckpointPtr source = openInputs(options.pair.sourceInputs(), progress), target = openInput(targetInput, progress);
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    const std::string warning = checkApplies(mapping, resolution, source->schema(), target->schema());
    if (!warning.empty())
        printWarning(warning);
    if (options.json)
        printJson(resolutionJson(mapping, resolution, source->schema(), target->schema()));
    else
        printText(rulesText(mapping, resolution) + "\n" + countsText(resolution) + problemsText(resolution));
    return withoutFindings(resolution) ? ExitDone : ExitFindings;
}

} // namespace rekey

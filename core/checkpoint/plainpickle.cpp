// SPDX-License-Identifier: GPL-3.0-or-later
// What pickle.dump writes: one pickle with numpy arrays, or with torch tensors as nested files.
#include "core/base/error.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/picklemachine.h"
#include "core/checkpoint/torchlegacy.h"

#include <fmt/format.h>

namespace rekey {

namespace {

PickleValue runWhole(PickleFile &file)
{
    PickleMachine machine(file.source.bytes, file.part, file.graph, file.budget, [&](const std::string &sentence) { file.warn(sentence); });
    const PickleValue root = machine.run();
    if (machine.left() > 0)
        file.fail(file.part, fmt::format("{} bytes after its STOP", machine.left()));
    return root;
}

} // namespace

void readPlainPickle(const Probe &probe, CheckpointContent &content)
{
    ParseBudget budget(probe.file->name());
    PickleFile file(content, budget, "pickle");
    file.source = {probe.file->bytes(), 0};
    file.readNested = readNestedLegacy;
    PickleValue root;
    try {
        root = runWhole(file);
    } catch (const Error &error) {
        if (probe.head[0] == '\x80')
            throw;
        throw Error(error.file(), {},
                    fmt::format("no known checkpoint format; read as a pickle of protocol 0, it breaks off: {}", error.reason()));
    }
    listPickle(file, root, {});
    file.reportGlobals();
    probe.file->checkIntact();
}

} // namespace rekey

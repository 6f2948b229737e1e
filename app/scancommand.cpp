// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"

#include <algorithm>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

std::string_view gradeName(Grade grade)
{
    switch (grade) {
    case Grade::Known: return "known";
    case Grade::Unknown: return "unknown";
    case Grade::Dangerous: return "dangerous";
    }
    return "unknown";
}

std::size_t countOf(const std::vector<GlobalUse> &globals, Grade grade)
{
    return static_cast<std::size_t>(std::ranges::count(globals, grade, &GlobalUse::grade));
}

Json scanJson(const Checkpoint &checkpoint)
{
    Json rows = Json::array();
    for (const GlobalUse &use : checkpoint.globals()) {
        rows.push_back({{"module", use.module},
                        {"name", use.name},
                        {"grade", gradeName(use.grade)},
                        {"part", use.part},
                        {"offset", use.offset},
                        {"count", use.count},
                        {"called", use.called}});
    }
    return {{"name", checkpoint.name()},
            {"format", checkpoint.format()},
            {"executed", false},
            {"dangerous", countOf(checkpoint.globals(), Grade::Dangerous)},
            {"unknown", countOf(checkpoint.globals(), Grade::Unknown)},
            {"globals", std::move(rows)},
            {"warnings", checkpoint.warnings()}};
}

std::string scanText(const Checkpoint &checkpoint)
{
    const std::vector<GlobalUse> &globals = checkpoint.globals();
    if (globals.empty())
        return fmt::format("{} ({}): holds no code and names none.\n", displayText(checkpoint.name()), checkpoint.formatText());
    std::string text;
    for (const GlobalUse &use : globals) {
        text += fmt::format("{:<9}  {}.{}  {} {}, first at byte {} of {}\n", gradeName(use.grade), displayText(use.module),
                            displayText(use.name), use.called ? "called, named" : "named",
                            use.count == 1 ? "once" : countText(use.count, "time"), use.offset, displayText(use.part));
    }
    return text
           + fmt::format("\n{}: {} ({} dangerous, {} unknown). Nothing was executed.\n", displayText(checkpoint.name()),
                         countText(globals.size(), "imported name"), countOf(globals, Grade::Dangerous), countOf(globals, Grade::Unknown));
}

} // namespace

int scanCommand(const ScanOptions &options)
{
    const CheckpointPtr checkpoint = openInput({options.file, "all"}, terminalProgress());
    if (options.json)
        printJson(scanJson(*checkpoint));
    else
        printText(scanText(*checkpoint));
    const bool clean = std::ranges::all_of(checkpoint->globals(), [](const GlobalUse &use) { return use.grade == Grade::Known; });
    return clean ? ExitDone : ExitFindings;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/script/pythontemplate.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace rekey {

const std::string_view pythonConversionPart =
#include "python_conversion.inc"
    ;
const std::string_view pythonFilesPart =
#include "python_files.inc"
    ;
const std::string_view pythonStepsPart =
#include "python_steps.inc"
    ;

std::string chooseBlocks(std::string_view text, const std::set<std::string, std::less<>> &names)
{
    std::string result;
    std::vector<bool> kept;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        if (line.starts_with("#if "))
            kept.push_back(names.contains(line.substr(4, line.find_first_of(" \n", 4) - 4)));
        else if (line.starts_with("#else"))
            kept.back() = !kept.back();
        else if (line.starts_with("#endif"))
            kept.pop_back();
        else if (std::ranges::find(kept, false) == kept.end())
            result += line;
    }
    return result;
}

void fillPlace(std::string &text, std::string_view place, std::string_view value)
{
    const std::string marked = fmt::format("%%{}%%", place);
    for (std::size_t at = text.find(marked); at != std::string::npos; at = text.find(marked, at + value.size()))
        text.replace(at, marked.size(), value);
}

} // namespace rekey

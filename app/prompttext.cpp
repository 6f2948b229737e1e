// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/prompttext.h"

#include "app/commands.h"
#include "core/base/error.h"

#include <charconv>

namespace rekey {

std::vector<double> parseNumbers(std::string_view text, const char *option)
{
    std::vector<double> result;
    for (const char *at = text.data(), *end = at + text.size();;) {
        double value = 0;
        const auto [next, error] = std::from_chars(at, end, value);
        if (error != std::errc() || (next != end && *next != ','))
            throw UsageError(std::string(option) + ": '" + displayText(text) + "' are no numbers with commas between them");
        result.push_back(value);
        if (next == end)
            return result;
        at = next + 1;
    }
}

Prompts parsePrompts(const std::vector<std::string> &points, const std::string &box, const Image &image)
{
    Prompts prompts;
    const auto inside = [&](double x, double y) { return x >= 0 && y >= 0 && x <= image.width && y <= image.height; };
    const std::string size = std::to_string(image.width) + "×" + std::to_string(image.height);
    for (const std::string &text : points) {
        const std::vector<double> n = parseNumbers(text, "--point");
        if (n.size() < 2 || n.size() > 3 || (n.size() == 3 && n[2] != 0 && n[2] != 1))
            throw UsageError("--point: '" + displayText(text) + "' is not X,Y or X,Y,0 or X,Y,1");
        if (!inside(n[0], n[1]))
            throw UsageError("--point: '" + displayText(text) + "' lies outside the image, which is " + size);
        prompts.points.push_back({n[0], n[1], n.size() < 3 || n[2] == 1});
    }
    if (!box.empty()) {
        const std::vector<double> n = parseNumbers(box, "--box");
        if (n.size() != 4 || n[0] >= n[2] || n[1] >= n[3])
            throw UsageError("--box: '" + displayText(box) + "' is not X0,Y0,X1,Y1 with the smaller corner first");
        if (!inside(n[0], n[1]) || !inside(n[2], n[3]))
            throw UsageError("--box: '" + displayText(box) + "' reaches outside the image, which is " + size);
        prompts.box = PromptBox {n[0], n[1], n[2], n[3]};
    }
    // As segment-anything advises: a lone point is ambiguous and gets three candidates, more says which is meant.
    prompts.multimask = prompts.points.size() == 1 && !prompts.box;
    return prompts;
}

} // namespace rekey

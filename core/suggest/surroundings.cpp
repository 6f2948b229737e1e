// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/atoms.h"

#include "core/suggest/twincopies.h"

#include <algorithm>
#include <map>

namespace rekey {

namespace {

/// A table with more rows than this is one of words.
constexpr std::int64_t leastVocabulary = 5000;

struct Content
{
    bool picture = false;
    bool text = false;
};

bool has(const Words &words, const std::string &word)
{
    return std::find(words.begin(), words.end(), word) != words.end();
}

Content contentOf(const Unit &unit, const Shape &shape)
{
    const bool colours = shape.size() == 4 && (shape[1] == 3 || shape[2] == 3) && shape[0] > 3;
    const bool kernel = shape.size() == 4 && shape[0] == shape[1] && shape[2] == 3;
    const bool table = shape.size() == 2 && shape[0] >= leastVocabulary && shape[1] < shape[0] && has(unit.words, "embed");
    // A 3×3 kernel behind the channels is no colour.
    const bool ordinaryKernel = shape.size() == 4 && shape[1] != 3 && shape[2] == 3 && shape[3] == 3;
    return {kernel || (colours && !ordinaryKernel), table};
}

} // namespace

void lookAround(Side &side)
{
    std::map<std::string, Content> modules;
    const auto eachModule = [](const Unit &unit, const auto &visit) {
        std::string path;
        visit(path);
        for (std::size_t i = 0; i + 1 < unit.segments.size(); ++i) {
            path += unit.segments[i] + '.';
            visit(path);
        }
    };
    for (auto &unit : side.units) {
        unit.twin = segmentsToTwin(unit.segments) > 0;
        const Content content = contentOf(unit, side.schema->tensors[unit.leaves.front().tensor].shape);
        eachModule(unit, [&](const std::string &path) {
            modules[path].picture |= content.picture;
            modules[path].text |= content.text;
        });
    }
    for (auto &unit : side.units) {
        const bool text = has(unit.words, "text"), picture = has(unit.words, "vision");
        if (text != picture) {
            unit.modality = text ? Modality::Text : Modality::Picture;
            continue;
        }
        // The innermost module that holds only one of the two.
        eachModule(unit, [&](const std::string &path) {
            const Content &content = modules[path];
            if (content.picture != content.text)
                unit.modality = content.picture ? Modality::Picture : Modality::Text;
        });
    }
}

} // namespace rekey

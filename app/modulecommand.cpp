// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/picture.h"
#include "app/prompttext.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/runtime/outputpictures.h"

#include <algorithm>
#include <charconv>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

OutputKind kindOf(const std::string &as)
{
    return as == "mask"      ? OutputKind::Mask
           : as == "heatmap" ? OutputKind::HeatMap
           : as == "scores"  ? OutputKind::Scores
                             : OutputKind::Features;
}

void parseSize(const std::string &text, ImagePreparation &preparation)
{
    const std::size_t times = text.find('x');
    const auto side = [&](std::string_view part) {
        int value = 0;
        const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
        if (error != std::errc() || end != part.data() + part.size() || value < 1)
            throw UsageError("--size: '" + displayText(text) + "' is neither a side nor WIDTHxHEIGHT");
        return value;
    };
    preparation.width = side(std::string_view(text).substr(0, times));
    preparation.height = times == std::string::npos ? preparation.width : side(std::string_view(text).substr(times + 1));
}

std::array<double, 3> channels(const std::string &text, const char *option)
{
    const std::vector<double> numbers = parseNumbers(text, option);
    if (numbers.size() != 1 && numbers.size() != 3)
        throw UsageError(std::string(option) + ": one number, or three for red, green and blue, were expected");
    return numbers.size() == 1 ? std::array {numbers[0], numbers[0], numbers[0]} : std::array {numbers[0], numbers[1], numbers[2]};
}

ImagePreparation preparationOf(const ModuleOptions &options)
{
    ImagePreparation preparation;
    preparation.fit = options.size.empty()    ? ImagePreparation::Fit::Keep
                      : options.fit == "pad"  ? ImagePreparation::Fit::Pad
                      : options.fit == "crop" ? ImagePreparation::Fit::Crop
                                              : ImagePreparation::Fit::Stretch;
    if (!options.size.empty())
        parseSize(options.size, preparation);
    preparation.range = options.range;
    preparation.blueFirst = options.blueFirst;
    if (options.mean == "imagenet") {
        preparation.mean = {0.485, 0.456, 0.406};
        preparation.deviation = {0.229, 0.224, 0.225};
    } else if (!options.mean.empty()) {
        preparation.mean = channels(options.mean, "--mean");
    }
    if (!options.deviation.empty())
        preparation.deviation = channels(options.deviation, "--std");
    return preparation;
}

const ScriptOutput &chosenOutput(const std::vector<ScriptOutput> &outputs, const ModuleOptions &options)
{
    if (options.outputName.empty())
        return mainOutput(outputs, kindOf(options.as));
    const auto found = std::ranges::find(outputs, options.outputName, &ScriptOutput::name);
    if (found != outputs.end())
        return *found;
    std::string known;
    for (const ScriptOutput &output : outputs)
        known += (known.empty() ? "" : ", ") + displayText(output.name) + " (" + shapeText(output.shape) + ")";
    throw UsageError("--result: there is no result '" + displayText(options.outputName) + "'; there are " + known);
}

/// Of the picture's size where the module saw all of it.
Image inPictureSize(const Image &result, const Image &picture, const ModuleOptions &options)
{
    const bool whole = options.size.empty() || options.fit == "stretch";
    return whole ? resizeBilinear(result, picture.width, picture.height) : result;
}

Image maskPicture(const ScriptOutput &output, const ModuleOptions &options)
{
    const ValueMap map = valueMap(output, static_cast<std::size_t>(std::max(0, options.channel)));
    const std::vector<std::uint8_t> mask = maskOf(map, options.threshold);
    Image image {map.width, map.height, {}};
    for (const std::uint8_t value : mask)
        image.rgb.insert(image.rgb.end(), 3, value);
    return image;
}

Json scoresJson(const std::vector<ClassScore> &scores)
{
    Json result = Json::array();
    for (const ClassScore &score : scores)
        result.push_back({{"class", score.index}, {"label", score.label}, {"score", score.score}, {"probability", score.probability}});
    return result;
}

std::string scoresText(const std::vector<ClassScore> &scores)
{
    std::string text;
    for (const ClassScore &score : scores)
        text
            += fmt::format("{:.4f}  class {}  {}  (score {:.4f})\n", score.probability, score.index, displayText(score.label), score.score);
    return text;
}

std::unique_ptr<ScriptModule> openModule(const RunOptions &options, const Progress &progress)
{
    ScriptModuleRequest request;
    request.file = options.checkpoint.file;
    request.executionAllowed = options.module.allowCode;
    if (!options.module.allowCode)
        throw UsageError(
            "a TorchScript file is a program: running it executes code from the file. If you trust its maker, add --allow-code.");
    if (!options.module.weights.empty())
        request.source = openInput({options.module.weights}, progress);
    if (!options.mapping.empty()) {
        if (request.source == nullptr)
            throw UsageError("--mapping needs --weights: the checkpoint that the module is filled from.");
        request.mapping = loadMapping(options.mapping);
    }
    std::unique_ptr<ScriptModule> module = runtime().openScriptModule(request, progress);
    const std::vector<std::string> open = module->notFilled();
    if (!open.empty())
        printWarning(
            fmt::format("{} keep the module's own values; the first is {}", countText(open.size(), "key"), displayText(open.front())));
    return module;
}

} // namespace

int runModule(const RunOptions &options)
{
    const ModuleOptions &asked = options.module;
    const Progress progress = terminalProgress();
    const OutputKind kind = kindOf(asked.as);
    if (kind != OutputKind::Scores && options.output.empty())
        throw UsageError("run --as " + asked.as + " needs a picture to write: -o FILE.png.");
    if (!options.output.empty())
        checkOutput(options.output, {options.image, options.checkpoint.file});
    const ImagePreparation preparation = preparationOf(asked);
    const std::vector<std::string> labels = asked.labels.empty() ? std::vector<std::string>() : loadLabels(asked.labels);
    const Image image = loadImage(options.image);
    const std::unique_ptr<ScriptModule> module = openModule(options, progress.part(0, 0.3));
    const std::vector<ScriptOutput> outputs = module->run(image, preparation, progress.part(0.3, 1));
    const ScriptOutput &output = chosenOutput(outputs, asked);

    Json results = Json::array();
    for (const ScriptOutput &each : outputs)
        results.push_back({{"name", each.name}, {"shape", each.shape}});
    Json json = {{"module", module->description()},
                 {"filled", module->filled()},
                 {"milliseconds", module->milliseconds()},
                 {"results", std::move(results)}};
    std::string text
        = fmt::format("{}, {} filled\nresult {} {} in {}\n", module->description(), module->filled(),
                      output.name.empty() ? "of" : displayText(output.name), shapeText(output.shape), durationText(module->milliseconds()));
    if (kind == OutputKind::Scores) {
        const std::vector<ClassScore> scores = classScores(output, labels, asked.top);
        json["scores"] = scoresJson(scores);
        text += scoresText(scores);
    } else {
        const Image picture = kind == OutputKind::Mask ? maskPicture(output, asked)
                              : kind == OutputKind::HeatMap
                                  ? heatMap(valueMap(output, static_cast<std::size_t>(std::max(0, asked.channel))))
                                  : featureColours(output);
        savePicture(inPictureSize(picture, image, asked), options.output);
        json["file"] = options.output.string();
        text += "Written: " + options.output.string() + "\n";
    }
    if (options.json)
        printJson(json);
    else
        printText(text);
    return ExitDone;
}

} // namespace rekey

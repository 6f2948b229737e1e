// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/picture.h"
#include "app/terminal.h"
#include "core/base/error.h"

#include <charconv>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

/// "10,20.5,0" to numbers. Throws Error.
std::vector<double> numbers(std::string_view text, const char *option)
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

Prompts parsePrompts(const RunOptions &options, const Image &image)
{
    Prompts prompts;
    const auto inside = [&](double x, double y) { return x >= 0 && y >= 0 && x <= image.width && y <= image.height; };
    const std::string size = std::to_string(image.width) + "×" + std::to_string(image.height);
    for (const std::string &text : options.points) {
        const std::vector<double> n = numbers(text, "--point");
        if (n.size() < 2 || n.size() > 3 || (n.size() == 3 && n[2] != 0 && n[2] != 1))
            throw UsageError("--point: '" + displayText(text) + "' is not X,Y or X,Y,0 or X,Y,1");
        if (!inside(n[0], n[1]))
            throw UsageError("--point: '" + displayText(text) + "' lies outside the image, which is " + size);
        prompts.points.push_back({n[0], n[1], n.size() < 3 || n[2] == 1});
    }
    if (!options.box.empty()) {
        const std::vector<double> n = numbers(options.box, "--box");
        if (n.size() != 4 || n[0] >= n[2] || n[1] >= n[3])
            throw UsageError("--box: '" + displayText(options.box) + "' is not X0,Y0,X1,Y1 with the smaller corner first");
        if (!inside(n[0], n[1]) || !inside(n[2], n[3]))
            throw UsageError("--box: '" + displayText(options.box) + "' reaches outside the image, which is " + size);
        prompts.box = PromptBox {n[0], n[1], n[2], n[3]};
    }
    // As segment-anything advises: a lone point is ambiguous and gets three candidates, more says which is meant.
    prompts.multimask = prompts.points.size() == 1 && !prompts.box;
    return prompts;
}

Json resultJson(const Segmenter &segmenter, const SegmentResult &result)
{
    Json masks = Json::array();
    for (const MaskCandidate &mask : result.masks)
        masks.push_back({{"predicted_iou", mask.predictedIou}, {"stability", mask.stability}, {"area", mask.area}});
    return {{"model", segmenter.description()},
            {"width", result.width},
            {"height", result.height},
            {"best", result.best},
            {"masks", std::move(masks)},
            {"milliseconds",
             {{"loading", segmenter.loadingMilliseconds()},
              {"encoding", segmenter.encodingMilliseconds()},
              {"predicting", result.milliseconds}}}};
}

std::string resultText(const Segmenter &segmenter, const SegmentResult &result)
{
    std::string text = segmenter.description() + "\n";
    for (std::size_t i = 0; i < result.masks.size(); ++i) {
        const MaskCandidate &mask = result.masks[i];
        text += fmt::format("mask {}: predicted IoU {:.4f}, stability {:.4f}, {} pixels{}\n", i + 1, mask.predictedIou, mask.stability,
                            countText(mask.area), i == result.best ? ", written" : "");
    }
    return text
           + fmt::format("loading {}, encoding {}, predicting {}\n", durationText(segmenter.loadingMilliseconds()),
                         durationText(segmenter.encodingMilliseconds()), durationText(result.milliseconds));
}

Image overlay(const Image &photo, const Prompts &prompts, const MaskCandidate &mask)
{
    Image picture = overlayMask(photo, mask.pixels);
    if (prompts.box)
        drawBox(picture, prompts.box->x0, prompts.box->y0, prompts.box->x1, prompts.box->y1);
    for (const PromptPoint &point : prompts.points)
        drawPoint(picture, point.x, point.y, point.foreground);
    return picture;
}

} // namespace

int runCommand(const RunOptions &options)
{
    if (!options.text.empty())
        throw UsageError(
            "run segments from points and boxes so far; text prompts (--text) need a model of the SAM 3 family, which is not there yet.");
    if (options.dtype != "fp32")
        throw UsageError("run computes in fp32 so far; --dtype " + displayText(options.dtype) + " is not there yet.");
    if (options.points.empty() && options.box.empty())
        throw UsageError("run needs a prompt: --point X,Y or --box X0,Y0,X1,Y1.");
    if (options.target && options.mapping.empty())
        throw UsageError("--target needs the --mapping that fills it.");
    const Progress progress = terminalProgress();
    checkOutput(options.output, {options.image, options.checkpoint.file});
    if (!options.overlay.empty())
        checkOutput(options.overlay, {options.image, options.checkpoint.file, options.output});
    const Image image = loadImage(options.image);
    const Prompts prompts = parsePrompts(options, image);
    ModelWeights weights;
    weights.checkpoint = openInput(options.checkpoint, progress);
    if (!options.mapping.empty())
        weights.mapping = loadMapping(options.mapping);
    if (options.target)
        weights.target = openInput(*options.target, progress);
    const std::unique_ptr<Segmenter> segmenter = runtime().openSegmenter(weights, {}, progress.part(0, 0.3));
    segmenter->setImage(image, progress.part(0.3, 1));
    const SegmentResult result = segmenter->predict(prompts);
    progress.check();

    const MaskCandidate &best = result.masks.at(result.best);
    std::vector<std::uint8_t> pixels = best.pixels;
    for (std::uint8_t &pixel : pixels)
        pixel = pixel != 0 ? 255 : 0;
    savePng(options.output, result.width, result.height, 1, pixels);
    if (!options.overlay.empty())
        savePicture(overlay(image, prompts, best), options.overlay);
    if (options.json)
        printJson(resultJson(*segmenter, result));
    else
        printText(resultText(*segmenter, result) + "Written: " + options.output.string() + "\n");
    return ExitDone;
}

} // namespace rekey

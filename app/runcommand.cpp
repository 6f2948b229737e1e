// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/picture.h"
#include "app/precisiontext.h"
#include "app/prompttext.h"
#include "app/runoutput.h"
#include "app/terminal.h"
#include "core/base/error.h"

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

EverythingOptions everythingOptions(const RunOptions &options)
{
    EverythingOptions everything;
    everything.pointsPerSide = options.pointsPerSide;
    everything.predictedIouThreshold = options.iouThreshold;
    everything.stabilityThreshold = options.stabilityThreshold;
    everything.cropLayers = options.cropLayers;
    everything.minRegionArea = options.minArea;
    return everything;
}

/// What makes no sense together, before anything is opened.
void checkUsage(const RunOptions &options)
{
    if (!options.text.empty())
        throw UsageError(
            "run segments from points and boxes so far; text prompts (--text) need a model of the SAM 3 family, which is not there yet.");
    precisionOf(options.dtype);
    if (options.output.empty())
        throw UsageError("run needs a file to write the mask to: -o MASK.png.");
    const bool prompted = !options.points.empty() || !options.box.empty();
    if (!prompted && !options.everything)
        throw UsageError("run needs a prompt: --point X,Y or --box X0,Y0,X1,Y1, or --everything for all that can be found; "
                         "or --as for a TorchScript module.");
    if (prompted && options.everything)
        throw UsageError("--everything asks a grid of points of its own; --point and --box do not go with it.");
    if (options.everything && options.beside)
        throw UsageError("--beside compares answers to the same prompt; with --everything there is none.");
    if (options.target && options.mapping.empty())
        throw UsageError("--target needs the --mapping that fills it.");
    if (options.everything && options.output.extension() != ".json")
        throw UsageError("-o: --everything writes all masks into one COCO file, NAME.json; --overlay draws them.");
    checkMaskFormat(options.output);
}

int runEverything(const RunOptions &options, Segmenter &segmenter, const Image &image, const Progress &progress)
{
    const EverythingResult result = segmenter.segmentEverything(image, everythingOptions(options), progress);
    saveEverything(options.output, result, options.image);
    if (!options.overlay.empty())
        savePicture(overlayOf(image, result), options.overlay);
    if (options.json)
        printJson({{"model", segmenter.description()},
                   {"masks", result.masks.size()},
                   {"points", result.points},
                   {"milliseconds", {{"encoding", result.encodingMilliseconds}, {"all", result.milliseconds}}}});
    else
        printText(fmt::format("{}\n{} from {}, {} of which encoding {}\nWritten: {}\n", segmenter.description(),
                              countText(result.masks.size(), "mask"), countText(result.points, "point"), durationText(result.milliseconds),
                              durationText(result.encodingMilliseconds), options.output.string()));
    return ExitDone;
}

/// Returns whether the masks are the same.
bool compareBeside(const RunOptions &options, Segmenter &other, const Segmenter &own, const SegmentResult &result, const Image &image,
                   const Prompts &prompts, const Progress &progress)
{
    other.setImage(image, progress);
    const SegmentResult besides = other.predict(prompts);
    const ModelAgreement agreement = compareResults(result, besides);
    if (!options.overlay.empty())
        savePicture(sideBySide(overlayOf(image, prompts, result.masks.at(result.best)), options.checkpoint.file.filename().string(),
                               overlayOf(image, prompts, besides.masks.at(result.best)), options.beside->file.filename().string(),
                               fmt::format("mask IoU {:.5f}", agreement.candidates.at(result.best).maskIou)),
                    options.overlay);
    if (options.json) {
        Json json = resultJson(own, result);
        json["beside"] = resultJson(other, besides);
        json["agreement"] = agreementJson(agreement);
        printJson(json);
    } else {
        printText(resultText(own, result) + "beside " + resultText(other, besides) + agreementText(agreement) + "Written: "
                  + options.output.string() + "\n");
    }
    return agreement.leastMaskIou == 1;
}

} // namespace

int runCommand(const RunOptions &options)
{
    if (!options.module.as.empty())
        return runModule(options);
    checkUsage(options);
    const Progress progress = terminalProgress();
    checkOutput(options.output, {options.image, options.checkpoint.file});
    if (!options.overlay.empty())
        checkOutput(options.overlay, {options.image, options.checkpoint.file, options.output});
    if (options.beside) {
        checkOutput(options.output, {options.beside->file});
        if (!options.overlay.empty())
            checkOutput(options.overlay, {options.beside->file});
    }
    const Image image = loadImage(options.image);
    const Prompts prompts = options.everything ? Prompts() : parsePrompts(options.points, options.box, image);
    ModelWeights weights;
    weights.checkpoint = openInput(options.checkpoint, progress);
    if (!options.mapping.empty())
        weights.mapping = loadMapping(options.mapping);
    if (options.target)
        weights.target = openInput(*options.target, progress);
    ComputeOptions compute;
    compute.precision = precisionOf(options.dtype);
    compute.device = options.device;
    const std::unique_ptr<Segmenter> segmenter = runtime().openSegmenter(weights, {}, progress.part(0, 0.2), compute);
    if (options.everything)
        return runEverything(options, *segmenter, image, progress.part(0.2, 1));
    const double encoded = options.beside ? 0.6 : 1;
    segmenter->setImage(image, progress.part(0.2, encoded));
    const SegmentResult result = segmenter->predict(prompts);
    progress.check();
    saveMask(options.output, result, prompts, options.image);
    if (options.beside) {
        const auto other = runtime().openSegmenter({openInput(*options.beside, progress), std::nullopt, nullptr}, {}, {}, compute);
        return compareBeside(options, *other, *segmenter, result, image, prompts, progress.part(encoded, 1)) ? ExitDone : ExitFindings;
    }
    if (!options.overlay.empty())
        savePicture(overlayOf(image, prompts, result.masks.at(result.best)), options.overlay);
    if (options.json)
        printJson(resultJson(*segmenter, result));
    else
        printText(resultText(*segmenter, result) + "Written: " + options.output.string() + "\n");
    return ExitDone;
}

} // namespace rekey

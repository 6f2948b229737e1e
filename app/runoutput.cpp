// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/runoutput.h"

#include "app/commands.h"
#include "app/inputs.h"
#include "app/picture.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/runtime/maskexport.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

ExportedMask exported(const SegmentResult &result, const MaskCandidate &mask, const Prompts &prompts)
{
    ExportedMask all;
    all.mask = encodeMask(mask.pixels, result.width, result.height);
    all.predictedIou = mask.predictedIou;
    all.stability = mask.stability;
    for (const PromptPoint &point : prompts.points)
        all.points.push_back({point.x, point.y});
    return all;
}

ExportedMask exported(const EverythingMask &mask)
{
    ExportedMask all;
    all.mask = mask.mask;
    all.predictedIou = mask.predictedIou;
    all.stability = mask.stability;
    all.points.push_back(mask.point);
    std::array<double, 4> crop {};
    std::ranges::copy(mask.cropBox, crop.begin());
    all.cropBox = crop;
    return all;
}

/// Colours far apart for neighbours in the list: steps of the golden angle around the colour wheel.
Rgb colourOf(std::size_t index)
{
    const double hue = std::fmod(static_cast<double>(index) * 0.61803398875, 1.0) * 6;
    Rgb colour {};
    for (std::size_t channel = 0; channel < colour.size(); ++channel) {
        const double distance = std::abs(std::fmod(hue + 6 - 2.0 * static_cast<double>(channel), 6.0) - 3); // 3 at the channel's own hue
        colour[channel] = static_cast<std::uint8_t>(60 + 180 * std::clamp(distance - 1, 0.0, 1.0));
    }
    return colour;
}

} // namespace

void checkMaskFormat(const std::filesystem::path &path)
{
    const std::string ending = path.extension().string();
    if (ending != ".png" && ending != ".svg" && ending != ".json")
        throw UsageError("-o: '" + displayText(path.filename().string()) + "' ends in none of .png, .svg and .json (COCO)");
}

void saveMask(const std::filesystem::path &path, const SegmentResult &result, const Prompts &prompts,
              const std::filesystem::path &imageFile)
{
    const ExportedMask mask = exported(result, result.masks.at(result.best), prompts);
    if (path.extension() == ".json")
        saveCocoJson(path, {imageFile.filename().string(), result.width, result.height}, {mask}, CocoForm::CompressedRle);
    else if (path.extension() == ".svg")
        writeText(path, maskSvg(mask.mask));
    else
        saveMaskPng(path, mask.mask);
}

void saveEverything(const std::filesystem::path &path, const EverythingResult &result, const std::filesystem::path &imageFile)
{
    std::vector<ExportedMask> masks;
    for (const EverythingMask &mask : result.masks)
        masks.push_back(exported(mask));
    saveCocoJson(path, {imageFile.filename().string(), result.width, result.height}, masks, CocoForm::CompressedRle);
}

Json resultJson(const Segmenter &segmenter, const SegmentResult &result)
{
    Json masks = Json::array();
    for (const MaskCandidate &mask : result.masks)
        masks.push_back({{"predicted_iou", mask.predictedIou}, {"stability", mask.stability}, {"area", mask.area}});
    return {{"model", segmenter.description()},
            {"precision", precisionName(segmenter.compute().precision)},
            {"device", segmenter.compute().device},
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

Json agreementJson(const ModelAgreement &agreement)
{
    Json candidates = Json::array();
    for (const CandidateAgreement &candidate : agreement.candidates)
        candidates.push_back({{"mask_iou", candidate.maskIou},
                              {"differing_pixels", candidate.differingPixels},
                              {"largest_logit_difference", candidate.largestLogitDifference},
                              {"mean_logit_difference", candidate.meanLogitDifference},
                              {"logit_cosine", candidate.logitCosine},
                              {"predicted_iou_difference", candidate.predictedIouDifference}});
    return {{"least_mask_iou", agreement.leastMaskIou},
            {"largest_logit_difference", agreement.largestLogitDifference},
            {"same_best", agreement.sameBest},
            {"candidates", std::move(candidates)}};
}

std::string agreementText(const ModelAgreement &agreement)
{
    std::string text;
    for (std::size_t i = 0; i < agreement.candidates.size(); ++i) {
        const CandidateAgreement &candidate = agreement.candidates[i];
        text += fmt::format("mask {}: IoU of both {:.5f}, {} pixels differ, logits by {:.2g} at most, {:.2g} on average\n", i + 1,
                            candidate.maskIou, countText(candidate.differingPixels), candidate.largestLogitDifference,
                            candidate.meanLogitDifference);
    }
    return text + (agreement.sameBest ? "" : "They do not predict the same mask to be the best.\n");
}

Image overlayOf(const Image &photo, const Prompts &prompts, const MaskCandidate &mask)
{
    Image picture = overlayMask(photo, mask.pixels);
    if (prompts.box)
        drawBox(picture, prompts.box->x0, prompts.box->y0, prompts.box->x1, prompts.box->y1);
    for (const PromptPoint &point : prompts.points)
        drawPoint(picture, point.x, point.y, point.foreground);
    return picture;
}

Image overlayOf(const Image &photo, const EverythingResult &result)
{
    Image picture = photo;
    std::vector<std::size_t> order(result.masks.size());
    std::iota(order.begin(), order.end(), std::size_t {0});
    std::ranges::stable_sort(order, std::greater<>(), [&](std::size_t i) { return result.masks[i].area; });
    for (const std::size_t index : order) {
        const std::vector<std::uint8_t> pixels = decodeMask(result.masks[index].mask);
        const Rgb colour = colourOf(index);
        for (std::size_t i = 0; i < pixels.size(); ++i) {
            if (pixels[i] == 0)
                continue;
            for (std::size_t channel = 0; channel < colour.size(); ++channel) // of the photo, so that masks within masks stay bright
                picture.rgb[3 * i + channel] = static_cast<std::uint8_t>((photo.rgb[3 * i + channel] + colour[channel]) / 2);
        }
    }
    return picture;
}

} // namespace rekey

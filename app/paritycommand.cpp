// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/layerparitytext.h"
#include "app/precisiontext.h"
#include "app/prompttext.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/runtime/parity/weightparity.h"

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Json weightsJson(const WeightParity &parity)
{
    Json tensors = Json::array();
    for (const WeightParityRow &row : parity.rows) {
        Json each = {{"key", row.key}, {"verdict", verdictName(row.verdict)}};
        if (row.difference.count > 0) {
            each["max_abs"] = row.difference.maxAbsolute;
            each["mean_abs"] = row.difference.meanAbsolute;
            each["relative"] = row.difference.relative;
            each["cosine"] = row.difference.cosine;
            each["differing"] = row.difference.differing;
            each["not_finite"] = row.difference.notFinite;
        }
        if (row.rule != none)
            each["rule"] = row.rule;
        if (!row.holdsValuesOf.empty())
            each["holds_values_of"] = row.holdsValuesOf;
        if (!row.reason.empty())
            each["why"] = row.reason;
        tensors.push_back(std::move(each));
    }
    return {{"compared", parity.rows.size()},
            {"equal", parity.count(WeightVerdict::Equal)},
            {"within_tolerance", parity.count(WeightVerdict::WithinTolerance)},
            {"different", parity.count(WeightVerdict::Different)},
            {"missing", parity.count(WeightVerdict::Missing)},
            {"target_looks_fresh", parity.targetLooksFresh()},
            {"tensors", std::move(tensors)}};
}

std::string weightsText(const WeightParity &parity)
{
    constexpr std::size_t rowsShown = 30;
    std::string text;
    std::size_t shown = 0;
    for (const WeightParityRow &row : parity.rows) {
        if (row.verdict == WeightVerdict::Equal)
            continue;
        if (++shown > rowsShown)
            break;
        std::string figures;
        if (row.difference.count > 0)
            figures = fmt::format("largest difference {:.1e}, mean {:.1e}, cosine {:.6f}", row.difference.maxAbsolute,
                                  row.difference.meanAbsolute, row.difference.cosine);
        if (!row.reason.empty())
            figures += (figures.empty() ? "" : ": ") + row.reason;
        text += fmt::format("{:<16}  {}  {}\n", verdictName(row.verdict), displayText(row.key, 200), figures);
    }
    if (shown > rowsShown)
        text += "… and more; --json lists all\n";
    text += fmt::format("{} compared: {} equal, {} within tolerance, {} different, {} missing.\n", countText(parity.rows.size(), "tensor"),
                        parity.count(WeightVerdict::Equal), parity.count(WeightVerdict::WithinTolerance),
                        parity.count(WeightVerdict::Different), parity.count(WeightVerdict::Missing));
    if (parity.targetLooksFresh())
        text += "Hardly a value agrees: B looks freshly initialised, which says nothing about the mapping. Compare with a checkpoint "
                "that has the right weights.\n";
    return text;
}

} // namespace

namespace {

int compareWeights(const ParityOptions &options, const Progress &progress)
{
    if (options.a.file.empty() || options.b.file.empty())
        throw UsageError("parity needs two checkpoints, or --activations and what to compare.");
    if (options.tolerance > 0)
        throw UsageError("--tolerance is for layers: it needs --image or --activations. Weights are judged by their dtypes.");
    WeightParityRequest request;
    request.source = openInput(options.a, progress);
    request.target = openInput(options.b, progress);
    if (!options.mapping.empty())
        request.mapping = loadMapping(options.mapping);
    const WeightParity parity = weightParity(request, progress);
    for (const std::string &warning : parity.warnings)
        printWarning(warning);
    if (options.json)
        printJson(weightsJson(parity));
    else
        printText(weightsText(parity));
    return parity.agrees() ? ExitDone : ExitFindings;
}

CheckpointPtr openIfGiven(const InputOptions &input, const Progress &progress)
{
    return input.file.empty() ? nullptr : openInput(input, progress);
}

/// The converted model: B filled from A, or B as it is, or A alone.
ModelWeights convertedModel(const ParityOptions &options, const CheckpointPtr &a, const CheckpointPtr &b)
{
    if (options.mapping.empty())
        return {b != nullptr ? b : a, std::nullopt, nullptr};
    return {a, loadMapping(options.mapping), b};
}

ActivationParity compareOnImage(const ParityOptions &options, const Progress &progress)
{
    const CheckpointPtr a = openIfGiven(options.a, progress), b = openIfGiven(options.b, progress);
    if (a == nullptr || (b == nullptr && options.mapping.empty()))
        throw UsageError("parity --image compares two models: A and B, or A and what --mapping makes of it.");
    ModelParityRequest request;
    request.reference = {a, std::nullopt, nullptr};
    request.converted = convertedModel(options, a, b);
    request.image = loadImage(options.image);
    if (!options.points.empty() || !options.box.empty()) {
        request.prompts = {{"prompt", parsePrompts(options.points, options.box, request.image)}};
    } else {
        // A point and a box in the middle: together they use most weights of prompts.
        const double width = request.image.width, height = request.image.height;
        Prompts point, box;
        point.points = {{width / 2, height / 2, true}};
        box.box = PromptBox {width / 4, height / 4, width * 3 / 4, height * 3 / 4};
        request.prompts = {{"point", point}, {"box", box}};
    }
    request.precision = precisionOf(options.dtype);
    request.tolerance = options.tolerance > 0                ? options.tolerance
                        : request.precision == Precision::F32 ? toleranceF32
                                                              : toleranceHalf;
    return compareModels(request, progress);
}

ActivationParity compareWithFile(const ParityOptions &options, const Progress &progress)
{
    const CheckpointPtr a = openIfGiven(options.a, progress), b = openIfGiven(options.b, progress);
    if (a == nullptr)
        throw UsageError("parity --activations with one file compares a model with it: name its checkpoint.");
    RecordedParityRequest request;
    request.reference = openCheckpoint(options.activations.front(), {}, progress);
    request.converted = convertedModel(options, a, b);
    if (b != nullptr && options.mapping.empty())
        request.referenceWeights = a;
    else if (b == nullptr || !b->hasValues())
        request.referenceWeights = options.mapping.empty() ? nullptr : a;
    if (!options.image.empty())
        request.images[""] = loadImage(options.image);
    request.tolerance = options.tolerance > 0 ? options.tolerance : toleranceF32;
    return compareWithRecorded(request, progress);
}

ActivationParity compareTwoFiles(const ParityOptions &options, const Progress &progress)
{
    FileParityRequest request;
    request.reference = openCheckpoint(options.activations[0], {}, progress);
    request.checked = openCheckpoint(options.activations[1], {}, progress);
    request.referencePrefix = options.prefixA;
    request.checkedPrefix = options.prefixB;
    if (!options.mapping.empty())
        request.mapping = loadMapping(options.mapping);
    request.referenceWeights = openIfGiven(options.a, progress);
    request.checkedWeights = openIfGiven(options.b, progress);
    request.tolerance = options.tolerance > 0 ? options.tolerance : toleranceF32;
    return compareFiles(request, progress);
}

} // namespace

int parityCommand(const ParityOptions &options)
{
    const Progress progress = terminalProgress();
    if (precisionOf(options.dtype) != Precision::F32 && (options.image.empty() || !options.activations.empty()))
        throw UsageError("parity --dtype is that of computing: it goes with two models and an --image.");
    if (options.image.empty() && (!options.points.empty() || !options.box.empty()))
        throw UsageError("--point and --box are prompts on a picture: say which with --image.");
    if (!options.activations.empty() && (!options.points.empty() || !options.box.empty()))
        throw UsageError("--point and --box do not go with --activations: the prompts are those that the file records.");
    if (options.activations.size() < 2 && (!options.prefixA.empty() || !options.prefixB.empty()))
        throw UsageError("--prefix-a and --prefix-b are for two files of --activations.");
    if (options.image.empty() && options.activations.empty())
        return compareWeights(options, progress);
    const ActivationParity parity = options.activations.empty()       ? compareOnImage(options, progress)
                                    : options.activations.size() == 1 ? compareWithFile(options, progress)
                                                                      : compareTwoFiles(options, progress);
    for (const std::string &warning : parity.warnings)
        printWarning(warning);
    if (options.json)
        printJson(layersJson(parity));
    else
        printText(layersText(parity));
    return parity.verdict == ParityVerdict::Equal || parity.verdict == ParityVerdict::WithinTolerance ? ExitDone : ExitFindings;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "ui/parity/paritydoor.h"

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <thread>

namespace rekey::ui::testing {

struct ParityLog
{
    std::atomic<int> models = 0, recorded = 0, files = 0, weights = 0;
    std::atomic<bool> refuse = false;
    std::atomic<int> milliseconds = 0; ///< that a comparison takes
    std::atomic<bool> parts = true; ///< whether a layer diverges
    std::atomic<bool> fresh = false; ///< whether the target's weights are those of an untrained model
    Precision precision = Precision::F32; ///< of the same
    std::map<std::string, double> behaviour; ///< of the last comparison of models; read when it has finished
};

inline LayerError layerError(double error)
{
    LayerError result;
    result.difference.equal = error == 0;
    result.difference.maxAbsolute = error;
    return result;
}

/// Four layers: equal, within tolerance, diverging by rules 2 and 0, following.
inline ActivationParity fakeLayers(bool parts)
{
    ActivationParity parity;
    parity.tolerance = toleranceF32;
    const auto add = [&](const char *name, const char *section, double accumulated, double isolated, LayerVerdict verdict) {
        LayerParityRow row;
        row.layer = row.referenceLayer = name;
        row.section = section;
        row.accumulated = layerError(accumulated);
        row.isolated = layerError(isolated);
        row.weights = LayerWeights::Equal;
        row.verdict = verdict;
        parity.rows.push_back(row);
    };
    add("encoder.patch_embed", "encoder", 0, 0, LayerVerdict::Equal);
    add("encoder.blocks.0", "encoder", 4.1e-7, 4.1e-7, LayerVerdict::WithinTolerance);
    add("decoder.iou_head", "decoder", parts ? 0.31 : 5e-7, parts ? 0.31 : 5e-7,
        parts ? LayerVerdict::Diverges : LayerVerdict::WithinTolerance);
    add("decoder.masks", "decoder", parts ? 0.02 : 6e-7, 9e-7, parts ? LayerVerdict::Follows : LayerVerdict::WithinTolerance);
    parity.verdict = parts ? ParityVerdict::WeightsDiffer : ParityVerdict::WithinTolerance;
    parity.summary = parts ? "They part at decoder.iou_head: two layers of equal shape are swapped." : "All layers agree.";
    if (parts) {
        parity.firstDivergence = 2;
        parity.rows[2].weights = LayerWeights::Differ;
        parity.rows[2].rules = {2, 0};
        parity.rows[2].differingKeys = {"iou_head.0.weight"};
        parity.rows[2].reason = "The input agrees, the output does not, and the weights differ.";
    }
    return parity;
}

/// Three tensors, one of which holds another's values; `fresh`: all three unlike what arrives.
inline WeightParity fakeWeights(bool fresh = false)
{
    WeightParity parity;
    const auto add = [&](const char *key, WeightVerdict verdict, double largest, double cosine, std::uint32_t rule) {
        WeightParityRow row;
        row.key = key;
        row.verdict = verdict;
        row.difference.equal = verdict == WeightVerdict::Equal;
        row.difference.maxAbsolute = largest;
        row.difference.cosine = cosine;
        row.difference.count = 16;
        row.rule = rule;
        parity.rows.push_back(row);
    };
    add("b.weight", WeightVerdict::Equal, 0, 1, 0);
    add("a.weight", WeightVerdict::Different, 0.5, 0.12, 6);
    add("c.weight", WeightVerdict::WithinTolerance, 1e-7, 0.9999999, 1);
    parity.rows[1].holdsValuesOf = "d.weight";
    for (WeightParityRow &row : parity.rows) {
        if (fresh) {
            row.verdict = WeightVerdict::Different;
            row.holdsValuesOf.clear();
            row.difference.cosine = 0.01;
        }
    }
    return parity;
}

inline ParityDoor fakeParityDoor(const std::shared_ptr<ParityLog> &log)
{
    const auto work = [log](const Progress &progress) {
        for (int i = 0; i < log->milliseconds; ++i) {
            progress.step(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(log->milliseconds), "layer");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        if (log->refuse)
            throw Error("model.pth", "keys", "no known architecture fits; looked for SAM");
    };
    ParityDoor door;
    door.models = [log, work](const ModelParityRequest &request, const Progress &progress) {
        ++log->models;
        log->behaviour = request.convertedBehaviour;
        log->precision = request.precision;
        work(progress);
        return fakeLayers(log->parts);
    };
    door.recorded = [log, work](const RecordedParityRequest &, const Progress &progress) {
        ++log->recorded;
        work(progress);
        return fakeLayers(log->parts);
    };
    door.files = [log, work](const FileParityRequest &request, const Progress &progress) {
        ++log->files;
        work(progress);
        ActivationParity parity = fakeLayers(log->parts);
        parity.warnings.push_back("rounding is " + std::string("1e-05") + " in " + request.checked->name());
        return parity;
    };
    door.weights = [log, work](const WeightParityRequest &, const Progress &progress) {
        ++log->weights;
        work(progress);
        return fakeWeights(log->fresh);
    };
    door.loadImage = [](const std::filesystem::path &) {
        Image image;
        image.width = image.height = 8;
        image.rgb.assign(8 * 8 * 3, 128);
        return image;
    };
    door.open = [](const std::filesystem::path &path, const Progress &progress) { return openCheckpoint(path, {}, progress); };
    return door;
}

} // namespace rekey::ui::testing

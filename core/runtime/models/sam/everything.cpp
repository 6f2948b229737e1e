// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/everything.h"

#include "core/runtime/paralleltasks.h"

namespace rekey::sam {

namespace {

constexpr std::size_t pointsAtOnce = 64; ///< between reports

std::vector<EverythingMask> masksAtPoint(const PointModel &model, const MaskEnlarger &enlarger, const std::array<double, 2> &point,
                                         const EverythingOptions &options)
{
    const Picture &picture = model.picture;
    PromptTensors prompt;
    prompt.points = at::empty({1, 1, 2}, at::kFloat);
    prompt.points.data_ptr<float>()[0] = static_cast<float>(point[0] * picture.resizedWidth / picture.width);
    prompt.points.data_ptr<float>()[1] = static_cast<float>(point[1] * picture.resizedHeight / picture.height);
    prompt.labels = at::ones({1, 1}, at::kInt);
    const DecodedMasks decoded
        = model.decoder.forward(model.embedding, model.prompts.gridPositions(), model.prompts.forward(prompt, {}), true, {});
    std::vector<EverythingMask> masks;
    for (std::int64_t i = 0; i < decoded.logits.size(1); ++i) {
        const auto iou = decoded.iou[0][i].item<float>();
        if (options.predictedIouThreshold > 0 && !(static_cast<double>(iou) > options.predictedIouThreshold))
            continue;
        const at::Tensor low = decoded.logits[0][i].contiguous();
        const EnlargedMask full = enlarger.enlarge(low.data_ptr<float>(), static_cast<float>(options.stabilityOffset));
        const float stability = full.stability();
        if (options.stabilityThreshold > 0 && !(static_cast<double>(stability) >= options.stabilityThreshold))
            continue;
        EverythingMask mask;
        mask.mask = encodeMask(full.pixels, picture.width, picture.height);
        mask.predictedIou = iou;
        mask.stability = full.notBelow > 0 ? stability : 0;
        mask.point = point;
        masks.push_back(std::move(mask));
    }
    return masks;
}

} // namespace

std::vector<EverythingMask> masksAtPoints(const PointModel &model, const std::vector<std::array<double, 2>> &points,
                                          const EverythingOptions &options, const EverythingListener &listener, const Progress &progress)
{
    std::vector<EverythingMask> all;
    const MaskEnlarger enlarger
        = enlargerFor(model.picture, static_cast<int>(model.embedding.size(2)) * 4, static_cast<int>(model.imageSize));
    for (std::size_t first = 0; first < points.size(); first += pointsAtOnce) {
        progress.step(first, points.size(), "asking a grid of points");
        const std::size_t count = std::min(pointsAtOnce, points.size() - first);
        std::vector<std::vector<EverythingMask>> found(count);
        parallelTasks(static_cast<std::int64_t>(count), progress, [&](std::int64_t task, std::int64_t) {
            const auto i = static_cast<std::size_t>(task);
            found[i] = masksAtPoint(model, enlarger, points[first + i], options);
        });
        std::vector<EverythingMask> batch;
        for (std::vector<EverythingMask> &masks : found)
            batch.insert(batch.end(), std::make_move_iterator(masks.begin()), std::make_move_iterator(masks.end()));
        if (listener && !batch.empty())
            listener(batch);
        all.insert(all.end(), std::make_move_iterator(batch.begin()), std::make_move_iterator(batch.end()));
    }
    progress.step(1, 1);
    return all;
}

} // namespace rekey::sam

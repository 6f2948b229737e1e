// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "ui/segment/segmentdoor.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <thread>

namespace rekey::ui::testing {

/// What the fakes did, and what they are to do.
struct FakeLog
{
    std::atomic<int> opened = 0, encoded = 0, predicted = 0;
    std::atomic<int> encodeMilliseconds = 0;
    std::atomic<bool> refuse = false; ///< openSegmenter throws
    std::atomic<double> offset = 0; ///< added to every logit of converted models
    ComputeOptions compute; ///< of the last one that was opened
};

/// Masks are discs around the first point (or the box's middle), of radius 20, 40 and 60 pixels; background points
/// halve the radius. Logits are distances to the disc's edge, on a 64 × 64 grid over the picture.
class FakeSegmenter : public Segmenter
{
public:
    FakeSegmenter(std::shared_ptr<FakeLog> log, bool converted)
        : m_log(std::move(log))
        , m_converted(converted)
    {
    }

    std::string description() const override { return "Fake"; }
    int imageSize() const override { return 256; }
    std::map<std::string, double> behaviour() const override { return {{"decoder_norm_eps", m_converted ? 1e-6 : 1e-5}}; }
    double loadingMilliseconds() const override { return 18; }
    double encodingMilliseconds() const override { return 41; }

    void setImage(const Image &image, const Progress &progress) override
    {
        for (int i = 0; i < m_log->encodeMilliseconds; ++i) {
            progress.step(static_cast<std::uint64_t>(i), static_cast<std::uint64_t>(m_log->encodeMilliseconds), "block");
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        m_width = image.width;
        m_height = image.height;
        ++m_log->encoded;
    }

    SegmentResult predict(const Prompts &prompts) override
    {
        ++m_log->predicted;
        double x = 0, y = 0, factor = 1;
        if (prompts.box) {
            x = (prompts.box->x0 + prompts.box->x1) / 2;
            y = (prompts.box->y0 + prompts.box->y1) / 2;
        }
        for (const PromptPoint &point : prompts.points) {
            if (point.foreground) {
                x = point.x;
                y = point.y;
            } else {
                factor /= 2;
            }
        }
        SegmentResult result;
        result.width = m_width;
        result.height = m_height;
        result.lowResSize = 64;
        result.milliseconds = 3.2;
        for (const double radius : {20.0, 40.0, 60.0})
            result.masks.push_back(disc(x, y, radius * factor + (m_converted ? m_log->offset.load() : 0.0)));
        result.masks[0].predictedIou = 0.7616F;
        result.masks[1].predictedIou = 0.944F;
        result.masks[2].predictedIou = 0.7535F;
        result.best = 1;
        return result;
    }

    EverythingResult segmentEverything(const Image &image, const EverythingOptions &options, const Progress &progress,
                                       const EverythingListener &) override
    {
        setImage(image, progress);
        EverythingResult result;
        result.width = image.width;
        result.height = image.height;
        for (const double radius : {60.0, 20.0}) {
            const MaskCandidate mask = disc(160, 100, radius);
            EverythingMask found;
            found.mask = encodeMask(mask.pixels, image.width, image.height);
            found.area = mask.area;
            found.predictedIou = 0.9F;
            found.stability = 0.95F;
            result.masks.push_back(found);
        }
        result.points = static_cast<std::size_t>(options.pointsPerSide) * static_cast<std::size_t>(options.pointsPerSide);
        result.milliseconds = 120;
        return result;
    }

private:
    MaskCandidate disc(double x, double y, double radius) const
    {
        MaskCandidate mask;
        mask.pixels.resize(static_cast<std::size_t>(m_width) * static_cast<std::size_t>(m_height));
        for (int py = 0; py < m_height; ++py) {
            for (int px = 0; px < m_width; ++px) {
                const bool inside = std::hypot(px - x, py - y) < radius;
                mask.pixels[static_cast<std::size_t>(py) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(px)] = inside;
                mask.area += inside;
            }
        }
        for (int i = 0; i < 64 * 64; ++i)
            mask.lowRes.push_back(
                static_cast<float>(radius - std::hypot((i % 64 + 0.5) * m_width / 64 - x, (i / 64 + 0.5) * m_height / 64 - y)));
        return mask;
    }

    std::shared_ptr<FakeLog> m_log;
    bool m_converted;
    int m_width = 0, m_height = 0;
};

inline SegmentDoor fakeDoor(const std::shared_ptr<FakeLog> &log)
{
    SegmentDoor door;
    door.openSegmenter = [log](const ModelWeights &weights, const Behaviour &, const ComputeOptions &compute,
                               const Progress &) -> std::unique_ptr<Segmenter> {
        if (log->refuse)
            throw Error("model.pth", "keys", "no known architecture fits; looked for SAM");
        ++log->opened;
        log->compute = compute;
        return std::make_unique<FakeSegmenter>(log, weights.mapping.has_value());
    };
    door.loadImage = [](const std::filesystem::path &path) {
        if (path.extension() == ".txt")
            throw Error(path.string(), "picture", "is text, not a JPEG or PNG picture");
        Image image;
        image.width = 320;
        image.height = 200;
        image.rgb.assign(320 * 200 * 3, 128);
        return image;
    };
    door.devices = [] { return std::vector<ComputeDevice> {{"cpu", "Processor", 0}, {"cuda:0", "Card", 8ULL << 30}}; };
    door.precisions = [](const std::string &) {
        return std::vector<PrecisionOffer> {{Precision::F32, true, 1, "reference"},
                                            {Precision::BF16, true, 1.9, "1.9 times as fast as fp32"},
                                            {Precision::F16, false, 0, "there is no arithmetic for it here"}};
    };
    door.info = [] { return Runtime::Info {"1.13.1", "OpenBLAS", 2, false}; };
    return door;
}

} // namespace rekey::ui::testing

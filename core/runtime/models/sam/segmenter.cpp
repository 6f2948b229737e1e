// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/segmenter.h"

#include "core/base/error.h"
#include "core/runtime/devices.h"
#include "core/runtime/models/sam/everything.h"
#include "core/runtime/models/sam/imageencoder.h"
#include "core/runtime/models/sam/maskdecoder.h"
#include "core/runtime/models/sam/picture.h"
#include "core/runtime/models/sam/tracedlayers.h"
#include "core/runtime/paralleltasks.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>

namespace rekey::sam {

namespace {

class Stopwatch
{
public:
    double milliseconds() const { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_start).count(); }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

void requireFinite(std::initializer_list<double> coordinates)
{
    for (const double value : coordinates) {
        if (!std::isfinite(value))
            throw Error("", "", "a prompt's coordinate is not a number");
    }
}

class SamSegmenter final : public Segmenter
{
public:
    SamSegmenter(Config config, const TensorSourcePtr &weights, const Progress &progress, ComputeOptions compute,
                 std::shared_ptr<EmbeddingCache> cache);

    std::string description() const override;
    int imageSize() const override { return static_cast<int>(m_config.imageSize); }
    std::map<std::string, double> behaviour() const override { return behaviourOf(m_config); }
    double loadingMilliseconds() const override { return m_loading; }
    void setImage(const Image &image, const Progress &progress) override;
    double encodingMilliseconds() const override { return m_encoding; }
    bool embeddingWasCached() const override { return m_cached; }
    ComputeOptions compute() const override { return m_compute; }
    SegmentResult predict(const Prompts &prompts) override;
    EverythingResult segmentEverything(const Image &image, const EverythingOptions &options, const Progress &progress,
                                       const EverythingListener &listener) override;
    void setTrace(TraceSink sink, TraceReplacement replacement) override;
    std::vector<TracedLayer> tracedLayers() const override { return sam::tracedLayers(m_config); }

private:
    PromptTensors toTensors(const Prompts &prompts) const;
    void requireDecoder() const;
    std::string cacheKey(const Image &image);
    MaskCandidate candidate(const at::Tensor &logits, float iou, const MaskEnlarger &enlarger) const;

    Config m_config;
    std::string m_name; ///< of the checkpoint
    std::unique_ptr<Encoder> m_encoder;
    std::unique_ptr<PromptEncoder> m_prompts;
    std::unique_ptr<MaskDecoder> m_decoder;
    ComputeOptions m_compute;
    std::shared_ptr<EmbeddingCache> m_cache; ///< null: not wanted
    std::string m_weightsDigest;             ///< of encoder and computation; empty until it is needed
    Trace m_trace;
    Picture m_picture;
    at::Tensor m_embedding; ///< undefined until an image is set
    double m_loading = 0, m_encoding = 0;
    bool m_cached = false;
};

SamSegmenter::SamSegmenter(Config config, const TensorSourcePtr &weights, const Progress &progress, ComputeOptions compute,
                           std::shared_ptr<EmbeddingCache> cache)
    : m_config(std::move(config))
    , m_name(weights->schema().name)
    , m_compute(std::move(compute))
    , m_cache(m_compute.cacheEmbeddings ? std::move(cache) : nullptr)
{
    const c10::InferenceMode mode;
    const Stopwatch watch;
    const Weights all(weights);
    progress.step(0, 2, "loading weights");
    m_encoder = makeEncoder(m_config, all.below("image_encoder."), m_compute.precision, deviceOf(m_compute.device));
    progress.step(1, 2, "loading weights");
    if (m_config.decoder) {
        m_prompts = std::make_unique<PromptEncoder>(m_config, all.below("prompt_encoder."));
        m_decoder = std::make_unique<MaskDecoder>(m_config, all.below("mask_decoder."));
    }
    m_loading = watch.milliseconds();
}

std::string SamSegmenter::description() const
{
    return fmt::format("SAM{}, depth {}, width {}, image {}", m_config.decoder ? "" : " image encoder", m_config.depth(), m_config.width,
                       m_config.imageSize);
}

void SamSegmenter::setImage(const Image &image, const Progress &progress)
{
    const c10::InferenceMode mode;
    const Stopwatch watch;
    m_embedding.reset();
    m_picture = pictureSizes(image.width, image.height, imageSize());
    progress.step(0, 1, "encoding the image");
    const bool useCache = m_cache != nullptr && !m_trace;
    const std::string key = useCache ? cacheKey(image) : std::string();
    at::Tensor embedding = useCache ? m_cache->find(key) : at::Tensor();
    m_cached = embedding.defined();
    if (!m_cached) {
        m_picture = preparePicture(image, imageSize());
        try {
            embedding = m_encoder->forward(traced(m_trace, "input", m_picture.pixels), m_trace, progress);
        } catch (const c10::Error &error) { // such as a device's memory running out
            throw Error(m_name, m_compute.device, error.what_without_backtrace());
        }
        m_picture.pixels.reset();
        if (useCache)
            m_cache->insert(key, embedding);
    }
    m_embedding = embedding;
    m_encoding = watch.milliseconds();
}

std::string SamSegmenter::cacheKey(const Image &image)
{
    if (m_weightsDigest.empty()) {
        ContentDigest weights;
        m_encoder->addTo(weights);
        m_weightsDigest = fmt::format("{} {} {} {}", m_name, weights.hex(), precisionName(m_compute.precision), m_compute.device);
    }
    ContentDigest picture;
    picture.add(static_cast<std::uint64_t>(image.width));
    picture.add(std::as_bytes(std::span(image.rgb)));
    return m_weightsDigest + ' ' + picture.hex();
}

EverythingResult SamSegmenter::segmentEverything(const Image &image, const EverythingOptions &options, const Progress &progress,
                                                 const EverythingListener &listener)
{
    requireDecoder();
    const c10::InferenceMode mode;
    const Stopwatch watch;
    EverythingResult result;
    result.width = image.width;
    result.height = image.height;
    const auto segmentPart = [&](const Image &part, const std::vector<std::array<double, 2>> &points, const EverythingListener &found,
                                 const Progress &within) {
        constexpr double encodingShare = 0.25;
        setImage(part, within.part(0, encodingShare));
        result.encodingMilliseconds += m_encoding;
        result.points += points.size();
        const PointModel model {*m_prompts, *m_decoder, m_embedding, m_picture, m_config.imageSize};
        return masksAtPoints(model, points, options, found, within.part(encodingShare, 1));
    };
    try {
        result.masks = findEverything(image, options, segmentPart, listener, progress);
        if (options.cropLayers > 0)
            setImage(image, progress.part(0.99, 1));
    } catch (...) {
        m_embedding.reset();
        throw;
    }
    result.milliseconds = watch.milliseconds();
    return result;
}

void SamSegmenter::requireDecoder() const
{
    if (m_decoder == nullptr)
        throw Error("", "", "this checkpoint holds SAM's image encoder only; masks need its prompt encoder and mask decoder as well");
}

PromptTensors SamSegmenter::toTensors(const Prompts &prompts) const
{
    const double scaleX = static_cast<double>(m_picture.resizedWidth) / m_picture.width;
    const double scaleY = static_cast<double>(m_picture.resizedHeight) / m_picture.height;
    PromptTensors tensors;
    if (!prompts.points.empty()) {
        const auto count = static_cast<std::int64_t>(prompts.points.size());
        tensors.points = at::empty({1, count, 2}, at::kFloat);
        tensors.labels = at::empty({1, count}, at::kInt);
        for (std::int64_t i = 0; i < count; ++i) {
            const PromptPoint &point = prompts.points[static_cast<std::size_t>(i)];
            requireFinite({point.x, point.y});
            tensors.points.data_ptr<float>()[2 * i] = static_cast<float>(point.x * scaleX);
            tensors.points.data_ptr<float>()[2 * i + 1] = static_cast<float>(point.y * scaleY);
            tensors.labels.data_ptr<int>()[i] = point.foreground ? 1 : 0;
        }
        tensors.points = traced(m_trace, "prompt.points", tensors.points);
        tensors.labels = traced(m_trace, "prompt.labels", tensors.labels);
    }
    if (prompts.box) {
        // The model knows the corners apart: upper left first, however the box was drawn.
        const PromptBox &box = *prompts.box;
        requireFinite({box.x0, box.y0, box.x1, box.y1});
        tensors.box = at::tensor({std::min(box.x0, box.x1) * scaleX, std::min(box.y0, box.y1) * scaleY, std::max(box.x0, box.x1) * scaleX,
                                  std::max(box.y0, box.y1) * scaleY}, at::kDouble).to(at::kFloat).unsqueeze(0);
        tensors.box = traced(m_trace, "prompt.boxes", tensors.box);
    }
    if (!prompts.maskLogits.empty()) {
        const std::int64_t side = m_config.lowResSize();
        if (static_cast<std::int64_t>(prompts.maskLogits.size()) != side * side)
            throw Error("", "",
                        fmt::format("the mask given as a prompt has {} values; {}×{} are expected", prompts.maskLogits.size(), side, side));
        tensors.mask = at::tensor(at::ArrayRef<float>(prompts.maskLogits)).view({1, 1, side, side});
    }
    return tensors;
}

MaskCandidate SamSegmenter::candidate(const at::Tensor &logits, float iou, const MaskEnlarger &enlarger) const
{
    constexpr float margin = 1; // of the stability score, in logits; as segment-anything's automatic mask generator
    MaskCandidate result;
    const at::Tensor low = logits.contiguous();
    result.lowRes.assign(low.data_ptr<float>(), low.data_ptr<float>() + low.numel());
    result.predictedIou = iou;
    EnlargedMask full = enlarger.enlarge(result.lowRes.data(), margin);
    result.pixels = std::move(full.pixels);
    result.area = full.area;
    result.stability = full.notBelow > 0 ? full.stability() : 0;
    return result;
}

SegmentResult SamSegmenter::predict(const Prompts &prompts)
{
    requireDecoder();
    if (!m_embedding.defined())
        throw Error("", "", "there is no image yet to segment");
    const c10::InferenceMode mode;
    const Stopwatch watch;
    const at::Tensor gridPositions = traced(m_trace, "dense_pe", m_prompts->gridPositions());
    const PromptEmbeddings embedded = m_prompts->forward(toTensors(prompts), m_trace);
    const DecodedMasks decoded = m_decoder->forward(m_embedding, gridPositions, embedded, prompts.multimask, m_trace);

    SegmentResult result;
    result.width = m_picture.width;
    result.height = m_picture.height;
    result.lowResSize = static_cast<int>(m_config.lowResSize());
    const auto count = static_cast<std::size_t>(decoded.logits.size(1));
    const MaskEnlarger enlarger = enlargerFor(m_picture, result.lowResSize, imageSize());
    result.masks.resize(count);
    parallelTasks(static_cast<std::int64_t>(count), {}, [&](std::int64_t i, std::int64_t) {
        result.masks[static_cast<std::size_t>(i)] = candidate(decoded.logits[0][i], decoded.iou[0][i].item<float>(), enlarger);
    });
    for (std::size_t i = 0; i < count; ++i) {
        if (result.masks[i].predictedIou > result.masks[result.best].predictedIou)
            result.best = i;
    }
    result.milliseconds = watch.milliseconds();
    return result;
}

void SamSegmenter::setTrace(TraceSink sink, TraceReplacement replacement)
{
    if (!sink) {
        m_trace = nullptr;
        return;
    }
    m_trace = [sink = std::move(sink), replacement = std::move(replacement)](const std::string &name, const at::Tensor &value) {
        const at::Tensor plain = value.to(at::kCPU, at::kFloat).contiguous();
        const Shape shape = shapeOf(plain);
        sink(name, shape, {plain.data_ptr<float>(), static_cast<std::size_t>(plain.numel())});
        const std::span<const float> others = replacement ? replacement(name, shape) : std::span<const float>();
        if (others.empty())
            return value;
        if (others.size() != static_cast<std::size_t>(plain.numel()))
            throw Error("", name, fmt::format("{} values cannot take the place of {}", others.size(), shapeText(shape)));
        // With the strides of the original: the layout decides which kernels run next, and these round differently.
        return at::empty_like(value).copy_(at::from_blob(const_cast<float *>(others.data()), shape, at::kFloat));
    };
}

} // namespace

std::unique_ptr<Segmenter> makeSegmenter(const Config &config, const TensorSourcePtr &weights, const Progress &progress,
                                         const ComputeOptions &compute, std::shared_ptr<EmbeddingCache> cache)
{
    return std::make_unique<SamSegmenter>(config, weights, progress, compute, std::move(cache));
}

} // namespace rekey::sam

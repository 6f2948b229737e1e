// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/writers.h"
#include "core/mapping/resolution.h"
#include "core/runtime/compute.h"
#include "core/runtime/everything.h"
#include "core/runtime/image.h"
#include "core/runtime/modellayers.h"
#include "core/runtime/scriptmodule.h"

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

// The door to LibTorch. This header and what it includes know nothing of it: the implementation lies in a shared
// library (librekey-runtime.so) that runtime() loads when it is first called, about 0.4 s.

namespace rekey {

/// Where a model's weights come from: a checkpoint as it is, or a target filled from a source through a mapping.
struct ModelWeights
{
    CheckpointPtr checkpoint;        ///< the weights, or the source of the mapping
    std::optional<Mapping> mapping;  ///< set: the model is the target, filled through it
    CheckpointPtr target;            ///< with a mapping: names, shapes and dtypes; its own values for kept keys
};

/// What casting cost.
struct Rounding
{
    double largest = 0;              ///< largest |value - cast value|
    std::size_t overflows = 0;       ///< finite values that became infinite
};

/// What of a conversion takes computing: see conversion.h. One thread at a time, any thread.
class TensorComputer
{
public:
    virtual ~TensorComputer() = default;
    /// Tensor `index` of the target in `dtype`, row-major, in blocks: a transform's result or an initial value. Throws Error.
    virtual void push(std::size_t index, DType dtype, const ByteSink &sink, Rounding &rounding, const Progress &progress) const = 0;
    /// Numbers of one type as another, all at once; not from packed types.
    virtual void cast(std::span<const std::byte> values, DType from, DType to, const ByteSink &sink, Rounding &rounding) const = 0;
};

struct PromptPoint { double x = 0, y = 0; bool foreground = true; bool operator==(const PromptPoint &) const = default; };
struct PromptBox { double x0 = 0, y0 = 0, x1 = 0, y1 = 0; bool operator==(const PromptBox &) const = default; };

/// All in pixels of the original image.
struct Prompts
{
    std::vector<PromptPoint> points;
    std::optional<PromptBox> box;
    std::vector<float> maskLogits;   ///< low-resolution logits of an earlier mask, lowResSize², or empty
    bool multimask = true;           ///< three candidates rather than one
    bool operator==(const Prompts &) const = default;
};

struct MaskCandidate
{
    std::vector<std::uint8_t> pixels; ///< 0 or 1, width * height of the original image
    std::vector<float> lowRes;        ///< logits, lowResSize²
    float predictedIou = 0;
    float stability = 0;              ///< IoU of the masks at logits > 1 and > -1
    std::uint64_t area = 0;
};

struct SegmentResult
{
    int width = 0, height = 0;        ///< of the original image
    int lowResSize = 0;
    std::vector<MaskCandidate> masks;
    std::size_t best = 0;             ///< highest predicted IoU
    double milliseconds = 0;          ///< prompt encoder, decoder and masks
};

/// Takes an intermediate result of a model, row-major; `values` are valid during the call only. Names are those of the modules:
/// "encoder.blocks.3.attn", "decoder.layers.0.queries".
using TraceSink = std::function<void(const std::string &name, const Shape &shape, std::span<const float> values)>;

/// Values to go on with in the place of an intermediate result, as many as it has, valid during the call; none: those computed.
using TraceReplacement = std::function<std::span<const float>(const std::string &name, const Shape &shape)>;

/// A promptable segmentation model with at most one image embedded. Not thread-safe: one job at a time.
class Segmenter
{
public:
    virtual ~Segmenter() = default;
    virtual std::string description() const = 0;                ///< "SAM, depth 6, width 160, image 256"
    virtual int imageSize() const = 0;
    virtual std::map<std::string, double> behaviour() const = 0; ///< {"decoder_norm_eps": 1e-5 …}
    virtual double loadingMilliseconds() const = 0;
    /// Encodes the image. Cancel takes effect between blocks.
    virtual void setImage(const Image &image, const Progress &progress = {}) = 0;
    virtual double encodingMilliseconds() const = 0;             ///< of the last setImage(); next to nothing when it was cached
    virtual bool embeddingWasCached() const { return false; }    ///< whether the last setImage() found its embedding in the cache
    virtual ComputeOptions compute() const { return {}; }
    virtual SegmentResult predict(const Prompts &prompts) = 0;
    /// Masks of everything in a picture, with SegmentResult's stability and scores. Afterwards `image` is the one that is set. Cancel takes
    /// effect between batches of points, and then no image is set. Throws Error for options out of range.
    virtual EverythingResult segmentEverything(const Image &image, const EverythingOptions &options, const Progress &progress = {},
                                               const EverythingListener &listener = {});
    /// From now on every intermediate result of setImage() and predict() goes to `sink` too; an empty one ends that. With a `replacement`
    /// the model goes on with other values than it computed: fed a reference's, every layer shows the error that is its own.
    virtual void setTrace(TraceSink sink, TraceReplacement replacement = {})
    {
        static_cast<void>(sink);
        static_cast<void>(replacement);
    }
    /// What a trace shows, in the order of computing; layers of the encoder come with setImage(), all others with predict().
    virtual std::vector<TracedLayer> tracedLayers() const { return {}; }
};

/// Intersection over union of two masks of equal size; 1 for two empty ones.
double maskIou(const std::vector<std::uint8_t> &a, const std::vector<std::uint8_t> &b);

class Runtime
{
public:
    virtual ~Runtime() = default;
    struct Info { std::string libtorch, blas; int threads = 1; bool slowBlas = false; };
    virtual Info info() const = 0;
    /// `target` filled through `resolution`, that of the mapping in `weights`.
    virtual std::unique_ptr<TensorComputer> tensorComputer(const ModelWeights &weights, const Schema &target, const Resolution &resolution)
        = 0;
    /// Throws Error when no known architecture fits; the sentence says what was looked for.
    virtual std::unique_ptr<Segmenter> openSegmenter(const ModelWeights &weights,
                                                     const std::map<std::string, double> &behaviourOverrides = {},
                                                     const Progress &progress = {}, const ComputeOptions &compute = {}) = 0;
    /// The processor first, then CUDA devices where this LibTorch can use them.
    virtual std::vector<ComputeDevice> devices() const = 0;
    /// fp32 first. Measured on the first call for a device, a tenth of a second; then remembered. Throws Error for a device that is not
    /// there.
    virtual std::vector<PrecisionOffer> precisions(const std::string &device = "cpu") = 0;
    /// 256 MiB at the start; SAM's embeddings take 4 MiB each. 0 empties the cache and keeps it so. Thread-safe.
    virtual void setEmbeddingCacheLimit(std::uint64_t bytes) = 0;
    virtual EmbeddingCacheState embeddingCache() const = 0;
    /// A known model's weights under the runtime's own names; reads none. Throws Error as openSegmenter().
    virtual std::vector<ModelKey> modelKeys(const ModelWeights &weights) = 0;
    /// The weights of two models of one architecture, whatever the naming of each, one at a time; rows are those of `b`.
    virtual std::vector<ModelKeyDifference> compareWeights(const ModelWeights &a, const ModelWeights &b, const Progress &progress = {}) = 0;
    /// Throws Error when the file is no TorchScript module, execution was not allowed, or the source does not fit.
    virtual std::unique_ptr<ScriptModule> openScriptModule(const ScriptModuleRequest &request, const Progress &progress = {}) = 0;
};

/// Loads the runtime library on first use. Thread-safe. Throws Error when it is not installed.
Runtime &runtime();
/// Whether runtime() has been called successfully; for "8 threads, OpenBLAS" in the window without loading it.
bool runtimeLoaded();

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/inspect/comparison.h"
#include "core/runtime/parity/weightparity.h"
#include "core/runtime/runtime.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Where two computations part. One side is the reference (the original model, or a file of its activations), the other is what is checked
// (the converted model, or a file). Values only: no function here keeps anything.

namespace rekey {

enum class LayerVerdict : std::uint8_t {
    Equal, ///< bit for bit
    WithinTolerance, ///< rounding only: of the computation, or of weights in a coarser dtype
    Drifts, ///< its own error is more than rounding, but within the tolerance
    Diverges, ///< its own error is beyond the tolerance
    Follows, ///< differs only because its input does
    NotCompared, ///< only one side has it, or the shapes do not go together
};
inline constexpr std::size_t layerVerdicts = 6;
/// "equal", "within tolerance", "drifts", "diverges", "follows", "not compared".
std::string_view verdictName(LayerVerdict verdict);

/// Of the weights that a layer computes with.
enum class LayerWeights : std::uint8_t {
    None, ///< it has none
    Unknown, ///< one side's are not at hand
    Equal, ///< or within the tolerance of their dtype
    Differ,
};
/// "–", "unknown", "equal", "differ".
std::string_view weightsName(LayerWeights weights);

enum class ParityVerdict : std::uint8_t {
    NothingCompared,
    Equal,
    WithinTolerance,
    WeightsDiffer, ///< the mapping (or the file) is wrong: a layer that parts has other weights
    ComputationDiffers, ///< weights are equal where the layers part: the implementation (eps, activation, resize) is another
    Differs, ///< they part, and whether the weights do is not known
};
std::string_view verdictName(ParityVerdict verdict);

/// What separates two layers' results.
struct LayerError
{
    ValueDifference difference;
    double scale = 1; ///< max(1, largest absolute value of the reference)
    /// Largest absolute difference over `scale`: what tolerances and plots refer to, so that layers of large values are judged alike.
    double error() const { return difference.maxAbsolute / scale; }
};

struct LayerParityRow
{
    std::string layer; ///< "encoder.blocks.3.attn"; with several prompts after theirs: "box: decoder.layers.0.mlp"
    std::string referenceLayer; ///< its name on the reference's side; empty where it lacks it
    std::string section; ///< for a plot's parts: the first segments that layers have in common, "encoder"
    Shape shape, referenceShape;
    std::optional<LayerError> accumulated; ///< both sides fed the same picture
    std::optional<LayerError> isolated; ///< the checked layer fed the reference's input
    LayerWeights weights = LayerWeights::Unknown;
    bool roundedWeights = false; ///< some are equal up to their dtype's rounding only: errors within the tolerance need no other cause
    std::vector<std::string> keys; ///< of the checked side, which this layer computes with
    std::vector<std::string> differingKeys; ///< of these, those whose weights differ
    std::vector<std::uint32_t> rules; ///< of the mapping, which fill `keys`; those of differingKeys first
    LayerVerdict verdict = LayerVerdict::NotCompared;
    std::string reason; ///< one sentence, or empty
};

struct PlotPoint
{
    double depth = 0, error = 0;
}; ///< depth: index of the row; error: LayerError::error(), 0 where equal
struct ErrorOverDepth
{
    std::vector<PlotPoint> accumulated, isolated;
    struct Section
    {
        std::string name;
        std::size_t first = 0, last = 0;
    }; ///< rows [first, last]
    std::vector<Section> sections;
};

struct ActivationParity
{
    std::vector<LayerParityRow> rows; ///< in depth order
    std::optional<std::size_t> firstDivergence; ///< the row where they part: the first that diverges, else the first that drifts
    ParityVerdict verdict = ParityVerdict::NothingCompared;
    std::string summary; ///< one or two sentences: the verdict, the layer, the keys
    double tolerance = 0;
    double rounding = 0; ///< errors up to this are rounding
    Precision precision = Precision::F32; ///< that the checked side computed in
    std::optional<WeightParity> weights; ///< keys of the checked side against the reference's, where both are at hand
    std::vector<std::string> warnings;
    double milliseconds = 0;

    std::size_t count(LayerVerdict verdict) const;
    ErrorOverDepth errorOverDepth() const;
};

/// Largest error (LayerError::error()) that a layer of its own may have: one for computing in F32 and one for BF16 or F16.
inline constexpr double toleranceF32 = 1e-3;
inline constexpr double toleranceHalf = 3e-2;
/// Own errors above this part of the tolerance are more than rounding: the layer drifts. Two models that run in the same code round alike.
inline constexpr double driftPart = 1e-2;
inline constexpr double driftPartSameCode = 1e-3;

struct ParityPrompts
{
    std::string name; ///< "point 1"; shown where there are several
    Prompts prompts;
};

/// Original and converted model on one picture. Both run in the runtime's one implementation of the architecture, so that with equal
/// weights and behaviour nothing but zero comes out.
struct ModelParityRequest
{
    ModelWeights reference; ///< the original
    ModelWeights converted;
    std::map<std::string, double> referenceBehaviour, convertedBehaviour; ///< overrides; else as each file's implementation has them
    Image image;
    std::vector<ParityPrompts> prompts; ///< none: the encoder only, as with checkpoints that hold nothing else
    /// The converted model's; the reference computes in fp32. In half precision layers round unlike the reference's, and all that the
    /// tolerance allows is taken for rounding: toleranceHalf is meant for that.
    Precision precision = Precision::F32;
    double tolerance = toleranceF32;
    std::uint64_t memoryLimit = 1ULL << 30; ///< for the reference's activations; beyond it only whole blocks are kept, bytes
};
ActivationParity compareModels(const ModelParityRequest &request, const Progress &progress = {});

/// The same for many converted models: the reference runs once. For checking again after a rule was edited.
class ModelParity
{
public:
    /// Runs the reference; `converted` of the request is not used.
    explicit ModelParity(ModelParityRequest request, const Progress &progress = {});
    ~ModelParity();
    ModelParity(const ModelParity &) = delete;
    ModelParity &operator=(const ModelParity &) = delete;

    ActivationParity check(const ModelWeights &converted, const std::map<std::string, double> &behaviour = {},
                           const Progress &progress = {}) const;

    struct Recorded;

private:
    std::unique_ptr<Recorded> m_recorded;
};

/// A model against a file of reference activations (as the capture script writes it, or any safetensors file whose names end in the
/// layers' names). The file's own inputs and prompts are used; pictures that it does not hold are taken from `images`, by the name that
/// stands before the layers in the file ("wide" for "wide.encoder.…"), or by an empty name for all.
struct RecordedParityRequest
{
    CheckpointPtr reference; ///< activations
    ModelWeights converted;
    std::map<std::string, double> convertedBehaviour;
    CheckpointPtr referenceWeights; ///< in any known naming; null: not at hand, unless converted.target has values
    std::map<std::string, Image> images;
    double tolerance = toleranceF32;
};
ActivationParity compareWithRecorded(const RecordedParityRequest &request, const Progress &progress = {});

/// Two files of activations: any two models, also those that cannot be run here. Layers go together by equal names, by the mapping where
/// there is one (module by module), else by order and shape. Without running anything there is no isolated error.
struct FileParityRequest
{
    CheckpointPtr reference, checked; ///< activations
    std::string referencePrefix, checkedPrefix; ///< only names that begin with these, without them ("hf/", "kornia/")
    std::optional<Mapping> mapping; ///< from the reference's keys to the checked side's
    CheckpointPtr referenceWeights, checkedWeights; ///< may be null; else the digests in the files of a capture script are used
    double tolerance = toleranceF32;
};
ActivationParity compareFiles(const FileParityRequest &request, const Progress &progress = {});

} // namespace rekey

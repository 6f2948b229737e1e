// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/parity/activationparity.h"
#include "core/runtime/parity/arrangement.h"
#include "core/runtime/parity/judgement.h"
#include "core/runtime/parity/layerweights.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <unordered_map>

namespace rekey {

namespace {

struct Activation
{
    Shape shape;
    std::vector<float> values;
};

/// What the reference computed. Beyond the limit, what lies inside a block goes: the block's result ("….out") stays.
class ReferenceStore
{
public:
    explicit ReferenceStore(std::uint64_t limit)
        : m_limit(limit)
    {
    }

    void setLayers(const std::vector<TracedLayer> &layers)
    {
        for (const TracedLayer &layer : layers)
            m_names.insert_or_assign(layer.name, true);
    }

    void add(const std::string &name, const std::string &label, const Shape &shape, std::span<const float> values)
    {
        if (m_wholeBlocksOnly && isInside(name))
            return;
        m_bytes += values.size_bytes();
        m_kept[label + name] = {shape, {values.begin(), values.end()}};
        m_inside[label + name] = isInside(name);
        if (m_bytes > m_limit && !m_wholeBlocksOnly)
            dropInside();
    }

    const Activation *find(const std::string &labelled) const
    {
        const auto found = m_kept.find(labelled);
        return found == m_kept.end() ? nullptr : &found->second;
    }
    bool dropped() const { return m_wholeBlocksOnly; }

private:
    bool isInside(const std::string &name) const
    {
        const std::string block = name.substr(0, name.rfind('.') + 1) + "out";
        return block != name && m_names.contains(block);
    }

    void dropInside()
    {
        m_wholeBlocksOnly = true;
        std::erase_if(m_kept, [&](const auto &entry) { return m_inside.at(entry.first); });
        m_bytes = 0;
        for (const auto &[name, activation] : m_kept)
            m_bytes += activation.values.size() * sizeof(float);
    }

    std::unordered_map<std::string, Activation> m_kept;
    std::unordered_map<std::string, bool> m_inside, m_names;
    std::uint64_t m_limit, m_bytes = 0;
    bool m_wholeBlocksOnly = false;
};

} // namespace

/// What is known of the reference once it has run.
struct ModelParity::Recorded
{
    explicit Recorded(ModelParityRequest asked)
        : request(std::move(asked))
        , store(request.memoryLimit)
    {
    }

    std::string labelOf(const ParityPrompts &prompts) const { return request.prompts.size() > 1 ? prompts.name + ": " : std::string(); }

    /// Runs a model on the picture and all prompts; `label` tells the trace where it is.
    void compute(Segmenter &model, std::string &label, const Progress &progress) const
    {
        label.clear();
        model.setImage(request.image, progress);
        for (const ParityPrompts &prompts : request.prompts) {
            progress.check();
            label = labelOf(prompts);
            model.predict(prompts.prompts);
        }
        model.setTrace({});
    }

    ModelParityRequest request;
    ReferenceStore store;
    std::vector<TracedLayer> layers;
    std::string description;
    std::map<std::string, double> behaviour;
    double milliseconds = 0;
};

namespace {

class Stopwatch
{
public:
    double milliseconds() const { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_start).count(); }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

/// One checked model beside the recorded reference.
class Comparison
{
public:
    Comparison(const ModelParity::Recorded &reference, std::unique_ptr<Segmenter> checked, ActivationParity &parity)
        : m_reference(reference)
        , m_parity(parity)
        , m_checked(std::move(checked))
    {
        if (reference.description != m_checked->description())
            throw Error({}, "parity",
                        "the models are of different sizes (" + reference.description + "; " + m_checked->description()
                            + "), so their layers cannot be compared");
    }

    void run(const ModelWeights &converted, const Progress &progress)
    {
        listRows();
        checkAccumulated(progress.part(0, 0.4));
        checkIsolated(progress.part(0.4, 0.8));
        const ModelWeightTable weights(converted, &m_reference.request.reference, m_parity, progress.part(0.8, 1));
        std::erase_if(m_parity.rows, [](const LayerParityRow &row) { return !row.accumulated; });
        for (LayerParityRow &row : m_parity.rows)
            weights.describe(row, keysOf(row));
        if (m_reference.store.dropped())
            m_parity.warnings.emplace_back("The layers inside blocks take too much memory here; whole blocks were compared.");
        judge(m_parity, behaviourDifferences());
    }

private:
    void listRows()
    {
        const auto add = [&](const TracedLayer &layer, const std::string &label) {
            const Activation *reference = m_reference.store.find(label + layer.name);
            if (reference == nullptr || layer.name == "input" || layer.name.starts_with("prompt."))
                return;
            LayerParityRow row;
            row.layer = row.referenceLayer = label + layer.name;
            row.section = label + layer.name.substr(0, layer.name.find('.'));
            row.referenceShape = reference->shape;
            m_rowOf[row.layer] = m_parity.rows.size();
            m_layerOf.push_back(&layer);
            m_parity.rows.push_back(std::move(row));
        };
        for (const TracedLayer &layer : m_reference.layers) {
            if (!layer.perPrompt)
                add(layer, "");
        }
        for (const ParityPrompts &prompts : m_reference.request.prompts) {
            for (const TracedLayer &layer : m_reference.layers) {
                if (layer.perPrompt)
                    add(layer, m_reference.labelOf(prompts));
            }
        }
    }

    LayerParityRow *rowOf(const std::string &name)
    {
        const auto found = m_rowOf.find(m_label + name);
        return found == m_rowOf.end() ? nullptr : &m_parity.rows[found->second];
    }

    /// The error of a traced result; nothing where shapes part.
    std::optional<LayerError> errorOf(const LayerParityRow &row, const Shape &shape, std::span<const float> values) const
    {
        const Activation &reference = *m_reference.store.find(row.layer);
        return reference.shape == shape ? std::optional(layerError(values, reference.values)) : std::nullopt;
    }

    void checkAccumulated(const Progress &progress)
    {
        m_checked->setTrace([&](const std::string &name, const Shape &shape, std::span<const float> values) {
            if (LayerParityRow *row = rowOf(name)) {
                row->shape = shape;
                row->accumulated = errorOf(*row, shape, values);
            }
        });
        m_reference.compute(*m_checked, m_label, progress);
    }

    void checkIsolated(const Progress &progress)
    {
        m_checked->setTrace(
            [&](const std::string &name, const Shape &shape, std::span<const float> values) {
                if (LayerParityRow *row = rowOf(name))
                    row->isolated = errorOf(*row, shape, values);
            },
            [&](const std::string &name, const Shape &shape) -> std::span<const float> {
                const Activation *reference = m_reference.store.find(m_label + name);
                return reference != nullptr && reference->shape == shape ? std::span<const float>(reference->values)
                                                                         : std::span<const float>();
            });
        m_reference.compute(*m_checked, m_label, progress);
    }

    /// A block whose inner layers were not kept answers for their weights.
    std::vector<std::string> keysOf(const LayerParityRow &row) const
    {
        const TracedLayer &own = *m_layerOf.at(m_rowOf.at(row.layer));
        std::vector<std::string> keys = own.keys;
        if (m_reference.store.dropped() && own.name.ends_with(".out")) {
            const std::string block = own.name.substr(0, own.name.rfind('.') + 1);
            for (const TracedLayer &layer : m_reference.layers) {
                if (layer.name.starts_with(block))
                    keys.insert(keys.end(), layer.keys.begin(), layer.keys.end());
            }
        }
        return keys;
    }

    std::vector<BehaviourDifference> behaviourDifferences() const
    {
        std::vector<BehaviourDifference> differences;
        const std::map<std::string, double> checked = m_checked->behaviour();
        for (const auto &[name, value] : m_reference.behaviour) {
            const auto other = checked.find(name);
            if (other != checked.end() && other->second != value)
                differences.push_back({name, fmt::format("{} {:g} and {:g}", name, value, other->second)});
        }
        return differences;
    }

    const ModelParity::Recorded &m_reference;
    ActivationParity &m_parity;
    std::unique_ptr<Segmenter> m_checked;
    std::unordered_map<std::string, std::size_t> m_rowOf;
    std::vector<const TracedLayer *> m_layerOf; ///< by row, before rows that were not reached are taken out
    std::string m_label;
};

} // namespace

ModelParity::ModelParity(ModelParityRequest request, const Progress &progress)
    : m_recorded(std::make_unique<Recorded>(std::move(request)))
{
    const Stopwatch watch;
    Recorded &recorded = *m_recorded;
    const std::unique_ptr<Segmenter> model
        = runtime().openSegmenter(recorded.request.reference, recorded.request.referenceBehaviour, progress.part(0, 0.2));
    recorded.layers = model->tracedLayers();
    recorded.store.setLayers(recorded.layers);
    if (std::ranges::none_of(recorded.layers, &TracedLayer::perPrompt))
        recorded.request.prompts.clear(); // an image encoder alone cannot be asked anything
    recorded.description = model->description();
    recorded.behaviour = model->behaviour();
    std::string label;
    model->setTrace([&](const std::string &name, const Shape &shape, std::span<const float> values) {
        recorded.store.add(name, label, shape, values);
    });
    recorded.compute(*model, label, progress.part(0.2, 1));
    recorded.milliseconds = watch.milliseconds();
}

ModelParity::~ModelParity() = default;

ActivationParity ModelParity::check(const ModelWeights &converted, const std::map<std::string, double> &behaviour,
                                    const Progress &progress) const
{
    const Stopwatch watch;
    ActivationParity parity;
    parity.tolerance = m_recorded->request.tolerance;
    parity.precision = m_recorded->request.precision;
    parity.rounding = parity.precision == Precision::F32 ? parity.tolerance * driftPartSameCode : parity.tolerance;
    ComputeOptions compute;
    compute.precision = parity.precision;
    Comparison comparison(*m_recorded, runtime().openSegmenter(converted, behaviour, progress.part(0, 0.1), compute), parity);
    comparison.run(converted, progress.part(0.1, 1));
    parity.milliseconds = watch.milliseconds();
    return parity;
}

ActivationParity compareModels(const ModelParityRequest &request, const Progress &progress)
{
    const Stopwatch watch;
    const ModelParity reference(request, progress.part(0, 0.35));
    ActivationParity parity = reference.check(request.converted, request.convertedBehaviour, progress.part(0.35, 1));
    parity.milliseconds = watch.milliseconds();
    return parity;
}

} // namespace rekey

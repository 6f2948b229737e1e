// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/parity/activationfile.h"
#include "core/runtime/parity/activationparity.h"
#include "core/runtime/parity/arrangement.h"
#include "core/runtime/parity/judgement.h"
#include "core/runtime/parity/layerweights.h"
#include "core/runtime/parity/modulenames.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace rekey {

namespace {

/// Where a file keeps layers: file entries by layer, for each beginning that stands before layers' names ("square.point1").
using Recorded = std::map<std::string, std::map<std::string, const ActivationFile::Entry *>>;

/// Finds layers in a file's names: by the trace's name, by the module's, and by the module's in the naming of the weights.
class LayerFinder
{
public:
    LayerFinder(const std::vector<TracedLayer> &layers, const std::vector<ModelKey> &keys)
    {
        KeyPairs pairs;
        for (const ModelKey &key : keys)
            pairs.emplace_back(key.own, key.stored);
        for (const TracedLayer &layer : layers) {
            add(layer.name, layer.name, 0);
            if (layer.module.empty())
                continue;
            add(layer.module, layer.name, 1);
            const std::vector<std::string> others = moduleNames(layer.module, pairs);
            for (const std::string &name : others)
                add(name, layer.name, 2);
            // A part of the model that was captured alone lacks the first segment.
            add(layer.module.substr(layer.module.find('.') + 1), layer.name, wholeName);
            for (const std::string &name : others)
                add(name.substr(name.find('.') + 1), layer.name, wholeName);
        }
        for (const char *input : {"prompt.mask", "mask_input"})
            add(input, "prompt.mask", 0);
        for (const char *input : {"pixel_values", "input.0", "input.pixel_values", "input.x"})
            add(input, "input", 1);
    }

    Recorded find(const ActivationFile &file) const
    {
        Recorded recorded;
        std::map<std::pair<std::string, std::string>, int> ranks;
        for (const ActivationFile::Entry &entry : file.entries()) {
            std::string name = entry.name;
            if (name.ends_with(".0") && !m_names.contains(name) && !endsInLayer(name))
                name.resize(name.size() - 2); // the first of several results of a module
            for (std::size_t at = 0; at != std::string::npos; at = nextSegment(name, at)) {
                const auto found = m_names.find(std::string_view(name).substr(at));
                if (found == m_names.end() || (found->second.rank == wholeName && at > 0))
                    continue;
                const std::string before = at == 0 ? std::string() : name.substr(0, at - 1);
                const auto &[layer, rank] = found->second;
                const auto [place, added] = ranks.try_emplace({before, layer}, rank);
                if (added || rank < place->second) {
                    place->second = rank;
                    recorded[before][layer] = &entry;
                }
                break;
            }
        }
        return recorded;
    }

private:
    static constexpr int wholeName = 3; ///< names of this rank count only where nothing stands before them
    struct Named
    {
        std::string layer;
        int rank;
    };

    void add(const std::string &name, const std::string &layer, int rank) { m_names.try_emplace(name, Named {layer, rank}); }

    static std::size_t nextSegment(const std::string &name, std::size_t at)
    {
        const std::size_t next = name.find_first_of("./:", at);
        return next == std::string::npos ? next : next + 1;
    }

    bool endsInLayer(const std::string &name) const
    {
        for (std::size_t at = 0; at != std::string::npos; at = nextSegment(name, at)) {
            if (m_names.contains(std::string_view(name).substr(at)))
                return true;
        }
        return false;
    }

    std::map<std::string, Named, std::less<>> m_names;
};

/// One run of predict(): which entry of recorded batches it is, and what was asked.
struct Case
{
    std::string before; ///< what stands before the names in the file
    std::string picture; ///< the same of its picture
    std::string label; ///< in front of layers: "square.point1: "
    std::size_t batch = 0, batches = 1;
    Prompts prompts;
};

class Comparison
{
public:
    Comparison(const RecordedParityRequest &request, ActivationParity &parity, const Progress &progress)
        : m_request(request)
        , m_parity(parity)
        , m_file(request.reference)
        , m_model(runtime().openSegmenter(request.converted, request.convertedBehaviour, progress.part(0, 0.1)))
        , m_layers(m_model->tracedLayers())
        , m_recorded(LayerFinder(m_layers, runtime().modelKeys(request.converted)).find(m_file))
    {
        for (const TracedLayer &layer : m_layers)
            m_layerOf[layer.name] = &layer;
    }

    void run(const Progress &progress)
    {
        findPictures();
        findCases();
        if (m_pictures.empty())
            throw Error(m_request.reference->path().string(), {},
                        "has no layer of this model (names such as 'encoder.blocks.0.out' or 'image_encoder.blocks.0'), or its picture is "
                        "not at hand");
        double done = 0.1;
        const double each = 0.75 / static_cast<double>(2 * m_pictures.size());
        for (const std::string &picture : inFileOrder()) {
            const auto found = m_pictures.find(picture);
            if (found == m_pictures.end())
                continue;
            const Image &image = found->second;
            for (const bool isolated : {false, true}) {
                comparePicture(picture, image, isolated, progress.part(done, done + each));
                done += each;
            }
        }
        describe(progress.part(0.85, 1));
        // Values in half precision agree no better than that.
        m_parity.rounding = std::max(m_parity.rounding, m_file.rounding());
        m_parity.tolerance = std::max(m_parity.tolerance, 2 * m_file.rounding());
        judge(m_parity, {});
    }

private:
    const ActivationFile::Entry *entry(const std::string &before, const std::string &layer) const
    {
        const auto place = m_recorded.find(before);
        if (place == m_recorded.end())
            return nullptr;
        const auto found = place->second.find(layer);
        return found == place->second.end() ? nullptr : found->second;
    }

    /// The place itself, its picture's, and what the file has for all.
    const ActivationFile::Entry *entryFor(const Case &where, const std::string &layer) const
    {
        for (const std::string &before : {where.before, where.picture, std::string()}) {
            if (const ActivationFile::Entry *found = entry(before, layer))
                return found;
        }
        return nullptr;
    }

    bool isPicture(const std::map<std::string, const ActivationFile::Entry *> &layers) const
    {
        return std::ranges::any_of(
            layers, [&](const auto &found) { return m_layerOf.contains(found.first) && !m_layerOf.at(found.first)->perPrompt; });
    }

    void findPictures()
    {
        for (const auto &[before, layers] : m_recorded) {
            if (!isPicture(layers))
                continue;
            m_pictureNames.insert(before);
            const ActivationFile::Entry *input = entry(before, "input");
            const int size = m_model->imageSize();
            const bool whole = input != nullptr
                               && elementCount(input->shape) == 3ULL * static_cast<std::uint64_t>(size) * static_cast<std::uint64_t>(size);
            const auto named = m_request.images.find(before), any = m_request.images.find("");
            if (whole)
                m_pictures[before]
                    = {size, size, std::vector<std::uint8_t>(3 * static_cast<std::size_t>(size) * static_cast<std::size_t>(size))};
            else if (named != m_request.images.end())
                m_pictures[before] = named->second;
            else if (any != m_request.images.end())
                m_pictures[before] = any->second;
            else
                m_parity.warnings.push_back(
                    fmt::format("{}: the file does not hold the picture as the model gets it; give the picture to compare its layers.",
                                before.empty() ? "input" : displayText(before)));
        }
    }

    std::vector<std::string> inFileOrder() const
    {
        std::vector<std::pair<std::size_t, std::string>> places;
        for (const auto &[before, layers] : m_recorded) {
            std::size_t first = SchemaIndex::npos;
            for (const auto &[layer, entry] : layers)
                first = std::min(first, entry->tensor);
            places.emplace_back(first, before);
        }
        std::ranges::sort(places);
        std::vector<std::string> names;
        for (auto &[first, before] : places)
            names.push_back(std::move(before));
        return names;
    }

    std::string pictureOf(const std::string &before) const
    {
        std::string best;
        bool found = false;
        for (const std::string &picture : m_pictureNames) {
            const bool fits = picture.empty() || before == picture
                              || (before.starts_with(picture) && before.size() > picture.size()
                                  && std::string_view("./:").find(before[picture.size()]) != std::string_view::npos);
            if (fits && (!found || picture.size() > best.size())) {
                best = picture;
                found = true;
            }
        }
        return found || m_pictures.empty() ? best : m_pictures.begin()->first;
    }

    void findCases()
    {
        for (const std::string &before : inFileOrder()) {
            const auto &layers = m_recorded.at(before);
            const bool asked = std::ranges::any_of(
                layers, [](const auto &found) { return found.first.starts_with("decoder.") || found.first == "sparse"; });
            const std::string picture = pictureOf(before);
            if (!asked || !m_pictures.contains(picture))
                continue;
            Case one;
            one.before = before;
            one.picture = picture;
            addBatches(std::move(one));
        }
    }

    void addBatches(Case one)
    {
        const ActivationFile::Entry *points = entry(one.before, "prompt.points"), *labels = entry(one.before, "prompt.labels"),
                                    *boxes = entry(one.before, "prompt.boxes");
        std::string why;
        const ActivationFile::Entry *mask = maskOf(one, why);
        if (points == nullptr && boxes == nullptr && mask == nullptr && why.empty())
            why = "the file does not hold its prompts";
        if (!why.empty()) {
            m_parity.warnings.push_back(fmt::format("{}: left out, {}.", displayText(one.before), why));
            return;
        }
        const ActivationFile::Entry *batched = boxes != nullptr ? boxes : points;
        one.batches = batched != nullptr && batched->shape.size() > 1 ? static_cast<std::size_t>(batched->shape[0]) : 1;
        if (mask != nullptr)
            one.prompts.maskLogits = m_file.values(*mask);
        for (one.batch = 0; one.batch < one.batches; ++one.batch) {
            one.prompts.points.clear();
            one.prompts.box.reset();
            const std::string number = one.batches > 1 ? fmt::format("[{}]", one.batch) : std::string();
            one.label = one.before.empty() ? number : one.before + number + ": ";
            if (points != nullptr) {
                const std::vector<float> at = slice(*points, one),
                                         foreground = labels != nullptr ? slice(*labels, one) : std::vector<float>();
                for (std::size_t i = 0; i + 1 < at.size(); i += 2)
                    one.prompts.points.push_back(
                        {static_cast<double>(at[i]), static_cast<double>(at[i + 1]), i / 2 >= foreground.size() || foreground[i / 2] > 0});
            }
            if (boxes != nullptr) {
                const std::vector<float> corners = slice(*boxes, one);
                if (corners.size() == 4)
                    one.prompts.box = PromptBox {static_cast<double>(corners[0]), static_cast<double>(corners[1]),
                                                 static_cast<double>(corners[2]), static_cast<double>(corners[3])};
            }
            m_cases.push_back(one);
        }
    }

    /// The mask that a case was prompted with; `why` says what is wrong. That there was one shows in an embedding that is not the same all
    /// over.
    const ActivationFile::Entry *maskOf(const Case &one, std::string &why) const
    {
        const ActivationFile::Entry *mask = entry(one.before, "prompt.mask"), *dense = entry(one.before, "dense");
        if (mask != nullptr || dense == nullptr || dense->shape.size() < 3)
            return mask;
        const std::vector<float> values = m_file.values(*dense);
        const auto plane = static_cast<std::size_t>(dense->shape[dense->shape.size() - 1] * dense->shape[dense->shape.size() - 2]);
        bool varies = false;
        for (std::size_t i = 0; i < values.size(); ++i)
            varies = varies || values[i] != values[i / plane * plane];
        if (!varies)
            return nullptr;
        mask = entryFor(one, "prompt.mask");
        if (mask == nullptr)
            why = "a mask was among its prompts, which the file does not hold";
        return mask;
    }

    /// The values of a batch's entry.
    std::vector<float> slice(const ActivationFile::Entry &entry, const Case &where) const
    {
        std::vector<float> values = m_file.values(entry);
        if (!batchDimension(entry, where))
            return values;
        const std::size_t size = values.size() / where.batches;
        const auto first = values.begin() + static_cast<std::ptrdiff_t>(where.batch * size);
        return {first, first + static_cast<std::ptrdiff_t>(size)};
    }

    /// The dimension over a batch's entries; Hugging Face has one of 1 before it.
    static std::optional<std::size_t> batchDimension(const ActivationFile::Entry &entry, const Case &where)
    {
        for (std::size_t i = 0; where.batches > 1 && i < std::min<std::size_t>(2, entry.shape.size()); ++i) {
            if (entry.shape[i] == static_cast<std::int64_t>(where.batches))
                return i;
        }
        return std::nullopt;
    }

    Shape sliceShape(const ActivationFile::Entry &entry, const Case &where) const
    {
        Shape shape = entry.shape;
        if (const std::optional<std::size_t> batch = batchDimension(entry, where))
            shape[*batch] = 1;
        return shape;
    }

    void comparePicture(const std::string &picture, const Image &image, bool isolated, const Progress &progress)
    {
        Case whole;
        whole.before = whole.picture = picture;
        whole.label = m_pictures.size() > 1 && !picture.empty() ? picture + ": " : std::string();
        trace(whole, false, isolated);
        m_model->setImage(image, progress);
        for (const Case &one : m_cases) {
            if (one.picture != picture)
                continue;
            progress.check();
            trace(one, true, isolated);
            Case scaled = one;
            toPicture(scaled.prompts, image);
            m_model->predict(scaled.prompts);
        }
        m_model->setTrace({});
    }

    /// Recorded prompts are in pixels of the model's input.
    void toPicture(Prompts &prompts, const Image &image) const
    {
        const double scale = static_cast<double>(std::max(image.width, image.height)) / m_model->imageSize();
        for (PromptPoint &point : prompts.points) {
            point.x *= scale;
            point.y *= scale;
        }
        if (prompts.box)
            prompts.box = PromptBox {prompts.box->x0 * scale, prompts.box->y0 * scale, prompts.box->x1 * scale, prompts.box->y1 * scale};
    }

    /// The reference of a layer in the model's own shape; empty where the file has none that fits.
    std::vector<float> reference(const Case &where, const std::string &layer, const Shape &shape) const
    {
        const ActivationFile::Entry *found = entryFor(where, layer);
        if (found == nullptr)
            return {};
        const Shape from = sliceShape(*found, where);
        const std::optional<Arrangement> how = arrangement(from, shape);
        if (!how)
            return {};
        const std::vector<float> values = slice(*found, where);
        std::vector<float> buffer;
        const std::span<const float> result = arranged(values, from, shape, *how, buffer);
        return {result.begin(), result.end()};
    }

    static bool isInput(const std::string &layer) { return layer == "input" || layer.starts_with("prompt."); }

    void trace(const Case &where, bool prompted, bool isolated)
    {
        m_where = where;
        m_model->setTrace(
            [this, prompted, isolated](const std::string &name, const Shape &shape, std::span<const float> values) {
                m_current = reference(m_where, name, shape);
                if (!isInput(name))
                    compare(name, shape, values, prompted, isolated);
            },
            [this, isolated](const std::string &name, const Shape &) -> std::span<const float> {
                return isolated || isInput(name) ? std::span<const float>(m_current) : std::span<const float>();
            });
    }

    void compare(const std::string &name, const Shape &shape, std::span<const float> values, bool prompted, bool isolated)
    {
        const ActivationFile::Entry *found = entryFor(m_where, name);
        if (found == nullptr)
            return;
        const std::string label = prompted && (m_cases.size() > 1 || m_pictures.size() > 1) ? m_where.label
                                  : prompted                                                ? std::string()
                                                                                            : m_where.label;
        const auto [place, added] = m_rowOf.try_emplace(label + name, m_parity.rows.size());
        if (added) {
            LayerParityRow row;
            row.layer = label + name;
            row.referenceLayer = found->name;
            row.section = label + name.substr(0, name.find('.'));
            row.shape = shape;
            row.referenceShape = found->shape;
            m_parity.rows.push_back(std::move(row));
            m_nameOf.push_back({name, m_where});
        }
        LayerParityRow &row = m_parity.rows[place->second];
        if (m_current.size() != values.size() || (values.empty() && found->shape != shape)) {
            row.reason = "the shapes do not go together: " + shapeText(shape) + " here, " + shapeText(found->shape) + " in the file";
            return;
        }
        (isolated ? row.isolated : row.accumulated) = layerError(values, m_current);
    }

    /// The layer's weights, and those of layers before it that the file does not show.
    void addKeys(const Case &where, const std::string &layer, std::set<std::string> &seen, std::vector<std::string> &keys) const
    {
        const auto known = m_layerOf.find(layer);
        if (known == m_layerOf.end() || !seen.insert(layer).second)
            return;
        keys.insert(keys.end(), known->second->keys.begin(), known->second->keys.end());
        for (const std::string &input : known->second->inputs) {
            if (!isInput(input) && entryFor(where, input) == nullptr)
                addKeys(where, input, seen, keys);
        }
    }

    void describe(const Progress &progress)
    {
        const std::optional<ModelWeights> weights = referenceWeights();
        const ModelWeightTable table(m_request.converted, weights ? &*weights : nullptr, m_parity, progress);
        for (std::size_t i = 0; i < m_parity.rows.size(); ++i) {
            std::vector<std::string> keys;
            std::set<std::string> seen;
            addKeys(m_nameOf[i].second, m_nameOf[i].first, seen, keys);
            table.describe(m_parity.rows[i], keys);
        }
    }

    std::optional<ModelWeights> referenceWeights() const
    {
        const CheckpointPtr &target = m_request.converted.target;
        const CheckpointPtr weights = m_request.referenceWeights != nullptr                                     ? m_request.referenceWeights
                                      : m_request.converted.mapping && target != nullptr && target->hasValues() ? target
                                                                                                                : nullptr;
        return weights != nullptr ? std::optional(ModelWeights {weights, std::nullopt, nullptr}) : std::nullopt;
    }

    const RecordedParityRequest &m_request;
    ActivationParity &m_parity;
    ActivationFile m_file;
    std::unique_ptr<Segmenter> m_model;
    std::vector<TracedLayer> m_layers;
    std::map<std::string, const TracedLayer *> m_layerOf;
    Recorded m_recorded;
    std::map<std::string, Image> m_pictures; ///< by what stands before its layers; black where the file holds the input itself
    std::set<std::string> m_pictureNames; ///< also those that are not at hand
    std::vector<Case> m_cases;
    std::map<std::string, std::size_t> m_rowOf;
    std::vector<std::pair<std::string, Case>> m_nameOf; ///< by row: the trace's name, and where
    Case m_where;
    std::vector<float> m_current; ///< reference of the layer being traced
};

} // namespace

ActivationParity compareWithRecorded(const RecordedParityRequest &request, const Progress &progress)
{
    const auto start = std::chrono::steady_clock::now();
    ActivationParity parity;
    parity.tolerance = request.tolerance;
    parity.rounding = parity.tolerance * driftPart;
    Comparison(request, parity, progress).run(progress);
    parity.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return parity;
}

} // namespace rekey

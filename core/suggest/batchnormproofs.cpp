// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include "core/suggest/lexicon.h"
#include "core/suggest/slicefactors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

/// What frameworks add to the variance: PyTorch; Keras, TensorFlow and many detectors; others.
constexpr double usualEps[] = {1e-5, 1e-3, 1e-4, 1e-6};

/// Four vectors of a module as gamma, beta, mean and variance of a batch norm.
struct NormSet
{
    std::uint32_t gamma, beta, mean, variance;
    std::string module;
};

std::string moduleOf(const std::string &key)
{
    return key.substr(0, key.find_last_of("./") + 1);
}

/// "conv0_bn" and "running_mean" of "conv0_bn_moving_mean".
std::pair<std::string, std::string> stemAndKind(const std::string &key)
{
    std::pair<std::string, std::string> best;
    for (std::size_t at = key.find_first_of("._/"); at != std::string::npos && best.second.empty(); at = key.find_first_of("._/", at + 1))
        if (const auto kind = lexicon().leafKinds.find(key.substr(at + 1)); kind != lexicon().leafKinds.end())
            best = {key.substr(0, at), kind->second};
    return best;
}

std::size_t commonLength(const std::string &a, const std::string &b)
{
    return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin());
}

/// A convolution or linear layer of the target that is one of the source times a factor for each output.
struct Fold
{
    std::uint32_t source, target;
    std::vector<double> factors;
};

/// How a fold can be: with which norm, biases and eps.
struct Folding
{
    const NormSet *norm;
    std::uint32_t sourceBias, targetBias; ///< sourceBias may be none
    double eps;
};

class BatchNormProofs
{
public:
    BatchNormProofs(Proofs &proofs, const OpenFiles &files) : m_proofs(proofs), m_files(files) {}

    void all()
    {
        collectNorms();
        if (m_norms.empty())
            return;
        collectVectors();
        std::vector<std::pair<Fold, std::vector<Folding>>> found;
        for (std::uint32_t t = 0; t < m_proofs.target().tensors.size(); ++t)
            if (isWeight(m_proofs.target().tensors[t]) && m_proofs.targetPrint(t, m_proofs.values().targetDtype(t)) != nullptr)
                if (auto fold = foldOf(t))
                    if (auto ways = foldings(*fold); !ways.empty())
                        found.emplace_back(std::move(*fold), std::move(ways));
        // Where variances are large several eps give the same: then the one that all others have.
        std::map<double, std::size_t> fitting;
        for (const auto &[fold, ways] : found)
            for (const auto &way : ways)
                ++fitting[way.eps];
        for (auto &[fold, ways] : found) {
            std::stable_sort(ways.begin(), ways.end(), [&](const Folding &a, const Folding &b) { return fitting[a.eps] > fitting[b.eps]; });
            for (const auto &way : ways)
                if (!m_proofs.isDone(fold.target) && !m_proofs.isDone(way.targetBias))
                    prove(fold, way);
        }
    }

private:
    static bool isWeight(const SchemaTensor &tensor)
    {
        return tensor.shape.size() >= 2 && info(tensor.dtype).kind == DTypeKind::Float;
    }

    const std::vector<float> &source(std::uint32_t s) const { return m_proofs.values().firstOfSource(s); }
    const std::vector<float> &target(std::uint32_t t) const { return m_proofs.values().firstOfTarget(t); }

    /// Four vectors of one size that are alone in a module, in every order in which no variance is negative: their names
    /// do not matter. Where modules have no folder of their own ("bn0_moving_mean"), by the ends of their names.
    void collectNorms()
    {
        std::map<std::pair<std::string, std::int64_t>, Tensors> modules;
        std::map<std::string, std::map<std::string, std::uint32_t>> byName;
        const auto &tensors = m_proofs.source().tensors;
        for (std::uint32_t s = 0; s < tensors.size(); ++s) {
            if (tensors[s].shape.size() != 1 || info(tensors[s].dtype).kind != DTypeKind::Float || m_proofs.isSkipped(s)
                || source(s).size() != static_cast<std::size_t>(tensors[s].shape[0]))
                continue;
            modules[{moduleOf(tensors[s].key), tensors[s].shape[0]}].push_back(s);
            const auto [stem, kind] = stemAndKind(tensors[s].key);
            byName[stem].emplace(kind, s);
        }
        for (const auto &[module, members] : modules)
            if (members.size() == 4)
                addInEveryOrder(module.first, members);
        for (const auto &[stem, kinds] : byName)
            if (isFlat(stem, kinds))
                m_norms[source(kinds.at("weight")).size()].push_back(
                    {kinds.at("weight"), kinds.at("bias"), kinds.at("running_mean"), kinds.at("running_var"), stem});
    }

    /// A whole norm, whose vectors are not alone in a module.
    bool isFlat(const std::string &stem, const std::map<std::string, std::uint32_t> &kinds) const
    {
        std::set<std::size_t> sizes;
        for (const char *kind : {"weight", "bias", "running_mean", "running_var"}) {
            const auto entry = kinds.find(kind);
            if (entry == kinds.end())
                return false;
            sizes.insert(source(entry->second).size());
        }
        return sizes.size() == 1 && m_proofs.source().tensors[kinds.at("weight")].key[stem.size()] == '_';
    }

    void addInEveryOrder(const std::string &module, Tensors members)
    {
        do {
            const auto &variance = source(members[3]);
            if (std::all_of(variance.begin(), variance.end(), [](float v) { return v >= 0; }))
                m_norms[variance.size()].push_back({members[0], members[1], members[2], members[3], module});
        } while (std::next_permutation(members.begin(), members.end()));
    }

    void collectVectors()
    {
        for (std::uint32_t t = 0; t < m_proofs.target().tensors.size(); ++t)
            if (const Shape &shape = m_proofs.to(t);
                shape.size() == 1 && !m_proofs.isDone(t) && target(t).size() == static_cast<std::size_t>(shape[0]))
                m_vectors[target(t).size()].push_back(t);
        for (std::uint32_t s = 0; s < m_proofs.source().tensors.size(); ++s)
            if (isWeight(m_proofs.source().tensors[s]) && !m_proofs.isSkipped(s)
                && m_proofs.sourcePrint(s, m_proofs.values().sourceDtype(s)) != nullptr)
                m_weights[m_proofs.from(s)].push_back(s);
    }

    std::optional<Fold> foldOf(std::uint32_t t)
    {
        if (!m_norms.contains(static_cast<std::size_t>(m_proofs.to(t)[0])))
            return std::nullopt;
        Tensors sources = m_weights[m_proofs.to(t)];
        std::stable_sort(sources.begin(), sources.end(), [&](std::uint32_t a, std::uint32_t b) {
            const auto rank = [&](std::uint32_t s) { return s == m_proofs.guess(t) ? 0 : m_proofs.isUsed(s) ? 2 : 1; };
            return rank(a) < rank(b);
        });
        const Slicing slicing(m_proofs.to(t), 0);
        const auto count = std::min(slicing.inner, target(t).size());
        for (const std::uint32_t s : sources) {
            m_files.progress.check();
            const Tolerance tolerance(m_proofs.values().common(s, t));
            if (source(s).size() != target(t).size()
                || !factors(std::span(source(s)).first(count), std::span(target(t)).first(count), slicing, tolerance))
                continue;
            auto found = factors(valuesOf(m_files.source, s, m_files.progress), valuesOf(m_files.target, t, m_files.progress), slicing,
                                 tolerance);
            if (found)
                return Fold{s, t, std::move(*found)};
        }
        return std::nullopt;
    }

    /// The norm that is nearest by name comes first; one for each eps.
    std::vector<Folding> foldings(const Fold &fold)
    {
        const auto &key = m_proofs.source().tensors[fold.source].key;
        std::vector<const NormSet *> norms;
        for (const auto &norm : m_norms[fold.factors.size()])
            norms.push_back(&norm);
        std::stable_sort(norms.begin(), norms.end(), [&](const NormSet *a, const NormSet *b) {
            return commonLength(a->module, key) > commonLength(b->module, key);
        });
        std::vector<Folding> ways;
        for (const double eps : usualEps)
            for (const NormSet *norm : norms)
                if (gives(*norm, eps, fold))
                    if (const auto way = withBiases(*norm, eps, fold)) {
                        ways.push_back(*way);
                        break;
                    }
        return ways;
    }

    DType coarsest(const NormSet &norm, const Fold &fold) const
    {
        DType dtype = m_proofs.values().common(fold.source, fold.target);
        for (const std::uint32_t s : {norm.gamma, norm.beta, norm.mean, norm.variance})
            if (const DType other = m_proofs.values().sourceDtype(s); precision(other) < precision(dtype))
                dtype = other;
        return dtype;
    }

    static double scale(float gamma, float variance, double eps) { return gamma / std::sqrt(static_cast<double>(variance) + eps); }

    bool gives(const NormSet &norm, double eps, const Fold &fold) const
    {
        const Tolerance tolerance(coarsest(norm, fold));
        for (std::size_t i = 0; i < fold.factors.size(); ++i) {
            const double expected = scale(source(norm.gamma)[i], source(norm.variance)[i], eps);
            if (!std::isnan(fold.factors[i]) && !tolerance.allows(expected, fold.factors[i], std::fabs(expected)))
                return false;
        }
        return true;
    }

    /// Finds the target's bias by its values: beside the weight, or anywhere.
    std::optional<Folding> withBiases(const NormSet &norm, double eps, const Fold &fold) const
    {
        const std::size_t channels = fold.factors.size();
        const auto beside = [&](const Schema &schema, std::uint32_t weight, std::uint32_t other) {
            return moduleOf(schema.tensors[weight].key) == moduleOf(schema.tensors[other].key);
        };
        Tensors sourceBiases = {none};
        for (std::uint32_t s = 0; s < m_proofs.source().tensors.size(); ++s)
            if (!m_proofs.isSkipped(s) && m_proofs.from(s) == Shape{static_cast<std::int64_t>(channels)} && source(s).size() == channels
                && beside(m_proofs.source(), fold.source, s))
                sourceBiases.push_back(s);
        const auto open = m_vectors.find(channels);
        if (open == m_vectors.end())
            return std::nullopt;
        Tensors targetBiases = open->second;
        std::stable_partition(targetBiases.begin(), targetBiases.end(),
                              [&](std::uint32_t t) { return beside(m_proofs.target(), fold.target, t); });
        for (const std::uint32_t s : sourceBiases)
            for (const std::uint32_t t : targetBiases)
                if (!m_proofs.isDone(t) && isBias(norm, eps, s, t, fold))
                    return Folding{&norm, s, t, eps};
        return std::nullopt;
    }

    bool isBias(const NormSet &norm, double eps, std::uint32_t s, std::uint32_t t, const Fold &fold) const
    {
        const Tolerance tolerance(coarsest(norm, fold));
        for (std::size_t i = 0; i < fold.factors.size(); ++i) {
            const double factor = scale(source(norm.gamma)[i], source(norm.variance)[i], eps);
            const double bias = s == none ? 0.0 : source(s)[i], mean = source(norm.mean)[i], beta = source(norm.beta)[i];
            const double magnitude = (std::fabs(bias) + std::fabs(mean)) * std::fabs(factor) + std::fabs(beta);
            if (!tolerance.allows((bias - mean) * factor + beta, target(t)[i], magnitude))
                return false;
        }
        return true;
    }

    void prove(const Fold &fold, const Folding &way)
    {
        const bool hasBias = way.sourceBias != none;
        Tensors sources = {fold.source};
        if (hasBias)
            sources.push_back(way.sourceBias);
        const NormSet &norm = *way.norm;
        sources.insert(sources.end(), {norm.gamma, norm.beta, norm.mean, norm.variance});
        const DType dtype = coarsest(norm, fold);
        m_proofs.prove(std::move(sources), {fold.target, way.targetBias}, {stepOf(FoldBatchNorm{way.eps, hasBias})},
                       fmt::format("values equal within rounding of {} ({:.0e} of each) once the batch norm is folded in, eps {}",
                                   name(dtype), Tolerance(dtype).relative, way.eps));
    }

    Proofs &m_proofs;
    const OpenFiles &m_files;
    std::map<std::size_t, std::vector<NormSet>> m_norms; ///< by channels
    std::map<std::size_t, Tensors> m_vectors;            ///< of the target, open ones
    std::map<Shape, Tensors> m_weights;                  ///< of the source
};

} // namespace

void proveFoldedBatchNorms(Proofs &proofs, const OpenFiles &files) { BatchNormProofs(proofs, files).all(); }

} // namespace rekey

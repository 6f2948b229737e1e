// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include "core/suggest/slicefactors.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

/// What torch.nn.utils.weight_norm makes of a weight: w = g · v / |v|, the norm over all dimensions but `dim`.
struct LengthAndDirection
{
    std::uint32_t g, v;
    std::size_t dim;
};

std::string parentOf(const std::string &key)
{
    return key.substr(0, key.find_last_of("./") + 1);
}

/// The dimension that g has, where v has others as well: [n, 1, 1] beside [n, c, k].
std::optional<std::size_t> keptDimension(const Shape &g, const Shape &v)
{
    if (g.size() != v.size() || v.size() < 2 || elementCount(v) <= elementCount(g) || elementCount(g) < 2)
        return std::nullopt;
    for (std::size_t d = 0; d < v.size(); ++d)
        if (g[d] == v[d] && static_cast<std::int64_t>(elementCount(g)) == g[d])
            return d;
    return std::nullopt;
}

/// Tensors with the same parent that may be g and v, by their shapes; names do not matter.
std::vector<LengthAndDirection> pairsOf(const Schema &schema)
{
    const auto isFloat = [&](std::uint32_t t) { return info(schema.tensors[t].dtype).kind == DTypeKind::Float; };
    std::map<std::string, Tensors> siblings;
    for (std::uint32_t t = 0; t < schema.tensors.size(); ++t)
        siblings[parentOf(schema.tensors[t].key)].push_back(t);
    constexpr std::size_t most = 16; // a module; lists of parameters are longer
    std::vector<LengthAndDirection> pairs;
    for (const auto &[parent, members] : siblings)
        for (const std::uint32_t g : members)
            for (const std::uint32_t v : members)
                if (members.size() <= most && isFloat(g) && isFloat(v))
                    if (const auto dim = keptDimension(schema.tensors[g].shape, schema.tensors[v].shape))
                        pairs.push_back({g, v, *dim});
    return pairs;
}

/// Norms are sums of many squares: single precision gives a little less.
bool sameLength(double a, double b, const Tolerance &tolerance)
{
    const double summed = std::ldexp(64.0, -precision(DType::F32));
    return std::fabs(a - b) <= (tolerance.relative + summed) * std::fabs(b) + tolerance.absolute;
}

class WeightNormProofs
{
public:
    WeightNormProofs(Proofs &proofs, const OpenFiles &files) : m_proofs(proofs), m_files(files) {}

    /// weight → g, v. Only where v is the weight itself: any other length of v would give other tensors.
    void split()
    {
        for (const auto &[g, v, dim] : pairsOf(m_proofs.target())) {
            const auto sources = m_proofs.isDone(g) || m_proofs.isDone(v) || hasSource(g) ? Tensors() : equalsOf(v);
            for (const std::uint32_t s : sources) {
                m_files.progress.check();
                if (m_proofs.from(s) != m_proofs.to(v) || !splits(s, g, dim))
                    continue;
                m_proofs.prove({s}, {g, v}, {stepOf(SplitWeightNorm{static_cast<int>(dim)})}, common(s, v),
                               fmt::format("values equal; g is their length along dimension {}, within rounding", dim));
                break;
            }
        }
    }

    /// g, v → weight.
    void fused()
    {
        for (const auto &pair : pairsOf(m_proofs.source())) {
            if (m_proofs.isUsed(pair.g) || m_proofs.isUsed(pair.v))
                continue;
            for (std::uint32_t t = 0; t < m_proofs.target().tensors.size(); ++t) {
                m_files.progress.check();
                if (m_proofs.isDone(t) || m_proofs.to(t) != m_proofs.from(pair.v) || !mayFuse(pair, t) || !fuses(pair, t))
                    continue;
                m_proofs.prove({pair.g, pair.v}, {t}, {stepOf(FuseWeightNorm{static_cast<int>(pair.dim)})}, common(pair.v, t),
                               "values equal within rounding once weight norm is applied: g · v / |v|");
                break;
            }
        }
    }

private:
    DType common(std::uint32_t s, std::uint32_t t) const { return m_proofs.values().common(s, t); }

    bool hasSource(std::uint32_t g)
    {
        return !equalsOf(g).empty();
    }

    Tensors equalsOf(std::uint32_t t)
    {
        Tensors result;
        for (const DType dtype : m_proofs.dtypes()) {
            const Print *print = m_proofs.targetPrint(t, dtype);
            if (print == nullptr)
                continue;
            const auto [index, isNew] = m_indices.try_emplace(dtype);
            if (isNew)
                index->second = m_proofs.indexSources(dtype);
            const Tensors equals = m_proofs.comparable(index->second.whole, print->whole, t, dtype);
            result.insert(result.end(), equals.begin(), equals.end());
        }
        std::stable_partition(result.begin(), result.end(), [&](std::uint32_t s) { return s == m_proofs.guess(t); });
        return result;
    }

    bool splits(std::uint32_t s, std::uint32_t g, std::size_t dim) const
    {
        const auto &given = m_proofs.values().firstOfTarget(g);
        const auto found = lengths(valuesOf(m_files.source, s, m_files.progress), Slicing(m_proofs.from(s), dim));
        const Tolerance tolerance(common(s, g));
        return std::equal(found.begin(), found.end(), given.begin(), given.end(),
                          [&](double a, double b) { return sameLength(a, b, tolerance); });
    }

    /// By the first values.
    bool mayFuse(const LengthAndDirection &pair, std::uint32_t t) const
    {
        if (m_proofs.targetPrint(t, m_proofs.values().targetDtype(t)) == nullptr)
            return false;
        const auto &v = m_proofs.values().firstOfSource(pair.v), &w = m_proofs.values().firstOfTarget(t);
        const Slicing slicing(m_proofs.to(t), pair.dim);
        const std::size_t count = std::min(v.size(), pair.dim == 0 ? slicing.inner : v.size());
        return w.size() == v.size()
            && factors(std::span(v).first(count), std::span(w).first(count), slicing, Tolerance(common(pair.v, t))).has_value();
    }

    bool fuses(const LengthAndDirection &pair, std::uint32_t t) const
    {
        const auto v = valuesOf(m_files.source, pair.v, m_files.progress), w = valuesOf(m_files.target, t, m_files.progress);
        const auto &g = m_proofs.values().firstOfSource(pair.g);
        const Slicing slicing(m_proofs.to(t), pair.dim);
        const Tolerance tolerance(common(pair.v, t));
        const auto found = factors(v, w, slicing, tolerance);
        if (!found || g.size() != found->size())
            return false;
        const auto length = lengths(v, slicing);
        for (std::size_t i = 0; i < g.size(); ++i)
            if (!std::isnan((*found)[i]) && !sameLength((*found)[i] * length[i], g[i], tolerance))
                return false;
        return true;
    }

    Proofs &m_proofs;
    const OpenFiles &m_files;
    std::map<DType, DigestIndex> m_indices;
};

} // namespace

void proveSplitWeightNorms(Proofs &proofs, const OpenFiles &files) { WeightNormProofs(proofs, files).split(); }
void proveFusedWeightNorms(Proofs &proofs, const OpenFiles &files) { WeightNormProofs(proofs, files).fused(); }

} // namespace rekey

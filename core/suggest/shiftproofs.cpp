// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include <algorithm>
#include <cmath>
#include <optional>

namespace rekey {

namespace {

struct Shift
{
    double factor, added;
    const char *words;
};

/// Norms that multiply by 1 + weight (Gemma's) beside those that multiply by weight.
constexpr Shift shifts[] = {{1, 1, "values equal once 1 is added"},
                            {1, -1, "values equal once 1 is subtracted"},
                            {-1, 0, "values equal but for their sign"}};

class ShiftProofs
{
public:
    explicit ShiftProofs(Proofs &proofs) : m_proofs(proofs)
    {
        for (std::uint32_t s = 0; s < proofs.source().tensors.size(); ++s)
            if (!proofs.isUsed(s) && isVector(proofs.from(s)) && proofs.sourcePrint(s, proofs.values().sourceDtype(s)) != nullptr)
                m_bySize[proofs.from(s)[0]].push_back(s);
    }

    void all()
    {
        // Many vectors of one size: all pairs would take too long; names must do.
        constexpr std::uint64_t mostPairs = 4'000'000;
        std::map<std::int64_t, Tensors> targets;
        for (std::uint32_t t = 0; t < m_proofs.target().tensors.size(); ++t)
            if (isVector(m_proofs.to(t)) && m_proofs.targetPrint(t, m_proofs.values().targetDtype(t)) != nullptr)
                targets[m_proofs.to(t)[0]].push_back(t);
        for (const auto &[size, open] : targets)
            for (const std::uint32_t t : open) {
                const Tensors &sources = m_bySize[size];
                const bool all = open.size() * sources.size() <= mostPairs;
                const std::uint32_t guess = m_proofs.guess(t);
                if (std::find(sources.begin(), sources.end(), guess) != sources.end() && prove(guess, t))
                    continue;
                if (all)
                    std::any_of(sources.begin(), sources.end(), [&](std::uint32_t s) { return prove(s, t); });
            }
    }

private:
    static bool isVector(const Shape &shape)
    {
        constexpr std::int64_t fewest = 8;
        return shape.size() == 1 && shape[0] >= fewest;
    }

    bool prove(std::uint32_t s, std::uint32_t t)
    {
        const auto &a = m_proofs.values().firstOfSource(s), &b = m_proofs.values().firstOfTarget(t);
        if (a.size() != b.size() || a.size() != static_cast<std::size_t>(m_proofs.from(s)[0]))
            return false;
        const DType dtype = m_proofs.values().common(s, t);
        for (const auto &shift : shifts) {
            if (!equal(a, b, shift, dtype))
                continue;
            Transform transform = {shift.added != 0 ? stepOf(Add{shift.added}) : stepOf(Negate{})};
            m_proofs.prove({s}, {t}, std::move(transform), dtype, shift.words);
            return true;
        }
        return false;
    }

    /// Each file may have rounded its values, and the addition its result.
    static bool equal(const std::vector<float> &a, const std::vector<float> &b, const Shift &shift, DType dtype)
    {
        const double half = std::ldexp(1.01, -precision(dtype));
        for (std::size_t i = 0; i < a.size(); ++i) {
            const double expected = shift.factor * static_cast<double>(a[i]) + shift.added;
            if (!(std::fabs(expected - b[i]) <= half * (std::fabs(a[i]) + std::fabs(b[i]) + std::fabs(expected - b[i]))))
                return false;
        }
        return true;
    }

    Proofs &m_proofs;
    std::map<std::int64_t, Tensors> m_bySize;
};

} // namespace

void proveShifted(Proofs &proofs) { ShiftProofs(proofs).all(); }

} // namespace rekey

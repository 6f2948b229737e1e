// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/judgement.h"

#include "core/base/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rekey {

namespace {

bool departs(LayerVerdict verdict)
{
    return verdict == LayerVerdict::Drifts || verdict == LayerVerdict::Diverges;
}

class Judge
{
public:
    Judge(ActivationParity &parity, const std::vector<BehaviourDifference> &behaviour)
        : m_parity(parity)
        , m_behaviour(behaviour)
        , m_rounding(parity.rounding)
    {
    }

    void rows()
    {
        for (LayerParityRow &row : m_parity.rows) {
            if (!row.accumulated)
                continue;
            row.verdict = row.isolated ? withIsolated(row) : withoutIsolated(row);
            if (row.reason.empty())
                row.reason = reasonOf(row);
            m_departed = m_departed || departs(row.verdict);
            m_sectionDeparted[row.section] = row.accumulated->error() > m_rounding;
        }
    }

    void overall()
    {
        std::vector<LayerParityRow> &rows = m_parity.rows;
        const auto first = [&](LayerVerdict verdict) { return std::ranges::find(rows, verdict, &LayerParityRow::verdict); };
        auto worst = first(LayerVerdict::Diverges);
        if (worst == rows.end())
            worst = first(LayerVerdict::Drifts);
        if (worst != rows.end())
            m_parity.firstDivergence = static_cast<std::size_t>(worst - rows.begin());
        m_parity.verdict = verdictOfAll();
        m_parity.summary = summary();
    }

private:
    LayerVerdict withIsolated(const LayerParityRow &row) const
    {
        const double own = row.isolated->error(), all = row.accumulated->error();
        if (!(own <= m_parity.tolerance))
            return LayerVerdict::Diverges;
        if (own > m_rounding)
            return row.roundedWeights ? LayerVerdict::WithinTolerance : LayerVerdict::Drifts;
        if (all <= m_rounding)
            return all > 0 || own > 0 ? LayerVerdict::WithinTolerance : LayerVerdict::Equal;
        if (m_departed)
            return LayerVerdict::Follows;
        return all <= m_parity.tolerance ? LayerVerdict::WithinTolerance : LayerVerdict::Drifts;
    }

    /// Nothing was run: a layer is to blame when what came before it in its section agreed.
    LayerVerdict withoutIsolated(const LayerParityRow &row) const
    {
        const double error = row.accumulated->error();
        if (error <= m_rounding)
            return error > 0 ? LayerVerdict::WithinTolerance : LayerVerdict::Equal;
        const auto before = m_sectionDeparted.find(row.section);
        const bool follows = before != m_sectionDeparted.end() ? before->second : m_departed;
        if (follows && row.weights != LayerWeights::Differ)
            return LayerVerdict::Follows;
        if (error <= m_parity.tolerance)
            return row.roundedWeights ? LayerVerdict::WithinTolerance : LayerVerdict::Drifts;
        return LayerVerdict::Diverges;
    }

    std::string differingText(const LayerParityRow &row) const
    {
        constexpr std::size_t shown = 2;
        std::string text;
        for (std::size_t i = 0; i < std::min(shown, row.differingKeys.size()); ++i) {
            const std::string &key = row.differingKeys[i];
            text += (text.empty() ? "" : ", ") + displayText(key, 200);
            const WeightParityRow *weight = m_parity.weights ? m_parity.weights->find(key) : nullptr;
            if (weight != nullptr && !weight->holdsValuesOf.empty())
                text += " (has the values of " + displayText(weight->holdsValuesOf, 200) + ")";
        }
        if (row.differingKeys.size() > shown)
            text += fmt::format(" and {} more", row.differingKeys.size() - shown);
        return text;
    }

    /// The known differences but those of another section: "decoder_norm_eps" says nothing of the encoder.
    std::string behaviourOf(const LayerParityRow &row) const
    {
        const auto belongs = [](const BehaviourDifference &difference, const std::string &section) {
            return difference.name.starts_with(section.substr(section.rfind(' ') + 1) + "_");
        };
        std::string text;
        for (const BehaviourDifference &difference : m_behaviour) {
            const bool elsewhere
                = std::ranges::any_of(m_parity.rows, [&](const LayerParityRow &other) { return belongs(difference, other.section); });
            if (!elsewhere || belongs(difference, row.section))
                text += (text.empty() ? "" : ", ") + difference.text;
        }
        return text;
    }

    std::string reasonOf(const LayerParityRow &row) const
    {
        if (row.verdict == LayerVerdict::Follows)
            return row.isolated ? "its own error is rounding: its input differs" : "a layer before it differs";
        if (!departs(row.verdict))
            return row.weights == LayerWeights::Differ ? "weights differ where this picture does not show it: " + differingText(row)
                                                       : std::string();
        if (row.isolated && row.isolated->error() <= m_rounding)
            return "rounding of many layers adds up";
        if (row.accumulated->difference.notFinite > 0 && row.weights != LayerWeights::Differ)
            return fmt::format("{} values are NaN or infinite", row.accumulated->difference.notFinite);
        switch (row.weights) {
        case LayerWeights::Differ: return "weights differ: " + differingText(row);
        case LayerWeights::Equal: {
            const std::string behaviour = behaviourOf(row);
            return (row.roundedWeights ? "weights are equal up to rounding; beyond the tolerance the implementation computes something else"
                                       : "weights are equal, so the implementation computes something else")
                   + (behaviour.empty() ? std::string() : ": " + behaviour);
        }
        case LayerWeights::None: return "it has no weights: the implementation computes something else";
        case LayerWeights::Unknown: break;
        }
        return "its weights could not be compared";
    }

    ParityVerdict verdictOfAll() const
    {
        const std::vector<LayerParityRow> &rows = m_parity.rows;
        const auto any = [&](const auto &test) { return std::ranges::any_of(rows, test); };
        if (!any([](const LayerParityRow &row) { return row.accumulated.has_value(); }))
            return ParityVerdict::NothingCompared;
        if ((m_parity.weights && !m_parity.weights->agrees())
            || any([](const LayerParityRow &row) { return departs(row.verdict) && row.weights == LayerWeights::Differ; }))
            return ParityVerdict::WeightsDiffer;
        if (m_parity.firstDivergence)
            return rows[*m_parity.firstDivergence].weights == LayerWeights::Unknown ? ParityVerdict::Differs
                                                                                    : ParityVerdict::ComputationDiffers;
        return any([](const LayerParityRow &row) { return row.accumulated && row.verdict != LayerVerdict::Equal; })
                   ? ParityVerdict::WithinTolerance
                   : ParityVerdict::Equal;
    }

    std::string summary() const
    {
        const std::size_t compared = m_parity.rows.size() - m_parity.count(LayerVerdict::NotCompared);
        switch (m_parity.verdict) {
        case ParityVerdict::NothingCompared: return "No layer of the two goes together: nothing was compared.";
        case ParityVerdict::Equal: return fmt::format("All {} layers are equal, bit for bit.", compared);
        case ParityVerdict::WithinTolerance: return fmt::format("All {} layers agree up to rounding.", compared);
        default: break;
        }
        if (!m_parity.firstDivergence)
            return fmt::format("All {} layers agree on this input, but the weights of {} keys do not: it does not show them.", compared,
                               differingWeights());
        const LayerParityRow &row = m_parity.rows[*m_parity.firstDivergence];
        const double error = (row.isolated ? row.isolated : row.accumulated)->error();
        std::string text = fmt::format("{} {} first, by {:.1e}{}: {}.", row.layer, verdictName(row.verdict), error,
                                       row.isolated ? " of its own" : "", row.reason);
        switch (m_parity.verdict) {
        case ParityVerdict::WeightsDiffer: text += " Look at the mapping first."; break;
        case ParityVerdict::ComputationDiffers: text += " The mapping is right as far as this shows."; break;
        default: break;
        }
        return text;
    }

    std::size_t differingWeights() const
    {
        return m_parity.weights ? m_parity.weights->count(WeightVerdict::Different) + m_parity.weights->count(WeightVerdict::Missing) : 0;
    }

    ActivationParity &m_parity;
    const std::vector<BehaviourDifference> &m_behaviour;
    double m_rounding;
    bool m_departed = false;
    std::map<std::string, bool> m_sectionDeparted; ///< whether the last layer of a section was off
};

} // namespace

LayerError layerError(std::span<const float> checked, std::span<const float> reference)
{
    LayerError error;
    error.difference = compareValues(checked, reference);
    error.scale = std::max(1.0, error.difference.largest);
    return error;
}

void judge(ActivationParity &parity, const std::vector<BehaviourDifference> &behaviour)
{
    Judge judge(parity, behaviour);
    judge.rows();
    judge.overall();
}

} // namespace rekey

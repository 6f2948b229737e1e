// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/layerparitytext.h"

#include "app/terminal.h"
#include "core/base/error.h"

#include <algorithm>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Json errorJson(const std::optional<LayerError> &error)
{
    if (!error)
        return nullptr;
    return {{"error", error->error()},
            {"max_abs", error->difference.maxAbsolute},
            {"mean_abs", error->difference.meanAbsolute},
            {"relative", error->difference.relative},
            {"cosine", error->difference.cosine},
            {"not_finite", error->difference.notFinite}};
}

std::string errorText(const std::optional<LayerError> &error)
{
    if (!error)
        return "–";
    return error->error() == 0 ? "0" : fmt::format("{:.1e}", error->error());
}

std::string rulesText(const std::vector<std::uint32_t> &rules)
{
    std::string text;
    for (const std::uint32_t rule : rules)
        text += fmt::format("{}{}", text.empty() ? "rule " : ", ", rule + 1);
    return text;
}

} // namespace

Json layersJson(const ActivationParity &parity)
{
    Json layers = Json::array();
    for (const LayerParityRow &row : parity.rows) {
        layers.push_back({{"layer", row.layer},
                          {"reference", row.referenceLayer},
                          {"verdict", verdictName(row.verdict)},
                          {"accumulated", errorJson(row.accumulated)},
                          {"isolated", errorJson(row.isolated)},
                          {"weights", row.weights == LayerWeights::None ? "none" : weightsName(row.weights)},
                          {"differing_keys", row.differingKeys},
                          {"rules", row.rules},
                          {"reason", row.reason}});
    }
    Json result = {{"verdict", verdictName(parity.verdict)}, {"summary", parity.summary}, {"tolerance", parity.tolerance},
                   {"dtype", precisionName(parity.precision)}};
    result["first_divergence"] = parity.firstDivergence ? Json(parity.rows[*parity.firstDivergence].layer) : Json(nullptr);
    for (std::size_t i = 0; i < layerVerdicts; ++i)
        result["counts"][std::string(verdictName(static_cast<LayerVerdict>(i)))] = parity.count(static_cast<LayerVerdict>(i));
    result["milliseconds"] = parity.milliseconds;
    result["layers"] = std::move(layers);
    return result;
}

std::string layersText(const ActivationParity &parity)
{
    constexpr std::size_t rowsShown = 40, widest = 60;
    std::size_t width = 5, shown = 0;
    for (const LayerParityRow &row : parity.rows)
        width = std::clamp(row.layer.size(), width, widest);
    std::string text;
    for (const LayerParityRow &row : parity.rows) {
        if (row.verdict == LayerVerdict::Equal || row.verdict == LayerVerdict::WithinTolerance)
            continue;
        if (shown++ == 0)
            text += fmt::format("{:<{}}  {:>11}  {:>8}  {:<7}  {:<12}  why\n", "layer", width, "accumulated", "isolated", "weights",
                                "verdict");
        if (shown > rowsShown)
            break;
        const std::string rules = row.verdict == LayerVerdict::Follows || row.differingKeys.empty() ? std::string() : rulesText(row.rules);
        text += fmt::format("{:<{}}  {:>11}  {:>8}  {:<7}  {:<12}  {}{}{}\n", displayText(row.layer, 200), width,
                            errorText(row.accumulated), errorText(row.isolated), weightsName(row.weights), verdictName(row.verdict),
                            row.reason, rules.empty() ? "" : "; ", rules);
    }
    if (shown > rowsShown)
        text += "… and more; --json lists all\n";
    text += fmt::format("{} compared in {}: ", countText(parity.rows.size(), "layer"), durationText(parity.milliseconds));
    bool first = true;
    for (std::size_t i = 0; i < layerVerdicts; ++i) {
        const std::size_t count = parity.count(static_cast<LayerVerdict>(i));
        if (count > 0)
            text += fmt::format("{}{} {}", std::exchange(first, false) ? "" : ", ", count, verdictName(static_cast<LayerVerdict>(i)));
    }
    text += first ? "none.\n" : ".\n";
    if (parity.precision != Precision::F32)
        text += fmt::format("Computed in {} beside fp32: errors up to {:.0e} are rounding.\n", precisionName(parity.precision),
                            parity.tolerance);
    return text + parity.summary + "\n";
}

} // namespace rekey

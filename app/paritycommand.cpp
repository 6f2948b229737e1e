// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/runtime/parity/weightparity.h"

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

Json weightsJson(const WeightParity &parity)
{
    Json tensors = Json::array();
    for (const WeightParityRow &row : parity.rows) {
        Json each = {{"key", row.key}, {"verdict", verdictName(row.verdict)}};
        if (row.difference.count > 0) {
            each["max_abs"] = row.difference.maxAbsolute;
            each["mean_abs"] = row.difference.meanAbsolute;
            each["relative"] = row.difference.relative;
            each["cosine"] = row.difference.cosine;
            each["differing"] = row.difference.differing;
            each["not_finite"] = row.difference.notFinite;
        }
        if (row.rule != none)
            each["rule"] = row.rule;
        if (!row.holdsValuesOf.empty())
            each["holds_values_of"] = row.holdsValuesOf;
        if (!row.reason.empty())
            each["why"] = row.reason;
        tensors.push_back(std::move(each));
    }
    return {{"compared", parity.rows.size()},
            {"equal", parity.count(WeightVerdict::Equal)},
            {"within_tolerance", parity.count(WeightVerdict::WithinTolerance)},
            {"different", parity.count(WeightVerdict::Different)},
            {"missing", parity.count(WeightVerdict::Missing)},
            {"tensors", std::move(tensors)}};
}

std::string weightsText(const WeightParity &parity)
{
    constexpr std::size_t rowsShown = 30;
    std::string text;
    std::size_t shown = 0;
    for (const WeightParityRow &row : parity.rows) {
        if (row.verdict == WeightVerdict::Equal)
            continue;
        if (++shown > rowsShown)
            break;
        std::string figures;
        if (row.difference.count > 0)
            figures = fmt::format("largest difference {:.1e}, mean {:.1e}, cosine {:.6f}", row.difference.maxAbsolute,
                                  row.difference.meanAbsolute, row.difference.cosine);
        if (!row.reason.empty())
            figures += (figures.empty() ? "" : ": ") + row.reason;
        text += fmt::format("{:<16}  {}  {}\n", verdictName(row.verdict), displayText(row.key, 200), figures);
    }
    if (shown > rowsShown)
        text += "… and more; --json lists all\n";
    text += fmt::format("{} compared: {} equal, {} within tolerance, {} different, {} missing.\n", countText(parity.rows.size(), "tensor"),
                        parity.count(WeightVerdict::Equal), parity.count(WeightVerdict::WithinTolerance),
                        parity.count(WeightVerdict::Different), parity.count(WeightVerdict::Missing));
    return text;
}

} // namespace

int parityCommand(const ParityOptions &options)
{
    if (!options.image.empty() || !options.activations.empty())
        throw UsageError("parity compares weights so far; comparing activations layer by layer (--image, --activations) is not there yet.");
    const Progress progress = terminalProgress();
    WeightParityRequest request;
    request.source = openInput(options.a, progress);
    request.target = openInput(options.b, progress);
    if (!options.mapping.empty())
        request.mapping = loadMapping(options.mapping);
    const WeightParity parity = weightParity(request, progress);
    for (const std::string &warning : parity.warnings)
        printWarning(warning);
    if (options.json)
        printJson(weightsJson(parity));
    else
        printText(weightsText(parity));
    return parity.agrees() ? ExitDone : ExitFindings;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/activationparity.h"

#include <algorithm>
#include <array>

namespace rekey {

std::string_view verdictName(LayerVerdict verdict)
{
    constexpr std::array<std::string_view, layerVerdicts> names
        = {"equal", "within tolerance", "drifts", "diverges", "follows", "not compared"};
    return names.at(static_cast<std::size_t>(verdict));
}

std::string_view weightsName(LayerWeights weights)
{
    constexpr std::array<std::string_view, 4> names = {"–", "unknown", "equal", "differ"};
    return names.at(static_cast<std::size_t>(weights));
}

std::string_view verdictName(ParityVerdict verdict)
{
    constexpr std::array<std::string_view, 6> names
        = {"nothing compared", "equal", "within tolerance", "weights differ", "computation differs", "differs"};
    return names.at(static_cast<std::size_t>(verdict));
}

std::size_t ActivationParity::count(LayerVerdict wanted) const
{
    return static_cast<std::size_t>(std::ranges::count(rows, wanted, &LayerParityRow::verdict));
}

ErrorOverDepth ActivationParity::errorOverDepth() const
{
    ErrorOverDepth result;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const LayerParityRow &row = rows[i];
        if (row.accumulated)
            result.accumulated.push_back({static_cast<double>(i), row.accumulated->error()});
        if (row.isolated)
            result.isolated.push_back({static_cast<double>(i), row.isolated->error()});
        if (result.sections.empty() || result.sections.back().name != row.section)
            result.sections.push_back({row.section, i, i});
        result.sections.back().last = i;
    }
    return result;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"

#include <map>
#include <string>
#include <vector>

namespace rekey {

/// Two steps of the coarser of two types at values as large as `largest`: differences that rounding explains.
double roundingTolerance(DType a, DType b, double largest);

/// The weights of a model that is checked: which keys and rules stand behind the runtime's own names, and whether they are the reference's.
class ModelWeightTable
{
public:
    /// `reference` null: what they ought to be is not known. Its failure to be compared becomes a warning.
    ModelWeightTable(const ModelWeights &checked, const ModelWeights *reference, ActivationParity &parity, const Progress &progress);

    /// Fills a row's keys, rules and state of weights from the keys that its layer computes with (TracedLayer::keys).
    void describe(LayerParityRow &row, const std::vector<std::string> &layerKeys) const;
    const std::vector<ModelKey> &keys() const { return m_keys; }

private:
    void compare(const ModelWeights &checked, const ModelWeights &reference, WeightParity &weights, const Progress &progress) const;

    std::vector<ModelKey> m_keys;
    std::map<std::string, std::uint32_t> m_rules; ///< by stored key
    std::map<std::string, std::vector<std::string>> m_sources;
    const WeightParity *m_weights = nullptr;
    std::map<std::string, const WeightParityRow *, std::less<>> m_rows; ///< by stored key
};

/// Fills a row's state of weights from rows of `weights` for its keys; rules of those that differ come first.
void describeWeights(LayerParityRow &row, const std::map<std::string, const WeightParityRow *, std::less<>> &weights,
                     const std::map<std::string, std::uint32_t> &rules);

} // namespace rekey

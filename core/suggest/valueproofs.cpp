// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueproofs.h"

#include "core/suggest/proofkinds.h"

namespace rekey {

std::vector<Pairing> provenByValues(const Schema &source, const Schema &target, const ValuePrints &values,
                                    const std::vector<bool> &skipSource, const std::vector<bool> &skipTarget,
                                    const std::vector<Pairing> &guesses)
{
    Proofs proofs(source, target, values, skipSource, skipTarget, guesses);
    const auto eachDtype = [&](const auto &prove) {
        for (const DType dtype : proofs.dtypes())
            prove(dtype);
    };
    eachDtype([&](DType dtype) { proveEqual(proofs, dtype); });
    eachDtype([&](DType dtype) { proveOtherLayouts(proofs, dtype); });
    eachDtype([&](DType dtype) { proveJoinedAndSplit(proofs, dtype, false); });
    eachDtype([&](DType dtype) { proveWoven(proofs, dtype); });
    proveBiasesAsWeights(proofs);
    eachDtype([&](DType dtype) { proveJoinedAndSplit(proofs, dtype, true); });
    return proofs.all();
}

} // namespace rekey

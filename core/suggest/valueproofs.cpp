// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueproofs.h"

#include "core/suggest/proofkinds.h"

namespace rekey {

std::vector<Pairing> provenByValues(const Checkpoint &sourceFile, const Checkpoint &targetFile, const ValuePrints &values,
                                    const std::vector<bool> &skipSource, const std::vector<bool> &skipTarget,
                                    const std::vector<Pairing> &guesses, const Progress &progress)
{
    const OpenFiles files{sourceFile, targetFile, progress};
    Proofs proofs(sourceFile.schema(), targetFile.schema(), values, skipSource, skipTarget, guesses);
    const auto eachDtype = [&](const auto &prove) {
        for (const DType dtype : proofs.dtypes())
            prove(dtype);
    };
    proveSplitWeightNorms(proofs, files);
    eachDtype([&](DType dtype) { proveEqual(proofs, dtype); });
    eachDtype([&](DType dtype) { proveOtherLayouts(proofs, dtype); });
    eachDtype([&](DType dtype) { proveJoinedAndSplit(proofs, dtype, false); });
    eachDtype([&](DType dtype) { proveWoven(proofs, dtype, false); });
    proveBiasesBesideWeights(proofs);
    eachDtype([&](DType dtype) { proveJoinedAndSplit(proofs, dtype, true); });
    eachDtype([&](DType dtype) { proveBiasesAsSomeWeight(proofs, dtype); });
    eachDtype([&](DType dtype) { proveWoven(proofs, dtype, true); });
    eachDtype([&](DType dtype) { proveWithZeros(proofs, dtype); });
    proveShifted(proofs);
    proveFusedWeightNorms(proofs, files);
    proveFoldedBatchNorms(proofs, files);
    return proofs.all();
}

} // namespace rekey

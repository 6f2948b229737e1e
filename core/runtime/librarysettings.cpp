// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/librarysettings.h"

#include <cstdlib>

namespace rekey {

void prepareLibraryEnvironment()
{
    constexpr int keep = 0;
    // Waiting threads that spin make everything several times slower as soon as another program wants a core, too; on an idle machine
    // sleeping costs nothing that could be measured.
    setenv("OMP_WAIT_POLICY", "passive", keep);
    // As the driver lists them, whence their names are read; CUDA's own order is by speed.
    setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID", keep);
#ifdef __x86_64__
    // OpenBLAS knows processors by model number. One newer than itself gets code for a Pentium 4 ("Prescott", 31 billion operations a
    // second where AVX-512 gives 121), so tell it what the processor can do.
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw")
        && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
    if (avx512)
        setenv("OPENBLAS_CORETYPE", "SkylakeX", keep);
    else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        setenv("OPENBLAS_CORETYPE", "Haswell", keep);
#endif
}

} // namespace rekey

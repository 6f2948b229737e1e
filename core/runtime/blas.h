// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>

namespace rekey {

struct BlasInfo
{
    std::string name;    ///< "OpenBLAS 0.3.21 (SkylakeX)", "reference BLAS" …
    bool slow = false;   ///< the reference implementation, about thirty times slower, or one that does not use this processor's vectors
};
/// Which library LibTorch's matrix products end in.
BlasInfo blasInfo();

/// Threads for LibTorch's own loops and for OpenBLAS. LibTorch starts with one here; 0: as many as OMP_NUM_THREADS says, else
/// one a core that this process may use.
void setThreads(int threads);
int threads();

/// While it lives, a matrix product runs on the thread that calls it: for loops that are parallel themselves.
class SingleThreadedBlas
{
public:
    SingleThreadedBlas();
    ~SingleThreadedBlas();
    SingleThreadedBlas(const SingleThreadedBlas &) = delete;
    SingleThreadedBlas &operator=(const SingleThreadedBlas &) = delete;
};

} // namespace rekey

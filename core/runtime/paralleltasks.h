// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/runtime/blas.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <atomic>

namespace rekey {

/// Calls work(task, worker) for tasks 0 … count - 1 on LibTorch's threads; `worker` is below threads(). Each thread takes the next task
/// when it is done with one, so that unequal cores and other programs cost little. Matrix products inside run on the thread that asks for
/// them. Which thread does what does not change results as long as a task depends on its number alone. Cancel takes effect between tasks.
template <class Work>
void parallelTasks(std::int64_t count, const Progress &progress, const Work &work)
{
    const SingleThreadedBlas blas;
    std::atomic<std::int64_t> next = 0;
    const std::int64_t workers = std::min<std::int64_t>(threads(), count);
    at::parallel_for(0, workers, 1, [&](std::int64_t begin, std::int64_t end) {
        const c10::InferenceMode mode;
        for (std::int64_t worker = begin; worker < end; ++worker) {
            for (std::int64_t task = next++; task < count; task = next++) {
                progress.check();
                work(task, worker);
            }
        }
    });
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/blas.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <thread>

namespace rekey {

namespace {

/// Optional functions of the BLAS in use, found by name: which BLAS it is is known only when the program runs.
template <class Function>
Function *blasFunction(const char *name)
{
    return reinterpret_cast<Function *>(dlsym(RTLD_DEFAULT, name));
}

void setBlasThreads(int threads)
{
    if (auto *set = blasFunction<void(int)>("openblas_set_num_threads"))
        set(threads);
    else if (auto *setBlis = blasFunction<void(long)>("bli_thread_set_num_threads"))
        setBlis(threads);
}

/// Whether code for a processor of 2008 wastes most of this one.
bool hasWideVectors()
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx2") != 0;
#else
    return false;
#endif
}

int coresForThisProcess()
{
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (sched_getaffinity(0, sizeof cores, &cores) == 0)
        return std::max(1, CPU_COUNT(&cores));
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
}

/// What the environment asks for, else one a core.
int defaultThreads()
{
    const char *asked = std::getenv("OMP_NUM_THREADS");
    const int count = asked != nullptr ? std::atoi(asked) : 0;
    return count > 0 ? std::min(count, 1024) : coresForThisProcess();
}

} // namespace

BlasInfo blasInfo()
{
    if (blasFunction<void()>("MKL_Get_Version") != nullptr || at::show_config().find("BLAS_INFO=mkl") != std::string::npos)
        return {"MKL", false};
    if (auto *config = blasFunction<const char *()>("openblas_get_config")) {
        // "OpenBLAS 0.3.21 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
        const std::string text = config();
        auto *core = blasFunction<const char *()>("openblas_get_corename");
        const std::string kind = core != nullptr ? core() : "";
        const bool old = kind == "Prescott" || kind == "Core2" || kind == "Nehalem" || kind == "Generic";
        return {text.substr(0, text.find(' ', text.find(' ') + 1)) + (kind.empty() ? "" : " (" + kind + ')'), old && hasWideVectors()};
    }
    if (blasFunction<const char *()>("bli_info_get_version_str") != nullptr)
        return {"BLIS", false};
    Dl_info library = {};
    void *product = dlsym(RTLD_DEFAULT, "sgemm_");
    if (product == nullptr || dladdr(product, &library) == 0 || library.dli_fname == nullptr)
        return {"built into LibTorch", false};
    std::error_code error;
    const std::filesystem::path path = std::filesystem::canonical(library.dli_fname, error);
    const std::string text = path.string();
    if (text.find("atlas") != std::string::npos)
        return {"ATLAS", false};
    if (path.filename().string().starts_with("libblas.so"))
        return {"reference BLAS", true};
    return {path.filename().string(), false};
}

void setThreads(int threads)
{
    const int count = threads > 0 ? threads : defaultThreads();
    at::set_num_threads(count);
    setBlasThreads(count);
}

int threads()
{
    return at::get_num_threads();
}

SingleThreadedBlas::SingleThreadedBlas()
{
    setBlasThreads(1);
}

SingleThreadedBlas::~SingleThreadedBlas()
{
    setBlasThreads(at::get_num_threads());
}

} // namespace rekey

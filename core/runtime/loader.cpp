// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/runtime/librarysettings.h"
#include "core/runtime/runtime.h"

#include <dlfcn.h>

#include <atomic>
#include <cstdlib>
#include <mutex>

namespace rekey {

namespace {

std::atomic<Runtime *> loaded = nullptr;

/// Beside librekey-core.so, wherever that was loaded from; $REKEY_RUNTIME overrides.
std::filesystem::path runtimeLibrary()
{
    if (const char *given = std::getenv("REKEY_RUNTIME"))
        return given;
    Dl_info self = {};
    if (dladdr(reinterpret_cast<void *>(&runtimeLibrary), &self) == 0 || self.dli_fname == nullptr)
        return "librekey-runtime.so";
    return std::filesystem::path(self.dli_fname).parent_path() / "librekey-runtime.so";
}

Runtime &load()
{
    const std::filesystem::path library = runtimeLibrary();
    prepareLibraryEnvironment();
    void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr)
        throw Error(library.string(), "runtime", std::string("cannot be loaded, so nothing can be computed or run here: ") + dlerror());
    using Entry = Runtime *();
    auto *entry = reinterpret_cast<Entry *>(dlsym(handle, "rekeyRuntime"));
    if (entry == nullptr)
        throw Error(library.string(), "runtime", "is not Rekey's runtime library");
    return *entry();
}

} // namespace

Runtime &runtime()
{
    static std::mutex mutex;
    const std::lock_guard lock(mutex);
    if (loaded == nullptr)
        loaded = &load();
    return *loaded;
}

bool runtimeLoaded()
{
    return loaded != nullptr;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/window.h"

#include "app/terminal.h"
#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/runtime/librarysettings.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace rekey {

namespace {

bool isSet(const char *variable)
{
    const char *value = std::getenv(variable);
    return value != nullptr && *value != '\0';
}

std::filesystem::path windowLibrary()
{
    Dl_info core = {};
    std::string_view (*inCore)(std::string_view) = &resource;
    if (dladdr(reinterpret_cast<void *>(inCore), &core) == 0 || core.dli_fname == nullptr)
        return "librekey-ui.so";
    return std::filesystem::path(core.dli_fname).parent_path() / "librekey-ui.so";
}

} // namespace

int openWindow(int argc, char **argv)
{
    std::error_code ignored;
    const bool demo = argc > 1 && std::string_view(argv[1]) == "demo";
    for (int i = 1; i < argc && !demo; ++i) {
        const std::string_view argument = argv[i];
        if (!argument.starts_with('-') && !std::filesystem::exists(argument, ignored)) {
            printError(displayText(argument, 200)
                       + (i == 1 ? ": no such file, and no subcommand of that name; 'rekey --help' lists them" : ": no such file"));
            return ExitUnreadable;
        }
    }
    const std::filesystem::path library = windowLibrary();
    if (!std::filesystem::exists(library, ignored)) {
        printError("The window is not installed here (" + library.string()
                   + " is missing; it was built with REKEY_GUI=OFF?); "
                     "'rekey --help' lists what works without it.");
        return ExitUsage;
    }
    if (!isSet("DISPLAY") && !isSet("WAYLAND_DISPLAY") && !isSet("QT_QPA_PLATFORM")) {
        printError(
            std::string("The window cannot open: there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set); ")
            + (demo ? "'rekey demo --headless -o DIR' shows the demo without one." : "'rekey --help' lists what works without one."));
        return ExitUsage;
    }
    // The window brings OpenMP along, which reads its settings once, when it is loaded: long before the runtime is.
    prepareLibraryEnvironment();
    void *handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) {
        printError(std::string("The window cannot be loaded: ") + dlerror());
        return ExitUsage;
    }
    using Entry = int(int, char **);
    auto *entry = reinterpret_cast<Entry *>(dlsym(handle, "rekeyWindow"));
    if (entry == nullptr) {
        printError(library.string() + " is not Rekey's window: it has no rekeyWindow.");
        return ExitUsage;
    }
    std::vector<char *> arguments(argv, argv + argc);
    std::string demoFlag = "--demo";
    if (demo)
        arguments = {argv[0], demoFlag.data()};
    arguments.push_back(nullptr);
    return entry(static_cast<int>(arguments.size()) - 1, arguments.data());
}

} // namespace rekey

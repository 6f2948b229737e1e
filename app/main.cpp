// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"
#include "app/window.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

int main(int argc, char **argv)
{
    const std::string_view first = argc > 1 ? argv[1] : "";
    bool headless = false;
    for (int i = 2; i < argc; ++i)
        headless = headless || std::string_view(argv[i]) == "--headless" || std::string_view(argv[i]) == "--help"
                   || std::string_view(argv[i]) == "-h";
    const bool windowDemo = first == "demo" && !headless;
    if (windowDemo || (!rekey::isSubcommand(first) && !first.starts_with('-')))
        return rekey::openWindow(argc, argv);
    // Ends here: giving back what 100,000 names hold, or unloading LibTorch, takes time and serves nobody.
    const int code = rekey::runCommandLine(argc, argv);
    std::fflush(nullptr);
    std::_Exit(code);
}

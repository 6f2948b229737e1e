// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"
#include "app/window.h"

#include <string_view>

int main(int argc, char **argv)
{
    const std::string_view first = argc > 1 ? argv[1] : "";
    bool headless = false;
    for (int i = 2; i < argc; ++i)
        headless = headless || std::string_view(argv[i]) == "--headless" || std::string_view(argv[i]) == "--help" || std::string_view(argv[i]) == "-h";
    const bool windowDemo = first == "demo" && !headless;
    if (windowDemo || (!rekey::isSubcommand(first) && !first.starts_with('-')))
        return rekey::openWindow(argc, argv);
    return rekey::runCommandLine(argc, argv);
}

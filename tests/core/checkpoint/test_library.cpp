// SPDX-License-Identifier: GPL-3.0-or-later
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <set>
#include <string>

namespace {

std::string outputOf(const std::string &command)
{
    const std::unique_ptr<FILE, int (*)(FILE *)> pipe(popen(command.c_str(), "r"), pclose);
    std::string text;
    char buffer[4096];
    while (pipe && std::fgets(buffer, sizeof buffer, pipe.get()))
        text += buffer;
    return text;
}

} // namespace

/// Readers that cannot start a program, reach the network or load code, whatever a file talks them into.
TEST(ReaderLibrary, LinksNothingThatRunsOrReachesOut)
{
    const std::set<std::string> forbidden
        = {"system",      "popen",         "fork",   "vfork",   "clone",       "execv",        "execve",  "execvp",     "execvpe",
           "execl",       "execlp",        "execle", "fexecve", "posix_spawn", "posix_spawnp", "socket",  "socketpair", "connect",
           "bind",        "listen",        "accept", "accept4", "send",        "sendto",       "sendmsg", "recv",       "recvfrom",
           "getaddrinfo", "gethostbyname", "dlopen", "dlmopen", "dlsym",       "ptrace",       "wordexp"};
    const std::string build = REKEY_BUILD;
    const std::string symbols
        = outputOf("nm -u '" + build + "/core/checkpoint/librekey-checkpoint.a' '" + build + "/core/base/librekey-base.a'");
    std::size_t seen = 0;
    for (std::size_t at = 0; at < symbols.size();) {
        const std::size_t end = std::min(symbols.find('\n', at), symbols.size());
        std::string line = symbols.substr(at, end - at);
        at = end + 1;
        const std::size_t mark = line.find(" U ");
        if (mark == std::string::npos)
            continue;
        ++seen;
        const std::string symbol = line.substr(mark + 3, line.find('@') - mark - 3);
        EXPECT_FALSE(forbidden.contains(symbol)) << symbol;
    }
    EXPECT_GT(seen, 100U) << "nm found no symbols";
}

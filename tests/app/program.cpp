// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/program.h"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace rekey::test {

namespace fs = std::filesystem;

namespace {

void redirect(const fs::path &path, int descriptor)
{
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2(file, descriptor);
    close(file);
}

Outcome execute(const std::vector<std::string> &arguments, const std::map<std::string, std::string> &environment,
                const std::function<void(pid_t)> &meanwhile)
{
    const TemporaryFolder folder;
    std::vector<char *> argv;
    std::string program = REKEY_PROGRAM;
    argv.push_back(program.data());
    std::vector<std::string> kept = arguments;
    for (std::string &argument : kept)
        argv.push_back(argument.data());
    argv.push_back(nullptr);

    const auto start = std::chrono::steady_clock::now();
    const pid_t child = fork();
    if (child < 0)
        throw std::runtime_error("fork failed");
    if (child == 0) {
        redirect(folder / "out", STDOUT_FILENO);
        redirect(folder / "err", STDERR_FILENO);
        for (const auto &[name, value] : environment)
            value.empty() ? unsetenv(name.c_str()) : setenv(name.c_str(), value.c_str(), 1);
        execv(program.c_str(), argv.data());
        _exit(126);
    }
    meanwhile(child);
    int status = 0;
    rusage usage = {};
    wait4(child, &status, 0, &usage);
    Outcome outcome;
    outcome.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    outcome.exitCode = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    outcome.maximumResidentKiB = usage.ru_maxrss;
    outcome.output = readFile(folder / "out");
    outcome.errors = readFile(folder / "err");
    return outcome;
}

} // namespace

Outcome runRekey(const std::vector<std::string> &arguments, const std::map<std::string, std::string> &environment)
{
    return execute(arguments, environment, [](pid_t) {});
}

Outcome rekeyInterrupted(const std::vector<std::string> &arguments, std::chrono::milliseconds delay)
{
    return execute(arguments, {}, [delay](pid_t child) {
        std::this_thread::sleep_for(delay);
        kill(child, SIGINT);
    });
}

TemporaryFolder::TemporaryFolder()
{
    std::string name = (fs::temp_directory_path() / "rekey-test-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr)
        throw std::runtime_error("no temporary folder");
    m_path = name;
}

TemporaryFolder::~TemporaryFolder()
{
    std::error_code ignored;
    fs::remove_all(m_path, ignored);
}

std::vector<std::string> TemporaryFolder::entries() const
{
    std::vector<std::string> names;
    for (const fs::directory_entry &entry : fs::recursive_directory_iterator(m_path))
        names.push_back(fs::relative(entry.path(), m_path).string());
    std::ranges::sort(names);
    return names;
}

std::string readFile(const fs::path &path)
{
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
}

void writeFile(const fs::path &path, const std::string &bytes)
{
    std::ofstream out(path, std::ios::binary);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void writeSafetensors(const fs::path &path, const std::string &header, const std::string &data)
{
    std::string bytes;
    for (int i = 0; i < 8; ++i)
        bytes += static_cast<char>(header.size() >> (8 * i) & 0xff);
    writeFile(path, bytes + header + data);
}

} // namespace rekey::test

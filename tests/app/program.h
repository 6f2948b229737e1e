// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace rekey::test {

struct Outcome
{
    int exitCode = -1; ///< 128 + signal when killed
    std::string output, errors;
    double milliseconds = 0;
    long maximumResidentKiB = 0;
};

/// Runs the built program and waits. Environment entries with an empty value are removed.
Outcome runRekey(const std::vector<std::string> &arguments, const std::map<std::string, std::string> &environment = {});

/// Starts it, sends SIGINT after the delay, and waits.
Outcome rekeyInterrupted(const std::vector<std::string> &arguments, std::chrono::milliseconds delay);

/// An empty folder, removed with all it holds at the end.
class TemporaryFolder
{
public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    const std::filesystem::path &path() const { return m_path; }
    std::string operator/(const std::string &name) const { return (m_path / name).string(); }
    /// Every file and folder below, relative, sorted.
    std::vector<std::string> entries() const;

private:
    std::filesystem::path m_path;
};

std::string readFile(const std::filesystem::path &path);
void writeFile(const std::filesystem::path &path, const std::string &bytes);
/// A safetensors file with these header text and data bytes.
void writeSafetensors(const std::filesystem::path &path, const std::string &header, const std::string &data);

} // namespace rekey::test

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

/// A folder of its own, gone with the object.
class TemporaryFolder
{
public:
    enum class Where { Disk, Memory };

    explicit TemporaryFolder(Where where = Where::Disk)
    {
        static std::atomic<int> counter = 0;
        const bool memory = where == Where::Memory && access("/dev/shm", W_OK) == 0;
        m_path = (memory ? "/dev/shm" : std::filesystem::temp_directory_path()) / fmt::format("rekey-test-{}-{}", getpid(), counter++);
        std::filesystem::create_directories(m_path);
    }
    ~TemporaryFolder()
    {
        std::error_code ignored;
        std::filesystem::permissions(m_path, std::filesystem::perms::owner_all, ignored);
        std::filesystem::remove_all(m_path, ignored);
    }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder &operator=(const TemporaryFolder &) = delete;

    std::filesystem::path operator/(std::string_view name) const { return m_path / name; }
    const std::filesystem::path &path() const { return m_path; }

    std::filesystem::path write(std::string_view name, std::string_view bytes) const
    {
        std::ofstream(m_path / name, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        return m_path / name;
    }
    /// Names of what is there.
    std::size_t count() const
    {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(m_path), std::filesystem::directory_iterator()));
    }

private:
    std::filesystem::path m_path;
};

/// A whole safetensors file: its length, the header and the data.
inline std::string safetensorsFile(std::string_view header, std::string_view data = {})
{
    const std::uint64_t length = header.size();
    std::string bytes(reinterpret_cast<const char *>(&length), sizeof length);
    bytes += header;
    bytes += data;
    return bytes;
}

inline std::string fileBytes(const std::filesystem::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// What opening says when it refuses; empty when it does not.
template <typename Function>
std::string refusal(Function function)
{
    try {
        function();
    } catch (const std::exception &error) {
        return error.what();
    }
    return {};
}

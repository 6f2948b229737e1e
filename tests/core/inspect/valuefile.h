// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include <unistd.h>

/// A safetensors file with one tensor "x", removed when the test ends.
class ValueFile
{
public:
    template<typename Value>
    ValueFile(const char *dtype, const std::vector<std::int64_t> &shape, const std::vector<Value> &values)
    {
        static int count = 0;
        m_path = std::filesystem::temp_directory_path() / fmt::format("rekey-inspect-{}-{}.safetensors", getpid(), count++);
        const std::string header = fmt::format(R"({{"x":{{"dtype":"{}","shape":[{}],"data_offsets":[0,{}]}}}})", dtype,
                                               fmt::join(shape, ","), values.size() * sizeof(Value));
        const std::uint64_t size = header.size();
        std::ofstream out(m_path, std::ios::binary);
        out.write(reinterpret_cast<const char *>(&size), 8);
        out << header;
        out.write(reinterpret_cast<const char *>(values.data()), static_cast<std::streamsize>(values.size() * sizeof(Value)));
    }
    ~ValueFile() { std::filesystem::remove(m_path); }
    ValueFile(const ValueFile &) = delete;
    ValueFile &operator=(const ValueFile &) = delete;

    rekey::CheckpointPtr open() const { return rekey::openCheckpoint(m_path); }

private:
    std::filesystem::path m_path;
};

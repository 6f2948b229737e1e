// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>

namespace rekey {

/// What parsing one file may build in all, in bytes. Counted where things are made, so that no file can ask for more
/// than limits::parsedMemory however it goes about it.
class ParseBudget
{
public:
    explicit ParseBudget(std::string file) : m_file(std::move(file)) { }

    void take(std::uint64_t bytes)
    {
        m_used += bytes;
        if (m_used > limits::parsedMemory)
            throw Error(m_file, {}, fmt::format("listing it would take more than {} MiB of memory", limits::parsedMemory / limits::MiB));
    }
    void give(std::uint64_t bytes) { m_used -= bytes; }
    std::uint64_t left() const { return limits::parsedMemory - m_used; }
    const std::string &file() const { return m_file; }

private:
    std::string m_file;
    std::uint64_t m_used = 0;
};

} // namespace rekey

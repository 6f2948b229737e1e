// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/error.h"
#include "core/checkpoint/limits.h"

#include <fmt/format.h>

#include <algorithm>
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
    void takeOpcode()
    {
        if (++m_opcodes > limits::pickleOpcodes)
            throw Error(m_file, {}, fmt::format("it has more than {} pickle opcodes", limits::pickleOpcodes));
    }
    /// Whether that many more sparse indices may be looked at.
    bool takeIndices(std::uint64_t count)
    {
        m_indices += std::min(count, limits::checkedIndices + 1);
        return m_indices <= limits::checkedIndices;
    }
    std::uint64_t left() const { return limits::parsedMemory - m_used; }
    const std::string &file() const { return m_file; }

private:
    std::string m_file;
    std::uint64_t m_used = 0;
    std::uint64_t m_opcodes = 0;
    std::uint64_t m_indices = 0;
};

} // namespace rekey

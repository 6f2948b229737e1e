// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpoint.h"
#include "core/runtime/conversion.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <string>

namespace rekey::test {

/// Type, shape and digest of the bytes, by key.
inline std::map<std::string, std::string> digests(const std::filesystem::path &path)
{
    const CheckpointPtr checkpoint = openCheckpoint(path);
    std::map<std::string, std::string> result;
    for (std::size_t i = 0; i < checkpoint->tensors().size(); ++i)
        result[checkpoint->tensors()[i].key] = fmt::format("{} {} {}", name(checkpoint->tensors()[i].dtype),
                                                           shapeText(checkpoint->tensors()[i].shape), sha256(*checkpoint, i));
    return result;
}

/// First tensor that one file has otherwise than the other; empty when they are equal.
inline std::string differences(const std::filesystem::path &found, const std::filesystem::path &expected)
{
    const auto here = digests(found), there = digests(expected);
    for (const auto &[key, digest] : there) {
        const auto other = here.find(key);
        if (other == here.end() || other->second != digest)
            return fmt::format("{}: '{}' is {}, expected {}", found.string(), key, other == here.end() ? "missing" : other->second, digest);
    }
    return here.size() == there.size() ? std::string()
                                       : fmt::format("{}: {} tensors, expected {}", found.string(), here.size(), there.size());
}

/// Rekey's own conversion.
inline void convert(CheckpointPtr source, const Mapping &mapping, CheckpointPtr target, const std::filesystem::path &destination)
{
    ConvertRequest request;
    request.source = std::move(source);
    request.mapping = mapping;
    request.target = std::move(target);
    request.destination = destination;
    request.allowIncomplete = true;
    convertCheckpoint(request, {});
}

} // namespace rekey::test

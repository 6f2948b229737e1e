// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/mapping.h"

#include "core/base/error.h"
#include "core/base/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace rekey {

namespace fs = std::filesystem;

std::string schemaFingerprint(const Schema &schema)
{
    std::vector<std::string> lines;
    lines.reserve(schema.tensors.size());
    for (const SchemaTensor &tensor : schema.tensors)
        lines.push_back(fmt::format("{} {} [{}]\n", tensor.key, name(tensor.dtype), fmt::join(tensor.shape, ",")));
    std::ranges::sort(lines);
    Sha256 digest;
    for (const std::string &line : lines)
        digest.add(line);
    return digest.hex();
}

MappingSide describeSide(const Schema &schema)
{
    return {schema.name, schemaFingerprint(schema), schema.tensors.size()};
}

Mapping loadMapping(const fs::path &path)
{
    constexpr std::uintmax_t largest = 256U << 20U;
    std::error_code error;
    if (fs::is_directory(path, error))
        throw Error(path.string(), {}, "is a folder, a mapping file (JSON) is expected");
    const std::uintmax_t size = fs::file_size(path, error);
    if (error)
        throw Error(path.string(), {}, fmt::format("cannot be read ({})", error.message()));
    if (size > largest)
        throw Error(path.string(), {}, fmt::format("has {} bytes, a mapping has at most {}", size, largest));
    std::ifstream file(path, std::ios::binary);
    std::stringstream content;
    content << file.rdbuf();
    if (!file)
        throw Error(path.string(), {}, fmt::format("cannot be read ({})", std::strerror(errno)));
    return mappingFromJson(content.str(), path.string());
}

void saveMapping(const Mapping &mapping, const fs::path &path)
{
    const std::string json = mappingToJson(mapping);
    fs::path part = path;
    part += fmt::format(".part-{}", ::getpid());
    errno = 0;
    std::ofstream file(part, std::ios::binary | std::ios::trunc);
    file.write(json.data(), static_cast<std::streamsize>(json.size()));
    file.close();
    std::error_code error;
    if (file)
        fs::rename(part, path, error);
    if (!file || error) {
        const std::string reason = error ? error.message() : std::strerror(errno);
        std::error_code ignored;
        fs::remove(part, ignored);
        throw Error(path.string(), {}, fmt::format("the mapping cannot be written ({})", reason));
    }
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/crc32.h"

#include <fmt/format.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Torch files spelled out by hand, for what no writer at hand writes.
namespace torchfile {

template <typename T>
void put(std::string &bytes, T value)
{
    bytes.append(reinterpret_cast<const char *>(&value), sizeof value);
}

using Records = std::vector<std::pair<std::string, std::string>>;

/// A zip of stored records, or of deflated ones whose only block is one of plain bytes (at most 65535).
inline std::string zip(const Records &records, bool deflated = false)
{
    std::string file;
    std::string directory;
    for (const auto &[name, content] : records) {
        std::string fields;
        std::string stored = content;
        if (deflated) {
            stored = "\1";
            put(stored, static_cast<std::uint16_t>(content.size()));
            put(stored, static_cast<std::uint16_t>(~content.size()));
            stored += content;
        }
        for (const std::uint16_t field : {20, 0, deflated ? 8 : 0, 0, 0})
            put(fields, field);
        put(fields, rekey::crc32(0, std::as_bytes(std::span(content))));
        put(fields, static_cast<std::uint32_t>(stored.size()));
        put(fields, static_cast<std::uint32_t>(content.size()));
        put(fields, static_cast<std::uint16_t>(name.size()));
        put(fields, std::uint16_t{0});
        directory += std::string("PK\1\2\0\0", 6) + fields + std::string(10, '\0');
        put(directory, static_cast<std::uint32_t>(file.size()));
        directory += name;
        file += "PK\3\4" + fields + name + stored;
    }
    std::string end = std::string("PK\5\6\0\0\0\0", 8);
    put(end, static_cast<std::uint16_t>(records.size()));
    put(end, static_cast<std::uint16_t>(records.size()));
    put(end, static_cast<std::uint32_t>(directory.size()));
    put(end, static_cast<std::uint32_t>(file.size()));
    put(end, std::uint16_t{0});
    return file + directory + end;
}

/// archive/data.pkl with the storages behind it; the pickle's STOP is added.
inline std::string archive(const std::string &pickle, const std::vector<std::string> &storages, const Records &more = {},
                           bool deflated = false)
{
    Records records = {{"archive/data.pkl", pickle + "."}};
    for (std::size_t i = 0; i < storages.size(); ++i)
        records.emplace_back(fmt::format("archive/data/{}", i), storages[i]);
    records.insert(records.end(), more.begin(), more.end());
    return zip(records, deflated);
}

// Pickles in the text of protocol 0, which people can read.

inline std::string numbers(const std::vector<std::int64_t> &values)
{
    std::string text = "(";
    for (const std::int64_t value : values)
        text += fmt::format("I{}\n", value);
    return text + "t";
}

inline std::string text(std::string_view value)
{
    return fmt::format("V{}\n", value);
}

inline std::string global(std::string_view module, std::string_view name)
{
    return fmt::format("c{}\n{}\n", module, name);
}

/// f(arguments…), with what stands behind the arguments as pickles.
inline std::string call(const std::string &function, const std::vector<std::string> &arguments)
{
    return fmt::format("{}({}tR", function, fmt::join(arguments, ""));
}

inline std::string storage(std::string_view type, int key, std::int64_t elements)
{
    return "(" + text("storage") + global("torch", type) + text(std::to_string(key)) + text("cpu") + fmt::format("I{}\ntQ", elements);
}

inline std::string noHooks()
{
    return call(global("collections", "OrderedDict"), {});
}

/// A contiguous tensor that fills its storage.
inline std::string tensor(std::string_view type, int key, const std::vector<std::int64_t> &shape)
{
    std::int64_t elements = 1;
    std::vector<std::int64_t> strides(shape.size());
    for (std::size_t i = shape.size(); i-- > 0;) {
        strides[i] = elements;
        elements *= shape[i];
    }
    return call(global("torch._utils", "_rebuild_tensor_v2"),
                {storage(type, key, elements), "I0\n", numbers(shape), numbers(strides), "I00\n", noHooks()});
}

inline std::string dict(const std::vector<std::pair<std::string, std::string>> &items)
{
    std::string pickle = "(d";
    for (const auto &[key, value] : items)
        pickle += text(key) + value + "s";
    return pickle;
}

/// Numbers as they lie in a file.
template <typename T>
std::string bytes(const std::vector<T> &values)
{
    return {reinterpret_cast<const char *>(values.data()), values.size() * sizeof(T)};
}

} // namespace torchfile

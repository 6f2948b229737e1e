// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/torchstorage.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

using Type = PickleValue::Type;

bool isPlainKey(const std::string &key)
{
    return !key.empty() && key.size() <= limits::storageKey && key[0] != '.' && std::ranges::all_of(key, [](char letter) {
        return letter == '_' || letter == '.' || letter == '-' || (letter >= '0' && letter <= '9') || (letter >= 'a' && letter <= 'z')
            || (letter >= 'A' && letter <= 'Z');
    });
}

bool isText(PickleValue value)
{
    return value.is(Type::Text) || value.is(Type::Bytes);
}

} // namespace

StorageId storageId(const PickleFile &file, PickleValue id, std::size_t size)
{
    const auto fail = [&](std::string reason) { file.fail(file.part + ": storage", std::move(reason)); };
    if (!id.is(Type::Tuple) || file.graph.items(id).size() != size)
        fail(fmt::format("its id is no tuple of {} items", size));
    const auto &items = file.graph.items(id);
    if (!isText(items[0]) || items[0].text() != "storage")
        fail(fmt::format("its id is of the kind \"{}\", \"storage\" was expected", displayText(shownValue(file, items[0]))));
    StorageId result;
    const auto type
        = items[1].is(Type::Global) ? storageClass(file.graph.global(items[1]).module, file.graph.global(items[1]).name) : std::nullopt;
    if (!type)
        fail(fmt::format("its class {} is unknown", displayText(shownValue(file, items[1]))));
    result.type = *type;
    if (items[2].is(Type::Integer))
        result.key = std::to_string(items[2].integer);
    else if (isText(items[2]))
        result.key = pickleText(items[2]);
    if (!isPlainKey(result.key))
        fail(fmt::format("its key \"{}\" is none (letters, digits, - _ . and at most {})", displayText(result.key), limits::storageKey));
    if (!isText(items[3]))
        file.fail("storage " + result.key, "its location is no text");
    if (!items[4].is(Type::Integer) || items[4].integer < 0)
        file.fail("storage " + result.key, fmt::format("its number of elements is {}", displayText(shownValue(file, items[4]))));
    result.elements = static_cast<std::uint64_t>(items[4].integer);
    // The packed four- and two-bit storages count bytes.
    const std::uint64_t width = info(result.type.dtype).blockBytes;
    if (result.elements > INT64_MAX / width)
        file.fail("storage " + result.key, fmt::format("{} elements of {} overflow", result.elements, name(result.type.dtype)));
    result.bytes = result.elements * width;
    return result;
}

} // namespace rekey

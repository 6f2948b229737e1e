// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/modulenames.h"

#include <algorithm>

namespace rekey {

namespace {

std::string withoutLast(std::string key, std::size_t segments)
{
    for (; segments > 0; --segments) {
        const std::size_t dot = key.rfind('.');
        if (dot == std::string::npos)
            return {};
        key.erase(dot);
    }
    return key;
}

/// The longest beginning of whole segments that both have.
std::string commonModule(const std::string &a, const std::string &b)
{
    const auto [inA, inB] = std::ranges::mismatch(a, b);
    if (inA == a.end() && (inB == b.end() || *inB == '.'))
        return a;
    if (inB == b.end() && *inA == '.')
        return b;
    return withoutLast(std::string(a.begin(), inA), 1);
}

} // namespace

std::vector<std::string> moduleNames(const std::string &module, const KeyPairs &pairs)
{
    std::vector<std::string> names;
    const auto add = [&](const std::string &name) {
        if (!name.empty() && std::ranges::find(names, name) == names.end())
            names.push_back(name);
    };
    std::string common;
    std::vector<std::string> counted;
    for (const auto &[key, other] : pairs) {
        if (!key.starts_with(module) || key.size() <= module.size() || key[module.size()] != '.')
            continue;
        const std::string parent = withoutLast(other, 1);
        common = common.empty() ? parent : commonModule(common, parent);
        if (common.empty())
            break;
        counted.push_back(withoutLast(
            other, static_cast<std::size_t>(std::count(key.begin() + static_cast<std::ptrdiff_t>(module.size()), key.end(), '.'))));
    }
    add(common);
    // A module that wraps a single other one: as many segments deep as on this side, where that lies around what they have in common.
    for (const std::string &name : counted) {
        if (common.starts_with(name + '.'))
            add(name);
    }
    return names;
}

} // namespace rekey

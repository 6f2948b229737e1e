// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/sizeclasses.h"

#include <algorithm>

namespace rekey {

namespace {

constexpr std::uint64_t mostPairs = 3'000'000;
constexpr std::uint64_t smallClass = 64;
constexpr std::int64_t reach = 6;           ///< places before and after
constexpr std::size_t mostWithNumbers = 12;

/// "3.17" of "layers.3.experts.17.up".
std::string numbersOf(const Unit &unit)
{
    std::string numbers;
    for (const auto &segment : unit.segments)
        for (const char c : segment + '.')
            if (c >= '0' && c <= '9')
                numbers += c;
            else if (!numbers.empty() && numbers.back() != '.')
                numbers += '.';
    return numbers;
}

} // namespace

SizeClasses::SizeClasses(const Side &source, const Side &target) : m_target(target), m_rank(target.atoms.size())
{
    for (std::uint32_t a = 0; a < source.atoms.size(); ++a)
        m_classes[source.atoms[a].elements].sources.push_back(a);
    std::uint64_t pairs = 0;
    for (std::uint32_t b = 0; b < target.atoms.size(); ++b)
        if (const auto members = m_classes.find(target.atoms[b].elements); members != m_classes.end()) {
            m_rank[b] = members->second.targets++;
            pairs += members->second.sources.size();
        }
    m_all = pairs <= mostPairs;
    if (m_all)
        return;
    for (auto &[elements, members] : m_classes)
        if (members.sources.size() > smallClass)
            for (const auto a : members.sources)
                members.byNumbers[numbersOf(source.units[source.atoms[a].unit])].push_back(a);
}

std::vector<std::uint32_t> SizeClasses::partners(std::uint32_t target) const
{
    const auto entry = m_classes.find(m_target.atoms[target].elements);
    if (entry == m_classes.end())
        return {};
    const Members &members = entry->second;
    if (m_all || members.sources.size() <= smallClass)
        return members.sources;
    const auto count = static_cast<std::int64_t>(members.sources.size());
    const auto place = static_cast<std::int64_t>(m_rank[target] * members.sources.size() / members.targets);
    std::vector<std::uint32_t> result(members.sources.begin() + std::max<std::int64_t>(0, place - reach),
                                      members.sources.begin() + std::min(count, place + reach + 1));
    if (const auto same = members.byNumbers.find(numbersOf(m_target.units[m_target.atoms[target].unit])); same != members.byNumbers.end())
        result.insert(result.end(), same->second.begin(),
                      same->second.begin() + static_cast<std::ptrdiff_t>(std::min(mostWithNumbers, same->second.size())));
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

} // namespace rekey

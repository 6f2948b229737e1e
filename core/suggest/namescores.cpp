// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/namescores.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace rekey {

namespace {

using Counts = std::map<std::string, std::uint32_t>;

/// Names of containers and layer kinds agree too often to tell anything.
bool saysLittle(const std::string &segment)
{
    const Words words = canonicalWords({segment});
    return std::all_of(words.begin(), words.end(),
                       [](const std::string &word) { return lexicon().generic.contains(word) || word.front() == '@'; });
}

/// Canonical words, and the module's name as it is written: "=cross_attn_image_to_token".
Words allWords(const Side &side, const Atom &atom, std::map<std::string, bool> &little)
{
    Words words = atom.words;
    for (const auto &segment : side.units[atom.unit].segments) {
        std::string name = "=";
        for (const char c : segment)
            if (!(c >= '0' && c <= '9'))
                name += c;
        const auto [known, isNew] = little.emplace(segment, false);
        if (isNew)
            known->second = saysLittle(segment);
        if (name.size() > 1 && !known->second)
            words.push_back(name);
    }
    return words;
}

Counts countWords(const Side &side)
{
    Counts counts;
    std::map<std::string, bool> little;
    for (const auto &atom : side.atoms) {
        Words words = allWords(side, atom, little);
        std::sort(words.begin(), words.end());
        words.erase(std::unique(words.begin(), words.end()), words.end());
        for (const auto &word : words)
            ++counts[word];
    }
    return counts;
}

/// "downscal"… of "downscaling" and "downscale": long common beginnings of words that only one side has.
bool sameBeginning(const std::string &a, const std::string &b)
{
    const std::size_t shorter = std::min(a.size(), b.size());
    std::size_t common = 0;
    while (common < shorter && a[common] == b[common])
        ++common;
    return common >= 4 && common * 10 >= shorter * 8;
}

/// What to call a word of the target, so that it equals the source's word for the same thing.
std::map<std::string, std::string> renamings(const Counts &source, const Counts &target)
{
    std::map<std::string, std::string> result;
    const auto only = [](const Counts &one, const Counts &other, const std::string &word) {
        return one.contains(word) && !other.contains(word);
    };
    for (const auto &[a, b] : lexicon().synonyms) {
        if (only(source, target, a) && only(target, source, b) && !result.contains(b))
            result.emplace(b, a);
        if (only(source, target, b) && only(target, source, a) && !result.contains(a))
            result.emplace(a, b);
    }
    for (const auto &[word, count] : target) {
        if (source.contains(word) || result.contains(word) || word.front() == '=')
            continue;
        for (const auto &[other, otherCount] : source)
            if (!target.contains(other) && sameBeginning(word, other)) {
                result.emplace(word, other);
                break;
            }
    }
    return result;
}

} // namespace

NameScores::NameScores(const Side &source, const Side &target)
{
    const Counts sourceCounts = countWords(source), targetCounts = countWords(target);
    const auto renamed = renamings(sourceCounts, targetCounts);
    std::map<std::string, std::uint32_t> ids;
    std::vector<double> inSource, inTarget;
    std::map<std::string, bool> little;
    const auto encode = [&](const Side &side, bool isTarget, std::vector<std::vector<std::uint32_t>> &out) {
        auto &counts = isTarget ? inTarget : inSource;
        for (const auto &atom : side.atoms) {
            std::vector<std::uint32_t> encoded;
            for (const auto &word : allWords(side, atom, little)) {
                const auto other = isTarget ? renamed.find(word) : renamed.end();
                const auto [id, isNew] = ids.emplace(other == renamed.end() ? word : other->second, static_cast<std::uint32_t>(ids.size()));
                if (isNew) {
                    inSource.push_back(0);
                    inTarget.push_back(0);
                }
                encoded.push_back(id->second);
            }
            std::sort(encoded.begin(), encoded.end());
            encoded.erase(std::unique(encoded.begin(), encoded.end()), encoded.end());
            for (const auto id : encoded)
                ++counts[id];
            out.push_back(std::move(encoded));
        }
    };
    encode(source, false, m_source);
    encode(target, true, m_target);

    m_weight.resize(ids.size());
    m_strange.resize(ids.size());
    const auto total = static_cast<double>(source.atoms.size() + target.atoms.size());
    for (const auto &[word, id] : ids) {
        double weight = std::clamp(std::log(total / (inSource[id] + inTarget[id])), 0.05, 3.5);
        if (lexicon().generic.contains(word))
            weight *= 0.35;
        else if (word.front() == '@')
            weight *= 0.6;
        const bool shared = inSource[id] > 0 && inTarget[id] > 0;
        m_weight[id] = static_cast<float>(shared ? weight : 0.0);
        const bool written = word.front() == '=';
        if (written)
            m_weight[id] *= 0.5F;
        m_strange[id] = static_cast<float>(shared || written ? 0.0 : 0.12 * weight);
    }
}

float NameScores::score(std::uint32_t sourceAtom, std::uint32_t targetAtom) const
{
    const auto &a = m_source[sourceAtom], &b = m_target[targetAtom];
    float same = 0, different = 0, strange = 0;
    for (std::size_t i = 0, j = 0; i < a.size() || j < b.size();) {
        if (j == b.size() || (i < a.size() && a[i] < b[j]))
            different += m_weight[a[i]], strange += m_strange[a[i]], ++i;
        else if (i == a.size() || b[j] < a[i])
            different += m_weight[b[j]], strange += m_strange[b[j]], ++j;
        else
            same += m_weight[a[i]], ++i, ++j;
    }
    // Long names agree in much: what they still differ in must count.
    const float sum = same - 0.5F * different - strange;
    constexpr float least = -5, much = 6, rest = 0.5;
    return std::max(least, sum <= much ? sum : much + rest * (sum - much));
}

} // namespace rekey

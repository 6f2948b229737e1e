// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/layerpairs.h"

#include "core/runtime/parity/arrangement.h"

#include <algorithm>
#include <map>

namespace rekey {

namespace {

constexpr std::size_t unpaired = SchemaIndex::npos;
/// Aligning takes as much time and memory as the product of both numbers of layers.
constexpr std::size_t mostAligned = 16'000'000;

/// The qualified name of the module, without the mark of a later call ("#2"); the rest goes to `mark`.
std::string moduleOf(const std::string &name, std::string &mark)
{
    const std::size_t at = name.find('#');
    mark = at == std::string::npos ? std::string() : name.substr(at);
    return name.substr(0, at);
}

class Pairing
{
public:
    Pairing(const ActivationFile &reference, const ActivationFile &checked)
        : m_reference(reference)
        , m_checked(checked)
        , m_partner(checked.entries().size(), unpaired)
        , m_taken(reference.entries().size(), false)
    {
        for (std::size_t i = 0; i < reference.entries().size(); ++i)
            m_index[reference.entries()[i].name] = i;
    }

    std::size_t byName()
    {
        std::size_t count = 0;
        for (std::size_t i = 0; i < m_partner.size(); ++i)
            count += pair(m_checked.entries()[i].name, i) ? 1 : 0;
        return count;
    }

    std::size_t byModule(const KeyPairs &keys)
    {
        std::size_t count = 0;
        KeyPairs back; // from the checked side's names to the reference's
        for (const auto &[from, to] : keys)
            back.emplace_back(to, from);
        for (std::size_t i = 0; i < m_partner.size(); ++i) {
            if (m_partner[i] != unpaired)
                continue;
            std::string mark;
            const std::string module = moduleOf(m_checked.entries()[i].name, mark);
            for (const std::string &name : moduleNames(module, back)) {
                if (pair(name + mark, i)) {
                    ++count;
                    break;
                }
            }
        }
        return count;
    }

    std::size_t byOrder()
    {
        std::size_t count = 0, firstA = 0, firstB = 0;
        for (std::size_t i = 0; i <= m_partner.size(); ++i) {
            const bool end = i == m_partner.size();
            if (!end && (m_partner[i] == unpaired || m_partner[i] < firstA))
                continue;
            count += align(firstA, end ? m_taken.size() : m_partner[i], firstB, i);
            firstA = end ? firstA : m_partner[i] + 1;
            firstB = i + 1;
        }
        return count;
    }

    std::vector<LayerPair> pairs() const
    {
        std::vector<LayerPair> result;
        for (std::size_t i = 0; i < m_partner.size(); ++i) {
            if (m_partner[i] != unpaired)
                result.push_back({&m_reference.entries()[m_partner[i]], &m_checked.entries()[i]});
        }
        return result;
    }

private:
    bool fits(std::size_t a, std::size_t b) const
    {
        return arrangement(m_checked.entries()[b].shape, m_reference.entries()[a].shape).has_value();
    }

    bool pair(const std::string &name, std::size_t checked)
    {
        const auto found = m_index.find(name);
        if (found == m_index.end() || m_taken[found->second] || !fits(found->second, checked))
            return false;
        m_partner[checked] = found->second;
        m_taken[found->second] = true;
        return true;
    }

    /// How much speaks for two layers being the same one; 0: nothing.
    float likeness(std::size_t a, std::size_t b) const
    {
        if (m_taken[a] || m_partner[b] != unpaired || !fits(a, b))
            return 0;
        const auto last = [](const std::string &name) { return name.substr(name.find_last_of("./:") + 1); };
        const bool named = last(m_reference.entries()[a].name) == last(m_checked.entries()[b].name);
        return named ? 1.5F : 1.0F;
    }

    /// The longest common row of layers (Needleman and Wunsch 1970) of [firstA, lastA) and [firstB, lastB).
    std::size_t align(std::size_t firstA, std::size_t lastA, std::size_t firstB, std::size_t lastB)
    {
        if (firstA >= lastA || firstB >= lastB || (lastA - firstA) * (lastB - firstB) > mostAligned)
            return 0;
        const std::size_t rows = lastA - firstA, columns = lastB - firstB;
        std::vector<float> best((rows + 1) * (columns + 1), 0);
        const auto at = [&](std::size_t i, std::size_t j) -> float & { return best[i * (columns + 1) + j]; };
        for (std::size_t i = rows; i-- > 0;) {
            for (std::size_t j = columns; j-- > 0;) {
                const float both = likeness(firstA + i, firstB + j);
                at(i, j) = std::max({at(i + 1, j), at(i, j + 1), both > 0 ? at(i + 1, j + 1) + both : 0});
            }
        }
        std::size_t count = 0;
        for (std::size_t i = 0, j = 0; i < rows && j < columns;) {
            const float both = likeness(firstA + i, firstB + j);
            if (both > 0 && at(i, j) == at(i + 1, j + 1) + both) {
                m_partner[firstB + j] = firstA + i;
                m_taken[firstA + i] = true;
                ++i, ++j, ++count;
            } else if (at(i, j) == at(i + 1, j)) {
                ++i;
            } else {
                ++j;
            }
        }
        return count;
    }

    const ActivationFile &m_reference, &m_checked;
    std::vector<std::size_t> m_partner; ///< by entry of the checked file
    std::vector<bool> m_taken; ///< by entry of the reference
    std::map<std::string, std::size_t> m_index;
};

} // namespace

LayerPairs pairLayers(const ActivationFile &reference, const ActivationFile &checked, const KeyPairs &keys)
{
    Pairing pairing(reference, checked);
    LayerPairs result;
    result.byName = pairing.byName();
    result.byModule = pairing.byModule(keys);
    result.byOrder = pairing.byOrder();
    result.pairs = pairing.pairs();
    return result;
}

} // namespace rekey

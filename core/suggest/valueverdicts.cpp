// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueproofs.h"

#include "core/mapping/numberless.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace rekey {

namespace {

std::string parentOf(const std::string &key)
{
    const std::size_t at = key.find_last_of("./");
    return at == std::string::npos ? std::string() : key.substr(0, at + 1);
}

/// What the values say of one tensor becoming another as it is.
enum class Relation : std::uint8_t { Unknown, EqualTelling, EqualConstant, Differ };

class Heeder
{
public:
    Heeder(std::vector<Pairing> &guesses, const Schema &source, const Schema &target, const ValuePrints &values)
        : m_pairings(guesses)
        , m_source(source)
        , m_target(target)
        , m_values(values)
        , m_proven(m_target.tensors.size())
    {
    }

    void run(std::vector<Pairing> proven)
    {
        for (const auto &pairing : proven)
            for (const auto t : pairing.targets)
                m_proven[t] = true;
        std::erase_if(m_pairings, [&](const Pairing &guess) {
            return std::any_of(guess.targets.begin(), guess.targets.end(), [&](std::uint32_t t) { return m_proven[t]; });
        });
        m_isReal = isReal(proven);
        if (m_isReal) {
            followParents(proven);
            for (auto &guess : m_pairings)
                judge(guess);
        }
        std::move(proven.begin(), proven.end(), std::back_inserter(m_pairings));
        std::stable_sort(m_pairings.begin(), m_pairings.end(),
                         [](const Pairing &a, const Pairing &b) { return a.targets.front() < b.targets.front(); });
        if (m_isReal)
            joinConstants();
    }

private:
    /// Most of what could be proven is: the target's weights are the source's.
    bool isReal(const std::vector<Pairing> &proven) const
    {
        std::size_t equal = 0, differ = 0;
        for (const auto &pairing : proven)
            equal += pairing.targets.size();
        for (const auto &guess : m_pairings)
            for (const auto t : guess.targets)
                if (const Print *print = m_values.target(t, m_values.targetDtype(t)))
                    differ += print->telling;
        return equal > differ;
    }

    /// The biases and counters of a module whose weight is proven come from the module that the weight comes from.
    void followParents(const std::vector<Pairing> &proven)
    {
        std::map<std::string, std::string> origin; // parents, of targets
        for (const auto &pairing : proven)
            if (pairing.sources.size() == 1 && pairing.targets.size() == 1) {
                const std::string from = parentOf(m_source.tensors[pairing.sources.front()].key);
                const auto [entry, isNew] = origin.emplace(parentOf(m_target.tensors[pairing.targets.front()].key), from);
                if (!isNew && entry->second != from)
                    entry->second.clear();
            }
        const SchemaIndex sources(m_source);
        for (auto &guess : m_pairings) {
            if (guess.sources.size() != 1 || guess.targets.size() != 1
                || relation(guess.sources.front(), guess.targets.front()) == Relation::Differ)
                continue;
            const std::string &key = m_target.tensors[guess.targets.front()].key, &from = m_source.tensors[guess.sources.front()].key;
            const auto entry = origin.find(parentOf(key));
            if (entry == origin.end() || entry->second.empty() || entry->second == parentOf(from))
                continue;
            const std::size_t beside = sources.find(entry->second + from.substr(parentOf(from).size()));
            if (beside == SchemaIndex::npos || m_source.tensors[beside].shape != m_source.tensors[guess.sources.front()].shape
                || relation(static_cast<std::uint32_t>(beside), guess.targets.front()) == Relation::Differ)
                continue;
            guess.sources.front() = static_cast<std::uint32_t>(beside);
            guess.evidence = {"beside a tensor whose values are equal"};
            guess.confidence = 0.97;
            guess.state = RuleState::Suggested;
        }
    }

    Relation relation(std::uint32_t s, std::uint32_t t) const
    {
        const DType dtype = m_values.common(s, t);
        const Print *a = m_values.source(s, dtype), *b = m_values.target(t, dtype);
        if (a == nullptr || b == nullptr)
            return Relation::Unknown;
        if (a->whole != b->whole)
            return a->telling || b->telling || a->bag != b->bag ? Relation::Differ : Relation::Unknown;
        return a->telling ? Relation::EqualTelling : Relation::EqualConstant;
    }

    void judge(Pairing &guess) const
    {
        // Stacks are not compared part by part, so nothing is known of them.
        if (std::any_of(guess.transform.begin(), guess.transform.end(), [](const Step &step) {
                return std::holds_alternative<Stack>(step.op) || std::holds_alternative<Unstack>(step.op);
            }))
            return;
        if (guess.sources.size() != 1 || guess.targets.size() != 1) {
            const bool differ = std::any_of(guess.targets.begin(), guess.targets.end(), [&](std::uint32_t t) {
                const Print *print = m_values.target(t, m_values.targetDtype(t));
                return print != nullptr && print->telling;
            });
            if (differ)
                doubt(guess);
            return;
        }
        const std::uint32_t s = guess.sources.front(), t = guess.targets.front();
        switch (relation(s, t)) {
        case Relation::Unknown:
        case Relation::EqualTelling: return;
        case Relation::EqualConstant:
            guess.confidence = std::max(guess.confidence, 0.97);
            guess.evidence.insert(guess.evidence.begin(), "values equal, though they are all alike");
            return;
        case Relation::Differ:
            if (!scaled(guess, s, t))
                doubt(guess);
        }
    }

    static void doubt(Pairing &guess)
    {
        guess.confidence = std::min(guess.confidence, 0.4);
        guess.state = RuleState::ToReview;
        guess.evidence.insert(guess.evidence.begin(), "values differ, though those of most others are equal");
    }

    /// One number multiplied everywhere. Vectors only: that is where it happens.
    bool scaled(Pairing &guess, std::uint32_t s, std::uint32_t t) const
    {
        constexpr std::size_t fewest = 8;
        const Shape &shape = m_source.tensors[s].shape;
        const auto &a = m_values.firstOfSource(s), &b = m_values.firstOfTarget(t);
        const Print *print = m_values.source(s, m_values.sourceDtype(s));
        if (shape != m_target.tensors[t].shape || shape.size() != 1 || elementCount(shape) < fewest || a.size() != elementCount(shape)
            || a.size() != b.size() || !guess.transform.empty() || print == nullptr || !print->telling)
            return false;
        const auto largest = std::max_element(a.begin(), a.end(), [](float x, float y) { return std::fabs(x) < std::fabs(y); }) - a.begin();
        const double factor = double(b[static_cast<std::size_t>(largest)]) / a[static_cast<std::size_t>(largest)];
        const double unit = std::ldexp(4.0, -precision(m_values.common(s, t)));
        if (!std::isfinite(factor) || factor == 0)
            return false;
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!(std::fabs(a[i] * factor - b[i]) <= unit * std::max({std::fabs(a[i] * factor), std::fabs(double(b[i])), 1e-3})))
                return false;
        guess.transform = {Step{Scale{factor}}};
        guess.state = RuleState::Proven;
        guess.confidence = 1;
        guess.evidence.insert(guess.evidence.begin(), fmt::format("values equal within rounding once multiplied by {:.6g}", factor));
        return true;
    }

    /// Equal constants in some blocks of a pattern that is proven in others are no exception to it.
    void joinConstants()
    {
        std::map<std::string, std::vector<std::size_t>> groups;
        for (std::size_t p = 0; p < m_pairings.size(); ++p)
            groups[numberless(m_source.tensors[m_pairings[p].sources.front()].key) + '\n'
                   + numberless(m_target.tensors[m_pairings[p].targets.front()].key) + '\n' + transformText(m_pairings[p].transform)]
                .push_back(p);
        for (const auto &[name, members] : groups) {
            if (std::none_of(members.begin(), members.end(), [&](std::size_t p) { return m_pairings[p].state == RuleState::Proven; }))
                continue;
            for (const std::size_t p : members) {
                Pairing &pairing = m_pairings[p];
                if (pairing.state == RuleState::Proven || pairing.sources.size() != 1 || pairing.targets.size() != 1
                    || relation(pairing.sources.front(), pairing.targets.front()) != Relation::EqualConstant)
                    continue;
                pairing.state = RuleState::Proven;
                pairing.confidence = 1;
            }
        }
    }

    std::vector<Pairing> &m_pairings;
    const Schema &m_source, &m_target;
    const ValuePrints &m_values;
    std::vector<bool> m_proven;
    bool m_isReal = false;
};

} // namespace

void heedValues(std::vector<Pairing> &guesses, std::vector<Pairing> proven, const Schema &source, const Schema &target,
                const ValuePrints &values)
{
    Heeder(guesses, source, target, values).run(std::move(proven));
}

} // namespace rekey

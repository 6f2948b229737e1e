// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include "core/suggest/rowmoves.h"

#include <algorithm>
#include <set>

namespace rekey {

namespace {

class WovenProofs
{
public:
    WovenProofs(Proofs &proofs, DType dtype, bool vectors) : m_proofs(proofs), m_dtype(dtype), m_vectors(vectors) {}

    void joined()
    {
        Owners owners;
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if ((m_proofs.from(s).size() < 2) == m_vectors)
                addOwner(owners, s, print.rows);
        });
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if ((m_proofs.to(t).size() < 2) == m_vectors)
                weaveJoined(t, print, owners);
        });
    }

    void split()
    {
        Owners owners;
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if ((m_proofs.to(t).size() < 2) == m_vectors)
                addOwner(owners, t, print.rows);
        });
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if ((m_proofs.from(s).size() < 2) == m_vectors)
                weaveSplit(s, print, owners);
        });
    }

private:
    using Owners = std::unordered_map<std::uint64_t, std::uint32_t>;

    /// For each line the tensor that has it, each tensor once, in order of first occurrence. Empty when a line is
    /// nowhere, or lines and rows of those tensors are not equally many.
    static Tensors ownersOf(Digests lines, const Owners &owners, const auto &rowsOf)
    {
        Tensors result;
        std::set<std::uint32_t> seen;
        for (const auto line : lines)
            if (const auto owner = owners.find(line); owner == owners.end())
                return {};
            else if (owner->second != none && seen.insert(owner->second).second)
                result.push_back(owner->second);
        std::size_t rows = 0;
        for (const auto tensor : result)
            rows += rowsOf(tensor);
        return rows == lines.size() ? result : Tensors{};
    }

    static void addOwner(Owners &owners, std::uint32_t tensor, Digests rows)
    {
        for (const auto row : rows)
            if (const auto [entry, isNew] = owners.emplace(row, tensor); !isNew && entry->second != tensor)
                entry->second = none; // several have it: does not tell
    }

    /// Consecutive rows, as many as each of the others has.
    static std::vector<Digests> cutAlike(Digests rows, const std::vector<Digests> &others)
    {
        std::vector<Digests> pieces;
        for (std::size_t start = 0; const auto &other : others) {
            pieces.push_back(rows.subspan(start, other.size()));
            start += other.size();
        }
        return pieces;
    }

    static std::vector<std::uint64_t> joined(const std::vector<Digests> &parts)
    {
        std::vector<std::uint64_t> all;
        for (const auto &part : parts)
            all.insert(all.end(), part.begin(), part.end());
        return all;
    }

    /// Steps that bring each part's own rows into order, before or after they are joined.
    static std::optional<Transform> partOrders(const std::vector<Digests> &from, const std::vector<Digests> &to)
    {
        Transform transform;
        for (std::size_t i = 0; i < from.size(); ++i) {
            const auto order = interleaving(from[i], to[i], 0);
            if (!order)
                return std::nullopt;
            if (!order->empty())
                transform.push_back(stepOf(order->front().op, static_cast<int>(i)));
        }
        return transform;
    }

    void weaveJoined(std::uint32_t t, const Print &print, const Owners &owners)
    {
        const Tensors parts = ownersOf(print.rows, owners, [&](auto s) { return m_proofs.values().source(s, m_dtype)->rows.size(); });
        if (parts.size() < 2 || !m_proofs.allComparable(parts, {t}, m_dtype) || !equalBut(parts, m_proofs.source(), 0))
            return;
        std::vector<Digests> sources;
        for (const auto s : parts)
            sources.emplace_back(m_proofs.values().source(s, m_dtype)->rows);
        if (auto each = partOrders(sources, cutAlike(print.rows, sources))) {
            each->push_back(stepOf(Concat{0}));
            const auto where = rangesOf(parts, m_proofs.source(), false);
            m_proofs.prove(parts, {t}, *each, m_dtype, "values equal: " + rangesText(where, parts, m_proofs.source(), lines(), "from"));
            return;
        }
        if (const auto order = interleaving(joined(sources), print.rows, 0)) {
            m_proofs.prove(parts, {t}, {stepOf(Concat{0}), order->front()}, m_dtype, mixedText());
            return;
        }
        // Mixed per head: taken apart again, the parts lie one after the other.
        eachWeave(print.rows.size(), 0, [&](const Interleave &apart) {
            const auto rows = woven(print.rows, apart);
            auto each = partOrders(sources, cutAlike(rows, sources));
            if (!each)
                return false;
            each->insert(each->end(), {stepOf(Concat{0}), stepOf(backwards(apart))});
            m_proofs.prove(parts, {t}, std::move(*each), m_dtype, mixedText());
            return true;
        });
    }

    void weaveSplit(std::uint32_t s, const Print &print, const Owners &owners)
    {
        const Tensors parts = ownersOf(print.rows, owners, [&](auto t) { return m_proofs.values().target(t, m_dtype)->rows.size(); });
        if (parts.size() < 2 || !m_proofs.allOpen(parts) || !m_proofs.allComparable({s}, parts, m_dtype)
            || !equalBut(parts, m_proofs.target(), 0))
            return;
        std::vector<Digests> targets;
        for (const auto t : parts)
            targets.emplace_back(m_proofs.values().target(t, m_dtype)->rows);
        const auto where = rangesOf(parts, m_proofs.target(), false);
        if (const auto each = partOrders(cutAlike(print.rows, targets), targets)) {
            Transform transform = {stepOf(splitInto(where, 0))};
            transform.insert(transform.end(), each->begin(), each->end());
            m_proofs.prove({s}, parts, std::move(transform), m_dtype,
                           "values equal: " + rangesText(where, parts, m_proofs.target(), lines(), "are"));
            return;
        }
        if (const auto order = interleaving(print.rows, joined(targets), 0)) {
            m_proofs.prove({s}, parts, {order->front(), stepOf(splitInto(where, 0))}, m_dtype, mixedText());
            return;
        }
        eachWeave(print.rows.size(), 0, [&](const Interleave &apart) {
            const auto rows = woven(print.rows, apart);
            const auto each = partOrders(cutAlike(rows, targets), targets);
            if (!each)
                return false;
            Transform transform = {stepOf(apart), stepOf(splitInto(where, 0))};
            transform.insert(transform.end(), each->begin(), each->end());
            m_proofs.prove({s}, parts, std::move(transform), m_dtype, mixedText());
            return true;
        });
    }

    const char *lines() const { return m_vectors ? "values" : "rows"; }
    const char *mixedText() const { return m_vectors ? "values equal, mixed per head" : "values equal, rows mixed per head"; }

    Proofs &m_proofs;
    DType m_dtype;
    bool m_vectors;
};

} // namespace

void proveWoven(Proofs &proofs, DType dtype, bool vectors)
{
    WovenProofs kind(proofs, dtype, vectors);
    kind.joined();
    kind.split();
}

} // namespace rekey

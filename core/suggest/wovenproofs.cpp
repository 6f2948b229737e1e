// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include <algorithm>
#include <set>

namespace rekey {

namespace {

class WovenProofs
{
public:
    WovenProofs(Proofs &proofs, DType dtype) : m_proofs(proofs), m_dtype(dtype) {}

    void joined()
    {
        Owners owners;
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if (m_proofs.from(s).size() >= 2)
                addOwner(owners, s, print.rows);
        });
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if (m_proofs.to(t).size() >= 2)
                weaveJoined(t, print, owners);
        });
    }

    void split()
    {
        Owners owners;
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) {
            if (m_proofs.to(t).size() >= 2)
                addOwner(owners, t, print.rows);
        });
        m_proofs.eachUnused(m_dtype, [&](std::uint32_t s, const Print &print) {
            if (m_proofs.from(s).size() >= 2)
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
        std::vector<std::uint64_t> all;
        std::vector<Digests> sources, pieces;
        for (const auto s : parts) {
            const auto &rows = m_proofs.values().source(s, m_dtype)->rows;
            sources.emplace_back(rows);
            pieces.push_back(Digests(print.rows).subspan(all.size(), rows.size()));
            all.insert(all.end(), rows.begin(), rows.end());
        }
        if (auto each = partOrders(sources, pieces)) {
            each->push_back(stepOf(Concat{0}));
            const auto where = rangesOf(parts, m_proofs.source(), false);
            m_proofs.prove(parts, {t}, *each, m_dtype, "values equal: " + rangesText(where, parts, m_proofs.source(), "rows", "from"));
        } else if (const auto order = interleaving(all, print.rows, 0)) {
            Transform transform = {stepOf(Concat{0})};
            transform.insert(transform.end(), order->begin(), order->end());
            m_proofs.prove(parts, {t}, std::move(transform), m_dtype, "values equal, rows mixed per head");
        }
    }

    void weaveSplit(std::uint32_t s, const Print &print, const Owners &owners)
    {
        const Tensors parts = ownersOf(print.rows, owners, [&](auto t) { return m_proofs.values().target(t, m_dtype)->rows.size(); });
        if (parts.size() < 2 || !m_proofs.allOpen(parts) || !m_proofs.allComparable({s}, parts, m_dtype)
            || !equalBut(parts, m_proofs.target(), 0))
            return;
        std::vector<std::uint64_t> all;
        std::vector<Digests> targets, pieces;
        for (const auto t : parts) {
            const auto &rows = m_proofs.values().target(t, m_dtype)->rows;
            targets.emplace_back(rows);
            pieces.push_back(Digests(print.rows).subspan(all.size(), rows.size()));
            all.insert(all.end(), rows.begin(), rows.end());
        }
        const auto where = rangesOf(parts, m_proofs.target(), false);
        if (const auto each = partOrders(pieces, targets)) {
            Transform transform = {stepOf(splitInto(where, 0))};
            transform.insert(transform.end(), each->begin(), each->end());
            m_proofs.prove({s}, parts, std::move(transform), m_dtype,
                           "values equal: " + rangesText(where, parts, m_proofs.target(), "rows", "are"));
        } else if (auto order = interleaving(print.rows, all, 0)) {
            order->push_back(stepOf(splitInto(where, 0)));
            m_proofs.prove({s}, parts, *order, m_dtype, "values equal, rows mixed per head");
        }
    }

    Proofs &m_proofs;
    DType m_dtype;
};

} // namespace

void proveWoven(Proofs &proofs, DType dtype)
{
    WovenProofs kind(proofs, dtype);
    kind.joined();
    kind.split();
}

} // namespace rekey

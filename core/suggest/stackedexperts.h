// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/suggest/matcher.h"
#include "core/suggest/repetition.h"

#include <map>
#include <string>
#include <vector>

namespace rekey {

/// Mixtures of experts whose experts are modules of their own on one side ("experts.{e}.gate_proj.weight", out × in) and one tensor for all
/// on the other ("experts.gate_up_proj", experts × …), or whose stacks are cut differently. They are matched as if there were only one
/// expert; what is found for that one is then written for all of them.
class StackedExperts
{
public:
    StackedExperts(const Schema &source, const Schema &target, const Skipped &skipped);

    /// Whether there is anything of this kind; if not, nothing below means anything.
    bool any() const { return m_any; }
    /// With the same tensors, of which the first expert's and the stacks look like those of a single expert.
    const Schema &source() const { return m_source.schema; }
    const Schema &target() const { return m_target.schema; }
    /// Without the other experts.
    const Skipped &skipped() const { return m_skipped; }
    /// Pairings of the single expert become pairings of all.
    void writeForAll(TensorMatches &matches) const;

private:
    struct View
    {
        const Schema *real = nullptr;
        Schema schema;
        std::map<std::uint32_t, std::vector<std::uint32_t>> separate; ///< first expert's tensor -> all experts'
        std::map<std::uint32_t, std::int64_t> stacked;                ///< tensor of all experts -> how many
    };
    enum class Kind { None, Separate, Stacked, Mixed };
    struct Group { std::string key; std::vector<std::uint32_t> tensors; };

    static std::vector<Group> groupsOf(const Schema &schema, const std::vector<bool> &skipped);
    void viewSeparate(View &view, std::vector<bool> &skipped, const std::vector<Group> &groups);
    static Kind kindOf(const View &view, const std::vector<std::uint32_t> &tensors);
    bool write(Pairing &pairing) const;

    View m_source, m_target;
    Skipped m_skipped;
    bool m_any = false;
};

} // namespace rekey

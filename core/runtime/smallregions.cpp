// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/everythingsteps.h"

#include <algorithm>
#include <numeric>

namespace rekey {

namespace {

/// Eight-connected regions of pixels that are `value`, found run by run.
class Regions
{
public:
    Regions(const std::vector<std::uint8_t> &pixels, int width, int height, bool value)
    {
        std::size_t above = 0, aboveEnd = 0; // runs of the row above
        for (int y = 0; y < height; ++y) {
            const std::size_t first = m_runs.size();
            const std::uint8_t *row = pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
            for (int x = 0; x < width;) {
                if ((row[x] != 0) != value) {
                    ++x;
                    continue;
                }
                const int begin = x;
                while (x < width && (row[x] != 0) == value)
                    ++x;
                m_parent.push_back(m_runs.size());
                m_runs.push_back({y, begin, x});
            }
            for (std::size_t run = first, other = above; run < m_runs.size() && other < aboveEnd;) {
                if (m_runs[other].end >= m_runs[run].begin && m_runs[other].begin <= m_runs[run].end)
                    join(run, other);
                m_runs[other].end < m_runs[run].end ? ++other : ++run;
            }
            above = first;
            aboveEnd = m_runs.size();
        }
        m_sizes.assign(m_runs.size(), 0);
        for (std::size_t run = 0; run < m_runs.size(); ++run)
            m_sizes[root(run)] += m_runs[run].end - m_runs[run].begin;
    }

    /// By root, in the order of their first pixels.
    std::vector<std::size_t> roots()
    {
        std::vector<std::size_t> result;
        for (std::size_t run = 0; run < m_runs.size(); ++run) {
            if (root(run) == run)
                result.push_back(run);
        }
        return result;
    }
    std::int64_t size(std::size_t region) const { return m_sizes[region]; }

    template <class Chosen>
    void paint(std::vector<std::uint8_t> &pixels, int width, std::uint8_t colour, const Chosen &chosen)
    {
        for (std::size_t run = 0; run < m_runs.size(); ++run) {
            if (!chosen(root(run)))
                continue;
            const Run &r = m_runs[run];
            std::fill_n(pixels.begin() + static_cast<std::ptrdiff_t>(r.y) * width + r.begin, r.end - r.begin, colour);
        }
    }

private:
    struct Run
    {
        int y, begin, end;
    };
    std::size_t root(std::size_t run)
    {
        while (m_parent[run] != run)
            run = m_parent[run] = m_parent[m_parent[run]];
        return run;
    }
    /// The earlier run is the root, so roots are regions' first runs.
    void join(std::size_t a, std::size_t b)
    {
        a = root(a);
        b = root(b);
        m_parent[std::max(a, b)] = std::min(a, b);
    }

    std::vector<Run> m_runs;
    std::vector<std::size_t> m_parent;
    std::vector<std::int64_t> m_sizes;
};

bool fillSmallHoles(std::vector<std::uint8_t> &pixels, int width, int height, int minArea)
{
    Regions holes(pixels, width, height, false);
    bool changed = false;
    for (const std::size_t hole : holes.roots())
        changed = changed || holes.size(hole) < minArea;
    if (changed)
        holes.paint(pixels, width, 1, [&](std::size_t hole) { return holes.size(hole) < minArea; });
    return changed;
}

bool removeSmallIslands(std::vector<std::uint8_t> &pixels, int width, int height, int minArea)
{
    Regions islands(pixels, width, height, true);
    const std::vector<std::size_t> all = islands.roots();
    const auto isSmall = [&](std::size_t island) { return islands.size(island) < minArea; };
    if (std::ranges::none_of(all, isSmall))
        return false;
    const bool onlySmall = std::ranges::all_of(all, isSmall);
    const std::size_t largest = *std::ranges::max_element(all, {}, [&](std::size_t island) { return islands.size(island); });
    islands.paint(pixels, width, 0, [&](std::size_t island) { return isSmall(island) && !(onlySmall && island == largest); });
    return true;
}

} // namespace

bool removeSmallRegions(std::vector<std::uint8_t> &pixels, int width, int height, int minArea)
{
    const bool filled = fillSmallHoles(pixels, width, height, minArea);
    return removeSmallIslands(pixels, width, height, minArea) || filled;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/maskexport.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>

namespace rekey {

namespace {

using Point = std::array<double, 2>;

/// Walks along the edges between foreground and background, foreground on the right-hand side.
class OutlineTracer
{
public:
    explicit OutlineTracer(const RunLengthMask &mask)
        : m_width(mask.width)
        , m_height(mask.height)
        , m_pixels(decodeMask(mask))
        , m_walked(m_pixels.size(), 0)
    {
    }

    /// Row by row from the top, so that a hole is met after the ring around it.
    std::vector<PolygonRing> trace()
    {
        std::vector<std::vector<std::size_t>> within; // by ring: holes
        std::vector<std::size_t> outer;
        for (int y = 0; y < m_height; ++y) {
            for (int x = 0; x < m_width; ++x) {
                if (!foreground(x, y))
                    continue;
                if (!foreground(x, y - 1) && (m_walked[index(x, y)] & topWalked) == 0) {
                    outer.push_back(m_rings.size());
                    m_outerOf.push_back(m_rings.size());
                    walk({x, y}, East, false);
                    within.emplace_back();
                }
                if (!foreground(x, y + 1) && (m_walked[index(x, y)] & bottomWalked) == 0) {
                    const std::size_t parent = m_outerOf[ringToTheLeft(x, y)];
                    within[parent].push_back(m_rings.size());
                    m_outerOf.push_back(parent);
                    walk({x + 1, y + 1}, West, true);
                    within.emplace_back();
                }
            }
        }
        std::vector<PolygonRing> ordered;
        for (const std::size_t ring : outer) {
            ordered.push_back(std::move(m_rings[ring]));
            for (const std::size_t hole : within[ring])
                ordered.push_back(std::move(m_rings[hole]));
        }
        return ordered;
    }

private:
    enum Direction { East, South, West, North };
    struct Corner
    {
        int x, y;
        bool operator==(const Corner &) const = default;
    };
    static constexpr std::uint8_t topWalked = 1, bottomWalked = 2;

    std::size_t index(int x, int y) const
    {
        return static_cast<std::size_t>(y) * static_cast<std::size_t>(m_width) + static_cast<std::size_t>(x);
    }
    bool foreground(int x, int y) const { return x >= 0 && y >= 0 && x < m_width && y < m_height && m_pixels[index(x, y)] != 0; }

    std::size_t ringToTheLeft(int x, int y) const
    {
        while (foreground(x - 1, y))
            --x;
        return m_leftEdges.at(index(x, y));
    }

    /// Whether an edge leads from the corner into that direction: foreground to its right, background to its left.
    bool leads(Corner at, Direction direction) const
    {
        switch (direction) {
        case East: return foreground(at.x, at.y) && !foreground(at.x, at.y - 1);
        case South: return foreground(at.x - 1, at.y) && !foreground(at.x, at.y);
        case West: return foreground(at.x - 1, at.y - 1) && !foreground(at.x - 1, at.y);
        case North: return foreground(at.x, at.y - 1) && !foreground(at.x - 1, at.y - 1);
        }
        return false;
    }

    void step(Corner &at, Direction direction)
    {
        switch (direction) {
        case East: m_walked[index(at.x++, at.y)] |= topWalked; break;
        case South: ++at.y; break;
        case West: m_walked[index(--at.x, at.y - 1)] |= bottomWalked; break;
        case North: m_leftEdges.emplace(index(at.x, --at.y), m_rings.size()); break;
        }
    }

    void walk(Corner start, Direction first, bool hole)
    {
        PolygonRing ring {{}, hole};
        Corner at = start;
        Direction direction = first;
        do {
            step(at, direction);
            // Left before straight before right: where pixels touch at a corner only, on to the other one.
            Direction next = static_cast<Direction>((direction + 3) % 4);
            while (!leads(at, next))
                next = static_cast<Direction>((next + 1) % 4);
            if (next != direction)
                ring.points.push_back({static_cast<double>(at.x), static_cast<double>(at.y)});
            direction = next;
        } while (at != start || direction != first);
        m_rings.push_back(std::move(ring));
    }

    int m_width, m_height;
    std::vector<std::uint8_t> m_pixels, m_walked;
    std::unordered_map<std::size_t, std::size_t> m_leftEdges; ///< pixel: the ring along its left edge
    std::vector<PolygonRing> m_rings;
    std::vector<std::size_t> m_outerOf; ///< by ring: the outer ring of the region
};

double distance(const Point &point, const Point &a, const Point &b)
{
    const double dx = b[0] - a[0], dy = b[1] - a[1], length = std::hypot(dx, dy);
    if (length == 0)
        return std::hypot(point[0] - a[0], point[1] - a[1]);
    return std::abs(dx * (point[1] - a[1]) - dy * (point[0] - a[0])) / length;
}

/// Marks which points between first and last (indices modulo the size) are kept.
void keepBetween(const std::vector<Point> &points, std::size_t first, std::size_t last, double tolerance, std::vector<bool> &kept)
{
    std::vector<std::pair<std::size_t, std::size_t>> open {{first, last}};
    while (!open.empty()) {
        const auto [begin, end] = open.back();
        open.pop_back();
        double farthest = 0;
        std::size_t at = begin;
        for (std::size_t i = begin + 1; i < end; ++i) {
            const double d = distance(points[i % points.size()], points[begin], points[end % points.size()]);
            if (d > farthest) {
                farthest = d;
                at = i;
            }
        }
        if (farthest <= tolerance)
            continue;
        kept[at % points.size()] = true;
        open.emplace_back(begin, at);
        open.emplace_back(at, end);
    }
}

void simplify(std::vector<Point> &points, double tolerance)
{
    std::size_t opposite = 0;
    double farthest = 0;
    for (std::size_t i = 1; i < points.size(); ++i) {
        const double d = std::hypot(points[i][0] - points[0][0], points[i][1] - points[0][1]);
        if (d > farthest) {
            farthest = d;
            opposite = i;
        }
    }
    std::vector<bool> kept(points.size(), false);
    kept[0] = kept[opposite] = true;
    keepBetween(points, 0, opposite, tolerance, kept);
    keepBetween(points, opposite, points.size(), tolerance, kept);
    std::vector<Point> fewer;
    for (std::size_t i = 0; i < points.size(); ++i) {
        if (kept[i])
            fewer.push_back(points[i]);
    }
    if (fewer.size() >= 3)
        points = std::move(fewer);
}

} // namespace

std::vector<PolygonRing> maskPolygons(const RunLengthMask &mask, double tolerance)
{
    std::vector<PolygonRing> rings = OutlineTracer(mask).trace();
    if (tolerance > 0) {
        for (PolygonRing &ring : rings)
            simplify(ring.points, tolerance);
    }
    return rings;
}

} // namespace rekey

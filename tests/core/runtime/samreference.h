// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace rekey::test {

/// Values of one tensor or intermediate result.
struct Values
{
    Shape shape;
    std::vector<float> numbers;
};

inline Values readValues(const Checkpoint &checkpoint, const std::string &key)
{
    const std::size_t index = checkpoint.find(key);
    if (index == SchemaIndex::npos)
        throw std::out_of_range(key);
    Values values{checkpoint.tensors()[index].shape, {}};
    forEachBlock(checkpoint, index, 1 << 16, [&](std::uint64_t, std::span<const float> block) {
        values.numbers.insert(values.numbers.end(), block.begin(), block.end());
    });
    return values;
}

/// What a segmenter computed since the last clear, by name.
class Recording
{
public:
    explicit Recording(Segmenter &segmenter)
        : m_segmenter(segmenter)
    {
        segmenter.setTrace([this](const std::string &name, const Shape &shape, std::span<const float> values) {
            m_values[name] = {shape, {values.begin(), values.end()}};
        });
    }
    ~Recording() { m_segmenter.setTrace({}); }
    Recording(const Recording &) = delete;
    Recording &operator=(const Recording &) = delete;

    bool has(const std::string &name) const { return m_values.contains(name); }
    const Values &at(const std::string &name) const { return m_values.at(name); }
    void clear() { m_values.clear(); }

private:
    Segmenter &m_segmenter;
    std::map<std::string, Values> m_values;
};

/// Largest absolute difference; infinite when the numbers of values differ or one is not finite.
inline double difference(const std::vector<float> &a, const std::vector<float> &b)
{
    if (a.size() != b.size())
        return std::numeric_limits<double>::infinity();
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double error = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
        if (!std::isfinite(error))
            return std::numeric_limits<double>::infinity();
        largest = std::max(largest, error);
    }
    return largest;
}

} // namespace rekey::test

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/comparison.h"

#include "core/base/error.h"
#include "core/inspect/valueblocks.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <unordered_map>

namespace rekey {

namespace {

struct Stripped
{
    std::vector<std::string_view> keys;
    std::vector<const Shape *> shapes;
};

/// Keys without the first of the prefixes that they begin with; without any of them they are left out.
Stripped strip(const Schema &schema, const std::vector<std::string> &prefixes)
{
    Stripped result;
    for (const SchemaTensor &tensor : schema.tensors) {
        const std::string_view key = tensor.key;
        const auto prefix = std::ranges::find_if(prefixes, [&](const std::string &p) { return key.starts_with(p); });
        if (!prefixes.empty() && prefix == prefixes.end())
            continue;
        result.keys.push_back(prefixes.empty() ? key : key.substr(prefix->size()));
        result.shapes.push_back(&tensor.shape);
    }
    return result;
}

/// Types whose values a float cannot hold exactly.
bool needsDouble(DType dtype)
{
    switch (dtype) {
    case DType::F64:
    case DType::I64:
    case DType::U64:
    case DType::I32:
    case DType::U32:
    case DType::QI32: return true;
    default: return false;
    }
}

class DifferenceSums
{
public:
    template <typename Value> void add(std::span<const Value> a, std::span<const Value> b)
    {
        m_count += a.size();
        if (a.empty())
            return;
        if (std::memcmp(a.data(), b.data(), a.size_bytes()) == 0) {
            for (const Value value : a)
                addEqual(static_cast<double>(value));
            return;
        }
        for (std::size_t i = 0; i < a.size(); ++i)
            addPair(static_cast<double>(a[i]), static_cast<double>(b[i]));
    }

    ValueDifference result() const
    {
        ValueDifference difference;
        difference.differing = m_differing;
        difference.notFinite = m_notFinite;
        difference.count = m_count;
        difference.largest = m_largest;
        difference.equal = m_differing == 0;
        difference.maxAbsolute = m_maximum;
        difference.meanAbsolute = m_count == 0 ? 0 : m_sum / static_cast<double>(m_count);
        if (m_squareDistance > 0)
            difference.relative = m_squareB > 0 ? std::sqrt(m_squareDistance / m_squareB) : std::numeric_limits<double>::infinity();
        if (!difference.equal)
            difference.cosine = m_squareA > 0 && m_squareB > 0 ? m_product / (std::sqrt(m_squareA) * std::sqrt(m_squareB)) : 0;
        return difference;
    }

private:
    void addEqual(double value)
    {
        const bool finite = std::isfinite(value);
        const double square = finite ? value * value : 0;
        m_largest = std::max(m_largest, finite ? std::abs(value) : 0);
        m_notFinite += finite ? 0 : 1;
        m_squareA += square;
        m_squareB += square;
        m_product += square;
    }

    void addPair(double a, double b)
    {
        if (a == b || (std::isnan(a) && std::isnan(b)))
            return addEqual(a);
        ++m_differing;
        const double distance = std::abs(a - b);
        // One NaN or opposite infinities: as different as can be.
        m_maximum = std::isnan(distance) ? std::numeric_limits<double>::infinity() : std::max(m_maximum, distance);
        m_sum += std::isnan(distance) ? std::numeric_limits<double>::infinity() : distance;
        if (std::isfinite(b))
            m_largest = std::max(m_largest, std::abs(b));
        if (!std::isfinite(a) || !std::isfinite(b)) {
            ++m_notFinite;
        } else {
            m_squareDistance += distance * distance;
            m_squareA += a * a;
            m_squareB += b * b;
            m_product += a * b;
        }
    }

    std::uint64_t m_count = 0, m_differing = 0, m_notFinite = 0;
    double m_maximum = 0, m_sum = 0, m_largest = 0, m_squareDistance = 0, m_squareA = 0, m_squareB = 0, m_product = 0;
};

template <typename Value>
ValueDifference compareAs(const Checkpoint &a, std::size_t tensorA, const Checkpoint &b, std::size_t tensorB, const Progress &progress)
{
    // Both sides block by block: the first side's block is kept while the second side's is decoded.
    const std::uint64_t count = a.tensors()[tensorA].elements();
    DifferenceSums sums;
    std::vector<Value> kept;
    for (std::uint64_t done = 0; done < count; done += valuesPerBlock) {
        progress.step(done, count, "comparing values");
        const std::uint64_t now = std::min(valuesPerBlock, count - done);
        forEachBlockOf(a, tensorA, done, now, {},
                       [&](std::uint64_t, std::span<const Value> values) { kept.assign(values.begin(), values.end()); });
        forEachBlockOf(b, tensorB, done, now, {}, [&](std::uint64_t, std::span<const Value> values) { sums.add<Value>(kept, values); });
    }
    return sums.result();
}

} // namespace

KeyDifference compareKeys(const Schema &a, const Schema &b, const KeyDifferenceOptions &options)
{
    const Stripped left = strip(a, options.stripPrefixes), right = strip(b, options.stripPrefixes);
    std::unordered_map<std::string_view, const Shape *> inA, inB;
    for (std::size_t i = 0; i < left.keys.size(); ++i)
        inA.emplace(left.keys[i], left.shapes[i]);
    for (std::size_t i = 0; i < right.keys.size(); ++i)
        inB.emplace(right.keys[i], right.shapes[i]);

    KeyDifference difference;
    for (std::size_t i = 0; i < left.keys.size(); ++i) {
        const auto partner = inB.find(left.keys[i]);
        const std::string key(left.keys[i]);
        if (partner == inB.end()) {
            difference.onlyA.push_back(key);
            continue;
        }
        difference.common.push_back(key);
        if (*left.shapes[i] != *partner->second)
            difference.shapeMismatch.push_back({key, *left.shapes[i], *partner->second});
    }
    for (const std::string_view key : right.keys) {
        if (!inA.contains(key))
            difference.onlyB.emplace_back(key);
    }
    return difference;
}

ValueDifference compareValues(const Checkpoint &a, std::size_t tensorA, const Checkpoint &b, std::size_t tensorB, const Progress &progress)
{
    const TensorEntry &left = a.tensors()[tensorA], &right = b.tensors()[tensorB];
    if (left.elements() != right.elements()) {
        throw Error(a.name(), displayText(left.key),
                    "values of " + shapeText(left.shape) + " and " + shapeText(right.shape) + " (" + b.name() + ": "
                        + displayText(right.key) + ") cannot be compared");
    }
    if (needsDouble(left.dtype) || needsDouble(right.dtype))
        return compareAs<double>(a, tensorA, b, tensorB, progress);
    return compareAs<float>(a, tensorA, b, tensorB, progress);
}

ValueDifference compareValues(std::span<const double> a, std::span<const double> b)
{
    DifferenceSums sums;
    sums.add<double>(a, b);
    return sums.result();
}

ValueDifference compareValues(std::span<const float> a, std::span<const float> b)
{
    DifferenceSums sums;
    sums.add<float>(a, b);
    return sums.result();
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/tensorprint.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rekey {

namespace {

constexpr std::uint64_t blockElements = 1 << 16;

std::uint64_t mixed(std::uint64_t x)
{
    x += 0x632be59bd9b4e019ULL;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    return x ^ x >> 29;
}

/// To the nearest value of bfloat16, ties to even.
float roundedToBf16(float value)
{
    auto bits = std::bit_cast<std::uint32_t>(value);
    if (!std::isnan(value))
        bits += 0x7FFFU + ((bits >> 16) & 1U);
    return std::bit_cast<float>(bits & 0xFFFF0000U);
}

/// To the nearest value of IEEE binary16, ties to even; too large becomes infinite.
float roundedToF16(float value)
{
    const float magnitude = std::fabs(value);
    if (!(magnitude < 65520.0F))
        return std::isnan(value) ? value : std::copysign(INFINITY, value);
    // Adding a power of two whose last bit is worth one step of the result rounds to it, ties to even.
    const std::uint32_t exponent = std::max(std::bit_cast<std::uint32_t>(magnitude) >> 23, 113U); // subnormals share the least step
    const auto anchor = std::bit_cast<float>((exponent + 13U) << 23);
    const float sum = magnitude + anchor;
    return std::copysign(sum - anchor, value);
}

float rounded(float value, DType dtype)
{
    if (dtype == DType::F16)
        return roundedToF16(value);
    return dtype == DType::BF16 ? roundedToBf16(value) : value;
}

std::uint64_t valueBits(float value)
{
    return std::bit_cast<std::uint32_t>(value == 0 ? 0.0F : value);
}

/// Digest of a row of one value.
std::uint64_t asRow(std::uint64_t m) { return m * 0x9e3779b97f4a7c15ULL + m; }

/// Whether values tell one tensor from another: masks of two values and tables that count do not.
class Variety
{
public:
    bool enough() const { return m_distinct.size() >= most && !m_counting; }

    void add(std::span<const float> values)
    {
        for (const float value : values) {
            if (m_count == 1)
                m_step = value - m_previous;
            else if (m_count > 1)
                m_counting = m_counting && value - m_previous == m_step;
            m_previous = value;
            ++m_count;
            if (m_distinct.size() < most && std::find(m_distinct.begin(), m_distinct.end(), value) == m_distinct.end())
                m_distinct.push_back(value);
            if (enough())
                return;
        }
    }

private:
    static constexpr std::size_t most = 3;
    std::vector<float> m_distinct;
    std::uint64_t m_count = 0;
    float m_previous = 0, m_step = 0;
    bool m_counting = true;
};

/// Sums up one print.
class Printer
{
public:
    Printer(Print &print, const Shape &shape, DType dtype) : m_print(print), m_dtype(dtype), m_shape(shape)
    {
        const std::uint64_t elements = elementCount(shape), rows = shape.empty() ? 1 : static_cast<std::uint64_t>(shape[0]);
        m_rowLength = std::max<std::uint64_t>(1, elements / std::max<std::uint64_t>(1, rows));
        print.rows.assign(rows, 0);
        if (shape.size() < 2)
            return;
        // Few long rows: digests of columns would take as much memory as the values.
        constexpr std::uint64_t fewRows = 8, longRow = 4096;
        if (rows >= fewRows || m_rowLength <= longRow)
            print.columns.assign(m_rowLength, 0);
        for (const auto size : shape)
            print.axes.emplace_back(static_cast<std::size_t>(size), 0);
        m_lastLength = static_cast<std::uint64_t>(shape.back());
        if (shape.size() > 2 && (elements / m_lastLength >= fewRows || m_lastLength <= longRow))
            print.last.assign(m_lastLength, 0);
        m_moments.assign(rows, 0);
    }

    void add(std::uint64_t first, std::span<const float> values)
    {
        while (!values.empty()) {
            const std::uint64_t row = first / m_rowLength, column = first % m_rowLength;
            const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(values.size(), m_rowLength - column));
            if (m_shape.size() < 2)
                addElements(first, values.first(std::min(values.size(), m_print.rows.size())));
            else if (m_shape.size() == 2)
                addRow(row, column, values.first(count));
            else
                addSlices(row, column, values.first(count));
            const std::size_t taken = m_shape.size() < 2 ? values.size() : count;
            first += taken;
            values = values.subspan(taken);
        }
    }

    void finish()
    {
        constexpr std::uint64_t odd = 0x9e3779b97f4a7c15ULL;
        std::uint64_t moment = m_moment;
        if (m_shape.size() >= 2) {
            moment = 0;
            for (std::size_t r = 0; r < m_print.rows.size(); ++r) {
                moment += m_moments[r] + r * m_rowLength * m_print.axes[0][r];
                m_print.bag += m_print.axes[0][r];
                m_print.rows[r] = m_moments[r] * odd + m_print.axes[0][r];
            }
        }
        m_print.whole = moment * odd + m_print.bag;
        for (auto *digests : {&m_print.columns, &m_print.last})
            for (auto &digest : *digests)
                digest *= odd;
        if (m_shape.size() == 2)
            for (std::size_t c = 0; c < m_print.columns.size(); ++c)
                m_print.columns[c] += m_print.axes[1][c];
        if (!m_columnBags.empty())
            for (std::size_t c = 0; c < m_print.columns.size(); ++c)
                m_print.columns[c] += m_columnBags[c];
        for (std::size_t c = 0; c < m_print.last.size(); ++c)
            m_print.last[c] += m_print.axes.back()[c];
    }

private:
    std::uint64_t number(float value) const { return mixed(valueBits(rounded(value, m_dtype))); }

    void addElements(std::uint64_t first, std::span<const float> values)
    {
        for (const float value : values) {
            const std::uint64_t m = number(value);
            m_print.rows[first++] = asRow(m);
            m_print.bag += m;
            m_moment += m * first;
        }
    }

    void addRow(std::uint64_t row, std::uint64_t column, std::span<const float> values)
    {
        std::uint64_t bag = 0, moment = 0;
        std::uint64_t *columns = m_print.columns.empty() ? nullptr : m_print.columns.data() + column;
        std::uint64_t *bags = m_print.axes[1].data() + column;
        for (std::size_t j = 0; j < values.size(); ++j) {
            const std::uint64_t m = number(values[j]);
            bag += m;
            moment += m * (column + j + 1);
            bags[j] += m;
            if (columns != nullptr)
                columns[j] += m * (row + 1);
        }
        m_print.axes[0][row] += bag;
        m_moments[row] += moment;
    }

    /// Of a tensor of more than two dimensions: runs along the last one.
    void addSlices(std::uint64_t row, std::uint64_t column, std::span<const float> values)
    {
        if (m_columnBags.empty() && !m_print.columns.empty())
            m_columnBags.assign(m_print.columns.size(), 0);
        for (std::size_t j = 0; j < values.size();) {
            const std::uint64_t place = column + j, last = place % m_lastLength, lead = (row * m_rowLength + place) / m_lastLength;
            const auto count = std::min<std::size_t>(values.size() - j, m_lastLength - last);
            std::uint64_t bag = 0;
            for (std::size_t i = 0; i < count; ++i) {
                const std::uint64_t m = number(values[j + i]);
                bag += m;
                m_moments[row] += m * (place + i + 1);
                m_print.axes.back()[last + i] += m;
                if (!m_print.last.empty())
                    m_print.last[last + i] += m * (lead + 1);
                if (!m_print.columns.empty()) {
                    m_columnBags[place + i] += m;
                    m_print.columns[place + i] += m * (row + 1);
                }
            }
            std::uint64_t rest = lead;
            for (std::size_t d = m_shape.size() - 1; d-- > 0; rest /= static_cast<std::uint64_t>(m_shape[d]))
                m_print.axes[d][rest % static_cast<std::uint64_t>(m_shape[d])] += bag;
            j += count;
        }
    }

    Print &m_print;
    DType m_dtype;
    Shape m_shape;
    std::uint64_t m_rowLength = 1, m_lastLength = 1, m_moment = 0;
    std::vector<std::uint64_t> m_moments, m_columnBags;
};

/// Of TensorPrints::first.
std::size_t valuesKept(const Shape &shape)
{
    constexpr std::uint64_t few = 64, longest = 1 << 16;
    const std::uint64_t elements = elementCount(shape);
    const bool isVector = std::any_of(shape.begin(), shape.end(), [&](auto size) { return static_cast<std::uint64_t>(size) == elements; });
    return isVector && elements <= longest ? elements : std::min(few, elements);
}

} // namespace

std::uint64_t Print::bytes() const
{
    std::uint64_t numbers = rows.size() + columns.size() + last.size();
    for (const auto &axis : axes)
        numbers += axis.size();
    return sizeof(Print) + numbers * sizeof(std::uint64_t);
}

bool hasNumbers(const TensorEntry &entry)
{
    return isDecodable(entry.dtype) && entry.kind != TensorKind::Meta && entry.kind != TensorKind::Object && entry.elements() > 0;
}

int precision(DType dtype)
{
    switch (dtype) {
    case DType::BF16: return 8;
    case DType::F16: return 11;
    case DType::F32: return 24;
    default: return 53;
    }
}

DType effectiveDtype(const Checkpoint &checkpoint, std::size_t tensor)
{
    const TensorEntry &entry = checkpoint.tensors()[tensor];
    if (entry.dtype != DType::F32)
        return entry.dtype;
    const auto bytes = checkpoint.view(tensor);
    const std::size_t count = std::min<std::size_t>(bytes.size() / sizeof(float), 256);
    constexpr std::size_t fewest = 16; // of which three are not just 0 or 1
    std::size_t telling = 0;
    bool fitsBf16 = true, fitsF16 = true;
    for (std::size_t i = 0; i < count; ++i) {
        float value = 0;
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * sizeof value), sizeof value, reinterpret_cast<std::byte *>(&value));
        telling += value != 0 && value != 1;
        fitsBf16 = fitsBf16 && roundedToBf16(value) == value;
        fitsF16 = fitsF16 && roundedToF16(value) == value;
    }
    if (telling < fewest)
        return entry.dtype;
    return fitsBf16 ? DType::BF16 : fitsF16 ? DType::F16 : entry.dtype;
}

std::uint64_t elementDigest(float value, DType dtype)
{
    return asRow(mixed(valueBits(rounded(value, dtype))));
}

TensorPrints printTensor(const Checkpoint &checkpoint, std::size_t tensor, const std::set<DType> &dtypes, const Progress &progress,
                         std::atomic<std::uint64_t> &read)
{
    const TensorEntry &entry = checkpoint.tensors()[tensor];
    const std::size_t kept = valuesKept(entry.shape);
    TensorPrints result;
    auto &prints = result.byDtype;
    std::vector<Printer> printers;
    printers.reserve(dtypes.size());
    for (const DType dtype : dtypes)
        printers.emplace_back(prints[dtype], entry.shape, dtype);
    Variety variety;
    forEachBlock(checkpoint, tensor, blockElements, [&](std::uint64_t first, std::span<const float> values) {
        progress.check();
        if (!variety.enough())
            variety.add(values);
        if (first < kept)
            for (const float value : values.first(std::min<std::size_t>(values.size(), kept - first)))
                result.first.push_back(value);
        for (auto &printer : printers)
            printer.add(first, values);
        read += entry.bytes() * values.size() / entry.elements();
    });
    for (auto &printer : printers)
        printer.finish();
    for (auto &[dtype, print] : prints)
        print.telling = variety.enough();
    return result;
}

} // namespace rekey

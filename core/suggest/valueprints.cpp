// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueprints.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <set>

namespace rekey {

namespace {

constexpr std::uint64_t blockElements = 1 << 16;

std::uint64_t mixed(std::uint64_t x)
{
    x ^= x >> 32;
    x *= 0xd6e8feb86659fd93ULL;
    x ^= x >> 32;
    return x;
}

void fold(std::uint64_t &digest, std::uint64_t value)
{
    digest = std::rotl(digest, 5) * 0x9e3779b97f4a7c15ULL + value;
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
    int exponent = 0;
    std::frexp(magnitude, &exponent);
    const int step = std::max(exponent, -13) - 11; // subnormals share the step of the least normal
    return std::copysign(static_cast<float>(std::ldexp(std::nearbyint(std::ldexp(static_cast<double>(magnitude), -step)), step)), value);
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

/// Significant bits: what is coarser.
int precision(DType dtype)
{
    switch (dtype) {
    case DType::BF16: return 8;
    case DType::F16: return 11;
    case DType::F32: return 24;
    default: return 53;
    }
}

bool readable(const TensorEntry &entry)
{
    return isDecodable(entry.dtype) && entry.kind != TensorKind::Meta && entry.kind != TensorKind::Object && entry.elements() > 0;
}

class Printer
{
public:
    Printer(Print &print, const Shape &shape, DType dtype) : m_print(print), m_dtype(dtype)
    {
        const std::uint64_t rows = shape.empty() ? 1 : static_cast<std::uint64_t>(shape[0]);
        m_rowLength = std::max<std::uint64_t>(1, elementCount(shape) / std::max<std::uint64_t>(1, rows));
        print.rows.assign(rows, 0);
        if (shape.size() == 2)
            print.columns.assign(static_cast<std::size_t>(shape[1]), 0);
        m_elements = elementCount(shape);
    }

    void add(std::uint64_t first, std::span<const float> values)
    {
        std::uint64_t row = first / m_rowLength, column = first % m_rowLength;
        for (const float raw : values) {
            const std::uint64_t bits = mixed(valueBits(rounded(raw, m_dtype)) + 0x632be59bd9b4e019ULL);
            m_print.bag += bits;
            fold(m_print.whole, bits);
            fold(m_print.rows[row], bits);
            if (!m_print.columns.empty())
                fold(m_print.columns[column], bits);
            m_print.telling = m_print.telling || (m_seen && bits != m_first) || (m_elements == 1 && raw != 0 && raw != 1);
            m_first = m_seen ? m_first : bits;
            m_seen = true;
            if (++column == m_rowLength) {
                column = 0;
                ++row;
            }
        }
    }

private:
    Print &m_print;
    DType m_dtype;
    std::uint64_t m_rowLength = 1, m_elements = 0, m_first = 0;
    bool m_seen = false;
};

std::set<DType> dtypesOf(const Checkpoint &checkpoint)
{
    std::set<DType> dtypes;
    for (const auto &entry : checkpoint.tensors())
        if (readable(entry))
            dtypes.insert(entry.dtype);
    return dtypes;
}

std::vector<std::map<DType, Print>> printAll(const Checkpoint &checkpoint, const std::set<DType> &others, const Progress &progress)
{
    const auto &tensors = checkpoint.tensors();
    std::vector<std::map<DType, Print>> prints(tensors.size());
    std::uint64_t total = 0, done = 0;
    for (const auto &entry : tensors)
        total += entry.elements();
    for (std::size_t t = 0; t < tensors.size(); ++t) {
        if (!readable(tensors[t]))
            continue;
        std::set<DType> dtypes = {tensors[t].dtype};
        for (const DType other : others)
            if (precision(other) < precision(tensors[t].dtype))
                dtypes.insert(other);
        std::vector<Printer> printers;
        for (const DType dtype : dtypes)
            printers.emplace_back(prints[t][dtype], tensors[t].shape, dtype);
        forEachBlock(checkpoint, t, blockElements, [&](std::uint64_t first, std::span<const float> values) {
            progress.step(done + first, total, "reading weights");
            for (auto &printer : printers)
                printer.add(first, values);
        });
        done += tensors[t].elements();
    }
    return prints;
}

/// The digests of the rows or columns that a piece is made of.
std::span<const std::uint64_t> lines(const Print &print, const Part &part)
{
    const auto &all = part.index >= 0 && part.dim == 1 && !print.columns.empty() ? print.columns : print.rows;
    if (part.index < 0)
        return all;
    const auto start = static_cast<std::size_t>(part.start), size = static_cast<std::size_t>(part.size);
    return start + size <= all.size() ? std::span(all).subspan(start, size) : std::span<const std::uint64_t>();
}

std::uint64_t bagOf(std::span<const std::uint64_t> digests)
{
    std::uint64_t sum = 0;
    for (const auto digest : digests)
        sum += mixed(digest);
    return sum;
}

bool sameBag(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b)
{
    return !a.empty() && a.size() == b.size() && bagOf(a) == bagOf(b);
}

bool sameSequence(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b)
{
    return !a.empty() && std::equal(a.begin(), a.end(), b.begin(), b.end());
}

/// from, seen as [outer, a, b, rest], is to, seen as [outer, b, a, rest].
bool interleaves(std::span<const std::uint64_t> from, std::span<const std::uint64_t> to, std::size_t outer, std::size_t a, std::size_t b)
{
    const std::size_t rest = from.size() / (outer * a * b);
    for (std::size_t o = 0; o < outer; ++o)
        for (std::size_t i = 0; i < a; ++i)
            for (std::size_t j = 0; j < b; ++j)
                for (std::size_t r = 0; r < rest; ++r)
                    if (from[((o * a + i) * b + j) * rest + r] != to[((o * b + j) * a + i) * rest + r])
                        return false;
    return true;
}

std::optional<Transform> interleave(std::span<const std::uint64_t> from, std::span<const std::uint64_t> to)
{
    const std::size_t rows = from.size();
    for (std::size_t outer = 1; outer <= rows; ++outer) {
        if (rows % outer != 0)
            continue;
        const std::size_t inner = rows / outer;
        for (const std::size_t few : {std::size_t(3), std::size_t(2)})
            for (std::size_t many = 2; inner % few == 0 && many <= inner / few; ++many) {
                if ((inner / few) % many != 0)
                    continue;
                for (const auto &[a, b] : {std::pair(few, many), std::pair(many, few)})
                    if (interleaves(from, to, outer, a, b))
                        return Transform{Step{Interleave{0, static_cast<std::int64_t>(outer), static_cast<std::int64_t>(a), static_cast<std::int64_t>(b)}}};
            }
    }
    return std::nullopt;
}

const Print *find(const std::vector<std::map<DType, Print>> &prints, std::uint32_t tensor, DType dtype)
{
    const auto print = prints[tensor].find(dtype);
    return print == prints[tensor].end() ? nullptr : &print->second;
}

} // namespace

ValuePrints::ValuePrints(const Checkpoint &sourceFile, const Checkpoint &targetFile, const Progress &progress)
    : m_sourceFile(sourceFile), m_targetFile(targetFile), m_source(printAll(sourceFile, dtypesOf(targetFile), progress.part(0, 0.5))),
      m_target(printAll(targetFile, dtypesOf(sourceFile), progress.part(0.5, 1)))
{
}

const Print *ValuePrints::source(std::uint32_t tensor, DType dtype) const { return find(m_source, tensor, dtype); }
const Print *ValuePrints::target(std::uint32_t tensor, DType dtype) const { return find(m_target, tensor, dtype); }

DType ValuePrints::common(std::uint32_t sourceTensor, std::uint32_t targetTensor) const
{
    const DType a = m_sourceFile.tensors()[sourceTensor].dtype, b = m_targetFile.tensors()[targetTensor].dtype;
    return precision(a) <= precision(b) ? a : b;
}

ValuePrints::Verdict ValuePrints::compare(const Piece &from, const Piece &to) const
{
    const DType dtype = common(from.tensor, to.tensor);
    const Print *a = source(from.tensor, dtype), *b = target(to.tensor, dtype);
    if (a == nullptr || b == nullptr || !a->telling || !b->telling)
        return Verdict::Unknown;
    if (from.part.index < 0 && to.part.index < 0)
        return a->bag == b->bag ? Verdict::Same : Verdict::Different;
    if (sameBag(lines(*a, from.part), lines(*b, to.part)))
        return Verdict::Same;
    // A whole matrix against rows or columns of one that lies the other way round.
    const bool crosswise = (from.part.index < 0 && sameBag(a->columns, lines(*b, to.part)))
        || (to.part.index < 0 && sameBag(lines(*a, from.part), b->columns));
    return crosswise ? Verdict::Same : Verdict::Different;
}

bool ValuePrints::equal(const Piece &from, const Piece &to) const
{
    const DType dtype = common(from.tensor, to.tensor);
    const Print *a = source(from.tensor, dtype), *b = target(to.tensor, dtype);
    if (a == nullptr || b == nullptr)
        return false;
    if (from.part.index < 0 && to.part.index < 0)
        return a->whole == b->whole;
    return sameSequence(lines(*a, from.part), lines(*b, to.part));
}

bool ValuePrints::equalTransposed(const Piece &from, const Piece &to) const
{
    const DType dtype = common(from.tensor, to.tensor);
    const Print *a = source(from.tensor, dtype), *b = target(to.tensor, dtype);
    if (a == nullptr || b == nullptr)
        return false;
    if (from.part.index < 0)
        return sameSequence(a->columns, lines(*b, to.part));
    return to.part.index < 0 && (from.part.dim == 1 ? sameSequence(lines(*a, from.part), b->rows) : sameSequence(lines(*a, from.part), b->columns));
}

std::optional<Transform> ValuePrints::rowOrder(const std::vector<Piece> &sources, const Piece &to) const
{
    const DType dtype = common(sources.front().tensor, to.tensor);
    const Print *b = target(to.tensor, dtype);
    std::vector<std::uint64_t> rows;
    for (const auto &piece : sources) {
        const Print *a = source(piece.tensor, dtype);
        if (a == nullptr || b == nullptr)
            return std::nullopt;
        const auto more = lines(*a, piece.part);
        rows.insert(rows.end(), more.begin(), more.end());
    }
    const auto wanted = lines(*b, to.part);
    if (sameSequence(rows, wanted))
        return Transform{};
    return sameBag(rows, wanted) ? interleave(rows, wanted) : std::nullopt;
}

std::vector<int> ValuePrints::blockOrder(std::uint32_t from, std::uint32_t to) const
{
    const DType dtype = common(from, to);
    const Print *a = source(from, dtype), *b = target(to, dtype);
    if (a == nullptr || b == nullptr || a->rows.size() != b->rows.size())
        return {};
    for (const std::size_t count : {std::size_t(3), std::size_t(2)}) {
        if (a->rows.size() % count != 0)
            continue;
        const std::size_t size = a->rows.size() / count;
        std::vector<int> order;
        for (std::size_t i = 0; i < count; ++i)
            for (std::size_t j = 0; j < count; ++j)
                if (sameSequence(std::span(a->rows).subspan(j * size, size), std::span(b->rows).subspan(i * size, size)))
                    order.push_back(static_cast<int>(j));
        if (order.size() == count)
            return order;
    }
    return {};
}

} // namespace rekey

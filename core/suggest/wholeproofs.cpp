// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/proofkinds.h"

#include "core/suggest/layout.h"
#include "core/suggest/rowmoves.h"

#include <fmt/format.h>

#include <algorithm>

namespace rekey {

namespace {

class WholeProofs
{
public:
    WholeProofs(Proofs &proofs, DType dtype) : m_proofs(proofs), m_dtype(dtype), m_index(proofs.indexSources(dtype)) {}

    void equal()
    {
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) { equalOne(t, print); });
    }

    void otherLayouts()
    {
        m_proofs.eachOpen(m_dtype, [&](std::uint32_t t, const Print &print) { otherLayout(t, print); });
    }

private:
    /// Among equals, the one that the names mean, then one that nobody took.
    std::uint32_t chosen(const Tensors &equals, std::uint32_t target) const
    {
        if (std::find(equals.begin(), equals.end(), m_proofs.guess(target)) != equals.end())
            return m_proofs.guess(target);
        const auto unused = std::find_if(equals.begin(), equals.end(), [&](std::uint32_t s) { return !m_proofs.isUsed(s); });
        return unused == equals.end() ? equals.front() : *unused;
    }

    void equalOne(std::uint32_t t, const Print &print)
    {
        const Tensors equals = m_proofs.comparable(m_index.whole, print.whole, t, m_dtype);
        if (equals.empty())
            return;
        const std::uint32_t s = chosen(equals, t);
        Transform transform;
        if (m_proofs.from(s) != m_proofs.to(t))
            transform = {stepOf(Reshape{m_proofs.to(t)})};
        std::string words = "values equal";
        if (equals.size() > 1)
            words += fmt::format(" (those of {} sources are)", equals.size());
        m_proofs.prove({m_proofs.source().tensors[s].tiedTo}, {t}, std::move(transform), m_dtype, std::move(words));
    }

    void otherLayout(std::uint32_t t, const Print &print)
    {
        Tensors equals = m_proofs.comparable(m_index.bag, print.bag, t, m_dtype);
        std::stable_partition(equals.begin(), equals.end(), [&](std::uint32_t s) { return s == m_proofs.guess(t); });
        for (const std::uint32_t s : equals) {
            const Print &a = *m_proofs.values().source(s, m_dtype);
            if (transposed(s, t, a, print) || permuted(s, t, a, print) || flattened(s, t, a, print)
                || reordered(s, t, a.rows, print.rows, 0, false))
                return;
            if (m_proofs.from(s).size() != 2 || m_proofs.to(t).size() != 2)
                continue;
            if (reordered(s, t, a.columns, print.columns, 1, false) || reordered(s, t, a.columns, print.rows, 0, true)
                || reordered(s, t, a.rows, print.columns, 1, true))
                return;
        }
    }

    /// Seen as matrices, the one is the other transposed.
    bool transposed(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b)
    {
        const auto matrix = [](std::size_t rows, std::size_t columns) {
            return Shape {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
        };
        Shape seen;
        if (sameSequence(a.columns, b.rows))
            seen = matrix(a.rows.size(), a.columns.size());
        else if (sameSequence(a.last, b.rows))
            seen = matrix(elementCount(m_proofs.from(s)) / a.last.size(), a.last.size());
        else if (sameSequence(a.rows, b.last))
            seen = matrix(a.rows.size(), elementCount(m_proofs.from(s)) / a.rows.size());
        else
            return false;
        const auto usual = layouts(m_proofs.from(s), m_proofs.to(t));
        const auto layout
            = std::find_if(usual.begin(), usual.end(), [&](const Layout &l) { return l.transposed && turns(l.transform, seen); });
        Transform transform;
        if (layout != usual.end()) {
            transform = layout->transform;
        } else {
            if (m_proofs.from(s) != seen)
                transform.push_back(stepOf(Reshape{seen}));
            transform.push_back(stepOf(Transpose{0, 1}));
            if (m_proofs.to(t) != Shape{seen[1], seen[0]})
                transform.push_back(stepOf(Reshape{m_proofs.to(t)}));
        }
        m_proofs.prove({s}, {t}, std::move(transform), m_dtype, "values equal once transposed");
        return true;
    }

    /// Whether a usual layout is a transposition of the tensor as this matrix, and no permutation of more dimensions.
    static bool turns(const Transform &transform, const Shape &seen)
    {
        return std::all_of(transform.begin(), transform.end(), [&](const Step &s) {
            if (const auto *permute = std::get_if<Permute>(&s.op)) {
                const auto &dims = permute->dims;
                const bool firstLast = std::is_sorted(dims.begin(), dims.end() - 1) && dims.back() == 0;
                const bool lastFirst = std::is_sorted(dims.begin() + 1, dims.end()) && dims.front() == static_cast<int>(dims.size()) - 1;
                return firstLast || lastFirst;
            }
            if (const auto *reshape = std::get_if<Reshape>(&s.op); reshape != nullptr && &s == &transform.front() && transform.size() > 1)
                return reshape->shape == seen;
            return true;
        });
    }

    /// The dimensions follow each other in another order (kernels: HWIO and OIHW).
    bool permuted(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b)
    {
        const std::size_t rank = m_proofs.from(s).size();
        if (rank < 3 || m_proofs.to(t).size() != rank)
            return false;
        std::vector<int> dims;
        for (std::size_t d = 0; d < rank; ++d)
            for (std::size_t o = 0; o < rank; ++o)
                if (std::find(dims.begin(), dims.end(), static_cast<int>(o)) == dims.end() && a.axes[o] == b.axes[d]) {
                    dims.push_back(static_cast<int>(o));
                    break;
                }
        if (dims.size() != rank || std::is_sorted(dims.begin(), dims.end()))
            return false;
        m_proofs.prove({s}, {t}, {stepOf(Permute{dims})}, m_dtype, "values equal once the dimensions are permuted");
        return true;
    }

    /// A convolution over patches and a linear layer over flattened ones: columns in another order.
    bool flattened(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b)
    {
        const bool forth = m_proofs.from(s).size() == 4 && m_proofs.to(t).size() == 2;
        const bool back = m_proofs.from(s).size() == 2 && m_proofs.to(t).size() == 4;
        if ((!forth && !back) || a.columns.size() != b.columns.size() || a.columns.empty() || a.axes[0] != b.axes[0])
            return false;
        const Shape &four = forth ? m_proofs.from(s) : m_proofs.to(t);
        const Print &kernel = forth ? a : b, &flat = forth ? b : a;
        for (const std::vector<int> &order : {std::vector<int>{2, 3, 1}, {3, 2, 1}, {1, 3, 2}, {2, 1, 3}, {3, 1, 2}}) {
            if (!sameOrder(kernel.columns, flat.columns, four, order))
                continue;
            std::vector<int> dims = {0, order[0], order[1], order[2]}, inverse(4);
            Shape between;
            for (std::size_t i = 0; i < 4; ++i) {
                inverse[static_cast<std::size_t>(dims[i])] = static_cast<int>(i);
                between.push_back(four[static_cast<std::size_t>(dims[i])]);
            }
            const Transform transform = forth ? Transform{stepOf(Permute{dims}), stepOf(Reshape{m_proofs.to(t)})}
                                              : Transform{stepOf(Reshape{between}), stepOf(Permute{inverse})};
            m_proofs.prove({s}, {t}, transform, m_dtype, "values equal once the pixels of each patch are reordered");
            return true;
        }
        return false;
    }

    /// flat[x, y, z] = kernel's columns with the dimensions in this order.
    static bool sameOrder(Digests kernel, Digests flat, const Shape &four, const std::vector<int> &order)
    {
        const auto size = [&](int d) { return static_cast<std::size_t>(four[static_cast<std::size_t>(d)]); };
        const std::size_t strides[] = {0, size(2) * size(3), size(3), 1};
        const auto stride = [&](int d) { return strides[static_cast<std::size_t>(d)]; };
        std::size_t at = 0;
        for (std::size_t x = 0; x < size(order[0]); ++x)
            for (std::size_t y = 0; y < size(order[1]); ++y)
                for (std::size_t z = 0; z < size(order[2]); ++z)
                    if (flat[at++] != kernel[x * stride(order[0]) + y * stride(order[1]) + z * stride(order[2])])
                        return false;
        return true;
    }

    /// The same rows (or columns): blocks in another order, or interleaved; once transposed, where `turned`.
    bool reordered(std::uint32_t s, std::uint32_t t, Digests a, Digests b, int dim, bool turned)
    {
        const Shape &shape = m_proofs.to(t);
        if (a.size() < 2 || (turned ? Shape(m_proofs.from(s).rbegin(), m_proofs.from(s).rend()) : m_proofs.from(s)) != shape)
            return false;
        const char *lines = shape.size() < 2 ? "values" : dim == 0 ? "rows" : "columns";
        Transform transform;
        if (turned)
            transform.push_back(stepOf(Transpose{0, 1}));
        const auto moves = rowMoves(a, b, dim);
        if (!moves || moves->steps.empty())
            return false;
        transform.insert(transform.end(), moves->steps.begin(), moves->steps.end());
        std::string words = fmt::format("values equal, {} in another order of heads", lines);
        if (moves->copies > 1) {
            words = fmt::format("values equal, {} in blocks of another order:", lines);
            for (const auto &block : moves->blocks)
                words += fmt::format("{} {}–{}", &block == &moves->blocks.front() ? "" : ",", block.start, block.end - 1);
        }
        m_proofs.prove(Tensors(moves->copies, s), {t}, std::move(transform), m_dtype, std::move(words));
        return true;
    }

    Proofs &m_proofs;
    DType m_dtype;
    DigestIndex m_index;
};

} // namespace

void proveEqual(Proofs &proofs, DType dtype) { WholeProofs(proofs, dtype).equal(); }
void proveOtherLayouts(Proofs &proofs, DType dtype) { WholeProofs(proofs, dtype).otherLayouts(); }

} // namespace rekey

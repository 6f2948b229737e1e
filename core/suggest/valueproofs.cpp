// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueproofs.h"

#include "core/suggest/digestsequence.h"
#include "core/suggest/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <unordered_map>

namespace rekey {

namespace {

constexpr std::size_t mostBlocks = 8;
using Tensors = std::vector<std::uint32_t>;
using ByDigest = std::unordered_map<std::uint64_t, Tensors>;

Step step(BasicStep op, int only = -1) { return Step{std::move(op), only}; }

/// "rows 0–767 from q_proj.weight, 768–1535 from …"
std::string rangesText(const std::vector<Block> &ranges, const Tensors &tensors, const Schema &schema, const char *lines,
                       const char *relation)
{
    std::string text;
    for (std::size_t i = 0; i < ranges.size() && i < 4; ++i)
        text += fmt::format("{}{}–{} {} {}", i == 0 ? std::string(lines) + " " : std::string(", "), ranges[i].start, ranges[i].end - 1,
                            relation, schema.tensors[tensors[i]].key);
    return ranges.size() > 4 ? text + " …" : text;
}

/// Tensors of one side by their digests in one dtype.
struct Index
{
    ByDigest whole, bag;
    SequenceIndex rows, columns;
};

class Prover
{
public:
    Prover(const Schema &source, const Schema &target, const ValuePrints &values, const std::vector<bool> &skipSource,
           const std::vector<bool> &skipTarget, const std::vector<Pairing> &guesses)
        : m_source(source), m_target(target), m_values(values), m_skipSource(skipSource), m_done(skipTarget), m_used(skipSource),
          m_guess(target.tensors.size(), none)
    {
        for (const auto &guess : guesses)
            if (guess.sources.size() == 1 && guess.targets.size() == 1)
                m_guess[guess.targets.front()] = guess.sources.front();
        for (std::uint32_t s = 0; s < source.tensors.size(); ++s)
            if (!skipSource[s])
                m_dtypes.insert(values.sourceDtype(s));
        for (std::uint32_t t = 0; t < target.tensors.size(); ++t)
            if (!skipTarget[t])
                m_dtypes.insert(values.targetDtype(t));
    }

    std::vector<Pairing> all()
    {
        for (const DType dtype : m_dtypes) {
            indexSources(dtype);
            eachOpen(dtype, [&](std::uint32_t t, const Print &print) { equalOne(t, print, dtype); });
        }
        for (const DType dtype : m_dtypes) {
            indexSources(dtype);
            eachOpen(dtype, [&](std::uint32_t t, const Print &print) { otherLayout(t, print, dtype); });
        }
        for (const bool vectors : {false, true}) {
            for (const DType dtype : m_dtypes) {
                indexSources(dtype);
                eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
                    if ((m_target.tensors[t].shape.size() < 2) == vectors)
                        joined(t, print, dtype);
                });
                indexTargets(dtype);
                for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
                    if ((m_source.tensors[s].shape.size() < 2) == vectors && !m_used[s])
                        split(s, dtype);
            }
            if (!vectors) {
                for (const DType dtype : m_dtypes)
                    woven(dtype);
                siblings();
            }
        }
        return std::move(m_proven);
    }

private:
    const Print *sourcePrint(std::uint32_t s, DType dtype) const
    {
        const Print *print = m_skipSource[s] ? nullptr : m_values.source(s, dtype);
        return print != nullptr && print->telling ? print : nullptr;
    }

    const Print *targetPrint(std::uint32_t t, DType dtype) const
    {
        const Print *print = m_done[t] ? nullptr : m_values.target(t, dtype);
        return print != nullptr && print->telling ? print : nullptr;
    }

    template<typename Visit>
    void eachOpen(DType dtype, const Visit &visit)
    {
        for (std::uint32_t t = 0; t < m_target.tensors.size(); ++t)
            if (const Print *print = targetPrint(t, dtype))
                visit(t, *print);
    }

    void indexSources(DType dtype)
    {
        m_index = {};
        for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
            if (const Print *print = sourcePrint(s, dtype)) {
                m_index.whole[print->whole].push_back(s);
                m_index.bag[print->bag].push_back(s);
                m_index.rows.add(s, print->rows);
                m_index.columns.add(s, print->columns);
            }
    }

    void indexTargets(DType dtype)
    {
        m_index = {};
        eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
            m_index.rows.add(t, print.rows);
            m_index.columns.add(t, print.columns);
        });
    }

    /// Those that are compared with the target in this dtype.
    Tensors comparable(const ByDigest &index, std::uint64_t digest, std::uint32_t target, DType dtype) const
    {
        const auto entry = index.find(digest);
        Tensors result = entry == index.end() ? Tensors{} : entry->second;
        std::erase_if(result, [&](std::uint32_t s) { return m_values.common(s, target) != dtype; });
        return result;
    }

    bool allComparable(const Tensors &sources, const Tensors &targets, DType dtype) const
    {
        return std::all_of(sources.begin(), sources.end(), [&](std::uint32_t s) {
            return std::all_of(targets.begin(), targets.end(), [&](std::uint32_t t) { return m_values.common(s, t) == dtype; });
        });
    }

    /// Among equals, the one that the names mean, then one that nobody took.
    std::uint32_t chosen(const Tensors &equals, std::uint32_t target) const
    {
        if (std::find(equals.begin(), equals.end(), m_guess[target]) != equals.end())
            return m_guess[target];
        const auto unused = std::find_if(equals.begin(), equals.end(), [&](std::uint32_t s) { return !m_used[s]; });
        return unused == equals.end() ? equals.front() : *unused;
    }

    void prove(Tensors sources, Tensors targets, Transform transform, DType dtype, std::string words)
    {
        for (const auto s : sources)
            m_used[s] = true;
        bool rounded = false;
        for (const auto t : targets) {
            m_done[t] = true;
            for (const auto s : sources)
                rounded = rounded || m_values.sourceDtype(s) != dtype || m_values.targetDtype(t) != dtype;
        }
        if (rounded)
            words += fmt::format(", rounded to {}", name(dtype));
        Pairing pairing;
        pairing.sources = std::move(sources);
        pairing.targets = std::move(targets);
        pairing.transform = std::move(transform);
        pairing.state = RuleState::Proven;
        pairing.evidence = {std::move(words)};
        m_proven.push_back(std::move(pairing));
    }

    const Shape &from(std::uint32_t s) const { return m_source.tensors[s].shape; }
    const Shape &to(std::uint32_t t) const { return m_target.tensors[t].shape; }

    // ------------------------------------------------------------ one to one

    void equalOne(std::uint32_t t, const Print &print, DType dtype)
    {
        const Tensors equals = comparable(m_index.whole, print.whole, t, dtype);
        if (equals.empty())
            return;
        const std::uint32_t s = chosen(equals, t);
        Transform transform;
        if (from(s) != to(t))
            transform = {step(Reshape{to(t)})};
        std::string words = "values equal";
        if (equals.size() > 1)
            words += fmt::format(" (those of {} sources are)", equals.size());
        prove({m_source.tensors[s].tiedTo}, {t}, std::move(transform), dtype, std::move(words));
    }

    void otherLayout(std::uint32_t t, const Print &print, DType dtype)
    {
        Tensors equals = comparable(m_index.bag, print.bag, t, dtype);
        std::stable_partition(equals.begin(), equals.end(), [&](std::uint32_t s) { return s == m_guess[t]; });
        for (const std::uint32_t s : equals) {
            const Print &a = *m_values.source(s, dtype);
            if (transposed(s, t, a, print, dtype) || permuted(s, t, a, print, dtype) || flattened(s, t, a, print, dtype)
                || reordered(s, t, a.rows, print.rows, 0, false, dtype))
                return;
            if (from(s).size() != 2 || to(t).size() != 2)
                continue;
            if (reordered(s, t, a.columns, print.columns, 1, false, dtype) || reordered(s, t, a.columns, print.rows, 0, true, dtype)
                || reordered(s, t, a.rows, print.columns, 1, true, dtype))
                return;
        }
    }

    /// Seen as matrices, the one is the other transposed.
    bool transposed(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b, DType dtype)
    {
        const auto matrix = [](std::size_t rows, std::size_t columns) {
            return Shape {static_cast<std::int64_t>(rows), static_cast<std::int64_t>(columns)};
        };
        Shape seen;
        if (sameSequence(a.columns, b.rows))
            seen = matrix(a.rows.size(), a.columns.size());
        else if (sameSequence(a.last, b.rows))
            seen = matrix(elementCount(from(s)) / a.last.size(), a.last.size());
        else if (sameSequence(a.rows, b.last))
            seen = matrix(a.rows.size(), elementCount(from(s)) / a.rows.size());
        else
            return false;
        const auto usual = layouts(from(s), to(t));
        const auto layout
            = std::find_if(usual.begin(), usual.end(), [&](const Layout &l) { return l.transposed && turns(l.transform, seen); });
        Transform transform;
        if (layout != usual.end()) {
            transform = layout->transform;
        } else {
            if (from(s) != seen)
                transform.push_back(step(Reshape{seen}));
            transform.push_back(step(Transpose{0, 1}));
            if (to(t) != Shape{seen[1], seen[0]})
                transform.push_back(step(Reshape{to(t)}));
        }
        prove({s}, {t}, std::move(transform), dtype, "values equal once transposed");
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
    bool permuted(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b, DType dtype)
    {
        const std::size_t rank = from(s).size();
        if (rank < 3 || to(t).size() != rank)
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
        prove({s}, {t}, {step(Permute{dims})}, dtype, "values equal once the dimensions are permuted");
        return true;
    }

    /// A convolution over patches and a linear layer over flattened ones: columns in another order.
    bool flattened(std::uint32_t s, std::uint32_t t, const Print &a, const Print &b, DType dtype)
    {
        const bool forth = from(s).size() == 4 && to(t).size() == 2, back = from(s).size() == 2 && to(t).size() == 4;
        if ((!forth && !back) || a.columns.size() != b.columns.size() || a.columns.empty() || a.axes[0] != b.axes[0])
            return false;
        const Shape &four = forth ? from(s) : to(t);
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
            const Transform transform = forth ? Transform {step(Permute {dims}), step(Reshape {to(t)})}
                                              : Transform {step(Reshape {between}), step(Permute {inverse})};
            prove({s}, {t}, transform, dtype, "values equal once the pixels of each patch are reordered");
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
    bool reordered(std::uint32_t s, std::uint32_t t, Digests a, Digests b, int dim, bool turned, DType dtype)
    {
        const Shape &shape = to(t);
        if (a.size() < 2 || (turned ? Shape(from(s).rbegin(), from(s).rend()) : from(s)) != shape)
            return false;
        const char *lines = shape.size() < 2 ? "values" : dim == 0 ? "rows" : "columns";
        Transform transform;
        if (turned)
            transform.push_back(step(Transpose{0, 1}));
        if (const auto blocks = blocksInOrder(a, b, mostBlocks)) {
            for (std::size_t i = 0; i < blocks->size(); ++i)
                transform.push_back(step(Slice{dim, (*blocks)[i].start, (*blocks)[i].end, 1}, static_cast<int>(i)));
            transform.push_back(step(Concat{dim}));
            std::string words = fmt::format("values equal, {} in blocks of another order:", lines);
            for (const auto &block : *blocks)
                words += fmt::format("{} {}–{}", &block == &blocks->front() ? "" : ",", block.start, block.end - 1);
            prove(Tensors(blocks->size(), s), {t}, std::move(transform), dtype, std::move(words));
            return true;
        }
        if (const auto order = interleaving(a, b, dim); order && !order->empty()) {
            transform.push_back(order->front());
            prove({s}, {t}, std::move(transform), dtype, fmt::format("values equal, {} in another order of heads", lines));
            return true;
        }
        return false;
    }

    // ------------------------------------------------------------ joined and split

    std::vector<Block> ranges(const Tensors &parts, const Schema &schema, bool byColumns) const
    {
        std::vector<Block> result;
        std::int64_t start = 0;
        for (const auto part : parts) {
            const Shape &shape = schema.tensors[part].shape;
            const std::int64_t size = shape.empty() ? 1 : byColumns ? static_cast<std::int64_t>(elementCount(shape)) / shape[0] : shape[0];
            result.push_back({start, start + size});
            start += size;
        }
        return result;
    }

    bool equalFirst(const Tensors &parts, const Schema &schema, std::size_t except) const
    {
        const Shape &first = schema.tensors[parts.front()].shape;
        return std::all_of(parts.begin(), parts.end(), [&](std::uint32_t part) {
            const Shape &shape = schema.tensors[part].shape;
            for (std::size_t d = 0; d < first.size(); ++d)
                if (shape.size() != first.size() || (d != except && shape[d] != first[d]))
                    return false;
            return true;
        });
    }

    void joined(std::uint32_t t, const Print &print, DType dtype)
    {
        struct Way { Digests digests; const SequenceIndex *index; bool fromColumns; int dim; };
        const std::size_t rank = to(t).size();
        std::vector<Way> ways = {{print.rows, &m_index.rows, false, 0}};
        if (rank == 2)
            ways.insert(ways.end(), {{print.columns, &m_index.columns, true, 1},
                                     {print.rows, &m_index.columns, true, 0},
                                     {print.columns, &m_index.rows, false, 1}});
        for (const auto &way : ways) {
            const Tensors parts = way.index->parts(way.digests);
            if (parts.size() < 2 || !allComparable(parts, {t}, dtype) || from(parts.front()).size() != rank)
                continue;
            const bool turned = way.fromColumns != (way.dim == 1);
            if (!equalFirst(parts, m_source, way.fromColumns ? 1 : 0))
                continue;
            Transform transform;
            if (turned)
                transform.push_back(step(Transpose{0, 1}));
            transform.push_back(step(Concat{way.dim}));
            const char *lines = rank < 2 ? "values" : way.dim == 0 ? "rows" : "columns";
            prove(parts, {t}, std::move(transform), dtype,
                  "values equal: " + rangesText(ranges(parts, m_source, way.fromColumns), parts, m_source, lines, "from"));
            return;
        }
    }

    void split(std::uint32_t s, DType dtype)
    {
        const Print *print = sourcePrint(s, dtype);
        if (print == nullptr)
            return;
        struct Way { Digests digests; const SequenceIndex *index; int dim; bool toColumns; };
        const std::size_t rank = from(s).size();
        std::vector<Way> ways = {{print->rows, &m_index.rows, 0, false}};
        if (rank == 2)
            ways.insert(ways.end(), {{print->columns, &m_index.columns, 1, true},
                                     {print->rows, &m_index.columns, 0, true},
                                     {print->columns, &m_index.rows, 1, false}});
        for (const auto &way : ways) {
            const Tensors parts = way.index->parts(way.digests);
            const bool open = std::none_of(parts.begin(), parts.end(), [&](std::uint32_t t) { return m_done[t]; });
            const bool distinct = std::set<std::uint32_t>(parts.begin(), parts.end()).size() == parts.size();
            if (parts.size() < 2 || !open || !distinct || !allComparable({s}, parts, dtype) || to(parts.front()).size() != rank
                || !equalFirst(parts, m_target, way.toColumns ? 1 : 0))
                continue;
            const auto where = ranges(parts, m_target, way.toColumns);
            Transform transform = {step(splitInto(where, way.dim))};
            if (way.toColumns != (way.dim == 1))
                transform.push_back(step(Transpose{0, 1}));
            const char *lines = rank < 2 ? "values" : way.dim == 0 ? "rows" : "columns";
            prove({s}, parts, std::move(transform), dtype, "values equal: " + rangesText(where, parts, m_target, lines, "are"));
            return;
        }
    }

    static Split splitInto(const std::vector<Block> &where, int dim)
    {
        Split result{dim, static_cast<int>(where.size()), {}};
        const std::int64_t first = where.front().end - where.front().start;
        if (std::any_of(where.begin(), where.end(), [&](const Block &b) { return b.end - b.start != first; })) {
            result.parts = 0;
            for (const auto &block : where)
                result.sizes.push_back(block.end - block.start);
        }
        return result;
    }

    // ------------------------------------------------------------ rows of several tensors mixed

    /// For each line the tensor that has it, each tensor once, in order of first occurrence. Empty when a line is
    /// nowhere, or lines and rows of those tensors are not equally many.
    using Owners = std::unordered_map<std::uint64_t, std::uint32_t>;
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

    void woven(DType dtype)
    {
        Owners owners;
        const auto isMatrix = [](const Shape &shape) { return shape.size() >= 2; };
        for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
            if (const Print *print = sourcePrint(s, dtype); print != nullptr && !m_used[s] && isMatrix(from(s)))
                addOwner(owners, s, print->rows);
        eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
            if (isMatrix(to(t)))
                weaveJoined(t, print, dtype, owners);
        });
        owners.clear();
        eachOpen(dtype, [&](std::uint32_t t, const Print &print) {
            if (isMatrix(to(t)))
                addOwner(owners, t, print.rows);
        });
        for (std::uint32_t s = 0; s < m_source.tensors.size(); ++s)
            if (const Print *print = sourcePrint(s, dtype); print != nullptr && !m_used[s] && isMatrix(from(s)))
                weaveSplit(s, *print, dtype, owners);
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
                transform.push_back(step(order->front().op, static_cast<int>(i)));
        }
        return transform;
    }

    void weaveJoined(std::uint32_t t, const Print &print, DType dtype, const Owners &owners)
    {
        const Tensors parts = ownersOf(print.rows, owners, [&](std::uint32_t s) { return m_values.source(s, dtype)->rows.size(); });
        if (parts.size() < 2 || !allComparable(parts, {t}, dtype) || !equalFirst(parts, m_source, 0))
            return;
        std::vector<std::uint64_t> all;
        std::vector<Digests> sources, pieces;
        for (const auto s : parts) {
            const auto &rows = m_values.source(s, dtype)->rows;
            sources.emplace_back(rows);
            pieces.push_back(Digests(print.rows).subspan(all.size(), rows.size()));
            all.insert(all.end(), rows.begin(), rows.end());
        }
        if (auto each = partOrders(sources, pieces)) {
            each->push_back(step(Concat{0}));
            prove(parts, {t}, *each, dtype, "values equal: " + rangesText(ranges(parts, m_source, false), parts, m_source, "rows", "from"));
        } else if (const auto order = interleaving(all, print.rows, 0)) {
            Transform transform = {step(Concat{0})};
            transform.insert(transform.end(), order->begin(), order->end());
            prove(parts, {t}, std::move(transform), dtype, "values equal, rows mixed per head");
        }
    }

    void weaveSplit(std::uint32_t s, const Print &print, DType dtype, const Owners &owners)
    {
        const Tensors parts = ownersOf(print.rows, owners, [&](std::uint32_t t) { return m_values.target(t, dtype)->rows.size(); });
        const bool open = std::none_of(parts.begin(), parts.end(), [&](std::uint32_t t) { return m_done[t]; });
        if (parts.size() < 2 || !open || !allComparable({s}, parts, dtype) || !equalFirst(parts, m_target, 0))
            return;
        std::vector<std::uint64_t> all;
        std::vector<Digests> targets, pieces;
        for (const auto t : parts) {
            const auto &rows = m_values.target(t, dtype)->rows;
            targets.emplace_back(rows);
            pieces.push_back(Digests(print.rows).subspan(all.size(), rows.size()));
            all.insert(all.end(), rows.begin(), rows.end());
        }
        const auto where = ranges(parts, m_target, false);
        if (const auto each = partOrders(pieces, targets)) {
            Transform transform = {step(splitInto(where, 0))};
            transform.insert(transform.end(), each->begin(), each->end());
            prove({s}, parts, std::move(transform), dtype, "values equal: " + rangesText(where, parts, m_target, "rows", "are"));
        } else if (auto order = interleaving(print.rows, all, 0)) {
            order->push_back(step(splitInto(where, 0)));
            prove({s}, parts, *order, dtype, "values equal, rows mixed per head");
        }
    }

    // ------------------------------------------------------------ biases as their weights

    /// A bias is joined, parted or reordered as the weight beside it. Its values then only confirm: they may be zeros.
    void siblings()
    {
        const SchemaIndex sources(m_source), targets(m_target);
        for (std::size_t p = 0, count = m_proven.size(); p < count; ++p) {
            const Pairing weight = m_proven[p];
            const bool movesRows = std::any_of(weight.transform.begin(), weight.transform.end(), [](const Step &s) {
                return std::holds_alternative<Concat>(s.op) || std::holds_alternative<Split>(s.op)
                       || std::holds_alternative<Interleave>(s.op);
            });
            if (!movesRows)
                continue;
            Tensors biasSources, biasTargets;
            if (!biasesOf(weight.sources, m_source, sources, biasSources) || !biasesOf(weight.targets, m_target, targets, biasTargets))
                continue;
            if (std::any_of(biasTargets.begin(), biasTargets.end(), [&](std::uint32_t t) { return m_done[t]; })
                || std::any_of(biasSources.begin(), biasSources.end(), [&](std::uint32_t s) { return m_skipSource[s]; }))
                continue;
            proveSibling(weight, std::move(biasSources), std::move(biasTargets));
        }
    }

    static bool biasesOf(const Tensors &weights, const Schema &schema, const SchemaIndex &index, Tensors &biases)
    {
        for (const auto weight : weights) {
            std::string key = schema.tensors[weight].key;
            const std::size_t at = key.rfind("weight");
            if (at == std::string::npos)
                return false;
            const std::size_t bias = index.find(key.replace(at, 6, "bias"));
            if (bias == SchemaIndex::npos || schema.tensors[bias].shape.size() != 1)
                return false;
            biases.push_back(static_cast<std::uint32_t>(bias));
        }
        return !biases.empty();
    }

    void proveSibling(const Pairing &weight, Tensors sources, Tensors targets)
    {
        Transform transform;
        for (const auto &s : weight.transform)
            if (!std::holds_alternative<Transpose>(s.op))
                transform.push_back(s);
        const DType dtype = m_values.common(sources.front(), targets.front());
        std::vector<std::vector<std::uint64_t>> rows;
        bool telling = false;
        for (const auto s : sources) {
            const Print *print = m_values.source(s, dtype);
            if (print == nullptr)
                return;
            rows.push_back(print->rows);
            telling = telling || print->telling;
        }
        const auto result = moved(transform, std::move(rows));
        if (!result || result->size() != targets.size() || !allComparable(sources, targets, dtype))
            return;
        for (std::size_t i = 0; i < targets.size(); ++i)
            if (const Print *print = m_values.target(targets[i], dtype); print == nullptr || !sameSequence((*result)[i], print->rows))
                return;
        prove(std::move(sources), std::move(targets), std::move(transform), dtype,
              telling ? "values equal, in the order of the weight's rows" : "values equal, all alike; joined as the weight is");
    }

    const Schema &m_source;
    const Schema &m_target;
    const ValuePrints &m_values;
    std::vector<bool> m_skipSource;
    std::vector<bool> m_done; ///< targets that are proven or skipped
    std::vector<bool> m_used; ///< sources that prove something or are skipped
    Tensors m_guess;          ///< by target: the only source of its guess, or none
    std::set<DType> m_dtypes; ///< that occur
    Index m_index;
    std::vector<Pairing> m_proven;
};

} // namespace

std::vector<Pairing> provenByValues(const Schema &source, const Schema &target, const ValuePrints &values,
                                    const std::vector<bool> &skipSource, const std::vector<bool> &skipTarget,
                                    const std::vector<Pairing> &guesses)
{
    return Prover(source, target, values, skipSource, skipTarget, guesses).all();
}

} // namespace rekey

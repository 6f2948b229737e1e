// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/layout.h"

#include <algorithm>

namespace rekey {

namespace {

Shape withoutOnes(const Shape &shape)
{
    Shape result;
    std::copy_if(shape.begin(), shape.end(), std::back_inserter(result), [](std::int64_t n) { return n != 1; });
    return result;
}

Shape permuted(const Shape &shape, const std::vector<int> &dims)
{
    Shape result;
    for (const int dim : dims)
        result.push_back(shape[static_cast<std::size_t>(dim)]);
    return result;
}

Step step(BasicStep op) { return Step{std::move(op)}; }

/// Kernels: spatial dimensions first and in, out last (TensorFlow, Flax), to out, in first; depthwise: in, 1 last.
const std::vector<std::vector<int>> &kernelPermutations(std::size_t rank)
{
    static const std::vector<std::vector<std::vector<int>>> byRank = {
        {}, {}, {}, {{2, 1, 0}, {1, 2, 0}}, {{3, 2, 0, 1}, {2, 3, 0, 1}}, {{4, 3, 0, 1, 2}, {3, 4, 0, 1, 2}}};
    return rank < byRank.size() ? byRank[rank] : byRank[0];
}

std::vector<int> inversePermutation(const std::vector<int> &dims)
{
    std::vector<int> result(dims.size());
    for (std::size_t i = 0; i < dims.size(); ++i)
        result[static_cast<std::size_t>(dims[i])] = static_cast<int>(i);
    return result;
}

void addKernelPermutations(std::vector<Layout> &found, const Shape &source, const Shape &target)
{
    if (source.size() != target.size())
        return;
    const auto &forward = kernelPermutations(source.size());
    for (std::size_t n = 0; n < forward.size(); ++n) {
        const bool depthwise = n == 1;
        if (permuted(source, forward[n]) == target && (!depthwise || source.back() == 1))
            found.push_back({{step(Permute{forward[n]})}, true, depthwise ? 0.2 : 0.25});
        const auto back = inversePermutation(forward[n]);
        if (permuted(source, back) == target && (!depthwise || target.back() == 1))
            found.push_back({{step(Permute{back})}, true, depthwise ? 0.3 : 0.35});
    }
}

/// Whether one shape comes from the other by joining neighbouring dimensions.
bool joins(const Shape &many, const Shape &few)
{
    std::size_t next = 0;
    for (const std::int64_t size : few) {
        std::int64_t product = 1;
        while (next < many.size() && product < size)
            product *= many[next++];
        if (product != size)
            return false;
    }
    return next == many.size();
}

void addHeads(std::vector<Layout> &found, const Shape &source, const Shape &target)
{
    const Shape reversed(target.rbegin(), target.rend());
    // A convolution over patches as a linear layer over flattened ones: pixels first, colours last is the usual order.
    constexpr std::int64_t mostColours = 4;
    if (source.size() == 4 && target.size() == 2 && source[0] == target[0] && source[1] <= mostColours && source[2] > 1 && source[3] > 1)
        found.push_back({{step(Permute{{0, 2, 3, 1}}), step(Reshape{target})}, false, 0.7, true});
    if (source.size() == 2 && target.size() == 4 && source[0] == target[0] && target[1] <= mostColours && target[2] > 1 && target[3] > 1)
        found.push_back({{step(Reshape{{target[0], target[2], target[3], target[1]}}), step(Permute{{0, 3, 1, 2}})}, false, 0.7, true});
    if (joins(source, target) || joins(target, source))
        found.push_back({{step(Reshape{target})}, false, 0.8});
    // in×heads×size kernels to (heads·size)×in weights, and back.
    if (target.size() == 2 && source.size() > 2 && joins(source, reversed))
        found.push_back({{step(Reshape{reversed}), step(Transpose{0, 1})}, true, 0.5});
    if (source.size() == 2 && target.size() > 2 && joins(target, Shape(source.rbegin(), source.rend())))
        found.push_back({{step(Transpose{0, 1}), step(Reshape{target})}, true, 0.6});
}

/// Matrices of all experts (experts, out, in), each transposed.
void addStacks(std::vector<Layout> &found, const Shape &source, const Shape &target)
{
    if (source.size() == 3 && source[1] > 1 && source[2] > 1 && permuted(source, {0, 2, 1}) == target)
        found.push_back({{step(Transpose{1, 2})}, true, 0.4});
}

} // namespace

std::vector<Layout> layouts(const Shape &source, const Shape &target)
{
    std::vector<Layout> found;
    if (elementCount(source) != elementCount(target))
        return found;
    if (source == target)
        found.push_back({{}, false, 0});
    const Shape from = withoutOnes(source), to = withoutOnes(target);
    if (source != target && from == to)
        found.push_back({{step(Reshape{target})}, false, 0.1});
    if (source.size() == 2 && target.size() == 2 && source[0] == target[1] && source[1] == target[0])
        found.push_back({{step(Transpose{0, 1})}, true, 0.15});
    addKernelPermutations(found, source, target);
    addStacks(found, source, target);
    if (from.size() == 2 && to.size() == 2 && from[0] == to[1] && from[1] == to[0] && (source.size() != 2 || target.size() != 2)) {
        Transform chain;
        if (source.size() != 2)
            chain.push_back(step(Reshape{from}));
        chain.push_back(step(Transpose{0, 1}));
        if (target.size() != 2)
            chain.push_back(step(Reshape{target}));
        found.push_back({chain, true, 0.45});
    }
    if (from != to)
        addHeads(found, source, target);
    std::stable_sort(found.begin(), found.end(), [](const Layout &a, const Layout &b) { return a.cost < b.cost; });
    return found;
}

std::optional<double> layoutCost(const Shape &source, const Shape &target)
{
    if (source == target)
        return 0;
    const auto found = layouts(source, target);
    if (found.empty())
        return std::nullopt;
    return found.front().cost;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/resolution.h"

#include "core/mapping/transformshapes.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <numeric>

// Key by key, in the words of the benchmark's score.py: copy, transpose, permute, reshape, split (dim, start, size),
// concat (dim), add, and chain (steps; `pre` = steps for each source before the join).

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;
using Steps = std::vector<Json>;

/// What one tensor of the list is made of.
struct Origin
{
    std::vector<std::string> sources;
    std::vector<Steps> before; ///< by source, when joined
    Steps steps;
    bool joined = false;
    bool summed = false;
};

std::size_t axis(int dim, const Shape &shape)
{
    return static_cast<std::size_t>(dim < 0 ? dim + static_cast<int>(shape.size()) : dim);
}

Json reshape(const Shape &shape)
{
    return {{"op", "reshape"}, {"shape", shape}};
}

Json part(std::size_t dim, std::int64_t start, std::int64_t size)
{
    return {{"op", "split"}, {"dim", dim}, {"start", start}, {"size", size}};
}

Origin join(const std::vector<Origin> &origins, Json step, bool summed)
{
    Origin result;
    result.joined = true;
    result.summed = summed;
    for (const Origin &origin : origins) {
        result.sources.insert(result.sources.end(), origin.sources.begin(), origin.sources.end());
        result.before.push_back(origin.steps);
    }
    result.steps.push_back(std::move(step));
    return result;
}

Steps eachSteps(const Step &step, const TensorShape &before, const TensorShape &after)
{
    if (const auto *permute = std::get_if<Permute>(&step.op)) {
        std::vector<std::size_t> dims;
        for (const int dim : permute->dims)
            dims.push_back(axis(dim, before.shape));
        return {{{"op", "permute"}, {"dims", dims}}};
    }
    if (const auto *transpose = std::get_if<Transpose>(&step.op)) {
        std::vector<std::size_t> dims(before.shape.size());
        std::iota(dims.begin(), dims.end(), 0U);
        std::swap(dims[axis(transpose->dim0, before.shape)], dims[axis(transpose->dim1, before.shape)]);
        return {{{"op", "transpose"}, {"dims", dims}}};
    }
    if (std::holds_alternative<Reshape>(step.op) || std::holds_alternative<Squeeze>(step.op) || std::holds_alternative<Unsqueeze>(step.op))
        return {reshape(after.shape)};
    if (const auto *slice = std::get_if<Slice>(&step.op); slice && slice->step == 1) {
        const std::size_t dim = axis(slice->dim, before.shape);
        const std::int64_t size = before.shape[dim];
        const std::int64_t start = std::clamp<std::int64_t>(slice->start < 0 ? slice->start + size : slice->start, 0, size);
        return {part(dim, start, after.shape[dim])};
    }
    if (const auto *mix = std::get_if<Interleave>(&step.op)) {
        // dim seen as [outer, a, b, rest]: a reshape, a permute and a reshape back.
        const std::size_t dim = axis(mix->dim, before.shape);
        Shape seen = before.shape;
        const std::int64_t rest = seen[dim] / (mix->outer * mix->a * mix->b);
        const auto at = seen.erase(seen.begin() + static_cast<std::ptrdiff_t>(dim));
        seen.insert(at, {mix->outer, mix->a, mix->b, rest});
        std::vector<std::size_t> dims(seen.size());
        std::iota(dims.begin(), dims.end(), 0U);
        std::swap(dims[dim + 1], dims[dim + 2]);
        return {reshape(seen), {{"op", "permute"}, {"dims", dims}}, reshape(after.shape)};
    }
    if (const auto *pad = std::get_if<Pad>(&step.op))
        return {
            {{"op", "pad"}, {"dim", axis(pad->dim, before.shape)}, {"before", pad->before}, {"after", pad->after}, {"value", pad->value}}};
    if (std::holds_alternative<Cast>(step.op))
        return {};
    return {{{"op", stepName(step)}, {"text", transformText({step})}}};
}

std::vector<Origin> apply(const Step &step, std::vector<Origin> origins, const std::vector<TensorShape> &before,
                          const std::vector<TensorShape> &after)
{
    if (const auto *concat = std::get_if<Concat>(&step.op)) {
        if (origins.size() == 1)
            return origins;
        return {join(origins, {{"op", "concat"}, {"dim", axis(concat->dim, before.front().shape)}}, false)};
    }
    if (const auto *stack = std::get_if<Stack>(&step.op)) {
        const std::size_t dim = axis(stack->dim, after.front().shape);
        Shape single = after.front().shape;
        single[dim] = 1;
        for (Origin &origin : origins)
            origin.steps.push_back(reshape(single));
        if (origins.size() == 1)
            return origins;
        return {join(origins, {{"op", "concat"}, {"dim", dim}}, false)};
    }
    if (std::holds_alternative<Sum>(step.op))
        return origins.size() == 1 ? origins : std::vector<Origin>{join(origins, {{"op", "add"}}, true)};
    if (std::holds_alternative<Split>(step.op) || std::holds_alternative<Unstack>(step.op)) {
        const bool unstack = std::holds_alternative<Unstack>(step.op);
        const std::size_t dim = axis(unstack ? std::get<Unstack>(step.op).dim : std::get<Split>(step.op).dim, before.front().shape);
        std::vector<Origin> parts;
        std::int64_t start = 0;
        for (const TensorShape &shape : after) {
            const std::int64_t size = unstack ? 1 : shape.shape[dim];
            parts.push_back(origins.front());
            parts.back().steps.push_back(part(dim, start, size));
            if (unstack)
                parts.back().steps.push_back(reshape(shape.shape));
            start += size;
        }
        return parts;
    }
    if (after.size() == before.size() && !std::holds_alternative<FoldBatchNorm>(step.op) && !std::holds_alternative<FuseWeightNorm>(step.op)
        && !std::holds_alternative<SplitWeightNorm>(step.op)) {
        for (std::size_t i = 0; i < origins.size(); ++i) {
            if (step.only >= 0 && step.only != static_cast<int>(i))
                continue;
            for (Json &json : eachSteps(step, before[i], after[i]))
                origins[i].steps.push_back(std::move(json));
        }
        return origins;
    }
    return std::vector<Origin>(after.size(), join(origins, {{"op", stepName(step)}, {"text", transformText({step})}}, false));
}

Json pair(const Origin &origin)
{
    Json result;
    result["sources"] = origin.sources;
    const bool plainBefore = std::ranges::all_of(origin.before, [](const Steps &steps) { return steps.empty(); });
    if (origin.steps.empty() && !origin.joined) {
        result["op"] = "copy";
        result["args"] = Json::object();
    } else if (origin.steps.size() == 1 && plainBefore) {
        Json args = origin.steps.front();
        result["op"] = args["op"];
        args.erase("op");
        result["args"] = std::move(args);
    } else {
        result["op"] = "chain";
        if (!plainBefore)
            result["args"]["pre"] = origin.before;
        result["args"]["steps"] = origin.steps;
    }
    return result;
}

/// One for each output of the assignment.
std::vector<Json> assignmentPairs(const Rule &rule, const Assignment &assignment, const Schema &source)
{
    std::vector<TensorShape> inputs;
    std::vector<Origin> origins;
    for (const std::uint32_t key : assignment.sources) {
        inputs.push_back({source.tensors[key].shape, source.tensors[key].dtype});
        origins.push_back({{source.tensors[key].key}, {}, {}, false, false});
    }
    const auto stages = shapesBetweenSteps(rule.transform, std::move(inputs));
    for (std::size_t i = 0; i < rule.transform.size(); ++i)
        origins = apply(rule.transform[i], std::move(origins), stages[i], stages[i + 1]);
    std::vector<Json> pairs;
    for (const Origin &origin : origins)
        pairs.push_back(pair(origin));
    return pairs;
}

} // namespace

std::string resolutionToPairsJson(const Mapping &mapping, const Resolution &resolution, const Schema &source, const Schema &target)
{
    Json result = {{"source", source.name}, {"target", target.name}, {"pairs", Json::array()}};
    result["target_unfilled"] = Json::array();
    result["source_unused"] = Json::array();
    std::vector<std::vector<Json>> byAssignment(resolution.assignments.size());
    for (std::size_t i = 0; i < resolution.targets.size(); ++i) {
        const TargetOutcome &outcome = resolution.targets[i];
        const bool counts = outcome.status == TargetStatus::Filled || outcome.status == TargetStatus::ToReview;
        if (!counts || outcome.assignment == none) {
            result["target_unfilled"].push_back(target.tensors[i].key);
            continue;
        }
        const Rule &rule = mapping.rules[outcome.rule];
        std::vector<Json> &pairs = byAssignment[outcome.assignment];
        try {
            if (pairs.empty())
                pairs = assignmentPairs(rule, resolution.assignments[outcome.assignment], source);
        } catch (const std::exception &) {
            pairs.clear(); // an open question whose first candidate does not fit the shapes
        }
        if (outcome.output >= pairs.size()) {
            result["target_unfilled"].push_back(target.tensors[i].key);
            continue;
        }
        Json entry = {{"target", target.tensors[i].key}};
        entry.update(pairs[outcome.output]);
        entry["confidence"] = rule.confidence;
        result["pairs"].push_back(std::move(entry));
    }
    for (std::size_t i = 0; i < resolution.sources.size(); ++i) {
        const SourceStatus status = resolution.sources[i].status;
        if (status == SourceStatus::Unused || status == SourceStatus::Dropped)
            result["source_unused"].push_back(source.tensors[i].key);
    }
    return result.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace rekey

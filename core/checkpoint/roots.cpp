// SPDX-License-Identifier: GPL-3.0-or-later
// Where in a nested file the weights are: {"model": {…}, "optimizer": {…}, "epoch": 3}.
#include "core/checkpoint/checkpointdata.h"

#include <algorithm>
#include <array>
#include <map>
#include <string_view>

namespace rekey {

namespace {

/// What training frameworks call the weights, the ones to prefer first.
constexpr auto weightNames = std::to_array<std::string_view>({
    "state_dict", "model_state_dict", "model_state", "model", "module", "net", "network", "net_state_dict", "weights", "params",
    "params_ema", "ema_state_dict", "state_dict_ema", "model_ema", "ema_model", "ema", "g_ema", "averaged_model", "teacher", "student"});
/// Tensors that belong to the training, not to the model.
constexpr auto trainingNames = std::to_array<std::string_view>({
    "optimizer", "optimizers", "optimizer_states", "optimizer_state", "optimizer_state_dict", "optim", "opt", "opt_state",
    "lr_scheduler", "lr_schedulers", "scheduler", "scheduler_state_dict", "scaler", "amp", "grad_scaler", "callbacks", "loops",
    "rng_state", "rng_states", "random_state", "cuda_rng_state", "optimizer_g", "optimizer_d"});
constexpr std::size_t noRank = weightNames.size();

struct Node
{
    PathStep step;           ///< that leads here
    std::size_t tensors = 0; ///< below
    std::size_t direct = 0;  ///< right here, under text keys
    bool module = false;
    std::vector<Node> children; ///< in file order
    std::map<std::string, std::size_t, std::less<>> byName;

    Node &child(const PathStep &next)
    {
        const std::string name = pathText({next}) + (std::holds_alternative<std::string>(next.value) ? "" : "#");
        const auto [found, added] = byName.try_emplace(name, children.size());
        if (added)
            children.emplace_back().step = next;
        return children[found->second];
    }
};

bool isText(const PathStep &step)
{
    return std::holds_alternative<std::string>(step.value) && !step.repr;
}

std::size_t rank(const PathStep &step)
{
    if (!isText(step))
        return noRank;
    return static_cast<std::size_t>(std::ranges::find(weightNames, std::get<std::string>(step.value)) - weightNames.begin());
}

bool isTraining(const PathStep &step)
{
    return isText(step) && std::ranges::find(trainingNames, std::get<std::string>(step.value)) != trainingNames.end();
}

Node tree(const CheckpointContent &content)
{
    constexpr std::size_t depth = 6; // deeper structures are no wrappers
    Node root;
    for (const TensorEntry &entry : content.tensors) {
        Node *node = &root;
        ++node->tensors;
        for (std::size_t i = 0; i < std::min(entry.path.size(), depth); ++i) {
            if (i + 1 == entry.path.size())
                node->direct += isText(entry.path[i]);
            else
                ++(node = &node->child(entry.path[i]))->tensors;
        }
    }
    for (const Path &path : content.modules) {
        Node *node = &root;
        for (std::size_t i = 0; i < path.size() && i < depth; ++i)
            node = &node->child(path[i]);
        node->module = true;
    }
    return root;
}

/// Down from the root as long as one part holds the weights.
Path descend(const Node &root)
{
    Path path;
    const Node *node = &root;
    bool named = false; // inside of something called model: its parts are the model's own
    while (!node->module) {
        const Node *best = nullptr;
        const Node *only = nullptr;
        std::size_t candidates = 0;
        for (const Node &child : node->children) {
            if (child.tensors == 0 || !isText(child.step) || isTraining(child.step))
                continue;
            ++candidates;
            only = &child;
            if (rank(child.step) < noRank && (!best || rank(child.step) < rank(best->step)))
                best = &child;
        }
        if (!best && candidates == 1 && !named)
            best = only;
        // A state dict holds tensors itself; a wrapper may hold a few (a step counter), its weights are the bulk.
        if (!best || node->direct * 4 > best->tensors)
            break;
        named = named || rank(best->step) < noRank;
        path.push_back(best->step);
        node = best;
    }
    return path;
}

void collect(const Node &node, Path &path, std::vector<Root> &roots)
{
    constexpr std::size_t most = 64;
    for (const Node &child : node.children) {
        const PathStep &step = child.step;
        if (child.tensors == 0 || !isText(step) || roots.size() == most)
            continue;
        path.push_back(step);
        const bool stateDict = child.direct > 0 || child.module;
        if (stateDict || isTraining(step) || rank(step) < noRank)
            roots.push_back({path, pathText(path), child.tensors});
        if (!stateDict && !isTraining(step))
            collect(child, path, roots);
        path.pop_back();
    }
}

} // namespace

void chooseRoots(CheckpointContent &content)
{
    const Root whole{{}, {}, content.tensors.size()};
    content.roots.clear();
    const bool flat = std::ranges::all_of(content.tensors, [](const TensorEntry &entry) { return entry.path.size() <= 1; });
    if (flat) {
        content.roots.push_back(whole);
        return;
    }
    const Node root = tree(content);
    const Path best = descend(root);
    std::vector<Root> others;
    Path path;
    const bool stateDict = root.module || (best.empty() && root.direct > 0);
    if (!stateDict)
        collect(root, path, others);
    const auto chosen = std::ranges::find(others, best, &Root::path);
    if (!best.empty()) {
        std::size_t below = 0;
        for (const TensorEntry &entry : content.tensors)
            below += entry.path.size() >= best.size() && std::equal(best.begin(), best.end(), entry.path.begin());
        content.roots.push_back({best, pathText(best), below});
        if (chosen != others.end())
            others.erase(chosen);
    }
    content.roots.push_back(whole);
    std::ranges::stable_sort(others, std::greater(), &Root::tensors);
    content.roots.insert(content.roots.end(), others.begin(), others.end());
}

} // namespace rekey

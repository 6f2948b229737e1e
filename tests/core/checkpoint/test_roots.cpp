// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpointdata.h"

#include <gtest/gtest.h>

#include <sstream>

using namespace rekey;

namespace {

/// Slashes separate the steps; digits are integer keys.
Path path(const std::string &text)
{
    Path result;
    std::istringstream steps(text);
    for (std::string step; std::getline(steps, step, '/');) {
        PathStep &added = result.emplace_back();
        if (step.find_first_not_of("0123456789") == std::string::npos) {
            added.value = std::int64_t{std::stoll(step)};
        } else {
            added.value = step;
        }
    }
    return result;
}

std::vector<std::string> rootsOf(const std::vector<std::string> &tensors, const std::vector<std::string> &modules = {})
{
    CheckpointContent content;
    for (const std::string &text : tensors) {
        TensorEntry &entry = content.tensors.emplace_back();
        entry.path = path(text);
        entry.key = pathText(entry.path);
    }
    for (const std::string &text : modules)
        content.modules.push_back(path(text));
    chooseRoots(content);
    std::vector<std::string> names;
    for (const Root &root : content.roots)
        names.push_back(root.text);
    return names;
}

} // namespace

TEST(Roots, AStateDictIsItsOwnRoot)
{
    EXPECT_EQ(rootsOf({"a.weight", "a.bias"}), (std::vector<std::string>{""}));
    EXPECT_EQ(rootsOf({}), (std::vector<std::string>{""}));
}

TEST(Roots, WrappersAreSeenThrough)
{
    EXPECT_EQ(rootsOf({"model/a", "model/b", "optimizer/state/0/exp_avg"}).front(), "model");
    EXPECT_EQ(rootsOf({"ema/a", "ema/b", "state_dict/a", "state_dict/b"}).front(), "state_dict");
    EXPECT_EQ(rootsOf({"ema/a", "optimizer/state/0/exp_avg", "optimizer/state/1/exp_avg"}).front(), "ema");
    EXPECT_EQ(rootsOf({"checkpoint/state_dict/a", "checkpoint/state_dict/b"}).front(), "checkpoint.state_dict");
    EXPECT_EQ(rootsOf({"weights_of_mine/a", "weights_of_mine/b"}).front(), "weights_of_mine");
}

TEST(Roots, AFewTensorsBesideTheWeightsDoNotCount)
{
    EXPECT_EQ(rootsOf({"rng", "model/a", "model/b", "model/c", "model/d"}).front(), "model");
    EXPECT_EQ(rootsOf({"a.weight", "b.weight", "model/c"}).front(), "");
}

TEST(Roots, SeveralPartsOfOneModelStayTogether)
{
    EXPECT_EQ(rootsOf({"encoder/a", "decoder/a"}).front(), "");
    EXPECT_EQ(rootsOf({"model/encoder/a", "model/decoder/a", "optimizer/state/0/m"}).front(), "model");
}

TEST(Roots, TheOptimizerIsNeverPreferredAndTheWholeFileIsAlwaysThere)
{
    const auto roots = rootsOf({"model/a", "model_ema/a", "optimizer/state/0/exp_avg", "optimizer/state/0/step"});
    EXPECT_EQ(roots, (std::vector<std::string>{"model", "", "optimizer", "model_ema"}));
    EXPECT_EQ(rootsOf({"optimizer/state/0/exp_avg"}).front(), "");
}

TEST(Roots, ModulesAreNotEntered)
{
    EXPECT_EQ(rootsOf({"model/0/weight", "model/1/weight"}, {"model"}).front(), "model");
    EXPECT_EQ(rootsOf({"layer/weight"}, {""}).front(), "");
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Targets whose values are calculated from several tensors of the source, and what is said about that.
#include "smallarray.h"
#include "valueevidence.h"

#include <gmock/gmock.h>

#include <cmath>

namespace rekey {
namespace {

using testdata::Array;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testdata::Values;

class CalculatedValues : public testdata::ValueEvidence
{
protected:
    Values positive(const std::string &key, const Shape &shape, float least)
    {
        Values values = tensor(key, shape);
        for (float &value : values.data)
            value = std::fabs(value) + least;
        return values;
    }

    static Array array(const Values &values) { return {values.shape, values.data}; }
    static Values values(const std::string &key, const Array &array) { return {key, array.shape, array.data}; }

    static std::vector<std::string> keys(const std::vector<Pattern> &patterns)
    {
        std::vector<std::string> texts;
        for (const auto &pattern : patterns)
            texts.push_back(pattern.text());
        return texts;
    }

    /// The only rule that does not just copy.
    Rule transforming(const std::vector<Values> &from, const std::vector<Values> &to)
    {
        const auto source = write("from", from), target = write("to", to);
        const Mapping mapping = suggested(source, target);
        std::vector<Rule> rules;
        for (const auto &rule : mapping.rules)
            if (rule.kind == RuleKind::Map && !rule.transform.empty())
                rules.push_back(rule);
        EXPECT_EQ(rules.size(), 1U);
        return rules.empty() ? Rule() : rules.front();
    }
};

struct Norm
{
    double eps;
    bool bias;
};

class FoldedNorms : public CalculatedValues, public testing::WithParamInterface<Norm>
{
};

TEST_P(FoldedNorms, areProvenWithTheirEps)
{
    const auto [eps, bias] = GetParam();
    std::vector<Values> from, to;
    for (const std::string block : {"layer1.0.", "layer1.1.", "layer2.0."}) {
        std::vector<Values> parts = {tensor(block + "conv1.weight", {8, 4, 3, 3})};
        if (bias)
            parts.push_back(tensor(block + "conv1.bias", {8}));
        parts.insert(parts.end(), {tensor(block + "bn1.weight", {8}), tensor(block + "bn1.bias", {8}),
                                   tensor(block + "bn1.running_mean", {8}), positive(block + "bn1.running_var", {8}, 0.001F)});
        std::vector<Array> arrays;
        for (const auto &part : parts)
            arrays.push_back(array(part));
        const auto result = testdata::folded(arrays, FoldBatchNorm{eps, bias});
        to.push_back(values(block + "conv1.weight", result[0]));
        to.push_back(values(block + "conv1.bias", result[1]));
        from.insert(from.end(), parts.begin(), parts.end());
    }
    const Rule rule = transforming(from, to);
    EXPECT_EQ(rule.state, RuleState::Proven);
    EXPECT_EQ(rule.transform, (Transform{Step{FoldBatchNorm{eps, bias}}}));
    EXPECT_EQ(rule.sources.size(), bias ? 6U : 5U);
    EXPECT_THAT(rule.evidence,
                Contains(HasSubstr("once the batch norm is folded in, eps " + std::string(eps == 1e-5 ? "1e-05" : "0.001"))));
}

INSTANTIATE_TEST_SUITE_P(Eps, FoldedNorms, testing::Values(Norm{1e-5, false}, Norm{1e-5, true}, Norm{1e-3, false}, Norm{1e-3, true}),
                         [](const auto &test) {
                             return std::string(test.param.eps == 1e-5 ? "small" : "large") + (test.param.bias ? "WithBias" : "");
                         });

TEST_F(CalculatedValues, anotherNormIsNotTakenForTheOneThatWasFolded)
{
    const std::vector<Values> from = {tensor("conv.weight", {8, 4, 3, 3}), tensor("bn.weight", {8}), tensor("bn.bias", {8}),
                                      tensor("bn.running_mean", {8}), positive("bn.running_var", {8}, 0.1F)};
    auto other = from;
    other[2].data[5] += 0.01F; // beta
    std::vector<Array> arrays;
    for (const auto &part : other)
        arrays.push_back(array(part));
    const auto result = testdata::folded(arrays, FoldBatchNorm{1e-5, false});
    const auto source = write("from", from), target = write("to", {values("conv.weight", result[0]), values("conv.bias", result[1])});
    for (const auto &rule : suggested(source, target).rules)
        EXPECT_NE(rule.state, RuleState::Proven);
}

TEST_F(CalculatedValues, weightNormIsFused)
{
    for (const auto &[g, v, dim] : {std::tuple("conv.weight_g", "conv.weight_v", 0),
                                    {"conv.parametrizations.weight.original0", "conv.parametrizations.weight.original1", 2}}) {
        const Values length = tensor(g, dim == 0 ? Shape{6, 1, 1} : Shape{1, 1, 6}), direction = tensor(v, {6, 4, 6});
        const auto weight = testdata::fusedWeightNorm(array(length), array(direction), dim);
        const Rule rule = transforming({length, direction}, {values("conv.weight", weight)});
        EXPECT_EQ(rule.state, RuleState::Proven);
        EXPECT_EQ(rule.transform, (Transform{Step{FuseWeightNorm{dim}}}));
        EXPECT_THAT(keys(rule.sources), ElementsAre(g, v));
        EXPECT_THAT(rule.evidence, Contains(HasSubstr("g · v / |v|")));
    }
}

TEST_F(CalculatedValues, weightNormIsSplit)
{
    const Values weight = tensor("conv.weight", {6, 4, 3});
    const Rule rule = transforming({weight}, {values("conv.weight_g", testdata::lengths(array(weight), 0)),
                                              values("conv.weight_v", array(weight))});
    EXPECT_EQ(rule.state, RuleState::Proven);
    EXPECT_EQ(rule.transform, (Transform{Step{SplitWeightNorm{0}}}));
    EXPECT_THAT(keys(rule.targets), ElementsAre("conv.weight_g", "conv.weight_v"));
}

TEST_F(CalculatedValues, biasesOfQueryAndValueBesideZeros)
{
    const Values q = tensor("blocks.0.attn.q_bias", {8}), v = tensor("blocks.0.attn.v_bias", {8}),
                 weight = tensor("blocks.0.attn.qkv.weight", {24, 8});
    const std::vector<float> zeros(8, 0.0F);
    const Values fused{"layers.0.attn.qkv.bias", {24}, testdata::joined({&q.data, &zeros, &v.data})};
    const Values same{"layers.0.attn.qkv.weight", {24, 8}, weight.data};
    const Rule joined = transforming({q, v, weight}, {same, fused});
    EXPECT_EQ(joined.state, RuleState::Proven);
    EXPECT_THAT(keys(joined.sources), ElementsAre(q.key, v.key));
    EXPECT_EQ(joined.transform, (Transform{Step{Pad{0, 8, 0, 0}, 1}, Step{Concat{0}}}));
    EXPECT_THAT(joined.evidence, Contains("values equal: values 0–7 from blocks.0.attn.q_bias, 16–23 from blocks.0.attn.v_bias, "
                                          "zeros elsewhere"));

    const auto source = write("from", {same, fused}), target = write("to", {q, v, weight});
    const Mapping back = suggested(source, target);
    auto got = pairs(back, source->schema(), target->schema());
    EXPECT_THAT(got[q.key], ElementsAre(fused.key));
    EXPECT_THAT(got[v.key], ElementsAre(fused.key));
    for (const auto &rule : back.rules)
        EXPECT_EQ(rule.state, RuleState::Proven);
}

TEST_F(CalculatedValues, normsPlusOneWhateverTheirNames)
{
    std::vector<Values> from = {tensor("a.weight", {8, 8}), tensor("b.weight", {8, 4}), tensor("norm1.weight", {16}),
                                tensor("norm2.weight", {16})};
    std::vector<Values> to = from;
    std::swap(to[2].data, to[3].data);
    for (const std::size_t norm : {2U, 3U})
        for (float &value : to[norm].data)
            value += 1;
    const auto source = write("from", from), target = write("to", to);
    const Mapping mapping = suggested(source, target);
    auto got = pairs(mapping, source->schema(), target->schema());
    EXPECT_THAT(got["norm1.weight"], ElementsAre("norm2.weight"));
    EXPECT_THAT(got["norm2.weight"], ElementsAre("norm1.weight"));
    for (const auto &rule : mapping.rules)
        EXPECT_EQ(rule.state, RuleState::Proven);
}

} // namespace
} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"
#include "core/runtime/blas.h"
#include "core/runtime/models/sam/attention.h"
#include "core/runtime/models/sam/stripsoftmax.h"
#include "core/runtime/tensortypes.h"

#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

using namespace rekey;
using namespace rekey::sam;

namespace {

double distance(const at::Tensor &a, const at::Tensor &b)
{
    return a.sizes() == b.sizes() ? (a - b).abs().max().item<double>() : INFINITY;
}

at::Tensor attention(const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns, const at::Tensor &tableH,
                     const at::Tensor &tableW)
{
    at::Tensor out = at::empty({qkv.size(0), qkv.size(1), qkv.size(2) / 3}, at::kFloat);
    gridAttention(out, qkv, heads, rows, columns, tableH, tableW, {});
    return out;
}

/// The formula as it stands in the paper, over whole matrices.
at::Tensor plainAttention(const at::Tensor &qkv, std::int64_t heads, std::int64_t rows, std::int64_t columns, const at::Tensor &tableH,
                          const at::Tensor &tableW)
{
    const std::int64_t groups = qkv.size(0), tokens = rows * columns, width = qkv.size(2) / 3;
    const at::Tensor parts = qkv.reshape({groups, tokens, 3, heads, width / heads}).permute({2, 0, 3, 1, 4});
    const at::Tensor q = parts[0], k = parts[1], v = parts[2];
    at::Tensor scores = at::matmul(q, k.transpose(2, 3)) / std::sqrt(static_cast<double>(width / heads));
    if (tableH.defined()) {
        const at::Tensor grid = q.reshape({groups, heads, rows, columns, width / heads});
        const at::Tensor height = at::einsum("nhyxc,ykc->nhyxk", {grid, relativePositions(tableH, rows, rows)});
        const at::Tensor across = at::einsum("nhyxc,xkc->nhyxk", {grid, relativePositions(tableW, columns, columns)});
        scores = (scores.reshape({groups, heads, rows, columns, rows, columns}) + height.unsqueeze(-1) + across.unsqueeze(-2))
                     .reshape({groups, heads, tokens, tokens});
    }
    return at::matmul(at::softmax(scores, -1), v).transpose(1, 2).reshape({groups, tokens, width});
}

} // namespace

TEST(RelativePositions, AgreeWithTheOriginalForUnequalLengths)
{
    const CheckpointPtr reference = openCheckpoint(std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny" / "edge_reference.safetensors");
    const auto load = [&](const std::string &key) { return loadTensor(reference, reference->find(key), Access::Copied).tensor; };
    const at::Tensor table = load("relpos.qk.table_in");
    EXPECT_LE(distance(relativePositions(table, 6, 3), load("relpos.qk.q6_k3")), 1e-6);
    EXPECT_LE(distance(relativePositions(table, 3, 6), load("relpos.qk.q3_k6")), 1e-6);
    EXPECT_LE(distance(relativePositions(table, 4, 4), load("relpos.qk.q4_k4")), 1e-6);
}

TEST(RelativePositions, AgreeWithTheOriginalForResizedTables)
{
    const auto folder = std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny";
    const CheckpointPtr reference = openCheckpoint(folder / "edge_reference.safetensors"),
                        model = openCheckpoint(folder / "edge_relpos.pth");
    for (const std::string block : {"0", "1"}) {
        for (const std::string axis : {"h", "w"}) {
            const std::size_t expected = reference->find("relpos.table.blocks." + block + '.' + axis);
            const std::size_t table = model->find("image_encoder.blocks." + block + ".attn.rel_pos_" + axis);
            ASSERT_NE(table, SchemaIndex::npos);
            const std::int64_t size = block == "0" ? 4 : 8;
            const at::Tensor found = relativePositions(loadTensor(model, table, Access::Copied).tensor, size, size);
            EXPECT_LE(distance(found, loadTensor(reference, expected, Access::Copied).tensor), 1e-6) << block << axis;
        }
    }
}

TEST(GridAttention, AgreesWithTheFormula)
{
    const c10::InferenceMode mode;
    at::manual_seed(1);
    struct Case { std::int64_t groups, heads, headWidth, rows, columns; bool positions; };
    for (const Case &c :
         {Case {1, 2, 8, 5, 7, true}, Case {3, 1, 16, 4, 4, true}, Case {1, 2, 4, 40, 30, true}, Case {2, 3, 8, 14, 14, true},
          Case {1, 1, 64, 48, 64, true}, Case {1, 1, 8, 33, 1, true}, Case {2, 2, 8, 9, 6, false}, Case {1, 1, 4, 1, 1, true}}) {
        const at::Tensor qkv = at::randn({c.groups, c.rows * c.columns, 3 * c.heads * c.headWidth});
        at::Tensor tableH, tableW;
        if (c.positions) {
            tableH = at::randn({2 * c.rows - 1, c.headWidth});
            tableW = at::randn({2 * c.columns - 1, c.headWidth});
        }
        const at::Tensor found = attention(qkv, c.heads, c.rows, c.columns, tableH, tableW);
        const at::Tensor expected = plainAttention(qkv, c.heads, c.rows, c.columns, tableH, tableW);
        EXPECT_LE(distance(found, expected), 2e-5) << c.rows << " × " << c.columns;
        at::Tensor portable = at::empty_like(found);
        blasAttention(portable, qkv, c.heads, c.rows, c.columns, tableH, tableW, {});
        EXPECT_LE(distance(portable, expected), 2e-5) << c.rows << " × " << c.columns;
    }
}

TEST(GridAttention, DoesNotDependOnTheNumberOfThreads)
{
    const c10::InferenceMode mode;
    at::manual_seed(2);
    const at::Tensor qkv = at::randn({1, 24 * 24, 3 * 64}), table = at::randn({47, 16});
    const int before = threads();
    setThreads(1);
    const at::Tensor one = attention(qkv, 4, 24, 24, table, table);
    for (const int count : {2, 3, 7}) {
        setThreads(count);
        EXPECT_LE(distance(attention(qkv, 4, 24, 24, table, table), one), 1e-6) << count;
    }
    setThreads(before);
}

TEST(StripSoftmax, HoldsForExtremeScores)
{
    // Far apart, so that most weights vanish; equal; huge, where exp() without the maximum taken off would overflow.
    for (const float spread : {0.0F, 1.0F, 50.0F, 3000.0F}) {
        for (const std::size_t columns : {1U, 3U, 4U, 13U, 16U, 37U}) {
            std::vector<float> scores(5 * columns + softmaxSlack), height(5), across(columns);
            for (std::size_t i = 0; i < scores.size(); ++i)
                scores[i] = i < 5 * columns ? spread * std::sin(static_cast<float>(i * i)) : 1e30F;
            for (std::size_t y = 0; y < 5; ++y)
                height[y] = spread * 0.1F * static_cast<float>(y);
            for (std::size_t x = 0; x < columns; ++x)
                across[x] = -spread * 0.2F * static_cast<float>(x);
            std::vector<double> expected;
            double largest = -INFINITY, total = 0;
            for (std::size_t i = 0; i < 5 * columns; ++i) {
                expected.push_back(0.125 * scores[i] + height[i / columns] + across[i % columns]);
                largest = std::max(largest, expected.back());
            }
            for (double &value : expected)
                total += value = std::exp(value - largest);
            float maximum = -INFINITY;
            const float sum = softmaxWeights(scores.data(), 5, columns, 0.125F, height.data(), across.data(), maximum);
            EXPECT_NEAR(maximum, largest, 1e-6 * std::abs(largest));
            EXPECT_NEAR(sum / total, 1, 2e-4);
            for (std::size_t i = 0; i < scores.size(); ++i) {
                if (i >= expected.size()) {
                    EXPECT_EQ(scores[i], 1e30F) << "what follows is left as it was";
                    continue;
                }
                EXPECT_NEAR(scores[i] / sum, expected[i] / total, 2e-4 * std::max(0.05, expected[i] / total))
                    << spread << ' ' << columns << ' ' << i;
            }
        }
    }
}

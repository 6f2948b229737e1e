// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspect/blockfamily.h"
#include "ui/inspect/csvexport.h"
#include "ui/inspect/tensorreading.h"
#include "ui/inspect/tensortree.h"

#include <QFile>
#include <QTemporaryDir>

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

namespace rekey::ui {
namespace {

Schema schemaOf(std::vector<std::pair<std::string, Shape>> entries)
{
    Schema schema;
    for (auto &[key, shape] : entries)
        schema.tensors.push_back({key, shape, DType::F32, static_cast<std::uint32_t>(schema.tensors.size())});
    return schema;
}

TEST(FusedParts, OnlyWhenNameAndShapeSaySo)
{
    const std::vector<std::string> qkv{"q", "k", "v"};
    EXPECT_EQ(fusedParts("blocks.2.attn.qkv.weight", {480, 160}), qkv);
    EXPECT_EQ(fusedParts("blocks.2.attn.qkv.bias", {480}), qkv);
    EXPECT_EQ(fusedParts("attn.in_proj_weight", {2304, 768}), qkv);
    EXPECT_EQ(fusedParts("attn.kv.weight", {512, 256}), (std::vector<std::string>{"k", "v"}));
    EXPECT_TRUE(fusedParts("blocks.2.attn.qkv.weight", {1024, 512}).empty()) << "grouped queries: unequal parts";
    EXPECT_TRUE(fusedParts("blocks.2.attn.proj.weight", {480, 160}).empty()) << "the shape alone says nothing";
    EXPECT_TRUE(fusedParts("h.0.attn.query_key_value.weight", {480, 160}).empty()) << "interleaved by head";
    EXPECT_TRUE(fusedParts("h.0.attn.c_attn.weight", {160, 480}).empty()) << "fused along dimension 1";
    EXPECT_TRUE(fusedParts("attn.qkv", {}).empty());
}

TEST(BlockFamily, SameTensorInEveryBlock)
{
    const Schema schema = schemaOf(
        {{"e.blocks.0.a.w", {4}}, {"e.blocks.10.a.w", {4}}, {"e.blocks.2.a.w", {4}}, {"e.blocks.2.b.w", {4}}, {"d.blocks.2.a.w", {4}}});
    const BlockFamily family = blockFamily(schema, 2);
    EXPECT_EQ(family.leaf, "a.w");
    EXPECT_EQ(family.members, (std::vector<BlockFamily::Member>{{0, 0}, {2, 2}, {10, 1}}));
    EXPECT_TRUE(family.notes.empty());
}

TEST(BlockFamily, ATensorWithoutLikesIsAlone)
{
    const BlockFamily family = blockFamily(schemaOf({{"pos_embed", {1, 4}}, {"blocks.0.w", {4}}}), 0);
    EXPECT_EQ(family.leaf, "pos_embed");
    EXPECT_EQ(family.members.size(), 1U);
}

TEST(BlockFamily, LayersOfOtherKindsInASequenceAreNoBlocks)
{
    const Schema schema
        = schemaOf({{"up.0.weight", {64, 16, 2, 2}}, {"up.1.weight", {16}}, {"up.3.weight", {16, 8, 2, 2}}, {"up.2.weight", {8}}});
    EXPECT_EQ(blockFamily(schema, 0).members, (std::vector<BlockFamily::Member> {{0, 0}, {3, 2}}));
    EXPECT_EQ(blockFamily(schema, 1).members, (std::vector<BlockFamily::Member> {{1, 1}, {2, 3}}));
}

TEST(BlockFamily, MoreBlocksWinOverFewerLayers)
{
    const Schema schema
        = schemaOf({{"mlps.0.layers.0.w", {4}}, {"mlps.0.layers.1.w", {4}}, {"mlps.1.layers.0.w", {4}}, {"mlps.2.layers.0.w", {4}}});
    EXPECT_EQ(blockFamily(schema, 0).leaf, "layers.0.w");
}

TEST(BlockFamily, SaysWhichBlocksDiffer)
{
    std::vector<std::pair<std::string, Shape>> entries;
    for (int i = 0; i < 6; ++i)
        for (const char *leaf : {"attn.rel_pos_h", "attn.rel_pos_w"})
            entries.emplace_back("blocks." + std::to_string(i) + "." + leaf, Shape{i == 2 || i == 5 ? 31 : 15, 32});
    const BlockFamily family = blockFamily(schemaOf(entries), 0);
    EXPECT_EQ(family.notes, std::vector<std::string> {"attn.rel_pos_h and attn.rel_pos_w: 31×32 in blocks 2 and 5, 15×32 in the other 4."});
}

TEST(TensorTree, BlocksListTheirTensors)
{
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    const TensorTree tree = buildTensorTree(demo->schema(), Folding::Unfolded);
    const auto find = [&](const std::string &path) {
        const auto node = std::find_if(tree.nodes.begin() + 1, tree.nodes.end(), [&](const auto &n) { return n.path == path; });
        EXPECT_NE(node, tree.nodes.end()) << path;
        return node;
    };
    const auto blocks = find("image_encoder.blocks");
    EXPECT_EQ(blocks->repeat, 6U);
    EXPECT_EQ(blocks->keys, 84U);
    const auto block = find("image_encoder.blocks.2");
    ASSERT_EQ(block->children.size(), 14U);
    EXPECT_TRUE(std::any_of(block->children.begin(), block->children.end(),
                            [&](auto child) { return tree.nodes[child].name == "attn.qkv.weight"; }));
    // Every tensor has its row, and every row its place.
    for (std::uint32_t i = 0; i < demo->tensors().size(); ++i) {
        const auto &leaf = tree.nodes[tree.leafOf[i]];
        EXPECT_NE(std::find(leaf.tensors.begin(), leaf.tensors.end(), i), leaf.tensors.end());
    }
    for (std::uint32_t i = 1; i < tree.nodes.size(); ++i)
        EXPECT_EQ(tree.nodes[tree.nodes[i].parent].children[tree.nodes[i].row], i);
}

TEST(TensorTree, FoldedBlocksStandForAll)
{
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    const TensorTree tree = buildTensorTree(demo->schema(), Folding::Folded);
    const std::size_t qkv = demo->find("image_encoder.blocks.2.attn.qkv.weight");
    const auto &leaf = tree.nodes[tree.leafOf[qkv]];
    EXPECT_EQ(leaf.tensors.size(), 6U);
    EXPECT_EQ(leaf.values, 6U * 480 * 160);
}

TEST(TensorReading, ThirdsOfAFusedTensor)
{
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    const auto tensor = static_cast<std::uint32_t>(demo->find("image_encoder.blocks.2.attn.qkv.weight"));
    const TensorReading reading = readTensor(*demo, tensor);
    ASSERT_EQ(reading.rows.size(), 6U);
    ASSERT_EQ(reading.rows[2].cells.size(), 3U);
    EXPECT_EQ(reading.rows[2].tensor, tensor);
    // As measured with PyTorch: the standard deviations of the thirds of dimension 0.
    EXPECT_NEAR(reading.rows[2].cells[0].standardDeviation, 0.0727, 5e-5);
    EXPECT_NEAR(reading.rows[2].cells[1].standardDeviation, 0.0612, 5e-5);
    EXPECT_NEAR(reading.rows[2].cells[2].standardDeviation, 0.1249, 5e-5);
    ASSERT_TRUE(reading.statistics.has_value());
    EXPECT_EQ(reading.statistics->count, 76800U);
    for (const auto &cell : reading.rows[2].cells)
        EXPECT_LE(std::accumulate(cell.counts.begin(), cell.counts.end(), std::uint64_t(0)), 25600U);
}

TEST(TensorReading, ASchemaHasNoValues)
{
    const CheckpointPtr schema = checkpointFromSchema(schemaOf({{"blocks.0.w", {4}}, {"blocks.1.w", {4}}}));
    const TensorReading reading = readTensor(*schema, 0);
    EXPECT_FALSE(reading.statistics.has_value());
    EXPECT_EQ(reading.family.members.size(), 2U);
}

TEST(Csv, QuotesWhatSpreadsheetsWouldTakeApart)
{
    EXPECT_EQ(csvField("a.b"), "a.b");
    EXPECT_EQ(csvField("a,b"), "\"a,b\"");
    EXPECT_EQ(csvField("a\"b"), "\"a\"\"b\"");
    EXPECT_EQ(csvField("=cmd()"), "\"'=cmd()\"");
}

TEST(Csv, OneLineATensor)
{
    QTemporaryDir folder;
    const std::filesystem::path path = folder.filePath(QStringLiteral("statistics.csv")).toStdString();
    const CheckpointPtr demo = openCheckpoint(REKEY_RESOURCES "/demo/sam_tiny.pth");
    const auto tensor = static_cast<std::uint32_t>(demo->find("image_encoder.blocks.2.attn.qkv.weight"));
    writeStatisticsCsv(*demo, std::vector<std::uint32_t>{tensor}, path);
    QFile file(QString::fromStdString(path.string()));
    ASSERT_TRUE(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    ASSERT_EQ(lines.size(), 2);
    EXPECT_EQ(lines[0].count(','), lines[1].count(','));
    EXPECT_TRUE(lines[1].startsWith("image_encoder.blocks.2.attn.qkv.weight,480×160,F32,76800,307200,-0.53")) << lines[1].toStdString();
}

} // namespace
} // namespace rekey::ui

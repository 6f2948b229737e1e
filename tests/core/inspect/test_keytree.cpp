// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/inspect/keytree.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <sstream>

using namespace rekey;

namespace {

/// A schema from lines "key 1×2×3" (or "key scalar").
Schema schemaFrom(const std::string &text)
{
    Schema schema;
    std::istringstream lines(text);
    std::string key, dims;
    while (lines >> key >> dims) {
        SchemaTensor tensor;
        tensor.key = key;
        std::istringstream in(dims == "scalar" ? "" : dims);
        for (std::string dim; std::getline(in, dim, 'x');)
            tensor.shape.push_back(std::stoll(dim));
        tensor.tiedTo = static_cast<std::uint32_t>(schema.tensors.size());
        schema.tensors.push_back(tensor);
    }
    return schema;
}

void print(const KeyTree &tree, std::uint32_t node, int indent, std::string &out)
{
    for (const std::uint32_t child : tree.at(node).children) {
        const KeyTree::Node &row = tree.at(child);
        out += std::string(static_cast<std::size_t>(indent) * 2, ' ') + row.name;
        if (row.repeat > 1)
            out += fmt::format(" ×{}", row.repeat);
        if (row.shapes.empty())
            out += fmt::format(" · {}", row.keys);
        else
            out += " [" + row.shapes + "]";
        out += '\n';
        print(tree, child, indent + 1, out);
    }
}

std::string treeText(const std::string &schema, Folding folding)
{
    const KeyTree tree = buildKeyTree(schemaFrom(schema), folding);
    std::string out = "\n";
    print(tree, KeyTree::root, 0, out);
    return out;
}

// A small SAM: what the Map and Inspect pages show.
std::string samKeys()
{
    std::string text = "image_encoder.pos_embed 1x16x16x160\n"
                       "image_encoder.patch_embed.proj.weight 160x3x16x16\nimage_encoder.patch_embed.proj.bias 160\n";
    for (int i : {0, 1, 10, 2}) {
        const std::string block = fmt::format("image_encoder.blocks.{}.", i), rows = i == 2 ? "31x32" : "15x32";
        text += block + "norm1.weight 160\n" + block + "norm1.bias 160\n";
        text += block + "attn.rel_pos_h " + rows + "\n" + block + "attn.rel_pos_w " + rows + "\n";
        text += block + "attn.qkv.weight 480x160\n" + block + "attn.qkv.bias 480\n";
        text += block + "mlp.lin1.weight 640x160\n" + block + "mlp.lin1.bias 640\n";
        text += block + "mlp.lin2.weight 160x640\n" + block + "mlp.lin2.bias 160\n";
    }
    text += "image_encoder.neck.0.weight 64x160x1x1\nimage_encoder.neck.1.weight 64\nimage_encoder.neck.1.bias 64\n";
    for (int i = 0; i < 4; ++i)
        text += fmt::format("prompt_encoder.point_embeddings.{}.weight 1x64\n", i);
    for (int i = 0; i < 4; ++i) {
        for (int layer = 0; layer < 3; ++layer) {
            const std::string rows = layer == 2 ? "8" : "64";
            text += fmt::format("mask_decoder.output_hypernetworks_mlps.{0}.layers.{1}.weight {2}x64\n"
                                "mask_decoder.output_hypernetworks_mlps.{0}.layers.{1}.bias {2}\n",
                                i, layer, rows);
        }
    }
    return text;
}

} // namespace

TEST(KeyTree, FoldsBlocksThatLookAlike)
{
    EXPECT_EQ(treeText(samKeys(), Folding::Folded), R"(
image_encoder · 46
  pos_embed [1×16×16×160]
  patch_embed.proj [160×3×16×16, 160]
    weight [160×3×16×16]
    bias [160]
  blocks ×4 · 40
    norm1 [160]
      weight [160]
      bias [160]
    attn · 16
      rel_pos_h [15×32, 31×32]
      rel_pos_w [15×32, 31×32]
      qkv.weight [480×160]
      qkv.bias [480]
    mlp · 16
      lin1 [640×160, 640]
        weight [640×160]
        bias [640]
      lin2 [160×640, 160]
        weight [160×640]
        bias [160]
  neck · 3
    0.weight [64×160×1×1]
    1 [64]
      weight [64]
      bias [64]
prompt_encoder.point_embeddings.weight ×4 [1×64]
mask_decoder.output_hypernetworks_mlps ×4 · 24
  layers.0 [64×64, 64]
    weight [64×64]
    bias [64]
  layers.1 [64×64, 64]
    weight [64×64]
    bias [64]
  layers.2 [8×64, 8]
    weight [8×64]
    bias [8]
)");
}

TEST(KeyTree, ListsUnfoldedBlocksFlatInNaturalOrder)
{
    EXPECT_EQ(treeText("net.blocks.10.attn.qkv.weight 6x2\nnet.blocks.10.attn.qkv.bias 6\nnet.blocks.2.attn.qkv.weight 6x2\n"
                       "net.blocks.2.attn.qkv.bias 6\nnet.neck.0.weight 3x3\nnet.neck.1.weight 3\nnet.neck.1.bias 3\nnet.end.weight "
                       "1\nnet.end.bias 1\n",
                       Folding::Unfolded),
              R"(
net · 9
  blocks ×2 · 4
    2.attn.qkv [6×2, 6]
      weight [6×2]
      bias [6]
    10.attn.qkv [6×2, 6]
      weight [6×2]
      bias [6]
  neck · 3
    0.weight [3×3]
    1.weight [3]
    1.bias [3]
  end [1]
    weight [1]
    bias [1]
)");
}

TEST(KeyTree, KeepsUnlikeBlocksApart)
{
    // ResNet: the first block of a stage has a shortcut of its own. T5: the first block has the position table.
    EXPECT_EQ(treeText("layer1.0.conv.weight 4x4\nlayer1.0.down.weight 4x4\nlayer1.1.conv.weight 4x4\nlayer1.1.bn.weight 4\n"
                       "layer1.2.conv.weight 4x4\nlayer1.2.bn.weight 4\nlayer1.3.conv.weight 4x4\nlayer1.3.bn.weight 4\n",
                       Folding::Folded),
              R"(
layer1 · 8
  0 [4×4]
    conv.weight [4×4]
    down.weight [4×4]
  1–3 ×3 · 6
    conv.weight [4×4]
    bn.weight [4]
)");
}

TEST(KeyTree, FoldsWithinFolds)
{
    std::string keys;
    for (int i = 0; i < 3; ++i) {
        for (int j = 0; j < 2; ++j)
            keys += fmt::format("layers.{}.experts.{}.up.weight 4x2\nlayers.{}.experts.{}.down.weight 2x4\n", i, j, i, j);
        keys += fmt::format("layers.{}.norm.weight 2\n", i);
    }
    const KeyTree tree = buildKeyTree(schemaFrom(keys), Folding::Folded);
    std::string text = "\n";
    print(tree, KeyTree::root, 0, text);
    EXPECT_EQ(text, R"(
layers ×3 · 15
  experts ×2 · 12
    up.weight [4×2]
    down.weight [2×4]
  norm.weight [2]
)");
    const KeyTree::Node &up = tree.at(tree.leafOf[0]);
    EXPECT_EQ(up.path, "layers.{i}.experts.{j}.up.weight");
    EXPECT_EQ(up.tensors, (std::vector<std::uint32_t> {0, 2, 5, 7, 10, 12}));
}

TEST(KeyTree, CountsKeysValuesAndBytes)
{
    const KeyTree tree = buildKeyTree(schemaFrom("a.x.weight 4x2\na.x.bias 4\na.y scalar\n"), Folding::Folded);
    const KeyTree::Node &root = tree.at(KeyTree::root);
    EXPECT_EQ(root.keys, 3u);
    EXPECT_EQ(root.values, 13u);
    EXPECT_EQ(root.bytes, 52u);
    EXPECT_EQ(tree.tensorsBelow(KeyTree::root), (std::vector<std::uint32_t> {0, 1, 2}));
}

TEST(KeyTree, TakesOddKeys)
{
    EXPECT_EQ(treeText("a 1\na.b 2\na..b 3\n007.x 1\n008.x 1\n. 5\n", Folding::Folded), R"(
a [1]
a [2, 3]
  b [2]
  .b [3]
007.x [1]
008.x [1]
. [5]
)");
    EXPECT_EQ(treeText("", Folding::Folded), "\n");
    EXPECT_EQ(treeText("w 1\nw 1\n", Folding::Folded), "\nw [1]\n");
    // Deeper than the stack would like.
    std::string deep = "a";
    for (int i = 0; i < 20000; ++i)
        deep += ".a";
    const KeyTree tree = buildKeyTree(schemaFrom(deep + " 1\n" + deep + ".b 1\n"), Folding::Folded);
    EXPECT_EQ(tree.at(KeyTree::root).keys, 2u);
}

TEST(KeyTree, EveryTensorHasItsLeaf)
{
    const Schema schema = schemaFrom(samKeys());
    for (const Folding folding : {Folding::Folded, Folding::Unfolded}) {
        const KeyTree tree = buildKeyTree(schema, folding);
        for (std::uint32_t i = 0; i < schema.tensors.size(); ++i)
            EXPECT_NE(std::ranges::find(tree.at(tree.leafOf[i]).tensors, i), tree.at(tree.leafOf[i]).tensors.end())
                << schema.tensors[i].key;
        EXPECT_EQ(tree.tensorsBelow(KeyTree::root).size(), schema.tensors.size());
    }
}

TEST(KeyTree, TakesAHundredThousandKeysInstantly)
{
    Schema schema;
    for (int layer = 0; layer < 100; ++layer) {
        for (int expert = 0; expert < 250; ++expert) {
            for (const char *leaf : {"gate.weight", "up.weight", "down.weight", "down.bias"})
                schema.tensors.push_back({fmt::format("model.layers.{}.mlp.experts.{}.{}", layer, expert, leaf), {8, 8}, DType::F32, 0});
        }
    }
    for (const Folding folding : {Folding::Folded, Folding::Unfolded}) {
        const auto start = std::chrono::steady_clock::now();
        const KeyTree tree = buildKeyTree(schema, folding);
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        EXPECT_EQ(tree.at(KeyTree::root).keys, 100000u);
        RecordProperty(folding == Folding::Folded ? "folded_ms" : "unfolded_ms", std::to_string(seconds * 1000));
        EXPECT_LT(seconds, 2.0) << "about 0.05 s on an idle core; the margin is for sanitizers and busy machines";
    }
}

TEST(Template, LiftsNumbersOut)
{
    EXPECT_EQ(keyTemplate("blocks.0.norm1.weight").text, "blocks.{}.norm1.weight");
    EXPECT_EQ(keyTemplate("a.12.b.3").numbers, (std::vector<std::int64_t> {12, 3}));
    EXPECT_EQ(keyTemplate("a.007.b").text, "a.007.b");
    EXPECT_EQ(keyTemplate("1").text, "{}");
    EXPECT_EQ(keyTemplate("").text, "");
    EXPECT_EQ(keyTemplate("x.99999999999999999999").text, "x.99999999999999999999");
}

TEST(NaturalOrder, ComparesNumbersByValue)
{
    std::vector<std::string> keys = {"b.10.x", "b.2.x", "b.2.w", "a", "b.02.w", "b", "norm10", "norm9", "b.99999999999999999999999", "b.3"};
    std::ranges::sort(keys, naturalLess);
    EXPECT_EQ(keys, (std::vector<std::string> {"a", "b", "b.02.w", "b.2.w", "b.2.x", "b.3", "b.10.x", "b.99999999999999999999999", "norm9",
                                               "norm10"}));
    EXPECT_FALSE(naturalLess("same", "same"));
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/mapping/architectures.h"
#include "core/script/exporters.h"
#include "tests/core/mapping/values.h"
#include "tests/core/script/digests.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

// Every generated script is run, forward and back, and its bytes compared with what the few lines of plain torch give that
// stand beside each case (check_scripts.py).

namespace rekey {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using test::drop;
using test::init;
using test::map;
using test::schemaOf;

struct Case
{
    std::string name;
    Schema source, target;
    std::vector<Rule> rules;
    std::string expected; ///< Python: fills `expected` from `source` (and `target`)
    bool reverse = true;
    bool lossless = true;
    int unexpected = 0;
    std::string dropOne = {}; ///< a source key without which target keys stay open
    bool needsTarget = false;
    bool restores = false; ///< the way back needs the values of what was dropped
};

json rows(const Schema &schema)
{
    json result = json::array();
    for (const SchemaTensor &tensor : schema.tensors)
        result.push_back({{"key", tensor.key}, {"shape", tensor.shape}, {"dtype", name(tensor.dtype)}});
    return result;
}

Schema mixed(Schema schema, std::size_t index, DType dtype)
{
    schema.tensors[index].dtype = dtype;
    return schema;
}

fs::path writeCase(const Case &c)
{
    const Mapping mapping = test::mappingOf(c.rules);
    const Resolution resolution = resolve(mapping, c.source, c.target);
    EXPECT_TRUE(resolution.complete()) << c.name << ": " << (resolution.problems.empty() ? "" : resolution.problems.front().text);
    const fs::path folder = fs::path(testing::TempDir()) / "rekey-scripts" / c.name;
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream(folder / "convert.py") << exporterById("python").write({&mapping, &c.source, &c.target, &resolution});
    const json description = {{"source", rows(c.source)}, {"target", rows(c.target)},      {"expected", c.expected},
                              {"reverse", c.reverse},     {"lossless", c.lossless},        {"unexpected", c.unexpected},
                              {"drop_one", c.dropOne},    {"needs_target", c.needsTarget}, {"restores", c.restores}};
    std::ofstream(folder / "case.json") << description;
    return folder;
}

/// All keys of a real pair, with shapes of a few numbers each.
Case samCase(const std::string &from, const std::string &to, const std::string &source, const std::string &target)
{
    Case c;
    c.name = source + "_to_" + target;
    c.source = test::schemaFile(std::string(REKEY_RESOURCES "/schemas/") + source + ".json");
    c.target = test::schemaFile(std::string(REKEY_RESOURCES "/schemas/") + target + ".json");
    for (Schema *schema : {&c.source, &c.target}) {
        for (SchemaTensor &tensor : schema->tensors) {
            for (std::int64_t &size : tensor.shape)
                size = size % 3 + 1;
        }
    }
    const auto sam = std::ranges::find(architectures(), "sam", &Architecture::id);
    c.rules = namingMapping(*sam, from, to).rules;
    const json truth = json::parse(test::fileText(std::string(REKEY_TEST_DATA "/mapping/truth/") + c.name + ".json"));
    for (const json &pair : truth["pairs"])
        c.expected
            += fmt::format("expected['{}'] = source['{}']\n", pair["target"].get<std::string>(), pair["sources"][0].get<std::string>());
    return c;
}

std::vector<Case> cases()
{
    const DType F16 = DType::F16, BF16 = DType::BF16, F64 = DType::F64, I64 = DType::I64;
    std::vector<Case> result = {
        {"rename",
         schemaOf({{"a.0.weight", {3, 2}}, {"a.1.weight", {3, 2}}, {"a.0.bias", {3}}, {"a.1.bias", {3}}, {"n", {2}}, {"s", {}}}),
         schemaOf({{"b.0.weight", {3, 2}}, {"b.1.weight", {3, 2}}, {"b.0.bias", {3}}, {"b.1.bias", {3}}, {"norm", {2}}, {"s", {}}}),
         {map({"a.{i}.{leaf}"}, {"b.{i}.{leaf}"}), map({"n"}, {"norm"}), map({"s"}, {"s"})},
         "for i in range(2):\n  for leaf in ('weight', 'bias'): expected[f'b.{i}.{leaf}'] = source[f'a.{i}.{leaf}']\nexpected['norm'] = "
         "source['n']\n"
         "expected['s'] = source['s']",
         true,
         true,
         0,
         "n"},
        {"types",
         mixed(schemaOf({{"a", {40}}, {"b", {5}}}), 1, I64),
         mixed(schemaOf({{"x", {40}}, {"y", {5}}}, F16), 1, I64),
         {map({"{x:a|b}"}, {"{x:x|y}"})},
         "expected['x'] = source['a']\nexpected['y'] = source['b']",
         true,
         false},
        {"bfloat16",
         schemaOf({{"a", {40}}}),
         schemaOf({{"x", {40}}}, BF16),
         {map({"a"}, {"x"})},
         "expected['x'] = source['a']",
         true,
         false},
        {"fuse",
         schemaOf({{"0.q.w", {2, 4}}, {"0.k.w", {2, 4}}, {"0.v.w", {2, 4}}, {"1.q.w", {2, 4}}, {"1.k.w", {2, 4}}, {"1.v.w", {2, 4}}}),
         schemaOf({{"l.0.qkv.w", {6, 4}}, {"l.1.qkv.w", {6, 4}}}),
         {map({"{i}.q.{leaf}", "{i}.k.{leaf}", "{i}.v.{leaf}"}, {"l.{i}.qkv.{leaf}"}, "concat dim 0")},
         "for i in range(2): expected[f'l.{i}.qkv.w'] = torch.cat([source[f'{i}.{x}.w'] for x in 'qkv'])",
         true,
         true,
         0,
         "1.k.w"},
        {"fuse_uneven",
         schemaOf({{"0.q", {4, 3}}, {"0.kv", {2, 3}}, {"1.q", {6, 3}}, {"1.kv", {2, 3}}}),
         schemaOf({{"0.all", {6, 3}}, {"1.all", {8, 3}}}),
         {map({"{i}.q", "{i}.kv"}, {"{i}.all"}, "concat dim 0")},
         "for i in range(2): expected[f'{i}.all'] = torch.cat([source[f'{i}.q'], source[f'{i}.kv']])"},
        {"split",
         schemaOf({{"b.0.qkv", {6, 2}}, {"b.1.qkv", {6, 2}}, {"kv", {5}}}),
         schemaOf({{"l.1.q", {2, 2}},
                   {"l.1.k", {2, 2}},
                   {"l.1.v", {2, 2}},
                   {"l.2.q", {2, 2}},
                   {"l.2.k", {2, 2}},
                   {"l.2.v", {2, 2}},
                   {"k", {1}},
                   {"v", {4}}}),
         {map({"b.{i}.qkv"}, {"l.{i+1}.q", "l.{i+1}.k", "l.{i+1}.v"}, "split dim 0 into 3"),
          map({"kv"}, {"k", "v"}, "split dim 0 sizes 1,4")},
         "for i in range(2):\n  for x, part in zip('qkv', source[f'b.{i}.qkv'].chunk(3)): expected[f'l.{i+1}.{x}'] = part\n"
         "expected['k'], expected['v'] = source['kv'][:1], source['kv'][1:]",
         true,
         true,
         0,
         "kv"},
        {"shapes",
         schemaOf({{"t", {2, 3}}, {"p", {2, 3, 4, 5}}, {"r", {6, 4}}, {"c", {4, 3, 1, 1}}, {"u", {3}}, {"i", {12, 2}}, {"pad", {1, 4}}}),
         schemaOf({{"t", {3, 2}}, {"p", {5, 4, 2, 3}}, {"r", {2, 3, 4}}, {"c", {4, 3}}, {"u", {1, 3}}, {"i", {12, 2}}, {"pad", {1, 6}}}),
         {map({"t"}, {"t"}, "transpose 0 -1"), map({"p"}, {"p"}, "permute 3,2,0,1"), map({"r"}, {"r"}, "reshape 2×-1×4"),
          map({"c"}, {"c"}, "squeeze dim -1, then squeeze dim -1"), map({"u"}, {"u"}, "unsqueeze dim 0"),
          map({"i"}, {"i"}, "interleave dim 0 outer 2 a 2 b 3"), map({"pad"}, {"pad"}, "pad dim 1 before 1 after 1 value 0.5")},
         "expected['t'] = source['t'].T\nexpected['p'] = source['p'].permute(3, 2, 0, 1)\nexpected['r'] = source['r'].view(2, 3, 4)\n"
         "expected['c'] = source['c'][:, :, 0, 0]\nexpected['u'] = source['u'][None]\n"
         "expected['i'] = torch.cat([source['i'][[o * 6 + a * 3 + b for a in range(2)]] for o in range(2) for b in range(3)])\n"
         "half = torch.full((1, 1), 0.5)\nexpected['pad'] = torch.cat([half, source['pad'], half], 1)"},
        {"rotary",
         schemaOf({{"0.q", {8, 3}}, {"0.k", {4, 3}}, {"0.v", {4, 3}}}, F16),
         schemaOf({{"0.qkv", {16, 3}}}, F16),
         {map({"{i}.q", "{i}.k", "{i}.v"}, {"{i}.qkv"},
              "interleave dim 0 outer 2 a 2 b 2 only input 0, then interleave dim 0 outer 1 a 2 b 2 only input 1, then concat dim 0")},
         "q = source['0.q'].view(2, 2, 2, 3).transpose(1, 2).reshape(8, 3)\nk = source['0.k'].view(1, 2, 2, 3).transpose(1, 2).reshape(4, "
         "3)\n"
         "expected['0.qkv'] = torch.cat([q, k, source['0.v']])"},
        {"gather",
         schemaOf({{"0.e.10.w", {2}}, {"0.e.9.w", {2}}, {"0.e.8.w", {2}}, {"r", {1}}}),
         schemaOf({{"0.w", {3, 2}}, {"r", {1}}}),
         {map({"{i}.e.{e}.w"}, {"{i}.w"}, "stack dim 0"), map({"r"}, {"r"})},
         "expected['0.w'] = torch.stack([source[f'0.e.{e}.w'] for e in (8, 9, 10)])\nexpected['r'] = source['r']",
         true,
         true,
         0,
         "r"},
        {"scatter",
         schemaOf({{"0.w", {3, 2}}, {"qkv", {6}}}),
         schemaOf({{"0.e.10", {2}}, {"0.e.9", {2}}, {"0.e.8", {2}}, {"v", {2}}, {"k", {2}}, {"q", {2}}}),
         {map({"{i}.w"}, {"{i}.e.{e}"}, "unstack dim 0"), map({"qkv"}, {"{x:q|k|v}"}, "split dim 0 into 3")},
         "for n, e in enumerate((8, 9, 10)): expected[f'0.e.{e}'] = source['0.w'][n]\nfor n, x in enumerate('qkv'): expected[x] = "
         "source['qkv'][2*n:2*n+2]"},
        {"sums",
         schemaOf({{"b.0.w", {1}}, {"b.1.w", {1}}, {"b.2.w", {1}}, {"b.3.w", {1}}, {"up.0", {2}}, {"up.1", {2}}}),
         schemaOf({{"s.0.0.w", {1}}, {"s.0.1.w", {1}}, {"s.1.0.w", {1}}, {"s.1.1.w", {1}}, {"u.1", {2}}, {"u.0", {2}}}),
         {map({"b.{2*i+j}.w"}, {"s.{i}.{j}.w"}), map({"up.{i}"}, {"u.{1-i}"})},
         "for i in range(2):\n  for j in range(2): expected[f's.{i}.{j}.w'] = source[f'b.{2*i+j}.w']\n  expected[f'u.{1-i}'] = "
         "source[f'up.{i}']"},
        {"alternatives",
         schemaOf({{"n.0.w", {1}}, {"n.1.w", {2}}, {"attn.a.b", {3}}, {"mlp.c", {4}}, {"mask.x", {5}}}),
         schemaOf({{"n.conv.w", {1}}, {"n.norm.w", {2}}, {"x.attn.a.b", {3}}, {"x.mlp.c", {4}}, {"mask.x", {5}}}),
         {map({"n.{m:0|1}.w"}, {"n.{m:conv|norm}.w"}), map({"{part:attn|mlp}.{rest}"}, {"x.{part}.{rest}"}),
          map({"mask.{rest}"}, {"mask.{rest}"})},
         "expected['n.conv.w'] = source['n.0.w']\nexpected['n.norm.w'] = source['n.1.w']\nexpected['x.attn.a.b'] = source['attn.a.b']\n"
         "expected['x.mlp.c'] = source['mlp.c']\nexpected['mask.x'] = source['mask.x']"},
        {"tied",
         schemaOf({{"pe", {2, 3}}, {"w", {1}}}),
         schemaOf({{"x.pe", {2, 3}}, {"y.pe", {2, 3}}, {"w", {1}}}),
         {map({"pe"}, {"x.pe", "y.pe"}), map({"w"}, {"w"})},
         "expected['x.pe'] = expected['y.pe'] = source['pe']\nexpected['w'] = source['w']"},
        {"drop_and_init",
         schemaOf({{"a", {2}}, {"head.w", {5}}, {"head.b", {5}}, {"left", {1}}}),
         schemaOf({{"b", {2}}, {"kept", {2, 2}}, {"zero.0", {3}}, {"one", {4}}}, F16),
         {map({"a"}, {"b"}), drop("head.{leaf}", "other task"), init("kept"), init("zero.{i}", InitPolicy::Zeros),
          init("one", InitPolicy::Ones)},
         "expected['b'] = source['a']\nexpected['kept'] = target['kept']\nexpected['zero.0'] = torch.zeros(3)\nexpected['one'] = "
         "torch.ones(4)",
         true,
         false,
         1,
         "a",
         true,
         true},
        {"order",
         schemaOf({{"l.0", {2}}, {"l.1", {2}}, {"l.2", {2}}}),
         schemaOf({{"in", {2}}, {"l.0", {2}}, {"l.1", {2}}}),
         {map({"l.0"}, {"in"}), map({"l.{i}"}, {"l.{i-1}"})},
         "expected['in'] = source['l.0']\nexpected['l.0'] = source['l.1']\nexpected['l.1'] = source['l.2']"},
        {"arithmetic",
         mixed(schemaOf({{"a", {9}}, {"b", {9}}, {"c", {9}}, {"d", {9}}}, F16), 3, F64),
         mixed(schemaOf({{"norm", {9}}, {"minus", {9}}, {"sum", {9}}, {"half", {9}}}), 3, F16),
         {map({"a"}, {"norm"}, "add 1"), map({"b"}, {"minus"}, "negate"), map({"a", "c"}, {"sum"}, "sum"),
          map({"d"}, {"half"}, "scale 0.3, then cast F32")},
         "expected['norm'] = source['a'] + 1\nexpected['minus'] = -source['b']\nexpected['sum'] = source['a'] + source['c']\n"
         "expected['half'] = (source['d'] * 0.3).float()",
         false,
         false},
        {"slices",
         schemaOf({{"pos", {1, 5, 3}}, {"w", {7, 2}}}),
         schemaOf({{"pos", {1, 4, 3}}, {"w", {3, 2}}, {"ww", {14, 2}}}),
         {map({"pos"}, {"pos"}, "slice dim 1 from 1"), map({"w"}, {"w"}, "slice dim 0 from 1 to -1 step 2"),
          map({"w"}, {"ww"}, "repeat dim 0 times 2")},
         "expected['pos'] = source['pos'][:, 1:]\nexpected['w'] = source['w'][1:-1:2]\nexpected['ww'] = torch.cat([source['w'], "
         "source['w']])",
         false,
         false},
        {"norms",
         schemaOf({{"g", {4, 1, 1}},
                   {"v", {4, 3, 2}},
                   {"w", {4, 3}},
                   {"bn.weight", {4}},
                   {"bn.bias", {4}},
                   {"bn.mean", {4}},
                   {"bn.var", {4}},
                   {"x", {2, 3}}}),
         schemaOf({{"vw", {4, 3, 2}}, {"fw", {4, 3}}, {"fb", {4}}, {"xg", {2, 1}}, {"xv", {2, 3}}}),
         {map({"g", "v"}, {"vw"}, "fuse_weight_norm dim 0"),
          map({"w", "bn.weight", "bn.bias", "bn.mean", "bn.var"}, {"fw", "fb"}, "fold_batch_norm eps 10"),
          map({"x"}, {"xg", "xv"}, "split_weight_norm dim 0")},
         "v = source['v']\nexpected['vw'] = v * (source['g'] / v.norm(2, [1, 2], True))\ni = (source['bn.var'] + 10).rsqrt()\n"
         "expected['fw'] = source['w'] * (source['bn.weight'] * i)[:, None]\nexpected['fb'] = (0 - source['bn.mean']) * i * "
         "source['bn.weight'] + source['bn.bias']\n"
         "expected['xg'], expected['xv'] = source['x'].norm(2, [1], True), source['x']",
         false,
         false},
        {"tables",
         mixed(schemaOf({{"pos", {1, 17, 3}}, {"rel", {7, 4}}, {"grid", {1, 3, 4, 2}}}), 1, F16),
         mixed(schemaOf({{"pos", {1, 10, 3}}, {"rel", {11, 4}}, {"grid", {1, 6, 5, 2}}}), 1, F16),
         {map({"pos"}, {"pos"}, "interpolate dim 1 to 3×3 keep 1 flattened"), map({"rel"}, {"rel"}, "interpolate dim 0 to 11 mode linear"),
          map({"grid"}, {"grid"}, "interpolate dim 1 to 6×5 mode bilinear")},
         "f = torch.nn.functional.interpolate\ngrid = source['pos'][:, 1:].reshape(1, 4, 4, 3).permute(0, 3, 1, 2).contiguous()\n"
         "grid = f(grid, size=(3, 3), mode='bicubic', align_corners=False).permute(0, 2, 3, 1).reshape(1, 9, 3)\n"
         "expected['pos'] = torch.cat([source['pos'][:, :1], grid], 1)\n"
         "expected['rel'] = f(source['rel'].float().T[None], size=11, mode='linear', align_corners=False)[0].T.half()\n"
         "expected['grid'] = f(source['grid'].permute(0, 3, 1, 2).contiguous(), size=(6, 5), mode='bilinear', "
         "align_corners=False).permute(0, 2, 3, 1)",
         false,
         false},
    };
    // Names: one or many segments, nested and flattened, words.
    result.push_back(
        {"names",
         schemaOf(
             {{"stages.0.0.w", {1}}, {"stages.0.1.w", {2}}, {"stages.1.0.w", {3}}, {"stages.1.1.w", {4}}, {"x/a/b.c", {5}}, {"x/d", {6}}}),
         schemaOf({{"f.3.w", {1}}, {"f.4.w", {2}}, {"f.5.w", {3}}, {"f.6.w", {4}}, {"y.a/b.c.z", {5}}, {"y.d.z", {6}}}),
         {map({"stages.{i}.{j}.w"}, {"f.{2*i+j+3}.w"}), map({"x/{rest}"}, {"y.{rest}.z"})},
         "for i in range(2):\n  for j in range(2): expected[f'f.{2*i+j+3}.w'] = source[f'stages.{i}.{j}.w']\n"
         "expected['y.a/b.c.z'], expected['y.d.z'] = source['x/a/b.c'], source['x/d']"});
    // One fused tensor read by several sources of one rule: each takes its part.
    result.push_back(
        {"parts_of_one",
         schemaOf({{"0.qkv", {6, 4}}, {"1.qkv", {6, 4}}}),
         schemaOf({{"0.vq", {4, 4}}, {"0.k", {2, 4}}, {"1.vq", {4, 4}}, {"1.k", {2, 4}}}),
         {map({"{i}.qkv", "{i}.qkv"}, {"{i}.vq"},
              "slice dim 0 from 4 only input 0, then slice dim 0 from 0 to 2 only input 1, then concat dim 0"),
          map({"{i}.qkv"}, {"{i}.k"}, "slice dim 0 from 2 to 4")},
         "for i in range(2):\n  q, k, v = source[f'{i}.qkv'].chunk(3)\n  expected[f'{i}.vq'], expected[f'{i}.k'] = torch.cat([v, q]), k",
         false,
         false});
    // Fused q/k/v by head (2 heads of 3), and by key-value group (2 groups of 2 queries, one key, one value, of 3 rows each).
    result.push_back(
        {"by_head",
         schemaOf({{"0.qkv.weight", {18, 4}}, {"0.qkv.bias", {18}}}),
         schemaOf({{"0.q.weight", {6, 4}},
                   {"0.k.weight", {6, 4}},
                   {"0.v.weight", {6, 4}},
                   {"0.q.bias", {6}},
                   {"0.k.bias", {6}},
                   {"0.v.bias", {6}}}),
         {map({"{i}.qkv.{leaf}"}, {"{i}.q.{leaf}", "{i}.k.{leaf}", "{i}.v.{leaf}"}, "interleave dim 0 a 2 b 3, then split dim 0 into 3")},
         "for leaf in ('weight', 'bias'):\n  fused = source[f'0.qkv.{leaf}']\n  heads = fused.view(2, 3, 3, *fused.shape[1:])\n"
         "  for n, x in enumerate('qkv'): expected[f'0.{x}.{leaf}'] = heads[:, n].reshape(6, *fused.shape[1:])"});
    result.push_back(
        {"by_group",
         schemaOf({{"0.wqkv", {24, 5}}, {"1.wqkv", {24, 5}}}),
         schemaOf({{"0.q", {12, 5}}, {"0.k", {6, 5}}, {"0.v", {6, 5}}, {"1.q", {12, 5}}, {"1.k", {6, 5}}, {"1.v", {6, 5}}}),
         {map({"{i}.wqkv"}, {"{i}.q", "{i}.k", "{i}.v"}, "reshape 2×4×3×5, then split dim 1 sizes 2,1,1, then reshape -1×5")},
         "for i in range(2):\n  groups = source[f'{i}.wqkv'].view(2, 4, 3, 5)\n  expected[f'{i}.q'] = groups[:, :2].reshape(12, 5)\n"
         "  expected[f'{i}.k'], expected[f'{i}.v'] = groups[:, 2].reshape(6, 5), groups[:, 3].reshape(6, 5)"});
    // Rotary: pairs (x0 y0 x1 y1) to halves (x0 x1 y0 y1) in each of 2 heads.
    result.push_back({"rotary_halves",
                      schemaOf({{"wq", {8, 3}}}, BF16),
                      schemaOf({{"q_proj", {8, 3}}}, BF16),
                      {map({"wq"}, {"q_proj"}, "interleave dim 0 outer 2 a 2 b 2")},
                      "expected['q_proj'] = torch.cat([source['wq'].view(2, 4, 3)[h][part::2] for h in range(2) for part in range(2)])"});
    // Experts: gathered, gate and up joined in one.
    result.push_back({"experts",
                      schemaOf({{"0.e.0.g", {2, 3}},
                                {"0.e.1.g", {2, 3}},
                                {"0.e.2.g", {2, 3}},
                                {"0.e.0.u", {2, 3}},
                                {"0.e.1.u", {2, 3}},
                                {"0.e.2.u", {2, 3}}}),
                      schemaOf({{"0.gate_up", {3, 4, 3}}}),
                      {map({"{i}.e.{e}.g", "{i}.e.{e}.u"}, {"{i}.gate_up"},
                           "stack dim 0, then reshape 2×3×2×3, then transpose 0 1, then reshape 3×4×3")},
                      "stacked = [torch.stack([source[f'0.e.{e}.{x}'] for e in range(3)]) for x in 'gu']\nexpected['0.gate_up'] = "
                      "torch.cat(stacked, 1)"});
    result.push_back(
        {"batch_norm_with_bias",
         schemaOf({{"c.weight", {4, 3, 1, 1}},
                   {"c.bias", {4}},
                   {"n.weight", {4}},
                   {"n.bias", {4}},
                   {"n.mean", {4}},
                   {"n.var", {4}},
                   {"n.count", {}}}),
         schemaOf({{"c.weight", {4, 3, 1, 1}}, {"c.bias", {4}}}),
         {drop("n.count", "batches seen"),
          map({"c.weight", "c.bias", "n.weight", "n.bias", "n.mean", "n.var"}, {"c.weight", "c.bias"}, "fold_batch_norm eps 9 bias")},
         "i = (source['n.var'] + 9).rsqrt()\nexpected['c.weight'] = source['c.weight'] * (source['n.weight'] * i)[:, None, None, None]\n"
         "expected['c.bias'] = (source['c.bias'] - source['n.mean']) * i * source['n.weight'] + source['n.bias']",
         false,
         false});
    result.push_back(samCase("original", "hf", "sam_vit_b", "hf_sam_base"));
    Case back = samCase("hf", "original", "hf_sam_base", "sam_vit_b");
    back.restores = true; // one of the two equal matrices is dropped
    result.push_back(back);
    return result;
}

const std::string python = "/usr/bin/python3";

bool hasTorch()
{
    return std::system((python + " -c 'import torch' > /dev/null 2>&1").c_str()) == 0;
}

#define REKEY_NEEDS_TORCH()                                                                                            \
    if (!hasTorch())                                                                                                   \
    GTEST_SKIP() << python << " has no torch (Debian: python3-torch): the generated scripts were not run"

/// The trained checkpoint of the demo, there and back; the digests come from the people who trained it.
TEST(Python, DemoCheckpointHasTheExpectedDigests)
{
    REKEY_NEEDS_TORCH();
    const fs::path folder = fs::path(testing::TempDir()) / "rekey-scripts" / "demo";
    fs::remove_all(folder);
    fs::create_directories(folder);
    const fs::path original = REKEY_RESOURCES "/demo/sam_tiny.pth";
    const CheckpointPtr source = openCheckpoint(original), target = openCheckpoint(REKEY_RESOURCES "/demo/hf_sam_tiny_init");
    const auto sam = std::ranges::find(architectures(), "sam", &Architecture::id);
    const Mapping mapping = namingMapping(*sam, "original", "hf");
    const Resolution resolution = resolve(mapping, source->schema(), target->schema());
    ASSERT_TRUE(resolution.complete());
    std::ofstream(folder / "convert.py") << exporterById("python").write({&mapping, &source->schema(), &target->schema(), &resolution});
    const std::string script = fmt::format("{} '{}' ", python, (folder / "convert.py").string());
    const auto run = [&](const fs::path &from, const char *to, const char *options) {
        return std::system(fmt::format("{} '{}' '{}' {} > /dev/null", script, from.string(), (folder / to).string(), options).c_str());
    };
    ASSERT_EQ(run(original, "hf16.safetensors", ""), 0);
    ASSERT_EQ(run(original, "hf32.safetensors", "--dtype float32"), 0);
    ASSERT_EQ(run(folder / "hf32.safetensors", "back.pth", "--reverse"), 0);

    const json expected = json::parse(test::fileText(REKEY_TEST_DATA "/demo/expected_tensors.json"));
    for (const auto &[file, digest] : {std::pair("hf16.safetensors", "sha256_f16"), std::pair("hf32.safetensors", "sha256_f32")}) {
        const CheckpointPtr converted = openCheckpoint(folder / file);
        ASSERT_EQ(converted->tensors().size(), expected.size()) << file;
        for (std::size_t i = 0; i < converted->tensors().size(); ++i)
            EXPECT_EQ(sha256(*converted, i), expected.at(converted->tensors()[i].key).at(digest)) << converted->tensors()[i].key;
    }
    const CheckpointPtr back = openCheckpoint(folder / "back.pth");
    ASSERT_EQ(back->tensors().size(), source->tensors().size());
    for (std::size_t i = 0; i < source->tensors().size(); ++i) {
        const std::size_t there = back->find(source->tensors()[i].key);
        ASSERT_NE(there, SchemaIndex::npos) << source->tensors()[i].key;
        EXPECT_EQ(sha256(*back, there), sha256(*source, i)) << source->tensors()[i].key;
    }
}

/// As plain torch, and as Rekey's own conversion.
TEST(Python, ScriptsGiveTheSameBytes)
{
    REKEY_NEEDS_TORCH();
    std::string command = fmt::format("{} '{}'", python, REKEY_CHECK_SCRIPT);
    for (const Case &c : cases())
        command += fmt::format(" '{}'", writeCase(c).string());
    ASSERT_EQ(std::system((command + " 2>&1").c_str()), 0);
    try {
        runtime();
    } catch (const Error &error) {
        GTEST_SKIP() << error.what();
    }
    for (const Case &c : cases()) {
        const fs::path folder = fs::path(testing::TempDir()) / "rekey-scripts" / c.name;
        test::convert(openCheckpoint(folder / "in.safetensors"), test::mappingOf(c.rules), openCheckpoint(folder / "target.pth"),
                      folder / "rekey.safetensors");
        EXPECT_EQ(test::differences(folder / "out.safetensors", folder / "rekey.safetensors"), "") << c.name;
    }
}

} // namespace
} // namespace rekey

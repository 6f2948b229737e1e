// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/program.h"

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include <cmath>

using namespace rekey::test;
using testing::HasSubstr;
using testing::Not;
using Json = nlohmann::json;

namespace {

const std::string demo = REKEY_RESOURCES "/demo";
const std::string source = demo + "/sam_tiny.pth";
const std::string target = demo + "/hf_sam_tiny_init";
const std::string schemas = REKEY_RESOURCES "/schemas/";

Json json(const Outcome &outcome)
{
    return Json::parse(outcome.output, nullptr, false);
}

std::string floats(std::initializer_list<float> values)
{
    return std::string(reinterpret_cast<const char *>(values.begin()), values.size() * sizeof(float));
}

/// Two tensors a (2×2) and b (3), F32.
void writePair(const std::string &path, std::initializer_list<float> a, std::initializer_list<float> b)
{
    writeSafetensors(path,
                     R"({"a":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[3],"data_offsets":[16,28]}})",
                     floats(a) + floats(b));
}

} // namespace

TEST(Keys, PrintsASchema)
{
    const Outcome outcome = runRekey({"keys", source, "--json", "--sha256"});
    ASSERT_EQ(outcome.exitCode, 0) << outcome.errors;
    const Json keys = json(outcome);
    EXPECT_EQ(keys["name"], "sam_tiny.pth");
    EXPECT_EQ(keys["format"], "torch-zip");
    ASSERT_EQ(keys["tensors"].size(), 230u);
    const Json expected = Json::parse(readFile(REKEY_TEST_DATA "/demo/expected_tensors.json"));
    std::map<std::string, std::string> digests;
    for (const Json &tensor : keys["tensors"]) {
        EXPECT_EQ(tensor["dtype"], "F32");
        EXPECT_EQ(tensor["path"].size(), 1u);
        digests[tensor["key"]] = tensor["sha256"];
    }
    for (const auto &[key, tensor] : expected.items())
        EXPECT_EQ(digests[tensor["source"]], tensor["sha256_f32"]) << key;
    // What is printed is a schema that opens.
    const TemporaryFolder folder;
    writeFile(folder / "schema.json", outcome.output);
    const Outcome again = runRekey({"diff", source, folder / "schema.json", "--json"});
    EXPECT_EQ(again.exitCode, 0) << again.errors << again.output.substr(0, 500);
    EXPECT_EQ(json(again)["common"], 230);
}

TEST(Keys, ShowsATreeWithFoldedBlocks)
{
    const Outcome outcome = runRekey({"keys", source, "--tree"});
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_THAT(outcome.output, HasSubstr("blocks ×6"));
    EXPECT_THAT(outcome.output, HasSubstr("15×32, 31×32"));
}

TEST(Keys, LoadsNeitherLibTorchNorQt)
{
    const Outcome outcome = runRekey({"keys", source}, {{"LD_DEBUG", "files"}});
    EXPECT_EQ(outcome.exitCode, 0);
    EXPECT_THAT(outcome.errors, HasSubstr("librekey-core")) << "LD_DEBUG lists what the loader opens";
    EXPECT_THAT(outcome.errors, Not(HasSubstr("libtorch")));
    EXPECT_THAT(outcome.errors, Not(HasSubstr("libc10")));
    EXPECT_THAT(outcome.errors, Not(HasSubstr("libQt6")));
}

TEST(Keys, ListsLargeFilesWithoutReadingThem)
{
    // 4 GiB of values, a hole in the file: whoever read them would show in time and memory.
    const TemporaryFolder folder;
    const std::string path = folder / "large.safetensors";
    writeSafetensors(path, R"({"x":{"dtype":"F32","shape":[1073741824],"data_offsets":[0,4294967296]}})", "");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + 4294967296);
    const Outcome small = runRekey({"keys", source}), large = runRekey({"keys", path});
    EXPECT_EQ(large.exitCode, 0) << large.errors;
    EXPECT_LT(large.milliseconds, 20 * small.milliseconds + 100);
    EXPECT_LT(large.maximumResidentKiB, small.maximumResidentKiB + 20 * 1024);
}

TEST(Keys, StopsOnInterrupt)
{
    const TemporaryFolder folder;
    const std::string path = folder / "large.safetensors";
    std::string header = "{";
    for (int i = 0; i < 1024; ++i)
        header += (i == 0 ? "\"t" : ",\"t") + std::to_string(i) + R"(":{"dtype":"U8","shape":[33554432],"data_offsets":[)"
                  + std::to_string(i * 33554432LL) + "," + std::to_string((i + 1) * 33554432LL) + "]}";
    writeSafetensors(path, header + "}", "");
    std::filesystem::resize_file(path, std::filesystem::file_size(path) + 1024 * 33554432LL);
    const Outcome outcome = rekeyInterrupted({"keys", "--sha256", path}, std::chrono::milliseconds(400));
    EXPECT_EQ(outcome.exitCode, 130);
    EXPECT_THAT(outcome.errors, HasSubstr("Cancelled"));
    EXPECT_LT(outcome.milliseconds, 5000) << "32 GiB take much longer";
}

TEST(Stats, CountsValues)
{
    const TemporaryFolder folder;
    const std::string path = folder / "pair.safetensors";
    writePair(path, {1, 2, 3, 4}, {0, NAN, 2});
    const Json result = json(runRekey({"stats", path, "--histogram", "4", "--json"}));
    ASSERT_EQ(result["tensors"].size(), 2u);
    EXPECT_EQ(result["tensors"][0]["mean"], 2.5);
    EXPECT_EQ(result["tensors"][0]["histogram"]["counts"], Json::parse("[1,1,1,1]"));
    EXPECT_EQ(result["tensors"][1]["nan"], 1);
    EXPECT_EQ(result["tensors"][1]["zeros"], 1);
    EXPECT_THAT(runRekey({"stats", path, "--key", "a"}).output, HasSubstr("2.5000"));
    EXPECT_EQ(json(runRekey({"stats", source, "--key", "image_encoder.blocks.{i}.attn.qkv.weight", "--json"}))["tensors"].size(), 6u);
    EXPECT_EQ(runRekey({"stats", path, "--key", "qvk"}).exitCode, 3);
}

TEST(Diff, ReproducesTheClassicReport)
{
    const Outcome whole = runRekey({"diff", schemas + "sam_vit_h.json", schemas + "hf_sam_huge.json"});
    EXPECT_EQ(whole.exitCode, 1);
    EXPECT_THAT(whole.output, HasSubstr("594 keys"));
    EXPECT_THAT(whole.output, HasSubstr("image_encoder 457"));

    const Json stripped = json(runRekey({"diff", schemas + "sam_vit_h.json", schemas + "hf_sam_huge.json", "--strip-prefix",
                                         "image_encoder.", "--strip-prefix", "vision_encoder.", "--json"}));
    EXPECT_EQ(stripped["common"], 1);
    EXPECT_EQ(stripped["only_a"], 456);
    EXPECT_EQ(stripped["only_b"], 456);
    EXPECT_EQ(stripped["common_keys"], Json::parse(R"(["pos_embed"])"));
    EXPECT_EQ(stripped["missing"].size(), 456u);
}

TEST(Diff, ComparesValues)
{
    const TemporaryFolder folder;
    const std::string a = folder / "a.safetensors", b = folder / "b.safetensors";
    writePair(a, {1, 2, 3, 4}, {5, 6, 7});
    writePair(b, {1, 2, 3, 4.5f}, {5, 6, 7});
    EXPECT_EQ(runRekey({"diff", a, b}).exitCode, 0) << "same keys and shapes";
    EXPECT_EQ(runRekey({"diff", a, a, "--values"}).exitCode, 0);
    const Outcome outcome = runRekey({"diff", a, b, "--values", "--json"});
    EXPECT_EQ(outcome.exitCode, 1);
    const Json values = json(outcome)["values"];
    ASSERT_EQ(values.size(), 2u);
    EXPECT_EQ(values[0]["max_abs"], 0.5);
    EXPECT_EQ(values[1]["equal"], true);
}

TEST(Scan, ListsWhatAPickleNames)
{
    const Outcome outcome = runRekey({"scan", source, "--json"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
    const Json result = json(outcome);
    EXPECT_EQ(result["executed"], false);
    EXPECT_EQ(result["dangerous"], 0);
    std::vector<std::string> names;
    for (const Json &use : result["globals"])
        names.push_back(use["module"].get<std::string>() + "." + use["name"].get<std::string>());
    EXPECT_THAT(names, testing::Contains("torch._utils._rebuild_tensor_v2"));
    EXPECT_THAT(runRekey({"scan", target}).output, HasSubstr("names none"));
}

TEST(Suggest, FillsHuggingFacesSamFromItsSchemas)
{
    const TemporaryFolder folder;
    const Outcome outcome
        = runRekey({"suggest", schemas + "sam_vit_b.json", schemas + "hf_sam_base.json", "-o", folder / "m.rekey.json", "--json"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors;
    const Json result = json(outcome);
    EXPECT_EQ(result["complete"], true);
    EXPECT_EQ(result["source"]["unused"], 0);
    EXPECT_EQ(
        runRekey({"resolve", schemas + "sam_vit_b.json", schemas + "hf_sam_base.json", "--mapping", folder / "m.rekey.json"}).exitCode, 0);
}

TEST(Suggest, JoinsSeveralSources)
{
    const TemporaryFolder folder;
    const std::string one = folder / "one.safetensors", two = folder / "two.safetensors", both = folder / "both.safetensors";
    writeSafetensors(one, R"({"vision.proj.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", floats({1, 2}));
    writeSafetensors(two, R"({"text.embed.weight":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", floats({3, 4, 5}));
    writeSafetensors(
        both,
        R"({"model.vision.proj.weight":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"model.text.embed.weight":{"dtype":"F32","shape":[3],"data_offsets":[8,20]}})",
        floats({0, 0, 0, 0, 0}));
    const Outcome outcome = runRekey({"suggest", "--source", one, "--source", two, both, "--json"});
    EXPECT_EQ(outcome.exitCode, 0) << outcome.errors << outcome.output;
    EXPECT_EQ(json(outcome)["target"]["filled"], 2);
    const Outcome twice = runRekey({"suggest", "--source", one, "--source", one, both});
    EXPECT_EQ(twice.exitCode, 3);
    EXPECT_THAT(twice.errors, HasSubstr("must not share keys"));
    EXPECT_EQ(runRekey({"suggest", one}).exitCode, 2);
    EXPECT_EQ(runRekey({"suggest", "--source", one, two, both}).exitCode, 2);
}

TEST(Export, WritesScriptsAndReports)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "demo.rekey.json", script = folder / "convert.py";
    ASSERT_LE(runRekey({"suggest", source, target, "-o", mapping}).exitCode, 1);
    EXPECT_EQ(runRekey({"export", mapping, "--to", "python", "-o", script}).exitCode, 0);
    EXPECT_THAT(readFile(script), HasSubstr("argparse"));
    EXPECT_THAT(runRekey({"export", mapping, "--to", "markdown", "--source", source, "--target", target}).output,
                HasSubstr("`image_encoder.pos_embed`"));
    EXPECT_EQ(runRekey({"export", mapping, "--to", "json"}).output, readFile(mapping)) << "opened and written it is the same to the byte";
    EXPECT_EQ(runRekey({"export", mapping, "--to", "json", "-o", "-"}).output, readFile(mapping));
    EXPECT_THAT(runRekey({"export", mapping, "--to", "transformers5", "--source", source, "--target", target}).output,
                HasSubstr("    WeightRenaming(r"));
    const Outcome poetry = runRekey({"export", mapping, "--to", "poetry"});
    EXPECT_EQ(poetry.exitCode, 2);
    EXPECT_THAT(poetry.errors, HasSubstr("known: python, transformers, transformers5, json, markdown"));
    EXPECT_EQ(runRekey({"export", mapping, "--to", "json", "--source", source, "-o", source}).exitCode, 3)
        << "an input is never written over";
}

TEST(Export, TurnsAMappingRound)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "m.rekey.json", back = folder / "back.rekey.json";
    const std::string one = folder / "one.safetensors", other = folder / "other.safetensors";
    writeSafetensors(
        one, R"({"qkv":{"dtype":"F32","shape":[3],"data_offsets":[0,12]},"head":{"dtype":"F32","shape":[1],"data_offsets":[12,16]}})",
        floats({1, 2, 3, 4}));
    writeSafetensors(other,
                     R"({"q":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"kv":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                     floats({0, 0, 0}));
    writeFile(mapping, R"({"format":"rekey-mapping","version":1,"rules":[
 {"sources":["qkv"],"targets":["q","kv"],"transform":[{"op":"split","dim":0,"sizes":[1,2]}]}, {"kind":"drop","sources":["head"],"reason":"other task"}]})");
    EXPECT_EQ(runRekey({"export", mapping, "--to", "json", "--reverse"}).exitCode, 2);
    const Outcome outcome = runRekey({"export", mapping, "--to", "json", "--reverse", "--source", one, "--target", other, "-o", back});
    EXPECT_EQ(outcome.exitCode, 1) << "a rule does not lead back";
    EXPECT_THAT(outcome.errors, HasSubstr("Rule 2 ('head'): it drops its keys"));
    const Json rules = Json::parse(readFile(back))["rules"];
    EXPECT_EQ(rules[0]["sources"], (Json{"q", "kv"}));
    EXPECT_EQ(rules[0]["transform"], Json::parse(R"([{"op":"concat","dim":0}])"));
    EXPECT_EQ(rules[1]["kind"], "init");
}

TEST(Convert, LoadsLibTorchForWhatHasToBeComputedOnly)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "m.rekey.json", one = folder / "one.safetensors", out = folder / "out.safetensors";
    writeSafetensors(one, R"({"qkv":{"dtype":"F32","shape":[3,1],"data_offsets":[0,12]}})", floats({1, 2, 3}));
    const auto convert = [&](const std::string &transform) {
        writeFile(mapping, R"({"format":"rekey-mapping","version":1,"rules":[{"sources":["qkv"],"targets":["q","kv"],"transform":[)"
                               + transform + "]}]}");
        return runRekey({"convert", one, "--mapping", mapping, "-o", out}, {{"REKEY_RUNTIME", "/nowhere"}});
    };
    const Outcome moved = convert(R"({"op":"split","dim":0,"sizes":[1,2]},{"op":"transpose","dim0":0,"dim1":1})");
    EXPECT_EQ(moved.exitCode, 3);
    EXPECT_THAT(moved.errors, HasSubstr("cannot be loaded"));
    EXPECT_EQ(folder.entries(), (std::vector<std::string> {"m.rekey.json", "one.safetensors"})) << "nothing half-written";
    const Outcome taken = convert(R"({"op":"split","dim":0,"sizes":[1,2]})");
    EXPECT_EQ(taken.exitCode, 0) << taken.errors;
    const std::string written = readFile(out);
    EXPECT_EQ(written.substr(written.size() - 12), floats({1, 2, 3}));
}

TEST(Mappings, ForAnotherPairAreNoticed)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "m.rekey.json", out = folder / "out.safetensors";
    ASSERT_LE(runRekey({"suggest", schemas + "sam_vit_b.json", schemas + "hf_sam_base.json", "-o", mapping}).exitCode, 1);
    const Outcome similar = runRekey({"resolve", schemas + "sam_vit_h.json", schemas + "hf_sam_huge.json", "--mapping", mapping});
    EXPECT_THAT(
        similar.errors,
        HasSubstr(
            "was made for another source 'sam_vit_b' (314 tensors) and target 'hf_sam_base' (315 tensors); its rules match this pair"));
    EXPECT_THAT(
        runRekey({"export", mapping, "--to", "markdown", "--source", schemas + "sam_vit_h.json", "--target", schemas + "hf_sam_huge.json"})
            .errors,
        HasSubstr("was made for another source"));
    EXPECT_EQ(runRekey({"resolve", schemas + "sam_vit_b.json", schemas + "hf_sam_base.json", "--mapping", mapping}).errors, "");

    const std::string one = folder / "one.safetensors";
    writeSafetensors(one, R"({"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})", floats({1, 2, 3}));
    const Outcome wrong = runRekey({"convert", one, "--mapping", mapping, "--target", one, "-o", out});
    EXPECT_EQ(wrong.exitCode, 3);
    EXPECT_THAT(wrong.errors, HasSubstr("was made for another pair"));
    EXPECT_FALSE(std::filesystem::exists(out));
}

TEST(Mappings, BrokenOnesAreRefusedWithThePlace)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "m.rekey.json";
    writeFile(
        mapping,
        "{\n \"format\": \"rekey-mapping\",\n \"version\": 1,\n \"rules\": [\n  {\"sources\": [\"a.{i\"], \"targets\": [\"b\"]}\n ]\n}\n");
    for (const std::vector<std::string> &command :
         std::vector<std::vector<std::string>> {{"export", mapping, "--to", "python"},
                                                {"resolve", source, target, "--mapping", mapping},
                                                {"convert", source, "--mapping", mapping, "-o", folder / "o.pth"}}) {
        const Outcome outcome = runRekey(command);
        EXPECT_EQ(outcome.exitCode, 3);
        EXPECT_THAT(outcome.errors,
                    HasSubstr("rules[0].sources[0], line 5, column 16: 'a.{i' is no pattern: at character 3: expected '}'"));
    }
}

TEST(Parity, ComparesEqualKeys)
{
    const TemporaryFolder folder;
    const std::string a = folder / "a.safetensors", b = folder / "b.safetensors";
    writePair(a, {1, 2, 3, 4}, {5, 6, 7});
    writePair(b, {1, 2, 3, 4.0000005f}, {5, 6, 7.5f});
    EXPECT_EQ(runRekey({"parity", a, a}).exitCode, 0);
    const Outcome outcome = runRekey({"parity", a, b, "--json"});
    EXPECT_EQ(outcome.exitCode, 1);
    const Json result = json(outcome);
    EXPECT_EQ(result["within_tolerance"], 1);
    EXPECT_EQ(result["different"], 1);
}

TEST(Help, NamesEverySubcommandAndTheExitCodes)
{
    const Outcome help = runRekey({"--help"});
    EXPECT_EQ(help.exitCode, 0);
    for (const char *subcommand : {"keys", "stats", "diff", "scan", "suggest", "resolve", "convert", "export", "parity", "run", "demo"}) {
        EXPECT_THAT(help.output, HasSubstr(subcommand));
        EXPECT_EQ(runRekey({subcommand, "--help"}).exitCode, 0) << subcommand;
    }
    EXPECT_THAT(runRekey({"--version"}).output, HasSubstr("rekey "));
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/app/program.h"

#include <gmock/gmock.h>

#include <algorithm>

using namespace rekey::test;
using testing::HasSubstr;
using testing::StartsWith;

namespace {

const std::string demo = REKEY_RESOURCES "/demo";
const std::string source = demo + "/sam_tiny.pth";
const std::string target = demo + "/hf_sam_tiny_init";

/// One sentence on stderr that names the file and a reason, exit code 3, nothing on stdout, nothing written.
void expectRefusal(const Outcome &outcome, const std::string &file, const std::string &reason)
{
    EXPECT_EQ(outcome.exitCode, 3) << outcome.errors;
    EXPECT_THAT(outcome.errors, StartsWith("rekey: "));
    EXPECT_THAT(outcome.errors, HasSubstr(file));
    EXPECT_THAT(outcome.errors, HasSubstr(reason));
    EXPECT_EQ(std::ranges::count(outcome.errors, '\n'), 1) << outcome.errors;
    EXPECT_EQ(outcome.output, "");
}

/// A mapping that fits the demo pair, made once.
const std::string &demoMapping()
{
    static const TemporaryFolder folder;
    static const std::string path = [] {
        const std::string made = folder / "demo.rekey.json";
        runRekey({"suggest", source, target, "-o", made});
        return made;
    }();
    return path;
}

} // namespace

TEST(BadInput, MissingFile)
{
    expectRefusal(runRekey({"keys", "/nowhere/model.pth"}), "model.pth", "no such file");
}

TEST(BadInput, FolderWithoutCheckpoint)
{
    const TemporaryFolder folder;
    writeFile(folder / "notes.txt", "nothing here");
    expectRefusal(runRekey({"keys", folder.path().string()}), folder.path().filename().string(), "");
    EXPECT_EQ(folder.entries(), (std::vector<std::string> {"notes.txt"}));
}

TEST(BadInput, TextRenamedToPth)
{
    const TemporaryFolder folder;
    writeFile(folder / "model.pth", "Dear reader,\nthese are no weights.\n");
    expectRefusal(runRekey({"keys", folder / "model.pth"}), "model.pth", "");
}

TEST(BadInput, TruncatedPth)
{
    const TemporaryFolder folder;
    const std::string whole = readFile(source);
    for (const std::size_t size : {whole.size() - 1, whole.size() / 2, std::size_t(100), std::size_t(4), std::size_t(0)}) {
        writeFile(folder / "cut.pth", whole.substr(0, size));
        expectRefusal(runRekey({"keys", folder / "cut.pth"}), "cut.pth", "");
        expectRefusal(
            runRekey({"convert", folder / "cut.pth", "--mapping", demoMapping(), "--target", target, "-o", folder / "out.safetensors"}),
            "cut.pth", "");
        EXPECT_EQ(folder.entries(), (std::vector<std::string> {"cut.pth"})) << size;
    }
}

TEST(BadInput, SafetensorsHeaderThatLies)
{
    const TemporaryFolder folder;
    const std::string path = folder / "lies.safetensors", data(16, '\0');
    const std::string honest = R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})";
    writeSafetensors(path, honest, data);
    EXPECT_EQ(runRekey({"keys", path}).exitCode, 0);
    for (const std::string header :
         {R"({"a":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}})", R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,32]}})",
          R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}})",
          R"({"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,16]}})",
          R"({"a":{"dtype":"F32","shape":[4],"data_offsets":[0,16]},"b":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})"}) {
        writeSafetensors(path, header, data);
        expectRefusal(runRekey({"keys", path}), "lies.safetensors", "");
    }
    std::string bytes = readFile(path);
    bytes[5] = 1; // a header of a terabyte
    writeFile(path, bytes);
    expectRefusal(runRekey({"keys", path}), "lies.safetensors", "");
}

TEST(BadInput, MappingForAnotherCheckpoint)
{
    const TemporaryFolder folder;
    const std::string other = folder / "other.safetensors", out = folder / "out.safetensors";
    writeSafetensors(other, R"({"lstm.weight_ih_l0":{"dtype":"F32","shape":[4],"data_offsets":[0,16]}})", std::string(16, '\0'));
    expectRefusal(runRekey({"convert", other, "--mapping", demoMapping(), "--target", target, "-o", out}), "", "another");
    EXPECT_EQ(folder.entries(), (std::vector<std::string> {"other.safetensors"}));
}

TEST(BadInput, BrokenMapping)
{
    const TemporaryFolder folder;
    const std::string mapping = folder / "broken.rekey.json", out = folder / "out.safetensors";
    for (const std::string text : {"", "{", "[]", R"({"format":"something-else"})",
                                   R"({"format":"rekey-mapping","version":1,"rules":[{"sources":["a.{"],"targets":["b"]}]})"}) {
        writeFile(mapping, text);
        expectRefusal(runRekey({"convert", source, "--mapping", mapping, "--target", target, "-o", out}), "broken.rekey.json", "");
        EXPECT_FALSE(std::filesystem::exists(out));
    }
}

TEST(BadInput, ImageThatIsNone)
{
    const TemporaryFolder folder;
    const std::string out = folder / "mask.png";
    writeFile(folder / "photo.jpg", "not a picture");
    expectRefusal(runRekey({"run", source, "--image", folder / "photo.jpg", "--point", "1,1", "-o", out}), "photo.jpg", "");
    const std::string photo = readFile(demo + "/photos/flower.jpg");
    writeFile(folder / "photo.jpg", photo.substr(0, 200));
    expectRefusal(runRekey({"run", source, "--image", folder / "photo.jpg", "--point", "1,1", "-o", out}), "photo.jpg", "");
    EXPECT_EQ(folder.entries(), (std::vector<std::string> {"photo.jpg"}));
}

TEST(BadInput, OutputThatIsAnInputOrCannotBe)
{
    const TemporaryFolder folder;
    const std::string copy = folder / "model.safetensors";
    writeFile(copy, readFile(target + "/model.safetensors"));
    const std::string before = readFile(copy);
    expectRefusal(runRekey({"convert", copy, "--mapping", demoMapping(), "-o", copy}), "model.safetensors", "input");
    EXPECT_EQ(readFile(copy), before);
    expectRefusal(
        runRekey({"convert", source, "--mapping", demoMapping(), "--target", target, "-o", folder / "no/such/folder.safetensors"}),
        "no/such", "no such folder");
    expectRefusal(runRekey({"convert", source, "--mapping", demoMapping(), "--target", target, "-o", folder / "out.unknown"}),
                  "out.unknown", "");
    EXPECT_EQ(folder.entries(), (std::vector<std::string> {"model.safetensors"}));
}

TEST(BadInput, SchemaWhereValuesAreNeeded)
{
    const TemporaryFolder folder;
    writeFile(folder / "schema.json", R"({"name":"s","tensors":[{"key":"a","shape":[2],"dtype":"F32"}]})");
    expectRefusal(runRekey({"stats", folder / "schema.json"}), "schema.json", "schema");
}

TEST(BadUsage, IsTold)
{
    for (const std::vector<std::string> &arguments :
         {std::vector<std::string> {"keys"},
          {"keys", "a", "b"},
          {"diff", "a"},
          {"keys", "--colour", "a"},
          {"--colour"},
          {"run", source, "--image", demo + "/photos/flower.jpg", "-o", "/tmp/never.png"},
          {"run", source, "--image", demo + "/photos/flower.jpg", "--point", "a,b", "-o", "/tmp/never.png"},
          {"run", source, "--image", "i.jpg", "--point", "1,1", "--text", "a cat", "-o", "/tmp/never.png"},
          {"parity", source}}) {
        const Outcome outcome = runRekey(arguments);
        EXPECT_EQ(outcome.exitCode, 2) << outcome.errors;
        EXPECT_THAT(outcome.errors, StartsWith("rekey: "));
        EXPECT_EQ(outcome.output, "");
    }
    EXPECT_FALSE(std::filesystem::exists("/tmp/never.png"));
}

TEST(BadUsage, WindowWithoutDisplayOrFileSaysSo)
{
    const std::map<std::string, std::string> noDisplay = {{"DISPLAY", ""}, {"WAYLAND_DISPLAY", ""}, {"QT_QPA_PLATFORM", ""}};
    for (const std::vector<std::string> &arguments : {std::vector<std::string> {}, {source, target}, {"demo"}}) {
        const Outcome outcome = runRekey(arguments, noDisplay);
        EXPECT_EQ(outcome.exitCode, 2) << outcome.errors;
        EXPECT_THAT(outcome.errors, HasSubstr("window"));
    }
    const Outcome typo = runRekey({"konvert"}, noDisplay);
    EXPECT_EQ(typo.exitCode, 3);
    EXPECT_THAT(typo.errors, HasSubstr("no subcommand"));
}

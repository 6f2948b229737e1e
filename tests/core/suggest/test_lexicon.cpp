// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/suggest/lexicon.h"
#include "core/suggest/suggest.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace rekey {
namespace {

namespace fs = std::filesystem;

const fs::path folder = fs::path(REKEY_BUILD) / "lexicon-test";

fs::path written(const std::string &name, const std::string &text)
{
    fs::create_directories(folder);
    std::ofstream(folder / name) << text;
    return folder / name;
}

Schema schema(const std::string &name, const std::vector<std::string> &keys)
{
    Schema result;
    result.name = name;
    for (std::uint32_t k = 0; k < keys.size(); ++k) {
        SchemaTensor entry;
        entry.key = keys[k];
        entry.shape = {8, 8};
        entry.tiedTo = k;
        result.tensors.push_back(entry);
    }
    return result;
}

std::string errorOf(const fs::path &file)
{
    try {
        extendLexicon(file);
    } catch (const Error &e) {
        return e.what();
    }
    return {};
}

/// How sure the suggestion for the target is that it comes from the source; 0: it says something else.
double sureness(const Schema &source, const Schema &target, std::uint32_t from, std::uint32_t to)
{
    const Mapping mapping = suggest(source, target);
    const Resolution resolution = resolve(mapping, source, target);
    for (const auto &assignment : resolution.assignments)
        if (assignment.targets == std::vector<std::uint32_t>{to} && assignment.sources == std::vector<std::uint32_t>{from})
            return mapping.rules[assignment.rule].confidence;
    return 0;
}

// One process, one lexicon: the steps are in one test so that their order is known.
TEST(Lexicon, usersFilesExtendIt)
{
    // The folder is read when the lexicon is first needed.
    ::setenv("XDG_CONFIG_HOME", (folder / "config").c_str(), 1);
    fs::create_directories(lexiconFolder());
    std::ofstream(lexiconFolder() / "mine.json") << R"({"about": "mine", "words": {"norm": ["zorg"]}})";
    EXPECT_EQ(canonicalWords({"zorg"}), canonicalWords({"norm"}));

    const Schema source = schema("s", {"x.blub.weight", "x.wumm.weight", "x.last.weight"});
    const Schema target = schema("t", {"y.gate_proj.weight", "y.up_proj.weight", "y.last.weight"});
    EXPECT_LT(sureness(source, target, 1, 0), 0.9);
    EXPECT_LT(sureness(source, target, 0, 0), 0.9) << "only the order of the files speaks for it";
    extendLexicon(written("more.json", R"({"phrases": {"mlp gate": ["wumm"], "mlp up": ["blub"]}})"));
    EXPECT_GT(sureness(source, target, 1, 0), 0.5);
    EXPECT_GT(sureness(source, target, 0, 1), 0.5);

    // What the user says goes before what is compiled in.
    EXPECT_EQ(canonicalWords({"ffn"}), canonicalWords({"mlp"}));
    extendLexicon(written("other.json", R"({"words": {"attn": ["ffn"]}})"));
    EXPECT_EQ(canonicalWords({"ffn"}), canonicalWords({"attn"}));
}

TEST(Lexicon, saysWhatIsWrongWithAFile)
{
    EXPECT_NE(errorOf(folder / "none.json").find("cannot be opened"), std::string::npos);
    EXPECT_NE(errorOf(written("broken.json", "{\"words\": ")).find("broken.json"), std::string::npos);
    const std::string unknown = errorOf(written("unknown.json", R"({"wrods": {}})"));
    EXPECT_NE(unknown.find("wrods"), std::string::npos) << unknown;
    EXPECT_NE(unknown.find("phrases"), std::string::npos) << unknown;
    const std::string type = errorOf(written("type.json", R"({"words": {"norm": [3]}})"));
    EXPECT_NE(type.find("words"), std::string::npos) << type;
    // A file that is refused changes nothing.
    EXPECT_NE(errorOf(written("half.json", R"({"words": {"embed": ["halfway"]}, "zzz": 1})")), "");
    EXPECT_EQ(canonicalWords({"halfway"}), Words{"halfway"});
}

} // namespace
} // namespace rekey

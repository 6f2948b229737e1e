// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/suggest/lexicon.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace rekey {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Words splitBlanks(const std::string &text)
{
    Words words;
    std::istringstream stream(text);
    for (std::string word; stream >> word;)
        words.push_back(word);
    return words;
}

template <typename Set>
void addAll(Set &set, const Json &list)
{
    for (const auto &entry : list)
        set.insert(entry.template get<std::string>());
}

/// One file's sections into a lexicon. All are optional; what is there already stays unless `replace`.
class Reader
{
public:
    Reader(Lexicon &lexicon, bool replace) : m_lexicon(lexicon), m_replace(replace) {}

    void read(const Json &json)
    {
        for (const auto &[name, section] : json.items()) {
            const auto known = std::find_if(sections.begin(), sections.end(), [&](const Section &s) { return name == s.name; });
            if (known == sections.end())
                throw Error("", displayText(name), "no such section; there are " + names());
            m_section = name;
            (this->*known->read)(section);
        }
    }

    /// The one being read.
    const std::string &section() const { return m_section; }

private:
    struct Section
    {
        const char *name;
        void (Reader::*read)(const Json &);
    };
    static const std::vector<Section> sections;

    static std::string names()
    {
        std::string text;
        for (const Section &section : sections)
            text += (text.empty() ? "" : ", ") + std::string(section.name);
        return text;
    }

    /// Only those given: an entry may extend one list of a section and leave out the others.
    template <typename Visit>
    static void list(const Json &section, const char *name, const Visit &visit)
    {
        if (const auto entries = section.find(name); entries != section.end())
            for (const auto &entry : *entries)
                visit(entry);
    }

    void about(const Json &) {}
    void leaves(const Json &json)
    {
        for (const auto &[kind, leaves] : json.items())
            for (const auto &leaf : leaves)
                put(m_lexicon.leafKinds, leaf.get<std::string>(), kind);
    }
    void leafSuffixes(const Json &json)
    {
        for (const auto &suffix : json)
            m_lexicon.leafSuffixes.push_back(suffix.get<std::string>());
    }
    void inputFirst(const Json &json)
    {
        list(json, "leaves", [&](const Json &leaf) { m_lexicon.inputFirstLeaves.insert(leaf.get<std::string>()); });
        list(json, "modules", [&](const Json &module) { m_lexicon.inputFirstModules.insert(module.get<std::string>()); });
    }
    void words(const Json &json) { rewriting(m_lexicon.words, json); }
    void phrases(const Json &json) { rewriting(m_lexicon.phrases, json); }
    void rewriting(Rewriting &table, const Json &json)
    {
        for (const auto &[to, phrases] : json.items())
            for (const auto &from : phrases)
                table.add(splitBlanks(from.get<std::string>()), splitBlanks(to), m_replace);
    }
    void gated(const Json &json)
    {
        for (const auto &[from, to] : json.at("names").items())
            put(m_lexicon.gated, from, to.get<std::string>());
    }
    void ordinal(const Json &json) { addAll(m_lexicon.ordinal, json); }
    void generic(const Json &json) { addAll(m_lexicon.generic, json); }
    void fused(const Json &json)
    {
        for (const auto &[whole, parts] : json.items())
            if (parts.is_array())
                put(m_lexicon.fused, whole, parts.get<Words>());
    }
    void interleaved(const Json &json) { addAll(m_lexicon.interleaved, json.at("names")); }
    void positionWords(const Json &json)
    {
        list(json, "first", [&](const Json &word) { m_lexicon.firstWords.insert(word.get<std::string>()); });
        list(json, "last", [&](const Json &word) { m_lexicon.lastWords.insert(word.get<std::string>()); });
        list(json, "first_parts", [&](const Json &word) { m_lexicon.firstParts.insert(word.get<std::string>()); });
        list(json, "last_parts", [&](const Json &word) { m_lexicon.lastParts.insert(word.get<std::string>()); });
    }
    void synonyms(const Json &json)
    {
        // A user's own are tried first.
        std::vector<std::pair<std::string, std::string>> pairs;
        for (const auto &pair : json.at("pairs"))
            pairs.emplace_back(pair.at(0).get<std::string>(), pair.at(1).get<std::string>());
        m_lexicon.synonyms.insert(m_lexicon.synonyms.begin(), pairs.begin(), pairs.end());
    }
    void experts(const Json &json) { addAll(m_lexicon.experts, json.at("words")); }
    void twins(const Json &json)
    {
        for (const auto &twin : json.at("words"))
            m_lexicon.twins.push_back(splitBlanks(twin.get<std::string>()));
    }
    void tied(const Json &json)
    {
        for (const auto &pair : json.at("roles"))
            m_lexicon.tied.emplace_back(splitBlanks(pair.at(0).get<std::string>()), splitBlanks(pair.at(1).get<std::string>()));
    }
    void buffers(const Json &json)
    {
        if (const auto computed = json.find("computed"); computed != json.end())
            for (const auto &[leaf, reason] : computed->items())
                put(m_lexicon.computed, leaf, reason.get<std::string>());
        if (const auto mask = json.find("mask_like"); mask != json.end())
            m_lexicon.maskReason = mask->get<std::string>();
    }

    template <typename Map, typename Value>
    void put(Map &map, const std::string &key, Value value)
    {
        if (m_replace)
            map.insert_or_assign(key, std::move(value));
        else
            map.emplace(key, std::move(value));
    }

    Lexicon &m_lexicon;
    bool m_replace;
    std::string m_section;
};

const std::vector<Reader::Section> Reader::sections = {
    {"about", &Reader::about},
    {"leaves", &Reader::leaves},
    {"leaf_suffixes", &Reader::leafSuffixes},
    {"input_first", &Reader::inputFirst},
    {"words", &Reader::words},
    {"phrases", &Reader::phrases},
    {"gated", &Reader::gated},
    {"ordinal", &Reader::ordinal},
    {"generic", &Reader::generic},
    {"fused", &Reader::fused},
    {"fused_interleaved", &Reader::interleaved},
    {"position_words", &Reader::positionWords},
    {"synonyms", &Reader::synonyms},
    {"experts", &Reader::experts},
    {"twins", &Reader::twins},
    {"tied", &Reader::tied},
    {"buffers", &Reader::buffers},
};

void readInto(Lexicon &lexicon, std::string_view text, const std::string &name, bool replace)
{
    Reader reader(lexicon, replace);
    try {
        reader.read(Json::parse(text));
    } catch (const Json::exception &e) {
        throw Error(name, reader.section(), std::string("not in the form of resources/lexicon.json: ") + e.what());
    } catch (const Error &e) {
        throw Error(name, e.part(), e.reason());
    }
}

void readFile(Lexicon &lexicon, const fs::path &file)
{
    constexpr std::uintmax_t mostBytes = 16 << 20;
    std::error_code problem;
    const auto size = fs::file_size(file, problem);
    std::ifstream stream(file, std::ios::binary);
    if (problem || !stream)
        throw Error(file.string(), "", "this lexicon cannot be opened");
    if (size > mostBytes)
        throw Error(file.string(), "", "too large for a lexicon (more than 16 MiB)");
    std::ostringstream text;
    text << stream.rdbuf();
    readInto(lexicon, text.str(), file.string(), true);
}

Lexicon readAll()
{
    Lexicon lexicon;
    readInto(lexicon, resource("lexicon.json"), "lexicon.json", false);
    std::error_code none;
    std::vector<fs::path> files;
    if (const fs::path folder = lexiconFolder(); !folder.empty())
        for (const auto &entry : fs::directory_iterator(folder, none))
            if (entry.path().extension() == ".json")
                files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    for (const auto &file : files)
        readFile(lexicon, file);
    return lexicon;
}

Lexicon &theLexicon()
{
    static Lexicon instance = readAll();
    return instance;
}

} // namespace

const Lexicon &lexicon()
{
    return theLexicon();
}

void extendLexicon(const fs::path &file)
{
    Lexicon extended = theLexicon();
    readFile(extended, file);
    theLexicon() = std::move(extended);
}

fs::path lexiconFolder()
{
    if (const char *given = std::getenv("XDG_CONFIG_HOME"); given != nullptr && *given != '\0')
        return fs::path(given) / "rekey" / "lexicon";
    if (const char *home = std::getenv("HOME"); home != nullptr && *home != '\0')
        return fs::path(home) / ".config" / "rekey" / "lexicon";
    return {};
}

} // namespace rekey

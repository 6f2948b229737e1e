// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace rekey {

using Words = std::vector<std::string>;

/// Phrases and what they are rewritten to; the longest phrase wins at each place.
class Rewriting
{
public:
    /// A phrase that is there already keeps its meaning, unless `replace`.
    void add(const Words &from, Words to, bool replace = false);
    Words apply(const Words &words) const;

private:
    std::unordered_map<std::string, Words> m_rules; ///< by the phrase joined with blanks
    std::size_t m_longest = 0;
};

/// resources/lexicon.json: what people call the parts of networks.
struct Lexicon
{
    std::unordered_map<std::string, std::string> leafKinds; ///< lower-case leaf -> "weight", "bias", "running_mean" …
    std::vector<std::string> leafSuffixes;                  ///< "_weight"
    std::unordered_set<std::string> inputFirstLeaves;
    std::unordered_set<std::string> inputFirstModules;      ///< last word of a module's path
    Rewriting words;
    Rewriting phrases;
    std::map<std::string, std::string> gated;               ///< w1 -> gate
    std::unordered_set<std::string> ordinal;                ///< a number right after these counts siblings
    std::unordered_set<std::string> generic;                ///< words that say little
    std::map<std::string, Words> fused;                     ///< qkv -> q k v
    std::unordered_set<std::string> interleaved;            ///< raw names whose rows may be mixed per head
    std::unordered_set<std::string> firstWords;
    std::unordered_set<std::string> lastWords;
    std::unordered_set<std::string> firstParts;             ///< first or last words of names: "backbone"
    std::unordered_set<std::string> lastParts;
    std::vector<std::pair<std::string, std::string>> synonyms;
    std::vector<Words> twins;
    std::unordered_set<std::string> experts;                ///< words for the experts of a mixture
    std::vector<std::pair<Words, Words>> tied;
    std::unordered_map<std::string, std::string> computed;  ///< leaf -> why no file needs it
    std::string maskReason;
};

/// The compiled-in lexicon with the user's own: every *.json of lexiconFolder(), by name, read when first needed, and those added by
/// extendLexicon(). Throws Error when one of them cannot be understood.
const Lexicon &lexicon();

/// Adds a file of the same form as resources/lexicon.json, with any of its sections; what it says goes before what is there.
/// To be called before anything is suggested: not thread-safe. Throws Error (file, section, what is wrong).
void extendLexicon(const std::filesystem::path &file);

/// $XDG_CONFIG_HOME/rekey/lexicon, else ~/.config/rekey/lexicon; empty when there is no home.
std::filesystem::path lexiconFolder();

/// "encoder_layer_10" -> encoder layer 10; "LayerNorm" -> layer norm; lower case.
Words splitWords(std::string_view segment);
/// Segments between '.' and '/'.
std::vector<std::string> keySegments(std::string_view key);
/// Canonical words of a path. Numbers that are segments of their own are left out; a number that counts siblings
/// ("norm2") becomes "@2".
Words canonicalWords(const std::vector<std::string> &segments);

} // namespace rekey

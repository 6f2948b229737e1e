// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/mapping/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace rekey {
namespace {

/// "i=3 leaf=weight", in the order of the names; "-" where the key does not match.
std::string bound(const std::string &pattern, const std::string &key)
{
    const auto binding = Pattern::parse(pattern).match(key);
    if (!binding)
        return "-";
    std::string text;
    for (const auto &[name, value] : *binding) {
        const std::int64_t *number = std::get_if<std::int64_t>(&value);
        text += (text.empty() ? "" : " ") + name + "=" + (number ? std::to_string(*number) : std::get<std::string>(value));
    }
    return text;
}

TEST(Pattern, Matches)
{
    const struct { std::string pattern, key, expected; } cases[] = {
        {"a.b", "a.b", ""},
        {"a.b", "a.bc", "-"},
        {"a.b", "a", "-"},
        {"", "", ""},
        {"", "a", "-"},
        {"blocks.{i}.w", "blocks.12.w", "i=12"},
        {"blocks.{i}.w", "blocks.x.w", "-"},
        {"blocks.{i}.w", "blocks.012.w", "-"},
        {"blocks.{i}.w", "blocks.0.w", "i=0"},
        {"blocks.{i}.w", "blocks..w", "-"},
        {"blocks.{i}.w", "blocks.123456789012345678901234567890.w", "-"},
        {"norm{n}.{leaf}", "norm1.weight", "leaf=weight n=1"},
        {"norm{n}.{leaf}", "norm.weight", "-"},
        {"{leaf}", "a.b", "-"},
        {"{leaf}", "a/b", "-"},
        {"in_proj_{leaf}", "in_proj_weight", "leaf=weight"},
        {"in_proj_{leaf}", "in_proj_", "-"},
        {"{name}_{leaf}", "in_proj_weight", "leaf=weight name=in_proj"},
        {"{rest}.weight", "a.b.c.weight", "rest=a.b.c"},
        {"{rest}.weight", "weight", "-"},
        {"a.{rest}", "a.b", "rest=b"},
        {"a.{rest}", "a.", "-"},
        {"a/{rest}/kernel", "a/b/c/kernel", "rest=b/c"},
        {"{rest}.{i}.{rest2}", "a.1.b.2.c", "i=2 rest=a.1.b rest2=c"},
        {"{x:q|k|v}.w", "k.w", "x=k"},
        {"{x:q|k|v}.w", "o.w", "-"},
        {"{layer:layers.0|layers.1}.w", "layers.1.w", "layer=layers.1"},
        {"{x:q|qk}{y:k|}.w", "qk.w", "x=q y=k"},
        {"{p:|module.}a", "a", "p="},
        {"{p:|module.}a", "module.a", "p=module."},
        {"b.{i+1}", "b.1", "i=0"},
        {"b.{i+1}", "b.0", "-"},
        {"b.{i-1}", "b.0", "i=1"},
        {"b.{3-i}", "b.1", "i=2"},
        {"b.{3-i}", "b.4", "-"},
        {"b.{2*i}", "b.6", "i=3"},
        {"b.{2*i}", "b.5", "-"},
        {"b.{3*i+j}", "b.7", "i=2 j=1"},
        {"b.{j+3*i}", "b.2", "i=0 j=2"},
        {"b.{3*i+j+1}", "b.7", "i=2 j=0"},
        {"b.{3*i+j}.{i}", "b.7.2", "i=2 j=1"},
        {"b.{3*i+j}.{i}", "b.7.1", "-"},
        {"{i}.{i}", "3.3", "i=3"},
        {"{i}.{i}", "3.4", "-"},
        {"{name}.{name}", "ab.ab", "name=ab"},
        {"{name}.{name}", "ab.ac", "-"},
        {"{x:a|b}.{x:q|k}", "b.k", "x=b"},
        {"{x:a|b}.{x:q|k}", "b.q", "-"},
        {"{x:a|b}.{x}", "b.b", "-"},
        {"a{{0}}.{i}", "a{0}.4", "i=4"},
    };
    for (const auto &c : cases) {
        if (c.pattern == "{x:a|b}.{x}")
            continue; // one letter without a list is a number: refused, see Errors
        EXPECT_EQ(bound(c.pattern, c.key), c.expected) << c.pattern << " on " << c.key;
    }
    EXPECT_EQ(bound("{kind:a|b}.{kind}", "b.b"), "kind=b");
    EXPECT_EQ(bound("{kind:a|b}.{kind}", "b.a"), "-");
}

TEST(Pattern, ExpandsWhatItMatched)
{
    const std::pair<std::string, std::string> cases[] = {
        {"blocks.{i}.norm{n}.{leaf}", "blocks.7.norm2.bias"}, {"{rest}.qkv.{leaf}", "a.b.qkv.weight"},
        {"b.{3*i+j}.{k+4}", "b.8.5"},                         {"{x:q|k.v}.{leaf}", "k.v.weight"},
        {"{3-n}.{{x}}", "2.{x}"},                             {"a/{rest}", "a/b/c"},
    };
    for (const auto &[text, key] : cases) {
        const Pattern pattern = Pattern::parse(text);
        const auto binding = pattern.match(key);
        ASSERT_TRUE(binding) << text;
        EXPECT_EQ(pattern.expand(*binding), key) << text;
    }
}

TEST(Pattern, ExpandsToNothing)
{
    EXPECT_EQ(Pattern::parse("a.{i}").expand({}), std::nullopt);
    EXPECT_EQ(Pattern::parse("a.{i-1}").expand({{"i", 0}}), std::nullopt);
    EXPECT_EQ(Pattern::parse("a.{3-i}").expand({{"i", 4}}), std::nullopt);
    EXPECT_EQ(Pattern::parse("a.{i}").expand({{"i", "b"}}), std::nullopt);
    EXPECT_EQ(Pattern::parse("{x:q|k}").expand({{"x", "v"}}), std::nullopt);
    EXPECT_EQ(Pattern::parse("a.{9*i}").expand({{"i", INT64_MAX / 2}}), std::nullopt);
    EXPECT_EQ(Pattern::parse("a.{i}").expand({{"i", "12"}}), "a.12");
    EXPECT_EQ(Pattern::parse("a.{leaf}").expand({{"leaf", 3}}), "a.3");
}

TEST(Pattern, SaysWhereItIsWrong)
{
    const struct { std::string text; std::size_t position; std::string expected; } cases[] = {
        {"a.{i", 2, "'}' to close"},
        {"a}b", 1, "'{' before"},
        {"a.{}", 3, "a variable"},
        {"{3}", 1, "a letter"},
        {"{i*j}", 3, "a variable"},
        {"{i+}", 3, "a variable"},
        {"{i j}", 2, "'+', '-', '*'"},
        {"{i+j}", 1, "different positive factors"},
        {"{2*i-j}", 1, "different positive factors"},
        {"{0*i}", 1, "a factor other than 0"},
        {"{x:a|a}", 5, "listed twice"},
        {"{x:a|b}{x:a|b|c}", 8, "as many alternatives"},
        {"{x:a|b}.{x}", 8, "one kind"},
        {"{i}{j}", 3, "text between"},
        {"{leaf}{name}", 6, "text between"},
        {"a{rest}", 1, "'.' before"},
        {"{rest}a", 6, "'.' after"},
        {"{99999999999*i}", 1, "a number up to"},
        {"{:a|b}", 1, "a name"},
    };
    for (const auto &c : cases) {
        try {
            Pattern::parse(c.text);
            ADD_FAILURE() << c.text << " was accepted";
        } catch (const PatternError &error) {
            EXPECT_EQ(error.position(), c.position) << c.text << ": " << error.what();
            EXPECT_THAT(error.what(), testing::HasSubstr(c.expected)) << c.text;
        }
    }
}

TEST(Pattern, LiteralMatchesItsKeyOnly)
{
    for (const std::string key : {"a.b", "a{i}.b", "}{", "{{x}}", ""}) {
        const Pattern pattern = Pattern::literal(key);
        EXPECT_TRUE(pattern.isLiteral());
        EXPECT_TRUE(pattern.match(key)) << key;
        EXPECT_FALSE(pattern.match(key + "x"));
        EXPECT_EQ(pattern.expand({}), key);
    }
}

TEST(Pattern, PiecesCoverTheText)
{
    const Pattern pattern = Pattern::parse("blocks.{i}.{x:q|k}_{{z}}.{leaf}");
    std::string joined;
    std::vector<bool> variable;
    for (const Pattern::Piece &piece : pattern.pieces()) {
        EXPECT_EQ(piece.begin, joined.size());
        joined += pattern.text().substr(piece.begin, piece.end - piece.begin);
        variable.push_back(piece.variable);
    }
    EXPECT_EQ(joined, pattern.text());
    EXPECT_EQ(variable, (std::vector<bool>{false, true, false, true, false, true}));
    EXPECT_EQ(pattern.variables(), (std::vector<std::string>{"i", "x", "leaf"}));
}

TEST(Pattern, HostilePatternEndsSoon)
{
    std::string text, key;
    for (char c = 'a'; c <= 'z'; ++c) {
        text += std::string("{v") + c + "}a";
        key += "aa";
    }
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_FALSE(Pattern::parse(text + "z").match(key + key + key + "y"));
    EXPECT_FALSE(Pattern::parse(text + "b{leaf}").match(key + key + key));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
}

} // namespace
} // namespace rekey

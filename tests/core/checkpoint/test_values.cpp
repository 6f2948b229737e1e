// SPDX-License-Identifier: GPL-3.0-or-later
// Values beside the tensors, and tensors whose values lie in another order, sign or container than usual.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"
#include "tests/core/checkpoint/temporaryfolder.h"
#include "tests/core/checkpoint/torchfile.h"

using namespace rekey;
using namespace torchfile;

namespace {

const TemporaryFolder &folder()
{
    static const TemporaryFolder memory(TemporaryFolder::Where::Memory);
    return memory;
}

CheckpointPtr opened(const std::string &bytes, const std::string &name)
{
    return corpus::openWhole(folder().write(name, bytes));
}

std::string refused(const std::string &bytes, const std::string &name)
{
    return refusal([&] { opened(bytes, name); });
}

/// What one value of a plain pickle is listed as: "type value".
std::string shown(const std::string &pickle)
{
    const auto checkpoint = opened(std::string("\x80\2", 2) + "(d" + text("v") + pickle + "s.", "v.pkl");
    return checkpoint->metadata().empty() ? "nothing" : checkpoint->metadata()[0].type + " " + checkpoint->metadata()[0].value;
}

std::string whyRefused(const std::string &pickle)
{
    return refused(std::string("\x80\2", 2) + pickle + ".", "v.pkl");
}

bool contains(const std::string &text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::string numpyType(std::string_view name, std::string_view order)
{
    return call(global("numpy", "dtype"), {text(name), "I00\n", "I01\n"}) + "(I3\n" + text(order) + "NNNI-1\nI-1\nI0\ntb";
}

std::string scalar(std::string_view name, std::string_view order, const std::string &value)
{
    return call(global("numpy.core.multiarray", "scalar"),
                {numpyType(name, order), "C" + std::string(1, static_cast<char>(value.size())) + value});
}

std::vector<float> values(const Checkpoint &checkpoint, std::size_t tensor)
{
    std::vector<float> all;
    forEachBlock(checkpoint, tensor, 4, [&](std::uint64_t, std::span<const float> run) { all.insert(all.end(), run.begin(), run.end()); });
    return all;
}

/// A float tensor of 2 x 3 over six numbers, with strides and flags of its own.
std::string strided(std::string_view type, const std::vector<std::int64_t> &shape, const std::vector<std::int64_t> &strides,
                    const std::string &flags = {})
{
    std::vector<std::string> arguments = {storage(type, 0, 6), "I0\n", numbers(shape), numbers(strides), "I00\n", noHooks()};
    if (!flags.empty())
        arguments.push_back(dict({{flags, "I01\n"}}));
    return dict({{"t", call(global("torch._utils", "_rebuild_tensor_v2"), arguments)}});
}

} // namespace

TEST(Values, TextOfProtocol0HasItsEscapes)
{
    EXPECT_EQ(shown("S'a\\n\\x41\\101\\q\\\\'\n"), "str a\nAA\\q\\");
    EXPECT_EQ(shown("S\"it's\"\n"), "str it's");
    EXPECT_EQ(shown("V\\u00e9\\U0001F600\\\\u0041x\\y\n"), "str \u00e9\U0001F600\\\\u0041x\\y");
    EXPECT_TRUE(contains(whyRefused("S'a'b'\n"), "quote inside"));
    EXPECT_NE(whyRefused("S'\\x4'\n"), "");
    EXPECT_NE(whyRefused("S'a\n"), "");
    EXPECT_TRUE(contains(whyRefused("V\\uD\n"), "broken escape"));
    EXPECT_TRUE(contains(whyRefused("V\\UFFFFFFFF\n"), "broken escape"));
}

TEST(Values, NumbersOfEveryWidthAreShown)
{
    EXPECT_EQ(shown("I+12\n"), "int 12");
    EXPECT_EQ(shown("L-123456789012345678901234567890L\n"), "int -123456789012345678901234567890");
    EXPECT_EQ(shown("F+1.5 \n"), "float 1.5");
    EXPECT_EQ(shown("\x8A\2\xFF\xFF"), "int -1");
    EXPECT_EQ(shown(std::string("\x8A\x0A", 2) + std::string(9, '\0') + "\1"), "int 4722366482869645213696");
    EXPECT_TRUE(contains(shown("\x8A\xC8" + std::string(200, '\x11')), "an integer of 200 bytes"));
    EXPECT_NE(whyRefused("F1.5x\n"), "");
}

TEST(Values, NumpyScalarsAreNumbersAndTexts)
{
    EXPECT_EQ(shown(scalar("f4", "<", bytes<float>({1.5F}))), "numpy.float32 1.5");
    EXPECT_EQ(shown(scalar("i8", "<", bytes<std::int64_t>({-5}))), "numpy.int64 -5");
    EXPECT_EQ(shown(scalar("u8", "<", bytes<std::uint64_t>({~0ULL}))), "numpy.uint64 18446744073709551615");
    EXPECT_EQ(shown(scalar("i2", ">", std::string("\1\2", 2))), "numpy.int16 258");
    EXPECT_EQ(shown(scalar("b1", "|", "\1")), "numpy.bool True");
    EXPECT_EQ(shown(scalar("f8", "<", "short")), "numpy.float64 ");
    EXPECT_EQ(shown(scalar("U2", "<", std::string("a\0\0\0\0\0\0\0", 8))), "numpy.U2 a");
    EXPECT_EQ(shown(scalar("S3", "|", std::string("ab\0", 3))), "numpy.S3 ab");
}

TEST(Values, NumpyArraysAreChecked)
{
    const auto array = [](const std::string &shape, const std::string &type, const std::string &data) {
        return call(global("numpy.core.multiarray", "_reconstruct"), {global("numpy", "ndarray"), numbers({0}), text("b")}) + "(I1\n"
               + shape + type + "I00\n" + data + "tb";
    };
    EXPECT_TRUE(contains(whyRefused(array("I3\n", numpyType("f4", "<"), text(""))), "its shape is no tuple"));
    EXPECT_TRUE(contains(whyRefused(array(numbers({-1}), numpyType("f4", "<"), text(""))), "not a natural number"));
    EXPECT_TRUE(contains(whyRefused(array(numbers(std::vector<std::int64_t>(65, 1)), numpyType("f4", "<"), text(""))), "dimensions"));
    EXPECT_TRUE(contains(whyRefused(array(numbers({1}), numpyType("f3", "<"), text(""))), "type is not understood"));
    EXPECT_TRUE(contains(whyRefused(array(numbers({1}), numpyType("u1", "|"), text("\\u0141"))), "beyond Latin-1"));
    EXPECT_TRUE(contains(whyRefused(array(numbers({1}), numpyType("u1", "|"), "N")), "has no bytes"));
    const auto latin = opened(std::string("\x80\2", 2) + array(numbers({2}), numpyType("u1", "|"), text("a\\u00ff")) + ".", "v.pkl");
    EXPECT_EQ(values(*latin, 0), (std::vector<float>{97, 255}));
    const auto objects = opened(std::string("\x80\2", 2) + array(numbers({1}), numpyType("O8", "|"), "(NI1\nl") + ".", "v.pkl");
    EXPECT_EQ(objects->metadata()[0].value, "object");
    EXPECT_FALSE(objects->warnings().empty());
}

TEST(Values, StridedTensorsOfDeflatedRecordsAreReordered)
{
    const auto stored = bytes<float>({0, 1, 2, 3, 4, 5});
    for (const bool deflated : {false, true}) {
        const auto checkpoint = opened(archive(strided("FloatStorage", {3, 2}, {1, 3}), {stored}, {}, deflated), "m.pt");
        EXPECT_EQ(values(*checkpoint, 0), (std::vector<float>{0, 3, 1, 4, 2, 5}));
        const auto expanded = opened(archive(strided("FloatStorage", {2, 2, 1}, {0, 1, 7}), {stored}, {}, deflated), "m.pt");
        EXPECT_EQ(values(*expanded, 0), (std::vector<float>{0, 1, 0, 1}));
    }
    const auto narrow = opened(archive(strided("ByteStorage", {3, 2}, {1, 3}), {"abcdef"}), "m.pt");
    EXPECT_EQ(values(*narrow, 0), (std::vector<float>{97, 100, 98, 101, 99, 102}));
}

TEST(Values, NegatedTensorsAreNegated)
{
    const auto floats = opened(archive(strided("FloatStorage", {6}, {1}, "neg"), {bytes<float>({0, 1, 2, 3, 4, 5})}), "m.pt");
    EXPECT_EQ(values(*floats, 0)[5], -5);
    EXPECT_TRUE(floats->view(0).empty());
    const auto integers = opened(archive(strided("ShortStorage", {6}, {1}, "neg"), {bytes<std::int16_t>({0, 1, -2, 256, 4, 5})}), "m.pt");
    EXPECT_EQ(values(*integers, 0), (std::vector<float>{0, -1, 2, -256, -4, -5}));
}

TEST(Values, BigEndianFilesAreSwapped)
{
    const auto checkpoint = opened(archive(dict({{"a", tensor("ShortStorage", 0, {2})}, {"b", tensor("ByteStorage", 1, {1})}}),
                                           {std::string("\1\2\3\4", 4), "x"}, {{"archive/byteorder", "big"}}), "m.pt");
    EXPECT_EQ(values(*checkpoint, 0), (std::vector<float>{258, 772}));
    EXPECT_EQ(values(*checkpoint, 1), (std::vector<float>{120}));
    const auto records = [](const std::string &name, const std::string &content) {
        return refused(archive("(d", {}, {{"archive/" + name, content}}), "m.pt");
    };
    EXPECT_TRUE(contains(records("byteorder", "middle"), "\"little\" or \"big\" was expected"));
    EXPECT_TRUE(contains(records("version", "eleven"), "a number from 1 to 10 was expected"));
}

TEST(Values, ReadingBeyondATensorIsAnError)
{
    const auto checkpoint = opened(archive(dict({{"a", tensor("FloatStorage", 0, {2})}}), {bytes<float>({1, 2})}), "m.pt");
    std::vector<std::byte> room(8);
    EXPECT_THROW(checkpoint->read(0, 1, 2, room), Error);
    EXPECT_THROW(checkpoint->read(0, 0, 1, room), Error);
    checkpoint->read(0, 0, 2, room);
    EXPECT_EQ(checkpoint->atRoot(checkpoint->roots().front())->tensors().size(), 1U);
    OpenOptions options;
    options.rootChoice = OpenOptions::RootChoice::Named;
    options.root = "nowhere";
    EXPECT_TRUE(contains(refusal([&] { openCheckpoint(folder() / "m.pt", options); }), "has no part \"nowhere\""));
}

TEST(Values, SchemasOpenLikeCheckpoints)
{
    const auto checkpoint
        = opened(R"({"name":"Net","tensors":[{"key":"a","shape":[2,3],"dtype":"F32"},{"key":"b","shape":[2,3],"dtype":"F32"}],
                                       "tied":[["a","b"]],"more":{"x":[1]}})",
                 "s.json");
    EXPECT_EQ(checkpoint->format(), "schema");
    EXPECT_EQ(checkpoint->name(), "Net");
    EXPECT_FALSE(checkpoint->hasValues());
    EXPECT_EQ(checkpoint->schema().tensors[1].tiedTo, 0U);
    EXPECT_EQ(checkpointFromSchema(checkpoint->schema())->tensors().size(), 2U);
    for (const auto &[json, reason] : std::initializer_list<std::pair<const char *, const char *>>{
             {R"({"a":1})", "no list \"tensors\""},
             {R"({"tensors":{}})", "is no list"},
             {R"({"tensors":[1]})", "holds something that is no"},
             {R"({"tensors":[[]]})", "holds a list where"},
             {R"({"tensors":[{"key":"a","shape":[1]}]})", "needs key, shape and dtype"},
             {R"({"tensors":[{"key":1}]})", "its key is no text"},
             {R"({"tensors":[{"key":"a","dtype":"F99"}]})", "its dtype F99 is unknown"},
             {R"({"tensors":[{"key":"a","shape":{}}]})", "its shape is no list"},
             {R"({"tensors":[{"key":"a","shape":3}]})", "its shape is no list"},
             {R"({"tensors":[{"key":"a","shape":[-1]}]})", "not a natural number"},
             {R"({"tensors":[{"key":"a","shape":[4294967296,4294967296],"dtype":"F32"}]})", "its shape overflows"},
             {R"({"tensors":[{"key":"a","shape":[],"dtype":"F32"},{"key":"a","shape":[],"dtype":"F32"}]})", "occurs twice"}})
        EXPECT_TRUE(contains(refused(json, "s.json"), reason)) << json << refused(json, "s.json");
}

TEST(Values, GgufMetadataOfEveryType)
{
    std::string entries;
    std::uint64_t count = 0;
    const auto add = [&](const std::string &key, std::uint32_t type, const std::string &value) {
        put(entries, static_cast<std::uint64_t>(key.size()));
        entries += key;
        put(entries, type);
        entries += value;
        ++count;
    };
    add("i8", 1, "\xFF");
    add("u16", 2, bytes<std::uint16_t>({65535}));
    add("i16", 3, bytes<std::int16_t>({-2}));
    add("u64", 10, bytes<std::uint64_t>({~0ULL}));
    add("i64", 11, bytes<std::int64_t>({-3}));
    add("f64", 12, bytes<double>({0.25}));
    std::string list = bytes<std::uint32_t>({5}) + bytes<std::uint64_t>({20});
    for (std::int32_t i = 0; i < 20; ++i)
        put(list, i);
    add("list", 9, list);
    std::string words = bytes<std::uint32_t>({8}) + bytes<std::uint64_t>({18});
    for (int i = 0; i < 18; ++i)
        words += bytes<std::uint64_t>({1}) + "w";
    add("words", 9, words);
    const auto file = [&](const std::string &more = {}, std::uint64_t moreCount = 0) {
        return "GGUF" + bytes<std::uint32_t>({3}) + bytes<std::uint64_t>({0, count + moreCount}) + entries + more;
    };
    const auto checkpoint = opened(file(), "m.gguf");
    const auto value = [&](std::size_t i) { return checkpoint->metadata().at(i).value; };
    EXPECT_EQ(value(0), "-1");
    EXPECT_EQ(value(1), "65535");
    EXPECT_EQ(value(2), "-2");
    EXPECT_EQ(value(3), "18446744073709551615");
    EXPECT_EQ(value(4), "-3");
    EXPECT_EQ(value(5), "0.25");
    EXPECT_TRUE(contains(value(6), "15, … 20 values]"));
    EXPECT_TRUE(contains(value(7), "… 18 values]"));
    std::string deep;
    put(deep, std::uint64_t{1});
    deep += "d" + bytes<std::uint32_t>({9});
    for (int i = 0; i < 6; ++i)
        deep += bytes<std::uint32_t>({9}) + bytes<std::uint64_t>({1});
    EXPECT_TRUE(contains(refused(file(deep + std::string(12, '\0'), 1), "m.gguf"), "nested deeper"));
}

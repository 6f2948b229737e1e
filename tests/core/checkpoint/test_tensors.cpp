// SPDX-License-Identifier: GPL-3.0-or-later
// The rarer things that a pickle's tensors can be, and the lies they can tell.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "core/checkpoint/quantiser.h"
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

CheckpointPtr opened(const std::string &bytes, const std::string &name = "m.pt")
{
    return corpus::openWhole(folder().write(name, bytes));
}

std::string refused(const std::string &bytes, const std::string &name = "m.pt")
{
    return refusal([&] { opened(bytes, name); });
}

std::vector<float> values(const Checkpoint &checkpoint, std::size_t tensor, std::uint64_t block = 4)
{
    std::vector<float> all;
    forEachBlock(checkpoint, tensor, block,
                 [&](std::uint64_t, std::span<const float> run) { all.insert(all.end(), run.begin(), run.end()); });
    return all;
}

std::string metadata(const Checkpoint &checkpoint, const std::string &path)
{
    for (const MetadataEntry &entry : checkpoint.metadata()) {
        if (pathText(entry.path) == path)
            return entry.type + " " + (entry.className.empty() ? entry.value : entry.className);
    }
    return "none of this path";
}

bool contains(const std::string &text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

std::string quantised(const std::string &quantiser)
{
    return dict({{"q", call(global("torch._utils", "_rebuild_qtensor"),
                            {storage("QInt8Storage", 0, 6), "I0\n", numbers({2, 3}), numbers({3, 1}), quantiser, "I00\n", noHooks()})}});
}

const std::string sixIntegers = {'\0', '\1', '\2', '\3', '\xFF', '\x80'};

} // namespace

TEST(Tensors, QuantisedPerTensorHasTheValuesThatItsIntegersStandFor)
{
    const auto checkpoint = opened(archive(quantised("(" + global("torch", "per_tensor_affine") + "F0.5\nI1\nt"), {sixIntegers}));
    EXPECT_EQ(values(*checkpoint, 0), (std::vector<float>{-0.5F, 0, 0.5F, 1, -1, -64.5F}));
    EXPECT_EQ(checkpoint->tensors()[0].notes.front(), "quantised per tensor, scale 0.5, zero point 1");
    std::vector<double> two(2);
    decodeValues(*checkpoint, 0, 4, checkpoint->view(0).subspan(4), std::span(two));
    EXPECT_EQ(two, (std::vector<double>{-1, -64.5}));
}

TEST(Tensors, QuantisedPerChannelTakesItsScalesFromListsAndTensors)
{
    const auto scheme = "(" + global("torch", "per_channel_affine");
    const auto lists = opened(archive(quantised(scheme + "(F1\nF10\nF100\nl(I0\nI1\nI0\nlI1\nt"), {sixIntegers}));
    EXPECT_EQ(values(*lists, 0), (std::vector<float>{0, 0, 200, 3, -20, -12800}));
    const auto tensors = opened(archive(quantised(scheme + tensor("DoubleStorage", 1, {2}) + tensor("LongStorage", 2, {2}) + "I0\nt"),
                                        {sixIntegers, bytes<double>({1, 0.5}), bytes<std::int64_t>({0, 1})}));
    EXPECT_EQ(values(*tensors, 0, 100), (std::vector<float>{0, 1, 2, 1, -1, -64.5F}));
    EXPECT_TRUE(quantiserOf(*tensors, 0)->perChannel());

    const auto refusedWith = [&](const std::string &quantiser) { return refused(archive(quantised(quantiser), {sixIntegers})); };
    EXPECT_TRUE(contains(refusedWith(scheme + "(F1\nl(I0\nlI1\nt"), "1 channels, 3 were expected"));
    EXPECT_TRUE(contains(refusedWith(scheme + "(F1\nF1\nNl(I0\nI0\nI0\nlI1\nt"), "parameters are no numbers"));
    EXPECT_TRUE(contains(refusedWith(scheme + "NNI1\nt"), "neither a list nor a 1-D tensor"));
    EXPECT_TRUE(contains(refusedWith(scheme + "(l(lI2\nt"), "none of 2 dimensions"));
    EXPECT_TRUE(contains(refusedWith("(" + global("torch", "per_tensor_affine") + "t"), "no scale and zero point"));
    EXPECT_TRUE(contains(refusedWith("(" + global("torch", "float32") + "t"), "quantiser is unknown"));
}

TEST(Tensors, PackedIntegersAreListedWithTheirBytes)
{
    // Sixteen values of four bits in a storage of eight bytes, as PyTorch 1.13 writes them
    const auto checkpoint
        = opened(archive(dict({{"q", call(global("torch._utils", "_rebuild_qtensor"),
                                          {storage("QUInt4x2Storage", 0, 8), "I0\n", numbers({4, 4}), numbers({4, 1}),
                                           "(" + global("torch", "per_tensor_affine") + "F1\nI0\nt", "I00\n", noHooks()})}}),
                         {"12345678"}));
    EXPECT_EQ(checkpoint->tensors()[0].bytes(), 8U);
    EXPECT_EQ(values(*checkpoint, 0, 16)[0], 1);
}

TEST(Tensors, CompressedSparseTensorsMayBeBatchedHybridOrBlocked)
{
    const auto file = [](const std::string &layout, const std::vector<std::int64_t> &rises, const std::vector<std::int64_t> &indices,
                         const std::vector<std::vector<std::int64_t>> &shapes, const std::vector<std::int64_t> &size) {
        std::int64_t count = 1;
        for (const std::int64_t dimension : shapes[2])
            count *= dimension;
        return archive(
            dict({{"s", call(global("torch._utils", "_rebuild_sparse_tensor"),
                             {call(global("torch.serialization", "_get_layout"), {text("torch." + layout)}),
                              "(" + tensor("LongStorage", 0, shapes[0]) + tensor("LongStorage", 1, shapes[1])
                                  + tensor("FloatStorage", 2, shapes[2]) + numbers(size) + "t"})}}),
            {bytes(rises), bytes(indices), bytes(std::vector<float>(static_cast<std::size_t>(count)))});
    };
    using Shapes = std::vector<std::vector<std::int64_t>>;
    EXPECT_EQ(opened(file("sparse_csr", {0, 1, 2}, {0, 1}, {{3}, {2}, {2}}, {2, 2}))->tensors()[0].layout, "sparse_csr");
    opened(file("sparse_csr", {0, 1, 2, 0, 0, 2}, {0, 1, 1, 0}, {{2, 3}, {2, 2}, {2, 2}}, {2, 2, 2}));
    opened(file("sparse_csr", {0, 1, 2}, {0, 1}, {{3}, {2}, {2, 3, 5}}, {2, 2, 3, 5}));
    opened(file("sparse_bsr", {0, 1, 2}, {0, 1}, {{3}, {2}, {2, 2, 2}}, {4, 4}));
    opened(file("sparse_csc", {0, 1, 2, 2}, {0, 1}, {{4}, {2}, {2}}, {2, 3}));

    const auto says = [&](const std::string &bytes) { return refused(bytes); };
    EXPECT_TRUE(contains(says(file("sparse_csr", {0, 2, 1}, {0, 1}, {{3}, {2}, {2}}, {2, 2})), "do not rise"));
    EXPECT_TRUE(contains(says(file("sparse_csr", {0, 1, 2}, {0, 2}, {{3}, {2}, {2}}, {2, 2})), "lies outside"));
    EXPECT_TRUE(contains(says(file("sparse_csr", {0, 1, 2, 0, 0, 1}, {0, 1, 1, 0}, {{2, 3}, {2, 2}, {2, 2}}, {2, 2, 2})), "do not rise"));
    EXPECT_TRUE(contains(says(file("sparse_bsr", {0, 1, 2}, {0, 1}, {{3}, {2}, {2, 2, 2}}, {5, 4})), "no multiple of its blocks"));
    EXPECT_TRUE(contains(says(file("sparse_csr", {0, 1, 2}, {0, 1}, Shapes{{3}, {2}, {1}}, {2, 2})), "its parts disagree"));
    EXPECT_TRUE(contains(says(file("sparse_dia", {0, 1, 2}, {0, 1}, {{3}, {2}, {2}}, {2, 2})), "layout is unknown"));
}

TEST(Tensors, NestedTensorsHaveTheirPiecesInTheirValues)
{
    const auto file = [](std::int64_t lastOffset, const std::string &offsets = tensor("LongStorage", 3, {2})) {
        return archive(dict({{"n", call(global("torch._utils", "_rebuild_nested_tensor"),
                                        {tensor("FloatStorage", 0, {10}), tensor("LongStorage", 1, {2, 2}),
                                         tensor("LongStorage", 2, {2, 2}), offsets})}}),
                       {std::string(40, '\0'), bytes<std::int64_t>({2, 3, 2, 2}), bytes<std::int64_t>({3, 1, 2, 1}),
                        bytes<std::int64_t>({0, lastOffset})});
    };
    EXPECT_TRUE(opened(file(6))->warnings().empty());
    EXPECT_TRUE(contains(refused(file(7)), "piece 1: size [2, 2], stride [2, 1] and offset 7 reach to byte 44 of a storage of 40"));
    EXPECT_TRUE(contains(refused(file(-1)), "of its piece 1 is negative"));
    EXPECT_TRUE(contains(refused(file(6, "(I0\nI7\nl")), "piece 1"));
    EXPECT_TRUE(contains(refused(file(6, "(I0\nl")), "disagree"));
}

TEST(Tensors, WrappedTensorsAreObjectsWithTheirAttributes)
{
    const auto checkpoint = opened(archive(
        dict({{"w", call(global("torch._tensor", "_rebuild_from_type_v2"),
                         {global("torch._utils", "_rebuild_wrapper_subclass"), global("torch.distributed.tensor", "DTensor"),
                          "(" + global("torch.distributed.tensor", "DTensor") + "t",
                          dict({{"_local_tensor", tensor("FloatStorage", 0, {2})}})})}}),
        {bytes<float>({1, 2})}));
    ASSERT_EQ(checkpoint->tensors().size(), 1U);
    EXPECT_EQ(checkpoint->tensors()[0].key, "w._local_tensor");
    EXPECT_EQ(metadata(*checkpoint, "w"), "object torch.distributed.tensor.DTensor");
    EXPECT_TRUE(checkpoint->warnings().empty());
}

TEST(Tensors, ModulesTellTheirPlainAttributes)
{
    const auto linear = global("torch.nn.modules.linear", "Linear") + ")\x81"
        + dict({{"training", "I01\n"},
                {"_parameters", dict({{"weight", tensor("FloatStorage", 0, {1, 2})}, {"bias", "N"}})},
                {"_buffers", "(d"},
                {"_modules", "(d"},
                {"in_features", "I2\n"},
                {"names", dict({{"0", text("cat")}})},
                {"hook", global("os", "system")}})
        + "b";
    const auto checkpoint = opened(archive(linear, {bytes<float>({1, 2})}));
    ASSERT_EQ(checkpoint->tensors().size(), 1U);
    EXPECT_EQ(checkpoint->tensors()[0].key, "weight");
    EXPECT_EQ(metadata(*checkpoint, "in_features"), "int 2");
    EXPECT_EQ(metadata(*checkpoint, "names.0"), "str cat");
    EXPECT_EQ(metadata(*checkpoint, "hook"), "none of this path");
    EXPECT_EQ(checkpoint->warnings().size(), 1U); // os.system
}

TEST(Tensors, NumpyArraysOfProtocol5AreRead)
{
    std::string pickle = std::string("\x80\x05", 2) + global("numpy._core.numeric", "_frombuffer") + "(\x96"
                         + std::string("\x10\0\0\0\0\0\0\0", 8) + bytes<float>({1, 2, 3, 4})
                         + call(global("numpy", "dtype"), {text("f4"), "I00\n", "I01\n"}) + "(I3\nV<\nNNNI-1\nI-1\nI0\ntb" + numbers({2, 2})
                         + text("F") + "tR.";
    const auto checkpoint = opened(pickle, "m.pkl");
    ASSERT_EQ(checkpoint->tensors().size(), 1U);
    EXPECT_EQ(values(*checkpoint, 0), (std::vector<float>{1, 3, 2, 4}));
    pickle.replace(pickle.find("I2\n"), 3, "I3\n");
    EXPECT_TRUE(contains(refused(pickle, "m.pkl"), "needs 24 bytes, it has 16"));
}

TEST(Tensors, OddTruthValuesAreTold)
{
    const auto checkpoint = opened(archive(dict({{"b", tensor("BoolStorage", 0, {3})}}), {std::string("\0\1\2", 3)}));
    ASSERT_EQ(checkpoint->warnings().size(), 1U);
    EXPECT_TRUE(contains(checkpoint->warnings()[0], "1 of its truth values are neither 0 nor 1"));
    EXPECT_EQ(values(*checkpoint, 0, 3), (std::vector<float>{0, 1, 1}));
}

TEST(Tensors, RecordsThatStandOddlyAreTold)
{
    const auto checkpoint = opened(archive(dict({{"a", tensor("FloatStorage", 0, {1})}}), {bytes<float>({1})},
                                           {{"archive/data.pkl/1", "x"}, {"elsewhere", "x"}, {"archive/data/7", "x"}}));
    EXPECT_EQ(checkpoint->warnings().size(), 3U);
}

TEST(Tensors, ATorchScriptArchiveIsListedFromItsRootModule)
{
    const auto module = global("__torch__", "Net") + ")\x81"
        + dict({{"layer", global("__torch__", "Linear") + ")\x81" + dict({{"weight", tensor("FloatStorage", 0, {1})}}) + "b"},
                {"list", call(global("torch.jit._pickle", "restore_type_tag"), {"(I1\nI2\nl", text("List[int]")})}})
        + "b";
    const auto path = folder().write("script.pt", archive(module, {bytes<float>({1})}, {{"archive/constants.pkl", ")."}}));
    const auto checkpoint = openCheckpoint(path);
    EXPECT_EQ(checkpoint->format(), "torchscript");
    EXPECT_EQ(checkpoint->root().text, "");
    EXPECT_EQ(checkpoint->tensors()[0].key, "layer.weight");
    EXPECT_EQ(metadata(*checkpoint, "list.1"), "int 2");
}

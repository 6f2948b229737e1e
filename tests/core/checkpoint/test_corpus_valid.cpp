// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <map>

using namespace rekey;
using nlohmann::json;

namespace {

std::string typeName(const std::string &torch)
{
    static const std::map<std::string, std::string> names = {{"float64", "F64"},
                                                             {"float32", "F32"},
                                                             {"float16", "F16"},
                                                             {"bfloat16", "BF16"},
                                                             {"int64", "I64"},
                                                             {"int32", "I32"},
                                                             {"int16", "I16"},
                                                             {"int8", "I8"},
                                                             {"uint64", "U64"},
                                                             {"uint32", "U32"},
                                                             {"uint16", "U16"},
                                                             {"uint8", "U8"},
                                                             {"bool", "BOOL"},
                                                             {"complex32", "C32"},
                                                             {"complex64", "C64"},
                                                             {"complex128", "C128"},
                                                             {"float8_e4m3fn", "F8_E4M3"},
                                                             {"float8_e4m3", "F8_E4M3"},
                                                             {"float8_e5m2", "F8_E5M2"},
                                                             {"float8_e4m3fnuz", "F8_E4M3FNUZ"},
                                                             {"float8_e5m2fnuz", "F8_E5M2FNUZ"},
                                                             {"float8_e8m0fnu", "F8_E8M0"},
                                                             {"float4_e2m1", "F4"},
                                                             {"float4_e2m1fn_x2", "F4_X2"},
                                                             {"float6_e2m3", "F6_E2M3"},
                                                             {"float6_e3m2", "F6_E3M2"},
                                                             {"qint8", "QI8"},
                                                             {"quint8", "QU8"},
                                                             {"qint32", "QI32"},
                                                             {"bits8", "BITS8"}};
    const auto found = names.find(torch);
    return found == names.end() ? torch : found->second;
}

std::size_t indexOf(const Checkpoint &checkpoint, const Path &path)
{
    const auto &tensors = checkpoint.tensors();
    return static_cast<std::size_t>(std::ranges::find(tensors, path, &TensorEntry::path) - tensors.begin());
}

void checkDense(const Checkpoint &checkpoint, std::size_t index, const json &expected)
{
    const TensorEntry &entry = checkpoint.tensors()[index];
    EXPECT_EQ(std::string(name(entry.dtype)), typeName(expected["dtype"]));
    EXPECT_EQ(entry.shape, expected["shape"].get<Shape>());
    EXPECT_EQ(entry.bytes(), expected["nbytes"].get<std::uint64_t>());
    EXPECT_EQ(sha256(checkpoint, index), expected["sha256"].get<std::string>());
    if (expected.contains("stored_stride") && !entry.strides.empty()) {
        EXPECT_EQ(entry.strides, expected["stored_stride"].get<Shape>());
    }
    if (expected.contains("parameter")) {
        EXPECT_EQ(entry.parameter, expected["parameter"].get<bool>());
    }
    if (expected.contains("requires_grad")) {
        EXPECT_EQ(entry.requiresGrad.value_or(false), expected["requires_grad"].get<bool>());
    }
    if (expected.contains("quant")) {
        EXPECT_TRUE(!entry.notes.empty() && entry.notes[0].starts_with("quantised"));
    }
    // view() and read() are two ways to the same bytes.
    if (const auto view = checkpoint.view(index); !view.empty()) {
        std::vector<std::byte> bytes(view.size());
        checkpoint.read(index, 0, entry.elements(), bytes);
        EXPECT_TRUE(std::ranges::equal(bytes, view));
    }
}

void checkTensor(const Checkpoint &checkpoint, const json &expected)
{
    const Path path = corpus::path(expected["path"]);
    const std::size_t index = indexOf(checkpoint, path);
    ASSERT_LT(index, checkpoint.tensors().size()) << "missing";
    const TensorEntry &entry = checkpoint.tensors()[index];
    EXPECT_EQ(entry.key, pathText(path));
    const std::string kind = expected.value("kind", "dense");
    if (kind == "meta") {
        EXPECT_EQ(entry.kind, TensorKind::Meta);
        EXPECT_EQ(entry.shape, expected["shape"].get<Shape>());
        EXPECT_THROW(checkpoint.read(index, 0, 1, {}), std::exception);
    } else if (expected.contains("components")) {
        EXPECT_EQ(entry.layout, kind);
        for (const json &component : expected["components"]) {
            Path part = path;
            for (const PathStep &step : corpus::path(component["path"]))
                part.push_back(step);
            const std::size_t partIndex = indexOf(checkpoint, part);
            ASSERT_LT(partIndex, checkpoint.tensors().size()) << component["path"];
            checkDense(checkpoint, partIndex, component);
        }
    } else {
        checkDense(checkpoint, index, expected);
    }
}

void checkEntry(const Checkpoint &checkpoint, const json &expected)
{
    const auto &metadata = checkpoint.metadata();
    const auto found = std::ranges::find(metadata, corpus::path(expected["path"]), &MetadataEntry::path);
    ASSERT_NE(found, metadata.end()) << "missing";
    const std::string type = expected["type"];
    EXPECT_EQ(found->type, type);
    if (type == "object") {
        EXPECT_EQ(found->className, expected["class"].get<std::string>());
    }
    if (type == "array") {
        EXPECT_EQ(found->value, expected["dtype"].get<std::string>());
    }
    if (!expected.contains("value") || expected["value"].is_null())
        return;
    const json &value = expected["value"];
    if (value.is_boolean()) {
        EXPECT_EQ(found->value, value.get<bool>() ? "True" : "False");
    } else if (value.is_number_float()) {
        EXPECT_EQ(std::stod(found->value), value.get<double>());
    } else if (value.is_number()) {
        EXPECT_EQ(found->value, value.dump());
    } else if (value.is_string()) {
        EXPECT_EQ(found->value, value.get<std::string>());
    } else if (type == "complex") {
        EXPECT_EQ(found->value, fmt::format("({}, {})", value[0].get<double>(), value[1].get<double>()));
    } else {
        EXPECT_EQ(found->value, fmt::format("[{}]", fmt::join(value.get<Shape>(), ", ")));
    }
}

/// Every tensor that is listed must be expected: a part of one, or below an optional prefix.
bool isExpected(const TensorEntry &entry, const json &expected)
{
    const auto startsWith = [&](const Path &prefix) {
        return prefix.size() <= entry.path.size() && std::equal(prefix.begin(), prefix.end(), entry.path.begin());
    };
    for (const json &tensor : expected["tensors"]) {
        const Path path = corpus::path(tensor["path"]);
        if (path == entry.path || (tensor.contains("components") && startsWith(path)))
            return true;
    }
    return expected.contains("optional_prefix") && startsWith(corpus::path(expected["optional_prefix"]));
}

class ValidCorpus : public testing::TestWithParam<corpus::Case>
{
};

} // namespace

TEST_P(ValidCorpus, IsListedAsItsSidecarSays)
{
    const json &expected = GetParam().expected;
    const auto checkpoint = corpus::openWhole(GetParam().open);
    EXPECT_EQ(checkpoint->format(), expected["format"].get<std::string>());
    for (const json &tensor : expected["tensors"]) {
        SCOPED_TRACE(tensor["path"].dump());
        checkTensor(*checkpoint, tensor);
    }
    for (const TensorEntry &entry : checkpoint->tensors())
        EXPECT_TRUE(isExpected(entry, expected)) << entry.key;
    for (const json &entry : expected["entries"]) {
        SCOPED_TRACE(entry["path"].dump());
        checkEntry(*checkpoint, entry);
    }
    const std::string warnings = expected["warnings"];
    if (warnings == "none") {
        EXPECT_TRUE(checkpoint->warnings().empty()) << checkpoint->warnings().front();
    }
    if (warnings == "required") {
        EXPECT_FALSE(checkpoint->warnings().empty());
    }
}

INSTANTIATE_TEST_SUITE_P(Files, ValidCorpus, testing::ValuesIn(corpus::cases("valid")),
                         [](const auto &tested) {
                             std::string name = tested.param.name;
                             for (char &letter : name)
                                 letter = std::isalnum(static_cast<unsigned char>(letter)) ? letter : '_';
                             return name;
                         });

TEST(ValidCorpusTable, Counts)
{
    std::map<std::string, int> files;
    std::size_t tensors = 0;
    for (const corpus::Case &one : corpus::cases("valid")) {
        const auto checkpoint = corpus::openWhole(one.open);
        ++files[std::string(checkpoint->format())];
        tensors += checkpoint->tensors().size();
    }
    std::string line = fmt::format("valid corpus: {} tensors in", tensors);
    for (const auto &[format, count] : files)
        line += fmt::format(" {} {}", count, format);
    std::puts(line.c_str());
    EXPECT_GE(files.size(), 9U);
}

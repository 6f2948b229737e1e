// SPDX-License-Identifier: GPL-3.0-or-later
// A schema: {"name": …, "tensors": [{"key": …, "shape": […], "dtype": "F32"}, …], "tied": [[key, key], …]}. Other
// members are allowed and skipped, so that what `rekey keys --json` prints is a schema too.
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/schematext.h"
#include "core/checkpoint/strictjson.h"

#include <fmt/format.h>

#include <unordered_map>

namespace rekey {

namespace {

class SchemaHandler : public JsonHandler
{
public:
    SchemaHandler(CheckpointContent &content, const std::string &file) : m_content(content), m_file(file) { }

    bool foundTensors = false;
    std::vector<std::vector<std::string>> tied;

    void opened(bool array) override
    {
        if (level() == 1 && key(1) == "tensors") {
            if (!array)
                throw Error(m_file, "tensors", "is no list");
            foundTensors = true;
        } else if (isRow() && level() == 2) {
            if (array)
                throw Error(m_file, "tensors", "holds a list where {\"key\", \"shape\", \"dtype\"} was expected");
            m_content.tensors.emplace_back();
            m_hasKey = m_hasShape = m_hasType = false;
        } else if (isRow() && level() == 3 && key(3) == "shape") {
            if (!array)
                fail("its shape is no list");
            m_hasShape = true;
        } else if (level() == 2 && key(1) == "tied" && array) {
            tied.emplace_back();
        }
    }

    void value(const JsonValue &value) override
    {
        if (level() == 1 && key(1) == "name" && value.type == JsonValue::Type::Text)
            m_content.name = std::move(*value.text);
        else if (isRow() && level() == 2)
            throw Error(m_file, "tensors", "holds something that is no {\"key\", \"shape\", \"dtype\"}");
        else if (isRow() && level() == 3)
            field(value);
        else if (isRow() && level() == 4 && key(3) == "shape")
            dimension(value);
        else if (level() == 3 && key(1) == "tied" && inArray() && !tied.empty() && value.type == JsonValue::Type::Text)
            tied.back().push_back(std::move(*value.text));
    }

    void closed(bool) override
    {
        if (level() == 3 && isRow() && !(m_hasKey && m_hasShape && m_hasType))
            fail("needs key, shape and dtype");
    }

private:
    bool isRow() const { return level() >= 2 && key(1) == "tensors"; }

    [[noreturn]] void fail(const std::string &reason) const
    {
        throw Error(m_file, fmt::format("tensor {} \"{}\"", m_content.tensors.size(), displayText(m_content.tensors.back().key)), reason);
    }

    void field(const JsonValue &value)
    {
        TensorEntry &entry = m_content.tensors.back();
        if (key(3) == "key") {
            if (value.type != JsonValue::Type::Text)
                fail("its key is no text");
            entry.key = std::move(*value.text);
            m_hasKey = true;
        } else if (key(3) == "dtype") {
            const auto known = value.type == JsonValue::Type::Text ? dtypeFromName(*value.text) : std::nullopt;
            if (!known)
                fail(fmt::format("its dtype {} is unknown", value.text ? displayText(*value.text) : "(no text)"));
            entry.dtype = *known;
            m_hasType = true;
        } else if (key(3) == "shape") {
            fail("its shape is no list");
        }
    }

    void dimension(const JsonValue &value)
    {
        Shape &shape = m_content.tensors.back().shape;
        if (value.type != JsonValue::Type::Natural || value.natural > INT64_MAX)
            fail("its shape holds something that is not a natural number");
        if (shape.size() == limits::tensorRank)
            fail(fmt::format("its shape has more than {} dimensions", limits::tensorRank));
        shape.push_back(static_cast<std::int64_t>(value.natural));
    }

    CheckpointContent &m_content;
    const std::string &m_file;
    bool m_hasKey = false;
    bool m_hasShape = false;
    bool m_hasType = false;
};

bool overflows(const Shape &shape)
{
    std::int64_t count = 1;
    for (const std::int64_t dimension : shape) {
        if (dimension != 0 && __builtin_mul_overflow(count, dimension, &count))
            return true;
    }
    return count > INT64_MAX / 16;
}

} // namespace

namespace {

void readSchemaText(std::string_view text, const std::string &name, CheckpointContent &content)
{
    SchemaHandler handler(content, name);
    parseStrictJson(text, handler, name, {});
    if (!handler.foundTensors)
        throw Error(name, {}, "this JSON is no schema: it has no list \"tensors\"");
    content.hasValues = false;

    std::unordered_map<std::string_view, std::size_t> index;
    for (std::size_t i = 0; i < content.tensors.size(); ++i) {
        TensorEntry &entry = content.tensors[i];
        if (overflows(entry.shape))
            throw Error(name, fmt::format("tensor \"{}\"", displayText(entry.key)), "its shape overflows");
        if (!index.emplace(entry.key, i).second)
            throw Error(name, fmt::format("tensor \"{}\"", displayText(entry.key)), "occurs twice");
        entry.path.push_back({entry.key});
        entry.kind = TensorKind::Meta;
        entry.storage = static_cast<std::uint32_t>(i);
    }
    content.storages.resize(content.tensors.size());
    for (const auto &group : handler.tied) {
        for (std::size_t i = 1; i < group.size(); ++i) {
            const auto first = index.find(group.front());
            const auto other = index.find(group[i]);
            if (first != index.end() && other != index.end())
                content.tensors[other->second].storage = content.tensors[first->second].storage;
        }
    }
}

} // namespace

void readSchemaFile(const Probe &probe, CheckpointContent &content)
{
    const MappedFile &file = *probe.file;
    if (file.size() > limits::jsonFile)
        throw Error(file.name(), {}, fmt::format("a schema of {} bytes; at most {} are read", file.size(), limits::jsonFile));
    std::string text(file.size(), '\0');
    file.read(0, std::as_writable_bytes(std::span(text)));
    readSchemaText(text, file.name(), content);
}

Schema schemaFromJson(std::string_view json, const std::string &name)
{
    CheckpointContent content;
    readSchemaText(json, name, content);
    Schema schema;
    schema.name = name;
    schema.tensors.reserve(content.tensors.size());
    for (TensorEntry &entry : content.tensors)
        // A storage of a schema is numbered by the first tensor in it.
        schema.tensors.push_back({std::move(entry.key), std::move(entry.shape), entry.dtype, entry.storage});
    return schema;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tensorsource.h"

#include "core/base/error.h"
#include "core/base/sha256.h"
#include "core/runtime/applytransform.h"

#include <cmath>
#include <numbers>
#include <random>

namespace rekey {

namespace {

class CheckpointSource final : public TensorSource
{
public:
    CheckpointSource(CheckpointPtr checkpoint, Access access)
        : TensorSource(checkpoint->schema())
        , m_checkpoint(std::move(checkpoint))
        , m_access(access)
    {
    }

    Value tensor(std::size_t index) const override { return loadTensor(m_checkpoint, index, m_access); }

private:
    CheckpointPtr m_checkpoint;
    Access m_access;
};

class RenamedSource final : public TensorSource
{
public:
    RenamedSource(Schema schema, TensorSourcePtr source)
        : TensorSource(std::move(schema))
        , m_source(std::move(source))
    {
    }

    Value tensor(std::size_t index) const override { return m_source->tensor(index); }

private:
    TensorSourcePtr m_source;
};

class CastSource final : public TensorSource
{
public:
    explicit CastSource(TensorSourcePtr source)
        : TensorSource(source->schema())
        , m_source(std::move(source))
    {
    }

    Value tensor(std::size_t index) const override { return cast(m_source->tensor(index), schema().tensors[index].dtype); }

private:
    TensorSourcePtr m_source;
};

class MappedSource final : public TensorSource
{
public:
    MappedSource(TensorSourcePtr source, Mapping mapping, Resolution resolution, Schema target, TensorSourcePtr values)
        : TensorSource(std::move(target))
        , m_source(std::move(source))
        , m_mapping(std::move(mapping))
        , m_resolution(std::move(resolution))
        , m_values(std::move(values))
    {
    }

    Value tensor(std::size_t index) const override
    {
        const TargetOutcome &outcome = m_resolution.targets.at(index);
        if (outcome.status == TargetStatus::Filled)
            return output(outcome.assignment, outcome.output);
        const SchemaTensor &wanted = schema().tensors[index];
        if (outcome.status != TargetStatus::Initialised)
            throw Error(schema().name, displayText(wanted.key), outcome.why.empty() ? "gets no value from the mapping" : outcome.why);
        const Rule &rule = m_mapping.rules.at(outcome.rule);
        if (rule.init != InitPolicy::Keep)
            return initialValue(rule, wanted);
        if (m_values == nullptr)
            throw Error(schema().name, displayText(wanted.key), "is to keep its own value, but the target is a schema without values");
        return m_values->tensor(index);
    }

private:
    /// Tensors of one assignment (the parts of a split) are mostly asked for one after the other: the last one's are kept.
    Value output(std::uint32_t assignment, std::uint32_t which) const
    {
        if (assignment != m_last) {
            const Assignment &work = m_resolution.assignments.at(assignment);
            std::vector<Value> inputs;
            for (const std::uint32_t index : work.sources)
                inputs.push_back(m_source->tensor(index));
            m_last = none;
            m_outputs = applyTransform(m_mapping.rules.at(work.rule).transform, std::move(inputs));
            m_last = assignment;
        }
        const Value value = m_outputs.at(which);
        if (m_outputs.size() == 1) {
            m_outputs.clear();
            m_last = none;
        }
        return value;
    }

    TensorSourcePtr m_source;
    Mapping m_mapping;
    Resolution m_resolution;
    TensorSourcePtr m_values;
    mutable std::uint32_t m_last = none;
    mutable std::vector<Value> m_outputs;
};

/// Box and Muller 1958, on the Mersenne twister: the standard library's normal_distribution differs between implementations.
at::Tensor normalValues(const SchemaTensor &tensor, double deviation)
{
    Sha256 sha;
    sha.add(tensor.key);
    std::mt19937_64 random(std::stoull(sha.hex().substr(0, 16), nullptr, 16));
    const auto uniform = [&] { return (static_cast<double>(random() >> 11) + 1) * 0x1p-53; }; // (0, 1]
    at::Tensor values = at::empty(tensor.shape, at::kFloat);
    float *out = values.data_ptr<float>();
    for (std::int64_t i = 0; i < values.numel(); ++i) {
        const double radius = std::sqrt(-2 * std::log(uniform()));
        out[i] = static_cast<float>(deviation * radius * std::cos(2 * std::numbers::pi * uniform()));
    }
    return values;
}

} // namespace

TensorSource::TensorSource(Schema schema)
    : m_schema(std::move(schema))
    , m_index(m_schema)
{
}

TensorSourcePtr checkpointSource(CheckpointPtr checkpoint, Access access)
{
    return std::make_shared<CheckpointSource>(std::move(checkpoint), access);
}

TensorSourcePtr withoutPrefix(TensorSourcePtr source, const std::string &prefix)
{
    if (prefix.empty())
        return source;
    Schema schema = source->schema();
    for (SchemaTensor &tensor : schema.tensors) {
        if (tensor.key.starts_with(prefix))
            tensor.key.erase(0, prefix.size());
    }
    return std::make_shared<RenamedSource>(std::move(schema), std::move(source));
}

TensorSourcePtr inSchemaTypes(TensorSourcePtr source)
{
    return std::make_shared<CastSource>(std::move(source));
}

TensorSourcePtr mappedSource(TensorSourcePtr source, Mapping mapping, Resolution resolution, Schema target, TensorSourcePtr values)
{
    return std::make_shared<MappedSource>(std::move(source), std::move(mapping), std::move(resolution), std::move(target),
                                          std::move(values));
}

Value initialValue(const Rule &rule, const SchemaTensor &tensor)
{
    at::Tensor values;
    switch (rule.init) {
    case InitPolicy::Zeros: values = at::zeros(tensor.shape, at::kFloat); break;
    case InitPolicy::Ones: values = at::ones(tensor.shape, at::kFloat); break;
    case InitPolicy::Normal: values = normalValues(tensor, rule.initStd); break;
    case InitPolicy::Keep: throw Error("", displayText(tensor.key), "keeps its own value; there is no initial one");
    }
    return cast({values, DType::F32}, tensor.dtype);
}

} // namespace rekey

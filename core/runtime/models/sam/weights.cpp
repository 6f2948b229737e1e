// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/weights.h"

#include "core/base/error.h"

namespace rekey::sam {

Weights::Weights(std::shared_ptr<const TensorSource> source, std::string prefix)
    : m_source(std::move(source))
    , m_prefix(std::move(prefix))
{
}

bool Weights::has(const std::string &key) const
{
    return m_source->find(m_prefix + key) != SchemaIndex::npos;
}

at::Tensor Weights::get(const std::string &key, const Shape &shape) const
{
    const std::string name = m_prefix + key;
    const std::size_t index = m_source->find(name);
    if (index == SchemaIndex::npos)
        throw Error(m_source->schema().name, name, "is missing; this model needs it with shape " + shapeText(shape));
    const Shape &found = m_source->schema().tensors[index].shape;
    if (found != shape)
        throw Error(m_source->schema().name, name, "has shape " + shapeText(found) + ", where " + shapeText(shape) + " was expected");
    return cast(m_source->tensor(index), DType::F32).tensor.contiguous();
}

at::Tensor Weights::table(const std::string &key, std::int64_t columns) const
{
    const std::size_t index = m_source->find(m_prefix + key);
    const bool known = index != SchemaIndex::npos && m_source->schema().tensors[index].shape.size() == 2;
    return get(key, {known ? m_source->schema().tensors[index].shape[0] : -1, columns});
}

Parameters Weights::both(const std::string &key, const Shape &weight, std::int64_t bias) const
{
    return {get(key + ".weight", weight), get(key + ".bias", {bias})};
}

} // namespace rekey::sam

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/resolution.h"
#include "core/runtime/tensortypes.h"

#include <memory>
#include <string>

namespace rekey {

/// Named tensors that come into being when asked for: those of a checkpoint, or of a target filled through a mapping. One thread at a time.
class TensorSource
{
public:
    explicit TensorSource(Schema schema);
    virtual ~TensorSource() = default;
    TensorSource(const TensorSource &) = delete;
    TensorSource &operator=(const TensorSource &) = delete;

    const Schema &schema() const { return m_schema; }
    std::size_t find(std::string_view key) const { return m_index.find(key); }
    /// With the schema's shape; its dtype is the one that it came with. Never write to it. Throws Error where there is no value.
    virtual Value tensor(std::size_t index) const = 0;

private:
    Schema m_schema;
    SchemaIndex m_index;
};

using TensorSourcePtr = std::shared_ptr<const TensorSource>;

TensorSourcePtr checkpointSource(CheckpointPtr checkpoint, Access access);

/// The same tensors with a prefix ("module.") taken off the keys that have it.
TensorSourcePtr withoutPrefix(TensorSourcePtr source, const std::string &prefix);

/// The same tensors in the types that their schema says.
TensorSourcePtr inSchemaTypes(TensorSourcePtr source);

/// `target` filled from `source` through a mapping, each tensor when it is asked for; not yet cast to the target's dtype. `values` are the
/// target's own values for keys that are kept, and may be null. Errors name `target`'s key.
TensorSourcePtr mappedSource(TensorSourcePtr source, Mapping mapping, Resolution resolution, Schema target, TensorSourcePtr values);

/// A target tensor's initial value by the rule's policy: the same on every machine and run. Not for InitPolicy::Keep.
Value initialValue(const Rule &rule, const SchemaTensor &tensor);

} // namespace rekey

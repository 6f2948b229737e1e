// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/modelsource.h"

#include "core/base/error.h"

#include <fmt/format.h>

namespace rekey {

namespace {

/// The model as it would be written to a file.
TensorSourcePtr asStored(const ModelWeights &weights)
{
    TensorSourcePtr source = checkpointSource(weights.checkpoint, Access::InPlace);
    if (!weights.mapping)
        return source;
    const Schema target = weights.target != nullptr ? weights.target->schema() : outputSchema(*weights.mapping, source->schema());
    Resolution resolution = resolve(*weights.mapping, source->schema(), target);
    checkApplies(*weights.mapping, resolution, source->schema(), target);
    const TensorSourcePtr values
        = weights.target != nullptr && weights.target->hasValues() ? checkpointSource(weights.target, Access::InPlace) : nullptr;
    return inSchemaTypes(mappedSource(std::move(source), *weights.mapping, std::move(resolution), target, values));
}

std::vector<std::string> keysOf(const Schema &schema)
{
    std::vector<std::string> keys;
    for (const SchemaTensor &tensor : schema.tensors)
        keys.push_back(tensor.key);
    return keys;
}

/// `keys` are those in the file, and become so for the result.
TensorSourcePtr renamed(TensorSourcePtr source, const Architecture &architecture, const Naming &naming, std::vector<std::string> &keys)
{
    const Naming &own = architecture.namings.front();
    if (naming.id == own.id)
        return source;
    const Mapping mapping = namingMapping(architecture, naming.id, own.id);
    Schema target = outputSchema(mapping, source->schema());
    target.name = source->schema().name;
    Resolution resolution = resolve(mapping, source->schema(), target);
    std::vector<std::string> stored;
    for (const TargetOutcome &outcome : resolution.targets) {
        const bool filled = outcome.status == TargetStatus::Filled;
        stored.push_back(filled ? keys.at(resolution.assignments[outcome.assignment].sources.front()) : std::string());
    }
    keys = std::move(stored);
    return mappedSource(std::move(source), mapping, std::move(resolution), std::move(target), nullptr);
}

/// An image encoder alone has too few keys to be recognised, but is one all the same.
std::optional<Recognised> recogniseEncoder(const Schema &schema)
{
    constexpr std::string_view first = "image_encoder.patch_embed.proj.weight";
    for (const SchemaTensor &tensor : schema.tensors) {
        if (!tensor.key.ends_with(first) || (tensor.key.size() > first.size() && tensor.key[tensor.key.size() - first.size() - 1] != '.'))
            continue;
        for (const Architecture &architecture : architectures()) {
            if (architecture.id == "sam")
                return Recognised{&architecture, &architecture.namings.front(), tensor.key.substr(0, tensor.key.size() - first.size())};
        }
    }
    return std::nullopt;
}

std::string knownNamings()
{
    std::string text;
    for (const Architecture &architecture : architectures()) {
        for (const Naming &naming : architecture.namings)
            text += fmt::format("{}{} as {} names it", text.empty() ? "" : ", ", architecture.name, naming.name);
    }
    return text;
}

} // namespace

ModelSource modelSource(const ModelWeights &weights)
{
    const TensorSourcePtr stored = asStored(weights);
    const Schema &schema = stored->schema();
    std::optional<Recognised> recognised = recognise(schema);
    if (!recognised)
        recognised = recogniseEncoder(schema);
    if (!recognised)
        throw Error(displayText(schema.name), "", fmt::format("is no network that can be run here; known are {}", knownNamings()));
    ModelSource model;
    model.architecture = recognised->architecture;
    model.naming = recognised->naming;
    model.storedKeys = keysOf(schema);
    model.tensors = renamed(withoutPrefix(stored, recognised->prefix), *model.architecture, *model.naming, model.storedKeys);
    model.described = weights.mapping && weights.target != nullptr ? weights.target : weights.checkpoint;
    return model;
}

} // namespace rekey

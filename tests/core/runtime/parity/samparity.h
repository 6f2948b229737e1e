// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/parity/activationparity.h"
#include "tests/core/runtime/samreference.h"

namespace rekey::test {

inline const std::filesystem::path samFolder = std::filesystem::path(REKEY_TEST_DATA) / "sam_tiny";

/// Points, and a box with a mask: with both, every weight of the model is used.
inline std::vector<ParityPrompts> samPrompts()
{
    Prompts points, box;
    points.points = {{40, 72, true}, {100, 30, false}};
    box.box = PromptBox {20, 38, 82, 100};
    box.maskLogits = readValues(*openCheckpoint(samFolder / "reference.safetensors"), "mask_input").numbers;
    return {{"points", points}, {"box", box}};
}

/// sam_tiny as it is, and through `mapping`.
inline ModelParityRequest samRequest(const Mapping &mapping)
{
    const CheckpointPtr original = openCheckpoint(samFolder / "sam_tiny.pth");
    ModelParityRequest request;
    request.reference.checkpoint = original;
    request.converted = {original, mapping, checkpointFromSchema(original->schema())};
    request.image = loadImage(samFolder / "square.png");
    request.prompts = samPrompts();
    return request;
}

inline Rule copyRule(const std::string &from, const std::string &to)
{
    Rule rule;
    rule.sources = {Pattern::literal(from)};
    rule.targets = {Pattern::literal(to)};
    return rule;
}

/// Every key to itself but for two, which change places: rules 0 and 1 fill them.
inline Mapping swapped(const Schema &schema, const std::string &a, const std::string &b)
{
    Mapping mapping;
    mapping.rules = {copyRule(b, a), copyRule(a, b)};
    for (const SchemaTensor &tensor : schema.tensors) {
        if (tensor.key != a && tensor.key != b)
            mapping.rules.push_back(copyRule(tensor.key, tensor.key));
    }
    return mapping;
}

} // namespace rekey::test

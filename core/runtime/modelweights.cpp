// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/modelweights.h"

#include "core/base/error.h"
#include "core/runtime/modelsource.h"

#include <c10/core/InferenceMode.h>

namespace rekey {

namespace {

std::span<const float> floatsOf(const at::Tensor &tensor)
{
    return {tensor.data_ptr<float>(), static_cast<std::size_t>(tensor.numel())};
}

void compareValuesOf(ModelKeyDifference &row, const ModelSource &a, std::size_t inA, const ModelSource &b, std::size_t inB)
{
    const Value left = a.tensors->tensor(inA), right = b.tensors->tensor(inB);
    row.dtypeA = left.dtype;
    row.dtypeB = right.dtype;
    const at::Tensor x = cast(left, DType::F32).tensor.contiguous(), y = cast(right, DType::F32).tensor.contiguous();
    row.difference = compareValues(floatsOf(x), floatsOf(y));
}

/// For values that differ: whether they are those of another key of `a`. Constant ones prove nothing.
std::string heldKey(const ModelSource &a, const ModelSource &b, std::size_t inB)
{
    const at::Tensor values = cast(b.tensors->tensor(inB), DType::F32).tensor;
    if (values.numel() < 2 || values.eq(values.flatten()[0]).all().item<bool>())
        return {};
    const std::vector<SchemaTensor> &tensors = a.tensors->schema().tensors;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (tensors[i].shape != shapeOf(values))
            continue;
        const at::Tensor other = cast(a.tensors->tensor(i), DType::F32).tensor;
        // The first few tell almost all apart, without reading the rest.
        if (at::equal(other.flatten().slice(0, 0, 16), values.flatten().slice(0, 0, 16)) && at::equal(other, values))
            return a.storedKeys.at(i);
    }
    return {};
}

} // namespace

std::vector<ModelKey> modelKeysOf(const ModelWeights &weights)
{
    const ModelSource model = modelSource(weights);
    std::vector<ModelKey> keys;
    const std::vector<SchemaTensor> &tensors = model.tensors->schema().tensors;
    for (std::size_t i = 0; i < tensors.size(); ++i)
        keys.push_back({tensors[i].key, model.storedKeys.at(i), tensors[i].shape});
    return keys;
}

std::vector<ModelKeyDifference> compareModelWeights(const ModelWeights &a, const ModelWeights &b, const Progress &progress)
{
    const c10::InferenceMode mode;
    const ModelSource left = modelSource(a), right = modelSource(b);
    if (left.architecture != right.architecture)
        throw Error("", "",
                    "one model is " + left.architecture->name + ", the other " + right.architecture->name
                        + ": their weights cannot be compared");
    std::vector<ModelKeyDifference> rows;
    const std::vector<SchemaTensor> &tensors = right.tensors->schema().tensors;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        progress.step(i, tensors.size(), "comparing weights");
        ModelKeyDifference row;
        row.own = tensors[i].key;
        row.storedB = right.storedKeys.at(i);
        row.shapeB = tensors[i].shape;
        const std::size_t partner = left.tensors->find(row.own);
        if (partner == SchemaIndex::npos) {
            row.reason = "only one of the models has it";
            rows.push_back(std::move(row));
            continue;
        }
        row.storedA = left.storedKeys.at(partner);
        row.shapeA = left.tensors->schema().tensors[partner].shape;
        try {
            if (row.shapeA == row.shapeB)
                compareValuesOf(row, left, partner, right, i);
            if (row.shapeA == row.shapeB && !row.difference.equal)
                row.holdsValuesOf = heldKey(left, right, i);
            if (row.shapeA != row.shapeB)
                row.reason = "shapes differ: " + shapeText(row.shapeA) + " and " + shapeText(row.shapeB);
        } catch (const Error &error) {
            row.reason = error.reason();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

} // namespace rekey

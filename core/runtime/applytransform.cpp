// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/applytransform.h"

#include "core/base/error.h"

namespace rekey {

namespace {

using Values = std::vector<Value>;

std::vector<TensorShape> shapesOf(const Values &values)
{
    std::vector<TensorShape> shapes;
    for (const Value &value : values)
        shapes.push_back({shapeOf(value.tensor), value.dtype});
    return shapes;
}

std::vector<at::Tensor> tensorsOf(const Values &values)
{
    std::vector<at::Tensor> tensors;
    for (const Value &value : values)
        tensors.push_back(value.tensor);
    return tensors;
}

/// All of one type: LibTorch would promote its own types, but not bits that stand for another.
Values promoted(const Values &values, DType dtype)
{
    Values same;
    for (const Value &value : values)
        same.push_back(cast(value, dtype));
    return same;
}

// Each step gets the list, its own shape arithmetic's answer, and gives the new list.

Values run(const Concat &step, const Values &in, const std::vector<TensorShape> &out)
{
    const DType dtype = out.front().dtype;
    return {{at::cat(tensorsOf(promoted(in, dtype)), step.dim), dtype}};
}

Values run(const Stack &step, const Values &in, const std::vector<TensorShape> &out)
{
    const DType dtype = out.front().dtype;
    return {{at::stack(tensorsOf(promoted(in, dtype)), step.dim), dtype}};
}

Values run(const Split &step, const Values &in, const std::vector<TensorShape> &out)
{
    const Value &value = in.front();
    const std::int64_t dim = at::maybe_wrap_dim(step.dim, value.tensor.dim());
    Values parts;
    std::int64_t start = 0;
    for (const TensorShape &part : out) {
        const std::int64_t size = part.shape[static_cast<std::size_t>(dim)];
        parts.push_back({value.tensor.narrow(dim, start, size), value.dtype});
        start += size;
    }
    return parts;
}

Values run(const Unstack &step, const Values &in, const std::vector<TensorShape> &)
{
    Values parts;
    for (const at::Tensor &part : in.front().tensor.unbind(step.dim))
        parts.push_back({part, in.front().dtype});
    return parts;
}

Values run(const Sum &, const Values &in, const std::vector<TensorShape> &out)
{
    const Values terms = promoted(in, out.front().dtype);
    at::Tensor sum = numeric(terms.front()).tensor;
    for (std::size_t i = 1; i < terms.size(); ++i)
        sum = sum + numeric(terms[i]).tensor;
    return {cast({sum, numeric(terms.front()).dtype}, out.front().dtype)};
}

/// For computations that LibTorch lacks in 16 bits on a CPU.
at::Tensor wide(const Value &value)
{
    const at::Tensor tensor = numeric(value).tensor;
    return tensor.element_size() < 4 ? tensor.to(at::kFloat) : tensor;
}

/// A result of wide() arithmetic in the type foreseen.
Value narrowed(const at::Tensor &result, DType dtype)
{
    return cast({result, result.scalar_type() == at::kDouble ? DType::F64 : DType::F32}, dtype);
}

/// |v| over all dimensions but `dim`, which stays; the others become 1.
at::Tensor normExcept(const at::Tensor &v, std::int64_t dim)
{
    std::vector<std::int64_t> others;
    for (std::int64_t d = 0; d < v.dim(); ++d) {
        if (d != at::maybe_wrap_dim(dim, v.dim()))
            others.push_back(d);
    }
    return others.empty() ? v.abs() : v.norm(2, others, true);
}

Values run(const FuseWeightNorm &step, const Values &in, const std::vector<TensorShape> &out)
{
    const at::Tensor g = wide(in[0]), v = wide(in[1]);
    const at::Tensor norm = normExcept(v, step.dim);
    return {narrowed(v * (g.reshape(norm.sizes()) / norm), out.front().dtype)};
}

Values run(const SplitWeightNorm &step, const Values &in, const std::vector<TensorShape> &)
{
    return {narrowed(normExcept(wide(in.front()), step.dim), in.front().dtype), in.front()};
}

/// Jacob et al. 2018, "Quantization and Training of Neural Networks", section 3.2; as torch.nn.utils.fusion computes it.
Values run(const FoldBatchNorm &step, const Values &in, const std::vector<TensorShape> &out)
{
    const std::size_t norm = step.hasBias ? 2 : 1;
    const auto tensor = [&](std::size_t i) { return wide(in[i]); };
    const at::Tensor weight = tensor(0), gamma = tensor(norm), beta = tensor(norm + 1), mean = tensor(norm + 2),
                     variance = tensor(norm + 3);
    const at::Tensor bias = step.hasBias ? tensor(1) : at::zeros_like(mean);
    const at::Tensor inverse = (variance + step.eps).rsqrt();
    std::vector<std::int64_t> perChannel(static_cast<std::size_t>(weight.dim()), 1);
    perChannel.front() = -1;
    return {narrowed(weight * (gamma * inverse).reshape(perChannel), out[0].dtype),
            narrowed((bias - mean) * inverse * gamma + beta, out[1].dtype)};
}

// Steps that act on every tensor alike.

Value runEach(const Slice &step, const Value &in, const TensorShape &)
{
    return {in.tensor.slice(step.dim, step.start, step.end, step.step), in.dtype};
}

Value runEach(const Pad &step, const Value &in, const TensorShape &out)
{
    const std::int64_t dim = at::maybe_wrap_dim(step.dim, in.tensor.dim());
    const Value fill = cast({at::full({}, step.value, at::kDouble), DType::F64}, in.dtype);
    at::Tensor padded = fill.tensor.expand(out.shape).clone(at::MemoryFormat::Contiguous);
    padded.narrow(dim, step.before, in.tensor.size(dim)).copy_(in.tensor);
    return {padded, in.dtype};
}

Value runEach(const Permute &step, const Value &in, const TensorShape &)
{
    return {in.tensor.permute(std::vector<std::int64_t>(step.dims.begin(), step.dims.end())), in.dtype};
}

Value runEach(const Transpose &step, const Value &in, const TensorShape &) { return {in.tensor.transpose(step.dim0, step.dim1), in.dtype}; }
Value runEach(const Reshape &, const Value &in, const TensorShape &out) { return {in.tensor.reshape(out.shape), in.dtype}; }
Value runEach(const Squeeze &step, const Value &in, const TensorShape &) { return {in.tensor.squeeze(step.dim), in.dtype}; }
Value runEach(const Unsqueeze &step, const Value &in, const TensorShape &) { return {in.tensor.unsqueeze(step.dim), in.dtype}; }

Value runEach(const Interleave &step, const Value &in, const TensorShape &out)
{
    const auto dim = static_cast<std::size_t>(at::maybe_wrap_dim(step.dim, in.tensor.dim()));
    Shape split(out.shape.begin(), out.shape.begin() + static_cast<std::ptrdiff_t>(dim));
    const std::int64_t rest = out.shape[dim] / (step.outer * step.a * step.b);
    split.insert(split.end(), {step.outer, step.a, step.b, rest});
    split.insert(split.end(), out.shape.begin() + static_cast<std::ptrdiff_t>(dim) + 1, out.shape.end());
    const auto a = static_cast<std::int64_t>(dim) + 1;
    return {in.tensor.reshape(split).transpose(a, a + 1).reshape(out.shape), in.dtype};
}

Value runEach(const Repeat &step, const Value &in, const TensorShape &)
{
    std::vector<std::int64_t> times(static_cast<std::size_t>(in.tensor.dim()), 1);
    times[static_cast<std::size_t>(at::maybe_wrap_dim(step.dim, in.tensor.dim()))] = step.times;
    return {in.tensor.repeat(times), in.dtype};
}

/// [rows, grid…] to [rows, sizes…], as torch.nn.functional.interpolate without align_corners and antialiasing.
at::Tensor resizeGrid(const at::Tensor &table, const Interpolate &step)
{
    if (step.sizes.size() == 1)
        return at::upsample_linear1d(table.unsqueeze(0), step.sizes, false).squeeze(0);
    if (step.mode == "bilinear")
        return at::upsample_bilinear2d(table.unsqueeze(0), step.sizes, false).squeeze(0);
    return at::upsample_bicubic2d(table.unsqueeze(0), step.sizes, false).squeeze(0);
}

Value runEach(const Interpolate &step, const Value &in, const TensorShape &out)
{
    const at::Tensor values = wide(in);
    const std::int64_t dim = at::maybe_wrap_dim(step.dim, values.dim());
    const bool grid = step.sizes.size() == 2 && !step.flattened; // two dimensions of the tensor, rather than one
    const at::Tensor last = grid ? values.movedim({dim, dim + 1}, {-2, -1}) : values.movedim(dim, -1);
    const at::Tensor kept = grid ? last : last.narrow(-1, 0, step.keep);
    at::Tensor table = grid ? last : last.narrow(-1, step.keep, last.size(-1) - step.keep);
    std::vector<std::int64_t> rows(last.sizes().begin(), last.sizes().end() - (grid ? 2 : 1));
    if (step.flattened && step.sizes.size() == 2) {
        const auto side = static_cast<std::int64_t>(std::llround(std::sqrt(static_cast<double>(table.size(-1)))));
        table = table.reshape({-1, side, side});
    } else {
        table = grid ? table.reshape({-1, table.size(-2), table.size(-1)}) : table.reshape({-1, table.size(-1)});
    }
    at::Tensor resized = resizeGrid(table.contiguous(), step);
    if (grid) {
        rows.insert(rows.end(), step.sizes.begin(), step.sizes.end());
        resized = resized.reshape(rows).movedim({-2, -1}, {dim, dim + 1});
    } else {
        rows.push_back(-1);
        resized = at::cat({kept, resized.reshape(rows)}, -1).movedim(-1, dim);
    }
    return narrowed(resized, out.dtype);
}

Value runEach(const Cast &step, const Value &in, const TensorShape &) { return cast(in, step.dtype); }

Value arithmetic(const Value &in, const at::Tensor &result) { return cast({result, numeric(in).dtype}, in.dtype); }
Value runEach(const Scale &step, const Value &in, const TensorShape &) { return arithmetic(in, numeric(in).tensor * step.factor); }
Value runEach(const Add &step, const Value &in, const TensorShape &) { return arithmetic(in, numeric(in).tensor + step.value); }
Value runEach(const Negate &, const Value &in, const TensorShape &) { return arithmetic(in, numeric(in).tensor.neg()); }

Values runStep(const Step &step, const Values &in)
{
    const std::vector<TensorShape> out = outputShapes({step}, shapesOf(in));
    return std::visit([&](const auto &op) -> Values {
        if constexpr (requires { run(op, in, out); }) {
            return run(op, in, out);
        } else {
            Values all = in;
            for (std::size_t i = 0; i < all.size(); ++i) {
                if (step.only < 0 || step.only == static_cast<int>(i))
                    all[i] = runEach(op, in[i], out[i]);
            }
            return all;
        }
    }, step.op);
}

} // namespace

std::vector<Value> applyTransform(const Transform &transform, std::vector<Value> inputs)
{
    const std::vector<TensorShape> expected = outputShapes(transform, shapesOf(inputs));
    Values values = std::move(inputs);
    for (const Step &step : transform) {
        try {
            values = runStep(step, values);
        } catch (const c10::Error &error) {
            throw Error("", transformText({step}), error.what_without_backtrace());
        }
    }
    if (shapesOf(values) != expected)
        throw Error("", transformText(transform), "gave other shapes than foreseen; this is a defect of Rekey");
    return values;
}

} // namespace rekey

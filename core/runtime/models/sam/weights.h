// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/tensorsource.h"

#include <memory>
#include <string>

namespace rekey::sam {

/// A linear layer's, convolution's or normalisation's parameters; `bias` is undefined where there is none.
struct Parameters
{
    at::Tensor weight;
    at::Tensor bias;
};

/// A model's parameters by name, in fp32: used where they lie in the checkpoint's mapped file when they are fp32 there, else converted.
class Weights
{
public:
    Weights(std::shared_ptr<const TensorSource> source, std::string prefix = {});

    bool has(const std::string &key) const;
    /// Throws Error when there is none or it has another shape.
    at::Tensor get(const std::string &key, const Shape &shape) const;
    /// A table of any number of rows.
    at::Tensor table(const std::string &key, std::int64_t columns) const;
    /// key.weight and key.bias.
    Parameters both(const std::string &key, const Shape &weight, std::int64_t bias) const;
    Parameters linear(const std::string &key, std::int64_t out, std::int64_t in) const { return both(key, {out, in}, out); }
    Parameters norm(const std::string &key, std::int64_t width) const { return both(key, {width}, width); }
    Weights below(const std::string &prefix) const { return {m_source, m_prefix + prefix}; }

private:
    std::shared_ptr<const TensorSource> m_source;
    std::string m_prefix;
};

} // namespace rekey::sam

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/picklefile.h"

#include <optional>
#include <string>
#include <string_view>

namespace rekey {

/// What a numpy type description ("<f4", "|O", "U12") says.
struct NumpyType
{
    enum class Kind { Number, Object, Text, Other };
    Kind kind = Kind::Number;
    DType dtype = DType::Other;
    std::uint64_t bytes = 0; ///< of one element
    char order = '=';        ///< < > = |
    std::string description;

    bool isBigEndian() const { return order == '>'; }
};

/// Nothing for what is no type description.
std::optional<NumpyType> numpyType(std::string_view description);

/// Bytes that an array of the shape takes; nothing on overflow.
std::optional<std::uint64_t> arrayBytes(const Shape &shape, std::uint64_t elementBytes);

/// Strides, in elements, of an array whose first index runs fastest.
Shape fortranStrides(const Shape &shape);

/// Lists the value if it is a numpy array, as numpy 1 or 2 pickles one (_reconstruct, or _frombuffer in protocol 5). Null when it is
/// something else; otherwise the entry, or an entry of kind Object for arrays that hold no numbers.
std::optional<TensorEntry> numpyArray(PickleFile &file, PickleValue value, const Path &path);

struct NumpyScalar
{
    std::string type;  ///< "numpy.float64"
    std::string value;
};
/// numpy.core.multiarray.scalar(dtype, bytes).
std::optional<NumpyScalar> numpyScalar(const PickleFile &file, PickleValue value);

} // namespace rekey

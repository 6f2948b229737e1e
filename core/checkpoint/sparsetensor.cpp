// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/sparsetensor.h"

#include "core/base/bytereader.h"
#include "core/checkpoint/smallvalues.h"
#include "core/checkpoint/tensorgeometry.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace rekey {

namespace {

using Indices = std::vector<std::int64_t>;

class Check
{
public:
    Check(PickleFile &file, const TensorEntry &entry)
        : m_file(file)
        , m_part(fmt::format("tensor \"{}\"", displayText(pathText(entry.path))))
    {
    }

    [[noreturn]] void fail(std::string reason) const { m_file.fail(m_part, std::move(reason)); }
    const std::string &part() const { return m_part; }

    /// Nothing when there are too many to be read.
    std::optional<Indices> integers(const TensorEntry &entry)
    {
        if (entry.dtype != DType::I64 && entry.dtype != DType::I32)
            fail("its indices are no integers");
        Indices values;
        if (entry.elements() == 0)
            return values;
        const auto bytes = smallValues(m_file, entry);
        if (bytes.empty()) {
            m_file.warn(fmt::format("{}: its {} indices were not compared with its size", m_part, entry.elements()));
            return {};
        }
        values.reserve(entry.elements());
        for (std::size_t i = 0; i < entry.elements(); ++i)
            values.push_back(entry.dtype == DType::I32 ? littleEndian<std::int32_t>(&bytes[i * 4])
                                                       : littleEndian<std::int64_t>(&bytes[i * 8]));
        return values;
    }

private:
    PickleFile &m_file;
    std::string m_part;
};

bool isOutside(std::span<const std::int64_t> indices, std::int64_t size)
{
    return std::ranges::any_of(indices, [&](std::int64_t index) { return index < 0 || index >= size; });
}

/// indices [dimensions, count], values [count, …].
void checkCoordinates(Check &check, const Shape &size, const TensorEntry &indices, const TensorEntry &values)
{
    if (indices.shape.size() != 2 || values.shape.empty() || indices.shape[1] != values.shape[0]
        || static_cast<std::size_t>(indices.shape[0]) > size.size())
        check.fail("its indices and values disagree");
    const auto numbers = check.integers(indices);
    if (!numbers)
        return;
    const auto columns = static_cast<std::size_t>(indices.shape[1]);
    for (std::size_t row = 0; row < static_cast<std::size_t>(indices.shape[0]); ++row) {
        if (isOutside(std::span(*numbers).subspan(row * columns, columns), size[row]))
            check.fail(fmt::format("an index lies outside of dimension {} of {}", row, size[row]));
    }
}

/// compressed [batch…, rows + 1], plain [batch…, count], values [batch…, count, block rows, block columns, …]; rows and
/// columns change places in the layouts by column.
void checkCompressed(Check &check, const TensorEntry &entry, std::span<const TensorEntry> parts)
{
    const Shape &size = entry.shape;
    const Shape &compressed = parts[0].shape;
    const Shape &plain = parts[1].shape;
    const Shape &values = parts[2].shape;
    const bool byColumn = entry.layout.ends_with("sc");
    const bool blocked = entry.layout.starts_with("sparse_b");
    const std::size_t batch = compressed.empty() ? 0 : compressed.size() - 1;
    const bool shaped = !compressed.empty() && plain.size() == batch + 1 && values.size() >= batch + 1 + (blocked ? 2 : 0)
        && size.size() >= batch + 2 && compressed[batch] >= 1 && std::equal(plain.begin(), plain.end(), values.begin())
        && std::equal(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(batch), compressed.begin())
        && std::equal(plain.begin(), plain.begin() + static_cast<std::ptrdiff_t>(batch), size.begin());
    if (!shaped)
        check.fail("its parts disagree");
    const std::int64_t rowBlock = blocked ? values[batch + 1] : 1;
    const std::int64_t columnBlock = blocked ? values[batch + 2] : 1;
    if (rowBlock < 1 || columnBlock < 1 || size[batch] % rowBlock != 0 || size[batch + 1] % columnBlock != 0)
        check.fail("its size is no multiple of its blocks");
    const std::int64_t rows = size[batch] / rowBlock;
    const std::int64_t columns = size[batch + 1] / columnBlock;
    const auto rises = check.integers(parts[0]);
    const auto indices = check.integers(parts[1]);
    if (!rises || !indices)
        return;
    const std::size_t rise = static_cast<std::size_t>(compressed[batch]);
    const std::size_t count = static_cast<std::size_t>(plain[batch]);
    for (std::size_t i = 0; i < rises->size() / rise; ++i) {
        const auto pointers = std::span(*rises).subspan(i * rise, rise);
        if (compressed[batch] - 1 != (byColumn ? columns : rows) || pointers.front() != 0
            || pointers.back() != static_cast<std::int64_t>(count) || !std::ranges::is_sorted(pointers)
            || isOutside(std::span(*indices).subspan(i * count, count), byColumn ? rows : columns))
            check.fail("its compressed indices do not rise from 0 to the number of values, or an index lies outside of its size");
    }
}

} // namespace

void checkSparse(PickleFile &file, const TensorEntry &entry, std::span<const TensorEntry> parts)
{
    Check check(file, entry);
    if (parts.size() == 2)
        checkCoordinates(check, entry.shape, parts[0], parts[1]);
    else
        checkCompressed(check, entry, parts);
}

void checkNested(PickleFile &file, const TensorEntry &entry, std::span<const TensorEntry> parts, const Shape &offsets)
{
    Check check(file, entry);
    const TensorEntry &values = parts[0];
    const TensorEntry &sizes = parts[1];
    const Shape pieces = parts.size() == 4 ? parts[3].shape : Shape{static_cast<std::int64_t>(offsets.size())};
    if (sizes.shape.size() != 2 || sizes.shape != parts[2].shape || pieces.size() != 1 || pieces[0] != sizes.shape[0])
        check.fail("its sizes, strides and offsets disagree");
    const auto size = check.integers(sizes);
    const auto stride = check.integers(parts[2]);
    const auto offset = parts.size() == 4 ? check.integers(parts[3]) : std::optional(offsets);
    if (!size || !stride || !offset)
        return;
    const auto rank = static_cast<std::size_t>(sizes.shape[1]);
    for (std::size_t i = 0; i < offset->size(); ++i) {
        TensorEntry piece;
        piece.dtype = entry.dtype;
        const auto row = [&](const Indices &all) {
            return Shape(all.begin() + static_cast<std::ptrdiff_t>(i * rank), all.begin() + static_cast<std::ptrdiff_t>((i + 1) * rank));
        };
        piece.shape = row(*size);
        piece.strides = row(*stride);
        const auto isNegative = [](std::int64_t number) { return number < 0; };
        if (std::ranges::any_of(piece.shape, isNegative) || std::ranges::any_of(piece.strides, isNegative) || (*offset)[i] < 0)
            check.fail(fmt::format("a size, stride or offset of its piece {} is negative", i));
        piece.offset = static_cast<std::uint64_t>((*offset)[i]);
        checkGeometry(file.budget.file(), fmt::format("{}, piece {}", check.part(), i), piece, values.bytes());
    }
}

} // namespace rekey

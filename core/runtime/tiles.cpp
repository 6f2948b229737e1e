// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tiles.h"

#include "core/runtime/tilekernels.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <utility>

namespace rekey::tiles {

namespace {

// A slab of the inner dimension: the packed rows of some hundred tokens and a panel of columns fit in the second-level cache.
constexpr std::int64_t slab = 768;
// A step of the inner dimension, or two of bf16: a number or a pair for each row of a block; two vectors for the columns of a panel.
constexpr std::size_t rowsStep = static_cast<std::size_t>(blockRows) * sizeof(float), columnsStep = 128;

std::int64_t blocksOf(std::int64_t rows)
{
    return (rows + blockRows - 1) / blockRows;
}

std::size_t steps(Factors factors, std::int64_t inner)
{
    return static_cast<std::size_t>(factors == Factors::BF16 ? (inner + 1) / 2 : inner);
}

/// Whether powers of two follow a block's or a panel's numbers.
bool scaled(Factors factors)
{
    return factors == Factors::F16 || factors == Factors::BF16AsHalves;
}

std::size_t blockBytes(Factors factors, std::int64_t inner)
{
    return steps(factors, inner) * rowsStep + (scaled(factors) ? static_cast<std::size_t>(blockRows) * sizeof(float) : 0);
}

std::size_t panelBytes(Factors factors, std::int64_t inner)
{
    return steps(factors, inner) * columnsStep
         + (scaled(factors) ? static_cast<std::size_t>(panelColumns(factors)) * sizeof(float) : 0);
}

template <class Number>
Number *at(void *from, std::size_t bytes)
{
    return reinterpret_cast<Number *>(static_cast<std::byte *>(from) + bytes);
}

template <class Number>
const Number *at(const void *from, std::size_t bytes)
{
    return reinterpret_cast<const Number *>(static_cast<const std::byte *>(from) + bytes);
}

void multiplyTile(Factors factors, const void *rows, const void *columns, std::int64_t inner, float *sums, bool fresh)
{
    switch (factors) {
    case Factors::F32: kernels::tile32(at<float>(rows, 0), at<float>(columns, 0), inner, sums, fresh); break;
    case Factors::F16:
    case Factors::BF16AsHalves: kernels::tile16(at<std::uint32_t>(rows, 0), at<std::uint16_t>(columns, 0), inner, sums, fresh); break;
    case Factors::BF16:
        kernels::tilePairs(at<std::uint32_t>(rows, 0), at<std::uint32_t>(columns, 0), (inner + 1) / 2, sums, fresh);
        break;
    }
}

} // namespace

Buffer::~Buffer()
{
    std::free(m_data);
}

Buffer::Buffer(Buffer &&other) noexcept
    : m_data(std::exchange(other.m_data, nullptr))
    , m_bytes(std::exchange(other.m_bytes, 0))
{
}

void *Buffer::reserve(std::size_t bytes)
{
    constexpr std::size_t alignment = 64;
    if (bytes > m_bytes) {
        std::free(m_data);
        m_bytes = 0;
        const std::size_t rounded = (bytes + alignment - 1) / alignment * alignment;
        m_data = std::aligned_alloc(alignment, rounded);
        if (m_data == nullptr)
            throw std::bad_alloc();
        m_bytes = rounded;
    }
    return m_data;
}

bool available(Factors factors)
{
    switch (factors) {
    case Factors::F32: return kernels::hasAvx512();
    case Factors::BF16: return kernels::hasAvx512Bfloat();
    case Factors::F16:
    case Factors::BF16AsHalves: break;
    }
    return kernels::hasAvx512Half();
}

std::int64_t panelColumns(Factors factors)
{
    return scaled(factors) ? kernels::panel16 : kernels::panel32;
}

std::size_t packedRowsBytes(Factors factors, std::int64_t rows, std::int64_t inner)
{
    return static_cast<std::size_t>(blocksOf(rows)) * blockBytes(factors, inner);
}

const void *packedRowsFrom(Factors factors, const void *packed, std::int64_t first, std::int64_t inner)
{
    return at<std::byte>(packed, static_cast<std::size_t>(first / blockRows) * blockBytes(factors, inner));
}

void packRows(Factors factors, const float *const *rows, std::int64_t count, std::int64_t inner, void *packed)
{
    for (std::int64_t block = 0; block < blocksOf(count); ++block) {
        const std::int64_t here = std::min(blockRows, count - block * blockRows);
        const float *const *from = rows + block * blockRows;
        void *to = at<std::byte>(packed, static_cast<std::size_t>(block) * blockBytes(factors, inner));
        if (factors == Factors::F32)
            kernels::packBlock32(from, here, inner, at<float>(to, 0));
        else if (factors == Factors::BF16)
            kernels::packBlockPairs(from, here, inner, at<std::uint32_t>(to, 0));
        else
            kernels::packBlock16(factors, from, here, inner, at<std::uint32_t>(to, 0), at<float>(to, steps(factors, inner) * rowsStep));
    }
}

std::int64_t panelCount(Factors factors, std::int64_t columns)
{
    return (columns + panelColumns(factors) - 1) / panelColumns(factors);
}

std::size_t packedColumnsBytes(Factors factors, std::int64_t columns, std::int64_t inner)
{
    return static_cast<std::size_t>(panelCount(factors, columns)) * panelBytes(factors, inner);
}

void packPanel(Factors factors, const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::int64_t panel,
               void *packed)
{
    const std::int64_t width = panelColumns(factors), first = panel * width, here = std::min(width, count - first);
    const float *from = columns + first * stride;
    void *to = at<std::byte>(packed, static_cast<std::size_t>(panel) * panelBytes(factors, inner));
    if (factors == Factors::F32)
        kernels::packPanel32(from, stride, here, inner, at<float>(to, 0));
    else if (factors == Factors::BF16)
        kernels::packPanelPairs(from, stride, here, inner, at<std::uint32_t>(to, 0));
    else
        kernels::packPanel16(factors, from, stride, here, inner, at<std::uint16_t>(to, 0),
                             at<float>(to, steps(factors, inner) * columnsStep));
}

void multiply(Factors factors, const void *packedRows, std::int64_t rows, const void *packedColumns, std::int64_t columns,
              std::int64_t inner, const float *bias, Then then, float *const *outRows, Buffer &scratch)
{
    const std::int64_t width = panelColumns(factors), panels = panelCount(factors, columns), blocks = blocksOf(rows);
    const std::int64_t tile = blockRows * width;
    const std::size_t all = steps(factors, inner);
    const bool several = inner > slab; // then the sums of all tiles wait for the next slab
    auto *sums = static_cast<float *>(scratch.reserve(static_cast<std::size_t>(several ? panels * blocks * tile : tile) * sizeof(float)));
    for (std::int64_t begin = 0; begin < inner; begin += slab) {
        const std::int64_t run = std::min(slab, inner - begin);
        const std::size_t before = steps(factors, begin);
        for (std::int64_t panel = 0; panel < panels; ++panel) {
            const std::int64_t column = panel * width, here = std::min(width, columns - column);
            const void *right = at<std::byte>(packedColumns, static_cast<std::size_t>(panel) * panelBytes(factors, inner));
            for (std::int64_t block = 0; block < blocks; ++block) {
                float *sum = several ? sums + (panel * blocks + block) * tile : sums;
                const std::int64_t row = block * blockRows;
                const void *left = packedRowsFrom(factors, packedRows, row, inner);
                multiplyTile(factors, at<std::byte>(left, before * rowsStep), at<std::byte>(right, before * columnsStep), run, sum,
                             begin == 0);
                if (begin + run == inner)
                    kernels::finish(sum, width, std::min(blockRows, rows - row), here,
                                    scaled(factors) ? at<float>(left, all * rowsStep) : nullptr,
                                    scaled(factors) ? at<float>(right, all * columnsStep) : nullptr,
                                    bias != nullptr ? bias + column : nullptr, then, outRows + row, column);
            }
        }
    }
}

} // namespace rekey::tiles

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/tiles.h"

#include "core/runtime/tilekernels.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace rekey::tiles {

namespace {

// A slab of the inner dimension: the packed rows of some hundred tokens and a panel of columns fit in the second-level cache.
constexpr std::int64_t slab = 768;

std::int64_t blocksOf(std::int64_t rows)
{
    return (rows + blockRows - 1) / blockRows;
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
    return factors == Factors::F32 ? kernels::hasAvx512() : kernels::hasAvx512Half();
}

std::int64_t panelColumns(Factors factors)
{
    return factors == Factors::F32 ? kernels::panel32 : kernels::panel16;
}

std::size_t packedRowsBytes(std::int64_t rows, std::int64_t inner)
{
    return static_cast<std::size_t>(blocksOf(rows) * blockRows * inner) * sizeof(float);
}

void packRows(Factors factors, const float *const *rows, std::int64_t count, std::int64_t inner, void *packed)
{
    for (std::int64_t block = 0; block < blocksOf(count); ++block) {
        const std::int64_t first = block * blockRows, here = std::min(blockRows, count - first);
        auto *to = static_cast<float *>(packed) + first * inner;
        if (factors == Factors::F32)
            kernels::packBlock32(rows + first, here, inner, to);
        else
            kernels::packBlock16(rows + first, here, inner, reinterpret_cast<std::uint32_t *>(to));
    }
}

std::int64_t panelCount(Factors factors, std::int64_t columns)
{
    return (columns + panelColumns(factors) - 1) / panelColumns(factors);
}

std::size_t packedColumnsBytes(Factors factors, std::int64_t columns, std::int64_t inner)
{
    const std::size_t size = factors == Factors::F32 ? sizeof(float) : sizeof(std::uint16_t);
    return static_cast<std::size_t>(panelCount(factors, columns) * panelColumns(factors) * inner) * size;
}

void packPanel(Factors factors, const float *columns, std::int64_t stride, std::int64_t count, std::int64_t inner, std::int64_t panel,
               void *packed)
{
    const std::int64_t width = panelColumns(factors), first = panel * width, here = std::min(width, count - first);
    if (factors == Factors::F32)
        kernels::packPanel32(columns + first * stride, stride, here, inner, static_cast<float *>(packed) + first * inner);
    else
        kernels::packPanel16(columns + first * stride, stride, here, inner, static_cast<std::uint16_t *>(packed) + first * inner);
}

void multiply(Factors factors, const void *packedRows, std::int64_t rows, const void *packedColumns, std::int64_t columns,
              std::int64_t inner, const float *bias, Then then, float *const *outRows, Buffer &scratch)
{
    const std::int64_t width = panelColumns(factors), panels = panelCount(factors, columns), blocks = blocksOf(rows);
    const std::int64_t tile = blockRows * width;
    const bool several = inner > slab; // then the sums of all tiles wait for the next slab
    auto *sums = static_cast<float *>(scratch.reserve(static_cast<std::size_t>(several ? panels * blocks * tile : tile) * sizeof(float)));
    for (std::int64_t begin = 0; begin < inner; begin += slab) {
        const std::int64_t run = std::min(slab, inner - begin);
        for (std::int64_t panel = 0; panel < panels; ++panel) {
            const std::int64_t column = panel * width, here = std::min(width, columns - column);
            for (std::int64_t block = 0; block < blocks; ++block) {
                float *sum = several ? sums + (panel * blocks + block) * tile : sums;
                const std::int64_t row = block * blockRows, fromRow = row * inner + begin * blockRows;
                const std::int64_t fromColumn = column * inner + begin * width;
                if (factors == Factors::F32)
                    kernels::tile32(static_cast<const float *>(packedRows) + fromRow,
                                    static_cast<const float *>(packedColumns) + fromColumn, run, sum, begin == 0);
                else
                    kernels::tile16(static_cast<const std::uint32_t *>(packedRows) + fromRow,
                                    static_cast<const std::uint16_t *>(packedColumns) + fromColumn, run, sum, begin == 0);
                if (begin + run == inner)
                    kernels::finish(sum, width, std::min(blockRows, rows - row), here, bias != nullptr ? bias + column : nullptr, then,
                                    outRows + row, column);
            }
        }
    }
}

} // namespace rekey::tiles

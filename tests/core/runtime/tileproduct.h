// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/tiles.h"

#include <ATen/ATen.h>

#include <vector>

namespace rekey::test {

/// x [rows, in] times weight [columns, in] by tiles.h, all in fp32, written to `out` or added to it.
inline at::Tensor tileProduct(tiles::Factors factors, const at::Tensor &x, const at::Tensor &weight, const at::Tensor &bias,
                              tiles::Then then, at::Tensor out)
{
    std::vector<const float *> from;
    std::vector<float *> to;
    for (std::int64_t i = 0; i < x.size(0); ++i) {
        from.push_back(x.data_ptr<float>() + i * x.size(1));
        to.push_back(out.data_ptr<float>() + i * out.size(1));
    }
    const std::int64_t in = x.size(1), columns = weight.size(0);
    tiles::Buffer rows, panels, scratch;
    tiles::packRows(factors, from.data(), x.size(0), in, rows.reserve(tiles::packedRowsBytes(factors, x.size(0), in)));
    panels.reserve(tiles::packedColumnsBytes(factors, columns, in));
    for (std::int64_t panel = 0; panel < tiles::panelCount(factors, columns); ++panel)
        tiles::packPanel(factors, weight.data_ptr<float>(), in, columns, in, panel, panels.data());
    tiles::multiply(factors, rows.data(), x.size(0), panels.data(), columns, in, bias.defined() ? bias.data_ptr<float>() : nullptr, then,
                    to.data(), scratch);
    return out;
}

} // namespace rekey::test

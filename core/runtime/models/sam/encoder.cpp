// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/models/sam/encoder.h"

#include "core/runtime/models/sam/deviceencoder.h"
#include "core/runtime/models/sam/imageencoder.h"

#include <bit>

namespace rekey::sam {

void Encoder::addTensors(ContentDigest &digest, std::initializer_list<at::Tensor> tensors)
{
    for (const at::Tensor &tensor : tensors) {
        if (!tensor.defined()) {
            digest.add(std::uint64_t {0});
            continue;
        }
        for (const std::int64_t size : tensor.sizes())
            digest.add(static_cast<std::uint64_t>(size));
        const at::Tensor plain = tensor.to(at::kCPU).contiguous();
        digest.add({static_cast<const std::byte *>(plain.data_ptr()), plain.nbytes()});
    }
}

void Encoder::addConfig(ContentDigest &digest, const Config &config)
{
    digest.add(static_cast<std::uint64_t>(config.heads));
    digest.add(static_cast<std::uint64_t>(config.imageSize));
    digest.add(std::bit_cast<std::uint64_t>(config.encoderNormEps));
}

std::unique_ptr<Encoder> makeEncoder(const Config &config, const Weights &weights, Precision precision, const at::Device &device)
{
    if (device.is_cpu())
        return std::make_unique<ImageEncoder>(config, weights, precision);
    return std::make_unique<DeviceEncoder>(config, weights, precision, device);
}

} // namespace rekey::sam

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/precisions.h"

#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/paralleltasks.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <utility>

namespace rekey {

namespace {

constexpr double never = 1e9;

/// The best of some repetitions; the first alone, which also prepares kernels, where it is far above time `toBeat` of another way.
template <class Work>
double secondsOf(double toBeat, const Work &work)
{
    constexpr int repetitions = 3;
    double best = never;
    for (int i = 0; i <= repetitions; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (i == 0 && seconds > 3 * toBeat)
            return seconds;
        if (i > 0)
            best = std::min(best, seconds);
    }
    return best;
}

double operatorSeconds(double toBeat, const at::Device &device, const at::Tensor &x, const at::Tensor &weight)
{
    return secondsOf(toBeat, [&] {
        at::linear(x, weight);
        if (device.is_cuda())
            torch::cuda::synchronize(device.index());
    });
}

/// The same product by tiles.h, its operands packed before, as the encoder uses them over and over.
double tileSeconds(double toBeat, tiles::Factors factors, const at::Tensor &x, const at::Tensor &weight)
{
    const std::int64_t tokens = x.size(0), in = x.size(1), out = weight.size(0), chunk = 8 * tiles::blockRows;
    tiles::Buffer rows, columns;
    at::Tensor result = at::empty({tokens, out}, at::kFloat);
    std::vector<const float *> from;
    std::vector<float *> to;
    for (std::int64_t i = 0; i < tokens; ++i) {
        from.push_back(x.data_ptr<float>() + i * in);
        to.push_back(result.data_ptr<float>() + i * out);
    }
    columns.reserve(tiles::packedColumnsBytes(factors, out, in));
    for (std::int64_t panel = 0; panel < tiles::panelCount(factors, out); ++panel)
        tiles::packPanel(factors, weight.data_ptr<float>(), in, out, in, panel, columns.data());
    rows.reserve(tiles::packedRowsBytes(factors, tokens, in));
    tiles::packRows(factors, from.data(), tokens, in, rows.data());
    std::vector<tiles::Buffer> scratch(static_cast<std::size_t>(threads()));
    return secondsOf(toBeat, [&] {
        parallelTasks((tokens + chunk - 1) / chunk, {}, [&](std::int64_t task, std::int64_t worker) {
            const std::int64_t first = task * chunk;
            tiles::multiply(factors, tiles::packedRowsFrom(factors, rows.data(), first, in), std::min(chunk, tokens - first),
                            columns.data(), out, in, nullptr, tiles::Then::Store, to.data() + first,
                            scratch[static_cast<std::size_t>(worker)]);
        });
    });
}

/// The fastest way to a product in one precision.
struct Way
{
    double seconds = never; ///< never: there is none
    std::optional<tiles::Factors> tiles; ///< nothing: LibTorch's operators
};

Way fastestWay(const at::Device &device, Precision precision)
{
    constexpr std::int64_t tokens = 1024, width = 768; // of ViT-B's MLP, a quarter of its tokens
    const c10::InferenceMode mode;
    const at::Tensor x = at::randn({tokens, width}).to(device), weight = at::randn({4 * width, width}).to(device);
    Way way;
    const auto tryTiles = [&](tiles::Factors factors) {
        if (!device.is_cpu() || !tiles::available(factors))
            return;
        if (const double seconds = tileSeconds(way.seconds, factors, x, weight); seconds < way.seconds)
            way = {seconds, factors};
    };
    const auto tryOperators = [&](at::ScalarType type) {
        try {
            if (const double seconds = operatorSeconds(way.seconds, device, x.to(type), weight.to(type)); seconds < way.seconds)
                way = {seconds, std::nullopt};
        } catch (const c10::Error &) {
            // This LibTorch cannot compute with the type here.
        }
    };
    switch (precision) {
    case Precision::F32:
        tryTiles(tiles::Factors::F32);
        if (!way.tiles)
            tryOperators(at::kFloat);
        break;
    case Precision::BF16:
        tryTiles(tiles::Factors::BF16AsHalves);
        tryTiles(tiles::Factors::BF16);
        tryOperators(at::kBFloat16);
        break;
    case Precision::F16:
        tryTiles(tiles::Factors::F16);
        if (!device.is_cpu()) // there LibTorch has no product of halves, or one far slower than of fp32
            tryOperators(at::kHalf);
        break;
    }
    return way;
}

/// Measured once.
Way wayOn(const at::Device &device, Precision precision)
{
    static std::mutex mutex;
    static std::map<std::pair<std::string, Precision>, Way> known;
    const std::lock_guard lock(mutex);
    const std::pair key(device.str(), precision);
    const auto found = known.find(key);
    return found != known.end() ? found->second : known.emplace(key, fastestWay(device, precision)).first->second;
}

PrecisionOffer offerOf(Precision precision, const Way &way, const Way &single)
{
    constexpr double worthItsLoss = 1.1;
    PrecisionOffer offer;
    offer.precision = precision;
    offer.timesAsFast = way.seconds < never ? single.seconds / way.seconds : 0;
    offer.offered = offer.timesAsFast >= worthItsLoss;
    offer.reason = offer.timesAsFast == 0 ? "there is no arithmetic for it here"
                 : offer.offered         ? fmt::format("{:.1f} times as fast as fp32", offer.timesAsFast)
                                         : fmt::format("no gain on this device: {:.2f} times the speed of fp32", offer.timesAsFast);
    return offer;
}

} // namespace

std::vector<PrecisionOffer> precisionOffers(const at::Device &device)
{
    std::vector<PrecisionOffer> offers(1);
    offers[0].reason = "the accuracy of the original";
    const Way single = wayOn(device, Precision::F32);
    for (const Precision precision : {Precision::BF16, Precision::F16})
        offers.push_back(offerOf(precision, wayOn(device, precision), single));
    return offers;
}

std::optional<tiles::Factors> tileFactors(Precision precision)
{
    switch (precision) {
    case Precision::F32: break;
    case Precision::BF16: return wayOn(at::kCPU, Precision::BF16).tiles;
    case Precision::F16:
        if (!tiles::available(tiles::Factors::F16))
            throw Error("", "fp16", "this processor has no arithmetic for it (AVX-512-FP16); choose bf16 or fp32");
        return tiles::Factors::F16;
    }
    return tiles::available(tiles::Factors::F32) ? std::optional(tiles::Factors::F32) : std::nullopt;
}

} // namespace rekey

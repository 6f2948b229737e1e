// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/devices.h"

#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/paralleltasks.h"
#include "core/runtime/tiles.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>

namespace rekey {

namespace {

/// What follows "name :" in a file of such lines, the first time.
std::string lineValue(const std::filesystem::path &file, std::string_view name)
{
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        const std::size_t colon = line.find(':');
        if (!line.starts_with(name) || colon == std::string::npos)
            continue;
        const std::size_t from = line.find_first_not_of(" \t", colon + 1);
        return from == std::string::npos ? "" : line.substr(from);
    }
    return {};
}

/// As the driver lists them, by bus address: the order that CUDA_DEVICE_ORDER=PCI_BUS_ID gives. With one device there is no doubt.
std::vector<std::string> nvidiaNames()
{
    std::vector<std::filesystem::path> folders;
    std::error_code error;
    for (const auto &entry : std::filesystem::directory_iterator("/proc/driver/nvidia/gpus", error))
        folders.push_back(entry.path());
    std::ranges::sort(folders);
    std::vector<std::string> names;
    for (const std::filesystem::path &folder : folders)
        names.push_back(lineValue(folder / "information", "Model"));
    return names;
}

std::string processorName()
{
    const std::string name = lineValue("/proc/cpuinfo", "model name");
    return fmt::format("{}, {} {}", name.empty() ? "processor" : name, threads(), threads() == 1 ? "thread" : "threads");
}

template <class Work>
double secondsOf(const Work &work)
{
    constexpr int repetitions = 5;
    double best = 1e9;
    for (int i = 0; i <= repetitions; ++i) {
        const auto start = std::chrono::steady_clock::now();
        work();
        const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        if (i > 0) // the first prepares kernels
            best = std::min(best, seconds);
    }
    return best;
}

double operatorSeconds(const at::Device &device, const at::Tensor &x, const at::Tensor &weight)
{
    return secondsOf([&] {
        at::linear(x, weight);
        if (device.is_cuda())
            torch::cuda::synchronize(device.index());
    });
}

/// The same product by tiles.h, its operands packed before, as the encoder uses them over and over.
double tileSeconds(tiles::Factors factors, const at::Tensor &x, const at::Tensor &weight)
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
    rows.reserve(tiles::packedRowsBytes(tokens, in));
    tiles::packRows(factors, from.data(), tokens, in, rows.data());
    std::vector<tiles::Buffer> scratch(static_cast<std::size_t>(threads()));
    return secondsOf([&] {
        parallelTasks((tokens + chunk - 1) / chunk, {}, [&](std::int64_t task, std::int64_t worker) {
            const std::int64_t first = task * chunk;
            tiles::multiply(factors, rows.floats() + first * in, std::min(chunk, tokens - first), columns.data(), out, in, nullptr,
                            tiles::Then::Store, to.data() + first, scratch[static_cast<std::size_t>(worker)]);
        });
    });
}

/// Offered when it is worth its loss of accuracy.
void setSpeed(PrecisionOffer &offer, double timesAsFast)
{
    constexpr double worthIt = 1.1;
    offer.timesAsFast = timesAsFast;
    offer.offered = timesAsFast >= worthIt;
    offer.reason = offer.offered ? fmt::format("{:.1f} times as fast as fp32", timesAsFast)
                                 : fmt::format("no gain on this device: {:.2f} times the speed of fp32", timesAsFast);
}

void refuse(PrecisionOffer &offer, std::string_view reason)
{
    offer.offered = false;
    offer.timesAsFast = 0;
    offer.reason = reason;
}

std::vector<PrecisionOffer> measure(const at::Device &device)
{
    constexpr std::int64_t tokens = 1024, width = 768; // of ViT-B's MLP, a quarter of its tokens
    const c10::InferenceMode mode;
    const at::Tensor x = at::randn({tokens, width}).to(device), weight = at::randn({4 * width, width}).to(device);
    const bool processor = device.is_cpu(), tiled = processor && tiles::available(tiles::Factors::F32);
    const double single = tiled ? tileSeconds(tiles::Factors::F32, x, weight) : operatorSeconds(device, x, weight);
    std::vector<PrecisionOffer> offers(3);
    offers[0].reason = "the accuracy of the original";
    offers[1].precision = Precision::BF16;
    offers[2].precision = Precision::F16;
    const auto byOperators = [&](PrecisionOffer &offer, at::ScalarType type) {
        try {
            setSpeed(offer, single / operatorSeconds(device, x.to(type), weight.to(type)));
        } catch (const c10::Error &) {
            refuse(offer, "this LibTorch cannot compute with it here");
        }
    };
    byOperators(offers[1], at::kBFloat16);
    if (!processor)
        byOperators(offers[2], at::kHalf);
    else if (tiles::available(tiles::Factors::F16))
        setSpeed(offers[2], single / tileSeconds(tiles::Factors::F16, x, weight));
    else
        refuse(offers[2], "this processor has no arithmetic for it");
    return offers;
}

} // namespace

std::vector<ComputeDevice> computeDevices()
{
    std::vector<ComputeDevice> devices {{"cpu", processorName(), 0}};
    const std::size_t count = torch::cuda::is_available() ? static_cast<std::size_t>(torch::cuda::device_count()) : 0;
    const std::vector<std::string> names = count > 0 ? nvidiaNames() : std::vector<std::string>();
    for (std::size_t i = 0; i < count; ++i)
        devices.push_back(
            {fmt::format("cuda:{}", i), i < names.size() && !names[i].empty() ? names[i] : fmt::format("CUDA device {}", i), 0});
    return devices;
}

at::Device deviceOf(const std::string &id)
{
    const std::string wanted = id == "cuda" ? "cuda:0" : id.empty() ? "cpu" : id;
    std::string known;
    for (const ComputeDevice &device : computeDevices()) {
        if (device.id == wanted)
            return at::Device(wanted);
        known += (known.empty() ? "" : ", ") + device.id;
    }
    const std::string why = !wanted.starts_with("cuda") ? ""
        : torch::cuda::is_available()                   ? ""
                                                        : "; this LibTorch is built without CUDA, or finds no device that it can use";
    throw Error("", "device", fmt::format("'{}' is not there; there is {}{}", displayText(id), known, why));
}

std::vector<PrecisionOffer> precisionOffers(const at::Device &device)
{
    static std::mutex mutex;
    static std::map<std::string, std::vector<PrecisionOffer>> measured;
    const std::lock_guard lock(mutex);
    std::vector<PrecisionOffer> &offers = measured[device.str()];
    if (offers.empty())
        offers = measure(device);
    return offers;
}

} // namespace rekey

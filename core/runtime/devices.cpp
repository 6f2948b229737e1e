// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/devices.h"

#include "core/base/error.h"
#include "core/runtime/blas.h"

#include <fmt/format.h>
#include <torch/cuda.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

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

/// As the driver lists them, by bus address: the order that CUDA_DEVICE_ORDER=PCI_BUS_ID gives (librarysettings.h).
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

} // namespace

std::vector<ComputeDevice> computeDevices()
{
    std::vector<ComputeDevice> devices {{"cpu", processorName(), 0}};
    const std::size_t count = torch::cuda::is_available() ? static_cast<std::size_t>(torch::cuda::device_count()) : 0;
    std::vector<std::string> names = count > 0 ? nvidiaNames() : std::vector<std::string>();
    if (names.size() != count) // CUDA_VISIBLE_DEVICES hides some: which, is not known
        names.assign(count, {});
    for (std::size_t i = 0; i < count; ++i)
        devices.push_back(
            {fmt::format("cuda:{}", i), !names[i].empty() ? names[i] : fmt::format("CUDA device {}", i), 0});
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

} // namespace rekey

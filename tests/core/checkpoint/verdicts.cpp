// SPDX-License-Identifier: GPL-3.0-or-later
// What the readers make of files, for differential.py: paths come in on standard input, one a line; for each a line of
// JSON goes out.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"

#include <iostream>

using namespace rekey;
using nlohmann::json;

namespace {

json pathJson(const Path &path)
{
    json steps = json::array();
    for (const PathStep &step : path) {
        if (step.repr)
            steps.push_back({{"repr", std::get<std::string>(step.value)}});
        else if (const auto *text = std::get_if<std::string>(&step.value))
            steps.push_back(*text);
        else
            steps.push_back(std::get<std::int64_t>(step.value));
    }
    return steps;
}

json digest(const Checkpoint &checkpoint, std::size_t index)
{
    constexpr std::uint64_t most = 1 << 20;
    const TensorEntry &entry = checkpoint.tensors()[index];
    const bool values = entry.kind == TensorKind::Dense || entry.kind == TensorKind::Storage || entry.kind == TensorKind::Numpy;
    if (!values || entry.bytes() > most)
        return nullptr;
    return sha256(checkpoint, index);
}

json verdict(const std::filesystem::path &file)
{
    try {
        const auto checkpoint = corpus::openWhole(file);
        json tensors = json::array();
        for (std::size_t i = 0; i < checkpoint->tensors().size(); ++i) {
            const TensorEntry &entry = checkpoint->tensors()[i];
            tensors.push_back({pathJson(entry.path), name(entry.dtype), entry.shape, digest(*checkpoint, i)});
        }
        return {
            {"verdict", checkpoint->warnings().empty() ? "listed" : "warned"}, {"warnings", checkpoint->warnings()}, {"tensors", tensors}};
    } catch (const Error &error) {
        return {{"verdict", "refused"}, {"error", error.what()}};
    }
}

} // namespace

int main()
{
    for (std::string line; std::getline(std::cin, line);)
        std::cout << verdict(line).dump(-1, ' ', true, json::error_handler_t::replace) << std::endl;
}

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/inspect/statistics.h"
#include "core/mapping/pattern.h"

#include <algorithm>
#include <cmath>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

/// A key as it is, keys that match a pattern with braces, or keys that contain the text. Throws Error when there is none.
std::vector<std::size_t> chosenTensors(const Checkpoint &checkpoint, const std::string &key)
{
    std::vector<std::size_t> chosen;
    const std::vector<TensorEntry> &tensors = checkpoint.tensors();
    if (const std::size_t exact = checkpoint.find(key); !key.empty() && exact != SchemaIndex::npos)
        return {exact};
    const bool isPattern = key.find('{') != std::string::npos;
    const Pattern pattern = isPattern ? Pattern::parse(key) : Pattern();
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (isPattern ? pattern.match(tensors[i].key).has_value() : tensors[i].key.find(key) != std::string::npos)
            chosen.push_back(i);
    }
    if (chosen.empty() && !key.empty())
        throw Error(checkpoint.name(), {}, "no key matches '" + displayText(key) + "'; 'rekey keys' lists them");
    return chosen;
}

/// JSON has no NaN or infinity: those are null.
Json number(double value)
{
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

Json statisticsJson(const TensorEntry &entry, const Statistics &s)
{
    return {{"key", entry.key},
            {"dtype", name(entry.dtype)},
            {"shape", entry.shape},
            {"count", s.count},
            {"finite", s.finite},
            {"zeros", s.zeros},
            {"nan", s.nans},
            {"infinite", s.infinities},
            {"min", number(s.minimum)},
            {"max", number(s.maximum)},
            {"mean", number(s.finite == 0 ? NAN : s.mean)},
            {"std", number(s.standardDeviation())}};
}

std::string statisticsText(const TensorEntry &entry, const Statistics &s, std::size_t width)
{
    const auto value = [](double v) { return std::isfinite(v) ? fmt::format("{:>11.4f}", v) : fmt::format("{:>11}", "–"); };
    std::string text
        = fmt::format("{:<{}}  {:<4} {:>18} {}{}{}{}", displayText(entry.key, 4096), width, name(entry.dtype), shapeText(entry.shape),
                      value(s.finite == 0 ? NAN : s.mean), value(s.standardDeviation()), value(s.minimum), value(s.maximum));
    if (s.nans != 0)
        text += fmt::format("  {} NaN", countText(s.nans));
    if (s.infinities != 0)
        text += fmt::format("  {} infinite", countText(s.infinities));
    if (s.zeros == s.count && s.count != 0)
        text += "  all zero";
    return text + "\n";
}

std::string histogramText(const Histogram &h)
{
    constexpr std::size_t barWidth = 50;
    const std::uint64_t most = std::max<std::uint64_t>(1, *std::ranges::max_element(h.counts));
    std::string text;
    for (std::size_t i = 0; i < h.counts.size(); ++i) {
        const auto length = static_cast<std::size_t>(static_cast<double>(h.counts[i]) / static_cast<double>(most) * barWidth + 0.5);
        std::string bar;
        for (std::size_t n = 0; n < length; ++n)
            bar += "▇";
        text += fmt::format("  {:>11.4f}  {:>12}  {}\n", h.lower + h.binWidth() * static_cast<double>(i), countText(h.counts[i]), bar);
    }
    if (h.outside != 0)
        text += fmt::format("  {} outside\n", countText(h.outside, "value"));
    return text + "\n";
}

} // namespace

int statsCommand(const StatsOptions &options)
{
    const Progress progress = terminalProgress();
    const CheckpointPtr checkpoint = openInput(options.input, progress);
    if (!checkpoint->hasValues())
        throw Error(checkpoint->path().string(), {}, "is a schema: it has keys and shapes but no values");
    const std::vector<std::size_t> chosen = chosenTensors(*checkpoint, options.key);
    std::size_t width = 3;
    std::uint64_t all = 0, done = 0;
    for (const std::size_t i : chosen) {
        width = std::max(width, std::min<std::size_t>(checkpoint->tensors()[i].key.size(), 72));
        all += checkpoint->tensors()[i].elements();
    }
    Json rows = Json::array();
    if (!options.json)
        printText(
            fmt::format("{:<{}}  {:<4} {:>18} {:>11}{:>11}{:>11}{:>11}\n", "key", width, "type", "shape", "mean", "std", "min", "max"));
    for (const std::size_t i : chosen) {
        const TensorEntry &entry = checkpoint->tensors()[i];
        progress.step(done, std::max<std::uint64_t>(all, 1), "reading values");
        done += entry.elements();
        if (!isDecodable(entry.dtype) || entry.kind == TensorKind::Sparse || entry.kind == TensorKind::Nested
            || entry.kind == TensorKind::Meta) {
            if (options.json)
                rows.push_back({{"key", entry.key}, {"dtype", name(entry.dtype)}, {"shape", entry.shape}, {"count", nullptr}});
            continue;
        }
        const Statistics s = statistics(*checkpoint, i);
        Json row;
        if (options.json)
            row = statisticsJson(entry, s);
        else
            printText(statisticsText(entry, s, width));
        if (options.histogramBins != 0) {
            const ValueRange range = displayRange(*checkpoint, i);
            const Histogram h = histogram(*checkpoint, i, range.lower, range.upper, options.histogramBins);
            if (options.json)
                row["histogram"] = {{"lower", h.lower}, {"upper", h.upper}, {"counts", h.counts}, {"outside", h.outside}};
            else
                printText(histogramText(h));
        }
        if (options.json)
            rows.push_back(std::move(row));
    }
    if (options.json)
        printJson({{"name", checkpoint->name()}, {"tensors", std::move(rows)}});
    return ExitDone;
}

} // namespace rekey

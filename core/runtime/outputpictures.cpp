// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/outputpictures.h"

#include "core/base/error.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>
#include <sstream>

namespace rekey {

namespace {

/// A result's first batch entry as maps of values: sizes, and where they lie.
struct Maps
{
    std::size_t channels = 0, height = 0, width = 0;
    bool channelsLast = false;
    explicit operator bool() const { return channels > 0; }
    std::size_t at(std::size_t channel, std::size_t position) const
    {
        return channelsLast ? position * channels + channel : channel * height * width + position;
    }
};

/// The shape without its batch and without leading ones.
Shape withoutBatch(const Shape &shape)
{
    Shape rest = shape;
    if (rest.size() == 4)
        rest.erase(rest.begin());
    while (rest.size() > 2 && rest.front() == 1)
        rest.erase(rest.begin());
    return rest;
}

Maps mapsOf(const Shape &shape)
{
    const Shape rest = withoutBatch(shape);
    if (shape.size() > 5 || rest.empty() || elementCount(shape) == 0)
        return {};
    const auto size = [&](std::size_t i) { return static_cast<std::size_t>(rest[i]); };
    if (rest.size() == 2 && size(0) > 1 && size(1) > 1)
        return {1, size(0), size(1), false};
    if (rest.size() != 3)
        return {};
    // [H, W, C] shows by its sides being alike while the last one is not.
    const bool last = size(0) == size(1) && size(1) != size(2) && size(2) > 4;
    return last ? Maps {size(2), size(0), size(1), true} : Maps {size(0), size(1), size(2), false};
}

/// Tokens [N, C] of a square grid, perhaps with others (class, registers) in front of it.
Maps gridOf(const Shape &shape, std::size_t &skipped)
{
    Shape rest = shape;
    if (rest.size() == 3 && rest.front() == 1)
        rest.erase(rest.begin());
    constexpr std::size_t mostInFront = 8;
    if (rest.size() != 2 || rest[0] < 4 || rest[1] < 3)
        return {};
    const auto tokens = static_cast<std::size_t>(rest[0]);
    const auto side = static_cast<std::size_t>(std::sqrt(static_cast<double>(tokens)));
    skipped = tokens - side * side;
    return skipped <= mostInFront ? Maps {static_cast<std::size_t>(rest[1]), side, side, true} : Maps {};
}

std::size_t scoreCount(const Shape &shape)
{
    std::size_t sides = 0, count = 1;
    for (const std::int64_t size : shape) {
        sides += size > 1 ? 1 : 0;
        count *= static_cast<std::size_t>(size);
    }
    return sides <= 1 ? count : shape.size() == 2 ? static_cast<std::size_t>(shape.back()) : 0;
}

bool canBe(const ScriptOutput &output, OutputKind kind)
{
    std::size_t skipped = 0;
    switch (kind) {
    case OutputKind::Mask:
    case OutputKind::HeatMap: return static_cast<bool>(mapsOf(output.shape));
    case OutputKind::Scores: return scoreCount(output.shape) > 1;
    case OutputKind::Features: return mapsOf(output.shape).channels >= 3 || gridOf(output.shape, skipped);
    }
    return false;
}

Error cannotShow(const ScriptOutput &output, const char *what)
{
    return {{}, displayText(output.name), fmt::format("has the shape {}, which cannot be shown as {}", shapeText(output.shape), what)};
}

using Vector = std::vector<double>;

double dot(const Vector &a, const Vector &b)
{
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// The `count` directions along which `rows` (each of `width` values, centred) vary most, by orthogonal iteration; no random start, so that
/// a result is the same from run to run.
std::vector<Vector> principalDirections(const std::vector<double> &rows, std::size_t width, std::size_t count)
{
    constexpr int rounds = 60;
    std::vector<double> covariance(width * width);
    // Some thousand positions say as much as all, and their products with each other cost as much as the rest of a picture.
    constexpr std::size_t mostRows = 2048;
    const std::size_t stride = width * std::max<std::size_t>(1, rows.size() / width / mostRows);
    for (std::size_t row = 0; row + width <= rows.size(); row += stride) {
        for (std::size_t i = 0; i < width; ++i) {
            const double value = rows[row + i];
            for (std::size_t j = 0; j <= i; ++j)
                covariance[i * width + j] += value * rows[row + j];
        }
    }
    for (std::size_t i = 0; i < width; ++i) {
        for (std::size_t j = 0; j < i; ++j)
            covariance[j * width + i] = covariance[i * width + j];
    }
    std::vector<Vector> directions(count, Vector(width));
    for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t i = 0; i < width; ++i)
            directions[k][i] = std::sin(static_cast<double>((k + 1) * (i + 1))); // any that are not orthogonal to the answer
    }
    for (int round = 0; round < rounds; ++round) {
        for (std::size_t k = 0; k < count; ++k) {
            Vector next(width);
            for (std::size_t i = 0; i < width; ++i)
                next[i] = std::inner_product(directions[k].begin(), directions[k].end(),
                                             covariance.begin() + static_cast<std::ptrdiff_t>(i * width), 0.0);
            for (std::size_t before = 0; before < k; ++before) {
                const double along = dot(next, directions[before]);
                for (std::size_t i = 0; i < width; ++i)
                    next[i] -= along * directions[before][i];
            }
            const double length = std::sqrt(dot(next, next));
            if (length > 1e-30) {
                for (double &value : next)
                    value /= length;
                directions[k] = std::move(next);
            }
        }
    }
    for (Vector &direction : directions) {
        const auto largest = std::ranges::max_element(direction, {}, [](double value) { return std::abs(value); });
        if (*largest < 0)
            std::ranges::transform(direction, direction.begin(), std::negate<>());
    }
    return directions;
}

/// Values between their 1st and 99th percentile as 0..255.
std::vector<std::uint8_t> stretched(const Vector &values)
{
    Vector sorted = values;
    std::ranges::sort(sorted);
    const double lower = sorted[sorted.size() / 100], upper = sorted[sorted.size() - 1 - sorted.size() / 100];
    std::vector<std::uint8_t> result;
    for (const double value : values) {
        const double unit = upper > lower ? std::clamp((value - lower) / (upper - lower), 0.0, 1.0) : 0.5;
        result.push_back(static_cast<std::uint8_t>(std::lround(unit * 255)));
    }
    return result;
}

std::array<std::uint8_t, 3> heatColour(double unit)
{
    // Dark blue, violet, orange, yellow: lightness rises all the way, so that it reads in grey as well.
    constexpr std::array<std::array<double, 3>, 5> stops = {{{13, 8, 135}, {126, 3, 168}, {204, 71, 120}, {248, 149, 64}, {240, 249, 33}}};
    const double place = unit * (stops.size() - 1);
    const auto below = std::min(static_cast<std::size_t>(place), stops.size() - 2);
    std::array<std::uint8_t, 3> colour {};
    for (std::size_t i = 0; i < 3; ++i)
        colour[i]
            = static_cast<std::uint8_t>(std::lround(std::lerp(stops[below][i], stops[below + 1][i], place - static_cast<double>(below))));
    return colour;
}

} // namespace

OutputKind likelyKind(const ScriptOutput &output)
{
    std::size_t skipped = 0;
    if (const Maps maps = mapsOf(output.shape); maps && !(output.shape.size() == 2 && output.shape[0] == 1))
        return gridOf(output.shape, skipped) && output.shape.size() == 3 ? OutputKind::Features
               : maps.channels >= 16                                     ? OutputKind::Features
                                                                         : OutputKind::HeatMap;
    return scoreCount(output.shape) > 1 ? OutputKind::Scores : OutputKind::HeatMap;
}

const ScriptOutput &mainOutput(std::span<const ScriptOutput> outputs, OutputKind kind)
{
    const ScriptOutput *best = nullptr;
    for (const ScriptOutput &output : outputs) {
        if (canBe(output, kind) && (best == nullptr || output.values.size() > best->values.size()))
            best = &output;
    }
    if (best != nullptr)
        return *best;
    std::string shapes;
    for (const ScriptOutput &output : outputs)
        shapes += fmt::format("{}{}{}{}", shapes.empty() ? "" : ", ", displayText(output.name), output.name.empty() ? "" : " ",
                              shapeText(output.shape));
    throw Error({}, {}, "none of the results can be shown in this way: " + shapes);
}

std::size_t channelCount(const ScriptOutput &output)
{
    return mapsOf(output.shape).channels;
}

ValueMap valueMap(const ScriptOutput &output, std::size_t channel)
{
    const Maps maps = mapsOf(output.shape);
    if (!maps)
        throw cannotShow(output, "a map");
    if (channel >= maps.channels)
        throw Error({}, displayText(output.name), fmt::format("has {} maps; there is no map {}", maps.channels, channel));
    ValueMap map {static_cast<int>(maps.width),
                  static_cast<int>(maps.height),
                  {},
                  std::numeric_limits<float>::infinity(),
                  -std::numeric_limits<float>::infinity()};
    for (std::size_t i = 0; i < maps.width * maps.height; ++i) {
        const float value = output.values[maps.at(channel, i)];
        map.values.push_back(value);
        if (std::isfinite(value)) {
            map.smallest = std::min(map.smallest, value);
            map.largest = std::max(map.largest, value);
        }
    }
    if (map.smallest > map.largest)
        map.smallest = map.largest = 0;
    return map;
}

std::vector<std::uint8_t> maskOf(const ValueMap &map, double threshold)
{
    std::vector<std::uint8_t> mask;
    for (const float value : map.values)
        mask.push_back(static_cast<double>(value) > threshold ? 255 : 0);
    return mask;
}

std::vector<std::uint16_t> classMap(const ScriptOutput &output)
{
    const Maps maps = mapsOf(output.shape);
    if (!maps)
        throw cannotShow(output, "a map of classes");
    std::vector<std::uint16_t> classes;
    for (std::size_t i = 0; i < maps.width * maps.height; ++i) {
        std::size_t best = 0;
        for (std::size_t channel = 1; channel < maps.channels; ++channel)
            best = output.values[maps.at(channel, i)] > output.values[maps.at(best, i)] ? channel : best;
        classes.push_back(static_cast<std::uint16_t>(best));
    }
    return classes;
}

Image heatMap(const ValueMap &map)
{
    Image image {map.width, map.height, {}};
    const double extent = static_cast<double>(map.largest) - static_cast<double>(map.smallest);
    constexpr std::array<std::uint8_t, 3> grey = {128, 128, 128};
    for (const float value : map.values) {
        const double unit = extent > 0 ? (static_cast<double>(value) - static_cast<double>(map.smallest)) / extent : 0;
        const std::array<std::uint8_t, 3> colour = std::isnan(value) ? grey : heatColour(std::clamp(unit, 0.0, 1.0));
        image.rgb.insert(image.rgb.end(), colour.begin(), colour.end());
    }
    return image;
}

std::vector<ClassScore> classScores(const ScriptOutput &output, const std::vector<std::string> &labels, std::size_t count)
{
    const std::size_t classes = scoreCount(output.shape);
    if (classes < 2)
        throw cannotShow(output, "scores of classes");
    const std::span<const float> values(output.values.data(), classes); // of the first batch entry
    const auto sum = std::accumulate(values.begin(), values.end(), 0.0);
    const bool probabilities = std::abs(sum - 1) < 1e-3 && std::ranges::all_of(values, [](float value) { return value >= 0; });
    const double largest = static_cast<double>(*std::ranges::max_element(values));
    double total = 0;
    for (const float value : values)
        total += std::exp(static_cast<double>(value) - largest);
    std::vector<ClassScore> scores;
    for (std::size_t i = 0; i < classes; ++i) {
        const auto score = static_cast<double>(values[i]);
        scores.push_back(
            {i, i < labels.size() ? labels[i] : std::string(), score, probabilities ? score : std::exp(score - largest) / total});
    }
    std::ranges::stable_sort(scores, std::greater<>(), &ClassScore::score);
    scores.resize(std::min(count, scores.size()));
    return scores;
}

std::vector<std::string> loadLabels(const std::filesystem::path &file)
{
    std::ifstream stream(file, std::ios::binary);
    if (!stream)
        throw Error(file.string(), {}, "cannot be read");
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    std::vector<std::string> labels;
    const auto nameOf = [&](const nlohmann::json &value) -> std::string {
        if (value.is_string())
            return value.get<std::string>();
        if (value.is_array() && !value.empty() && value.back().is_string()) // ["n01440764", "tench"]
            return value.back().get<std::string>();
        throw Error(file.string(), {}, "is JSON, but no list of names and no object from index to name");
    };
    const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (json.is_array()) {
        for (const nlohmann::json &value : json)
            labels.push_back(nameOf(value));
    } else if (json.is_object()) {
        constexpr std::size_t mostClasses = 1'000'000;
        for (const auto &[key, value] : json.items()) {
            const std::size_t index
                = !key.empty() && key.size() < 7 && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; }) ? std::stoul(key)
                                                                                                                          : mostClasses;
            if (index >= mostClasses)
                throw Error(file.string(), displayText(key), "is no index of a class");
            labels.resize(std::max(labels.size(), index + 1));
            labels[index] = nameOf(value);
        }
    } else {
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (!line.empty() && line.back() == '\r')
                line.pop_back();
            labels.push_back(line);
        }
    }
    return labels;
}

Image featureColours(const ScriptOutput &output)
{
    std::size_t skipped = 0;
    Maps maps = gridOf(output.shape, skipped);
    if (!maps) {
        maps = mapsOf(output.shape);
        skipped = 0;
    }
    if (maps.channels < 3)
        throw cannotShow(output, "colours of features");
    const std::size_t positions = maps.width * maps.height, first = skipped * maps.channels;
    std::vector<double> rows(positions * maps.channels);
    for (std::size_t channel = 0; channel < maps.channels; ++channel) {
        double mean = 0;
        for (std::size_t i = 0; i < positions; ++i)
            mean += static_cast<double>(output.values[first + maps.at(channel, i)]) / static_cast<double>(positions);
        for (std::size_t i = 0; i < positions; ++i) {
            const auto value = static_cast<double>(output.values[first + maps.at(channel, i)]);
            rows[i * maps.channels + channel] = std::isfinite(value) && std::isfinite(mean) ? value - mean : 0;
        }
    }
    Image image {static_cast<int>(maps.width), static_cast<int>(maps.height), std::vector<std::uint8_t>(3 * positions)};
    const std::vector<Vector> directions = principalDirections(rows, maps.channels, 3);
    for (std::size_t k = 0; k < 3; ++k) {
        Vector along(positions);
        for (std::size_t i = 0; i < positions; ++i)
            along[i] = std::inner_product(directions[k].begin(), directions[k].end(),
                                          rows.begin() + static_cast<std::ptrdiff_t>(i * maps.channels), 0.0);
        const std::vector<std::uint8_t> shades = stretched(along);
        for (std::size_t i = 0; i < positions; ++i)
            image.rgb[3 * i + k] = shades[i];
    }
    return image;
}

} // namespace rekey

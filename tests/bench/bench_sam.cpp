// SPDX-License-Identifier: GPL-3.0-or-later
// Time and memory of SAM's image encoder and of a click, beside the arithmetic floor: the number of operations over the rate at which this
// machine multiplies matrices of the same shapes, by the fastest product at hand, measured in the same run.
//   bench-sam [b|l|h] [fp32|bf16|fp16] [repetitions]             random weights
//   bench-sam CHECKPOINT IMAGE EMBEDDING.f32 PRECISION [repetitions]  for sam.py: JSON, and the embedding as raw floats
#include "core/base/error.h"
#include "core/runtime/blas.h"
#include "core/runtime/librarysettings.h"
#include "core/runtime/models/sam/segmenter.h"
#include "core/runtime/paralleltasks.h"
#include "core/runtime/tiles.h"
#include "tests/core/runtime/randomsam.h"
#include "tests/core/runtime/samreference.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>

using namespace rekey;
using namespace rekey::test;

namespace {

double seconds()
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of all threads together: what remains comparable while other programs use the machine, too.
double processorSeconds()
{
    timespec time = {};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

struct Timing
{
    double wall = 1e9, processor = 1e9;

    template <class Work>
    void measure(const Work &work)
    {
        const double start = seconds(), used = processorSeconds();
        work();
        wall = std::min(wall, seconds() - start);
        processor = std::min(processor, processorSeconds() - used);
    }
};

double peakMegabytes()
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:"))
            return std::strtod(line.c_str() + 6, nullptr) / 1024;
    }
    return 0;
}

/// Multiplications and additions of the encoder's matrix products; padding of windows counts in attention, where it cannot be left out.
struct Operations
{
    double layers = 0;    ///< linear layers of the blocks: these have the precision that is asked for
    double attention = 0; ///< and neck and patches, always in fp32

    explicit Operations(const SamSize &size)
    {
        const double w = static_cast<double>(size.width);
        const double tokens = grid * grid, side = (grid + window - 1) / window, padded = side * side * window * window;
        const auto globals = static_cast<double>(size.global.size()), locals = static_cast<double>(size.depth) - globals;
        layers = 2 * (globals + locals) * tokens * w * 12 * w;
        attention = 4 * w * (globals * tokens * tokens + locals * padded * window * window)
                  + 2 * (tokens * w * 768 + tokens * w * 256 + tokens * 256 * 9 * 256);
    }
    double all() const { return layers + attention; }
};

/// Seconds for an operation.
struct Rate
{
    double wall = 1e9, processor = 1e9;
    void take(const Timing &timing, double operations)
    {
        // A product is short: where other programs run, its threads may not have found a core each before it ended. No product can take
        // less than its share of the processor's time.
        wall = std::min({wall, timing.wall / operations, timing.processor / threads() / operations});
        processor = std::min(processor, timing.processor / operations);
    }
};

/// One of the MLP's products, operands as the encoder has them at that point.
class ProductMeasurement
{
public:
    explicit ProductMeasurement(std::int64_t width)
        : m_in(width)
        , m_out(4 * width)
        , m_x(at::randn({grid * grid, m_in}))
        , m_weight(at::randn({m_out, m_in}))
        , m_result(at::empty({grid * grid, m_out}))
    {
    }
    double operations() const { return 2.0 * grid * grid * static_cast<double>(m_in) * static_cast<double>(m_out); }

    Timing library(at::ScalarType type)
    {
        const at::Tensor x = m_x.to(type), weight = m_weight.to(type);
        Timing timing;
        for (int i = 0; i < 8; ++i)
            timing.measure([&] { at::linear(x, weight); });
        return timing;
    }
    Timing tile(tiles::Factors factors)
    {
        constexpr std::int64_t chunk = 15 * tiles::blockRows;
        std::vector<const float *> from;
        std::vector<float *> to;
        for (std::int64_t i = 0; i < grid * grid; ++i) {
            from.push_back(m_x.data_ptr<float>() + i * m_in);
            to.push_back(m_result.data_ptr<float>() + i * m_out);
        }
        tiles::Buffer rows, panels;
        tiles::packRows(factors, from.data(), grid * grid, m_in, rows.reserve(tiles::packedRowsBytes(factors, grid * grid, m_in)));
        panels.reserve(tiles::packedColumnsBytes(factors, m_out, m_in));
        for (std::int64_t panel = 0; panel < tiles::panelCount(factors, m_out); ++panel)
            tiles::packPanel(factors, m_weight.data_ptr<float>(), m_in, m_out, m_in, panel, panels.data());
        std::vector<tiles::Buffer> scratch(static_cast<std::size_t>(threads()));
        Timing timing;
        for (int i = 0; i < 8; ++i) {
            timing.measure([&] {
                parallelTasks((grid * grid + chunk - 1) / chunk, {}, [&](std::int64_t task, std::int64_t worker) {
                    const std::int64_t first = task * chunk;
                    tiles::multiply(factors, tiles::packedRowsFrom(factors, rows.data(), first, m_in), std::min(chunk, grid * grid - first),
                                    panels.data(), m_out, m_in, nullptr, tiles::Then::Store, to.data() + first,
                                    scratch[static_cast<std::size_t>(worker)]);
                });
            });
        }
        return timing;
    }

private:
    std::int64_t m_in, m_out;
    at::Tensor m_x, m_weight, m_result;
};

struct Floor
{
    Rate single, chosen;
    double wall(const Operations &operations) const { return operations.layers * chosen.wall + operations.attention * single.wall; }
    double processor(const Operations &operations) const
    {
        return operations.layers * chosen.processor + operations.attention * single.processor;
    }
};

Floor measureFloor(std::int64_t width, Precision precision)
{
    ProductMeasurement product(width);
    Floor floor;
    const auto tile = [&](Rate &rate, tiles::Factors factors) {
        if (tiles::available(factors))
            rate.take(product.tile(factors), product.operations());
    };
    floor.single.take(product.library(at::kFloat), product.operations());
    tile(floor.single, tiles::Factors::F32);
    if (precision == Precision::F32)
        floor.chosen = floor.single;
    else if (precision == Precision::F16)
        tile(floor.chosen, tiles::Factors::F16);
    else {
        floor.chosen.take(product.library(at::kBFloat16), product.operations());
        tile(floor.chosen, tiles::Factors::BF16);
        tile(floor.chosen, tiles::Factors::BF16AsHalves);
    }
    return floor;
}

Precision precisionOf(const std::string &name)
{
    for (const Precision precision : {Precision::F32, Precision::BF16, Precision::F16}) {
        if (name == precisionName(precision))
            return precision;
    }
    fmt::print(stderr, "{} is no precision; fp32, bf16 and fp16 are\n", name);
    std::exit(2);
}

void benchRandom(char model, Precision precision, int repetitions)
{
    const SamSize size = samSize(model);
    fmt::print("ViT-{} 1024×1024, {}, {} threads, {}\n", static_cast<char>(std::toupper(model)), precisionName(precision), threads(),
               blasInfo().name);
    const Operations operations(size);
    const auto source = std::make_shared<RandomWeights>(SamSchema(size).schema());
    ComputeOptions compute;
    compute.precision = precision;
    const auto segmenter = sam::makeSegmenter(sam::detectConfig(source->schema(), {}), source, {}, compute);
    const double loaded = peakMegabytes();
    Image image{1024, 683, std::vector<std::uint8_t>(3 * 1024 * 683)};
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(i * i >> 7);
    Timing encode;
    for (int i = 0; i < repetitions; ++i)
        encode.measure([&] { segmenter->setImage(image); });
    const double peak = peakMegabytes();
    const Floor floor = measureFloor(size.width, precision);
    fmt::print("{:16}{:>12}{:>20}\n", "", "wall", "processor time");
    const auto row = [](const char *name, double wall, double processor, const char *unit) {
        fmt::print("{:16}{:>10.3f} {:1}{:>18.3f} {:1}\n", name, wall, unit, processor, unit);
    };
    row("encode", encode.wall, encode.processor, "s");
    row("floor", floor.wall(operations), floor.processor(operations), "s");
    row("above floor", encode.wall / floor.wall(operations), encode.processor / floor.processor(operations), "×");
    fmt::print("floor: {:.0f} billion operations of layers at {:.0f} billion a second, {:.0f} of attention and convolutions at {:.0f}\n",
               operations.layers / 1e9, 1e-9 / floor.chosen.wall, operations.attention / 1e9, 1e-9 / floor.single.wall);
    std::vector<double> clicks;
    Timing click;
    for (int i = 0; i < 20; ++i)
        click.measure([&] { clicks.push_back(segmenter->predict({{{100.0 + 30 * i, 300, true}}, {}, {}, true}).milliseconds); });
    std::ranges::sort(clicks);
    fmt::print("click: {:.1f} ms (median of {}), {:.1f} ms of processor time\n", clicks[clicks.size() / 2], clicks.size(),
               1000 * click.processor);
    fmt::print("memory: {:.0f} MiB at most, {:.0f} before encoding (weights in memory here; a file's are mapped)\n", peak, loaded);
}

/// For a comparison with another program: one process, one model.
void benchFile(char **arguments, int repetitions)
{
    ComputeOptions compute;
    compute.precision = precisionOf(arguments[4]);
    const auto segmenter = runtime().openSegmenter({openCheckpoint(arguments[1]), std::nullopt, nullptr}, {}, {}, compute);
    const Image image = loadImage(arguments[2]);
    std::string times, processor;
    for (int i = 0; i < repetitions; ++i) {
        Timing once;
        once.measure([&] { segmenter->setImage(image); });
        times += fmt::format("{}{:.4f}", i > 0 ? ", " : "", once.wall);
        processor += fmt::format("{}{:.4f}", i > 0 ? ", " : "", once.processor);
    }
    const double peak = peakMegabytes(); // before the trace, which takes memory of its own
    {
        Recording recording(*segmenter);
        segmenter->setImage(image);
        const std::vector<float> &embedding = recording.at("encoder.image_embedding").numbers;
        std::ofstream(arguments[3], std::ios::binary)
            .write(reinterpret_cast<const char *>(embedding.data()), static_cast<std::streamsize>(embedding.size() * sizeof(float)));
    }
    fmt::print("{{\"seconds\": [{}], \"processor_seconds\": [{}], \"peak_mib\": {:.0f}, \"threads\": {}, \"blas\": \"{}\"}}\n", times,
               processor, peak, threads(), blasInfo().name);
}

} // namespace

int main(int count, char **arguments)
{
    // Here the libraries are loaded before main(), so they see their settings only in a second start.
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
        prepareLibraryEnvironment();
        execv("/proc/self/exe", arguments);
    }
    setThreads(0);
    const c10::InferenceMode mode;
    const bool files = count > 4;
    const int given = files ? 5 : 3;
    const int repetitions = count > given ? std::max(1, std::atoi(arguments[given])) : 3;
    try {
        if (files)
            benchFile(arguments, repetitions);
        else
            benchRandom(count > 1 ? arguments[1][0] : 'b', precisionOf(count > 2 ? arguments[2] : "fp32"), repetitions);
    } catch (const Error &error) { // a precision that this processor lacks
        fmt::print(stderr, "{}\n", error.what());
        return 3;
    }
}

// SPDX-License-Identifier: GPL-3.0-or-later
// Time and memory of SAM's image encoder and of a click, with random weights, beside the arithmetic floor: the number of
// operations over the rate at which this machine multiplies matrices of the same kind, measured in the same run.
#include "core/runtime/blas.h"
#include "core/runtime/librarysettings.h"
#include "core/runtime/models/sam/segmenter.h"

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

struct Size
{
    std::int64_t width, depth, heads;
    std::vector<std::int64_t> global;
};

Size sizeOf(char model)
{
    switch (model) {
    case 'l': return {1024, 24, 16, {5, 11, 17, 23}};
    case 'h': return {1280, 32, 16, {7, 15, 23, 31}};
    default: return {768, 12, 12, {2, 5, 8, 11}};
    }
}

constexpr std::int64_t grid = 64, window = 14;

/// The schema of segment-anything's published models.
class Builder
{
public:
    explicit Builder(const Size &size)
    {
        m_schema.name = "random";
        const std::int64_t w = size.width;
        const std::string encoder = "image_encoder.";
        add(encoder + "pos_embed", {1, grid, grid, w});
        both(encoder + "patch_embed.proj", {w, 3, 16, 16}, w);
        for (std::int64_t i = 0; i < size.depth; ++i) {
            const std::string block = fmt::format("{}blocks.{}.", encoder, i);
            const bool global = std::ranges::find(size.global, i) != size.global.end();
            const std::int64_t reach = 2 * (global ? grid : window) - 1;
            both(block + "norm1", {w}, w);
            both(block + "norm2", {w}, w);
            both(block + "attn.qkv", {3 * w, w}, 3 * w);
            both(block + "attn.proj", {w, w}, w);
            add(block + "attn.rel_pos_h", {reach, w / size.heads});
            add(block + "attn.rel_pos_w", {reach, w / size.heads});
            both(block + "mlp.lin1", {4 * w, w}, 4 * w);
            both(block + "mlp.lin2", {w, 4 * w}, w);
        }
        add(encoder + "neck.0.weight", {256, w, 1, 1});
        both(encoder + "neck.1", {256}, 256);
        add(encoder + "neck.2.weight", {256, 256, 3, 3});
        both(encoder + "neck.3", {256}, 256);
        prompts();
        decoder();
    }
    Schema schema() const { return m_schema; }

private:
    void add(const std::string &key, Shape shape)
    {
        m_schema.tensors.push_back({key, std::move(shape), DType::F32, static_cast<std::uint32_t>(m_schema.tensors.size())});
    }
    void both(const std::string &key, Shape weight, std::int64_t bias)
    {
        add(key + ".weight", std::move(weight));
        add(key + ".bias", {bias});
    }
    void prompts()
    {
        const std::string prefix = "prompt_encoder.";
        add(prefix + "pe_layer.positional_encoding_gaussian_matrix", {2, 128});
        for (int i = 0; i < 4; ++i)
            add(fmt::format("{}point_embeddings.{}.weight", prefix, i), {1, 256});
        add(prefix + "not_a_point_embed.weight", {1, 256});
        add(prefix + "no_mask_embed.weight", {1, 256});
        both(prefix + "mask_downscaling.0", {4, 1, 2, 2}, 4);
        both(prefix + "mask_downscaling.1", {4}, 4);
        both(prefix + "mask_downscaling.3", {16, 4, 2, 2}, 16);
        both(prefix + "mask_downscaling.4", {16}, 16);
        both(prefix + "mask_downscaling.6", {256, 16, 1, 1}, 256);
    }
    void attention(const std::string &prefix, std::int64_t inner)
    {
        for (const char *part : {"q_proj", "k_proj", "v_proj"})
            both(prefix + '.' + part, {inner, 256}, inner);
        both(prefix + ".out_proj", {256, inner}, 256);
    }
    void decoder()
    {
        const std::string prefix = "mask_decoder.", transformer = prefix + "transformer.";
        for (int i = 0; i < 2; ++i) {
            const std::string layer = fmt::format("{}layers.{}.", transformer, i);
            attention(layer + "self_attn", 256);
            attention(layer + "cross_attn_token_to_image", 128);
            attention(layer + "cross_attn_image_to_token", 128);
            for (int norm = 1; norm <= 4; ++norm)
                both(fmt::format("{}norm{}", layer, norm), {256}, 256);
            both(layer + "mlp.lin1", {2048, 256}, 2048);
            both(layer + "mlp.lin2", {256, 2048}, 256);
        }
        attention(transformer + "final_attn_token_to_image", 128);
        both(transformer + "norm_final_attn", {256}, 256);
        add(prefix + "iou_token.weight", {1, 256});
        add(prefix + "mask_tokens.weight", {4, 256});
        both(prefix + "output_upscaling.0", {256, 64, 2, 2}, 64);
        both(prefix + "output_upscaling.1", {64}, 64);
        both(prefix + "output_upscaling.3", {64, 32, 2, 2}, 32);
        for (int mlp = 0; mlp < 4; ++mlp) {
            for (int layer = 0; layer < 3; ++layer)
                both(fmt::format("{}output_hypernetworks_mlps.{}.layers.{}", prefix, mlp, layer), {layer == 2 ? 32 : 256, 256},
                     layer == 2 ? 32 : 256);
        }
        for (int layer = 0; layer < 3; ++layer)
            both(fmt::format("{}iou_prediction_head.layers.{}", prefix, layer), {layer == 2 ? 4 : 256, 256}, layer == 2 ? 4 : 256);
    }

    Schema m_schema;
};

class RandomSource final : public TensorSource
{
public:
    using TensorSource::TensorSource;
    Value tensor(std::size_t index) const override
    {
        const Shape &shape = schema().tensors[index].shape;
        return {at::randn(shape) / std::sqrt(static_cast<double>(elementCount(shape)) / static_cast<double>(shape[0])), DType::F32};
    }
};

/// Multiplications and additions of the encoder's matrix products; padding of windows counts in attention, where it cannot be left out.
double encoderOperations(const Size &size)
{
    const double w = static_cast<double>(size.width);
    const double tokens = grid * grid, side = (grid + window - 1) / window, padded = side * side * window * window;
    const auto globals = static_cast<double>(size.global.size()), locals = static_cast<double>(size.depth) - globals;
    const auto block = [&](double attending, double seen) { return tokens * w * 12 * w + 2 * attending * seen * w; };
    const double products = globals * block(tokens, tokens) + locals * block(padded, window * window);
    return 2 * (products + tokens * w * 768 + tokens * w * 256 + tokens * 256 * 9 * 256);
}

/// Seconds for an operation of products as the MLP's.
Timing productTiming(std::int64_t width)
{
    const at::Tensor a = at::randn({grid * grid, width}), b = at::randn({4 * width, width});
    at::Tensor out = at::empty({grid * grid, 4 * width});
    Timing timing;
    for (int i = 0; i < 12; ++i)
        timing.measure([&] { at::mm_out(out, a, b.t()); });
    const double operations = 2.0 * grid * grid * static_cast<double>(width) * 4 * static_cast<double>(width);
    return {timing.wall / operations, timing.processor / operations};
}

} // namespace

int main(int count, char **arguments)
{
    // Here the libraries are loaded before main(), so they see their settings only in a second start.
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) {
        prepareLibraryEnvironment();
        execv("/proc/self/exe", arguments);
    }
    const char model = count > 1 ? arguments[1][0] : 'b';
    const int repetitions = count > 2 ? std::atoi(arguments[2]) : 3;
    const Size size = sizeOf(model);
    setThreads(count > 3 ? std::atoi(arguments[3]) : 0);
    const c10::InferenceMode mode;
    fmt::print("ViT-{} 1024×1024, fp32, {} threads, {}\n", static_cast<char>(std::toupper(model)), threads(), blasInfo().name);
    const double operations = encoderOperations(size);
    const Timing product = productTiming(size.width);

    const auto source = std::make_shared<RandomSource>(Builder(size).schema());
    const auto segmenter = sam::makeSegmenter(sam::detectConfig(source->schema(), {}), source, {});
    const double loaded = peakMegabytes();
    Image image{1024, 683, std::vector<std::uint8_t>(3 * 1024 * 683)};
    for (std::size_t i = 0; i < image.rgb.size(); ++i)
        image.rgb[i] = static_cast<std::uint8_t>(i * i >> 7);
    Timing encode;
    for (int i = 0; i < repetitions; ++i)
        encode.measure([&] { segmenter->setImage(image); });
    fmt::print("{:16}{:>12}{:>20}\n", "", "wall", "processor time");
    const auto row = [](const char *name, double wall, double processor, const char *unit) {
        fmt::print("{:16}{:>10.3f} {:1}{:>18.3f} {:1}\n", name, wall, unit, processor, unit);
    };
    row("encode", encode.wall, encode.processor, "s");
    row("floor", operations * product.wall, operations * product.processor, "s");
    row("above floor", encode.wall / product.wall / operations, encode.processor / product.processor / operations, "×");
    fmt::print("floor: {:.0f} billion operations at {:.0f} billion a second\n", operations / 1e9, 1e-9 / product.wall);
    std::vector<double> clicks;
    Timing click;
    for (int i = 0; i < 20; ++i)
        click.measure([&] { clicks.push_back(segmenter->predict({{{100.0 + 30 * i, 300, true}}, {}, {}, true}).milliseconds); });
    std::ranges::sort(clicks);
    fmt::print("click: {:.1f} ms (median of {}), {:.1f} ms of processor time\n", clicks[clicks.size() / 2], clicks.size(),
               1000 * click.processor);
    fmt::print("memory: {:.0f} MiB at most, {:.0f} before encoding (weights in memory here; a file's are mapped)\n", peakMegabytes(),
               loaded);
}

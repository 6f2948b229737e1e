// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/core/suggest/casemaker.h"

#include <algorithm>
#include <bit>

namespace rekey::testdata {

namespace {

/// Rows [heads, 2, half] as [heads, half, 2].
Array inPairs(const Array &a, std::int64_t heads)
{
    return interleaved(a, Interleave{0, heads, 2, a.shape[0] / heads / 2});
}

Array shifted(Array a, float by)
{
    for (float &value : a.data)
        value += by;
    return a;
}

/// Writes one layer.
class Writer
{
public:
    Writer(File &file, const Convention &convention) : m_file(file), m_convention(convention) {}

    void write(const Layer &layer)
    {
        switch (layer.kind) {
        case Layer::Kind::Linear: return linear(layer);
        case Layer::Kind::Norm: return norm(layer);
        case Layer::Kind::Attention: return attention(layer);
        case Layer::Kind::ConvNorm: return convNorm(layer);
        case Layer::Kind::WeightNorm: return weightNorm(layer);
        case Layer::Kind::Table: return add(layer.block + layer.name + ".weight", layer.values.at("weight"));
        }
    }

private:
    void add(const std::string &key, const Array &array, bool calculated = false)
    {
        m_file.tensors.emplace_back(key, array);
        if (calculated)
            m_file.calculated.insert(key);
    }

    Array turned(const Array &a) const { return m_convention.inputFirst ? permuted(a, {1, 0}) : a; }

    void linear(const Layer &layer)
    {
        add(layer.block + layer.name + ".weight", turned(layer.values.at("weight")));
        if (layer.values.contains("bias"))
            add(layer.block + layer.name + ".bias", layer.values.at("bias"));
    }

    void norm(const Layer &layer)
    {
        const bool shift = m_convention.plusOne;
        add(layer.block + layer.name + ".weight", shift ? shifted(layer.values.at("weight"), -1) : layer.values.at("weight"), shift);
        if (layer.values.contains("bias"))
            add(layer.block + layer.name + ".bias", layer.values.at("bias"));
    }

    void attention(const Layer &layer)
    {
        const auto part = [&](const std::string &which, const std::string &leaf) {
            const Array &a = layer.values.at(which + "." + leaf);
            const std::int64_t heads = which == "q" ? layer.heads : layer.keyHeads;
            return m_convention.rotaryPairs && which != "v" ? inPairs(a, heads) : a;
        };
        const auto has = [&](const std::string &which) { return layer.values.contains(which + ".bias"); };
        const std::string at = layer.block + "attn.";
        if (m_convention.fusing == Convention::Fusing::Separate) {
            for (const std::string which : {"q", "k", "v"}) {
                add(at + which + ".weight", part(which, "weight"));
                if (has(which))
                    add(at + which + ".bias", part(which, "bias"));
            }
        } else {
            add(at + "qkv.weight", fused(layer, {part("q", "weight"), part("k", "weight"), part("v", "weight")}));
            if (has("k")) {
                add(at + "qkv.bias", fused(layer, {part("q", "bias"), part("k", "bias"), part("v", "bias")}));
            } else if (has("q") && m_convention.biases == Convention::Biases::WithZeros
                       && m_convention.fusing == Convention::Fusing::Fused) {
                const Array zeros{part("v", "bias").shape, std::vector<float>(part("v", "bias").data.size(), 0.0F)};
                add(at + "qkv.bias", fused(layer, {part("q", "bias"), zeros, part("v", "bias")}));
            } else if (has("q")) {
                add(at + "q_bias", part("q", "bias"));
                add(at + "v_bias", part("v", "bias"));
            }
        }
    }

    Array fused(const Layer &layer, const std::array<Array, 3> &parts) const
    {
        std::vector<Array> ordered;
        for (const int p : m_convention.parts)
            ordered.push_back(parts[static_cast<std::size_t>(p)]);
        const Array whole = concatenated(ordered, 0);
        const bool perHead = m_convention.fusing == Convention::Fusing::PerHead && layer.heads == layer.keyHeads;
        return perHead ? interleaved(whole, Interleave{0, 1, 3, layer.heads}) : whole;
    }

    void convNorm(const Layer &layer)
    {
        const auto &v = layer.values;
        const std::string conv = layer.block + layer.name + ".conv.", bn = layer.block + layer.name + ".bn.";
        if (m_convention.folded) {
            std::vector<Array> in = {v.at("weight")};
            if (v.contains("bias"))
                in.push_back(v.at("bias"));
            for (const char *leaf : {"gamma", "beta", "mean", "var"})
                in.push_back(v.at(leaf));
            const auto result = testdata::folded(in, FoldBatchNorm{layer.eps, v.contains("bias")});
            add(conv + "weight", result[0], true);
            add(conv + "bias", result[1], true);
            return;
        }
        add(conv + "weight", v.at("weight"));
        if (v.contains("bias"))
            add(conv + "bias", v.at("bias"));
        add(bn + "weight", v.at("gamma"));
        add(bn + "bias", v.at("beta"));
        add(bn + "running_mean", v.at("mean"));
        add(bn + "running_var", v.at("var"));
    }

    void weightNorm(const Layer &layer)
    {
        const std::string at = layer.block + layer.name + ".";
        if (m_convention.lengthAndDirection) {
            add(at + "weight_g", layer.values.at("g"), true);
            add(at + "weight_v", layer.values.at("v"));
        } else if (layer.values.at("g") == lengths(layer.values.at("v"), 0)) {
            add(at + "weight", layer.values.at("v"));
        } else {
            add(at + "weight", fusedWeightNorm(layer.values.at("g"), layer.values.at("v"), 0), true);
        }
        add(at + "bias", layer.values.at("bias"));
    }

    File &m_file;
    const Convention &m_convention;
};

} // namespace

float roundedTo(float value, DType dtype)
{
    if (dtype == DType::BF16) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        return std::bit_cast<float>((bits + 0x7FFFU + ((bits >> 16) & 1U)) & 0xFFFF0000U);
    }
    if (dtype == DType::F16) {
        // Values here are neither huge nor all tiny: to a multiple of 2^-24, or to 11 significant bits.
        int exponent = 0;
        std::frexp(value, &exponent);
        const int least = std::max(exponent - 11, -24);
        return std::ldexp(std::nearbyint(std::ldexp(value, -least)), least);
    }
    return value;
}

std::string Convention::text() const
{
    std::string text = fusing == Fusing::Separate ? "separate" : fusing == Fusing::Fused ? "fused" : "per head";
    if (fusing != Fusing::Separate)
        for (const int p : parts)
            text += " qkv"[p + 1];
    for (const auto &[flag, name] : {std::pair(inputFirst, ", transposed"), {rotaryPairs, ", rotary pairs"}, {plusOne, ", norms - 1"},
                                     {folded, ", folded"}, {lengthAndDirection, ", g v"}, {siblingsSwapped, ", siblings swapped"},
                                     {names == Names::Scrambled, ", scrambled"}, {order == Order::Sorted, ", sorted"},
                                     {order == Order::Shuffled, ", shuffled"}, {biases == Biases::WithZeros, ", zeros"}})
        text += flag ? name : "";
    return text + ", " + std::string(name(dtype));
}

const std::vector<std::string> &CaseMaker::architectures()
{
    static const std::vector<std::string> all = {"vit", "beit", "llama", "gemma", "two towers", "resnet", "vocoder", "hybrid"};
    return all;
}

Array CaseMaker::noise(Shape shape, float mean, float spread)
{
    std::normal_distribution<float> normal(mean, spread);
    Array array{std::move(shape), {}};
    array.data.resize(elementCount(array.shape));
    for (float &value : array.data)
        value = normal(m_random);
    return array;
}

void CaseMaker::linear(Network &network, const std::string &block, const std::string &name, std::int64_t out, std::int64_t in, bool bias)
{
    Layer layer{Layer::Kind::Linear, block, name, {{"weight", noise({out, in})}}};
    if (bias)
        layer.values["bias"] = noise({out});
    network.push_back(std::move(layer));
}

void CaseMaker::norm(Network &network, const std::string &block, const std::string &name, std::int64_t width, bool bias)
{
    Layer layer{Layer::Kind::Norm, block, name, {{"weight", noise({width}, 1)}}};
    if (bias)
        layer.values["bias"] = noise({width});
    network.push_back(std::move(layer));
}

void CaseMaker::attention(Network &network, const std::string &block, std::int64_t width, std::int64_t heads, std::int64_t keyHeads,
                          const std::string &biases)
{
    Layer layer{Layer::Kind::Attention, block, "attn", {}, heads, keyHeads};
    for (const std::string which : {"q", "k", "v"}) {
        const std::int64_t rows = which == "q" ? width : width / heads * keyHeads;
        layer.values[which + ".weight"] = noise({rows, width});
        if (biases.find(which) != std::string::npos)
            layer.values[which + ".bias"] = noise({rows});
    }
    network.push_back(std::move(layer));
    linear(network, block, "attn.proj", width, width, !biases.empty());
}

void CaseMaker::convNorm(Network &network, const std::string &block, const std::string &name, const Shape &shape, double eps, bool bias)
{
    Layer layer{Layer::Kind::ConvNorm, block, name, {{"weight", noise(shape)}}, 1, 1, eps};
    const Shape channels = {shape[0]};
    if (bias)
        layer.values["bias"] = noise(channels);
    layer.values["gamma"] = noise(channels, 1);
    layer.values["beta"] = noise(channels);
    layer.values["mean"] = noise(channels);
    layer.values["var"] = noise(channels, 1, 0.2F);
    for (float &value : layer.values["var"].data)
        value = std::fabs(value) + 0.01F;
    network.push_back(std::move(layer));
}

Network CaseMaker::network(const std::string &architecture)
{
    const bool isConvolutional = architecture == "resnet" || architecture == "hybrid";
    const bool rotary = architecture == "llama" || architecture == "gemma";
    const std::int64_t width = 32, heads = 4, blocks = 2 + m_random() % 3;
    const double eps = chance(2) ? 1e-5 : 1e-3;
    const bool convBias = chance(3);
    m_untrained = chance(2);
    Network result;
    for (std::int64_t b = 0; isConvolutional && b < blocks; ++b) {
        const std::string block = "stages." + std::to_string(b) + ".";
        convNorm(result, block, "a", {16, 16, 1, 1}, eps, convBias);
        convNorm(result, block, "b", {16, 16, 3, 3}, eps, convBias);
        convNorm(result, block, "c", {16, 1, 3, 3}, eps, convBias); // depthwise
        convNorm(result, block, "d", {16, 16, 1, 1}, eps, convBias);
    }
    for (std::int64_t b = 0; architecture == "vocoder" && b < 2 * blocks; ++b) {
        const std::string block = "resblocks." + std::to_string(b) + ".";
        for (const char *name : {"convs1.0", "convs1.1", "convs2.0"})
        {
            const Array v = noise({12, 12, 3});
            result.push_back({Layer::Kind::WeightNorm, block, name,
                              {{"g", m_untrained ? lengths(v, 0) : noise({12, 1, 1}, 2)}, {"v", v}, {"bias", noise({12})}}});
        }
    }
    if (architecture == "resnet" || architecture == "vocoder")
        return result;
    result.push_back({Layer::Kind::Table, "", "embed", {{"weight", noise({50, width})}}});
    const std::string biases = architecture == "beit" ? "qv" : rotary ? "" : "qkv";
    std::vector<std::string> towers = {""};
    if (architecture == "two towers")
        towers = {"vision.", "text."};
    for (const auto &tower : towers)
        for (std::int64_t b = 0; b < blocks; ++b) {
            const std::string block = tower + "layers." + std::to_string(b) + ".";
            norm(result, block, "norm1", width, !rotary);
            attention(result, block, width, heads, architecture == "llama" ? 2 : heads, biases);
            norm(result, block, "norm2", width, !rotary);
            linear(result, block, "mlp.fc1", 2 * width, width, !rotary);
            if (rotary)
                linear(result, block, "mlp.gate", 2 * width, width, false);
            linear(result, block, "mlp.fc2", width, 2 * width, !rotary);
        }
    norm(result, "", "norm", width, !rotary);
    if (chance(3)) // tied
        result.push_back({Layer::Kind::Table, "", "head", {{"weight", result[0].kind == Layer::Kind::Table ? result[0].values["weight"]
                                                                                                      : noise({50, width})}}});
    return result;
}

Convention CaseMaker::convention(const std::string &architecture, bool isTarget)
{
    Convention c;
    const auto pick = [&](auto first, auto second, auto third) { return std::array{first, second, third}[m_random() % 3]; };
    c.fusing = pick(Convention::Fusing::Separate, Convention::Fusing::Fused, Convention::Fusing::PerHead);
    if (c.fusing == Convention::Fusing::Fused)
        std::shuffle(c.parts.begin(), c.parts.end(), m_random);
    c.biases = pick(Convention::Biases::AsWeights, Convention::Biases::OwnNames, Convention::Biases::WithZeros);
    c.inputFirst = chance(3);
    c.rotaryPairs = (architecture == "llama" || architecture == "gemma") && chance(2);
    c.plusOne = architecture == "gemma" && chance(2);
    c.folded = isTarget && chance(2);
    c.lengthAndDirection = (!isTarget && !m_untrained) || chance(2);
    c.siblingsSwapped = isTarget && chance(2);
    c.names = pick(Convention::Names::Plain, Convention::Names::Wrapped, Convention::Names::Scrambled);
    c.order = pick(Convention::Order::Registered, Convention::Order::Sorted, Convention::Order::Shuffled);
    if (isTarget)
        c.dtype = pick(DType::F32, DType::F16, DType::BF16);
    return c;
}

void CaseMaker::swapSiblings(File &file)
{
    std::map<std::pair<std::string, Shape>, std::vector<std::size_t>> groups;
    for (std::size_t i = 0; i < file.tensors.size(); ++i) {
        const auto &[key, array] = file.tensors[i];
        std::size_t dot = 0; // after the last segment that is a number
        for (std::size_t at = 0, next = 0; (next = key.find('.', at)) != std::string::npos; at = next + 1)
            if (key.find_first_not_of("0123456789", at) == next)
                dot = next;
        if (!file.calculated.contains(key)) // what belongs together is told from the module, whose leaves may have any name
            groups[{key.substr(0, dot), array.shape}].push_back(i);
    }
    for (auto &[block, members] : groups) {
        std::vector<Array> contents;
        for (const auto m : members)
            contents.push_back(file.tensors[m].second);
        std::shuffle(contents.begin(), contents.end(), m_random);
        for (std::size_t i = 0; i < members.size(); ++i)
            file.tensors[members[i]].second = std::move(contents[i]);
    }
}

void CaseMaker::rename(File &file, Convention::Names names)
{
    std::map<std::string, std::string> words;
    std::set<std::string> calculated;
    for (auto &[key, array] : file.tensors) {
        std::string renamed = names == Convention::Names::Wrapped ? "module.model." + key : std::string(), word;
        for (const char c : names == Convention::Names::Scrambled ? key + '.' : std::string()) {
            if (std::isalpha(static_cast<unsigned char>(c)) || c == '_') {
                word += c;
                continue;
            }
            if (!word.empty()) {
                std::string &other = words[word];
                const auto letter = [&] { return std::string(1, static_cast<char>('a' + m_random() % 26)); };
                if (other.empty())
                    other = letter() + "z" + letter() + "q" + std::to_string(words.size()) + "w";
                renamed += other;
                word.clear();
            }
            renamed += c;
        }
        if (names == Convention::Names::Scrambled)
            renamed.pop_back();
        if (file.calculated.contains(key))
            calculated.insert(renamed);
        key = renamed;
    }
    file.calculated = calculated;
}

File CaseMaker::written(const Network &network, const Convention &convention)
{
    File file;
    file.dtype = convention.dtype;
    Writer writer(file, convention);
    for (const auto &layer : network)
        writer.write(layer);
    for (auto &[key, array] : file.tensors)
        for (float &value : array.data)
            value = roundedTo(value, file.dtype);
    if (convention.siblingsSwapped)
        swapSiblings(file);
    if (convention.names != Convention::Names::Plain)
        rename(file, convention.names);
    if (convention.order == Convention::Order::Sorted)
        std::sort(file.tensors.begin(), file.tensors.end(), [](const auto &a, const auto &b) { return a.first < b.first; });
    if (convention.order == Convention::Order::Shuffled)
        std::shuffle(file.tensors.begin(), file.tensors.end(), m_random);
    return file;
}

} // namespace rekey::testdata

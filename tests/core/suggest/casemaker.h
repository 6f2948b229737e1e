// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tests/core/suggest/smallarray.h"

#include <array>
#include <map>
#include <random>
#include <set>
#include <string>

namespace rekey::testdata {

/// Layers of a made-up network, with their weights: what two files write down in two ways.
struct Layer
{
    enum class Kind { Linear, Norm, Attention, ConvNorm, WeightNorm, Table };
    Kind kind = Kind::Linear;
    std::string block, name;        ///< "layers.3.", "fc1"
    std::map<std::string, Array> values;
    std::int64_t heads = 1, keyHeads = 1;
    double eps = 1e-5;
};
using Network = std::vector<Layer>;

/// How one file writes layers.
struct Convention
{
    enum class Fusing { Separate, Fused, PerHead };
    enum class Biases { AsWeights, OwnNames, WithZeros }; ///< of attention whose k has none
    enum class Names { Plain, Wrapped, Scrambled };
    enum class Order { Registered, Sorted, Shuffled };

    Fusing fusing = Fusing::Separate;
    std::array<int, 3> parts = {0, 1, 2}; ///< order of q, k and v in a fused tensor
    Biases biases = Biases::AsWeights;
    bool inputFirst = false;    ///< linear layers transposed
    bool rotaryPairs = false;   ///< of q and k: rows of each head as pairs instead of halves
    bool plusOne = false;       ///< norms hold weight − 1
    bool folded = false;        ///< no batch norms: they are folded in
    bool lengthAndDirection = true; ///< weight norm as g, v
    bool siblingsSwapped = false;   ///< contents of equal shape within a block change places
    Names names = Names::Plain;
    Order order = Order::Registered;
    DType dtype = DType::F32;

    std::string text() const;
};

struct File
{
    std::vector<std::pair<std::string, Array>> tensors; ///< values already rounded to dtype
    std::set<std::string> calculated;                   ///< equal only within rounding
    DType dtype = DType::F32;
};

class CaseMaker
{
public:
    explicit CaseMaker(unsigned seed) : m_random(seed) {}

    static const std::vector<std::string> &architectures();
    Network network(const std::string &architecture);
    Convention convention(const std::string &architecture, bool isTarget);
    File written(const Network &network, const Convention &convention);

private:
    bool chance(int of) { return m_random() % static_cast<unsigned>(of) == 0; }
    Array noise(Shape shape, float mean = 0, float spread = 0.3F);
    void linear(Network &network, const std::string &block, const std::string &name, std::int64_t out, std::int64_t in, bool bias);
    void norm(Network &network, const std::string &block, const std::string &name, std::int64_t width, bool bias);
    void attention(Network &network, const std::string &block, std::int64_t width, std::int64_t heads, std::int64_t keyHeads,
                   const std::string &biases);
    void convNorm(Network &network, const std::string &block, const std::string &name, const Shape &shape, double eps, bool bias);
    void swapSiblings(File &file);
    void rename(File &file, Convention::Names names);

    std::mt19937 m_random;
    bool m_untrained = false; ///< of weight norm: the weight is v, and g its length
};

float roundedTo(float value, DType dtype);

} // namespace rekey::testdata

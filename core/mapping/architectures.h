// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/mapping/mapping.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// One implementation's way of naming an architecture's weights, and what it computes differently though the weights
/// are the same.
struct Naming
{
    std::string id;     ///< "original", "hf"
    std::string name;   ///< "segment-anything", "Hugging Face SAM"
    std::string layout; ///< "HF SAM layout"
    std::map<std::string, double> behaviour; ///< {"decoder_norm_eps": 1e-6}
    std::vector<Pattern> signature; ///< every one of these matches some key
};

/// A network that Rekey knows by name (resources/architectures/*.json).
struct Architecture
{
    std::string id;   ///< "sam": also the name of core/runtime/models/<id>, where there is one
    std::string name; ///< "Segment Anything"
    std::vector<Naming> namings; ///< the first one is the runtime's own
    struct Example { std::string name; std::string naming; std::string schema; }; ///< "HF SAM, huge"; resource name of a schema
    std::vector<Example> examples;
};

const std::vector<Architecture> &architectures();

struct Recognised { const Architecture *architecture; const Naming *naming; std::string prefix; };
/// Which architecture and naming a schema is of, with any wrapper prefix ("module.") before its keys; nothing when unknown.
std::optional<Recognised> recognise(const Schema &schema);

/// The rules from one naming of an architecture to another, for any size. Throws Error for unknown ids.
Mapping namingMapping(const Architecture &architecture, const std::string &from, const std::string &to);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/checkpoint.h"
#include "core/mapping/mapping.h"
#include "core/runtime/image.h"
#include "core/runtime/preparation.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace rekey {

/// A tensor among a module's results. Dictionaries, tuples and lists are gone through in order.
struct ScriptOutput
{
    std::string name; ///< "masks", "0", "features.2"; empty for a module that returns one tensor
    Shape shape;
    std::vector<float> values; ///< row-major
};

struct ScriptModuleRequest
{
    std::filesystem::path file;
    /// A TorchScript file is a program: opening and running it executes code from the file, which can read and change whatever its
    /// interpreter offers. Without a person's consent nothing is opened. Listing such a file as a checkpoint needs none: that executes
    /// nothing.
    bool executionAllowed = false;
    /// Parameters and buffers are filled from here before running: through the mapping where there is one, else by equal names.
    CheckpointPtr source;
    std::optional<Mapping> mapping;
};

/// A TorchScript module, opened and perhaps filled. Not thread-safe.
class ScriptModule
{
public:
    virtual ~ScriptModule() = default;
    virtual std::string description() const = 0; ///< "TorchScript ResNet, 161 parameters, 53 buffers"
    virtual std::size_t filled() const = 0; ///< parameters and buffers that were filled from the source
    virtual std::vector<std::string> notFilled() const = 0; ///< keys of the module that the source leaves as they are
    /// Runs forward() with one tensor. Throws Error with what the module says when it fails. Cancel takes effect between operators.
    virtual std::vector<ScriptOutput> run(const Image &image, const ImagePreparation &preparation, const Progress &progress = {}) = 0;
    virtual double milliseconds() const = 0; ///< of the last run(), without preparing the picture
};

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/runtime/runtime.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

// The subcommands: what was asked, and a function that does it, one file each. They return an ExitCode, print results on
// stdout, and throw Error or Cancelled, which commandline.cpp turns into a sentence and a code.

namespace rekey {

/// Arguments that make no sense: exit code 2 rather than 3.
class UsageError : public std::runtime_error
{
public:
    using std::runtime_error::runtime_error;
};

/// Which part of a nested file is meant: "auto" (the best state dict), "all" (the whole file) or a dotted path.
struct InputOptions
{
    std::filesystem::path file;
    std::string root = "auto";
};

/// Source and target: "A B", or "--source A1 --source A2 B" for a target that takes its weights from several.
struct PairOptions
{
    std::filesystem::path a, b;
    std::vector<std::filesystem::path> sources;
    std::string rootA = "auto", rootB = "auto";

    /// Throw UsageError when too many or too few are given.
    std::vector<InputOptions> sourceInputs() const;
    InputOptions targetInput() const;
};

struct KeysOptions
{
    InputOptions input;
    bool json = false, sha256 = false, tree = false, rootGiven = false;
};
int keysCommand(const KeysOptions &options);

struct StatsOptions
{
    InputOptions input;
    std::string key;
    std::size_t histogramBins = 0;
    bool json = false;
};
int statsCommand(const StatsOptions &options);

struct DiffOptions
{
    InputOptions a, b;
    std::vector<std::string> stripPrefixes;
    bool values = false, json = false;
};
int diffCommand(const DiffOptions &options);

struct ScanOptions
{
    std::filesystem::path file;
    bool json = false;
};
int scanCommand(const ScanOptions &options);

struct SuggestCommandOptions
{
    PairOptions pair;
    std::filesystem::path output, pairs;
    std::vector<std::filesystem::path> lexicons;
    bool json = false, namesOnly = false;
};
int suggestCommand(const SuggestCommandOptions &options);

struct ResolveOptions
{
    PairOptions pair;
    std::filesystem::path mapping;
    bool json = false;
};
int resolveCommand(const ResolveOptions &options);

struct ConvertOptions
{
    PairOptions pair; ///< `b` is not used: the target is an option of its own
    std::optional<InputOptions> target;
    std::filesystem::path mapping, output;
    std::string dtype, maxShardSize, wrapperKey;
    bool allowIncomplete = false, json = false;
};
int convertCommand(const ConvertOptions &options);

struct ExportOptions
{
    std::filesystem::path mapping, output; ///< output: empty or "-" for standard output
    std::string exporter;
    std::vector<InputOptions> sources;
    std::optional<InputOptions> target;
    bool reverse = false; ///< the mapping that leads back
    bool json = false;
};
int exportCommand(const ExportOptions &options);

struct ParityOptions
{
    InputOptions a, b;
    std::filesystem::path mapping, image;
    std::vector<std::filesystem::path> activations;
    std::vector<std::string> points;
    std::string box, prefixA, prefixB, dtype = "fp32";
    double tolerance = 0; ///< 0: by the dtype of computing
    bool json = false;
};
int parityCommand(const ParityOptions &options);

/// Of `run` with a TorchScript module.
struct ModuleOptions
{
    std::string as; ///< mask, heatmap, scores, features; empty: no such module
    std::string size, fit = "stretch", mean, deviation;
    double range = 1, threshold = 0;
    bool blueFirst = false, allowCode = false;
    std::string outputName;
    int channel = 0;
    std::filesystem::path labels, weights;
    std::size_t top = 5;
};

struct RunOptions
{
    InputOptions checkpoint;
    std::optional<InputOptions> target, beside;
    std::filesystem::path mapping, image, output, overlay;
    std::vector<std::string> points;
    std::string box, text, dtype = "fp32", device = "cpu";
    ModuleOptions module;
    bool everything = false, json = false;
    // Of --everything, with segment-anything's defaults.
    int pointsPerSide = 32, cropLayers = 0, minArea = 0;
    double iouThreshold = 0.88, stabilityThreshold = 0.95;
};
int runCommand(const RunOptions &options);
/// runCommand() with --as.
int runModule(const RunOptions &options);

struct DemoOptions
{
    std::filesystem::path output;
    bool json = false;
};
int demoCommand(const DemoOptions &options);

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commandline.h"

#include "app/commands.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/script/exporters.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <functional>
#include <memory>
#include <new>

namespace rekey {

namespace {

constexpr std::array<std::string_view, 11> subcommands
    = {"keys", "stats", "diff", "scan", "suggest", "resolve", "convert", "export", "parity", "run", "demo"};

constexpr const char *rootHelp = "of a nested file: 'auto', 'all' or a dotted path such as 'model'";

void addJson(CLI::App *command, bool &json)
{
    command->add_flag("--json", json, "print JSON for machines");
}

void addSources(CLI::App *command, PairOptions &pair)
{
    command
        ->add_option("--source", pair.sources, "instead of A: a source; may be repeated for a target that takes its weights from several")
        ->allow_extra_args(false);
}

void addPair(CLI::App *command, PairOptions &pair)
{
    command->add_option("A", pair.a, "source checkpoint or schema")->required();
    command->add_option("B", pair.b, "target checkpoint or schema");
    addSources(command, pair);
    command->add_option("--root-a", pair.rootA, rootHelp);
    command->add_option("--root-b", pair.rootB, rootHelp);
}

/// Registers one subcommand: its options, and what runs when it was chosen.
template <typename Options, typename Add>
void addCommand(CLI::App &app, int &result, const char *name, const char *description, int (*run)(const Options &), const Add &add)
{
    CLI::App *command = app.add_subcommand(name, description);
    auto options = std::make_shared<Options>();
    add(command, *options);
    command->callback([options, run, &result] { result = run(*options); });
}

void addInspecting(CLI::App &app, int &result)
{
    addCommand<KeysOptions>(app, result, "keys", "list a checkpoint's keys, shapes and dtypes", &keysCommand,
                            [](CLI::App *c, KeysOptions &o) {
                                c->add_option("FILE", o.input.file, "checkpoint, folder, shard index or schema JSON")->required();
                                c->add_flag("--tree", o.tree, "as a tree with repeated blocks folded");
                                c->add_flag("--sha256", o.sha256, "with the digest of each tensor's values");
                                c->add_option("--root", o.input.root, rootHelp)->each([&o](const std::string &) { o.rootGiven = true; });
                                addJson(c, o.json);
                            });
    addCommand<StatsOptions>(
        app, result, "stats", "count, range, mean and deviation of values", &statsCommand, [](CLI::App *c, StatsOptions &o) {
            c->add_option("FILE", o.input.file, "checkpoint")->required();
            c->add_option("--key", o.key, "a key, a pattern such as 'blocks.{i}.attn.qkv.weight', or a part of keys");
            c->add_option("--histogram", o.histogramBins, "also count values in this many bins")->check(CLI::Range(1, 100000));
            c->add_option("--root", o.input.root, rootHelp);
            addJson(c, o.json);
        });
    addCommand<DiffOptions>(app, result, "diff", "which keys two checkpoints share, and whether their values agree", &diffCommand,
                            [](CLI::App *c, DiffOptions &o) {
                                c->add_option("A", o.a.file, "checkpoint or schema")->required();
                                c->add_option("B", o.b.file, "checkpoint or schema")->required();
                                c->add_option("--strip-prefix", o.stripPrefixes,
                                              "compare only keys with this prefix, without it; may be repeated")
                                    ->allow_extra_args(false);
                                c->add_flag("--values", o.values, "compare the values of common keys too");
                                c->add_option("--root-a", o.a.root, rootHelp);
                                c->add_option("--root-b", o.b.root, rootHelp);
                                addJson(c, o.json);
                            });
    addCommand<ScanOptions>(app, result, "scan", "what a pickle would import or call, without running it", &scanCommand,
                            [](CLI::App *c, ScanOptions &o) {
                                c->add_option("FILE", o.file, "checkpoint")->required();
                                addJson(c, o.json);
                            });
}

void addMapping(CLI::App &app, int &result)
{
    addCommand<SuggestCommandOptions>(app, result, "suggest", "propose the rules from one checkpoint to another", &suggestCommand,
                                      [](CLI::App *c, SuggestCommandOptions &o) {
                                          addPair(c, o.pair);
                                          c->add_option("-o,--output", o.output, "mapping to write, M.rekey.json");
                                          c->add_option("--pairs", o.pairs, "also write it key by key, as JSON");
                                          c->add_flag("--names-only", o.namesOnly, "do not look at values as evidence");
                                          c->add_option("--lexicon", o.lexicons,
                                                        "more names of layers, in the form of resources/lexicon.json; may be repeated");
                                          addJson(c, o.json);
                                      });
    addCommand<ResolveOptions>(app, result, "resolve", "what a mapping means for two checkpoints", &resolveCommand,
                               [](CLI::App *c, ResolveOptions &o) {
                                   addPair(c, o.pair);
                                   c->add_option("-m,--mapping", o.mapping, "mapping, M.rekey.json")->required();
                                   addJson(c, o.json);
                               });
    addCommand<ConvertOptions>(
        app, result, "convert", "write the target's keys, filled from the source", &convertCommand, [](CLI::App *c, ConvertOptions &o) {
            c->add_option("A", o.pair.a, "source checkpoint");
            addSources(c, o.pair);
            c->add_option("-m,--mapping", o.mapping, "mapping, M.rekey.json")->required();
            c->add_option_function<std::string>(
                "-t,--target", [&o](const std::string &file) { o.target = InputOptions {file}; },
                "target checkpoint or schema: names, shapes, dtypes and kept values");
            c->add_option("-o,--output", o.output, "file to write; its extension says the format")->required();
            c->add_option("--dtype", o.dtype, "for floating-point tensors: F32, F16, BF16 … (default: the target's)");
            c->add_option("--max-shard-size", o.maxShardSize, "split into files of at most this size, '5GB'");
            c->add_option("--wrapper", o.wrapperKey, "for .pth: put the state dict under this key");
            c->add_flag("--allow-incomplete", o.allowIncomplete, "convert though keys are open; recorded in the file");
            c->add_option("--root", o.pair.rootA, rootHelp);
            addJson(c, o.json);
        });
    addCommand<ExportOptions>(
        app, result, "export", "write a mapping as a script or report", &exportCommand, [](CLI::App *c, ExportOptions &o) {
            c->add_option("MAPPING", o.mapping, "mapping, M.rekey.json (not needed for capture)");
            std::string forms;
            for (const Exporter &exporter : exporters())
                forms += fmt::format("{}{}: {}", forms.empty() ? "" : "; ", exporter.id, exporter.description);
            c->add_option("--to", o.exporter, forms)->required();
            c->add_option("-o,--output", o.output, "file to write (default, and '-': standard output)");
            c->add_option_function<std::vector<std::string>>(
                "--source",
                [&o](const std::vector<std::string> &files) {
                    for (const std::string &file : files)
                        o.sources.push_back({file});
                },
                "the checkpoint or schema it maps from, for shapes and counts; several: give it several times")->allow_extra_args(false);
            c->add_flag("--reverse", o.reverse, "the mapping that leads back, and which rules do not; needs --source and --target");
            c->add_option_function<std::string>(
                "--target", [&o](const std::string &file) { o.target = InputOptions {file}; }, "the checkpoint or schema it maps to");
            addJson(c, o.json);
        });
}

void addModule(CLI::App *c, ModuleOptions &o)
{
    const char *group = "TorchScript modules";
    c->add_option("--as", o.as, "run CHECKPOINT as a TorchScript module and show its result so")
        ->check(CLI::IsMember({"mask", "heatmap", "scores", "features"}))
        ->group(group);
    c->add_flag("--allow-code", o.allowCode, "a TorchScript file is a program: allow it to run; only for files whose maker you trust")
        ->group(group);
    c->add_option("--weights", o.weights, "fill its parameters and buffers from this checkpoint, through --mapping or by equal names")
        ->group(group);
    c->add_option("--size", o.size, "input in pixels: 224, or WIDTHxHEIGHT (default: the image's own size)")->group(group);
    c->add_option("--fit", o.fit, "how the image comes to that size")
        ->check(CLI::IsMember({"stretch", "pad", "crop"}))
        ->capture_default_str()
        ->group(group);
    c->add_option("--mean", o.mean, "R,G,B to subtract, or 'imagenet' for its mean and deviation")->group(group);
    c->add_option("--std", o.deviation, "R,G,B to divide by")->group(group);
    c->add_option("--range", o.range, "pixels run from 0 to this before the mean is subtracted")->capture_default_str()->group(group);
    c->add_flag("--bgr", o.blueFirst, "blue first")->group(group);
    c->add_option("--result", o.outputName, "which of several results, by name or number (default: the largest that fits)")->group(group);
    c->add_option("--channel", o.channel, "which map of a result with several, from 0")->capture_default_str()->group(group);
    c->add_option("--threshold", o.threshold, "of a mask")->capture_default_str()->group(group);
    c->add_option("--labels", o.labels, "names of classes: a line each, or JSON")->check(CLI::ExistingFile)->group(group);
    c->add_option("--top", o.top, "how many classes to show")->capture_default_str()->group(group);
}

void addRunning(CLI::App &app, int &result)
{
    addCommand<ParityOptions>(
        app, result, "parity", "where two models part: their weights, or layer by layer what they compute", &parityCommand,
        [](CLI::App *c, ParityOptions &o) {
            c->add_option("A", o.a.file, "checkpoint; the original");
            c->add_option("B", o.b.file,
                          "checkpoint to compare with; with --mapping and --image or --activations also a schema, filled from A");
            c->add_option("-m,--mapping", o.mapping, "mapping from A's keys to B's (default: equal keys)");
            c->add_option("-i,--image", o.image, "compare layer by layer what A and B compute of this picture");
            c->add_option("--point", o.points, "with --image: X,Y or X,Y,0 (background), in pixels; may be repeated")
                ->allow_extra_args(false);
            c->add_option("--box", o.box, "with --image: X0,Y0,X1,Y1 in pixels");
            c->add_option("--dtype", o.dtype, "with --image: what B's encoder computes in, fp32, bf16 or fp16, beside A in fp32")
                ->capture_default_str();
            c->add_option("--activations", o.activations,
                          "a file of recorded activations to compare a model with (B, or A alone), or two files, which needs no model; "
                          "'rekey export --to capture' writes a script that records them")
                ->expected(1, 2);
            c->add_option("--prefix-a", o.prefixA, "of the first file, only names that begin so, without it: 'hf/'");
            c->add_option("--prefix-b", o.prefixB, "the same of the second file");
            c->add_option("--tolerance", o.tolerance,
                          "largest error of a layer, as a part of its largest value if that is above 1 (default 1e-3; 3e-2 with --dtype)")
                ->check(CLI::PositiveNumber);
            c->add_option("--root-a", o.a.root, rootHelp);
            c->add_option("--root-b", o.b.root, rootHelp);
            addJson(c, o.json);
        });
    const char *run = "segment an image, or run a TorchScript module";
    addCommand<RunOptions>(app, result, "run", run, &runCommand, [](CLI::App *c, RunOptions &o) {
        c->add_option("CHECKPOINT", o.checkpoint.file, "checkpoint, or the source of a mapping")->required();
        c->add_option("-i,--image", o.image, "JPEG or PNG")->required();
        c->add_option("-m,--mapping", o.mapping, "run the target of this mapping, filled from CHECKPOINT");
        c->add_option_function<std::string>(
            "-t,--target", [&o](const std::string &file) { o.target = InputOptions {file}; },
            "with --mapping: the target checkpoint or schema");
        c->add_option("--point", o.points, "X,Y or X,Y,0 (background), in pixels; may be repeated")->allow_extra_args(false);
        c->add_option("--box", o.box, "X0,Y0,X1,Y1 in pixels");
        c->add_option("--text", o.text)->group("");
        c->add_flag("--everything", o.everything, "all that a grid of points finds, as segment-anything's automatic mask generator does");
        c->add_option("--points-per-side", o.pointsPerSide, "of the grid of --everything")->capture_default_str();
        c->add_option("--iou-threshold", o.iouThreshold, "of --everything: least predicted IoU")->capture_default_str();
        c->add_option("--stability-threshold", o.stabilityThreshold, "of --everything: least stability")->capture_default_str();
        c->add_option("--crop-layers", o.cropLayers, "of --everything: also look at 4, 16 … overlapping parts")->capture_default_str();
        c->add_option("--min-area", o.minArea, "of --everything: smaller islands and holes go, in pixels")->capture_default_str();
        c->add_option_function<std::string>(
            "--beside", [&o](const std::string &file) { o.beside = InputOptions {file}; },
            "another checkpoint, asked the same: how far the two agree (exit code 1 when masks differ)");
        c->add_option("-o,--output", o.output,
                      "mask to write: .png of the image's size, .svg outlines, .json (COCO run lengths); with --as a picture");
        addModule(c, o.module);
        c->add_option("--overlay", o.overlay, "also write the image with the mask over it");
        c->add_option("--dtype", o.dtype, "of the encoder's products: fp32, bf16 or fp16; all but fp32 lose accuracy")
            ->capture_default_str();
        c->add_option("--device", o.device, "cpu, cuda or cuda:N")->capture_default_str();
        c->add_option("--root", o.checkpoint.root, rootHelp);
        addJson(c, o.json);
    });
    addCommand<DemoOptions>(app, result, "demo", "the whole of it on the embedded demo, in the window or headless", &demoCommand,
                            [](CLI::App *c, DemoOptions &o) {
                                c->add_flag("--headless")->description("without the window: write everything to a folder");
                                c->add_option("-o,--output", o.output, "the folder to write to")->required();
                                addJson(c, o.json);
                            });
}

int run(CLI::App &app, int argc, char **argv)
{
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError &error) {
        if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success))
            return app.exit(error);
        const CLI::App *chosen = app.get_subcommands().empty() ? &app : app.get_subcommands().front();
        printError(std::string(error.what()) + "; 'rekey " + (chosen == &app ? "" : chosen->get_name() + " ") + "--help' explains.");
        return ExitUsage;
    }
    return ExitDone;
}

} // namespace

bool isSubcommand(std::string_view word)
{
    return std::ranges::find(subcommands, word) != subcommands.end();
}

int runCommandLine(int argc, char **argv)
{
    CLI::App app("Rekey moves neural-network weights from one implementation to another.\n"
                 "Without a subcommand it opens the window: rekey, rekey A B, rekey mapping.rekey.json.");
    app.name("rekey");
    app.set_version_flag("--version", "rekey " REKEY_VERSION);
    app.require_subcommand(1);
    app.footer("Exit codes: 0 done, 1 done but with findings, 2 bad usage, 3 input that cannot be read, 130 cancelled.");
    int result = ExitDone;
    addInspecting(app, result);
    addMapping(app, result);
    addRunning(app, result);
    try {
        const int usage = run(app, argc, argv);
        if (std::fflush(stdout) != 0) {
            printError("Standard output cannot be written to.");
            return ExitUnreadable;
        }
        return usage != ExitDone ? usage : result;
    } catch (const Cancelled &) {
        printError("Cancelled; nothing was written.");
        return ExitCancelled;
    } catch (const UsageError &error) {
        printError(error.what());
        return ExitUsage;
    } catch (const std::bad_alloc &) {
        printError("There is not enough memory for this.");
    } catch (const std::exception &error) {
        printError(error.what());
    }
    return ExitUnreadable;
}

} // namespace rekey

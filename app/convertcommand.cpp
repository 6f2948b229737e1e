// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/runtime/conversion.h"

#include <algorithm>
#include <cctype>

namespace rekey {

namespace {

std::optional<DType> parseDtype(std::string text)
{
    if (text.empty())
        return std::nullopt;
    std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    // What people type: PyTorch's own names and their short forms.
    for (const auto &[alias, name] : {std::pair<std::string_view, std::string_view> {"FLOAT32", "F32"},
                                      {"FP32", "F32"},
                                      {"FLOAT16", "F16"},
                                      {"FP16", "F16"},
                                      {"HALF", "F16"},
                                      {"BFLOAT16", "BF16"},
                                      {"FLOAT64", "F64"},
                                      {"DOUBLE", "F64"}}) {
        if (text == alias)
            text = name;
    }
    const std::optional<DType> dtype = dtypeFromName(text);
    if (!dtype || info(*dtype).kind != DTypeKind::Float)
        throw UsageError("--dtype: '" + displayText(text) + "' is no floating-point type; F64, F32, F16 and BF16 are known");
    return dtype;
}

nlohmann::ordered_json reportJson(const ConvertReport &report)
{
    nlohmann::ordered_json files = nlohmann::ordered_json::array();
    for (const std::filesystem::path &file : report.files)
        files.push_back(file.string());
    return {{"files", std::move(files)},     {"tensors", report.tensors},         {"bytes", report.bytes},
            {"filled", report.filled},       {"initialised", report.initialised}, {"kept", report.kept},
            {"missing", report.missing},     {"unexpected", report.unexpected},   {"largest_rounding", report.rounding.largest},
            {"overflows", report.rounding.overflows}, {"warnings", report.warnings}};
}

std::string reportText(const ConvertReport &report)
{
    std::string text = fmt::format("{} converted, {}: filled {}, initialised {}, kept {}.\n", countText(report.tensors, "tensor"),
                                   bytesText(report.bytes), report.filled, report.initialised, report.kept);
    if (report.rounding.largest > 0)
        text += fmt::format("Largest rounding {:.1e}.\n", report.rounding.largest);
    if (report.rounding.overflows != 0)
        text += fmt::format("{} became infinite: the target's type is too small for them.\n", countText(report.rounding.overflows, "value"));
    if (!report.missing.empty())
        text
            += fmt::format("Missing: {}, left out ({} …).\n", countText(report.missing.size(), "key"), displayText(report.missing.front()));
    if (!report.unexpected.empty())
        text += fmt::format("Unexpected: {}, not used ({} …).\n", countText(report.unexpected.size(), "key"),
                            displayText(report.unexpected.front()));
    for (const std::filesystem::path &file : report.files)
        text += "Written: " + file.string() + "\n";
    return text;
}

} // namespace

int convertCommand(const ConvertOptions &options)
{
    const Progress progress = terminalProgress();
    const std::vector<InputOptions> sources = options.pair.sourceInputs();
    if (!options.pair.sources.empty() && !options.pair.a.empty())
        throw UsageError("Give the source as A or with --source, not both.");
    std::vector<std::filesystem::path> inputs = filesOf(sources);
    inputs.push_back(options.mapping);
    if (options.target)
        inputs.push_back(options.target->file);
    checkOutput(options.output, inputs);
    writerFor(options.output);

    ConvertRequest request;
    request.mapping = loadMapping(options.mapping);
    request.dtype = parseDtype(options.dtype);
    request.maxShardBytes = options.maxShardSize.empty() ? 0 : parseByteSize(options.maxShardSize);
    request.source = openInputs(sources, progress);
    if (!request.source->hasValues())
        throw Error(request.source->path().string(), {}, "is a schema: it has keys and shapes but no values to convert");
    if (options.target)
        request.target = openInput(*options.target, progress);
    request.destination = options.output;
    request.wrapperKey = options.wrapperKey;
    request.allowIncomplete = options.allowIncomplete || request.mapping.incompleteAccepted;

    const Schema target = request.target ? request.target->schema() : outputSchema(request.mapping, request.source->schema());
    const Resolution resolution = resolve(request.mapping, request.source->schema(), target);
    const std::string warning = checkApplies(request.mapping, resolution, request.source->schema(), target);
    if (!warning.empty())
        printWarning(warning);
    if (!resolution.complete() && !request.allowIncomplete) {
        printText(countsText(resolution) + problemsText(resolution));
        printError("Nothing was written: the mapping leaves keys open; settle them, or convert with --allow-incomplete.");
        return ExitFindings;
    }
    const ConvertReport report = convertCheckpoint(request, progress);
    for (const std::string &each : report.warnings)
        printWarning(each);
    if (options.json)
        printJson(reportJson(report));
    else
        printText(reportText(report));
    return report.missing.empty() && report.unexpected.empty() && report.rounding.overflows == 0 ? ExitDone : ExitFindings;
}

} // namespace rekey

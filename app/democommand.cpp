// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/demoprompts.h"
#include "app/histogrampicture.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/picture.h"
#include "app/stagedfolder.h"
#include "app/terminal.h"
#include "core/base/datafolder.h"
#include "core/base/error.h"
#include "core/inspect/comparison.h"
#include "core/inspect/keytree.h"
#include "core/inspect/statistics.h"
#include "core/runtime/conversion.h"
#include "core/script/exporters.h"
#include "core/suggest/suggest.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

namespace rekey {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t histogramCount = 6;
constexpr std::size_t histogramBins = 72;

class Stopwatch
{
public:
    double milliseconds() const { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - m_start).count(); }

private:
    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
};

struct PhotoResult
{
    std::string title, prompt, name;
    double iou = 1, logitDifference = 0;
    float originalScore = 0, convertedScore = 0;
    double originalMilliseconds = 0, convertedMilliseconds = 0;
};

/// The stages of the demo in order; each leaves its files in the stage folder and its figures here.
class Demo
{
public:
    Demo(fs::path stage, const Progress &progress)
        : m_stage(std::move(stage))
        , m_progress(progress)
    {
    }

    void run()
    {
        open();
        map();
        convert();
        drawHistograms();
        segment();
        writeText(file("summary.json", "all figures, for machines"), summaryJson().dump(1) + "\n");
    }

    Json summaryJson() const
    {
        Json photos = Json::array();
        for (const PhotoResult &p : m_photos) {
            photos.push_back({{"photo", p.name},
                              {"prompt", p.prompt},
                              {"iou_original_converted", p.iou},
                              {"max_logit_difference", p.logitDifference},
                              {"score_original", p.originalScore},
                              {"score_converted", p.convertedScore},
                              {"milliseconds_original", p.originalMilliseconds},
                              {"milliseconds_converted", p.convertedMilliseconds}});
        }
        return {{"source", {{"name", m_source->name()}, {"keys", m_source->tensors().size()}}},
                {"target", {{"name", m_target->name()}, {"keys", m_target->tensors().size()}}},
                {"rules", m_mapping.rules.size()},
                {"resolution", resolutionJson(m_mapping, m_resolution, m_source->schema(), m_target->schema())},
                {"converted", {{"tensors", m_report.tensors}, {"bytes", m_report.bytes}, {"largest_rounding", m_report.rounding.largest}}},
                {"tensors_equal_to_source", m_equal},
                {"photos", std::move(photos)},
                {"milliseconds", {{"open", m_openTime}, {"suggest", m_suggestTime}, {"convert", m_convertTime}}}};
    }

    std::string summaryText(const fs::path &folder) const
    {
        std::string text = fmt::format("{}\n{}\n\n", describeInput(*m_source), describeInput(*m_target));
        text += fmt::format("Opened in {}, {} suggested in {}.\n{}", durationText(m_openTime), countText(m_mapping.rules.size(), "rule"),
                            durationText(m_suggestTime), countsText(m_resolution));
        text
            += fmt::format("Converted {} ({}) in {}; {} equal the source after rounding to the target's type, largest rounding {:.1e}.\n\n",
                           countText(m_report.tensors, "tensor"), bytesText(m_report.bytes), durationText(m_convertTime), m_equal,
                           m_report.rounding.largest);
        text += fmt::format("{:<14} {:<18} {:>8} {:>12}   {}\n", "photo", "prompt", "mask IoU", "max |Δlogit|",
                            "encoding and masks, original / converted");
        for (const PhotoResult &p : m_photos) {
            text += fmt::format("{:<14} {:<18} {:>8.5f} {:>12.1e}   {} / {}\n", p.title, p.prompt, p.iou, p.logitDifference,
                                durationText(p.originalMilliseconds), durationText(p.convertedMilliseconds));
        }
        text += fmt::format("\nWritten to {}:\n", folder.string());
        for (const auto &[file, what] : m_files)
            text += fmt::format("  {:<56} {}\n", file, what);
        return text;
    }

private:
    fs::path file(const std::string &name, const std::string &what)
    {
        m_files.emplace_back(name, what);
        const fs::path path = m_stage / name;
        fs::create_directories(path.parent_path());
        return path;
    }

    void open()
    {
        const Stopwatch time;
        const fs::path folder = demoFolder();
        m_source = openCheckpoint(folder / "sam_tiny.pth");
        m_target = openCheckpoint(folder / "hf_sam_tiny_init");
        m_openTime = time.milliseconds();
    }

    void map()
    {
        const Stopwatch time;
        SuggestOptions options;
        options.sourceValues = m_source.get();
        options.targetValues = m_target.get();
        m_mapping = suggest(m_source->schema(), m_target->schema(), options, m_progress.part(0, 0.05));
        m_suggestTime = time.milliseconds();
        m_resolution = resolve(m_mapping, m_source->schema(), m_target->schema());
        saveMapping(m_mapping, file("sam_tiny.rekey.json", "the mapping, for the window and for 'rekey convert'"));
        const Schema &source = m_source->schema(), &target = m_target->schema();
        const ExportInput input {&m_mapping, &source, &target, &m_resolution};
        writeText(file("convert_sam_tiny.py", "the same conversion as a Python script"), exporterById("python").write(input));
        writeText(file("report.md", "what became of every key"), exporterById("markdown").write(input));
    }

    void convert()
    {
        const Stopwatch time;
        m_request.source = m_source;
        m_request.target = m_target;
        m_request.mapping = m_mapping;
        m_request.destination = file("hf_sam_tiny.safetensors", "the converted checkpoint, Hugging Face naming");
        m_report = convertCheckpoint(m_request, m_progress.part(0.05, 0.2));
        m_convertTime = time.milliseconds();
        m_converted = openCheckpoint(m_request.destination);
    }

    /// Plain copies: source tensor and its copy in the converted file, largest first, one of each template.
    std::vector<std::pair<std::uint32_t, std::size_t>> copiesWorthShowing()
    {
        std::vector<std::pair<std::uint32_t, std::size_t>> copies;
        for (const Assignment &assignment : m_resolution.assignments) {
            if (assignment.sources.size() != 1 || assignment.targets.size() != 1)
                continue;
            const std::size_t converted = m_converted->find(m_target->tensors()[assignment.targets[0]].key);
            if (converted != SchemaIndex::npos)
                copies.emplace_back(assignment.sources[0], converted);
        }
        for (const auto &[from, to] : copies) {
            const ValueDifference difference = compareValues(*m_source, from, *m_converted, to);
            const Statistics values = statistics(*m_source, from);
            m_equal += difference.maxAbsolute <= 0x1p-11 * std::max(std::abs(values.minimum), std::abs(values.maximum));
        }
        std::ranges::stable_sort(copies, std::greater<>(), [&](const auto &copy) { return m_source->tensors()[copy.first].elements(); });
        std::set<std::string> seen;
        std::erase_if(copies, [&](const auto &copy) { return !seen.insert(keyTemplate(m_source->tensors()[copy.first].key).text).second; });
        copies.resize(std::min(copies.size(), histogramCount));
        return copies;
    }

    void drawHistograms()
    {
        for (const auto &[from, to] : copiesWorthShowing()) {
            m_progress.part(0.2, 0.25).check();
            const ValueRange range = united(displayRange(*m_source, from), displayRange(*m_converted, to));
            const std::string &key = m_source->tensors()[from].key;
            std::string name = key;
            std::ranges::replace(name, '.', '_');
            const Image picture
                = histogramPicture(key, histogram(*m_source, from, range.lower, range.upper, histogramBins), m_converted->tensors()[to].key,
                                   histogram(*m_converted, to, range.lower, range.upper, histogramBins));
            savePicture(picture, file("histograms/" + name + ".png", "values of the source and of the converted tensor"));
        }
    }

    void segment()
    {
        const std::vector<DemoPrompt> prompts = demoPrompts(demoFolder());
        const auto original = runtime().openSegmenter({m_source, std::nullopt, nullptr}),
                   converted = runtime().openSegmenter({m_converted, std::nullopt, nullptr});
        for (std::size_t i = 0; i < prompts.size(); ++i) {
            const double from = 0.25 + 0.75 * static_cast<double>(i) / static_cast<double>(prompts.size());
            m_progress.step(static_cast<std::uint64_t>(from * 1000), 1000, "segmenting photos");
            segmentPhoto(prompts[i], *original, *converted);
        }
        m_progress.step(1, 1);
    }

    void segmentPhoto(const DemoPrompt &prompt, Segmenter &original, Segmenter &converted)
    {
        PhotoResult result;
        result.title = prompt.title;
        result.prompt = prompt.promptName;
        result.name = prompt.photo.stem().string();
        const Image photo = loadImage(prompt.photo);
        const SegmentResult left = segmentWith(original, photo, prompt.prompts, result.originalMilliseconds);
        const SegmentResult right = segmentWith(converted, photo, prompt.prompts, result.convertedMilliseconds);
        const MaskCandidate &a = left.masks.at(left.best), &b = right.masks.at(right.best);
        result.iou = maskIou(a.pixels, b.pixels);
        result.originalScore = a.predictedIou;
        result.convertedScore = b.predictedIou;
        for (std::size_t i = 0; i < std::min(a.lowRes.size(), b.lowRes.size()); ++i)
            result.logitDifference = std::max(result.logitDifference, static_cast<double>(std::abs(a.lowRes[i] - b.lowRes[i])));
        writePictures(prompt, photo, a, b, result);
        m_photos.push_back(std::move(result));
    }

    static SegmentResult segmentWith(Segmenter &segmenter, const Image &photo, const Prompts &prompts, double &milliseconds)
    {
        segmenter.setImage(photo);
        SegmentResult result = segmenter.predict(prompts);
        milliseconds = segmenter.encodingMilliseconds() + result.milliseconds;
        return result;
    }

    void writePictures(const DemoPrompt &prompt, const Image &photo, const MaskCandidate &original, const MaskCandidate &converted,
                       const PhotoResult &result)
    {
        const auto overlay = [&](const MaskCandidate &mask) {
            Image picture = overlayMask(photo, mask.pixels);
            if (const auto &box = prompt.prompts.box)
                drawBox(picture, box->x0, box->y0, box->x1, box->y1);
            for (const PromptPoint &point : prompt.prompts.points)
                drawPoint(picture, point.x, point.y, point.foreground);
            return picture;
        };
        savePicture(sideBySide(overlay(original), "Original · " + m_source->name(), overlay(converted),
                               "Converted · " + m_converted->name(),
                               fmt::format("{} · mask IoU {:.5f} · predicted IoU {:.4f} and {:.4f}", result.title, result.iou,
                                           result.originalScore, result.convertedScore)),
                    file("masks/" + result.name + ".png", result.title + ", original beside converted"));
        const auto saveMask = [&](const MaskCandidate &mask, const char *side) {
            std::vector<std::uint8_t> pixels = mask.pixels;
            for (std::uint8_t &pixel : pixels)
                pixel = pixel != 0 ? 255 : 0;
            const fs::path path = m_stage / "masks" / (result.name + "_" + side + ".png");
            savePng(path, photo.width, photo.height, 1, pixels);
        };
        saveMask(original, "original");
        saveMask(converted, "converted");
    }

    fs::path m_stage;
    const Progress &m_progress;
    std::vector<std::pair<std::string, std::string>> m_files;
    CheckpointPtr m_source, m_target, m_converted;
    Mapping m_mapping;
    Resolution m_resolution;
    ConvertRequest m_request;
    ConvertReport m_report;
    std::size_t m_equal = 0;
    std::vector<PhotoResult> m_photos;
    double m_openTime = 0, m_suggestTime = 0, m_convertTime = 0;
};

} // namespace

int demoCommand(const DemoOptions &options)
{
    const Progress progress = terminalProgress();
    StagedFolder folder(options.output);
    Demo demo(folder.stage(), progress);
    demo.run();
    folder.commit();
    if (options.json)
        printJson(demo.summaryJson());
    else
        printText(demo.summaryText(options.output));
    return ExitDone;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/converter.h"

#include "core/base/error.h"
#include "core/checkpoint/writers.h"
#include "core/runtime/tensorsource.h"

#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rekey {

namespace {

constexpr std::uint64_t blockElements = 1 << 18;

/// What a request comes to, before anything is read.
class Conversion
{
public:
    explicit Conversion(const ConvertRequest &request);

    bool hasValue(std::size_t target) const;
    DType dtypeOf(std::size_t target) const;
    /// Bytes of a target tensor in its final type. Counts rounding into `report`.
    void push(std::size_t target, const ByteSink &sink, ConvertReport &report, const Progress &progress) const;

    /// Tensors that will be written, and for each its index in target().
    Schema output(std::vector<std::size_t> &targets) const;
    void describe(ConvertReport &report) const;
    std::map<std::string, std::string> metadata(const ConvertReport &report) const;

    const Schema &target() const { return m_target; }
    const std::string &warning() const { return m_warning; }

private:
    bool sameValue(std::size_t a, std::size_t b) const;
    /// The source tensor that this target is a plain copy of; none: it takes computing.
    std::uint32_t copiedFrom(std::size_t target) const;
    bool pushInPlace(std::uint32_t source, const ByteSink &sink, const Progress &progress) const;
    void pushCopy(std::uint32_t source, DType dtype, const ByteSink &sink, ConvertReport &report, const Progress &progress) const;

    const ConvertRequest &m_request;
    Schema m_target;
    Resolution m_resolution;
    std::string m_warning;
    TensorSourcePtr m_tensors;
};

Conversion::Conversion(const ConvertRequest &request)
    : m_request(request)
{
    const Schema &source = request.source->schema();
    if (!request.source->hasValues())
        throw Error(displayText(request.source->name()), "", "is a schema without values: there is nothing to convert");
    m_target = request.target != nullptr ? request.target->schema() : outputSchema(request.mapping, source);
    m_resolution = resolve(request.mapping, source, m_target);
    m_warning = checkApplies(request.mapping, m_resolution, source, m_target);
    const TensorSourcePtr values
        = request.target != nullptr && request.target->hasValues() ? checkpointSource(request.target, Access::Copied) : nullptr;
    m_tensors = mappedSource(checkpointSource(request.source, Access::Copied), request.mapping, m_resolution, m_target, values);
}

bool Conversion::hasValue(std::size_t target) const
{
    const TargetOutcome &outcome = m_resolution.targets[target];
    if (outcome.status != TargetStatus::Initialised)
        return outcome.status == TargetStatus::Filled;
    const bool kept = m_request.mapping.rules[outcome.rule].init == InitPolicy::Keep;
    return !kept || (m_request.target != nullptr && m_request.target->hasValues());
}

DType Conversion::dtypeOf(std::size_t target) const
{
    const DType own = m_target.tensors[target].dtype;
    return m_request.dtype && info(own).kind == DTypeKind::Float ? *m_request.dtype : own;
}

/// Whether two targets hold the same bytes, so that one may share the other's.
bool Conversion::sameValue(std::size_t a, std::size_t b) const
{
    const TargetOutcome &one = m_resolution.targets[a], &other = m_resolution.targets[b];
    if (one.status != other.status || dtypeOf(a) != dtypeOf(b) || m_target.tensors[a].shape != m_target.tensors[b].shape)
        return false;
    if (one.status == TargetStatus::Initialised)
        return one.rule == other.rule && m_request.mapping.rules[one.rule].init != InitPolicy::Normal;
    const Assignment &first = m_resolution.assignments[one.assignment], &second = m_resolution.assignments[other.assignment];
    return first.sources == second.sources && one.output == other.output
        && m_request.mapping.rules[first.rule].transform == m_request.mapping.rules[second.rule].transform;
}

Schema Conversion::output(std::vector<std::size_t> &targets) const
{
    Schema result;
    result.name = m_request.destination.filename().string();
    std::vector<std::uint32_t> written(m_target.tensors.size(), none);
    for (std::size_t i = 0; i < m_target.tensors.size(); ++i) {
        if (!hasValue(i))
            continue;
        SchemaTensor tensor = m_target.tensors[i];
        const std::uint32_t first = tensor.tiedTo;
        const auto here = static_cast<std::uint32_t>(result.tensors.size());
        tensor.dtype = dtypeOf(i);
        tensor.tiedTo = first < i && written[first] != none && sameValue(first, i) ? written[first] : here;
        written[i] = here;
        targets.push_back(i);
        result.tensors.push_back(std::move(tensor));
    }
    return result;
}

std::uint32_t Conversion::copiedFrom(std::size_t target) const
{
    const TargetOutcome &outcome = m_resolution.targets[target];
    if (outcome.status != TargetStatus::Filled)
        return none;
    const Assignment &assignment = m_resolution.assignments[outcome.assignment];
    if (!m_request.mapping.rules[assignment.rule].transform.empty() || outcome.output >= assignment.sources.size())
        return none;
    return assignment.sources[outcome.output];
}

template <class Number>
void countRounding(const at::Tensor &before, const at::Tensor &after, ConvertReport &report)
{
    const at::Tensor exact = before.contiguous(), rounded = after.to(exact.scalar_type()).contiguous();
    const Number *from = exact.data_ptr<Number>(), *to = rounded.data_ptr<Number>();
    Number largest = 0;
    for (std::int64_t i = 0; i < exact.numel(); ++i) {
        const Number error = std::abs(from[i] - to[i]);
        if (error <= std::numeric_limits<Number>::max())
            largest = std::max(largest, error);
        else
            report.overflows += std::isfinite(from[i]) && !std::isfinite(to[i]) ? 1 : 0;
    }
    report.largestRounding = std::max(report.largestRounding, static_cast<double>(largest));
}

/// Casts and counts what that costs.
Value castCounting(const Value &value, DType dtype, ConvertReport &report)
{
    const Value result = cast(value, dtype);
    if (value.dtype == dtype || info(dtype).kind != DTypeKind::Float || info(value.dtype).kind == DTypeKind::Complex)
        return result;
    const at::Tensor before = numeric(value).tensor, after = numeric(result).tensor;
    if (before.is_floating_point() && before.scalar_type() != at::kDouble)
        countRounding<float>(before.to(at::kFloat), after, report);
    else
        countRounding<double>(before.to(at::kDouble), after, report);
    return result;
}

bool Conversion::pushInPlace(std::uint32_t source, const ByteSink &sink, const Progress &progress) const
{
    const auto place = m_request.source->stretch(source);
    if (!place)
        return false;
    constexpr std::uint64_t step = 16 << 20; // bytes between two looks at progress
    const auto bytes = m_request.source->view(source);
    for (std::uint64_t first = 0; first < place->count; first += step) {
        progress.check();
        const std::uint64_t count = std::min(step, place->count - first);
        sink(TensorBytes(bytes.subspan(first, count), FileStretch{place->file, place->offset + first, count}));
    }
    place->file->checkIntact(); // what was copied is what was listed
    return true;
}

void Conversion::pushCopy(std::uint32_t source, DType dtype, const ByteSink &sink, ConvertReport &report, const Progress &progress) const
{
    const TensorEntry &entry = m_request.source->tensors()[source];
    if (entry.dtype == dtype && pushInPlace(source, sink, progress))
        return;
    const std::uint64_t elements = entry.elements();
    const std::uint64_t unit = info(entry.dtype).blockElements;
    const std::uint64_t step = std::max(blockElements / unit * unit, unit);
    std::vector<std::byte> bytes(byteCount(entry.dtype, std::min(step, elements)).value_or(0));
    for (std::uint64_t first = 0; first < elements; first += step) {
        progress.check();
        const std::uint64_t count = std::min(step, elements - first);
        const std::span<std::byte> run = std::span(bytes).first(byteCount(entry.dtype, count).value_or(0));
        m_request.source->read(source, first, count, run);
        if (entry.dtype == dtype) {
            sink(run);
            continue;
        }
        const Value block {at::from_blob(run.data(), {static_cast<std::int64_t>(count)}, at::TensorOptions(*bitsType(entry.dtype))),
                           entry.dtype};
        const at::Tensor result = castCounting(block, dtype, report).tensor.contiguous();
        sink(bytesOf(result));
    }
}

void Conversion::push(std::size_t target, const ByteSink &sink, ConvertReport &report, const Progress &progress) const
{
    const c10::InferenceMode mode;
    const DType dtype = dtypeOf(target);
    try {
        const std::uint32_t source = copiedFrom(target);
        const bool inBlocks
            = source != none && (m_request.source->tensors()[source].dtype == dtype || bitsType(m_request.source->tensors()[source].dtype));
        if (inBlocks) {
            pushCopy(source, dtype, sink, report, progress);
            return;
        }
        const Value whole = m_tensors->tensor(target);
        const Value flat{whole.tensor.contiguous().flatten(), whole.dtype};
        constexpr auto step = static_cast<std::int64_t>(blockElements);
        for (std::int64_t first = 0; first < flat.tensor.numel(); first += step) {
            progress.check();
            const Value block{flat.tensor.slice(0, first, first + step), flat.dtype};
            const at::Tensor result = castCounting(block, dtype, report).tensor.contiguous();
            sink(bytesOf(result));
        }
    } catch (const c10::Error &error) {
        throw Error(displayText(m_target.name), displayText(m_target.tensors[target].key), error.what_without_backtrace());
    }
}

void Conversion::describe(ConvertReport &report) const
{
    for (std::size_t i = 0; i < m_target.tensors.size(); ++i) {
        const TargetOutcome &outcome = m_resolution.targets[i];
        if (!hasValue(i))
            report.missing.push_back(m_target.tensors[i].key);
        else if (outcome.status == TargetStatus::Filled)
            ++report.filled;
        else
            ++(m_request.mapping.rules[outcome.rule].init == InitPolicy::Keep ? report.kept : report.initialised);
    }
    for (std::size_t i = 0; i < m_resolution.sources.size(); ++i) {
        const SourceStatus status = m_resolution.sources[i].status;
        if (status == SourceStatus::Unused || status == SourceStatus::ToReview)
            report.unexpected.push_back(m_request.source->schema().tensors[i].key);
    }
    if (!m_warning.empty())
        report.warnings.push_back(m_warning);
    for (const Problem &problem : m_resolution.problems) {
        if (problem.kind == "integer-to-float" || problem.kind == "float-to-integer")
            report.warnings.push_back(problem.text);
    }
}

std::map<std::string, std::string> Conversion::metadata(const ConvertReport &report) const
{
    std::map<std::string, std::string> result;
    for (const MetadataEntry &entry : m_request.source->metadata()) {
        const bool kept = entry.path.size() == 2 && entry.path[0] == PathStep{"__metadata__"} && entry.type == "str";
        const std::string *key = kept ? std::get_if<std::string>(&entry.path[1].value) : nullptr;
        if (key != nullptr && *key != "format" && !key->starts_with("rekey."))
            result[*key] = entry.value;
    }
    result["rekey.version"] = REKEY_VERSION;
    result["rekey.source"] = m_request.source->name();
    if (m_request.target != nullptr)
        result["rekey.target"] = m_request.target->name();
    if (!m_request.mapping.name.empty())
        result["rekey.mapping"] = m_request.mapping.name;
    if (!report.missing.empty())
        result["rekey.incomplete"] = fmt::format("{} of {} keys have no value", report.missing.size(), m_target.tensors.size());
    return result;
}

std::vector<std::filesystem::path> inputsOf(const ConvertRequest &request)
{
    std::vector<std::filesystem::path> inputs = request.source->files();
    if (request.target != nullptr)
        inputs.insert(inputs.end(), request.target->files().begin(), request.target->files().end());
    return inputs;
}

} // namespace

ConvertReport convertCheckpoint(const ConvertRequest &request, const Progress &progress)
{
    const Writer &writer = writerFor(request.destination);
    const Conversion conversion(request);
    ConvertReport report;
    conversion.describe(report);
    if (!report.missing.empty() && !request.allowIncomplete && !request.mapping.incompleteAccepted)
        throw Error(displayText(conversion.target().name), displayText(report.missing.front()),
                    fmt::format("gets no value{}; settle this in the mapping, or allow an incomplete result",
                                report.missing.size() > 1 ? fmt::format(", nor do {} other keys of {}", report.missing.size() - 1,
                                                                        conversion.target().tensors.size()) : ""));
    std::vector<std::size_t> targets;
    const Schema output = conversion.output(targets);
    report.tensors = output.tensors.size();
    for (const SchemaTensor &tensor : output.tensors)
        report.bytes += byteCount(tensor.dtype, elementCount(tensor.shape)).value_or(0);

    WriteOptions options;
    options.maxShardBytes = request.maxShardBytes;
    options.wrapperKey = request.wrapperKey;
    options.metadata = conversion.metadata(report);
    options.inputs = inputsOf(request);
    const TensorFiller fill = [&](std::size_t index, const ByteSink &sink) { conversion.push(targets.at(index), sink, report, progress); };
    report.files = writer.write(request.destination, output, fill, options, progress);
    if (report.overflows > 0)
        report.warnings.push_back(fmt::format("{} finite values became infinite; BF16 or F32 would hold them", report.overflows));
    return report;
}

std::vector<std::byte> convertedTensorBytes(const ConvertRequest &request, std::size_t targetIndex)
{
    std::vector<std::byte> result;
    convertTensorsBytes(request, std::array {targetIndex}, [&](std::size_t, std::vector<std::byte> bytes) { result = std::move(bytes); },
                        {});
    return result;
}

void convertTensorsBytes(const ConvertRequest &request, std::span<const std::size_t> targets, const ConvertedSink &sink,
                         const Progress &progress)
{
    const Conversion conversion(request);
    for (std::size_t i = 0; i < targets.size(); ++i) {
        progress.step(i, targets.size(), "converting");
        const std::size_t target = targets[i];
        if (target >= conversion.target().tensors.size())
            throw Error(displayText(conversion.target().name), "", fmt::format("has no tensor {}", target));
        if (!conversion.hasValue(target))
            throw Error(displayText(conversion.target().name), displayText(conversion.target().tensors[target].key),
                        "gets no value from the mapping");
        std::vector<std::byte> bytes;
        ConvertReport report;
        conversion.push(
            target, [&](std::span<const std::byte> run) { bytes.insert(bytes.end(), run.begin(), run.end()); }, report, progress);
        sink(target, std::move(bytes));
    }
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/conversion.h"

#include "core/base/error.h"
#include "core/checkpoint/storagereader.h"
#include "core/mapping/rearrangement.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <unordered_map>

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
    /// These will be pushed. Loading LibTorch takes half a second: if any of them takes computing, that begins now, on another thread.
    void prepare(std::span<const std::size_t> targets);
    /// Bytes of a target tensor in its final type.
    void push(std::size_t target, const ByteSink &sink, Rounding &rounding, const Progress &progress);

    /// Tensors that will be written, and for each its index in target().
    Schema output(std::vector<std::size_t> &targets) const;
    void describe(ConvertReport &report) const;
    std::map<std::string, std::string> metadata(const ConvertReport &report) const;

    const Schema &target() const { return m_target; }

private:
    /// Runs of other tensors, all of one type, that make up a target.
    struct Original
    {
        const Checkpoint *checkpoint = nullptr;
        std::vector<std::uint32_t> tensors; ///< that runs number as their inputs
        Rearranged values;
    };
    using Outputs = std::optional<std::vector<Rearranged>>;

    bool sameValue(std::size_t a, std::size_t b) const;
    const Outputs &outputsOf(std::uint32_t assignment);
    std::optional<Original> original(std::size_t target);
    bool isCopy(std::size_t target);
    const TensorComputer &computer();

    const ConvertRequest &m_request;
    Schema m_target;
    Resolution m_resolution;
    std::string m_warning;
    std::unordered_map<std::uint32_t, Outputs> m_outputs; ///< by assignment
    std::future<std::unique_ptr<TensorComputer>> m_loading;
    std::unique_ptr<TensorComputer> m_computer;
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

/// Nothing: they take computing, or what they are made of has to be unpacked first.
const Conversion::Outputs &Conversion::outputsOf(std::uint32_t index)
{
    const auto [found, added] = m_outputs.try_emplace(index);
    if (!added)
        return found->second;
    const Assignment &assignment = m_resolution.assignments[index];
    const Transform &transform = m_request.mapping.rules[assignment.rule].transform;
    std::vector<TensorShape> inputs;
    for (const std::uint32_t source : assignment.sources) {
        const SchemaTensor &tensor = m_request.source->schema().tensors[source];
        if (!transform.empty() && (info(tensor.dtype).blockElements != 1 || isCompressed(*m_request.source, source)))
            return found->second;
        inputs.push_back({tensor.shape, tensor.dtype});
    }
    found->second = rearranged(transform, inputs);
    return found->second;
}

/// Nothing: its values take computing.
std::optional<Conversion::Original> Conversion::original(std::size_t target)
{
    const TargetOutcome &outcome = m_resolution.targets[target];
    const SchemaTensor &wanted = m_target.tensors[target];
    Original result;
    if (outcome.status == TargetStatus::Filled) {
        const Outputs &outputs = outputsOf(outcome.assignment);
        if (!outputs)
            return std::nullopt;
        result = {m_request.source.get(), m_resolution.assignments[outcome.assignment].sources, outputs->at(outcome.output)};
    } else if (outcome.status == TargetStatus::Initialised && m_request.mapping.rules[outcome.rule].init == InitPolicy::Keep) {
        result = {m_request.target.get(), {static_cast<std::uint32_t>(target)}, {wanted.dtype, {{0, 0, elementCount(wanted.shape)}}}};
    } else {
        return std::nullopt;
    }
    const bool unpacked = info(result.values.dtype).blockElements == 1;
    return unpacked || result.values.dtype == dtypeOf(target) ? std::optional(result) : std::nullopt;
}

/// Whether bytes go into the target as they stand in a file.
bool Conversion::isCopy(std::size_t target)
{
    const std::optional<Original> from = original(target);
    return from && from->values.dtype == dtypeOf(target);
}

void Conversion::prepare(std::span<const std::size_t> targets)
{
    // Of all targets: what stays in memory is allocated before tensors come and go, or holes are left where the next does not fit.
    if (std::ranges::count_if(targets, [this](std::size_t target) { return !isCopy(target); }) == 0)
        return;
    // Where no thread can be had, it is loaded when it is needed.
    m_loading = std::async(std::launch::async | std::launch::deferred, [this] {
        return runtime().tensorComputer({m_request.source, m_request.mapping, m_request.target}, m_target, m_resolution);
    });
}

const TensorComputer &Conversion::computer()
{
    if (!m_computer)
        m_computer = m_loading.get();
    return *m_computer;
}

void Conversion::push(std::size_t target, const ByteSink &sink, Rounding &rounding, const Progress &progress)
{
    if (m_loading.valid() && m_loading.wait_for(std::chrono::seconds(0)) == std::future_status::ready)
        computer(); // if it cannot be loaded, that is said now and not after gigabytes
    const std::optional<Original> from = original(target);
    const DType dtype = dtypeOf(target);
    if (!from) {
        computer().push(target, dtype, sink, rounding, progress);
        return;
    }
    const auto pass = [&](std::span<const std::byte> bytes) {
        progress.check();
        if (from->values.dtype == dtype)
            sink(bytes);
        else
            computer().cast(bytes, from->values.dtype, dtype, sink, rounding);
    };
    // Short runs are gathered first.
    const std::size_t most = blockElements * info(from->values.dtype).blockBytes;
    const bool several = from->values.runs.size() > 1;
    std::vector<std::byte> gathered;
    const auto take = [&](std::span<const std::byte> bytes) {
        if (!several)
            return pass(bytes);
        gathered.insert(gathered.end(), bytes.begin(), bytes.end());
        if (gathered.size() >= most) {
            pass(gathered);
            gathered.clear();
        }
    };
    for (const ElementRun &run : from->values.runs)
        from->checkpoint->stream(from->tensors[run.input], run.first, run.count, blockElements, take);
    if (!gathered.empty())
        pass(gathered);
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
    Conversion conversion(request);
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
    conversion.prepare(targets);
    const TensorFiller fill
        = [&](std::size_t index, const ByteSink &sink) { conversion.push(targets.at(index), sink, report.rounding, progress); };
    report.files = writer.write(request.destination, output, fill, options, progress);
    if (report.rounding.overflows > 0)
        report.warnings.push_back(fmt::format("{} finite values became infinite; BF16 or F32 would hold them", report.rounding.overflows));
    return report;
}

std::vector<std::byte> convertedTensor(const ConvertRequest &request, std::size_t targetIndex)
{
    std::vector<std::byte> result;
    convertTensors(request, std::array {targetIndex}, [&](std::size_t, std::vector<std::byte> bytes) { result = std::move(bytes); }, {});
    return result;
}

void convertTensors(const ConvertRequest &request, std::span<const std::size_t> targets, const ConvertedSink &sink,
                    const Progress &progress)
{
    Conversion conversion(request);
    const Schema &schema = conversion.target();
    for (const std::size_t target : targets) {
        if (target >= schema.tensors.size())
            throw Error(displayText(schema.name), "", fmt::format("has no tensor {}", target));
        if (!conversion.hasValue(target))
            throw Error(displayText(schema.name), displayText(schema.tensors[target].key), "gets no value from the mapping");
    }
    conversion.prepare(targets);
    for (std::size_t i = 0; i < targets.size(); ++i) {
        progress.step(i, targets.size(), "converting");
        std::vector<std::byte> bytes;
        Rounding rounding;
        conversion.push(
            targets[i], [&](std::span<const std::byte> run) { bytes.insert(bytes.end(), run.begin(), run.end()); }, rounding, progress);
        sink(targets[i], std::move(bytes));
    }
}

} // namespace rekey

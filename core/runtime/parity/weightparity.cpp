// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/runtime/parity/weightparity.h"

#include "core/base/error.h"
#include "core/checkpoint/quantiser.h"
#include "core/runtime/conversion.h"
#include "core/runtime/parity/layerweights.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>

namespace rekey {

namespace {

/// The first bytes of a tensor tell almost all apart.
constexpr std::uint64_t probeElements = 64;

/// What arrives at a target tensor: a stored tensor as it is, or bytes that the mapping made, in the target's dtype or in `dtype`.
struct Arrival
{
    std::size_t stored = SchemaIndex::npos;
    std::vector<std::byte> converted;
    DType dtype = DType::F32; ///< of `converted`
};

/// In which type what arrives there is compared: nothing is cast to integers that stand for other numbers.
DType comparedType(DType target)
{
    return info(target).kind == DTypeKind::Quantized ? DType::F32 : target;
}

/// The widest step between numbers that a tensor's integers stand for; 0 where they stand for themselves.
double quantisationStep(const Checkpoint &checkpoint, std::size_t index)
{
    const Quantiser *quantiser = quantiserOf(checkpoint, index);
    return quantiser == nullptr || quantiser->scales.empty() ? 0 : std::ranges::max(quantiser->scales);
}

class Comparison
{
public:
    Comparison(const WeightParityRequest &request, WeightParity &result)
        : m_source(*request.source)
        , m_target(*request.target)
        , m_result(result)
    {
        for (std::size_t i = 0; i < m_target.tensors().size(); ++i)
            m_alike[{m_target.tensors()[i].shape, m_target.tensors()[i].dtype}].push_back(i);
    }

    /// `row` has its key, shapes and dtypes.
    void compare(WeightParityRow row, const Arrival &arrival, const Progress &progress)
    {
        row.difference = differenceOf(arrival, row.target, progress);
        row.tolerance
            = std::max(roundingTolerance(row.arrivingDtype, row.dtype, row.difference.largest), quantisationStep(m_target, row.target));
        if (row.difference.equal) {
            row.verdict = WeightVerdict::Equal;
        } else if (row.difference.maxAbsolute <= row.tolerance) {
            row.verdict = WeightVerdict::WithinTolerance;
        } else {
            row.verdict = WeightVerdict::Different;
            explain(row, arrival, progress);
        }
        m_result.rows.push_back(std::move(row));
    }

private:
    ValueDifference differenceOf(const Arrival &arrival, std::size_t target, const Progress &progress) const
    {
        if (arrival.stored != SchemaIndex::npos)
            return sameBytes(arrival.stored, target, progress) ? equalValues(target)
                                                               : compareValues(m_source, arrival.stored, m_target, target, progress);
        const TensorEntry &entry = m_target.tensors()[target];
        std::vector<std::byte> stored(byteCount(entry.dtype, entry.elements()).value_or(0));
        m_target.read(target, 0, entry.elements(), stored);
        if (arrival.dtype == entry.dtype && stored == arrival.converted)
            return equalValues(target);
        std::vector<double> left(entry.elements()), right(entry.elements());
        decode(arrival.dtype, arrival.converted, std::span(left));
        decodeValues(m_target, target, 0, stored, std::span(right));
        return compareValues(left, right);
    }

    ValueDifference equalValues(std::size_t target) const
    {
        ValueDifference difference;
        difference.equal = true;
        difference.count = m_target.tensors()[target].elements();
        return difference;
    }

    bool sameBytes(std::size_t source, std::size_t target, const Progress &progress) const
    {
        if (m_source.tensors()[source].dtype != m_target.tensors()[target].dtype)
            return false;
        // The same integers may stand for other numbers.
        if (quantiserOf(m_source, source) != nullptr || quantiserOf(m_target, target) != nullptr)
            return false;
        const std::span<const std::byte> a = m_source.view(source), b = m_target.view(target);
        if (a.empty() || a.size() != b.size())
            return false;
        constexpr std::size_t step = 16 << 20;
        for (std::size_t done = 0; done < a.size(); done += step) {
            progress.check();
            if (std::memcmp(a.data() + done, b.data() + done, std::min(step, a.size() - done)) != 0)
                return false;
        }
        return true;
    }

    void explain(WeightParityRow &row, const Arrival &arrival, const Progress &progress)
    {
        if (row.difference.notFinite > 0)
            row.reason = fmt::format("{} of {} values are NaN or infinite on one side", row.difference.notFinite, row.difference.count);
        const std::size_t other = holder(arrival, row.target, progress);
        if (other == SchemaIndex::npos)
            return;
        row.holdsValuesOf = m_target.tensors()[other].key;
        row.reason = "the values that belong to " + displayText(row.holdsValuesOf, 200) + " arrive here";
    }

    /// Another target tensor of the same shape and dtype that has just these values. Constant ones prove nothing.
    std::size_t holder(const Arrival &arrival, std::size_t target, const Progress &progress)
    {
        const TensorEntry &entry = m_target.tensors()[target];
        const bool stored = arrival.stored != SchemaIndex::npos;
        if (info(entry.dtype).blockElements != 1 || (stored ? m_source.tensors()[arrival.stored].dtype : arrival.dtype) != entry.dtype)
            return SchemaIndex::npos;
        const std::vector<std::byte> probe = stored ? probeOf(m_source, arrival.stored) : probeOf(arrival.converted, entry);
        if (probe.empty() || isConstant(probe, info(entry.dtype).blockBytes))
            return SchemaIndex::npos;
        for (const std::size_t other : m_alike[{entry.shape, entry.dtype}]) {
            progress.check();
            if (other != target && probeOfTarget(other) == probe && differenceOf(arrival, other, progress).equal)
                return other;
        }
        return SchemaIndex::npos;
    }

    static std::vector<std::byte> probeOf(const Checkpoint &checkpoint, std::size_t index)
    {
        const TensorEntry &entry = checkpoint.tensors()[index];
        const std::uint64_t count = std::min(probeElements, entry.elements());
        std::vector<std::byte> bytes(byteCount(entry.dtype, count).value_or(0));
        checkpoint.read(index, 0, count, bytes);
        return bytes;
    }

    static std::vector<std::byte> probeOf(const std::vector<std::byte> &bytes, const TensorEntry &entry)
    {
        const std::uint64_t size = std::min<std::uint64_t>(bytes.size(), byteCount(entry.dtype, probeElements).value_or(0));
        return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)};
    }

    const std::vector<std::byte> &probeOfTarget(std::size_t index)
    {
        std::vector<std::byte> &probe = m_probes[index];
        if (probe.empty())
            probe = probeOf(m_target, index);
        return probe;
    }

    static bool isConstant(const std::vector<std::byte> &bytes, std::size_t width)
    {
        return bytes.size() <= width || std::memcmp(bytes.data(), bytes.data() + width, bytes.size() - width) == 0;
    }

    const Checkpoint &m_source, &m_target;
    WeightParity &m_result;
    std::map<std::pair<Shape, DType>, std::vector<std::size_t>> m_alike;
    std::map<std::size_t, std::vector<std::byte>> m_probes;
};

WeightParityRow rowFor(const Checkpoint &target, std::size_t index)
{
    const TensorEntry &entry = target.tensors()[index];
    WeightParityRow row;
    row.key = entry.key;
    row.target = static_cast<std::uint32_t>(index);
    row.shape = entry.shape;
    row.dtype = row.arrivingDtype = entry.dtype;
    return row;
}

std::string shapesText(const Shape &arriving, const Shape &expected)
{
    return "shapes differ: " + shapeText(arriving) + " arrives where " + shapeText(expected) + " is";
}

void compareEqualKeys(const WeightParityRequest &request, WeightParity &result, const Progress &progress)
{
    const Checkpoint &source = *request.source, &target = *request.target;
    Comparison comparison(request, result);
    const std::size_t count = target.tensors().size();
    for (std::size_t i = 0; i < count; ++i) {
        progress.step(i, count, "comparing weights");
        WeightParityRow row = rowFor(target, i);
        const std::size_t partner = source.find(row.key);
        if (partner == SchemaIndex::npos) {
            row.reason = "no such key in " + displayText(source.name());
            result.rows.push_back(std::move(row));
            continue;
        }
        row.sources = {row.key};
        row.arriving = source.tensors()[partner].shape;
        row.arrivingDtype = source.tensors()[partner].dtype;
        if (row.arriving != row.shape) {
            row.verdict = WeightVerdict::Different;
            row.reason = shapesText(row.arriving, row.shape);
            result.rows.push_back(std::move(row));
            continue;
        }
        comparison.compare(std::move(row), {partner, {}},
                           progress.part(static_cast<double>(i) / count, static_cast<double>(i + 1) / count));
    }
}

class MappedComparison
{
public:
    MappedComparison(const WeightParityRequest &request, WeightParity &result)
        : m_request(request)
        , m_result(result)
        , m_comparison(request, result)
        , m_resolution(resolve(*request.mapping, request.source->schema(), request.target->schema()))
    {
        const std::string warning = checkApplies(*request.mapping, m_resolution, request.source->schema(), request.target->schema());
        if (!warning.empty())
            result.warnings.push_back(warning);
    }

    void run(const Progress &progress)
    {
        const std::size_t count = m_request.target->tensors().size();
        std::vector<std::size_t> toConvert;
        for (std::size_t i = 0; i < count; ++i) {
            progress.step(i, count, "comparing weights");
            const TargetOutcome &outcome = m_resolution.targets[i];
            if (outcome.status == TargetStatus::Initialised) {
                ++m_result.initialised;
                continue;
            }
            if (outcome.status != TargetStatus::Filled) {
                addUnfilled(i, outcome);
                continue;
            }
            const std::size_t copied = copiedFrom(outcome, m_request.target->tensors()[i].dtype);
            if (copied == SchemaIndex::npos)
                toConvert.push_back(i);
            else
                m_comparison.compare(filledRow(i), {copied, {}},
                                     progress.part(static_cast<double>(i) / count, static_cast<double>(i + 1) / count));
        }
        compareConverted(toConvert, progress);
        std::ranges::sort(m_result.rows, {}, &WeightParityRow::target);
    }

private:
    WeightParityRow filledRow(std::size_t index) const
    {
        WeightParityRow row = rowFor(*m_request.target, index);
        const Assignment &assignment = m_resolution.assignments[m_resolution.targets[index].assignment];
        row.rule = assignment.rule;
        row.arriving = row.shape;
        for (const std::uint32_t source : assignment.sources) {
            const TensorEntry &entry = m_request.source->tensors()[source];
            row.sources.push_back(entry.key);
            if (row.sources.size() == 1
                || roundingTolerance(entry.dtype, entry.dtype, 1) > roundingTolerance(row.arrivingDtype, row.arrivingDtype, 1))
                row.arrivingDtype = entry.dtype;
        }
        return row;
    }

    void addUnfilled(std::size_t index, const TargetOutcome &outcome)
    {
        WeightParityRow row = rowFor(*m_request.target, index);
        row.rule = outcome.rule;
        row.arriving = outcome.arriving;
        row.verdict = outcome.status == TargetStatus::Mismatched ? WeightVerdict::Different : WeightVerdict::Missing;
        row.reason = outcome.why.empty() ? "the mapping does not fill it" : outcome.why;
        m_result.rows.push_back(std::move(row));
    }

    /// The stored tensor that arrives bit for bit; npos: it takes computing.
    std::size_t copiedFrom(const TargetOutcome &outcome, DType dtype) const
    {
        const Assignment &assignment = m_resolution.assignments[outcome.assignment];
        if (!m_request.mapping->rules[assignment.rule].transform.empty() || outcome.output >= assignment.sources.size())
            return SchemaIndex::npos;
        const std::uint32_t source = assignment.sources[outcome.output];
        return m_request.source->tensors()[source].dtype == dtype ? source : SchemaIndex::npos;
    }

    /// The target as what arrives is to be compared with it: its own values are not needed for keys that are filled.
    CheckpointPtr comparedTarget() const
    {
        Schema schema = m_request.target->schema();
        bool other = false;
        for (SchemaTensor &tensor : schema.tensors) {
            other = other || comparedType(tensor.dtype) != tensor.dtype;
            tensor.dtype = comparedType(tensor.dtype);
        }
        return other ? checkpointFromSchema(std::move(schema)) : m_request.target;
    }

    void compareConverted(const std::vector<std::size_t> &targets, const Progress &progress)
    {
        if (targets.empty())
            return;
        ConvertRequest request;
        request.source = m_request.source;
        request.target = comparedTarget();
        request.mapping = *m_request.mapping;
        request.allowIncomplete = true;
        convertTensors(
            request, targets,
            [&](std::size_t target, std::vector<std::byte> bytes) {
                const DType dtype = comparedType(m_request.target->tensors()[target].dtype);
                m_comparison.compare(filledRow(target), {SchemaIndex::npos, std::move(bytes), dtype}, {});
            },
            progress);
    }

    const WeightParityRequest &m_request;
    WeightParity &m_result;
    Comparison m_comparison;
    Resolution m_resolution;
};

} // namespace

std::string_view verdictName(WeightVerdict verdict)
{
    constexpr std::array<std::string_view, weightVerdicts> names = {"equal", "within tolerance", "different", "missing"};
    return names.at(static_cast<std::size_t>(verdict));
}

std::size_t WeightParity::count(WeightVerdict verdict) const
{
    return static_cast<std::size_t>(std::ranges::count(rows, verdict, &WeightParityRow::verdict));
}

bool WeightParity::targetLooksFresh() const
{
    // Counted in values: buffers that are the same in every model of a kind are few, and so are norms, which begin near what they become.
    constexpr double nearlyAll = 0.95, unrelated = 0.5;
    double values = 0, strangers = 0;
    for (const WeightParityRow &row : rows) {
        const auto count = static_cast<double>(row.difference.count);
        values += count;
        const bool stranger
            = row.verdict == WeightVerdict::Different && row.holdsValuesOf.empty() && std::abs(row.difference.cosine) < unrelated;
        strangers += stranger ? count : 0;
    }
    return values > 0 && strangers >= nearlyAll * values;
}

const WeightParityRow *WeightParity::find(std::string_view key) const
{
    const auto found = std::ranges::find(rows, key, &WeightParityRow::key);
    return found == rows.end() ? nullptr : &*found;
}

WeightParity weightParity(const WeightParityRequest &request, const Progress &progress)
{
    for (const CheckpointPtr &side : {request.source, request.target}) {
        if (!side->hasValues())
            throw Error(side->path().string(), {}, "is a schema: it has keys and shapes but no values to compare");
    }
    const auto start = std::chrono::steady_clock::now();
    WeightParity result;
    if (request.mapping)
        MappedComparison(request, result).run(progress);
    else
        compareEqualKeys(request, result, progress);
    result.milliseconds = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    return result;
}

} // namespace rekey

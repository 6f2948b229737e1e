// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/commands.h"
#include "app/inputs.h"
#include "app/mappingtext.h"
#include "app/terminal.h"
#include "core/base/error.h"
#include "core/inspect/comparison.h"
#include "core/inspect/statistics.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace rekey {

namespace {

using Json = nlohmann::ordered_json;

enum class Verdict { Equal, WithinTolerance, Different, Missing };

std::string_view verdictName(Verdict verdict)
{
    switch (verdict) {
    case Verdict::Equal: return "equal";
    case Verdict::WithinTolerance: return "within tolerance";
    case Verdict::Different: return "different";
    case Verdict::Missing: return "missing";
    }
    return "missing";
}

struct ParityRow
{
    std::string key;
    Verdict verdict = Verdict::Missing;
    ValueDifference difference;
    std::string why;
};

/// Distance from 1 to the next value of the type.
double epsilon(DType dtype)
{
    switch (dtype) {
    case DType::F64: return 0x1p-52;
    case DType::F32: return 0x1p-23;
    case DType::F16: return 0x1p-10;
    case DType::BF16: return 0x1p-7;
    default: return 0;
    }
}

/// Two steps of the coarser type at the largest value: what a cast there and an operation's rounding may cost.
double tolerance(DType a, DType b, const Statistics &values)
{
    const double largest = values.finite == 0 ? 0 : std::max(std::abs(values.minimum), std::abs(values.maximum));
    return 2 * std::max(epsilon(a), epsilon(b)) * largest;
}

class WeightParity
{
public:
    WeightParity(CheckpointPtr a, CheckpointPtr b)
        : m_a(std::move(a))
        , m_b(std::move(b))
    {
    }

    ParityRow compareStored(std::size_t inA, std::size_t inB) const
    {
        ParityRow row {m_b->tensors()[inB].key, Verdict::Different, {}, {}};
        const TensorEntry &a = m_a->tensors()[inA], &b = m_b->tensors()[inB];
        if (a.shape != b.shape) {
            row.why = "shapes " + shapeText(a.shape) + " and " + shapeText(b.shape);
            return row;
        }
        judge(row, compareValues(*m_a, inA, *m_b, inB), a.dtype, inB);
        return row;
    }

    /// B's tensor against the bytes that the mapping makes of A, in B's dtype.
    ParityRow compareConverted(const std::vector<std::byte> &converted, std::size_t inB) const
    {
        const TensorEntry &b = m_b->tensors()[inB];
        ParityRow row {b.key, Verdict::Different, {}, {}};
        std::vector<double> left(b.elements()), right(b.elements());
        std::vector<std::byte> stored(converted.size());
        m_b->read(inB, 0, b.elements(), stored);
        decode(b.dtype, converted, std::span(left));
        decode(b.dtype, stored, std::span(right));
        judge(row, compareValues(left, right), b.dtype, inB);
        return row;
    }

private:
    void judge(ParityRow &row, const ValueDifference &difference, DType other, std::size_t inB) const
    {
        row.difference = difference;
        if (difference.equal)
            row.verdict = Verdict::Equal;
        else if (difference.maxAbsolute <= tolerance(other, m_b->tensors()[inB].dtype, statistics(*m_b, inB)))
            row.verdict = Verdict::WithinTolerance;
    }

    CheckpointPtr m_a, m_b;
};

std::vector<ParityRow> parityByKeys(const CheckpointPtr &a, const CheckpointPtr &b, const Progress &progress)
{
    const WeightParity parity(a, b);
    std::vector<ParityRow> rows;
    for (std::size_t i = 0; i < b->tensors().size(); ++i) {
        progress.step(i, b->tensors().size(), "comparing values");
        const std::size_t partner = a->find(b->tensors()[i].key);
        if (partner == SchemaIndex::npos)
            rows.push_back({b->tensors()[i].key, Verdict::Missing, {}, "no such key in " + a->name()});
        else
            rows.push_back(parity.compareStored(partner, i));
    }
    return rows;
}

std::vector<ParityRow> parityByMapping(const CheckpointPtr &a, const CheckpointPtr &b, const Mapping &mapping, const Progress &progress)
{
    const Resolution resolution = resolve(mapping, a->schema(), b->schema());
    const std::string warning = checkApplies(mapping, resolution, a->schema(), b->schema());
    if (!warning.empty())
        printWarning(warning);
    ConvertRequest request;
    request.source = a;
    request.target = b;
    request.mapping = mapping;
    request.allowIncomplete = true;
    const WeightParity parity(a, b);
    std::vector<ParityRow> rows;
    for (std::size_t i = 0; i < b->tensors().size(); ++i) {
        progress.step(i, b->tensors().size(), "comparing values");
        const TargetOutcome &outcome = resolution.targets[i];
        const std::string &key = b->tensors()[i].key;
        if (outcome.status == TargetStatus::Initialised)
            continue; // no source fills it: nothing to compare
        if (outcome.status != TargetStatus::Filled) {
            rows.push_back({key, Verdict::Missing, {}, outcome.why.empty() ? "the mapping does not fill it" : outcome.why});
            continue;
        }
        const Assignment &assignment = resolution.assignments[outcome.assignment];
        const std::uint32_t first = assignment.sources.front();
        const bool copied = mapping.rules[assignment.rule].transform.empty() && assignment.sources.size() == 1;
        if (copied && a->tensors()[first].dtype == b->tensors()[i].dtype)
            rows.push_back(parity.compareStored(first, i));
        else
            rows.push_back(parity.compareConverted(runtime().convertedTensor(request, i), i));
    }
    return rows;
}

std::size_t countOf(const std::vector<ParityRow> &rows, Verdict verdict)
{
    return static_cast<std::size_t>(std::ranges::count(rows, verdict, &ParityRow::verdict));
}

Json parityJson(const std::vector<ParityRow> &rows)
{
    Json tensors = Json::array();
    for (const ParityRow &row : rows) {
        Json each = {{"key", row.key}, {"verdict", verdictName(row.verdict)}};
        if (row.why.empty()) {
            each["max_abs"] = row.difference.maxAbsolute;
            each["mean_abs"] = row.difference.meanAbsolute;
            each["cosine"] = row.difference.cosine;
            each["differing"] = row.difference.differing;
        } else {
            each["why"] = row.why;
        }
        tensors.push_back(std::move(each));
    }
    return {{"compared", rows.size()},
            {"equal", countOf(rows, Verdict::Equal)},
            {"within_tolerance", countOf(rows, Verdict::WithinTolerance)},
            {"different", countOf(rows, Verdict::Different)},
            {"missing", countOf(rows, Verdict::Missing)},
            {"tensors", std::move(tensors)}};
}

std::string parityText(const std::vector<ParityRow> &rows)
{
    constexpr std::size_t rowsShown = 30;
    std::string text;
    std::size_t shown = 0;
    for (const ParityRow &row : rows) {
        if (row.verdict == Verdict::Equal)
            continue;
        if (++shown > rowsShown)
            break;
        const std::string figures = row.why.empty()
                                        ? fmt::format("largest difference {:.1e}, mean {:.1e}, cosine {:.6f}", row.difference.maxAbsolute,
                                                      row.difference.meanAbsolute, row.difference.cosine)
                                        : row.why;
        text += fmt::format("{:<16}  {}  {}\n", verdictName(row.verdict), displayText(row.key, 200), figures);
    }
    if (shown > rowsShown)
        text += "… and more; --json lists all\n";
    text += fmt::format("{} compared: {} equal, {} within tolerance, {} different, {} missing.\n", countText(rows.size(), "tensor"),
                        countOf(rows, Verdict::Equal), countOf(rows, Verdict::WithinTolerance), countOf(rows, Verdict::Different),
                        countOf(rows, Verdict::Missing));
    return text;
}

} // namespace

int parityCommand(const ParityOptions &options)
{
    if (!options.image.empty() || !options.activations.empty())
        throw UsageError("parity compares weights so far; comparing activations layer by layer (--image, --activations) is not there yet.");
    const Progress progress = terminalProgress();
    const CheckpointPtr a = openInput(options.a, progress), b = openInput(options.b, progress);
    for (const CheckpointPtr &each : {a, b}) {
        if (!each->hasValues())
            throw Error(each->path().string(), {}, "is a schema: it has keys and shapes but no values to compare");
    }
    const std::vector<ParityRow> rows
        = options.mapping.empty() ? parityByKeys(a, b, progress) : parityByMapping(a, b, loadMapping(options.mapping), progress);
    if (options.json)
        printJson(parityJson(rows));
    else
        printText(parityText(rows));
    return countOf(rows, Verdict::Different) + countOf(rows, Verdict::Missing) == 0 ? ExitDone : ExitFindings;
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/suggest/valueprints.h"

#include "core/base/error.h"

#include <algorithm>
#include <exception>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

namespace rekey {

namespace {

/// Runs `work(0)` … `work(count - 1)` on all processors. Rethrows the first exception.
void inParallel(std::size_t count, const std::function<void(std::size_t)> &work)
{
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    const auto run = [&] {
        try {
            for (std::size_t i; (i = next++) < count;)
                work(i);
        } catch (...) {
            next = count;
            const std::lock_guard lock(mutex);
            failure = failure ? failure : std::current_exception();
        }
    };
    {
        constexpr std::size_t most = 8;
        std::vector<std::jthread> threads;
        for (std::size_t i = 1; i < std::min({most, count, std::max<std::size_t>(1, std::thread::hardware_concurrency())}); ++i)
            threads.emplace_back(run);
        run();
    }
    if (failure)
        std::rethrow_exception(failure);
}

std::vector<DType> effectiveDtypes(const Checkpoint &checkpoint)
{
    std::vector<DType> dtypes;
    for (std::size_t t = 0; t < checkpoint.tensors().size(); ++t)
        dtypes.push_back(hasNumbers(checkpoint.tensors()[t]) ? effectiveDtype(checkpoint, t) : checkpoint.tensors()[t].dtype);
    return dtypes;
}

/// What a tensor is rounded to: its own dtype and all coarser ones of the other side. But not from F16 to BF16: rounded
/// twice, a value is often another than rounded once, so that such tensors cannot be compared exactly.
std::set<DType> roundings(DType own, const std::vector<DType> &others)
{
    std::set<DType> dtypes = {own};
    for (const DType other : std::set<DType>(others.begin(), others.end()))
        if (precision(other) < precision(own) && own != DType::F16)
            dtypes.insert(other);
    return dtypes;
}

/// The digests of the rows or columns that a piece is made of.
std::span<const std::uint64_t> lines(const Print &print, const Part &part)
{
    const auto &all = part.index >= 0 && part.dim == 1 && !print.columns.empty() ? print.columns : print.rows;
    if (part.index < 0)
        return all;
    const auto start = static_cast<std::size_t>(part.start), size = static_cast<std::size_t>(part.size);
    return start + size <= all.size() ? std::span(all).subspan(start, size) : std::span<const std::uint64_t>();
}

std::uint64_t bagOf(std::span<const std::uint64_t> digests)
{
    std::uint64_t sum = 0;
    for (const auto digest : digests)
        sum += (digest ^ digest >> 32) * 0xd6e8feb86659fd93ULL;
    return sum;
}

bool sameBag(std::span<const std::uint64_t> a, std::span<const std::uint64_t> b)
{
    return !a.empty() && a.size() == b.size() && bagOf(a) == bagOf(b);
}

const Print *find(const std::vector<TensorPrints> &prints, std::uint32_t tensor, DType dtype)
{
    const auto print = prints[tensor].byDtype.find(dtype);
    return print == prints[tensor].byDtype.end() ? nullptr : &print->second;
}

} // namespace

ValuePrints::ValuePrints(const Checkpoint &sourceFile, const Checkpoint &targetFile, const Progress &progress)
    : m_sourceDtypes(effectiveDtypes(sourceFile)), m_targetDtypes(effectiveDtypes(targetFile)), m_source(sourceFile.tensors().size()),
      m_target(targetFile.tensors().size())
{
    std::uint64_t total = 0;
    for (const Checkpoint *file : {&sourceFile, &targetFile})
        for (const auto &entry : file->tensors())
            total += hasNumbers(entry) ? entry.bytes() : 0;
    inParallel(m_source.size() + m_target.size(), [&](std::size_t i) {
        const bool isSource = i < m_source.size();
        const Checkpoint &file = isSource ? sourceFile : targetFile;
        const std::size_t tensor = isSource ? i : i - m_source.size();
        progress.step(m_read, total, "reading weights");
        if (!hasNumbers(file.tensors()[tensor]))
            return;
        const auto dtypes
            = isSource ? roundings(m_sourceDtypes[tensor], m_targetDtypes) : roundings(m_targetDtypes[tensor], m_sourceDtypes);
        try {
            (isSource ? m_source : m_target)[tensor] = printTensor(file, tensor, dtypes, progress, m_read);
        } catch (const Error &) {
            return; // who converts it will be told
        }
    });
}

const Print *ValuePrints::source(std::uint32_t tensor, DType dtype) const { return find(m_source, tensor, dtype); }
const Print *ValuePrints::target(std::uint32_t tensor, DType dtype) const { return find(m_target, tensor, dtype); }

DType ValuePrints::common(std::uint32_t sourceTensor, std::uint32_t targetTensor) const
{
    const DType a = m_sourceDtypes[sourceTensor], b = m_targetDtypes[targetTensor];
    return precision(a) <= precision(b) ? a : b;
}

std::uint64_t ValuePrints::bytesHeld() const
{
    std::uint64_t sum = 0;
    for (const auto *side : {&m_source, &m_target})
        for (const auto &prints : *side) {
            sum += prints.first.size() * sizeof(float);
            for (const auto &[dtype, print] : prints.byDtype)
                sum += print.bytes();
        }
    return sum;
}

ValuePrints::Verdict ValuePrints::compare(const Piece &from, const Piece &to) const
{
    const DType dtype = common(from.tensor, to.tensor);
    const Print *a = source(from.tensor, dtype), *b = target(to.tensor, dtype);
    if (a == nullptr || b == nullptr || !a->telling || !b->telling)
        return Verdict::Unknown;
    if (from.part.index < 0 && to.part.index < 0)
        return a->bag == b->bag ? Verdict::Same : Verdict::Different;
    if (sameBag(lines(*a, from.part), lines(*b, to.part)))
        return Verdict::Same;
    // A whole matrix against rows or columns of one that lies the other way round.
    const bool crosswise = (from.part.index < 0 && sameBag(a->columns, lines(*b, to.part)))
        || (to.part.index < 0 && sameBag(lines(*a, from.part), b->columns));
    return crosswise ? Verdict::Same : Verdict::Different;
}

} // namespace rekey

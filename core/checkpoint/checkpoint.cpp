// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/checkpoint/checkpoint.h"

#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/limits.h"
#include "core/checkpoint/storagereader.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace rekey {

std::string pathText(const Path &path)
{
    std::string text;
    for (const PathStep &step : path) {
        if (&step != &path.front())
            text += '.';
        if (const auto *name = std::get_if<std::string>(&step.value))
            text += *name;
        else
            text += std::to_string(std::get<std::int64_t>(step.value));
    }
    return text;
}

std::uint64_t TensorEntry::bytes() const
{
    if (kind == TensorKind::Meta || kind == TensorKind::Sparse || kind == TensorKind::Nested || kind == TensorKind::Object)
        return 0;
    return byteCount(dtype, elements()).value_or(0);
}

CheckpointContent::CheckpointContent() = default;
CheckpointContent::~CheckpointContent() = default;

void CheckpointContent::warn(std::string sentence)
{
    constexpr std::size_t most = 1000; // a hostile file can have a reason to warn in every entry
    if (warnings.size() < most && std::ranges::find(warnings, sentence) == warnings.end())
        warnings.push_back(std::move(sentence));
    else if (warnings.size() == most)
        warnings.push_back("further warnings are not shown");
}

namespace {

bool startsWith(const Path &path, const Path &prefix)
{
    return path.size() >= prefix.size() && std::equal(prefix.begin(), prefix.end(), path.begin());
}

/// Fills tiedTo: tensors of one storage that are the same bytes seen the same way.
void findTied(const std::vector<TensorEntry> &tensors, std::size_t storages, Schema &schema)
{
    std::vector<std::uint32_t> users(storages, 0);
    for (const TensorEntry &entry : tensors) {
        if (entry.storage < storages)
            ++users[entry.storage];
    }
    std::unordered_multimap<std::uint32_t, std::uint32_t> firsts;
    for (std::uint32_t i = 0; i < tensors.size(); ++i) {
        const TensorEntry &entry = tensors[i];
        schema.tensors[i].tiedTo = i;
        if (entry.storage >= storages || users[entry.storage] < 2 || entry.kind == TensorKind::Sparse || entry.kind == TensorKind::Nested
            || entry.kind == TensorKind::Object)
            continue;
        const auto [begin, end] = firsts.equal_range(entry.storage);
        const auto same = std::find_if(begin, end, [&](const auto &candidate) {
            const TensorEntry &other = tensors[candidate.second];
            return other.offset == entry.offset && other.dtype == entry.dtype && other.shape == entry.shape
                && other.conjugate == entry.conjugate && other.negative == entry.negative
                && (other.strides == entry.strides || (isContiguous(other) && isContiguous(entry)));
        });
        // A storage cut into thousands of pieces would make the search above quadratic.
        constexpr std::ptrdiff_t compared = 1000;
        if (same != end)
            schema.tensors[i].tiedTo = same->second;
        else if (std::distance(begin, end) < compared)
            firsts.emplace(entry.storage, i);
    }
}

} // namespace

std::shared_ptr<const Checkpoint::Data> listedFrom(std::shared_ptr<const CheckpointContent> content, const Root &root)
{
    auto data = std::make_shared<Checkpoint::Data>();
    data->root = root;
    if (root.path.empty()) {
        data->tensors = &content->tensors;
    } else {
        for (const TensorEntry &entry : content->tensors) {
            if (!startsWith(entry.path, root.path))
                continue;
            TensorEntry &listed = data->below.emplace_back(entry);
            listed.key = pathText(Path(entry.path.begin() + static_cast<std::ptrdiff_t>(root.path.size()), entry.path.end()));
        }
        data->tensors = &data->below;
    }
    data->content = std::move(content);
    return data;
}

Checkpoint::Checkpoint(std::shared_ptr<const Data> data)
    : m_data(std::move(data))
{
}

Checkpoint::~Checkpoint() = default;

const std::string &Checkpoint::name() const { return m_data->content->name; }
const std::filesystem::path &Checkpoint::path() const { return m_data->content->path; }
const std::vector<std::filesystem::path> &Checkpoint::files() const { return m_data->content->filePaths; }
std::string_view Checkpoint::format() const { return m_data->content->format; }
std::string_view Checkpoint::formatText() const { return m_data->content->formatText; }
const std::vector<TensorEntry> &Checkpoint::tensors() const { return *m_data->tensors; }
const std::vector<MetadataEntry> &Checkpoint::metadata() const { return m_data->content->metadata; }
const std::vector<std::string> &Checkpoint::warnings() const { return m_data->content->warnings; }
const std::vector<GlobalUse> &Checkpoint::globals() const { return m_data->content->globals; }
const std::vector<Root> &Checkpoint::roots() const { return m_data->content->roots; }
const Root &Checkpoint::root() const { return m_data->root; }
bool Checkpoint::hasValues() const { return m_data->content->hasValues; }

const Schema &Checkpoint::schema() const
{
    std::call_once(m_data->schemaOnce, [this] {
        Schema &schema = m_data->schema;
        schema.name = name();
        schema.tensors.reserve(tensors().size());
        for (const TensorEntry &entry : tensors())
            schema.tensors.push_back({entry.key, entry.shape, entry.dtype, 0});
        findTied(tensors(), m_data->content->storages.size(), schema);
    });
    return m_data->schema;
}

std::size_t Checkpoint::find(std::string_view key) const
{
    std::call_once(m_data->indexOnce, [this] { m_data->index = std::make_unique<SchemaIndex>(schema()); });
    return m_data->index->find(key);
}

std::span<const std::byte> Checkpoint::view(std::size_t index) const
{
    return m_data->content->reader->view(tensors().at(index));
}

void Checkpoint::read(std::size_t index, std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const
{
    m_data->content->reader->read(tensors().at(index), first, count, out);
}

void Checkpoint::stream(std::size_t index, std::uint64_t first, std::uint64_t count, std::uint64_t blockElements,
                        const std::function<void(std::span<const std::byte>)> &sink) const
{
    m_data->content->reader->stream(tensors().at(index), first, count, blockElements, sink);
}

std::shared_ptr<const Checkpoint> Checkpoint::atRoot(const Root &root) const
{
    return std::make_shared<const Checkpoint>(listedFrom(m_data->content, root));
}

namespace {

const Root &choose(const std::vector<Root> &roots, const OpenOptions &options, const std::string &file)
{
    if (options.rootChoice == OpenOptions::RootChoice::Automatic)
        return roots.front();
    const auto found = std::ranges::find_if(roots, [&](const Root &root) {
        return options.rootChoice == OpenOptions::RootChoice::WholeFile ? root.path.empty() : root.text == options.root;
    });
    if (found != roots.end())
        return *found;
    std::string known;
    for (const Root &root : roots)
        known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", displayText(root.text));
    throw Error(file, {}, fmt::format("has no part \"{}\" with tensors; there are {}", displayText(options.root), known));
}

std::string shownName(const std::filesystem::path &path)
{
    const auto clean = path.lexically_normal();
    const auto last = clean.filename().empty() ? clean.parent_path().filename() : clean.filename();
    return last.empty() ? clean.native() : last.native();
}

/// Small archives are verified whole when they are opened, which costs a millisecond; large ones record by record when
/// values are read.
void verifySmall(const CheckpointContent &content)
{
    std::uint64_t bytes = 0;
    for (const Storage &storage : content.storages)
        bytes += storage.hasChecksum ? std::min(storage.recordBytes, limits::verifiedAtOpening + 1) : 0;
    if (bytes > limits::verifiedAtOpening)
        return;
    for (std::uint32_t i = 0; i < content.storages.size(); ++i)
        content.reader->verify(i);
}

/// PyTorch takes every byte of a truth value but 0 for true, other programs do not. Looked for where it costs nothing.
void warnOfOddTruths(CheckpointContent &content)
{
    std::uint64_t left = limits::verifiedAtOpening;
    for (const TensorEntry &entry : content.tensors) {
        const bool small = entry.dtype == DType::Bool && entry.storage < content.storages.size() && entry.elements() <= left
            && content.storages[entry.storage].recordBytes <= left;
        const bool values = entry.kind == TensorKind::Dense || entry.kind == TensorKind::Numpy;
        if (!small || !values || entry.elements() == 0)
            continue;
        left -= std::max(entry.elements(), content.storages[entry.storage].recordBytes);
        std::vector<std::byte> bytes(entry.elements());
        try {
            content.reader->read(entry, 0, bytes.size(), bytes);
        } catch (const Error &) {
            continue; // told when somebody asks for the values
        }
        const auto odd = std::ranges::count_if(bytes, [](std::byte byte) { return byte > std::byte{1}; });
        if (odd > 0)
            content.warn(fmt::format("tensor \"{}\": {} of its truth values are neither 0 nor 1; they count as true",
                                     displayText(pathText(entry.path)), odd));
    }
}

CheckpointPtr finished(std::shared_ptr<CheckpointContent> content, const OpenOptions &options)
{
    chooseRoots(*content);
    content->reader = std::make_unique<StorageReader>(*content);
    verifySmall(*content);
    if (content->hasValues)
        warnOfOddTruths(*content);
    const Root root = choose(content->roots, options, displayText(content->name));
    return std::make_shared<const Checkpoint>(listedFrom(std::move(content), root));
}

} // namespace

CheckpointPtr openCheckpoint(const std::filesystem::path &path, const OpenOptions &options, const Progress &progress)
{
    auto content = std::make_shared<CheckpointContent>();
    content->path = path;
    content->name = shownName(path);
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(path, ignored);
    const auto weights = folder ? checkpointInFolder(path) : path;
    const auto file = MappedFile::open(weights);
    content->files = {file};
    content->filePaths = {weights};
    try {
        readByContent(probe(file, progress), *content);
    } catch (const std::bad_alloc &) {
        throw Error(file->name(), {}, "there is not enough memory to list it");
    }
    if (folder)
        content->name = shownName(path);
    return finished(std::move(content), options);
}

CheckpointPtr checkpointFromSchema(Schema schema)
{
    auto content = std::make_shared<CheckpointContent>();
    content->name = schema.name;
    content->format = "schema";
    content->formatText = "Key schema";
    content->hasValues = false;
    content->storages.resize(schema.tensors.size());
    for (std::size_t i = 0; i < schema.tensors.size(); ++i) {
        TensorEntry &entry = content->tensors.emplace_back();
        entry.key = schema.tensors[i].key;
        entry.path.push_back({entry.key});
        entry.dtype = schema.tensors[i].dtype;
        entry.shape = schema.tensors[i].shape;
        entry.kind = TensorKind::Meta;
        // tiedTo of a schema made by hand may be left at zero: only believed where it could be true.
        const std::uint32_t tied = schema.tensors[i].tiedTo;
        const bool same = tied < i && tied != 0 && schema.tensors[tied].shape == entry.shape && schema.tensors[tied].dtype == entry.dtype;
        entry.storage = same ? content->tensors[tied].storage : static_cast<std::uint32_t>(i);
    }
    return finished(std::move(content), {});
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
// What torch.save writes since 1.6: a zip with ROOT/data.pkl and a record ROOT/data/KEY for each storage.
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/picklemachine.h"
#include "core/checkpoint/torchlegacy.h"
#include "core/checkpoint/torchstorage.h"
#include "core/checkpoint/ziparchive.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <unordered_set>

namespace rekey {

namespace {

using Type = PickleValue::Type;

constexpr std::string_view whiteSpace = " \t\n\v\f\r";

class TorchZip
{
public:
    TorchZip(const MappedFile &file, const ZipArchive &zip, CheckpointContent &content)
        : m_file(file), m_zip(zip), m_content(content), m_budget(file.name())
    {
    }

    void read();

private:
    std::string findRoot() const;
    bool readByteOrder() const;
    void checkVersion() const;
    void readPickle(const std::string &name, const std::string &folder, const Path &path);
    PickleValue storage(PickleFile &file, PickleValue id, const std::string &folder, std::unordered_map<std::string, std::uint32_t> &known);
    void warnOfUnused() const;

    const MappedFile &m_file;
    const ZipArchive &m_zip;
    CheckpointContent &m_content;
    ParseBudget m_budget;
    std::string m_root; ///< "archive/"
    bool m_bigEndian = false;
    std::unordered_set<const ZipEntry *> m_used;
};

/// The folder that holds data.pkl, with its slash; empty when data.pkl stands at the top.
std::string TorchZip::findRoot() const
{
    std::optional<std::string> root;
    for (const ZipEntry &entry : m_zip.entries()) {
        const std::size_t slash = entry.name.find('/');
        const bool top = entry.name == "data.pkl";
        if (!top && (slash == std::string::npos || std::string_view(entry.name).substr(slash + 1) != "data.pkl"))
            continue;
        if (root)
            throw Error(m_file.name(), {}, fmt::format("holds data.pkl twice, in \"{}\" and in \"{}\"", displayText(*root),
                                                       displayText(top ? "" : entry.name.substr(0, slash + 1))));
        root = top ? "" : entry.name.substr(0, slash + 1);
    }
    if (root)
        return *root;
    const auto holds = [&](std::string_view ending) {
        return std::ranges::any_of(m_zip.entries(), [&](const ZipEntry &entry) { return entry.name.ends_with(ending); });
    };
    if (holds("/model.json") || holds("/attributes.pkl"))
        throw Error(m_file.name(), {},
                    "a TorchScript archive of PyTorch 1.0 to 1.3, which is not supported; load and save it with a newer PyTorch");
    if (holds(".data/extern_modules") || holds(".data/version"))
        throw Error(m_file.name(), {}, "a torch.package archive, which is not supported");
    throw Error(m_file.name(), {}, "a zip archive without data.pkl: not a PyTorch checkpoint");
}

bool TorchZip::readByteOrder() const
{
    const ZipEntry *entry = m_zip.find(m_root + "byteorder");
    if (!entry)
        return false;
    constexpr std::uint64_t longest = 64;
    std::string order = m_zip.read(*entry, longest);
    order.erase(order.find_last_not_of(whiteSpace) + 1);
    if (order != "little" && order != "big")
        throw Error(m_file.name(), "byteorder", fmt::format("is \"{}\", \"little\" or \"big\" was expected", displayText(order)));
    return order == "big";
}

void TorchZip::checkVersion() const
{
    const ZipEntry *entry = m_zip.find(m_root + "version");
    if (!entry)
        return;
    constexpr std::uint64_t longest = 64;
    std::string version = m_zip.read(*entry, longest);
    version.erase(version.find_last_not_of(whiteSpace) + 1);
    const bool digits = !version.empty() && version.size() < 3 && version.find_first_not_of("0123456789") == std::string::npos;
    if (!digits || std::stoi(version) < 1 || std::stoi(version) > 10)
        throw Error(m_file.name(), "version", fmt::format("is \"{}\", a number from 1 to 10 was expected", displayText(version)));
}

PickleValue TorchZip::storage(PickleFile &file, PickleValue id, const std::string &folder,
                              std::unordered_map<std::string, std::uint32_t> &known)
{
    const StorageId named = storageId(file, id, 5);
    const auto [found, added] = known.try_emplace(named.key, static_cast<std::uint32_t>(file.storages.size()));
    if (!added) {
        const StorageReference &first = file.storages[found->second];
        if (first.dtype != named.type.dtype || first.untyped != named.type.untyped || first.elements != named.elements)
            file.fail("storage " + named.key, fmt::format("is declared twice: {} elements of {}, and {} of {}", first.elements,
                                                          name(first.dtype), named.elements, name(named.type.dtype)));
        return PickleValue::ofNode(Type::Persistent, found->second);
    }
    const ZipEntry *record = m_zip.find(m_root + folder + "/" + named.key);
    if (!record)
        file.fail("storage " + named.key, fmt::format("its record {}/{} is missing", folder, named.key));
    if (record->bytes < named.bytes)
        file.fail("storage " + named.key, fmt::format("its record has {} bytes, {} elements of {} need {}", record->bytes, named.elements,
                                                      name(named.type.dtype), named.bytes));
    if (record->bytes > named.bytes)
        file.warn(fmt::format("storage {}: its record has {} bytes, only {} of them are used", named.key, record->bytes, named.bytes));
    m_used.insert(record);
    m_budget.take(sizeof(Storage) + sizeof(StorageReference) + 2 * named.key.size() + 64);
    Storage &storage = m_content.storages.emplace_back();
    storage.encoding = record->deflated ? Storage::Encoding::Deflated : Storage::Encoding::Stored;
    storage.bigEndian = m_bigEndian;
    storage.hasChecksum = true;
    storage.checksum = record->checksum;
    storage.offset = record->offset;
    storage.storedBytes = record->storedBytes;
    storage.recordBytes = record->bytes;
    storage.bytes = named.bytes;
    storage.name = "storage " + named.key;
    file.storages.push_back(
        {static_cast<std::uint32_t>(m_content.storages.size() - 1), named.type.dtype, named.type.untyped, 0, named.elements, nullptr});
    return PickleValue::ofNode(Type::Persistent, file.storages.size() - 1);
}

void TorchZip::readPickle(const std::string &name, const std::string &folder, const Path &path)
{
    const ZipEntry &entry = *m_zip.find(m_root + name);
    m_used.insert(&entry);
    m_budget.take(std::min(entry.bytes, limits::pickleStream));
    const std::string bytes = m_zip.read(entry, limits::pickleStream);
    PickleFile file(m_content, m_budget, name);
    file.source.bytes = std::as_bytes(std::span(bytes));
    if (!entry.deflated)
        file.source.fileOffset = entry.offset;
    file.bigEndian = m_bigEndian;
    file.readNested = readNestedLegacy;
    std::unordered_map<std::string, std::uint32_t> known;
    PickleMachine machine(file.source.bytes, name, file.graph, m_budget, [&](const std::string &sentence) { file.warn(sentence); });
    const PickleValue root = machine.run([&](PickleValue id) { return storage(file, id, folder, known); });
    if (machine.left() > 0)
        file.fail(name, fmt::format("{} bytes after its STOP", machine.left()));
    listPickle(file, root, path);
    file.reportGlobals();
}

void TorchZip::warnOfUnused() const
{
    std::size_t outside = 0;
    std::size_t unused = 0;
    std::size_t odd = 0; // a folder named data.pkl
    for (const ZipEntry &entry : m_zip.entries()) {
        if (entry.isFolder())
            continue;
        outside += !entry.name.starts_with(m_root) && !entry.name.starts_with(".data/");
        odd += entry.name.starts_with(m_root + "data.pkl/");
        unused += entry.name.starts_with(m_root + "data/") && !m_used.contains(&entry);
    }
    if (outside > 0)
        m_content.warn(fmt::format("{} records outside of \"{}\" were not read", outside, displayText(m_root)));
    if (odd > 0)
        m_content.warn(fmt::format("{} records stand in a folder named data.pkl", odd));
    if (unused > 0)
        m_content.warn(fmt::format("{} storage records are used by no tensor", unused));
}

void TorchZip::read()
{
    m_root = findRoot();
    m_bigEndian = readByteOrder();
    checkVersion();
    const bool script = m_zip.find(m_root + "constants.pkl") != nullptr;
    if (script) {
        m_content.format = "torchscript";
        m_content.formatText = "TorchScript";
        m_content.modules.push_back({}); // its root object is one, whatever its attributes are called
    }
    readPickle("data.pkl", "data", {});
    if (script) {
        try {
            readPickle("constants.pkl", "constants", {{"constants"}});
        } catch (const Error &error) {
            m_content.warn(fmt::format("its constants are not listed ({})", error.reason()));
        }
    }
    warnOfUnused();
}

} // namespace

void readTorchZip(const Probe &probe, CheckpointContent &content)
{
    const MappedFile &file = *probe.file;
    const ZipArchive zip(file, [&](std::string sentence) { content.warn(std::move(sentence)); });
    const auto is = [](std::string_view ending) { return [ending](const ZipEntry &entry) { return entry.name.ends_with(ending); }; };
    if (std::ranges::any_of(zip.entries(), is(".npy")) && std::ranges::none_of(zip.entries(), is("data.pkl")))
        return readNpz(file, zip, content);
    TorchZip(file, zip, content).read();
}

} // namespace rekey

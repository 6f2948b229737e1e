// SPDX-License-Identifier: GPL-3.0-or-later
// What torch.save wrote before 1.6: five pickles (magic number, protocol, system, object, storage keys), then the
// storages one after the other.
#include "core/checkpoint/torchlegacy.h"

#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/picklemachine.h"
#include "core/checkpoint/torchstorage.h"

#include <fmt/format.h>

#include <unordered_map>

namespace rekey {

namespace {

using Type = PickleValue::Type;

constexpr std::string_view magicNumber = "119547037146038801333356"; // 0x1950a86a20f9469cfc6c
constexpr std::int64_t protocolVersion = 1001;

struct LegacyStorage
{
    StorageId id;
    std::uint32_t storage = 0; ///< index into the content's storages
    bool located = false;
};

class LegacyFile
{
public:
    LegacyFile(ByteSource bytes, PickleFile &file)
        : m_bytes(bytes)
        , m_file(file)
        , m_machine(bytes.bytes, file.part, file.graph, file.budget, [this](const std::string &sentence) { m_file.warn(sentence); })
    {
    }

    PickleValue read();

private:
    PickleValue load(PickleValue id);
    void checkHeader();
    void locateStorages();
    void locate(LegacyStorage &storage);

    ByteSource m_bytes;
    PickleFile &m_file;
    PickleMachine m_machine;
    std::unordered_map<std::string, LegacyStorage> m_storages;
};

void LegacyFile::checkHeader()
{
    const PickleValue magic = m_machine.run();
    if (!magic.is(Type::BigInteger) || magic.text() != magicNumber)
        m_file.fail(m_file.part, "does not begin with the magic number of PyTorch's legacy format");
    const PickleValue protocol = m_machine.run();
    if (!protocol.is(Type::Integer) || protocol.integer != protocolVersion)
        m_file.fail(m_file.part,
                    fmt::format("its protocol version is {}, {} was expected", displayText(shownValue(m_file, protocol)), protocolVersion));
    const PickleValue system = m_machine.run();
    if (!system.is(Type::Dict))
        m_file.fail(m_file.part, "its system information is no dictionary");
    const PickleValue *little = m_file.graph.find(system, "little_endian");
    if (little && !(little->is(Type::Bool) && little->integer))
        m_file.warn("says that it was written on a big-endian machine; PyTorch stores legacy files little-endian all the same");
}

PickleValue LegacyFile::load(PickleValue id)
{
    const auto items = id.is(Type::Tuple) ? m_file.graph.items(id) : std::vector<PickleValue>();
    if (!items.empty() && (items[0].is(Type::Text) || items[0].is(Type::Bytes)) && items[0].text() == "module") {
        // ('module', class, source file, source text): PyTorch would only compare the sources
        if (items.size() != 4 || !items[1].is(Type::Global))
            m_file.fail(m_file.part, "a module id that names no class");
        return items[1];
    }
    const StorageId named = storageId(m_file, id, 6);
    const auto [found, added] = m_storages.try_emplace(named.key);
    LegacyStorage &storage = found->second;
    if (added) {
        m_file.budget.take(sizeof(Storage) + sizeof(LegacyStorage) + 2 * named.key.size() + 64);
        storage.id = named;
        storage.storage = static_cast<std::uint32_t>(m_file.content.storages.size());
        m_file.content.storages.emplace_back().name = "storage " + named.key;
    } else if (storage.id.type.dtype != named.type.dtype || storage.id.elements != named.elements) {
        m_file.fail("storage " + named.key, fmt::format("is declared twice: {} elements of {}, and {} of {}", storage.id.elements,
                                                        name(storage.id.type.dtype), named.elements, name(named.type.dtype)));
    }
    StorageReference reference{storage.storage, named.type.dtype, named.type.untyped, 0, named.elements, nullptr};
    const PickleValue view = items[5];
    if (!view.is(Type::None)) {
        const auto &numbers = view.is(Type::Tuple) ? m_file.graph.items(view) : std::vector<PickleValue>();
        if (numbers.size() != 3 || !numbers[1].is(Type::Integer) || !numbers[2].is(Type::Integer))
            m_file.fail("storage " + named.key, "its view is no (key, offset, size)");
        const auto first = static_cast<std::uint64_t>(numbers[1].integer);
        const auto count = static_cast<std::uint64_t>(numbers[2].integer);
        if (numbers[1].integer < 0 || numbers[2].integer < 0 || first > named.elements || count > named.elements - first)
            m_file.fail("storage " + named.key, fmt::format("its view of {} elements from {} on reaches past its {} elements",
                                                            numbers[2].integer, numbers[1].integer, named.elements));
        reference.first = first;
        reference.elements = count;
    }
    m_file.budget.take(sizeof reference * 2);
    m_file.storages.push_back(reference);
    return PickleValue::ofNode(Type::Persistent, m_file.storages.size() - 1);
}

void LegacyFile::locate(LegacyStorage &storage)
{
    const std::string part = "storage " + storage.id.key;
    if (m_machine.left() < sizeof(std::int64_t))
        m_file.fail(part, "file ends early, before its length");
    const auto elements = littleEndian<std::int64_t>(m_machine.take(sizeof(std::int64_t)).data());
    if (elements < 0 || static_cast<std::uint64_t>(elements) != storage.id.elements)
        m_file.fail(part, fmt::format("has {} elements, {} were declared", elements, storage.id.elements));
    if (storage.id.bytes > m_machine.left())
        m_file.fail(part, fmt::format("file ends early, {} of {} bytes present", m_machine.left(), storage.id.bytes));
    const auto bytes = m_machine.take(storage.id.bytes);
    Storage &target = m_file.content.storages[storage.storage];
    target.bytes = target.storedBytes = target.recordBytes = bytes.size();
    if (m_bytes.fileOffset) {
        target.encoding = Storage::Encoding::Stored;
        target.offset = *m_bytes.fileOffset + static_cast<std::uint64_t>(bytes.data() - m_bytes.bytes.data());
    } else {
        m_file.budget.take(bytes.size());
        target.encoding = Storage::Encoding::Memory;
        target.memory = std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
    }
    storage.located = true;
}

void LegacyFile::locateStorages()
{
    const PickleValue keys = m_machine.run();
    if (!keys.is(Type::List))
        m_file.fail(m_file.part, "its list of storage keys is no list");
    for (const PickleValue key : m_file.graph.items(keys)) {
        const std::string text = key.is(Type::Integer) ? std::to_string(key.integer) : key.is(Type::Text) ? pickleText(key) : std::string();
        const auto found = m_storages.find(text);
        if (found == m_storages.end())
            m_file.fail(m_file.part,
                        fmt::format("its list of storage keys names \"{}\", which the object does not use", displayText(text)));
        if (found->second.located)
            m_file.fail("storage " + displayText(text), "is in the list of storage keys twice");
        locate(found->second);
    }
    for (const auto &[key, storage] : m_storages) {
        if (!storage.located)
            m_file.fail("storage " + key, "is missing in the list of storage keys");
    }
    if (m_machine.left() > 0)
        m_file.warn(fmt::format("{} bytes after the last storage belong to nothing", m_machine.left()));
}

PickleValue LegacyFile::read()
{
    checkHeader();
    const PickleValue root = m_machine.run([this](PickleValue id) { return load(id); });
    locateStorages();
    return root;
}

} // namespace

PickleValue readNestedLegacy(ByteSource bytes, PickleFile &inner)
{
    if (inner.nesting > limits::nestedFiles)
        inner.fail(inner.part, fmt::format("files are nested deeper than {}", limits::nestedFiles));
    return LegacyFile(bytes, inner).read();
}

void readTorchLegacy(const Probe &probe, CheckpointContent &content)
{
    ParseBudget budget(probe.file->name());
    PickleFile file(content, budget, "pickle");
    file.source = {probe.file->bytes(), 0};
    file.readNested = readNestedLegacy;
    const PickleValue root = LegacyFile(file.source, file).read();
    listPickle(file, root, {});
    file.reportGlobals();
    probe.file->checkIntact();
}

} // namespace rekey

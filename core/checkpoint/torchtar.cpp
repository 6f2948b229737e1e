// SPDX-License-Identifier: GPL-3.0-or-later
// What torch.save wrote in 2016 (0.1.1): a tar of sys_info, pickle, tensors and storages.
#include "core/base/bytereader.h"
#include "core/base/error.h"
#include "core/checkpoint/checkpointformats.h"
#include "core/checkpoint/picklefile.h"
#include "core/checkpoint/picklemachine.h"
#include "core/checkpoint/pickletensor.h"
#include "core/checkpoint/storagereader.h"
#include "core/checkpoint/tensorgeometry.h"
#include "core/checkpoint/torchnames.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <unordered_map>

namespace rekey {

namespace {

using Type = PickleValue::Type;

constexpr std::size_t blockBytes = 512;

struct Member
{
    std::span<const std::byte> bytes;
    std::uint64_t offset = 0;
};

/// A number in octal text, ended by a space or NUL.
std::optional<std::uint64_t> octal(std::string_view field)
{
    field = field.substr(0, field.find('\0'));
    while (field.starts_with(' '))
        field.remove_prefix(1);
    while (field.ends_with(' '))
        field.remove_suffix(1);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value, 8);
    if (field.empty())
        return 0;
    return error == std::errc() && end == field.data() + field.size() ? std::optional(value) : std::nullopt;
}

std::map<std::string, Member> membersOf(std::span<const std::byte> bytes, const std::string &file)
{
    std::map<std::string, Member> members;
    for (std::size_t at = 0; bytes.size() - at >= blockBytes;) {
        const auto block = bytes.subspan(at, blockBytes);
        if (std::ranges::all_of(block, [](std::byte byte) { return byte == std::byte{0}; }))
            break;
        const std::string_view header = asText(block);
        const std::string name(header.substr(0, std::min<std::size_t>(header.find('\0'), 100)));
        const std::string part = fmt::format("member \"{}\"", displayText(name));
        const auto size = octal(header.substr(124, 12));
        const auto checksum = octal(header.substr(148, 8));
        std::uint64_t sum = 8 * ' ';
        for (std::size_t i = 0; i < blockBytes; ++i)
            sum += i >= 148 && i < 156 ? 0 : std::to_integer<std::uint64_t>(block[i]);
        if (!size || !checksum || *checksum != sum)
            throw Error(file, part, "its tar header is damaged (checksum)");
        if (header[156] != '0' && header[156] != '\0')
            throw Error(file, part, "is a link or device, an ordinary file was expected");
        if (*size > bytes.size() - at - blockBytes)
            throw Error(file, part, fmt::format("file ends early, {} of {} bytes present", bytes.size() - at - blockBytes, *size));
        if (name != "sys_info" && name != "pickle" && name != "tensors" && name != "storages")
            throw Error(file, part, "does not belong in a PyTorch tar (sys_info, pickle, tensors, storages)");
        if (!members.try_emplace(name, Member{bytes.subspan(at + blockBytes, *size), at + blockBytes}).second)
            throw Error(file, part, "is in the archive twice");
        at += blockBytes + std::min<std::uint64_t>((*size + blockBytes - 1) / blockBytes * blockBytes, bytes.size() - at - blockBytes);
    }
    for (const char *name : {"pickle", "tensors", "storages"}) {
        if (!members.contains(name))
            throw Error(file, {}, fmt::format("a tar without the member \"{}\": not a PyTorch checkpoint", name));
    }
    return members;
}

class TorchTar
{
public:
    TorchTar(const Probe &probe, CheckpointContent &content, ParseBudget &budget)
        : m_members(membersOf(probe.file->bytes(), probe.file->name())), m_content(content), m_budget(budget)
    {
    }

    void read()
    {
        readStorages();
        readTensors();
        readObject();
    }

private:
    void readStorages();
    void readViews(PickleFile &file, PickleValue views);
    void readTensors();
    void readTensor(PickleFile &file, PickleMachine &machine);
    void readObject();
    std::uint64_t count(PickleFile &file, PickleMachine &machine) const;
    PickleMachine machine(PickleFile &file) const
    {
        return {file.source.bytes, file.part, file.graph, m_budget, [&file](const std::string &sentence) { file.warn(sentence); }};
    }
    PickleFile open(const std::string &name) const
    {
        PickleFile file(m_content, m_budget, name);
        file.source = {m_members.at(name).bytes, m_members.at(name).offset};
        return file;
    }

    std::map<std::string, Member> m_members;
    CheckpointContent &m_content;
    ParseBudget &m_budget;
    std::unordered_map<std::int64_t, StorageReference> m_storages;
    std::unordered_map<std::int64_t, std::shared_ptr<const TensorEntry>> m_tensors;
};

std::uint64_t TorchTar::count(PickleFile &file, PickleMachine &machine) const
{
    const PickleValue number = machine.run();
    if (!number.is(Type::Integer) || number.integer < 0 || static_cast<std::uint64_t>(number.integer) > machine.left())
        file.fail(file.part, fmt::format("announces {} entries, {} bytes are left", displayText(shownValue(file, number)), machine.left()));
    return static_cast<std::uint64_t>(number.integer);
}

void TorchTar::readStorages()
{
    PickleFile file = open("storages");
    PickleMachine machine = this->machine(file);
    const std::uint64_t storages = count(file, machine);
    for (std::uint64_t i = 0; i < storages; ++i) {
        const PickleValue header = machine.run();
        const auto items = header.is(Type::Tuple) ? file.graph.items(header) : std::vector<PickleValue>();
        if (items.size() != 3 || !items[0].is(Type::Integer) || !items[2].is(Type::Global))
            file.fail(file.part, fmt::format("storage {} of {} is no (key, location, class)", i + 1, storages));
        const std::string part = fmt::format("storage {}", items[0].integer);
        const auto type = storageClass(file.graph.global(items[2]).module, file.graph.global(items[2]).name);
        if (!type)
            file.fail(part, fmt::format("its class {} is unknown", displayText(shownValue(file, items[2]))));
        const auto elements = littleEndian<std::int64_t>(machine.take(sizeof(std::int64_t)).data());
        const std::uint64_t width = info(type->dtype).blockBytes;
        if (elements < 0 || static_cast<std::uint64_t>(elements) > machine.left() / width)
            file.fail(part, fmt::format("file ends early, {} elements of {} declared, {} bytes present", elements, name(type->dtype),
                                        machine.left()));
        const auto bytes = machine.take(static_cast<std::uint64_t>(elements) * width);
        const std::uint32_t storage = addInlineStorage(file, asText(bytes), false);
        m_content.storages[storage].name = part;
        m_budget.take(sizeof(StorageReference) * 2);
        if (!m_storages
                 .try_emplace(items[0].integer,
                              StorageReference {storage, type->dtype, type->untyped, 0, static_cast<std::uint64_t>(elements), nullptr})
                 .second)
            file.fail(part, "is there twice");
    }
    readViews(file, machine.run());
    file.reportGlobals();
}

/// (new key, root key, offset, elements): storages that are slices of others.
void TorchTar::readViews(PickleFile &file, PickleValue views)
{
    if (!views.is(Type::List))
        file.fail(file.part, "its storage views are no list");
    for (const PickleValue view : file.graph.items(views)) {
        const auto items = view.is(Type::Tuple) ? file.graph.items(view) : std::vector<PickleValue>();
        const bool numbers = items.size() == 4 && std::ranges::all_of(items, [](PickleValue item) { return item.is(Type::Integer); });
        if (!numbers || !m_storages.contains(items[1].integer))
            file.fail(file.part, "a storage view is no (key, root, offset, size) of a storage");
        StorageReference piece = m_storages.at(items[1].integer);
        const auto first = static_cast<std::uint64_t>(items[2].integer);
        const auto elements = static_cast<std::uint64_t>(items[3].integer);
        if (items[2].integer < 0 || items[3].integer < 0 || first > piece.elements || elements > piece.elements - first)
            file.fail(fmt::format("storage {}", items[0].integer),
                      fmt::format("its {} elements from {} on reach past the {} of storage {}", items[3].integer, items[2].integer,
                                  piece.elements, items[1].integer));
        piece.first += first;
        piece.elements = elements;
        m_storages.insert_or_assign(items[0].integer, piece);
    }
}

void TorchTar::readTensors()
{
    PickleFile file = open("tensors");
    PickleMachine machine = this->machine(file);
    const std::uint64_t tensors = count(file, machine);
    for (std::uint64_t i = 0; i < tensors; ++i)
        readTensor(file, machine);
    file.reportGlobals();
}

void TorchTar::readTensor(PickleFile &file, PickleMachine &machine)
{
    const PickleValue header = machine.run();
    const auto items = header.is(Type::Tuple) ? file.graph.items(header) : std::vector<PickleValue>();
    if (items.size() != 3 || !items[0].is(Type::Integer) || !items[1].is(Type::Integer) || !m_storages.contains(items[1].integer))
        file.fail(file.part, "a tensor is no (key, storage, class) of a storage");
    const StorageReference &storage = m_storages.at(items[1].integer);
    const std::string part = fmt::format("tensor {}", items[0].integer);
    const auto number = [&] { return littleEndian<std::int64_t>(machine.take(sizeof(std::int64_t)).data()); };
    const auto rank = littleEndian<std::int32_t>(machine.take(sizeof(std::int32_t)).data());
    machine.take(4); // unused
    if (rank < 0 || static_cast<std::size_t>(rank) > limits::tensorRank)
        file.fail(part, fmt::format("it has {} dimensions, at most {} are accepted", rank, limits::tensorRank));
    auto entry = std::make_shared<TensorEntry>();
    entry->dtype = storage.dtype;
    entry->storage = storage.storage;
    for (Shape *numbers : {&entry->shape, &entry->strides}) {
        for (std::int32_t i = 0; i < rank; ++i) {
            numbers->push_back(number());
            if (numbers->back() < 0)
                file.fail(part, "its size or stride is negative");
        }
    }
    const std::int64_t offset = number();
    if (offset < 0)
        file.fail(part, "its offset is negative");
    entry->offset = static_cast<std::uint64_t>(offset);
    checkGeometry(m_budget.file(), part, *entry, storage.elements * info(storage.dtype).blockBytes);
    entry->offset += storage.first;
    if (isContiguous(*entry))
        entry->strides = {};
    m_budget.take(sizeof(TensorEntry) + 64);
    m_tensors.insert_or_assign(items[0].integer, std::move(entry));
}

void TorchTar::readObject()
{
    PickleFile file = open("pickle");
    PickleMachine machine = this->machine(file);
    const PickleValue root = machine.run([&](PickleValue id) {
        if (id.is(Type::Tuple) && !file.graph.items(id).empty() && file.graph.items(id)[0].is(Type::Global))
            return file.graph.items(id)[0]; // (class, source file, source text) of a module
        std::int64_t key = id.integer;
        if (id.is(Type::Text)) {
            const auto [end, error] = std::from_chars(id.text().data(), id.text().data() + id.text().size(), key);
            if (error != std::errc() || end != id.text().data() + id.text().size())
                file.fail(file.part, fmt::format("names an object \"{}\" that does not exist", displayText(id.text())));
        } else if (!id.is(Type::Integer)) {
            file.fail(file.part, "a persistent id is no number");
        }
        m_budget.take(sizeof(StorageReference) * 2);
        if (const auto tensor = m_tensors.find(key); tensor != m_tensors.end())
            file.storages.push_back({0, DType::U8, false, 0, 0, tensor->second});
        else if (const auto storage = m_storages.find(key); storage != m_storages.end())
            file.storages.push_back(storage->second);
        else
            file.fail(file.part, fmt::format("names an object {} that does not exist", key));
        return PickleValue::ofNode(Type::Persistent, file.storages.size() - 1);
    });
    if (machine.left() > 0)
        file.fail(file.part, fmt::format("{} bytes after its STOP", machine.left()));
    listPickle(file, root, {});
    file.reportGlobals();
}

} // namespace

void readTorchTar(const Probe &probe, CheckpointContent &content)
{
    ParseBudget budget(probe.file->name());
    TorchTar(probe, content, budget).read();
    probe.file->checkIntact();
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/checkpoint/checkpointdata.h"
#include "core/checkpoint/parsebudget.h"
#include "core/checkpoint/picklevalue.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rekey {

/// Bytes being parsed, and where they lie: in a file as they are, or only in memory (inflated, decoded).
struct ByteSource
{
    std::span<const std::byte> bytes;
    std::optional<std::uint64_t> fileOffset;

    /// Where a run of `bytes` lies in the file, if it does.
    std::optional<std::uint64_t> offsetOf(std::string_view run) const
    {
        const auto *begin = reinterpret_cast<const char *>(bytes.data());
        if (!fileOffset || run.data() < begin || run.data() + run.size() > begin + bytes.size())
            return {};
        return *fileOffset + static_cast<std::uint64_t>(run.data() - begin);
    }
};

/// A storage as a persistent id names it: a piece of one of the content's storages.
struct StorageReference
{
    std::uint32_t storage = 0; ///< index into CheckpointContent::storages
    DType dtype = DType::U8;
    bool untyped = false;
    std::uint64_t first = 0;    ///< elements of the storage before the piece
    std::uint64_t elements = 0; ///< of the piece
    /// Of the tar format, whose persistent ids also name whole tensors.
    std::shared_ptr<const TensorEntry> tensor;
};

/// One pickle that is being listed: its graph, where its bytes lie, and what it is listed into.
struct PickleFile
{
    PickleFile(CheckpointContent &target, ParseBudget &shared, std::string name)
        : content(target), budget(shared), part(std::move(name))
    {
    }

    CheckpointContent &content;
    ParseBudget &budget;
    std::string part;           ///< "data.pkl"
    ByteSource source;
    PickleGraph graph;
    std::vector<StorageReference> storages; ///< by the index of a Persistent value
    bool bigEndian = false;
    std::size_t nesting = 0;    ///< files inside files
    std::shared_ptr<StorageReader> reader; ///< of smallValues()
    std::size_t readerStorages = 0;        ///< how many of the content's storages it knows
    /// Reads a whole nested legacy file (torch.storage._load_from_bytes); fills `inner` and returns its root.
    std::function<PickleValue(ByteSource bytes, PickleFile &inner)> readNested;

    [[noreturn]] void fail(const std::string &where, std::string reason) const { throw Error(budget.file(), where, std::move(reason)); }
    void warn(const std::string &sentence) const { content.warn(sentence); }

    /// Hands the names that the pickle asked for to the content, with an alarm for the dangerous ones.
    void reportGlobals();
};

/// A storage of bytes that the pickle holds itself; in place if they lie in the file, else copied.
std::uint32_t addInlineStorage(PickleFile &file, std::string_view bytes, bool bigEndian);

/// Lists everything below `root` into file.content, at `path`. Walks with a stack of its own; shared objects are listed
/// wherever they are met, up to limits::listedEntries.
void listPickle(PickleFile &file, PickleValue root, const Path &path);

/// A number or text as it is shown.
std::string shownValue(const PickleFile &file, PickleValue value);
/// Type as Python names it: "int", "str", "none" …
std::string_view shownType(PickleValue value);

} // namespace rekey

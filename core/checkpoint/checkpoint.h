// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "core/base/progress.h"
#include "core/checkpoint/schema.h"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace rekey {

/// A step of a path in a nested file: a dictionary key (text or integer), a list index, an attribute.
/// `repr` marks a key that is neither text nor integer, by its Python-like text.
struct PathStep
{
    std::variant<std::string, std::int64_t> value;
    bool repr = false;

    bool operator==(const PathStep &) const = default;
};
using Path = std::vector<PathStep>;
/// Steps joined with dots, for display.
std::string pathText(const Path &path);

enum class TensorKind : std::uint8_t {
    Dense,    ///< values in a storage, any strides
    Storage,  ///< a bare storage, listed as 1-D
    Numpy,    ///< an ndarray
    Meta,     ///< shape and dtype only: meta tensors, schema rows
    Sparse,   ///< its parts are listed as entries of their own
    Nested,
    Object,   ///< non-numeric array (text, records)
};

/// Where an element run lies. `file` indexes Checkpoint::files().
struct TensorEntry
{
    std::string key;            ///< full dotted name below the chosen root
    Path path;                  ///< every step from the file's own root
    DType dtype = DType::F32;
    Shape shape;
    Shape strides;              ///< in elements; empty = row-major contiguous
    TensorKind kind = TensorKind::Dense;
    std::uint32_t storage = 0;  ///< index into Checkpoint's storages; same storage = shared memory
    std::uint64_t offset = 0;   ///< in elements of dtype, from the start of the storage
    bool parameter = false;     ///< nn.Parameter rather than plain tensor or buffer
    std::optional<bool> requiresGrad;
    bool conjugate = false;     ///< values are the complex conjugate of what the storage holds
    bool negative = false;      ///< values are the negative of what the storage holds
    std::string layout;         ///< "sparse_coo", "sparse_csr" … where kind says so
    std::vector<std::string> notes; ///< "quantised, per channel, axis 0", "fortran order" …

    std::uint64_t elements() const { return elementCount(shape); }
    /// Bytes of the resolved, contiguous tensor. 0 where there are no values.
    std::uint64_t bytes() const;
};

/// A value that is no tensor: hyper-parameters, epochs, safetensors' __metadata__, unknown classes' fields.
struct MetadataEntry
{
    Path path;
    std::string type;       ///< "int", "float", "str", "bool", "none", "bytes", "dict", "list", "dtype", "object" …
    std::string value;      ///< text as shown, cut
    std::string className;  ///< of an object: "argparse.Namespace"
};

/// How bad it would be to let Python import this name.
enum class Grade : std::uint8_t { Known, Unknown, Dangerous };

/// A name that a pickle would import or call. Nothing was.
struct GlobalUse
{
    std::string module;
    std::string name;
    Grade grade = Grade::Unknown;
    std::string part;          ///< "data.pkl"
    std::uint64_t offset = 0;  ///< of the first opcode that asks for it, in `part`
    std::uint64_t count = 0;   ///< how often the stream names it
    bool called = false;       ///< some REDUCE/NEWOBJ/INST/OBJ calls it
};

/// A place in a nested file that looks like a state dict.
struct Root
{
    Path path;
    std::string text;          ///< pathText(path); empty for the whole file
    std::size_t tensors = 0;
};

/// An opened checkpoint: a listing, and a door to the values. Immutable and thread-safe; shared by pointer.
/// Opening reads headers only. Files stay mapped (or open) as long as an object lives.
class Checkpoint
{
public:
    virtual ~Checkpoint();

    const std::string &name() const;                   ///< shown: the file's or folder's name
    const std::filesystem::path &path() const;
    const std::vector<std::filesystem::path> &files() const; ///< one, or every shard
    std::string_view format() const;                   ///< "torch-zip", "safetensors", "schema" … as in formats.md
    std::string_view formatText() const;               ///< "PyTorch zip", for people
    const std::vector<TensorEntry> &tensors() const;   ///< below root(), in file order
    const std::vector<MetadataEntry> &metadata() const;
    const std::vector<std::string> &warnings() const;   ///< sentences, without the name of the checkpoint
    const std::vector<GlobalUse> &globals() const;     ///< empty for formats without pickles
    const std::vector<Root> &roots() const;            ///< best first; the whole file is always among them
    const Root &root() const;
    bool hasValues() const;                            ///< false for a schema

    const Schema &schema() const;                      ///< of tensors(), same indices
    std::size_t find(std::string_view key) const;      ///< index, or SchemaIndex::npos

    /// The bytes where they lie, when they are row-major contiguous, little-endian, stored uncompressed; else empty.
    /// May be unaligned. Valid as long as the checkpoint lives.
    std::span<const std::byte> view(std::size_t index) const;

    /// Elements [first, first+count) of tensor `index` in row-major order, little-endian, into `out` (exactly
    /// byteCount(dtype, count) bytes; for block types first and count are whole blocks). Throws Error when the file
    /// ends early, changed, or a record is corrupt.
    void read(std::size_t index, std::uint64_t first, std::uint64_t count, std::span<std::byte> out) const;

    /// As read(), in blocks of at most `blockElements` (or one block of a packed type), `sink` being called for one after the other. Each
    /// byte of a whole tensor is read once: a record's checksum is verified along the way, so the Error about a damaged one may come after
    /// the last block.
    void stream(std::size_t index, std::uint64_t first, std::uint64_t count, std::uint64_t blockElements,
                const std::function<void(std::span<const std::byte>)> &sink) const;

    /// The same file listed from another root (one of roots()).
    std::shared_ptr<const Checkpoint> atRoot(const Root &root) const;

    struct Data;
    explicit Checkpoint(std::shared_ptr<const Data> data);
    const Data &data() const { return *m_data; } ///< for readers and writers

private:
    std::shared_ptr<const Data> m_data;
};

using CheckpointPtr = std::shared_ptr<const Checkpoint>;

struct OpenOptions
{
    enum class RootChoice { Automatic, WholeFile, Named };
    RootChoice rootChoice = RootChoice::Automatic;
    std::string root; ///< for Named: a Root::text
};

/// Opens a file, a shard index or a folder, by content. Throws Error (one sentence; see core/base/error.h).
CheckpointPtr openCheckpoint(const std::filesystem::path &path, const OpenOptions &options = {}, const Progress &progress = {});

/// A checkpoint without values, from a schema value (an architecture's own schema, an edited one).
CheckpointPtr checkpointFromSchema(Schema schema);

/// Calls `sink(first, values)` with consecutive runs of at most `blockElements` decoded values of tensor `index`.
void forEachBlock(const Checkpoint &checkpoint, std::size_t index, std::uint64_t blockElements,
                  const std::function<void(std::uint64_t first, std::span<const float> values)> &sink);

/// Lower-case hex SHA-256 of the resolved bytes (contiguous, row-major, little-endian).
std::string sha256(const Checkpoint &checkpoint, std::size_t index);

} // namespace rekey

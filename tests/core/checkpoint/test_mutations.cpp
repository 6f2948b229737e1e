// SPDX-License-Identifier: GPL-3.0-or-later
// Valid files cut and changed byte by byte: whatever comes out, it is a listing or an Error. REKEY_MUTATION_STEP=1 in the
// environment tries every byte (minutes); the default takes thirty places of each file.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>

using namespace rekey;

namespace {

/// A file whose bytes change in place: much faster than writing it anew for each of a million changes.
class ChangingFile
{
public:
    explicit ChangingFile(const std::filesystem::path &path) : m_bytes(fileBytes(path)), m_descriptor(::open(path.c_str(), O_RDWR)) { }
    ~ChangingFile() { ::close(m_descriptor); }
    ChangingFile(const ChangingFile &) = delete;
    ChangingFile &operator=(const ChangingFile &) = delete;

    const std::string &bytes() const { return m_bytes; }
    void cut(std::size_t size) const { EXPECT_EQ(ftruncate(m_descriptor, static_cast<off_t>(size)), 0); }
    void set(std::size_t at, char byte) const { EXPECT_EQ(pwrite(m_descriptor, &byte, 1, static_cast<off_t>(at)), 1); }
    void restoreFrom(std::size_t at) const
    {
        EXPECT_EQ(pwrite(m_descriptor, m_bytes.data() + at, m_bytes.size() - at, static_cast<off_t>(at)),
                  static_cast<ssize_t>(m_bytes.size() - at));
    }

private:
    std::string m_bytes;
    int m_descriptor;
};

struct Count
{
    int listed = 0;
    int refused = 0;
    double slowest = 0;
};

void readValues(const Checkpoint &checkpoint)
{
    constexpr std::uint64_t most = 64 * 1024;
    for (std::size_t i = 0; i < checkpoint.tensors().size(); ++i) {
        const TensorEntry &entry = checkpoint.tensors()[i];
        if (entry.bytes() == 0 || entry.bytes() > most)
            continue;
        try {
            sha256(checkpoint, i);
            if (isDecodable(entry.dtype))
                forEachBlock(checkpoint, i, 64, [](std::uint64_t, std::span<const float>) {});
        } catch (const Error &) {
        }
    }
}

template <typename Describe>
void visit(const std::filesystem::path &file, Count &count, Describe what)
{
    const auto start = std::chrono::steady_clock::now();
    try {
        readValues(*corpus::openWhole(file));
        ++count.listed;
    } catch (const Error &error) {
        if (error.reason().empty())
            ADD_FAILURE() << what() << ": refused without a reason";
        ++count.refused;
    } catch (const std::exception &error) {
        ADD_FAILURE() << what() << ": " << error.what();
    }
    count.slowest = std::max(count.slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

/// Opens `opened` with every change of `changing`, which is that file or one beside it.
void changeEveryWay(const std::filesystem::path &opened, const std::filesystem::path &changing, std::size_t step, Count &count)
{
    const ChangingFile file(changing);
    const std::string &bytes = file.bytes();
    const auto place = [&](std::size_t at, std::string_view change) {
        return [&changing, at, change] { return fmt::format("{}, byte {} {}", changing.filename().string(), at, change); };
    };
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        const char byte = bytes[at];
        const auto changed = std::to_array({'\0', '\xFF', static_cast<char>(byte + 1), static_cast<char>(byte ^ (1 << at % 8))});
        for (const char other : changed) {
            if (other == byte)
                continue;
            file.set(at, other);
            visit(opened, count, place(at, "changed"));
        }
        file.set(at, byte);
    }
    for (std::size_t cut = (bytes.size() - 1) / step * step; cut < bytes.size(); cut -= step) {
        file.cut(cut);
        visit(opened, count, place(cut, "cut"));
    }
    file.restoreFrom(0);
}

} // namespace

TEST(Mutations, OfEveryValidFileAreListedOrRefused)
{
    const char *asked = std::getenv("REKEY_MUTATION_STEP");
    const std::size_t places = 30;
    const TemporaryFolder folder(TemporaryFolder::Where::Memory);
    Count count;
    for (const corpus::Case &one : corpus::cases("valid")) {
        // A shard index is opened with changes in each file of its folder.
        const bool index = one.open.filename().string().ends_with(".index.json");
        const auto copy = folder / one.name;
        std::filesystem::create_directories(copy);
        std::filesystem::copy(index ? one.open.parent_path() : one.open, index ? copy : copy / one.open.filename().string());
        for (const auto &entry : std::filesystem::directory_iterator(copy)) {
            const std::size_t step = asked ? static_cast<std::size_t>(std::max(1, std::atoi(asked))) : entry.file_size() / places + 1;
            SCOPED_TRACE(one.name);
            changeEveryWay(copy / one.open.filename().string(), entry.path(), step, count);
        }
    }
    std::puts(fmt::format("mutations: {} listed, {} refused, slowest {:.3f} s", count.listed, count.refused, count.slowest).c_str());
    EXPECT_GT(count.refused, 1000);
    EXPECT_LT(count.slowest, 2);
}

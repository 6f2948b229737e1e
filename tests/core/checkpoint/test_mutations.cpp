// SPDX-License-Identifier: GPL-3.0-or-later
// Valid files cut and changed byte by byte: whatever comes out, it is a listing or an Error. REKEY_MUTATION_STEP=1 in the
// environment tries every byte (minutes); the default takes thirty places of each file.
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"
#include "tests/core/checkpoint/temporaryfolder.h"

#include <chrono>
#include <cstdlib>

using namespace rekey;

namespace {

struct Count
{
    int listed = 0;
    int refused = 0;
    double slowest = 0;
};

void visit(const std::filesystem::path &file, const std::string &what, Count &count)
{
    const auto start = std::chrono::steady_clock::now();
    try {
        const auto checkpoint = corpus::openWhole(file);
        for (std::size_t i = 0; i < checkpoint->tensors().size(); ++i) {
            const TensorEntry &entry = checkpoint->tensors()[i];
            if (entry.bytes() == 0 || entry.bytes() > 65536)
                continue;
            try {
                sha256(*checkpoint, i);
                if (isDecodable(entry.dtype))
                    forEachBlock(*checkpoint, i, 64, [](std::uint64_t, std::span<const float>) {});
            } catch (const Error &) {
            }
        }
        ++count.listed;
    } catch (const Error &error) {
        EXPECT_FALSE(error.reason().empty()) << what;
        ++count.refused;
    } catch (const std::exception &error) {
        ADD_FAILURE() << what << ": " << error.what();
    }
    count.slowest = std::max(count.slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}

} // namespace

TEST(Mutations, OfEveryValidFileAreListedOrRefused)
{
    const char *asked = std::getenv("REKEY_MUTATION_STEP");
    const TemporaryFolder folder;
    Count count;
    for (const corpus::Case &one : corpus::cases("valid")) {
        if (one.open.filename().string().ends_with(".index.json"))
            continue;
        const std::string bytes = fileBytes(one.open);
        const std::size_t step = asked ? static_cast<std::size_t>(std::max(1, std::atoi(asked))) : bytes.size() / 30 + 1;
        const std::string name = "m" + one.open.extension().string();
        for (std::size_t at = 0; at < bytes.size(); at += step) {
            visit(folder.write(name, bytes.substr(0, at)), one.name + " cut", count);
            for (const int change : {0, 1, 2, 3}) {
                std::string changed = bytes;
                char &byte = changed[at];
                byte = change == 0   ? '\0'
                       : change == 1 ? '\xFF'
                       : change == 2 ? static_cast<char>(byte + 1)
                                     : static_cast<char>(byte ^ (1 << at % 8));
                visit(folder.write(name, changed), fmt::format("{} byte {} change {}", one.name, at, change), count);
            }
        }
    }
    std::puts(fmt::format("mutations: {} listed, {} refused, slowest {:.3f} s", count.listed, count.refused, count.slowest).c_str());
    EXPECT_GT(count.refused, 1000);
    EXPECT_LT(count.slowest, 2);
}

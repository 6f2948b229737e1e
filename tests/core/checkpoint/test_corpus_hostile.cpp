// SPDX-License-Identifier: GPL-3.0-or-later
#include "core/base/error.h"
#include "core/checkpoint/checkpoint.h"
#include "tests/core/checkpoint/corpus.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>

using namespace rekey;

namespace {

#if defined(__has_feature) // clang's way to tell
#if __has_feature(address_sanitizer)
#define __SANITIZE_ADDRESS__
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
constexpr bool measuresMemory = false; // the sanitizer's own memory would be counted
constexpr double mostSeconds = 20;
#else
constexpr bool measuresMemory = true;
constexpr double mostSeconds = 2;
#endif

long memoryKiB(const char *field)
{
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field))
            return std::atol(line.c_str() + std::string(field).size() + 1);
    }
    return 0;
}

void resetPeak()
{
    std::ofstream("/proc/self/clear_refs") << "5";
}

struct Outcome
{
    std::string verdict; ///< "error", "warning", "silent"
    std::string text;
};

/// Opens the file and reads every value that is not out of all proportion, as a person who looks around would.
Outcome visit(const std::filesystem::path &file)
{
    try {
        const auto checkpoint = corpus::openWhole(file);
        for (std::size_t i = 0; i < checkpoint->tensors().size(); ++i) {
            const TensorEntry &entry = checkpoint->tensors()[i];
            std::vector<std::byte> bytes(byteCount(entry.dtype, std::min<std::uint64_t>(entry.elements(), 256)).value_or(0));
            if (entry.bytes() > 0 && !bytes.empty())
                checkpoint->read(i, 0, std::min<std::uint64_t>(entry.elements(), 256), bytes);
        }
        if (checkpoint->warnings().empty())
            return {"silent", {}};
        return {"warning", checkpoint->warnings().front()};
    } catch (const Error &error) {
        return {"error", error.what()};
    }
}

class HostileCorpus : public testing::TestWithParam<corpus::Case>
{
public:
    static void SetUpTestSuite()
    {
        s_canary = std::filesystem::temp_directory_path() / fmt::format("rekey-canary-{}", getpid());
        setenv("CANARY", s_canary.c_str(), 1);
    }
    static void TearDownTestSuite()
    {
        std::string line = "hostile corpus:";
        for (const auto &[outcome, count] : s_counts)
            line += fmt::format(" {} {}", count, outcome);
        std::puts(fmt::format("{}, slowest {:.3f} s, most memory {} KiB", line, s_slowest, s_most).c_str());
    }

protected:
    static inline std::filesystem::path s_canary;
    static inline std::map<std::string, int> s_counts;
    static inline double s_slowest = 0;
    static inline long s_most = 0;
};

} // namespace

TEST_P(HostileCorpus, IsRefusedOrWarnedAbout)
{
    resetPeak();
    const long before = memoryKiB("VmRSS");
    const auto start = std::chrono::steady_clock::now();
    const Outcome outcome = visit(GetParam().open);
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const long memory = memoryKiB("VmHWM") - before;
    const std::string expected = GetParam().expected["expect"];

    if (expected == "error") {
        EXPECT_EQ(outcome.verdict, "error") << outcome.text << GetParam().expected["reason"];
    } else if (expected == "error-or-warning") {
        EXPECT_NE(outcome.verdict, "silent") << GetParam().expected["reason"];
    }
    EXPECT_LT(seconds, mostSeconds);
    if (measuresMemory) {
        EXPECT_LT(memory, 256 * 1000 * 1000 / 1024);
    }
    if (outcome.verdict == "error") {
        const auto names = GetParam().open.filename().string();
        const bool index = std::filesystem::is_directory(GetParam().open) || names.ends_with(".index.json");
        EXPECT_TRUE(index || outcome.text.find(names.substr(0, 60)) != std::string::npos) << outcome.text;
        EXPECT_GT(outcome.text.size(), names.size() + 10) << outcome.text;
    }
    EXPECT_FALSE(std::filesystem::exists(s_canary)) << "the file ran code";
    EXPECT_FALSE(std::filesystem::exists("CANARY_PWNED")) << "the file ran code";
    ++s_counts[outcome.verdict];
    s_slowest = std::max(s_slowest, seconds);
    s_most = std::max(s_most, memory);
}

INSTANTIATE_TEST_SUITE_P(Files, HostileCorpus, testing::ValuesIn(corpus::cases("hostile")),
                         [](const auto &tested) {
                             std::string name = tested.param.name;
                             for (char &letter : name)
                                 letter = std::isalnum(static_cast<unsigned char>(letter)) ? letter : '_';
                             return name;
                         });

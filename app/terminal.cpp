// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/terminal.h"

#include "app/interrupt.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>

#include <unistd.h>

namespace rekey {

namespace {

using Clock = std::chrono::steady_clock;
constexpr auto quietTime = std::chrono::milliseconds(300);
constexpr auto lineInterval = std::chrono::seconds(10);

std::atomic<bool> progressLineShown = false;

void clearProgressLine()
{
    if (progressLineShown.exchange(false))
        std::fputs("\r\x1b[K", stderr);
}

void say(std::string_view prefix, std::string_view sentence)
{
    std::fflush(stdout);
    clearProgressLine();
    fmt::print(stderr, "{}{}\n", prefix, sentence);
}

struct Ticker
{
    Clock::time_point start = Clock::now();
    Clock::time_point last = start;
    bool terminal = isatty(STDERR_FILENO) == 1;

    void operator()(double fraction, std::string_view what)
    {
        const auto now = Clock::now();
        const int percent = static_cast<int>(fraction * 100);
        if (terminal && now - start >= quietTime) {
            progressLineShown = fraction < 1;
            fmt::print(stderr, "\r{} {} %\x1b[K", what.empty() ? "working" : what, percent);
            if (fraction >= 1)
                std::fputs("\r\x1b[K", stderr);
        } else if (!terminal && now - last >= lineInterval) {
            last = now;
            fmt::print(stderr, "{} {} %\n", what.empty() ? "working" : what, percent);
        }
    }
};

} // namespace

void printError(std::string_view sentence)
{
    say("rekey: ", sentence);
}

void printWarning(std::string_view sentence)
{
    say("rekey: warning: ", sentence);
}

void printText(std::string_view text)
{
    clearProgressLine();
    std::fwrite(text.data(), 1, text.size(), stdout);
}

void printJson(const nlohmann::ordered_json &value)
{
    const auto compact
        = [](const nlohmann::ordered_json &part) { return part.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace); };
    std::string text = "{";
    for (const auto &[name, part] : value.items()) {
        text += (text.size() == 1 ? "\n \"" : ",\n \"") + name + "\": ";
        if (!part.is_array() || part.empty() || !part[0].is_object()) {
            text += compact(part);
            continue;
        }
        text += "[";
        for (std::size_t i = 0; i < part.size(); ++i)
            text += (i == 0 ? "\n  " : ",\n  ") + compact(part[i]);
        text += "\n ]";
    }
    printText(text + "\n}\n");
}

Progress terminalProgress()
{
    return Progress(stopOnInterrupt(),
                    [ticker = std::make_shared<Ticker>()](double fraction, std::string_view what) { (*ticker)(fraction, what); });
}

std::string bytesText(std::uint64_t bytes)
{
    if (bytes < 1024)
        return fmt::format("{} B", bytes);
    double value = static_cast<double>(bytes);
    const char *unit = "";
    for (const char *next : {"KiB", "MiB", "GiB", "TiB"}) {
        if (value < 1024)
            break;
        value /= 1024;
        unit = next;
    }
    return fmt::format("{:.1f} {}", value, unit);
}

std::string countText(std::uint64_t count)
{
    std::string text = std::to_string(count);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return text;
}

std::string countText(std::uint64_t count, std::string_view noun)
{
    return fmt::format("{} {}{}", countText(count), noun, count == 1 ? "" : "s");
}

std::string durationText(double milliseconds)
{
    return milliseconds < 1000 ? fmt::format("{:.0f} ms", milliseconds) : fmt::format("{:.1f} s", milliseconds / 1000);
}

} // namespace rekey

// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>

/// What a reader accepts at most. Each is an Error that names the limit; none is reached by an honest file that we know of.
namespace rekey::limits {

constexpr std::uint64_t KiB = 1024;
constexpr std::uint64_t MiB = 1024 * KiB;
constexpr std::uint64_t GiB = 1024 * MiB;

// A fuzzer looks at more inputs when none of them may be long: built for it, the counts that bound time are this many times smaller.
#ifdef REKEY_FUZZED_LIMITS
constexpr std::uint64_t fuzzed = 1000;
#else
constexpr std::uint64_t fuzzed = 1;
#endif

constexpr std::uint64_t pickleStream = 256 * MiB; ///< without the byte strings in it, which are not parsed
constexpr std::uint64_t pickleOpcodes = 20'000'000 / fuzzed; ///< of one file, with the files nested in it
constexpr std::size_t globalName = 512; ///< bytes of a module's or a name's text
constexpr std::uint64_t parsedMemory = 192 * MiB / (fuzzed == 1 ? 1 : 50); ///< of everything that one file's parsing builds
constexpr std::size_t pickleLine = 64 * KiB;
constexpr std::size_t pickleInteger = 1024; ///< bytes of a LONG that is kept
constexpr std::size_t integerShown = 128; ///< bytes of a LONG that is shown as a number
constexpr std::size_t pickleDigits = 400; ///< characters of an integer in text form
constexpr std::size_t nestedFiles = 3;
constexpr std::size_t tensorWrapping = 20;
constexpr std::size_t tensorRank = 64;
constexpr std::size_t listingDepth = 400;
constexpr std::size_t pathBytes = 64 * KiB; ///< of all keys on the way to a value
constexpr std::uint64_t listedEntries = 2'000'000 / fuzzed;
constexpr std::size_t listedScalars = 1000; ///< of one list of plain values; the rest is summed up in one entry
constexpr std::size_t shownText = 64 * KiB; ///< of one text value in a pickle
constexpr std::uint64_t safetensorsHeader = 100'000'000;
constexpr std::size_t jsonDepth = 64;
constexpr std::uint64_t jsonFile = 64 * MiB;
constexpr std::size_t shards = 4096;
constexpr std::uint64_t npyHeader = 64 * KiB;
constexpr std::size_t ggufNesting = 4;
constexpr std::uint64_t zipEntries = 1'000'000;
constexpr std::uint64_t inflatedEntry = 1 * GiB / fuzzed;
constexpr std::uint64_t inflatedWhole = 128 * MiB / fuzzed; ///< of an inflated record that has to be held at once (strided tensors)
constexpr std::size_t storageKey = 64;
constexpr std::uint64_t verifiedAtOpening
    = 1 * MiB / (fuzzed == 1 ? 1 : 16); ///< records of archives up to this size in all are checksummed at once
constexpr std::uint64_t checkedIndices = 4'000'000 / fuzzed; ///< sparse indices of one file that are compared with the shapes when listing

} // namespace rekey::limits

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# How much of the readers (core/checkpoint, core/base) their tests run, line by line, under AddressSanitizer and
# UndefinedBehaviorSanitizer. Needs clang++, llvm-cov and llvm-profdata.
#   tests/coverage.sh [--fuzz RUNS] [--html FOLDER] [--uncovered]
# --fuzz adds what each fuzzer reaches in so many runs from the corpus; --uncovered prints the lines that nothing ran.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=$root/build-coverage
fuzz=0
html=
uncovered=no
while [[ $# -gt 0 ]]; do
    case $1 in
    --fuzz) fuzz=$2 && shift 2 ;;
    --html) html=$2 && shift 2 ;;
    --uncovered) uncovered=yes && shift ;;
    *) sed -n '3,6s/^# //p' "${BASH_SOURCE[0]}" && exit 2 ;;
    esac
done

cmake -S "$root" -B "$folder" -G Ninja -DCMAKE_CXX_COMPILER=clang++ -DREKEY_GUI=OFF -DREKEY_RUNTIME=OFF -DREKEY_SANITIZE=ON \
    -DREKEY_FUZZ=$([[ $fuzz -gt 0 ]] && echo ON || echo OFF) -DCMAKE_BUILD_TYPE=Coverage \
    -DCMAKE_CXX_FLAGS="-O1 -g1 -fprofile-instr-generate -fcoverage-mapping" > /dev/null
targets=(test-base test-checkpoint)
[[ $fuzz -gt 0 ]] && targets+=(fuzzers)
nice ninja -C "$folder" -j "${REKEY_JOBS:-2}" "${targets[@]}"

export ASAN_OPTIONS=detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1
rm -f "$folder"/*.profraw
for test in test-base test-checkpoint; do
    LLVM_PROFILE_FILE=$folder/$test.profraw "$folder/bin/$test" --gtest_brief=1
done
binaries=("$folder/bin/test-checkpoint" -object "$folder/bin/test-base")
if [[ $fuzz -gt 0 ]]; then
    for fuzzer in "$folder"/bin/fuzz-*; do
        found=$folder/found-$(basename "$fuzzer") # libFuzzer keeps what it finds in the first folder
        mkdir -p "$found"
        LLVM_PROFILE_FILE=$folder/$(basename "$fuzzer").profraw "$fuzzer" -runs="$fuzz" -seed=1 -max_len=8192 \
            "$found" "$root/tests/data/corpus/valid" "$root/tests/data/corpus/hostile" > "$folder/$(basename "$fuzzer").log" 2>&1
        binaries+=(-object "$fuzzer")
    done
fi
llvm-profdata merge -sparse "$folder"/*.profraw -o "$folder/coverage.profdata"
report=("${binaries[@]}" -instr-profile="$folder/coverage.profdata")
llvm-cov report "${report[@]}" "$root/core/checkpoint" "$root/core/base" -show-region-summary=false -show-branch-summary=false \
    -show-functions=false | awk '/^-|^Filename|\.(cpp|h) |^TOTAL/'
if [[ $uncovered == yes ]]; then
    llvm-cov show "${report[@]}" "$root/core/checkpoint" "$root/core/base" -show-instantiations=false \
        | awk '/^\/.*:$/ { file = $0 } /^ *[0-9]+\| +0\|/ { print file " " $0 }' | sed "s|^$root/||"
fi
[[ -z $html ]] || llvm-cov show "${report[@]}" -format=html -output-dir="$html" "$root/core/checkpoint" "$root/core/base"

#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds everything with warnings as errors, runs every test, and then each fuzzer for a short while
# (tests/fuzz/long.sh runs them long). --sanitize builds with AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its
# own, and runs the tests alone. REKEY_JOBS limits the build's jobs; further arguments go to ctest.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"

folder=$root/build-test
options=(-DREKEY_WERROR=ON)
while [[ $# -gt 0 ]]; do
    case $1 in
    -h | --help)
        say "packaging/test.sh [--sanitize] [ctest options]: builds Rekey and runs its tests"
        exit 0
        ;;
    --sanitize)
        folder=$root/build-sanitize
        options=(-DREKEY_SANITIZE=ON -DREKEY_WERROR=OFF) # the sanitizers make warnings of their own
        # Leaks at exit are those of LibTorch, Qt and fontconfig, which keep what they allocate once.
        export ASAN_OPTIONS=detect_leaks=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
        export UBSAN_OPTIONS=print_stacktrace=1${UBSAN_OPTIONS:+:$UBSAN_OPTIONS}
        shift
        ;;
    *) break ;;
    esac
done

install_missing run test
check_blas
build "$folder" "${options[@]}"
cd "$folder" || exit 1
ctest --output-on-failure --parallel "$((jobs > 2 ? 2 : jobs))" "$@"
result=$?

# Options of ctest choose among the tests; they are no wish for the fuzzers.
if [[ $# -eq 0 && $folder == "$root/build-test" ]]; then
    CC=clang CXX=clang++ targets=fuzzers build "$root/build-fuzz" -DREKEY_FUZZ=ON -DREKEY_TESTS=OFF -DREKEY_GUI=OFF -DREKEY_RUNTIME=OFF
    cd "$root/build-fuzz" || exit 1
    ctest --output-on-failure --parallel "$((jobs > 2 ? 2 : jobs))" || result=$?
fi
exit "$result"

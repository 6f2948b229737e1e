#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# Installs what is missing, builds everything with warnings as errors, and runs every test. --sanitize builds with
# AddressSanitizer and UndefinedBehaviorSanitizer, in a folder of its own. REKEY_JOBS limits the build's jobs; further
# arguments go to ctest.
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
        options+=(-DREKEY_SANITIZE=ON)
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
exec ctest --output-on-failure --parallel "$((jobs > 2 ? 2 : jobs))" "$@"

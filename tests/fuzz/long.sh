#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# The long run of the fuzzers: every target is executed until its total reaches a count, in portions, so that it can be stopped and goes on where it was.
#   tests/fuzz/long.sh BUILD FOUND [EXECUTIONS [TARGET...]]
# BUILD is a build folder with REKEY_FUZZ=ON (REKEY_FUZZ_COMPARISONS=OFF doubles the rate); FOUND keeps inputs, logs and counts between runs. Stops at the first finding and says which file shows it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1 found=$2 wanted=${3:-20000000}
targets=("${@:4}")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(ls "$build/bin" | sed -n 's/^fuzz-//p')
portion=1000000
corpus=$here/../data/corpus
# No stack traces of allocations and a small quarantine: three times as many executions, the same errors found.
export ASAN_OPTIONS=malloc_context_size=0:quarantine_size_mb=8:detect_leaks=0 UBSAN_OPTIONS=print_stacktrace=1

for target in "${targets[@]}"; do
    folder=$found/$target
    if [ ! -d "$folder/inputs" ]; then
        mkdir -p "$folder/inputs"
        "$build/bin/fuzz-$target" -merge=1 -max_len=8192 "$folder/inputs" "$corpus/valid" "$corpus/hostile" "$here/../data/mapping/documents" > "$folder/merge.log" 2>&1
    fi
    total=$(cat "$folder/count" 2> /dev/null || echo 0)
    while [ "$total" -lt "$wanted" ]; do
        runs=$((wanted - total < portion ? wanted - total : portion))
        longest=$((total == 0 ? 8192 : 1024)) # long inputs cost three times as much
        if ! "$build/bin/fuzz-$target" -runs=$runs -max_len=$longest -timeout=60 -rss_limit_mb=2048 -print_funcs=0 -print_final_stats=1 \
            -artifact_prefix="$folder/" "$folder/inputs" > "$folder/log" 2>&1; then
            tail -40 "$folder/log"
            echo "fuzz-$target: a finding after $total executions; its input is in $folder"
            exit 1
        fi
        total=$((total + $(sed -n 's/^stat::number_of_executed_units: *//p' "$folder/log")))
        echo "$total" > "$folder/count"
    done
    echo "fuzz-$target: $total executions, $(ls "$folder/inputs" | wc -l) inputs kept, no finding"
done

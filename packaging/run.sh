#!/bin/bash
# SPDX-License-Identifier: GPL-3.0-or-later
# From a clean clone on Debian 12 to the demo: installs what is missing, builds, and opens the demo in a window; without
# a display it runs the demo headless and says what it wrote. REKEY_JOBS limits the build's jobs.
set -uo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/prepare.sh"

case ${1:-} in
-h | --help)
    say "packaging/run.sh [--headless]: builds Rekey and shows its demo"
    exit 0
    ;;
'' | --headless) ;;
*) fail "unknown option $1; packaging/run.sh --help explains" ;;
esac

install_missing run
check_blas
folder=$root/build-run
build "$folder" -DREKEY_TESTS=OFF

headless() {
    local output=$folder/demo
    "$folder/bin/rekey" demo --headless -o "$output" || exit $?
    say
    say "Pictures:"
    find "$output" -name '*.png' | sort | sed 's/^/  /'
    say "The program is $folder/bin/rekey; 'rekey --help' lists what it does."
}

if [[ ${1:-} == --headless || -z ${DISPLAY:-}${WAYLAND_DISPLAY:-} ]]; then
    [[ ${1:-} == --headless ]] || say "No display here (DISPLAY and WAYLAND_DISPLAY are not set): running the demo without a window."
    headless
    exit 0
fi
"$folder/bin/rekey" demo
code=$?
if [[ $code -eq 2 || $code -ge 128 ]]; then
    say "The window could not be opened: running the demo without it."
    headless
    exit 0
fi
exit $code

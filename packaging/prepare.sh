# SPDX-License-Identifier: GPL-3.0-or-later
# shellcheck shell=bash
# Sourced by run.sh and test.sh: installing what is missing, configuring, building.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
jobs=${REKEY_JOBS:-$(nproc)}

say() { printf '%s\n' "$*"; }
fail() { printf 'rekey: %s\n' "$*" >&2; exit 1; }

# Names of the packages of the given sets.
packages() {
    local wanted=" $* " name set _
    while read -r name set _; do
        [[ -z $name || $name == \#* ]] && continue
        [[ $wanted == *" $set "* ]] && printf '%s\n' "$name"
    done < "$root/packaging/packages-debian.txt"
}

is_installed() { [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

# Installs what is missing of the given sets. Touches nothing when all is there, so neither network nor rights are needed then.
install_missing() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null \
        || fail "this installs packages with apt-get, which is not here. On another system install the libraries named in packaging/packages-debian.txt and build with CMake."
    local missing=() name
    while read -r name; do
        is_installed "$name" || missing+=("$name")
    done < <(packages "$@")
    [[ ${#missing[@]} -eq 0 ]] && return
    local as_root=()
    if [[ $EUID -ne 0 ]]; then
        command -v sudo >/dev/null || fail "these packages are missing and need root: ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing ${#missing[@]} packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! "${as_root[@]}" apt-get update -qq >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        say "apt-get update failed (see above); trying with the package lists that are here." >&2
    fi
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$log" 2>&1; then
        tail -n 15 "$log" >&2
        rm -f "$log"
        fail "apt-get could not install them (see above). It needs the network and root; or install them yourself: ${missing[*]}"
    fi
    rm -f "$log"
}

# LibTorch uses whatever libblas.so.3 is. Debian's alternatives prefer OpenBLAS unless somebody chose otherwise.
check_blas() {
    local blas
    blas=$(readlink -f /etc/alternatives/libblas.so.3-* 2>/dev/null | head -n 1)
    [[ -z $blas || $blas == *openblas* ]] || say "Note: libblas.so.3 is $blas; models run many times faster with OpenBLAS (update-alternatives --config libblas.so.3-$(uname -m)-linux-gnu)."
}

# build FOLDER CMAKE-OPTIONS…: configures and builds quietly; shows what the compiler said only when it fails.
# Builds the targets that $targets names, or everything.
build() {
    local folder=$1 log
    shift
    mkdir -p "$folder"
    log=$folder/build.log
    # The builds of run.sh and test.sh share what ccache keeps, though one turns warnings into errors (see below).
    export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1 CCACHE_IGNOREOPTIONS=-Werror
    export CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
    say "Building in ${folder#"$root"/} with $jobs jobs (the log is build.log there)"
    if ! cmake -S "$root" -B "$folder" -G Ninja "$@" >"$log" 2>&1; then
        tail -n 30 "$log" >&2
        fail "CMake could not configure the build (see above)."
    fi
    if [[ -t 1 ]]; then
        ninja -C "$folder" -j "$jobs" ${targets:+"$targets"} | tee -a "$log" | awk '/^\[/ { printf "\r%s\033[K", $1; fflush() } END { print "" }'
    else
        ninja -C "$folder" -j "$jobs" ${targets:+"$targets"} >>"$log" 2>&1
    fi
    if [[ ${PIPESTATUS[0]} -ne 0 ]]; then
        grep -E -A 8 'FAILED|error:' "$log" | tail -n 60 >&2
        fail "the build failed (see above, and ${folder#"$root"/}/build.log)."
    fi
    # What ccache had from a build without -Werror comes with its warnings, but without the error.
    if [[ " $* " == *" -DREKEY_WERROR=ON "* ]] && grep -q ' warning: ' "$log"; then
        grep -A 4 ' warning: ' "$log" | head -n 40 >&2
        fail "the compiler warns (see above); warnings are errors here."
    fi
}

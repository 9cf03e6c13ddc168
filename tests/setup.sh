#!/bin/sh
# Finds out what building (`setup.sh build`) or testing (`test`, `long`) needs and is missing,
# and installs it through apt where that is there. Elsewhere it names the packages and stops.
set -u
need=""

want_program() { command -v "$1" >/dev/null 2>&1 || need="$need $2"; }
want_header() {
    echo "#include <$1>" | "${CC:-gcc}" -E -x "${3:-c}" - >/dev/null 2>&1 || need="$need $2"
}

want_program "${CC:-gcc}" gcc
want_program pkg-config pkg-config
case " $need " in
*" gcc "*) need="$need libc6-dev libxxhash-dev libzstd-dev libdw-dev libyaml-dev" ;;
*)
    want_header stdio.h libc6-dev
    want_header xxhash.h libxxhash-dev
    want_header zstd.h libzstd-dev
    want_header elfutils/libdwfl.h libdw-dev
    want_header yaml.h libyaml-dev
    ;;
esac
want_program g++ g++ # policies may be C++
if [ "${1:-build}" = test ]; then
    want_program clang clang
    want_program zstd zstd
    want_program strace strace
    want_program gdb gdb
    want_program xmllint libxml2-utils
    [ -e /usr/include/cmocka.h ] || need="$need libcmocka-dev"
    [ -e /usr/include/pcg_random.hpp ] || need="$need libpcg-cpp-dev"
fi
if [ "${1:-build}" = long ]; then # the other processor; what is missing is skipped there
    want_program aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
    [ -d /usr/aarch64-linux-gnu/include ] || need="$need libc6-dev-arm64-cross"
    want_program qemu-aarch64 qemu-user
fi
[ -z "$need" ] && exit 0

echo "missing:$need"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "There is no apt here: install the equivalents of these Debian packages and try again." >&2
    exit 1
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "Run as root: apt-get install$need" >&2
        exit 1
    }
    sudo=sudo
fi
$sudo apt-get update -q >/dev/null &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $need

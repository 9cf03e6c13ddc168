#!/bin/sh
# make check-windows: compiles every bundled policy against a real Windows SDK (mingw-w64's), so
# that one source serves lowwater and Windows. Of our headers the compiler sees only those that
# such a host takes along: mscoree.h, corerror.h and lowwater/. windows.h is the SDK's own.
#
# Nothing is run: there is no Windows here. A machine without a compiler is no failure.
set -u
cd "$(dirname "$0")/.." || exit 1
cc=${WINDOWS_CC:-x86_64-w64-mingw32-gcc}
cxx=${WINDOWS_CXX:-x86_64-w64-mingw32-g++}

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/include/lowwater"
cp sim/include/mscoree.h sim/include/corerror.h "$folder/include/"
cp sim/include/lowwater/*.h "$folder/include/lowwater/"

failed=0
# check COMPILER PACKAGE OPTIONS FILE...
check() {
    compiler=$1 package=$2 options=$3
    shift 3
    if ! command -v "$compiler" >/dev/null 2>&1; then
        echo "skip  $*: $compiler is not installed (Debian: $package)"
        return
    fi
    for source in "$@"; do
        if ! "$compiler" $options -O2 -Wall -shared -I"$folder/include" "$source" \
            -o "$folder/policy.dll" -luuid >"$folder/log" 2>&1; then
            echo "FAIL  $source for Windows"
            cat "$folder/log"
            failed=1
        elif [ -s "$folder/log" ]; then
            echo "FAIL  $source for Windows: warnings"
            cat "$folder/log"
            failed=1
        else
            echo "ok    $source for Windows"
        fi
    done
}
check "$cc" gcc-mingw-w64-x86-64 -std=gnu11 policies/*.c
check "$cxx" g++-mingw-w64-x86-64 -std=c++14 policies/*.cpp
exit "$failed"

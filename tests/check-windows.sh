#!/bin/sh
# make check-windows: compiles every bundled C policy against a real Windows SDK (mingw-w64's), so
# that one source serves lowwater and Windows. Of our headers the compiler sees only those that
# such a host takes along: mscoree.h, corerror.h and lowwater/. windows.h is the SDK's own.
#
# Nothing is run: there is no Windows here. A machine without the compiler is no failure. C++
# policies are left out: mingw's g++ is another package.
set -u
cd "$(dirname "$0")/.." || exit 1
compiler=${WINDOWS_CC:-x86_64-w64-mingw32-gcc}
if ! command -v "$compiler" >/dev/null 2>&1; then
    echo "skip  check-windows: $compiler is not installed (Debian: gcc-mingw-w64-x86-64)"
    exit 0
fi

folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/include/lowwater"
cp sim/include/mscoree.h sim/include/corerror.h "$folder/include/"
cp sim/include/lowwater/*.h "$folder/include/lowwater/"

failed=0
for source in policies/*.c; do
    name=$(basename "$source" .c)
    if ! "$compiler" -std=gnu11 -O2 -Wall -shared -I"$folder/include" "$source" \
        -o "$folder/$name.dll" -luuid >"$folder/log" 2>&1; then
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
exit "$failed"

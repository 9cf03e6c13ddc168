#!/bin/sh
# Fibers and the scheduler on aarch64, under qemu, and on this processor with each form of the
# switch: the digests of schedules must be the same everywhere. Skips what is not installed.
set -u
folder=build/aarch64
mkdir -p "$folder"
sources="tests/aarch64/switch.c $(echo sim/core/*.c)"
flags="-std=gnu11 -O2 -g -D_GNU_SOURCE -Isim -I. -fno-stack-protector -fasynchronous-unwind-tables -fno-pie"
failed=0

try() { # try NAME RUNNER COMPILER FLAGS...
    name=$1 runner=$2
    shift 2
    # shellcheck disable=SC2086
    if ! "$@" $flags $sources -no-pie -o "$folder/$name" -lzstd 2>"$folder/$name.log" &&
        ! "$@" $flags $sources -no-pie -o "$folder/$name" 2>"$folder/$name.log"; then
        echo "FAIL  $name does not build, see $folder/$name.log"
        failed=1
    elif ! $runner "$folder/$name" >"$folder/$name.out"; then
        echo "FAIL  $name:"
        cat "$folder/$name.out"
        failed=1
    elif [ -e "$folder/first.out" ] && ! cmp -s "$folder/first.out" "$folder/$name.out"; then
        echo "FAIL  the schedules of $name differ"
        failed=1
    else
        cp "$folder/$name.out" "$folder/first.out"
        echo "ok    fibers and schedules: $name"
    fi
}

rm -f "$folder/first.out"
try native "" gcc
try portable "" gcc -DLW_FIBER_PORTABLE
if command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 && command -v qemu-aarch64 >/dev/null 2>&1; then
    # Headers that only declare and inline (xxhash) are the same on every processor.
    try aarch64 "qemu-aarch64 -L /usr/aarch64-linux-gnu" aarch64-linux-gnu-gcc -idirafter /usr/include
    try aarch64-portable "qemu-aarch64 -L /usr/aarch64-linux-gnu" aarch64-linux-gnu-gcc \
        -idirafter /usr/include -DLW_FIBER_PORTABLE
else
    echo "skip  aarch64: no aarch64-linux-gnu-gcc or qemu-aarch64"
fi
exit "$failed"

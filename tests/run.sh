#!/bin/sh
# Runs test binaries, two at a time, one line each; the output of those that fail in full.
# usage: run.sh BUILD BINARY...; the last line is "N passed, M failed".
build=$1
shift
export LOWWATER="$build/lowwater" CMOCKA_MESSAGE_OUTPUT=stdout
logs="$build/test-logs"
mkdir -p "$logs"
printf '%s\n' "$@" | xargs -P 2 -I BIN sh -c '
    name=$(basename "BIN")
    timeout -k 5 "${TEST_TIMEOUT_S:-900}" "BIN" >"$0/$name.log" 2>&1
    code=$?
    echo "$code" >"$0/$name.code"
    passed=$(grep -c "^\[       OK \]" "$0/$name.log")
    failed=$(grep -c "^\[  FAILED  \] [a-z_]*$" "$0/$name.log")
    if [ "$code" = 0 ]; then printf "ok    %-24s %4d tests\n" "$name" "$passed"
    else printf "FAIL  %-24s exit %s, log %s\n" "$name" "$code" "$0/$name.log"; fi' "$logs"
passed=0 failed=0
for binary in "$@"; do
    name=$(basename "$binary")
    ok=$(grep -c '^\[       OK \]' "$logs/$name.log")
    passed=$((passed + ok))
    if [ "$(cat "$logs/$name.code")" != 0 ]; then
        bad=$(grep '^\[  FAILED  \] [A-Za-z0-9_]*$' "$logs/$name.log" | sort -u | wc -l)
        [ "$bad" -gt 0 ] || bad=1
        failed=$((failed + bad))
        echo "---- $name"
        tail -n 60 "$logs/$name.log"
    fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]

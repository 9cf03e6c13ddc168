#!/bin/sh
# Fuzzes the loader of scenarios: run.sh BUILD SECONDS. Seeds are the bundled and the bad scenarios;
# what was found stays in BUILD/fuzz/corpus. The last lines tell executions and the slowest case.
set -e
root=$PWD
folder=$1/fuzz
seconds=$2
mkdir -p "$folder/corpus" "$folder/seeds"
for scenario in scenarios/*.yaml tests/scenarios/bad/*.yaml tests/fuzz/seeds/*.yaml; do
    [ -e "$scenario" ] && cp "$scenario" "$folder/seeds/"
done
cd "$folder"
for recording in "$root"/scenarios/traces/*.lwt; do # the smallest in place of all: it opens at once
    cp "$root"/scenarios/traces/python-threads.lwt "$(basename "$recording")"
done
./fuzz_scenario --dictionary | sort -u > dictionary.txt
ASAN_OPTIONS=allocator_may_return_null=0 nice -n 10 ./fuzz_scenario -max_total_time="$seconds" \
    -dict=dictionary.txt -max_len="${FUZZ_BYTES:-16384}" -timeout=10 -mutate_depth=2 -rss_limit_mb=2048 \
    -print_final_stats=0 -verbosity="${FUZZ_VERBOSITY:-0}" corpus seeds

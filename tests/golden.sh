#!/bin/sh
# Prints one line "recording policy seed digest" for every bundled recording with every bundled
# policy: what `make golden` stores and what the long tests compare between configurations.
# usage: golden.sh BUILD [RECORDING...]
set -eu
build=$1
shift
json=$(mktemp)
trap 'rm -f "$json"' EXIT
policies=$(for so in "$build"/policies/*.so; do basename "$so" .so; done | sort)
[ $# -gt 0 ] || set -- $(for file in scenarios/traces/*.lwt; do basename "$file" .lwt; done | sort)
for recording in "$@"; do
    for policy in $policies; do
        "$build/lowwater" run "$recording" --policy "$policy" --seed 1 --json "$json" >/dev/null
        digest=$(sed -n 's/.*"digest": *"\([0-9a-f]*\)".*/\1/p' "$json" | head -n 1)
        echo "$recording $policy 1 $digest"
    done
done

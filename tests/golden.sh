#!/bin/sh
# Prints one line "name policy seed digest" for every bundled recording and every bundled scenario
# with every bundled policy: what `make golden` stores and what the tests compare between
# configurations. With names: these only.
# usage: golden.sh BUILD [NAME...]; JOBS=N: so many runs at a time (default 2)
set -eu
build=$1
shift
json=$(mktemp)
trap 'rm -f "$json"' EXIT
policies=$(for so in "$build"/policies/*.so; do basename "$so" .so; done | sort | sed 's/^/--policy /')
[ $# -gt 0 ] || set -- $(for file in scenarios/traces/*.lwt scenarios/*.yaml; do
    basename "$file" | sed 's/\.[a-z]*$//'; done)
"$build/lowwater" run "$@" $policies --seed 1 --jobs "${JOBS:-2}" --quiet --json "$json" >/dev/null
awk -F'"' '/^ *"scenario":/ { scenario = $4 } /^ *"policy":/ { policy = $4 }
    /^ *"seed":/ { gsub(/[^0-9]/, "", $3); seed = $3 }
    /^ *"digest":/ { print scenario, policy, seed, $4 }' "$json"

#!/bin/sh
# Prints one line "scenario policy schedule digest" for scenarios with threads under schedules of
# each strategy, with every bundled policy: what `make golden` stores and configurations compare.
# usage: golden-schedules.sh BUILD
set -eu
json=$(mktemp)
trap 'rm -f "$json"' EXIT
policies=$(for so in "$1"/policies/*.so; do basename "$so" .so; done | sort | sed 's/^/--policy /')
for schedule in round-robin random:1 random:2 pct:1 pct:2 slow-random:1 slow-pct:1; do
    "$1/lowwater" run threads-all-slots $policies --schedule $schedule --jobs "${JOBS:-2}" --quiet \
        --json "$json" >/dev/null
    awk -F'"' '/^ *"scenario":/ { scenario = $4 } /^ *"policy":/ { policy = $4 }
        /^ *"schedule":/ { schedule = $4 }
        /^ *"digest":/ { print scenario, policy, schedule, $4 }' "$json"
done

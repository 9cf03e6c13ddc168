#!/bin/sh
# make demo: real policies on recorded programs, with and without an injected failure; what a limit
# that is too low does; what scenarios ask, and what careless and defective hosts look like. Leaves
# results below BUILD/demo.
# usage: demo.sh BUILD
set -eu
build=$1
out="$build/demo"
lowwater="$build/lowwater"
mkdir -p "$out"

say() { printf '\n== %s\n\n' "$*"; }

# One line a run of a JSON results file: the fields of a run in the order of the document.
summary() {
    awk -F'"' '
        /"scenario":/ { scenario = $4 } /"policy":/ { policy = $4 } /"outcome":/ { outcome = $4 }
        function number(line) { gsub(/[^0-9]/, "", line); return line + 0 }
        function mib(bytes) { return sprintf("%.1f", bytes / 1048576) }
        function gib(bytes) { return sprintf("%.1f", bytes / 1073741824) }
        /"commit_peak_bytes":/ { commit = number($0) } /"reserve_peak_bytes":/ { reserve = number($0) }
        /"resident_peak_bytes":/ { resident = number($0) } /"low_notifications":/ { low = number($0) }
        /"vtable_refusals":/ { refused = number($0) }
        /"operations_recorded":/ { recorded = number($0) } /"operations_served":/ { served = number($0) }
        /"reproduce":/ && /^      "/ {
            printf "%-16s %-11s %12s %7d %4d %9s %8s %8s\n", scenario, policy,
                served " of " recorded, refused, low, mib(commit), mib(resident), gib(reserve)
        }' "$1"
}

header() {
    printf '%-16s %-11s %12s %7s %4s %9s %8s %8s\n' recording policy served refused low \
        'commit/M' 'used/M' 'space/G'
}

recordings="orders-segments images-segments pipeline-server plugins-regions webapi-regions"
policies="--policy all"
count=$(ls "$build"/policies/*.so | wc -l)

cat <<'TEXT'
Recorded memory traffic of real programs is replayed through real implementations
of IHostMemoryManager on a simulated Windows machine. Columns: operations served,
calls refused, low-memory notifications sent to the CLR; peaks of commit charge and
of memory touched (MiB) and of reserved address space (GiB), stacks and views too.
TEXT

say "1. Five recorded .NET programs, $count policies, a machine with 4 GiB"
"$lowwater" run $recordings $policies --quiet --json "$out/served.json"
header
summary "$out/served.json"

say "2. The same, twice more each, compared record by record"
"$lowwater" run $recordings $policies --quiet --check --json "$out/checked.json"
echo "$((5 * count)) runs, each equal to its repetitions"

say "3. The 106th commit of the web service is refused once (ERROR_COMMITMENT_LIMIT)"
"$lowwater" run webapi-regions $policies --quiet --inject 'VirtualAlloc[commit]#106' \
    --json "$out/injected.json"
header
summary "$out/injected.json"

say "4. A machine with 64 MiB and a quota of 48 MiB: who refuses, and how much is served?"
"$lowwater" run orders-segments --policy passthrough --policy watermark --quiet \
    --set machine.ram=48MiB --set machine.pagefile=16MiB --json "$out/small.json"
"$lowwater" run orders-segments --policy quota --quiet --set policy.limit=48MiB \
    --json "$out/quota.json"
header
summary "$out/small.json"
summary "$out/quota.json"

say "5. Scenarios: what authors of hosts ask, one question each, with all $count policies"
"$lowwater" run --all --policy all >"$out/scenarios.txt"
sed -n '/^  *arena/,$p' "$out/scenarios.txt"

say "6. One of them, and a host that forgets to take back a charge (exit code 1)"
code=0
"$lowwater" run commit-fails-inside-reserve-and-commit \
    --policy tests/policies/careless/keeps-failed-charge.c 2>&1 || code=$?
[ "$code" = 1 ] || { echo "expected exit code 1, got $code" >&2; exit 1; }

say "7. What a defective host looks like: it writes to memory after giving it back (exit code 5)"
code=0
"$lowwater" run plugins-regions --policy tests/policies/defective/writes-after-decommit.c \
    2>&1 || code=$?
[ "$code" = 5 ] || { echo "expected exit code 5, got $code" >&2; exit 1; }

say "Where to look next"
echo "results as JSON:    $out/*.json"
echo "scenarios:          scenarios/README.md, from an empty file to a finding"
"$lowwater" run plugins-regions --policy quota --quiet --trace "$out/plugins.trace"
echo "one run in detail:  $lowwater trace print $out/plugins.trace"
echo "your own host:      $lowwater run webapi-regions --policy path/to/MyHost.cpp"

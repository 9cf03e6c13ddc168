#!/bin/sh
# make test-long: every test under gcc and clang, -O0 and -O2, and sanitizers; and the digest of
# every bundled recording and scenario with every bundled policy, equal in all of them and to the
# golden list, with address-space randomisation on and off. The benchmarks run once.
set -u
failed=0

compare_list() { # compare_list SCRIPT LIST BUILD LABEL: digests of this build against a golden list
    if ! "tests/$1" "$3" >"$3/$2"; then
        echo "FAIL  $2 of $4 could not be computed"
        failed=1
    elif cmp -s "tests/golden/$2" "$3/$2"; then
        echo "ok    $(wc -l <"$3/$2") digests of $4 equal the golden ones ($2)"
    else
        echo "FAIL  $2 of $4 differ:"
        diff "tests/golden/$2" "$3/$2" | head -n 20
        failed=1
    fi
}

compare() { # compare BUILD LABEL
    compare_list golden.sh digests.txt "$1" "$2"
    compare_list golden-schedules.sh schedules.txt "$1" "$2"
}

# With --race a digest is a matter of the policy's object: the default build's must give one digest
# in every build of lowwater.
races() { # races BUILD
    for policy in build/policies/race/*.so; do
        for schedule in in-order random:3 pct:5; do
            "$1/lowwater" run threads-all-slots --race --policy "$policy" --schedule "$schedule" \
                --json "$1/race.json" -q >/dev/null 2>&1
            echo "$policy $schedule $(grep -o '"digest": *"[0-9a-f]*"' "$1/race.json")"
        done
    done >"$1/race-digests.txt"
    if cmp -s build/race-digests.txt "$1/race-digests.txt"; then
        echo "ok    $(wc -l <"$1/race-digests.txt") digests with --race of $1 equal the default build's"
    else
        echo "FAIL  digests with --race of $1 differ"
        failed=1
    fi
}

# Each defect is found within 1,000 schedules of the bundled scenario, with --race where nothing at
# calls shows it; a correct host shows nothing in ten times as many, nor in any other scenario.
defects() {
    found=0 raced=0 wrong=0
    for host in tests/policies/concurrency/*.c tests/policies/concurrency/*.cpp; do
        build/lowwater run threads-all-slots --policy "$host" --schedules 1000 -q >/dev/null 2>&1
        case $? in 1 | 4 | 5) found=$((found + 1)) && continue ;; esac
        build/lowwater run threads-all-slots --policy "$host" --schedules 1000 --race -q \
            >/dev/null 2>&1
        case $? in 1 | 4 | 5) raced=$((raced + 1)) && continue ;; esac
        echo "FAIL  $host is not found"
        wrong=$((wrong + 1))
    done
    for host in tests/policies/concurrency/clean/*.c* $(cd build/policies && ls -- *.so); do
        host=${host%.so}
        build/lowwater run threads-all-slots --policy "$host" --schedules 10000 -q &&
            build/lowwater run --all --policy "$host" -q && continue
        echo "FAIL  $host does not hold"
        wrong=$((wrong + 1))
    done
    echo "$found defects found without --race, $raced with it; $wrong hosts went wrong"
    [ "$wrong" = 0 ]
}

configuration() { # configuration FOLDER VARIABLES...
    folder=$1
    shift
    echo "==== $*"
    make --no-print-directory check "$@" || failed=1
    compare "$folder" "$folder"
    races "$folder"
}

configuration build CC=gcc OPT=-O2
if command -v setarch >/dev/null 2>&1 && setarch -R true 2>/dev/null; then
    setarch -R tests/golden.sh build >build/digests-noaslr.txt
    if cmp -s tests/golden/digests.txt build/digests-noaslr.txt; then
        echo "ok    the same digests without address-space randomisation"
    else
        echo "FAIL  digests depend on address-space randomisation"
        failed=1
    fi
fi
make --no-print-directory bench || failed=1 # that it runs; its figures are for people
configuration build/gcc-O0 CC=gcc OPT=-O0
configuration build/clang-O0 CC=clang OPT=-O0
configuration build/clang-O2 CC=clang OPT=-O2
configuration build/gcc-O2-address-undefined SANITIZE=address,undefined
configuration build/clang-O2-address-undefined CC=clang SANITIZE=address,undefined
echo "==== races in many schedules"
build/tests/test_races 60 || failed=1
CC=clang CXX=clang++ build/tests/test_races 60 || failed=1
echo "==== hosts with a defect of concurrency in 1,000 schedules, others in 10,000"
defects || failed=1
echo "==== fibers and schedules on aarch64"
tests/setup.sh long || true
tests/aarch64.sh || failed=1
make --no-print-directory check-windows || failed=1
[ "$failed" = 0 ] && echo "all configurations passed" || echo "something failed"
exit "$failed"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# test_command.sh TESTS: what tests/run.sh says of wrong flags, of how the tests went, and of cases
# whose guest has died; and that a list of checks has them all.
set -uo pipefail
tests=$1
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
failed=0

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		echo "ok: $name"
	else
		echo "NOT OK: $name"
		failed=1
	fi
}
equal() { [ "$1" = "$2" ] || { printf 'got:\n%s\nwanted:\n%s\n' "$1" "$2"; return 1; }; }
# fails CODE LINE COMMAND...: with that code, and with that line alone.
fails() {
	local code=$1 line=$2 got rc=0
	shift 2
	got=$("$@" 2>&1) || rc=$?
	equal "$rc: $got" "$code: $line"
}

check "an unknown flag" fails 2 "run.sh: unknown option --al, see --help" "$tests/run.sh" --al
check "a word too many" fails 2 "run.sh: unknown option unit, see --help" "$tests/run.sh" unit
check "no label" fails 2 "run.sh: --only needs a label, see --help" "$tests/run.sh" --only
check "a label that no test has" fails 2 "run.sh: no test has the label units, see --help" "$tests/run.sh" --only units
check "-h is --help" equal "$("$tests/run.sh" -h)" "$("$tests/run.sh" --help)"
check "which says how to use it" grep -q '^usage: tests/run.sh' <<<"$("$tests/run.sh" --help)"

export RESULTS=$out
report() { rc=0; said=$("$tests/ctest.py" report "$(($(date +%s) - 100))" 600 "left out: much") || rc=$?; }
for i in {1..12}; do echo "release unit.$i $i.5 passed"; done >"$out/times"
echo "short: things: 3 instead of 10" | tee "$out/short" >>"$out/short"
report
check "all passed: exit code 0" equal "$rc" 0
check "the ten slowest, in order" equal "$(awk '$2 == "s" { print $3 }' <<<"$said" | xargs)" \
	"unit.12 unit.11 unit.10 unit.9 unit.8 unit.7 unit.6 unit.5 unit.4 unit.3"
check "what was shorter, once" equal "$(grep -c '^  short: things: 3 instead of 10$' <<<"$said")" 1
check "what was left out" grep -qx 'left out: much' <<<"$said"
check "the time that was promised" grep -qE '^took 10[0-9] s of 600 promised$' <<<"$said"
check "the last line counts" equal "$(tail -n 1 <<<"$said")" "12 passed, 0 failed"
printf '%s\n' "release unit.a 1 failed" "asan unit.b 1 failed" "release unit.c 1 skipped" >>"$out/times"
report
check "failed: exit code 1" equal "$rc" 1
check "which are named" grep -qx 'failed: unit.a, unit.b (asan)' <<<"$said"
check "and counted" equal "$(tail -n 1 <<<"$said")" "12 passed, 2 failed, 1 skipped"
printf '%s\n' "release unit.a 1 passed" "release unit.b 1 unsteady" >"$out/times"
report
check "unsteady: exit code 0" equal "$rc" 0
check "which is named" grep -qx 'unsteady, failed once and passed when run again alone: unit.b' <<<"$said"
check "and counted, too" equal "$(tail -n 1 <<<"$said")" "1 passed, 0 failed, 1 unsteady"
: >"$out/times"
report
check "no test at all: exit code 1" equal "$rc" 1

# Real tests: one fails always, one the first time only.
mkdir "$out/build"
cat >"$out/build/CTestTestfile.cmake" <<-TXT
	add_test(good true)
	add_test(bad false)
	add_test(once sh -c "test -e '$out/once' || { touch '$out/once'; echo NOT OK: once; exit 1; }")
TXT
again() { # N OPTION...: their results with AGAIN=N
	rm -f "$out/once" "$out"/*.log
	: >"$out/times"
	AGAIN=$1 "$tests/ctest.py" run "$out/build" some "${@:2}" >/dev/null
	awk '{ print $2 "=" $4 }' "$out/times" | sort | xargs
}
check "a failed test is run again, and fails if it fails twice" equal "$(again 3)" \
	"bad=failed good=passed once=unsteady"
report
check "its first log is shown" grep -qx 'NOT OK: once' <<<"$said"
check "if not asked for, a failed test has failed" equal "$(again 0)" "bad=failed good=passed once=failed"
check "nor when more fail than that" equal "$(again 1)" "bad=failed good=passed once=failed"

verdict() { rc=0; said=$("$tests/lab/group.sh" verdict "$out" "$1") || rc=$?; }
echo "lab: guest panicked: oh" >"$out/guest"
echo "ok: good" >"$out/good.log"
echo 0 >"$out/good.rc"
echo "NOT OK: bad" >"$out/bad.log"
echo 3 >"$out/bad.rc"
echo "ok: begun" >"$out/begun.log"
verdict good
check "a case that has passed" equal "$rc: $said" "0: ok: good"
verdict bad
check "one that has failed" equal "$rc: $said" "3: NOT OK: bad"
verdict begun
check "one whose guest has died" equal "$rc: $said" "1: ok: begun
NOT OK: the guest ended during this case:
lab: guest panicked: oh"
verdict next
check "the one behind it" equal "$rc: $said" "1: NOT OK: the guest ended before this case:
lab: guest panicked: oh"

# A run.sh whose guest dies in the second of three cases, and one whose guest does not start.
mkdir "$out/lab"
cp "$tests/lab/group.sh" "$out/lab"
cat >"$out/lab/run.sh" <<-'TXT'
	#!/bin/sh
	while [ "$1" != --out ]; do shift; done
	[ -z "$SILENT" ] || exit 125
	echo "ok: first" >"$2/first.log"
	echo 0 >"$2/first.rc"
	echo "ok: begun" >"$2/second.log"
	echo "lab: guest panicked: oh"
	exit 126
TXT
chmod +x "$out/lab/run.sh"
group() { rc=0; said=$(SILENT=$1 "$out/lab/group.sh" run "$out/guest.d" --timeout 1 -- first.py second.py third.py) || rc=$?; }
codes() { for one in first second third; do "$out/lab/group.sh" verdict "$out/guest.d" $one >/dev/null; echo $?; done; }
group ''
check "a guest that dies leaves the verdicts to its cases" equal "$rc: $said" "0: lab: guest panicked: oh"
check "one has passed, the others have not" equal "$(codes | xargs)" "0 1 1"
group 1
check "a guest that does not start has failed" equal "$rc" 1
check "and no verdict of another run is left" equal "$(codes | xargs)" "1 1 1"

check "what ends all others runs in a guest only" fails 2 "group.sh: not in a guest of the lab" \
	env LAB_SRC="$tests/lab" "$tests/lab/group.sh" guest

cat >"$out/a.log" <<-TXT
	1/3 Testing: unit.a
	1/3 Test: unit.a
	ok: 3 of 4 things
	ok: 4 of 4 things
	NOT OK: another one
	Test time =   0.10 sec
	2/3 Test: unit.b
	[       OK ] by_cmocka
	Test time =   0.10 sec
	3/3 Test: unit.c
	Test time =   0.10 sec
TXT
check "a list of checks" equal "$("$tests/list_checks.sh" "$out/a.log" 2>&1)" "5 checks of 3 tests
unit.a	N of N things (2 times)
unit.a	another one
unit.b	by_cmocka
unit.c	exit code"
exit $failed

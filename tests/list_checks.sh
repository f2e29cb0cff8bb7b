#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tests/list_checks.sh [LOG...]: what was checked, by test, from ctest's logs; without arguments from
# those that tests/run.sh left in build/tests. Numbers are written as N, lists and sets without what is in
# them, repeated checks once, with how often: the lists of two trees or of a short and a long run can be
# compared with diff or comm.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "$here"/../build/tests/*.log

# ok: and NOT OK: are of Checks in tests/support/exporter_test.py, ok and FAILED of the lab's own
# tests, [  OK  ] of cmocka. Any other test is one check: its exit code.
awk '
	function add(check) {
		gsub(/\/tmp\/tmp[a-z0-9_]+/, "/tmp/N", check)
		gsub(/\/[^ "]*\/build\//, "build/", check)
		gsub(/{[^{}]*}/, "{}", check)
		gsub(/\[[^][]*\]/, "[]", check)
		gsub(/revision[:=] ?[0-9a-f]+/, "revision", check)
		gsub(/[0-9]+([.][0-9]+)?/, "N", check)
		if (!count[test "\t" check]++) order[++n] = test "\t" check
		found++
	}
	/^[0-9]+\/[0-9]+ Test: / { sub(/^[^:]*: /, ""); test = $0; found = 0 }
	/^Test time = / { if (!found) add("exit code"); total += found; tests++ }
	sub(/^(ok|NOT OK): /, "") || sub(/^(ok|FAILED)  +/, "") || sub(/^\[ +(OK|FAILED) +\] /, "") { add($0) }
	END {
		for (i = 1; i <= n; i++) print order[i] (count[order[i]] > 1 ? " (" count[order[i]] " times)" : "")
		print total + 0 " checks of " tests + 0 " tests" >"/dev/stderr"
	}' "$@" | sort

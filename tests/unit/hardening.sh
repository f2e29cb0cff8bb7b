#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Do the programs have the protections that the compiler offers?
# usage: hardening.sh PROGRAM...
set -euo pipefail
bad=0
check() { # WHAT COMMAND...
	local what=$1
	shift
	if "$@"; then echo "ok: $program: $what"; else echo "NOT OK: $program: $what"; bad=1; fi
}
has() { grep -qE -- "$2" <<<"$1"; }
hasnt() { ! has "$@"; }

for program; do
	headers=$(readelf -W --file-header --program-headers "$program")
	dynamic=$(readelf -W --dynamic "$program")
	symbols=$(readelf -W --dyn-syms "$program")
	# One line for each source file: GCC writes its flags there.
	producers=$(readelf -W --debug-dump=info "$program" 2>/dev/null | grep DW_AT_producer)
	check 'position independent' has "$dynamic" 'FLAGS_1.*PIE'
	check 'symbols bound at the start' has "$dynamic" 'BIND_NOW|FLAGS_1.*NOW'
	check 'read-only relocations' has "$headers" 'GNU_RELRO'
	check 'stack not executable' has "$headers" 'GNU_STACK .* RW '
	# In libmicrohttpd 0.9.74 to 0.9.77 it returns from the connection limit with a mutex locked.
	check 'no MHD_add_connection' hasnt "$symbols" 'MHD_add_connection'
	check 'stack protector' has "$symbols" '__stack_chk_fail'
	check 'checked functions (fortify)' has "$symbols" '__(snprintf|printf|fprintf)_chk'
	# No mark of the linker's: that needs a C library that is compiled so, too.
	flags=(-fstack-clash-protection)
	case $(uname -m) in
	x86_64) flags+=(-fcf-protection) ;;
	aarch64) flags+=(-mbranch-protection=standard) ;;
	esac
	for flag in "${flags[@]}"; do
		check "$flag for all of $(grep -c 'GNU C' <<<"$producers") files" \
			hasnt "$(grep 'GNU C' <<<"$producers" | grep -v -- "$flag")" .
	done
done
exit $bad

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs in the guest: tests/lab/run.sh -- tests/lab/va_selftest.sh
# Shows that Debian's media driver, unmodified, takes the emulated GPU for a real
# one, and that the faults of submitting work are what README.md says.
set -u
. "${LAB_SRC:?runs in the guest}/guest.sh"
failed=0

check() { # NAME COMMAND...
	local name=$1
	shift
	if "$@"; then
		echo "ok      $name"
	else
		echo "FAILED  $name"
		failed=$((failed + 1))
	fi
}
equal() { [ "$1" = "$2" ] || { echo "        got '$1', expected '$2'"; return 1; }; }
refused() { ! "$@" 2>/dev/null; }

lists() { timeout 30 vainfo "$@" --display drm --device "$(lab_render)" 2>/tmp/vainfo.err; }
# What can encode, PROFILE:ENTRYPOINT without the words that all have.
encoders() {
	awk '/VAEntrypointEnc/ { gsub(/VAProfile|VAEntrypoint|[ \t]/, ""); print }' <<<"$1" | sort | xargs
}
work() { timeout 5 "$LAB_SRC/gem_work.py" "$(lab_render)" "$@"; }

h264="H264ConstrainedBaseline:EncSliceLP H264High:EncSliceLP H264Main:EncSliceLP"
jpeg=JPEGBaseline:EncPicture
gen9="$h264 $jpeg"
gen11="$h264 HEVCMain10:EncSliceLP HEVCMain444:EncSliceLP HEVCMain444_10:EncSliceLP HEVCMain:EncSliceLP \
$jpeg VP9Profile0:EncSliceLP VP9Profile1:EncSliceLP VP9Profile2:EncSliceLP VP9Profile3:EncSliceLP"
gen12="$gen11 HEVCSccMain10:EncSliceLP HEVCSccMain444:EncSliceLP HEVCSccMain444_10:EncSliceLP HEVCSccMain:EncSliceLP"

# Another release of the driver may list more; of these it lists all.
has_all() { # GOT EXPECTED
	local one missing=''
	for one in $2; do
		case " $1 " in *" $one "*) ;; *) missing+=" $one" ;; esac
	done
	[ -z "$missing" ] || { echo "        missing:$missing"; return 1; }
}

test_device() { # ID EXPECTED
	local out rc
	lab_load "ids=$1" || lab_die "cannot load $1"
	out=$(lists)
	rc=$?
	check "$1: vainfo ends well" equal $rc 0
	check "$1: the driver is Intel's" grep -q 'Driver version: Intel iHD driver' <<<"$out"
	check "$1: it can encode what it should" has_all "$(encoders "$out")" "$2"
	[ $rc = 0 ] || cat /tmp/vainfo.err
}

another() { lab_unload || lab_die "cannot unload"; }

test_work() {
	check "one memory" equal "$(work memory)" ok
	check "a batch is accepted" equal "$(work wait)" ok
	check "its fences are signalled" equal "$(work fence)" ok
	lab_set exec_errno 5
	check "exec_errno" equal "$(work exec)" EIO
	lab_set exec_errno 0
	lab_suspend
	lab_set wakes 0
	check "a batch on a sleeping GPU" equal "$(work exec)" ok
	check "wakes it" equal "$(lab_get wakes)" 1
	lab_resume
	check "work takes no GPU time" equal "$(quiet_time)" 0
}

# What a batch adds to an engine that has no load.
quiet_time() {
	lab_set load_render 0
	lab_pmu_read "$(lab_pmu)" 600 2 rcs0-busy >/tmp/reads &
	sleep 0.2
	work exec >/dev/null
	wait
	awk 'END { print $2 }' /tmp/reads
}

test_block() { # exec|wait ACTION STATE
	local pid
	lab_set exec_block "$1-${3,}"
	"$LAB_SRC/gem_work.py" "$(lab_render)" "$2" >/dev/null &
	pid=$!
	disown $pid	# the shell need not say that it was killed
	in_ioctl() { grep -q lab_ "/proc/$pid/stack"; }
	check "exec_block $1-${3,} blocks" lab_wait 5 in_ioctl
	check "in state $3" equal "$(awk '{ print $3 }' /proc/$pid/stat)" "$3"
	kill -9 $pid
	sleep 0.2
	if [ "$3" = D ]; then
		check "which kill does not end" grep -q lab_ /proc/$pid/stack
	else
		check "which kill ends" refused grep -q lab_ /proc/$pid/stack
	fi
	if [ "$1" = wait ]; then
		check "a buffer without work does not wait" equal "$(work idle)" ok
	fi
	lab_set exec_block ''
	check "then it ends" lab_wait 5 refused test -e /proc/$pid
	check "$1 passes again" equal "$(work "$2")" ok
}

test_huc() {
	local rates
	rates() { lists -a | awk '/H264Main\/VAEntrypointEncSliceLP/ { on = 1 }
		on && /VAConfigAttribRateControl/ { print $3; exit }'; }
	check "HuC runs: constant bit rate" equal "$(rates)" VA_RC_CBR
	lab_set huc 0
	check "HuC does not: constant quality only" equal "$(rates)" VA_RC_CQP
	lab_set huc 1
}

test_open() {
	lab_set open_errno 13
	check "open_errno" equal "$(work exec)" EACCES
	no_list() { ! lists >/tmp/vainfo.out 2>&1; }
	check "vainfo fails" no_list
	lab_set open_errno 0
	check "the node opens again" equal "$(work exec)" ok
}

test_device 1912 "$gen9"
another
test_device 8a52 "$gen11"
another
test_device 9a49 "$gen12"
another
test_device 46d1 "$gen12"
another
test_device 3e92 "$gen9"
test_huc
test_work
test_block exec exec D
test_block exec exec S
test_block wait wait D
test_block wait wait S
lab_set exec_block wait-s
check "a wait of no time ends with ETIME" equal "$(work poll)" ETIME
check "a value that is none" refused lab_set exec_block nothing
lab_set exec_block ''
test_open
another
if dmesg | grep -E 'BUG:|WARNING:|Oops'; then
	check "a clean kernel log" false
fi
[ $failed = 0 ] && echo "the media driver works in the lab" || echo "$failed checks failed"
[ $failed = 0 ]

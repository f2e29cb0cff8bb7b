#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs in the guest: tests/lab/run.sh -- tests/lab/selftest.sh
# Shows, with tools that are not ours where there are any, that the emulated GPU
# does what README.md says of it.
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
near() { # VALUE EXPECTED TOLERANCE
	awk -v v="$1" -v e="$2" -v t="$3" 'BEGIN { d = v - e; exit !(v != "" && d <= t && -d <= t) }' ||
		{ echo "        got '$1', expected $2 within $3"; return 1; }
}
refused() { ! "$@" 2>/dev/null; }
fresh() { # PARAM=VALUE...: a machine with these GPUs
	if [ -d /sys/module/i915 ]; then
		lab_unload || lab_die "cannot unload"
	fi
	lab_load "$@" || lab_die "cannot load $*"
}

# Releases after 1.27 (Debian 12) sum up the engines of a class unless told not to.
each_engine=()
if intel_gpu_top -h 2>&1 | grep -qF '[-p]'; then each_engine=(-p); fi

# The mean over some periods of intel_gpu_top: NAME VALUE lines. Its first period is not one, and
# the last may be cut.
top() {
	timeout -s INT 3 intel_gpu_top "${each_engine[@]}" -J -s 500 | python3 -c '
import collections, json, sys
text, at, samples = sys.stdin.read(), 0, []
while (at := text.find("{", at)) >= 0:
    try:
        sample, at = json.JSONDecoder().raw_decode(text, at)
    except ValueError:
        break
    samples.append(sample)
means = collections.defaultdict(list)
for sample in samples[1:]:
    for name, engine in sample["engines"].items():
        means[name].append(engine["busy"])
    for group in "frequency", "interrupts", "rc6":
        for name, value in sample[group].items():
            if name != "unit":
                means[group + "." + name].append(value)
for name, values in means.items():
    print(name, sum(values) / len(values))'
}
value() { awk -v k="$2" '$1 == k { print $2 }' <<<"$1"; }

test_load() { # RENDER COPY VIDEO ENHANCE RC6, per mille
	local out
	lab_set load_render "$1"
	lab_set load_copy "$2"
	lab_set load_video "$3"
	lab_set load_video_enhance "$4"
	lab_set rc6_permille "$5"
	out=$(top)
	percent() { awk -v p="$1" 'BEGIN { print p / 10 }'; }
	check "render $1 per mille" near "$(value "$out" Render/3D/0)" "$(percent "$1")" 0.5
	check "copy $2" near "$(value "$out" Blitter/0)" "$(percent "$2")" 0.5
	check "video 0 $3" near "$(value "$out" Video/0)" "$(percent "$3")" 0.5
	check "video 1 $3" near "$(value "$out" Video/1)" "$(percent "$3")" 0.5
	check "video enhancement $4" near "$(value "$out" VideoEnhance/0)" "$(percent "$4")" 0.5
	check "RC6 $5" near "$(value "$out" rc6.value)" "$(percent "$5")" 0.5
	# These counters are whole: one MHz x s in half a second is 2 MHz.
	check "clock" near "$(value "$out" frequency.actual)" 700 3
	check "interrupts" near "$(value "$out" interrupts.count)" 1000 5
}

test_identity() {
	local pci
	pci=$(lspci -nnk -s 00:02.0)
	check "lspci names it" grep -q 'UHD Graphics 630.*8086:3e92' <<<"$pci"
	check "and its driver" grep -q 'driver in use: i915' <<<"$pci"
	check "boot_vga" equal "$(cat "$(lab_pci_dir)/boot_vga")" 1
	check "PMU name" equal "$(lab_pmu)" /sys/bus/event_source/devices/i915
	check "config of vcs1" equal "$(cat "$(lab_pmu)/events/vcs1-busy")" config=0x2010
	check "unit" equal "$(cat "$(lab_pmu)/events/rc6-residency.unit")" ns
	check "no throttle reasons on generation 9" refused ls "$(lab_card)/gt/gt0/throttle_reason_status"
	check "rps_act_freq_mhz" equal "$(cat "$(lab_card)/gt/gt0/rps_act_freq_mhz")" 700
	check "legacy clock" equal "$(cat "$(lab_card)/gt_RP0_freq_mhz")" 1100
	check "engine folder" equal "$(cat "$(lab_card)/engine/vcs1/class" "$(lab_card)/engine/vcs1/instance" | xargs)" "2 1"
}

test_errno() {
	local pmu
	pmu=$(lab_pmu)
	opens() { lab_pmu_read "$pmu" 1 1 "$@" 2>&1 >/dev/null | cut -d' ' -f1; }
	check "engine that is absent" equal "$(opens 0x4000)" ENODEV
	check "sample that is unknown" equal "$(opens 0x0003)" ENOENT
	check "counter that is unknown" equal "$(opens 0x100009)" ENOENT
	check "GT that is absent" equal "$(opens 0x1000000000100000)" ENOENT
}

# Steps of one busy counter, in ms: what each read adds to the one before.
steps() { awk 'NR > 1 { printf "%s%d", sep, ($2 - last) / 1e6; sep = " " } { last = $2 }'; }

# read_until LINE INTERVAL_MS READS EVENT...: reads in the background into /tmp/reads, and returns
# when that many are done.
read_until() {
	local line=$1
	shift
	rm -f /tmp/reads
	lab_pmu_read "$(lab_pmu)" "$@" >/tmp/reads &
	reader=$!
	done_reads() { [ "$(cat /tmp/reads 2>/dev/null | wc -l)" -ge "$line" ]; }
	lab_wait 20 done_reads || lab_die "no reads of the PMU"
}

test_faults() {
	local out=/tmp/reads
	lab_set load_render 500
	read_until 3 200 12 rcs0-busy vcs0-busy rc6-residency
	lab_set dip_ms 150
	lab_set dip 1
	wait "$reader"
	# Half of the time each; one 150 ms lower than the one before, which the next makes good.
	check "a dip" equal "$(steps <"$out" | awk '{ for (i = 1; i <= NF; i++) n += $i < 0; print n + 0 }')" 1
	check "of one read" equal "$(awk '$2 < $1 / 2 - 100e6 { n++ } END { print n + 0 }' "$out")" 1
	check "which does not last" near "$(awk 'END { print $2 / $1 }' "$out")" 0.5 0.02

	read_until 4 200 8 rcs0-busy rc6-residency
	lab_set restart 1
	wait "$reader"
	check "a restart" equal "$(steps <"$out" | awk '{ for (i = 1; i <= NF; i++) n += $i < 0; print n + 0 }')" 1
	# Without it the share would be 0.5; how much is left depends on when the shell came to it.
	check "which lasts" near "$(awk 'END { print $2 / $1 }' "$out")" 0.2 0.18
	check "busy counters only" near "$(awk 'END { print $3 / $1 }' "$out")" "$(awk -v p="$(lab_get rc6_permille)" 'BEGIN { print p / 1000 }')" 0.02
}

test_clients() {
	local pid info after
	lab_set load_video 0
	lab_submit --hold forever --mem 3 --dup 1 "$(lab_render)" video:1 250ms render 10us >/tmp/ready &
	pid=$!
	lab_wait 5 grep -q ready /tmp/ready
	info=$(cat /proc/$pid/fdinfo/3)
	check "fdinfo: driver" grep -q $'^drm-driver:\ti915$' <<<"$info"
	check "fdinfo: address" grep -q $'^drm-pdev:\t0000:00:02.0$' <<<"$info"
	check "fdinfo: video" grep -q $'^drm-engine-video:\t250000000 ns$' <<<"$info"
	check "fdinfo: render" grep -q $'^drm-engine-render:\t10000 ns$' <<<"$info"
	check "fdinfo: capacity" grep -q $'^drm-engine-capacity-video:\t2$' <<<"$info"
	check "fdinfo: memory" grep -q $'^drm-total-system0:\t3 MiB$' <<<"$info"
	check "a duplicate is the same client" equal "$(grep client-id /proc/$pid/fdinfo/4)" "$(grep client-id <<<"$info")"
	lab_set fdinfo_engines 0
	check "no engine times" refused grep -q drm-engine- /proc/$pid/fdinfo/3
	lab_set fdinfo_engines 1
	kill $pid
	wait $pid 2>/dev/null
	read_until 1 2000 2 vcs1-busy
	lab_submit "$(lab_render)" video:1 70ms >/dev/null
	wait
	after=$(awk 'END { print $2 }' /tmp/reads)
	check "the PMU has it too" equal "$after" 70000000
	lab_set load_video 400
}

test_vgpu() {
	local types="GVTg_V5_8 GVTg_V5_4 GVTg_V5_2 GVTg_V5_1" t
	local a=00000000-0000-0000-0000-000000000101 b=00000000-0000-0000-0000-000000000102
	available() { for t in $types; do vgpu_available "$t"; done | xargs; }
	check "an empty pool" equal "$(available)" "7 5 2 1"
	vgpu_create GVTg_V5_4 $a
	check "one _4 lowers all types" equal "$(available)" "5 4 2 1"
	check "vgpu_id" equal "$(cat /sys/bus/mdev/devices/$a/intel_vgpu/vgpu_id)" 1
	check "type of the device" equal "$(basename "$(readlink /sys/bus/mdev/devices/$a/mdev_type)")" i915-GVTg_V5_4
	check "list of the type" equal "$(ls "$(lab_pci_dir)/mdev_supported_types/i915-GVTg_V5_4/devices")" $a
	check "same UUID" refused vgpu_create GVTg_V5_8 $a
	vgpu_create GVTg_V5_2 $b
	check "one _2 more" equal "$(available)" "3 2 1 0"
	check "a full pool" refused vgpu_create GVTg_V5_1 00000000-0000-0000-0000-000000000103
	exec 5<"/dev/vfio/$(basename "$(readlink /sys/bus/mdev/devices/$a/iommu_group)")"
	check "the group can be held open" test -e /proc/$$/fd/5
	exec 5<&-
	vgpu_remove $a
	vgpu_remove $b
	check "all given back" equal "$(available)" "7 5 2 1"
	check "description" grep -q '^resolution: 1024x768$' "$(lab_pci_dir)/mdev_supported_types/i915-GVTg_V5_8/description"
}

test_sleep() {
	local gt
	gt=$(lab_card)/gt/gt0
	lab_set wakes 0
	lab_suspend
	check "suspended" equal "$(cat "$(lab_pci_dir)/power/runtime_status")" suspended
	check "clock of a suspended GPU" equal "$(cat "$gt/rps_act_freq_mhz")" 0
	check "limits of a suspended GPU" equal "$(cat "$gt/rps_RP0_freq_mhz")" 1100
	lab_pmu_read "$(lab_pmu)" 100 5 rcs0-busy rc6-residency >/tmp/reads
	check "RC6 while asleep" near "$(awk 'END { print $3 / $1 }' /tmp/reads)" 1 0.05
	check "none of it wakes" equal "$(lab_get wakes)" 0
	cat "$gt/rc6_residency_ms" >/dev/null
	check "RC6 in sysfs wakes" equal "$(lab_get wakes)" 1
	lab_suspend
	check "and it sleeps again" equal "$(cat "$(lab_pci_dir)/power/runtime_status")" suspended
	lab_resume
	check "woken for good" equal "$(cat "$(lab_pci_dir)/power/runtime_status")" active
}

test_block() {
	local pid
	lab_set block rps_act_freq_mhz
	cat "$(lab_card)/gt/gt0/rps_act_freq_mhz" >/tmp/blocked &
	pid=$!
	lab_wait 5 grep -q lab_gate /proc/$pid/stack || lab_die "it is not blocked"
	check "a blocked reader is in state D" equal "$(awk '{ print $3 }' /proc/$pid/stat)" D
	kill -9 $pid
	sleep 0.2
	check "which kill does not end" test -d /proc/$pid
	check "other files answer" equal "$(timeout 1 cat "$(lab_card)/gt/gt0/rps_cur_freq_mhz")" 750
	lab_set block ''
	wait $pid 2>/dev/null
	check "the read returns" equal "$(timeout 1 cat "$(lab_card)/gt/gt0/rps_act_freq_mhz")" 700
}

test_unbind() {
	local first second pid i
	lab_set wakes 0
	first=$(stat -c %i "$(lab_pmu)/")
	lab_unbind
	check "unbound: no PMU" refused test -d /sys/bus/event_source/devices/i915
	check "no node" refused ls "$(lab_pci_dir)"/drm
	check "but a device" test -e "$(lab_pci_dir)/vendor"
	lab_bind
	second=$(stat -c %i "$(lab_pmu)/")
	check "rebound: another folder" test "$first" != "$second"
	lab_give_to vfio-pci
	check "vfio-pci has it" equal "$(basename "$(readlink "$(lab_pci_dir)/driver")")" vfio-pci
	lab_give_to i915
	check "i915 has it again" equal "$(basename "$(readlink "$(lab_pci_dir)/driver")")" i915
	lab_give_to ''
	echo 8086 3e92 >/sys/bus/pci/drivers/vfio-pci/new_id
	check "vfio-pci by new_id" equal "$(basename "$(readlink "$(lab_pci_dir)/driver")")" vfio-pci
	lab_give_to i915
	for i in 1 2 3 4 5; do lab_unbind; lab_bind; done
	check "still there" test -d "$(lab_pmu)"

	lab_pmu_read "$(lab_pmu)" 1 0 rcs0-busy >/tmp/open &
	pid=$!
	lab_wait 5 grep -q open /tmp/open
	check "an open event holds the module" refused rmmod i915
	kill $pid
	wait $pid 2>/dev/null
	check "closed, it goes" rmmod i915
	check "and the device stays" test -e "$(lab_pci_dir)/vendor"
	check "it loads again" modprobe i915
}

test_many() {
	fresh gpus=2 ids=4680,56a0 vcs=2,4 ccs=0,1
	check "second PMU" equal "$(basename "$(lab_pmu 1)")" i915_0000_00_06.0
	check "engines of the second" test -e "$(lab_pmu 1)/events/vcs3-busy" -a -e "$(lab_pmu 1)/events/ccs0-busy"
	check "throttle reasons on generation 12" equal "$(cat "$(lab_card 1)/gt/gt0/throttle_reason_status")" 0
	lab_set throttle_mask 8
	check "thermal" equal "$(cat "$(lab_card)/gt/gt0/throttle_reason_thermal" "$(lab_card)/gt/gt0/throttle_reason_pl1" | xargs)" "1 0"
	check "no vGPU types on generation 12" refused test -e "$(lab_pci_dir)/mdev_supported_types"

	fresh gpus=4
	check "four render nodes" equal "$(ls -d /dev/dri/renderD* | wc -l)" 4
	check "load of the third" near "$(lab_pmu_read "$(lab_pmu 2)" 400 2 rcs0-busy | awk 'END { print $2 / $1 }')" 0.0625 0.005
	lab_unbind 1
	check "the others stay" test -d "$(lab_pmu 3)"
	lab_bind 1

	fresh gts=2 ids=7d55 rc6=1
	check "names of Meteor Lake" test -e "$(lab_pmu)/events/actual-frequency-gt1" -a ! -e "$(lab_pmu)/events/actual-frequency"
	check "its GT bits" equal "$(cat "$(lab_pmu)/events/rc6-residency-gt1")" config=0x1000000000100003
	check "clock of GT 1" near "$(lab_pmu_read "$(lab_pmu)" 2000 2 actual-frequency-gt1 | awk 'END { print $2 / $1 * 1e9 }')" 500 3
	check "folder of GT 1" equal "$(cat "$(lab_card)/gt/gt1/id")" 1

	fresh slots=16 enable_gvt=0 aperture_mb=256
	check "PMU at another address" equal "$(basename "$(lab_pmu)")" i915_0000_00_10.0
	check "no vGPU types" refused test -e "$(lab_pci_dir)/mdev_supported_types"
}

fresh vfio=1
test_identity
test_errno
test_load 250 50 400 100 300
test_load 900 0 123 1000 0
test_load 3 700 55 500 950
test_faults
test_clients
test_vgpu
test_sleep
test_block
test_unbind
test_many
fresh
# It compares a second of its own with another clock, and says so if they agree within 1 %.
check "the clock that it was given" grep -q 'Refined TSC clocksource calibration' <(dmesg)
if dmesg | grep -E 'BUG:|WARNING:|Oops'; then
	check "a clean kernel log" false
fi
[ $failed = 0 ] && echo "the lab works" || echo "$failed checks failed"
[ $failed = 0 ]

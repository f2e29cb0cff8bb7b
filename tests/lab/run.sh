#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Boots a Debian kernel with an emulated Intel GPU and runs a script in it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)
LAB_DIR=$(realpath -m "${LAB_DIR:-$repo/build/lab}")
export LAB_DIR

usage() {
	cat <<-TXT
	usage: run.sh [options] -- SCRIPT [ARGUMENT...]
	Runs SCRIPT as root in a guest that sees this machine's files, each write to
	them forgotten at the end, and exits with its exit code.
	  --forward HOST:GUEST  127.0.0.1:HOST of this machine reaches port GUEST
	  --out DIR             a folder that keeps what the guest writes to \$LAB_OUT
	  --env NAME=VALUE      a variable for the script
	  --cpus N              processors (2)
	  --mem MB              memory (1024)
	  --timeout SECONDS     (120; 0 is none)
	  --append "ARGS"       for the kernel's command line
	  --keep                keep the run's folder, with the console log
	  --gpu ID[,ID...]      instead of the lab's own driver and its GPUs: GPUs in QEMU,
	                        by device id (up to 4), for Debian's own driver
	  --gpu-set NAME=VALUE[,NAME=VALUE...]
	                        their settings, see silicon/settings.h
	  --vgpu UUID           in a guest: a guest of it by KVM, with this vGPU of its
	                        own. UUID is that of its machine, too
	  --systemd             systemd is the guest's process 1, the script a service
	  --shell               no script: a shell on this terminal
	Exit codes of its own: 124 timeout, 125 the guest did not start, 126 it died.
	TXT
}

say() { echo "lab: $*" >&2; }
bad() { say "$*"; usage >&2; exit 2; }

cpus=2 mem=1024 timeout=120 append='' keep='' shell='' systemd='' out='' gpu='' gpu_set='' vgpu=''
forwards=() envs=()
while [ $# -gt 0 ]; do
	case $1 in
	--forward|--out|--env|--gpu|--gpu-set|--vgpu|--cpus|--mem|--timeout|--append)
		[ $# -ge 2 ] || bad "$1 needs a value" ;;
	esac
	case $1 in
	--forward)
		[[ $2 =~ ^[0-9]+:[0-9]+$ ]] || bad "--forward takes HOSTPORT:GUESTPORT"
		forwards+=("$2"); shift ;;
	--out) out=$(realpath -m "$2"); mkdir -p "$out"; shift ;;
	--env) envs+=("$2"); shift ;;
	--gpu)
		[[ $2 =~ ^[0-9a-f]{4}(,[0-9a-f]{4}){0,3}$ ]] || bad "--gpu takes device ids as 3e92,9a49"
		gpu=$2; shift ;;
	--gpu-set) gpu_set=$2; shift ;;
	--vgpu) vgpu=$2 gpu=vgpu; shift ;;
	--cpus) cpus=$2; shift ;;
	--mem) mem=$2; shift ;;
	--timeout) timeout=$2; shift ;;
	--append) append=$2; shift ;;
	--keep) keep=1 ;;
	--shell) shell=1 ;;
	--systemd) systemd=1 ;;
	-h|--help) usage; exit 0 ;;
	--) shift; break ;;
	*) bad "unknown option $1" ;;
	esac
	shift
done
if [ -n "$shell" ]; then
	set -- /bin/bash -i
	timeout=0
fi
[ $# -gt 0 ] || bad "no script"
command -v "$1" >/dev/null || bad "$1 is not an executable file"
script=$(realpath "$(command -v "$1")")
shift

boot=${LAB_BOOT:-} # in a guest
[ -n "$boot" ] || boot=$("$here/build.sh")
run=$(mktemp -d "$LAB_DIR/run.XXXXXX")
qemu=''
cleanup() {
	# It is timeout(1) that has this number; it passes the signal on and ends with QEMU.
	if [ -n "$qemu" ] && kill -TERM "$qemu" 2>/dev/null; then wait "$qemu" || true; fi
	[ -n "$keep" ] || rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

# What the script starts with, and what the guest has to mount.
write_job() {
	local e
	cat >"$run/job" <<-TXT
	export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${boot@Q}/bin:${repo@Q}/build/unpacked/usr/bin
	export HOME=/root TERM=dumb LANG=C.UTF-8
	export LAB=1 LAB_OUT=/run/lab/out LAB_DIR=${LAB_DIR@Q} LAB_BOOT=${boot@Q} LAB_SRC=${here@Q} LAB_GPU=${gpu@Q}
	export TEST_LONG=${TEST_LONG:+1}
	TXT
	for e in "${envs[@]}"; do echo "export ${e@Q}"; done >>"$run/job"
	echo "cd ${PWD@Q} || exit 125; exec ${script@Q} ${*@Q}" >>"$run/job"
	cat >"$run/settings" <<-TXT
	lab_modules=${boot@Q}${gpu:+/real} lab_out=${out@Q} lab_shell=$shell lab_systemd=${systemd:+${here@Q}/guest-service} lab_net=${forwards[*]:+1}
	set -- $(printf '%s\n' "$repo" "$LAB_DIR" "$PWD" "$script" | sort -u | while read -r p; do printf '%s ' "${p@Q}"; done)
	TXT
	{ cat "$boot/initrd"
	  cd "$run" && printf 'job\nsettings\n' | cpio -o -H newc --quiet; } >"$run/initrd"
}

# A kernel that is corrupted or stuck dies at once, and run.sh can say so.
# An NMI, which only run.sh sends, makes it die, too; then it tells what every task and processor does.
# no_timer_check: on a busy host the emulated timer's first ticks come too late for the kernel's check of it,
# which is a panic ("IO-APIC + timer doesn't work"). For the same reason a processor is stuck after 60 s, not 20.
kernel_args="console=ttyS0 quiet loglevel=5 panic=-1 oops=panic softlockup_panic=1 no_timer_check watchdog_thresh=30
	rcupdate.rcu_cpu_stall_timeout=60
	unknown_nmi_panic panic_print=0x41
	sysctl.kernel.panic_on_rcu_stall=1 mitigations=off tsc=reliable random.trust_cpu=on"
# QEMU translates code anew for each virtual address that it is at: where libraries are at the same addresses in
# all processes, a shell starts three times as fast.
kernel_args+=" norandmaps"

# Without a word in this time, ten times what a boot takes, the emulated processors have met each other in
# a loop. It happens once in some hundred boots, before anything of ours runs.
boot_limit=90
[ -z "$systemd" ] || boot_limit=270 # with services

# Ends QEMU if the guest does not start, or is not done in time: then it has 10 s for its last words.
watch() {
	local i
	for ((i = 0; timeout == 0 || i < timeout; i++)); do
		sleep 1
		kill -0 "$1" 2>/dev/null || return 0
		if [ "$i" = "$boot_limit" ] && ! grep -q '^up' "$run/ctl" 2>/dev/null; then
			touch "$run/silent"
			kill -TERM "$1" 2>/dev/null || true
			return
		fi
	done
	touch "$run/late"
	echo nmi >&7
}

if [ -n "$vgpu" ]; then
	accel=(-accel kvm -cpu host)
	boot_limit=300 # its processor is emulated by one that is emulated
	# Only slow: i915 clears its page table by a million writes, each of which leaves this guest.
	kernel_args+=" nosoftlockup rcupdate.rcu_cpu_stall_suppress=1"
else
	# Copying by "rep movsb" (erms, fsrm) is emulated byte by byte, and AVX by functions.
	accel=(-accel tcg,thread=multi -cpu max,erms=off,fsrm=off,avx=off,avx2=off)
	# Where others take the processors meanwhile, what the kernel measures itself is up to six times too
	# low, and the guest's time runs that much too fast.
	kernel_args+=" tsc_early_khz=$("$boot/tsc_khz")"
fi

# As the lab's own GPUs, the first is at 00:02.0, where integrated ones are.
gpu_args() {
	local id slots=(02 06 07 08)
	if [ -n "$vgpu" ]; then
		args+=(-name "lab,debug-threads=on" -smbios "type=1,uuid=$vgpu"
			-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$vgpu,addr=0x02,rombar=0")
		return
	fi
	args+=(-plugin "$boot/silicon.so${gpu_set:+,$gpu_set}")
	for id in ${gpu//,/ }; do
		args+=(-device "silicon-$id,addr=0x${slots[0]}")
		slots=("${slots[@]:1}")
	done
}

# High slots: the others are for GPUs, which guests have at 0x10 too.
start_qemu() {
	local f net=user,id=net,restrict=on
	local args=(
		-machine pc,usb=off,vmport=off -nodefaults -no-user-config -no-reboot
		"${accel[@]}" -smp "$cpus" -m "$mem"
		-vga none -display none
		-global PIIX4_PM.acpi-root-pci-hotplug=off
		-kernel "$boot/vmlinux" -initrd "$run/initrd"
		-append "$kernel_args $append"
		-fsdev local,id=root,path=/,security_model=none,readonly=on,multidevs=remap
		-device virtio-9p-pci,fsdev=root,mount_tag=root,addr=0x1a
		-device virtio-serial-pci,addr=0x1b
		-chardev "file,id=ctl,path=$run/ctl" -device virtserialport,chardev=ctl,name=lab.ctl
	)
	if [ -n "$shell" ]; then
		args+=(-serial mon:stdio)
	else
		args+=(-serial "file:$run/console"
			-chardev "file,id=out,append=on,path=$run/out" -device virtserialport,chardev=out,name=lab.out)
		# One channel where there is one file: the order of the lines stays.
		[ /proc/$$/fd/1 -ef /proc/$$/fd/2 ] ||
			args+=(-chardev "file,id=err,append=on,path=$run/err"
				-device virtserialport,chardev=err,name=lab.err)
	fi
	[ -z "$gpu" ] || gpu_args
	[ -z "$out" ] ||
		args+=(-fsdev "local,id=out,path=$out,security_model=none,multidevs=remap"
			-device virtio-9p-pci,fsdev=out,mount_tag=out,addr=0x1c)
	if [ ${#forwards[@]} -gt 0 ]; then
		for f in "${forwards[@]}"; do
			net+=",hostfwd=tcp:127.0.0.1:${f%:*}-10.0.2.15:${f#*:}"
		done
		args+=(-netdev "$net" -device virtio-net-pci,netdev=net,addr=0x1d,romfile=)
	fi
	if [ -n "$shell" ]; then
		qemu-system-x86_64 "${args[@]}" 2>"$run/qemu"
		return
	fi
	args+=(-chardev "pipe,id=monitor,path=$run/monitor" -mon monitor)
	mkfifo "$run/out" "$run/err" "$run/monitor."{in,out}
	cat "$run/out" & local cat_out=$!
	cat "$run/err" >&2 & local cat_err=$!
	# So that cat ends even if QEMU never opens its end.
	exec 5<>"$run/out" 6<>"$run/err" 7<>"$run/monitor.in" 8<>"$run/monitor.out"
	timeout -k 2 $((timeout ? timeout + 10 : 0)) qemu-system-x86_64 "${args[@]}" \
		</dev/null >/dev/null 2>"$run/qemu" 5>&- 6>&- 7>&- 8>&- &
	qemu=$!
	watch "$qemu" 5>&- 6>&- & local watch=$!
	wait "$qemu" && ended=0 || ended=$?
	qemu=''
	wait "$watch" || true
	exec 5>&- 6>&- 7>&- 8>&-
	wait "$cat_out" "$cat_err" || true
}

# The guest's last words, or from the first sign of trouble.
console_tail() {
	local from
	from=$(grep -anm1 -E 'BUG: |Oops: |general protection|Kernel panic' "$run/console" 2>/dev/null | cut -d: -f1 || true)
	if [ -n "$from" ]; then
		tail -n "+$from" "$run/console" | sed -n 1,50p
	else
		tail -n 25 "$run/console" 2>/dev/null || true
	fi | tr -d '\r' | sed 's/^/  | /' >&2
}

# Where the processors and the programs of a guest were that was not done in time: name, state, functions.
stuck_tail() {
	tr -d '\r' <"$run/console" | sed -E 's/^\[ *[0-9.]+\] ?//' | awk '
		function flush() { if (what && shown) print what ": " where; what = where = ""; n = 0 }
		/^NMI backtrace for cpu/ { flush(); shown = 1; what = "processor " $5; if (/skipped/) where = "idle" }
		/^task:/ { flush(); sub(/^task:/, ""); shown = !/ppid:[02] / || /state:[RD]/; what = $1 " " $2 }
		/^ [^?]*\+0x[0-9a-f]+\/0x/ && n++ < 14 { sub(/\+0x.*/, "", $1); where = where " " $1 }
		/^RIP: 0010/ { sub(/\+0x.*/, "", $2); sub(/^0010:/, "", $2); where = " " $2; n = 0 }
		END { flush() }' | sed -n 1,80p | sed 's/^/  | /' >&2
}

report() {
	local rc panic
	rc=$(sed -n 's/^rc //p' "$run/ctl" 2>/dev/null || true)
	if [ -n "$rc" ]; then
		if grep -qaE 'WARNING: |BUG: |INFO: task' "$run/console"; then
			say "the guest's kernel complained:"
			grep -aE -A 12 'WARNING: |BUG: |INFO: task' "$run/console" | sed -n 1,40p | sed 's/^/  | /' >&2
		fi
		exit "$rc"
	fi
	if ! grep -q '^up' "$run/ctl" 2>/dev/null; then
		say "the guest did not start"
		cat "$run/qemu" >&2
		console_tail
		exit 125
	fi
	if [ -e "$run/late" ] || [ "$ended" = 124 ] || [ "$ended" = 137 ]; then
		say "timeout: not done after $timeout s, and there:"
		stuck_tail
		exit 124
	fi
	panic=$(grep -am1 -oE 'Kernel panic - not syncing: .*' "$run/console" 2>/dev/null | tr -d '\r' || true)
	if [ -n "$panic" ]; then
		say "guest panicked: ${panic#Kernel panic - not syncing: }"
		console_tail
		exit 126
	fi
	say "the guest ended without a word (QEMU's exit code $ended)"
	cat "$run/qemu" >&2
	console_tail
	exit 126
}

write_job "$@"
ended=0
start_qemu
if [ -e "$run/silent" ]; then
	say "the guest did not start in $boot_limit s: once more"
	rm -f "$run"/{silent,ctl,console,out,err,monitor.in,monitor.out}
	start_qemu
fi
[ -n "$shell" ] || report

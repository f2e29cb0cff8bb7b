#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# capture.sh [--root DIR] [OUT]: what `intel_gpu_exporter --check` reads of this machine, scrubbed, as a directory
# OUT (default: ./intel-gpu-capture) and OUT.tar.gz, for a bug report:
#   intel_gpu_exporter --check --path.rootfs=OUT
# diagnoses the copy. Nothing is changed on the machine, no sleeping GPU is woken, root is not needed; what only root
# may read (the kernel's log, VMs of Proxmox VE, debugfs) is then missing, and the copy's README names it.
# Names of hosts, guests, users, groups and mappings, UUIDs and addresses become pseudonyms, the same ones
# everywhere. Of configurations only lines about GPUs are taken, by lists of what is known: read the copy all the same
# before you send it.
set -u
LC_ALL=C
export LC_ALL
umask 077
MAX_FILES=1500 MAX_BYTES=4194304 MAX_SECONDS=60
root=/
if [ "${1:-}" = --root ]; then
  root=${2:?capture.sh: --root needs a directory}
  shift 2
fi
out=${1:-intel-gpu-capture}
case $out in -*) sed -n '3,10s/^# *//p' "$0"; exit 1 ;; esac
if [ $# -gt 1 ] || [ -e "$out" ]; then
  echo "capture.sh: $out is there already, or too many arguments" >&2
  exit 1
fi
cd -- "$root" || exit 1
root=$(pwd)
cd -- "$OLDPWD" || exit 1
[ "$root" != / ] || root=
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
mkdir -p "$out" || exit 1
n=0 denied=
: >"$work/list"
begun=$(date +%s)

# in_time: is there time and room for another file?
in_time() {
  [ $n -lt $MAX_FILES ] || return 1
  [ $((n % 32)) != 0 ] || [ $(($(date +%s) - begun)) -lt $MAX_SECONDS ]
}
# plain NAME: a name from outside that no shell and no file system has trouble with.
plain() { case $1 in '' | -* | *[!A-Za-z0-9_.+@:,-]*) return 1 ;; esac; }
here() { [ -e "$root/$1" ] || [ -L "$root/$1" ]; }
into() { case $1 in */*) [ -d "$out/${1%/*}" ] || mkdir -p "$out/${1%/*}" ;; esac; }

# exists PATH...: as an empty file.
exists() {
  for path; do
    ! here "$path" || { into "$path" && : >"$out/$path"; }
  done
}
directory() { [ ! -d "$root/$1" ] || { mkdir -p "$out/$1" && : >"$out/$1/.keep"; }; }
# link PATH PREFIX: only the target's name is kept.
link() {
  target=$(readlink "$root/$1") || return 0
  into "$1" && ln -sf "$2/${target##*/}" "$out/$1"
}
# take KIND PATH...: each is read once, for 2 s at most, and goes through the filter KIND.
take() {
  kind=$1
  shift
  for path; do
    { here "$path" && in_time; } || continue
    n=$((n + 1))
    if [ "$kind" = kmsg ]; then
      # A live log never ends.
      timeout 2 cat "$root/$path" 2>/dev/null | head -c $((MAX_BYTES / 2)) >"$work/$n"
      [ -s "$work/$n" ]
    else
      [ -f "$root/$path" ] && timeout 2 head -c $MAX_BYTES "$root/$path" >"$work/$n" 2>/dev/null
    fi || { denied="$denied $path"; rm -f "$work/$n"; continue; }
    # Variables end with a NUL.
    case $kind in
    environ | builtin.modinfo) tr '\000' '\n' <"$work/$n" >"$work/text" && mv "$work/text" "$work/$n" ;;
    esac
    printf '%s\t%s\t%s\n' "$n" "$kind" "$path" >>"$work/list"
  done
}
# below KIND DIRECTORY SUFFIX: its files with plain names.
below() {
  for file in "$root/$2"/*"$3"; do
    [ -f "$file" ] && plain "${file##*/}" && take "$1" "$2/${file##*/}"
  done
}
# all DIRECTORY DEPTH: every readable file of sysfs below, none of which is large or binary.
all() {
  [ -d "$root/$1" ] || return 0
  find "$root/$1/" -maxdepth "$2" -type f -perm -004 2>/dev/null | head -n 400 >"$work/found"
  while read -r file; do
    case $file in */config | */rom | */resource[0-9]* | */error | */edid | */vpd | */uevent) continue ;; esac
    take value "$1/${file#"$root/$1/"}"
  done <"$work/found"
}

# Where this is. Names come first: what follows is searched for them.
take host proc/sys/kernel/hostname
take passwd etc/passwd
take group etc/group
take release etc/os-release
[ -e "$root/etc/os-release" ] || take release usr/lib/os-release
take value proc/sys/kernel/osrelease sys/fs/selinux/enforce run/systemd/container run/host/container-manager
take value sys/class/dmi/id/product_name sys/class/dmi/id/bios_vendor sys/class/dmi/id/sys_vendor
take value sys/class/dmi/id/product_uuid proc/self/uid_map sys/kernel/security/lockdown
take version proc/version
take cpu proc/cpuinfo
take status proc/self/status
take environ proc/self/environ proc/1/environ
take interrupts proc/interrupts
exists .dockerenv run/.containerenv usr/bin/pveversion dev/dxg etc/kernel/proxmox-boot-uuids

# Proxmox VE, whose file system may not answer; a read that waits for it cannot be killed. Half of the guests would be
# a wrong diagnosis: all of them, or none.
if [ -d "$root/etc/pve" ]; then
  (
    (
      ls "$root/etc/pve" || exit
      for place in qemu-server lxc mapping; do
        [ -e "$root/etc/pve/$place" ] || continue
        ls "$root/etc/pve/$place" || exit
        for file in "$root/etc/pve/$place"/*; do
          [ ! -e "$file" ] || cat "$file" || exit
        done
      done
      : >"$work/pve.read"
    )
    : >"$work/pve"
  ) >/dev/null 2>&1 &
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    [ ! -e "$work/pve" ] || break
    sleep 0.1
  done
  if [ ! -e "$work/pve" ]; then
    denied="$denied etc/pve(does-not-answer)"
  elif [ ! -e "$work/pve.read" ]; then
    denied="$denied etc/pve"
  else
    directory etc/pve
    directory etc/pve/qemu-server
    below vm etc/pve/qemu-server .conf
    below vm etc/pve/lxc .conf
    take mapping etc/pve/mapping/pci.cfg
    for conf in "$root"/etc/pve/lxc/*.conf; do
      id=${conf##*/} id=${id%.conf}
      plain "$id" || continue
      directory "sys/fs/cgroup/lxc/$id"
      take group "var/lib/lxc/$id/rootfs/etc/group"
      procs=sys/fs/cgroup/lxc/$id/ns/init.scope/cgroup.procs
      take value "$procs"
      [ ! -r "$root/$procs" ] || ! read -r pid <"$root/$procs" || take group "proc/$pid/root/etc/group"
    done
  fi
fi
for pid in "$root"/run/qemu-server/*.pid; do
  plain "${pid##*/}" && exists "run/qemu-server/${pid##*/}"
done

# Configurations of boot and modules.
take cmdline proc/cmdline etc/kernel/cmdline
take grub etc/default/grub
take modules etc/modules etc/initramfs-tools/modules
below modules etc/modules-load.d .conf
for place in etc run usr/local/lib usr/lib lib; do
  below modprobe $place/modprobe.d .conf
done
take assign etc/environment etc/libva.conf etc/default/jellyfin
read -r release <"$root/proc/sys/kernel/osrelease" 2>/dev/null || release=
for kernel in "$root"/lib/modules/*; do
  plain "${kernel##*/}" && directory "lib/modules/${kernel##*/}"
done
plain "$release" && for file in dep builtin alias builtin.modinfo; do
  take $file "lib/modules/$release/modules.$file"
done

# What applications bring.
for place in usr/lib/x86_64-linux-gnu usr/lib64 usr/lib usr/local/lib opt/intel/mediasdk/lib64 usr/lib/jellyfin-ffmpeg/lib; do
  exists $place/dri/iHD_drv_video.so $place/dri/i965_drv_video.so $place/libze_loader.so.1 $place/iHD_drv_video.so \
    $place/libze_intel_gpu.so.1 $place/libze_intel_gpu_legacy1.so.1 $place/libmfx-gen.so.1.2 $place/libmfxhw64.so.1 \
    $place/libvpl.so.2 $place/libmfx.so.1 $place/i965_drv_video.so
done
exists usr/lib64/dri-nonfree/iHD_drv_video.so var/lib/dpkg/info/intel-media-va-driver.list \
  var/lib/dpkg/info/intel-media-va-driver:amd64.list var/lib/dpkg/info/intel-media-va-driver-non-free.list \
  var/lib/dpkg/info/intel-media-va-driver-non-free:amd64.list
below library etc/OpenCL/vendors ''

# Kubernetes: sockets of Intel's plugins, and of the kubelet's checkpoint how many devices they have.
kubelet=var/lib/kubelet
closed() { [ -d "$root/$1" ] && ! [ -r "$root/$1" ] || { [ -L "$root/$1" ] && ! [ -e "$root/$1" ]; }; }
if closed $kubelet/device-plugins; then
  # Nobody can read it in the copy either: a link to itself.
  denied="$denied $kubelet/device-plugins"
  into $kubelet/device-plugins && ln -sf device-plugins "$out/$kubelet/device-plugins"
else
  directory $kubelet/device-plugins
fi
for socket in "$root/$kubelet"/device-plugins/kubelet.sock "$root/$kubelet"/device-plugins/gpu.intel.com-*.sock \
  "$root/$kubelet"/plugins_registry/gpu.intel.com*.sock; do
  plain "${socket##*/}" && exists "${socket#"$root/"}"
done
take checkpoint $kubelet/device-plugins/kubelet_internal_checkpoint

# Hardware and drivers.
directory sys/bus/pci/devices
directory sys/firmware/efi
directory sys/class/iommu
for unit in "$root"/sys/class/iommu/*; do
  [ ! -e "$unit" ] || ! plain "${unit##*/}" || directory "sys/class/iommu/${unit##*/}"
done
exists sys/firmware/acpi/tables/DMAR
efivar=sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c
if [ -r "$root/$efivar" ]; then
  into $efivar
  timeout 2 head -c 16 "$root/$efivar" >"$out/$efivar"
fi
for module in i915 xe kvmgt vfio vfio_pci vfio_iommu_type1 kvm_intel mei mei_me mei_gsc mei_pxp; do
  directory sys/module/$module
  take value sys/module/$module/taint sys/module/$module/version sys/module/$module/srcversion
  below value sys/module/$module/parameters ''
done
for pmu in "$root"/sys/bus/event_source/devices/i915* "$root"/sys/bus/event_source/devices/xe_*; do
  plain "${pmu##*/}" && all "sys/bus/event_source/devices/${pmu##*/}" 2
done

# gpu DIRECTORY: everything of a GPU that its driver shows to all and that wakes nothing.
gpu() {
  address=${1##*/}
  # No config, rom or resourceN_resize, and no state of the link: they wake.
  for file in revision subsystem_vendor subsystem_device resource boot_vga driver_override power_state numa_node sriov_numvfs \
    sriov_totalvfs aer_dev_correctable aer_dev_nonfatal aer_dev_fatal survivability_mode; do
    take value "$1/$file"
  done
  all "$1/power" 1
  link "$1/physfn" ..
  directory "$1/mdev_supported_types"
  for type in "$root/$1"/mdev_supported_types/*; do
    plain "${type##*/}" || continue
    all "$1/mdev_supported_types/${type##*/}" 1
    directory "$1/mdev_supported_types/${type##*/}/devices"
    for uuid in "$root/$1/mdev_supported_types/${type##*/}"/devices/*-*; do
      # A UUID is a name, so that the filter makes both.
      plain "${uuid##*/}" && printf '0\tvgpu\t%s\n' "$1/mdev_supported_types/${type##*/}/devices/${uuid##*/}" >>"$work/list"
    done
  done
  for node in "$root/$1"/drm/card[0-9]* "$root/$1"/drm/renderD*; do
    name=${node##*/}
    { [ -d "$node" ] && plain "$name"; } || continue
    directory "$1/drm/$name"
    take value "$1/drm/$name/dev"
    mkdir -p "$out/sys/class/drm"
    ln -sfn "../../bus/pci/devices/$address/drm/$name" "$out/sys/class/drm/$name"
    ln -sfn ../.. "$out/$1/drm/$name/device"
  done
  read -r status <"$root/$1/power/runtime_status" 2>/dev/null || status=
  [ "$status" = active ] || [ "$status" = unsupported ] || return 0
  for part in "$root/$1"/drm/card*/gt "$root/$1"/tile* "$root/$1"/hwmon; do
    all "$1${part#"$root/$1"}" 6
  done
  for file in "$root/sys/kernel/debug/dri/$address"/gt*/uc/*c_info "$root"/sys/kernel/debug/dri/[0-9]/gt*/uc/*c_info; do
    [ -e "$file" ] && take value "${file#"$root/"}"
  done
}
for device in "$root"/sys/bus/pci/devices/*; do
  pci=sys/bus/pci/devices/${device##*/}
  { plain "${device##*/}" && in_time; } || continue
  take value "$pci/vendor" "$pci/device" "$pci/class"
  link "$pci/driver" ../../drivers
  read -r class <"$device/class" 2>/dev/null || continue
  case $class in 0x03*) gpu "$pci" ;; *) continue ;; esac
  link "$pci/iommu_group" ../../../../kernel/iommu_groups
  group=$(readlink "$device/iommu_group") || continue
  group=sys/kernel/iommu_groups/${group##*/}
  take value "$group/type"
  for other in "$root/$group"/devices/*; do
    plain "${other##*/}" && into "$group/devices/x" &&
      ln -sf "../../../../bus/pci/devices/${other##*/}" "$out/$group/devices/${other##*/}"
  done
done

# Nodes: by type, mode, owner and number.
if [ -e "$root/nodes.txt" ]; then
  cp "$root/nodes.txt" "$work/nodes"
else
  for node in "$root"/dev/dri/* "$root"/dev/dri/by-path/* "$root/dev/kvm"; do
    path=${node#"$root/"}
    { plain "${node##*/}" && [ -e "$node" ]; } || continue
    type=f
    [ ! -d "$node" ] || type=d
    [ ! -c "$node" ] || type=c
    # shellcheck disable=SC2046 # five words
    set -- $(stat -L -c '%a %u %g %t %T' "$node")
    [ $# = 5 ] || continue
    printf '%s %s %s %s %s %d %d\n' "$path" "$type" "$1" "$2" "$3" "0x$4" "0x$5" >>"$work/nodes"
  done
fi
[ ! -d "$root/dev/dri" ] || directory dev/dri
[ ! -e "$work/nodes" ] || while read -r path type rest; do
  case $path in *..* | /* | *[!A-Za-z0-9_.:/+-]*) continue ;; esac
  case $rest in *[!0-9\ ]*) continue ;; esac
  echo "$path $type $rest" >>"$out/nodes.txt"
  if [ "$type" = d ]; then mkdir -p "$out/$path"; else into "$path" && : >>"$out/$path"; fi
done <"$work/nodes"
[ -e "$out/nodes.txt" ] || : >"$out/nodes.txt"
take kmsg dev/kmsg

# The filters. "names" has what becomes what; it stays here.
cat >"$work/scrub.awk" <<'AWK'
# Names that are no secret, and that a diagnosis needs.
BEGIN {
  split("root daemon bin sys adm tty disk lp mail man proxy www-data backup list irc nobody nogroup sudo audio video " \
    "render input kvm sgx plugdev users staff games utmp shadow messagebus polkitd systemd-network systemd-resolve " \
    "systemd-journal systemd-timesync ssl-cert ssh _ssh syslog crontab netdev docker jellyfin plex emby immich frigate tdarr " \
    "abc debian ubuntu fedora talos arch alpine pve proxmox linux kernel intel i915 xe drm gpu vfio vfio-pci localhost none " \
    "off on yes no card node host guest boot quiet ro rw module options blacklist install driver media server", words, " ")
  for (i in words) public[words[i]] = 1
  split("ffmpeg jellyfin-ffmpeg Xorg Xwayland gnome-shell kwin_wayland python python3 vainfo chrome firefox mpv frigate " \
    "plex Plex_Transcoder HandBrakeCLI gst-launch-1.0 modprobe systemd-udevd intel_gpu_probe obs", words, " ")
  for (i in words) program[words[i]] = 1
  hex = "[0-9a-fA-F]"
  h4 = hex hex hex hex
  uuid = h4 h4 "-" h4 "-" h4 "-" h4 "-" h4 h4 h4
  mac = hex hex ":" hex hex ":" hex hex ":" hex hex ":" hex hex ":" hex hex
}
function count(kind) { return ++counted[kind] }
# The pseudonym of a name of a kind, made when it is met first.
function alias(kind, name) {
  if (name == "" || name in public) return name
  if (!((kind, name) in aliases)) {
    aliases[kind, name] = kind "-" count(kind)
    if (length(name) > 2) known[name] = aliases[kind, name]
  }
  return aliases[kind, name]
}
function uuid_alias(u,   key) {
  # Proxmox VE makes those of vGPUs of the VM's number.
  if (u ~ /^[0-9]+-0000-(0000-0000|4000-8000)-[0-9]+$/) return u
  key = tolower(u)
  if (!(key in uuids)) uuids[key] = sprintf("00000000-0000-4000-8000-%012d", count("uuid"))
  return uuids[key]
}
function is_ipv4(s,   part, i) {
  if (split(s, part, ".") != 4) return 0
  for (i = 1; i <= 4; i++) if (part[i] !~ /^[0-9]+$/ || part[i] + 0 > 255) return 0
  return 1
}
# Each match of a pattern through a kind of pseudonym.
function each(s, pattern, kind,   done, one) {
  while (match(s, pattern)) {
    one = substr(s, RSTART, RLENGTH)
    done = done substr(s, 1, RSTART - 1)
    s = substr(s, RSTART + RLENGTH)
    if (kind == "uuid") one = uuid_alias(one)
    else if (kind == "mac") one = sprintf("02:00:00:00:00:%02x", mac_number(tolower(one)))
    else if (kind == "ipv6") one = "2001:db8::1"
    else if (kind == "mail") one = "user@example.org"
    else if (is_ipv4(one)) one = "192.0.2.1"
    else one = unknown(one)
    done = done one
  }
  return done s
}
# A known name, or one that begins with it: "pve-3.example.net", "pve-3.conf".
function unknown(word,   i) {
  for (i = length(word); i > 2; i--)
    if ((i == length(word) || substr(word, i + 1, 1) ~ /[.@_-]/) && substr(word, 1, i) in known)
      return known[substr(word, 1, i)] (word ~ /[.]conf$/ ? ".conf" : "")
  return word
}
function mac_number(m) { if (!(m in macs)) macs[m] = count("mac") % 256; return macs[m] }
function scrub(s, kind) {
  gsub(/[^\t -~]/, "?", s)
  # These are the kernel's own words, and tens of thousands.
  if (kind ~ /^(alias|dep|builtin|builtin.modinfo|cpu|checkpoint)$/) return s
  s = each(s, uuid, "uuid")
  s = each(s, mac, "mac")
  s = each(s, "(" hex hex "*:)(" hex "*:)(" hex "*:)(" hex "*:)+" hex "*", "ipv6")
  s = each(s, "[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+[.][A-Za-z0-9.-]+", "mail")
  if (kind == "value" || kind == "release" || kind == "library") return substr(s, 1, 1000)
  return substr(each(s, "[A-Za-z0-9_.@-]+", "word"), 1, 1000)
}
# Of a command line what is about GPUs, virtualization and boot.
function cmdline(s,   part, m, i, kept, quoted, q) {
  m = split(s, part, /[ \t]+/)
  for (i = 1; i <= m; i++) {
    q = quoted
    if (gsub(/"/, "\"", part[i]) % 2) quoted = !quoted
    if (q) continue
    if (part[i] ~ /^root=/) part[i] = "root=/dev/root"
    if (part[i] ~ /^"?(i915|xe|drm|intel_iommu|iommu|vfio[a-z_-]*|kvm[a-z_-]*|module_blacklist|modprobe[.]blacklist|rd[.]driver[.]blacklist|pcie_acs_override|pci|pcie_aspm|pcie_port_pm|video|initcall_blacklist|lockdown|mitigations|modules_load|initrd|snd_hda_intel|efi)([.=]|$)/ ||
        part[i] ~ /^(quiet|ro|rw|nomodeset|splash|root=.*|BOOT_IMAGE=.*)$/)
      kept = kept (kept == "" ? "" : " ") part[i]
  }
  return kept
}
# "key: value" of a guest of Proxmox VE; "" when nothing of it is for others.
function guest_line(line,   key, value, part, m, i, kept, option) {
  if (match(line, /^[A-Za-z0-9_.]+[:=] */) == 0) return ""
  key = substr(line, 1, RLENGTH)
  value = substr(line, RLENGTH + 1)
  sub(/[:= ]+$/, "", key)
  if (key == "name" || key == "hostname") return key ": " alias("guest", value)
  if (key ~ /^(machine|bios|vga|cpu|ostype|arch|onboot|unprivileged|delete|memory|balloon|cores)$/)
    return value ~ /^[A-Za-z0-9_.,=+-]*$/ ? key ": " value : ""
  if (key == "hookscript") return "hookscript: local:snippets/hookscript"
  if (key == "smbios1") return match(value, uuid) ? "smbios1: uuid=" uuid_alias(substr(value, RSTART, RLENGTH)) : ""
  if (key ~ /^(dev[0-9]+|lxc[.]mount[.]entry)$/) return value ~ /^(path=)?\/dev\/(dri|kvm|dxg)/ ? key ": " value : ""
  if (key ~ /^lxc[.](cgroup2?[.]devices[.]allow|idmap)$/) return key ": " value
  if (key !~ /^hostpci[0-9]+$/) return ""
  m = split(value, part, ",")
  for (i = 1; i <= m; i++) {
    option = part[i]
    if (option ~ /^mapping=/) option = "mapping=" alias("mapping", substr(option, 9))
    else if (option ~ /^romfile=/) option = "romfile=rom"
    else if (option !~ /^((host=)?[0-9a-fA-F:.;]+|mdev=[A-Za-z0-9_-]+|(pcie|rombar|x-vga|legacy-igd|(sub-)?(device|vendor)-id)=[a-z0-9x]+)$/)
      continue
    kept = kept (kept == "" ? "" : ",") option
  }
  return key ": " kept
}
function guest_section(line) {
  if (line ~ /^\[PENDING\]/) return "[PENDING]"
  return "[snapshot-" count("snapshot") "]"
}
# "map id=8086:3e92,iommugroup=0,node=pve-3,path=0000:00:02.0" of a mapping.
function mapping_line(line,   part, m, i, kept) {
  if (line !~ /^[ \t]/) return alias("mapping", line)
  if (line !~ /^[ \t]+map[ \t]/) return ""
  sub(/^[ \t]+map[ \t]+/, "", line)
  m = split(line, part, ",")
  for (i = 1; i <= m; i++) {
    if (part[i] ~ /^node=/) part[i] = "node=" alias("host", substr(part[i], 6))
    else if (part[i] !~ /^(id|subsystem-id|iommugroup|path|mdev)=[0-9a-fA-F:.;]+$/) continue
    kept = kept (kept == "" ? "" : ",") part[i]
  }
  return "\tmap " kept
}
# A record of the kernel's log that is about GPUs; the first one says how far it goes back.
function record(line,   at, head, text) {
  if (line ~ /^ /) return kept_record && line ~ /^ (SUBSYSTEM=pci$|DEVICE=[+]pci:)/ ? line : ""
  at = index(line, ";")
  head = substr(line, 1, at)
  text = substr(line, at + 1)
  kept_record = head ~ /^[0-9]+,[0-9]+,[0-9]+,/ && text !~ /[Cc]ommand line/ && (text ~ /^(i915|xe |\[drm|drm:|vfio|mdev|gvt|kvm|mei|DMAR|iommu|snd_hda_intel|Lockdown|Secure boot|secureboot|Kernel is locked down|Loading of |Module (i915|xe) |Setting dangerous option|Booted with|Fence expiration|fbcon|simple-framebuffer|efifb|pci 0000|pcieport|Linux version)/ || text ~ /context reset due to GPU hang/)
  if (text ~ /^Linux version/) text = "Linux version " (split(text, part, " ") > 2 ? part[3] : "")
  if (!kept_record && row == 1) { kept_record = head ~ /^[0-9]+,/; text = "(the first record)" }
  if (!kept_record) return ""
  # Programs, whose names may be anybody's: "in NAME [123]" and "NAME[123]".
  if (match(text, / in .* ?\[[0-9]+\]/)) text = programs(text, RSTART + 4, RLENGTH - 4)
  else if (match(text, /[^ :,]+\[[0-9]+\]/)) text = programs(text, RSTART, RLENGTH)
  return head text
}
function programs(text, start, len,   name, number) {
  name = substr(text, start, len)
  match(name, / ?\[[0-9]+\]$/)
  number = substr(name, RSTART)
  name = substr(name, 1, RSTART - 1)
  gsub(/ /, "_", name)
  if (!(name in program)) name = alias("program", name)
  gsub(/_/, " ", name)
  return substr(text, 1, start - 1) name number substr(text, start + len)
}
function assignment(line,   value) {
  gsub(/^export +/, "", line)
  if (line ~ /^KUBERNETES_SERVICE_HOST=/) return "KUBERNETES_SERVICE_HOST=192.0.2.1"
  if (line ~ /^container=[a-z-]+$/) return line
  return line ~ /^LIBVA_DRIVER_NAME=?"?[A-Za-z0-9_-]*"?$/ ? line : ""
}
function is_gpu_module(s) {
  return s ~ /(^|[^a-z0-9])(i915|xe|drm|kvmgt|mdev|vfio[a-z_0-9-]*|kvm[a-z_]*|xengt|exngt|mei[a-z_]*|snd_hda_intel|nouveau|amdgpu|simpledrm)([^a-z0-9_]|$)/
}
# One line; "" is left out, unless the number of a line is part of the diagnosis.
function filter(kind, line,   part, m, i) {
  if (kind == "value") return line
  if (kind == "host") return alias("host", line)
  if (kind == "passwd") {
    m = split(line, part, ":")
    if (m < 4 || part[3] !~ /^[0-9]+$/ || part[4] !~ /^[0-9]+$/) return ""
    return alias("user", part[1]) ":x:" part[3] ":" part[4] "::/:/bin/false"
  }
  if (kind == "group") {
    m = split(line, part, ":")
    if (m < 3 || part[3] !~ /^[0-9]+$/) return ""
    m = split(part[4], member, ",")
    line = ""
    for (i = 1; i <= m; i++) line = line (i > 1 ? "," : "") alias("user", member[i])
    # A user's own group has his name.
    return (("user", part[1]) in aliases ? aliases["user", part[1]] : alias("group", part[1])) ":x:" part[3] ":" line
  }
  if (kind == "release") return line ~ /^(NAME|ID|ID_LIKE|VERSION_ID|VERSION_CODENAME|VARIANT_ID)=/ ? line : ""
  if (kind == "version") {
    i = match(line, / Debian [^ ]+/)
    return "Linux version " (split(line, part, " ") > 2 ? part[3] : "") (i ? " #1 SMP" substr(line, i, RLENGTH) : "")
  }
  if (kind == "cpu") return line ~ /^(processor|vendor_id|model name|flags)[ \t]*:/ ? line : ""
  if (kind == "status") return line ~ /^(Uid|Gid|Groups):/ ? line : ""
  if (kind == "interrupts") {
    if (!match(line, / (IR-)?(PCI-MSI|IO-APIC)[^ ]*/) || row > 64) return ""
    return " " row ": 0" substr(line, RSTART, RLENGTH) (line ~ /(i915|xe)$/ ? " gpu" : " other")
  }
  if (kind == "environ" || kind == "assign") return assignment(line)
  if (kind == "cmdline") return cmdline(line)
  if (kind == "grub")
    return match(line, /^GRUB_CMDLINE_LINUX(_DEFAULT)?="?/) ? substr(line, 1, RLENGTH) cmdline_of(substr(line, RLENGTH + 1)) : ""
  if (kind == "modules") return line ~ /^[ \t]*[a-z]/ && is_gpu_module(line) ? line : "#"
  if (kind == "modprobe")
    return line ~ /^[ \t]*(alias|blacklist|install|options|remove|softdep)[ \t]/ && is_gpu_module(line) ? line : "#"
  if (kind == "vm") return line ~ /^\[/ ? guest_section(line) : guest_line(line)
  if (kind == "mapping") return mapping_line(line)
  if (kind == "library") return line ~ /^[A-Za-z0-9_.\/+-]+$/ ? line : ""
  if (kind == "kmsg") return record(line)
  if (kind == "checkpoint") return row == 1 ? checkpoint(line) : ""
  if (kind == "dep" || kind == "builtin")
    return line ~ /\/(i915|xe|kvmgt|mdev|vfio[a-z_-]*|kvm[a-z_-]*|mei[a-z_-]*|drm)[.]ko/ ? line : ""
  if (kind == "alias") return line ~ /^alias pci:v00008086.* (i915|xe)$/ ? line : ""
  if (kind == "builtin.modinfo") return line ~ /^(i915|xe)[.]alias=pci:v00008086/ ? line : ""
  return ""
}
# Of the kubelet's devices those of Intel's plugins; which pods have some is not taken. What is none stays none.
function checkpoint(line,   resource, entries, registered, rest) {
  if (line !~ /^[{]"Data":[{].*[}]$/) return "not understood"
  resource = "\"gpu[.]intel[.]com/[a-z0-9_]+\""
  for (rest = line; match(rest, "\"ResourceName\":" resource); rest = substr(rest, RSTART + RLENGTH))
    entries = entries (entries == "" ? "" : ",") "{" substr(rest, RSTART, RLENGTH) "}"
  for (rest = line; match(rest, resource ":(null|\\[[A-Za-z0-9\",-]*\\])"); rest = substr(rest, RSTART + RLENGTH))
    registered = registered (registered == "" ? "" : ",") substr(rest, RSTART, RLENGTH)
  return "{\"Data\":{\"PodDeviceEntries\":[" entries "],\"RegisteredDevices\":{" registered "}}}"
}
function cmdline_of(s) {
  sub(/"[^"]*$/, "", s)
  return cmdline(s) "\""
}
{
  number = $1
  kind = $2
  path = $3
  target = path
  if (kind == "modules" || kind == "modprobe" || kind == "vgpu") target = scrub(path, "name")
  if (kind == "vgpu") {
    print number "\t" target
    next
  }
  file = work "/" number
  row = 0
  bytes = 0
  while ((getline line < file) > 0) {
    row++
    sub(/\r$/, "", line)
    result = filter(kind, line)
    if (result == "" && kind == "cpu" && row > 1 && line == "") break
    if (result == "" && !(kind == "value" && line == "")) continue
    result = scrub(result, kind)
    bytes += length(result) + 1
    total += length(result) + 1
    if (bytes > (kind == "kmsg" || kind == "alias" ? 524288 : 65536) || total > most) break
    print result > (file ".out")
  }
  close(file)
  close(file ".out")
  print number "\t" target
}
AWK
awk -F '\t' -v work="$work" -v most=$((MAX_BYTES - 65536)) -f "$work/scrub.awk" "$work/list" >"$work/done" || exit 1
while IFS=$(printf '\t') read -r number path; do
  into "$path"
  if [ "$number" = 0 ]; then
    ln -sf "../../../${path##*/}" "$out/$path"
    mkdir -p "$out/${path%/mdev_supported_types/*}/${path##*/}" && : >"$out/${path%/mdev_supported_types/*}/${path##*/}/remove"
    continue
  fi
  # What was read and has nothing left is there all the same.
  if [ -e "$work/$number.out" ]; then mv "$work/$number.out" "$out/$path"; else : >"$out/$path"; fi
done <"$work/done"
{
  echo "A machine as tests/capture.sh has read it, as $([ "$(id -u)" = 0 ] || echo "no ")root; names and addresses are pseudonyms."
  [ -z "$denied" ] || echo "Not readable:$denied"
} | fold -s -w 110 >"$out/README"
bytes=$(find "$out" -type f -exec cat {} + | wc -c)
if [ "$bytes" -gt $MAX_BYTES ]; then
  echo "capture.sh: $out has $bytes bytes, more than $MAX_BYTES; please file this as a bug, without the copy" >&2
  exit 1
fi
! command -v tar >/dev/null || tar -czf "$out.tar.gz" -C "$(dirname "$out")" "$(basename "$out")" || exit 1
echo "$out: $(find "$out" -type f | wc -l) files, $bytes bytes. Read them before you send $out.tar.gz:"
echo "  grep -r . $out | less"

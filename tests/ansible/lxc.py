# SPDX-License-Identifier: Apache-2.0
"""The role lxc, with a stand-in for Proxmox VE's pct that keeps configurations as files."""
import os

from system import Run, calls, check, converge, read, refuse, run, stand_in, step, write

PCT = r"""
dir=/srv/pct/$2
case $1 in
status) echo "status: $(cat "$dir/status")" ;;
config) cat "$dir/config" ;;
exec) [ "$(cat "$dir/status")" = running ] || exit 255; [ "$4 $5" = "getent group" ] && grep "^$6:" "$dir/group" || exit 2 ;;
set) case $3 in --dev[0-9]*) ;; *) exit 2 ;; esac
	sed -i "/^${3#--}:/d" "$dir/config"; echo "${3#--}: $4" >>"$dir/config" ;;
reboot) [ "$(cat "$dir/status")" = running ] ;;
*) exit 2 ;;
esac"""


def container(vmid, status, config="", group="root:x:0:\nvideo:x:44:\nrender:x:993:jellyfin\n"):
    write(f"/srv/pct/{vmid}/status", status + "\n")
    write(f"/srv/pct/{vmid}/config", "arch: amd64\nhostname: media\n" + config)
    write(f"/srv/pct/{vmid}/group", group)


def entries(vmid):
    return [line for line in read(f"/srv/pct/{vmid}/config").splitlines() if line.startswith("dev")]


def lxc():
    step("lxc")
    stand_in("pct", PCT)
    os.makedirs("/dev/dri", exist_ok=True)
    for node in ("renderD128", "renderD129"):
        if not os.path.exists(f"/dev/dri/{node}"):
            run("mknod", f"/dev/dri/{node}", "c", "1", "3")
    container(105, "running")
    container(106, "running", "dev0: /dev/net/tun\ndev2: path=/dev/dri/renderD128,gid=104\n", "render:x:107:\n")
    container(107, "stopped")
    container(108, "running", group="video:x:44:\n")
    calls()
    both = [{"vmid": 105}, {"vmid": 106}, {"vmid": 107, "gid": 110, "device": "/dev/dri/renderD129"}]
    converge("lxc", "lxc", intel_gpu_lxc_containers=both)
    check("lxc: the number is the container's, not the host's", entries(105) == ["dev0: /dev/dri/renderD128,gid=993,mode=0660"], entries(105))
    check("lxc: an entry with a wrong number is corrected, others stay",
          entries(106) == ["dev0: /dev/net/tun", "dev2: /dev/dri/renderD128,gid=107,mode=0660"], entries(106))
    check("lxc: a stopped one by the number that is given", entries(107) == ["dev0: /dev/dri/renderD129,gid=110,mode=0660"], entries(107))
    called = [call for call in calls() if not call.startswith(("pct status", "pct config", "pct exec"))]
    check("lxc: each is set once, and none restarted", sorted(called) == [
        "pct set 105 --dev0 /dev/dri/renderD128,gid=993,mode=0660", "pct set 106 --dev2 /dev/dri/renderD128,gid=107,mode=0660",
        "pct set 107 --dev0 /dev/dri/renderD129,gid=110,mode=0660"], called)
    refuse("a stopped container without a number", "lxc", "Container 107 is not running: start it, or set gid",
           intel_gpu_lxc_containers=[{"vmid": 107}])
    refuse("a container without the group", "lxc", "Container 108 has no such group", intel_gpu_lxc_containers=[{"vmid": 108}])
    done = Run("lxc", {"intel_gpu_lxc_containers": [{"vmid": 108, "group": "video"}], "intel_gpu_lxc_restart": True}, False)
    check("another group, and a restart that is asked for", done.code == 0 and "pct reboot 108" in calls() and
          entries(108) == ["dev0: /dev/dri/renderD128,gid=44,mode=0660"], done.said)

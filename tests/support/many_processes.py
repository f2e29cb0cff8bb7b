# SPDX-License-Identifier: Apache-2.0
"""Many processes in a copy of a machine.
usage: many_processes.py ROOT PROCESSES CLIENTS   of the processes every tenth has its part of the DRM clients"""
import os
import sys
from pathlib import Path

FDINFO = ("pos:\t0\nflags:\t02100002\nmnt_id:\t27\nino:\t311\ndrm-driver:\ti915\n"
          "drm-client-id:\t{}\ndrm-pdev:\t0000:00:02.0\n" +
          "".join(f"drm-{kind}-{region}:\t0\n"
                  for region in ("system0", "stolen-system0")
                  for kind in ("total", "shared", "active", "resident", "purgeable")) +
          "".join(f"drm-engine-{name}:\t1234567 ns\n"
                  for name in ("render", "copy", "video", "video-enhance")))


class Processes:
    """With six descriptors of other things, and maybe some of the GPU as well. Those of the machine but process 2
    are away."""

    def __init__(self, root):
        self.root, self.n, self.fdinfo, self.worked = Path(root), 0, [], 0
        for name in os.listdir(self.root / "proc"):
            if name.isdigit() and name != "2":
                os.rename(self.root / "proc" / name, self.root / f"proc/not-{name}")

    def add(self, n, drm=0):
        for _ in range(n):
            self.n += 1
            folder = self.root / "proc" / str(10000 + self.n)
            (folder / "fd").mkdir(parents=True)
            for fd, target in enumerate(("/dev/null", "pipe:[1]", "pipe:[2]", "socket:[3]",
                                         "anon_inode:[eventpoll]", "/var/log/syslog")):
                os.symlink(target, folder / "fd" / str(fd))
            (folder / "comm").write_text("worker\n")
            if not drm:
                continue
            (folder / "fdinfo").mkdir()
            (folder / "cgroup").write_text(f"0::/system.slice/s{self.n % 150}.service\n")
            for fd in range(6, 6 + drm):
                self.fdinfo.append(folder / "fdinfo" / str(fd))
                os.symlink("/dev/dri/renderD128", folder / "fd" / str(fd))
                self.fdinfo[-1].write_text(FDINFO.format(len(self.fdinfo)))
        module = self.root / "sys/module/i915"
        module.mkdir(parents=True, exist_ok=True)  # not every recorded machine has it
        (module / "refcnt").write_text(f"{len(self.fdinfo)}\n")

    def work(self):
        """Each client has used the GPU. Its files stay the same, since they are open."""
        self.worked += 1
        for client, path in enumerate(self.fdinfo, 1):
            path.write_text(FDINFO.format(client).replace("1234567", str(1234567 + self.worked)))


if __name__ == "__main__":
    processes, clients = int(sys.argv[2]), int(sys.argv[3])
    made, owners = Processes(sys.argv[1]), processes // 10 if clients else 0
    made.add(processes - owners)
    for i in range(owners):
        made.add(1, drm=clients // owners + (i < clients % owners))

# SPDX-License-Identifier: Apache-2.0
"""Stops single threads of a process, as a debugger does; the others go on."""
import ctypes
import os

SEIZE, INTERRUPT, DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]


def ptrace(request, tid):
    if LIBC.ptrace(request, tid, None, None) != 0:
        raise OSError(ctypes.get_errno(), f"ptrace {request:#x} of {tid}")


def threads(pid, name):
    """Those of that name, in the order of their start."""
    found = []
    for tid in sorted(os.listdir(f"/proc/{pid}/task"), key=int):
        with open(f"/proc/{pid}/task/{tid}/comm") as f:
            if f.read().strip() == name:
                found.append(int(tid))
    return found


class Held:
    """Holds threads for as long as the block lasts. By one thread of the test only."""

    def __init__(self, tids):
        self.tids = tids

    def __enter__(self):
        for tid in self.tids:
            ptrace(SEIZE, tid)
            ptrace(INTERRUPT, tid)
            os.waitpid(tid, WALL)
        return self

    def __exit__(self, *_):
        for tid in self.tids:
            try:
                ptrace(DETACH, tid)
            except ProcessLookupError:
                # Killed meanwhile. Its process is not gone before its tracer has noticed.
                os.waitpid(tid, WALL)

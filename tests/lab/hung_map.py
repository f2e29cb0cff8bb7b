#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""hung_map.py FOLDER NAME: a process of this name whose memory map is locked for ever, as anybody can
make one who may mount FUSE in a namespace of his own. It maps a file of a file system that never
answers a read, and then maps it once more, as a file without a cache: for that the kernel waits for the
page, with the map locked. Prints its pid when /proc/PID/cmdline cannot be read; ends with its input."""
import ctypes
import os
import signal
import stat
import struct
import sys
import threading
import time

LOOKUP, FORGET, GETATTR, OPEN, READ, RELEASE, INIT, INTERRUPT = 1, 2, 3, 14, 15, 18, 26, 36
DIRECT_IO, KEEP_CACHE = 1, 2
IN_HEADER = struct.Struct("<IIQQIIIHH")  # struct fuse_in_header of linux/fuse.h
OUT_HEADER = struct.Struct("<IiQ")
SIZE, FOR_EVER, ENOSYS = 65536, 1 << 30, 38
PROT_READ, MAP_PRIVATE, PR_SET_NAME = 1, 2, 15

libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int,
                      ctypes.c_long]
libc.memcpy.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t]


def attributes(node):
    mode = stat.S_IFREG | 0o644 if node == 2 else stat.S_IFDIR | 0o755
    return struct.pack("<6Q10I", node, SIZE if node == 2 else 0, 0, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0,
                       4096, 0)


def serve(device):
    opens = 0
    while True:
        request = os.read(device, 1 << 17)
        _, opcode, unique, node, *_ = IN_HEADER.unpack_from(request)
        error, body = 0, b""
        if opcode == INIT:
            body = struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, 0)
        elif opcode == LOOKUP:
            body = struct.pack("<4Q2I", 2, 0, FOR_EVER, FOR_EVER, 0, 0) + attributes(2)
        elif opcode == GETATTR:
            body = struct.pack("<Q2I", FOR_EVER, 0, 0) + attributes(node)
        elif opcode == OPEN:
            body = struct.pack("<Q2I", 1, KEEP_CACHE | (DIRECT_IO if opens else 0), 0)
            opens += 1
        elif opcode in (READ, FORGET, RELEASE, INTERRUPT):
            continue
        else:
            error = -ENOSYS
        os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(body), error, unique) + body)


def lock_map(path, name):
    libc.prctl(PR_SET_NAME, name.encode(), 0, 0, 0)
    first, page = os.open(path, os.O_RDONLY), ctypes.create_string_buffer(1)
    mapped = libc.mmap(None, 4096, PROT_READ, MAP_PRIVATE, first, 0)
    threading.Thread(target=libc.memcpy, args=(page, mapped, 1), daemon=True).start()
    time.sleep(0.5)
    second = os.open(path, os.O_RDONLY)
    libc.mmap(None, 4096, PROT_READ, MAP_PRIVATE, second, 0)


def is_hung(pid):
    """Whoever reads it waits: a child, which a signal ends."""
    child = os.fork()
    if child == 0:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            f.read()
        os._exit(0)
    for _ in range(20):
        if os.waitpid(child, os.WNOHANG)[0]:
            return False
        time.sleep(0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def main():
    folder, name = sys.argv[1:]
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40755,user_id=0,group_id=0".encode()
    if libc.mount(b"hung", folder.encode(), b"fuse", 0, options) != 0:
        sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
    server = os.fork()
    if server == 0:
        serve(device)
    hung = os.fork()
    if hung == 0:
        os.close(device)
        lock_map(folder + "/f", name)
        os._exit(0)
    os.close(device)
    stop = time.monotonic() + 60
    while not is_hung(hung) and time.monotonic() < stop:
        time.sleep(0.1)
    print(hung, flush=True)
    sys.stdin.read()
    # With the server every request ends.
    for pid in (server, hung):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


main()

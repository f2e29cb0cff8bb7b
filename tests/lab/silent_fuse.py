#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""silent_fuse.py PATH: mounts a file system there, on a directory or over a single file, that takes every
request and answers none, as a cluster file system does that has lost its quorum. Whoever opens a file in
it waits until this process ends. Prints "mounted"."""
import ctypes
import os
import stat
import struct
import sys

FUSE_INIT = 26
IN_HEADER = struct.Struct("<IIQQIIIHH")  # struct fuse_in_header of linux/fuse.h
OUT_HEADER = struct.Struct("<IiQ")

libc = ctypes.CDLL(None, use_errno=True)
device = os.open("/dev/fuse", os.O_RDWR)
mode = "40755" if stat.S_ISDIR(os.stat(sys.argv[1]).st_mode) else "100644"
options = f"fd={device},rootmode={mode},user_id=0,group_id=0,allow_other".encode()
if libc.mount(b"silent", sys.argv[1].encode(), b"fuse", 0, options) != 0:
    sys.exit(f"mount: {os.strerror(ctypes.get_errno())}")
while True:
    request = os.read(device, 1 << 17)
    _, opcode, unique, *_ = IN_HEADER.unpack_from(request)
    if opcode != FUSE_INIT:
        continue
    body = struct.pack("<IIIIHHIIHHI28x", 7, 31, 0, 0, 0, 0, 4096, 0, 0, 0, 0)
    os.write(device, OUT_HEADER.pack(OUT_HEADER.size + len(body), 0, unique) + body)
    print("mounted", flush=True)

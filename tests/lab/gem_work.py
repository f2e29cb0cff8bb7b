#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Uses the emulated GPU as a driver does, without one.

usage: gem_work.py NODE memory   every way to a buffer leads to the same bytes
       gem_work.py NODE exec     submits a batch
       gem_work.py NODE wait     and waits for it
       gem_work.py NODE idle     waits for a buffer that was in no batch
       gem_work.py NODE poll     submits a batch, waits no time for it
       gem_work.py NODE fence    submits a batch, waits for its fences
Prints "ok", or the name of the errno that the GPU's driver answered.
"""
import ctypes
import errno
import fcntl
import mmap
import os
import select
import struct
import sys

SIZE = 8192
FENCE_OUT, FENCE_ARRAY, FENCE_SIGNAL = 1 << 17, 1 << 19, 2


def call(fd, number, layout, *values, write_only=False):
    """An ioctl of this number; returns the structure's fields afterwards."""
    data = bytearray(struct.pack("=" + layout, *values))
    way = 1 if write_only else 3
    fcntl.ioctl(fd, way << 30 | len(data) << 16 | 0x64 << 8 | number, data)
    return struct.unpack("=" + layout, data)


def i915(fd, number, layout, *values, write_only=False):
    return call(fd, 0x40 + number, layout, *values, write_only=write_only)


def create(fd):
    return i915(fd, 0x1b, "QII", SIZE, 0, 0)[1]


def submit(fd, handle, flags=0, fences=b""):
    """EXECBUFFER2; returns its last field, the fences."""
    entry = ctypes.create_string_buffer(struct.pack("=IIQQQQQQ", handle, *[0] * 7))
    array = ctypes.create_string_buffer(fences, max(len(fences), 1))
    return i915(fd, 0x29, "QIIIIIIQQQQ", ctypes.addressof(entry), 1, 0, 8, 0, 0,
                len(fences) // 8, ctypes.addressof(array), flags, 0, 0)[-1]


def wait(fd, handle, timeout=-1):
    i915(fd, 0x2c, "IIq", handle, 0, timeout)


def memory(fd):
    handle = create(fd)
    text = ctypes.create_string_buffer(b"written", 8)
    i915(fd, 0x1d, "IIQQQ", handle, 0, 4096, 8, ctypes.addressof(text), write_only=True)
    at = i915(fd, 0x1e, "IIQQQQ", handle, 0, 0, SIZE, 0, 0)[4]
    assert ctypes.string_at(at + 4096) == b"written", "MMAP"
    offset = i915(fd, 0x24, "IIQQQ", handle, 0, 0, 0, 0)[2]
    with mmap.mmap(fd, SIZE, offset=offset) as view:
        assert view[4096:4103] == b"written", "MMAP_OFFSET"
        view[0:3] = b"new"
    back = ctypes.create_string_buffer(8)
    i915(fd, 0x1c, "IIQQQ", handle, 0, 0, 3, ctypes.addressof(back), write_only=True)
    assert back.value == b"new", "PREAD"
    assert ctypes.string_at(at, 3) == b"new", "MMAP, later"


def fence(fd):
    syncobj = call(fd, 0xbf, "II", 0, 0)[0]
    handle = create(fd)
    out = submit(fd, handle, FENCE_OUT | FENCE_ARRAY, struct.pack("=II", syncobj, FENCE_SIGNAL))
    assert select.select([out >> 32], [], [], 5)[0], "the file's fence is not signalled"
    one = ctypes.c_uint32(syncobj)
    call(fd, 0xc3, "QqIIII", ctypes.addressof(one), 0, 1, 0, 0, 0)


def main():
    node, action = sys.argv[1:]
    try:
        fd = os.open(node, os.O_RDWR)
        if action in ("memory", "fence"):
            globals()[action](fd)
        else:
            handle = create(fd)
            if action != "idle":
                submit(fd, handle)
            if action != "exec":
                wait(fd, handle, 0 if action == "poll" else -1)
        print("ok")
    except OSError as e:
        print(errno.errorcode[e.errno])


main()

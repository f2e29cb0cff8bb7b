# SPDX-License-Identifier: Apache-2.0
"""Are the probe's streams what it says? ffmpeg's software decoders read them, and the picture is
the one that was encoded. The fake driver keeps both."""
import math
import subprocess
import tempfile
from pathlib import Path

from probe_test import Checks, probe, results

MIN_DB = 30

# Codec, entry point, ffmpeg's format and the layout that its decoder gives.
STREAMS = [
    ("JPEGBaseline", "EncPicture", "mjpeg", "yuvj420p"),
    ("H264ConstrainedBaseline", "EncSliceLP", "h264", "yuv420p"),
    ("H264Main", "EncSlice", "h264", "yuv420p"),
    ("H264High", "EncSliceLP", "h264", "yuv420p"),
]


def planar(nv12, width, height):
    """Interleaved chroma taken apart, as the decoders give it."""
    luma = width * height
    return nv12[:luma] + nv12[luma::2] + nv12[luma + 1::2]


def psnr(a, b):
    if len(a) != len(b) or not a:
        return 0
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a)
    return 10 * math.log10(255 ** 2 / error) if error else 100


def plane_psnr(a, b, width, height):
    """Of the plane that fares worst."""
    ends = [0, width * height, width * height * 5 // 4, width * height * 3 // 2]
    if len(a) != ends[-1] or len(b) != ends[-1]:
        return 0
    return min(psnr(a[s:e], b[s:e]) for s, e in zip(ends, ends[1:]))


def decode(path, demuxer, layout):
    """Errors of the stream are ffmpeg's failure."""
    return subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-xerror", "-err_detect", "explode", "-f", demuxer,
         "-i", str(path), "-pix_fmt", layout, "-f", "rawvideo", "-"],
        capture_output=True, timeout=60)


def one(checks, folder, stream, size, packed):
    profile, entrypoint, demuxer, layout = stream
    knobs = {"SAVE": folder, **({} if packed else {"PACKED": "0"})}
    done = probe("--profile", profile, "--entrypoint", entrypoint, "--size", size, knobs=knobs)
    width, height = map(int, size.split("x"))
    picture = planar(Path(folder, f"{size}.nv12").read_bytes(), width, height)
    decoded = decode(Path(folder, f"{profile}_{size}.bin"), demuxer, layout)
    db = plane_psnr(picture, decoded.stdout, width, height)
    header = "the probe's header" if packed else "the driver's header"
    checks.that(results(done.stdout) == {"ok"} and decoded.returncode == 0 and
                not decoded.stderr and db >= MIN_DB,
                f"{profile} {size}, {header}: PSNR {db:.1f} dB {decoded.stderr.decode().strip()}")


def huffman_tables(jpeg):
    """Of a JPEG's header, by class and identifier."""
    tables, at = {}, 2
    while jpeg[at + 1] != 0xda:
        end = at + 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
        marker, at = jpeg[at + 1], at + 4
        while marker == 0xc4 and at < end:
            length = 17 + sum(jpeg[at + 1:at + 17])
            tables[jpeg[at]] = jpeg[at + 1:at + length]
            at += length
        at = end
    return tables


def standard_tables(checks, folder):
    """The probe's Huffman tables are those that everyone has: ffmpeg's, when told to use them."""
    other = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64",
         "-frames:v", "1", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-huffman", "default",
         "-f", "mjpeg", "-"], capture_output=True, timeout=60).stdout
    probe("--codec", "jpeg", knobs={"SAVE": folder})
    ours = Path(folder, "JPEGBaseline_256x256.bin").read_bytes()
    checks.that(len(huffman_tables(ours)) == 4 and huffman_tables(ours) == huffman_tables(other),
                "JPEG: the standard's Huffman tables")


def main(checks):
    with tempfile.TemporaryDirectory() as folder:
        standard_tables(checks, folder)
    for stream in STREAMS:
        for size in ("128x128", "250x190", "256x256", "640x360"):
            for packed in (True, False):
                with tempfile.TemporaryDirectory() as folder:
                    one(checks, folder, stream, size, packed)


checks = Checks()
main(checks)
checks.end()

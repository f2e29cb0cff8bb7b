# SPDX-License-Identifier: Apache-2.0
"""The JPEG test of the probe against the fake driver: each fault has its result."""
from probe_test import Checks, has_result, probe

JPEG = ("--codec", "jpeg")

# Knobs of the fake driver, the result, the exit status, and what the detail says.
FAULTS = [
    ({}, "ok", 0, "PSNR 4"),
    ({"PACKED": "0"}, "ok", 0, "PSNR 4"),
    ({"RC": "0x10"}, "ok", 0, "PSNR 4"),
    ({"DERIVE": "off"}, "ok", 0, "PSNR 4"),
    ({"CODED_SEGMENTS": "7"}, "ok", 0, "PSNR 4"),
    ({"CODED_SIZE": "0"}, "bitstream", 1, "coded size 0"),
    ({"CODED_SIZE": "1"}, "bitstream", 1, "no SOI"),
    ({"CODED_SIZE": "300"}, "bitstream", 1, "bytes at byte"),
    ({"CODED_SIZE": "1500"}, "bitstream", 1, "no EOI"),
    ({"CODED_STATUS": "0x8000"}, "bitstream", 1, "coded status"),
    ({"CODED_STATUS": "0x200"}, "bitstream", 1, "coded status"),
    ({"CODED_NULL": "1"}, "bitstream", 1, "coded size 0"),
    ({"NAL": "1"}, "bitstream", 1, "no SOI"),
    ({"CORRUPT": "stream"}, "bitstream", 1, "in the coded data"),
    ({"CORRUPT": "green"}, "corrupt", 1, "another one"),
    ({"CORRUPT": "shift"}, "corrupt", 1, "another one"),
    ({"CORRUPT": "half"}, "corrupt", 1, "another one"),
    ({"CORRUPT_DEC": "green"}, "corrupt", 1, "another one"),
    ({"CORRUPT_DEC": "half"}, "corrupt", 1, "another one"),
    ({"CORRUPT_DEC": "noise:12"}, "corrupt", 1, "another one"),
    ({"CORRUPT_DEC": "noise:2"}, "ok", 0, "PSNR 4"),
    ({"NOENC": "1"}, "unsupported", 1, "no such encoder"),
    ({"PROFILES": "H264Main:slice"}, "unsupported", 1, "no such encoder"),
    ({"FAIL.jpeg": "CreateConfig:12"}, "create_config", 1, "(12)"),
    ({"FAIL.jpeg": "CreateContext:1"}, "create_context", 1, "(1)"),
    ({"FAIL.jpeg": "RenderPicture:1"}, "submit", 1, "(1)"),
    ({"FAIL.jpeg.picture": "EndPicture:24"}, "submit", 1, "(24)"),
    ({"FAIL.jpeg.vld": "EndPicture:23"}, "submit", 1, "(23)"),
    ({"FAIL.jpeg": "SyncSurface:34"}, "execute", 1, "(34)"),
    ({"FAIL.jpeg": "MapCoded:24"}, "execute", 1, "(24)"),
    ({"FAIL.h264": "EndPicture:24"}, "ok", 0, "PSNR 4"),
]


def main(checks):
    for knobs, wanted, code, says in FAULTS:
        has_result(checks, JPEG, knobs, wanted, code, says)
    out = has_result(checks, JPEG, {"NODEC": "1"}, "ok", 0)
    checks.that("PSNR" not in out, "no decoder, no PSNR")
    for size in ("128x128", "250x190", "1280x720", "1920x1080"):
        has_result(checks, (*JPEG, "--size", size), {"DEC_STRICT": "1"}, "ok", 0,
                   f"JPEGBaseline EncPicture {size} ")
    # A driver with tables of its own: right with its own header, wrong behind ours.
    has_result(checks, JPEG, {"PACKED": "0", "QUALITY": "95"}, "ok", 0, "PSNR 5")
    has_result(checks, JPEG, {"QUALITY": "95"}, "corrupt", 1, "another one")

    lines = probe("--porcelain", *JPEG).stdout.splitlines()
    checks.that(lines[0] == "result=ok" and lines[-1] == "end" and
                [s.split("=")[0] for s in lines].count("psnr") == 1, f"porcelain: {lines}")
    usage = probe("--help").stdout
    checks.that("codec only: h264, hevc, vp9, av1, jpeg" in usage, "--help names the codecs that can be tested")


checks = Checks()
main(checks)
checks.end()

# SPDX-License-Identifier: Apache-2.0
"""The probe's video processing against the fake driver: each fault has its result."""
import tempfile
from pathlib import Path

from probe_test import Checks, has_result, probe

BT709, EXPLICIT = 2, 13  # of VAProcColorStandardType

# Knobs of the fake driver, the result and exit status of scaling and of tone mapping; and what the
# detail of the latter says.
FAULTS = [
    ({}, ("ok", 0), ("ok", 0), ""),
    ({"DERIVE": "off"}, ("ok", 0), ("ok", 0), ""),
    ({"DERIVE": "other"}, ("ok", 0), ("ok", 0), ""),
    ({"NOENC": "1", "NODEC": "1"}, ("ok", 0), ("ok", 0), ""),
    ({"NOVPP": "1"}, ("unsupported", 1), ("unsupported", 1), "video processing"),
    ({"TONEMAP": "0"}, ("ok", 0), ("unsupported", 1), "tone mapping"),
    ({"TONEMAP": "empty"}, ("ok", 0), ("unsupported", 1), "tone mapping"),
    ({"TONEMAP": "ignore"}, ("ok", 0), ("corrupt", 1), "no tones were mapped"),
    ({"TONEMAP": "flat"}, ("ok", 0), ("corrupt", 1), "from black to white it is 0.0"),
    ({"TONEMAP": "fold"}, ("ok", 0), ("corrupt", 1), "became darker"),
    ({"CORRUPT": "green"}, ("corrupt", 1), ("corrupt", 1), "tint"),
    ({"CORRUPT": "shift"}, ("corrupt", 1), ("corrupt", 1), "tint"),
    ({"CORRUPT": "half"}, ("corrupt", 1), ("corrupt", 1), "rows differ"),
    ({"CORRUPT": "noise:9"}, ("corrupt", 1), ("corrupt", 1), "rows differ"),
    ({"CORRUPT": "noise:7"}, ("ok", 0), ("ok", 0), ""),
    ({"MAX": "100x100"}, ("create_context", 1), ("create_context", 1), "(1)"),
]

# Calls of the pipeline that fail, and the result.
CALLS = [
    ("CreateConfig:12", "create_config"),
    ("CreateContext:1", "create_context"),
    ("BeginPicture:1", "submit"),
    ("RenderPicture:1", "submit"),
    ("EndPicture:24", "submit"),
    ("SyncSurface:34", "execute"),
    ("CreateBuffer:2", "submit"),
]


def by_hand(checks):
    """Without a word all is tested; what is not listed is no failure then."""
    done = probe()
    checks.that([s.split()[0] for s in done.stdout.splitlines()[-2:]] == ["scale", "tonemap"] and
                "JPEGBaseline" in done.stdout and "H264Main" in done.stdout and
                done.returncode == 0,
                f"encoders and operations: {len(done.stdout.splitlines())} tests")
    done = probe(knobs={"NOVPP": "1"})
    checks.that(done.stdout.count("unsupported") == 2 and done.returncode == 0,
                "operations that are not listed are no failure where all is tested")
    done = probe(knobs={"FAIL.vpp": "EndPicture:24"})
    checks.that(done.stdout.count("submit") == 2 and done.returncode == 1,
                "those that fail are one")
    for flags in (("--codec", "jpeg"), ("--profile", "H264Main"), ("--entrypoint", "EncPicture")):
        checks.that("scale" not in probe(*flags).stdout, f"{flags}: encoders only")


def colours(checks):
    """What the driver is told of colours: kept by scaling; from BT.2020 and PQ to BT.709."""
    hdr = "range=1 primaries=9 transfer=16 matrix=9"
    sdr = "range=1 primaries=1 transfer=1 matrix=1"
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder, "dump")
        probe("--operation", "tonemap", knobs={"DUMP": str(dump)})
        text = dump.read_text()
        checks.that(f"vpp in standard={EXPLICIT} {hdr}" in text and
                    f"vpp out standard={EXPLICIT} {sdr}" in text and
                    "256x256 P010 -> 256x256 NV12 tones=1" in text, "from HDR10 to BT.709")
        dump.unlink()
        probe("--operation", "scale", knobs={"DUMP": str(dump)})
        text = dump.read_text()
        checks.that(f"vpp in standard={BT709} " in text and f"vpp out standard={BT709} " in text
                    and "256x256 NV12 -> 128x128 NV12 tones=0" in text, "BT.709 stays BT.709")


def nothing_left(checks):
    """Each object of the driver is given back, whatever fails. DUMP says what was not."""
    failures = [{}] + [{"FAIL.vpp": call} for call, _ in CALLS] + [
        {"FAIL.vpp": "GetImage:1"}, {"FAIL.vpp": "QueryVideoProcPipelineCaps:1"},
        {"FAIL": "CreateSurfaces#2:2"}, {"TONEMAP": "0"}, {"CORRUPT": "green"}]
    for knobs in failures:
        for flags in (("--operation", "scale"), ("--operation", "tonemap")):
            with tempfile.TemporaryDirectory() as folder:
                dump = Path(folder, "dump")
                probe(*flags, knobs={**knobs, "DUMP": str(dump)})
                left = [s for s in dump.read_text().splitlines() if s.startswith("left ")]
            checks.that(left == ["left configs=0 surfaces=0 contexts=0 buffers=0 images=0"],
                        f"{' '.join(flags)} {knobs}: {left}")


def main(checks):
    for knobs, scale, tonemap, says in FAULTS:
        has_result(checks, ("--operation", "scale"), knobs, *scale,
                   "PSNR 100.0" if not knobs else "")
        has_result(checks, ("--operation", "tonemap"), knobs, *tonemap, says)
    for call, wanted in CALLS:
        for operation in ("scale", "tonemap"):
            has_result(checks, ("--operation", operation), {"FAIL.vpp": call}, wanted, 1)
        # Nothing of encoders counts here.
        has_result(checks, ("--operation", "scale"), {"FAIL.enc": call}, "ok", 0)
    for call in ("CreateSurfaces:2", "QueryVideoProcFilterCaps:1", "QueryVideoProcPipelineCaps:1"):
        has_result(checks, ("--operation", "tonemap"), {"FAIL": call}, "create_context", 1)
    has_result(checks, ("--operation", "tonemap"), {"FAIL": "QueryVideoProcFilterCaps:20"},
               "unsupported", 1)
    for call, wanted in (("CreateImage:2", "submit"), ("GetImage:1", "execute"),
                         ("MapImage:1", "execute")):
        has_result(checks, ("--operation", "scale"), {"FAIL": call}, wanted, 1)

    by_hand(checks)
    colours(checks)
    nothing_left(checks)
    for operation in ("scale", "tonemap"):
        lines = probe("--porcelain", "--operation", operation).stdout.splitlines()
        checks.that(lines[0] == "result=ok" and lines[-1] == "end", f"porcelain: {lines}")
        lines = probe("--porcelain", "--operation", operation,
                      knobs={"NOVPP": "1"}).stdout.splitlines()
        checks.that(lines[0] == "result=unsupported" and lines[1].startswith("detail=the driver")
                    and lines[2:] == ["end"], f"porcelain: {lines}")
    lines = probe("--porcelain").stdout.splitlines()
    checks.that([s.split("=")[0] for s in lines].count("result") == 1, f"one result: {lines}")
    for flag, value in (("--codec", "h264"), ("--profile", "H264Main"), ("--entrypoint", "EncSlice")):
        done = probe("--operation", "scale", flag, value)
        checks.that(done.returncode == 3 and not done.stdout and flag in done.stderr,
                    f"{flag}: {done.stderr.strip()}")
    usage = " ".join(probe("--help").stdout.split())
    checks.that("256x256 always: scale, tonemap" in usage, "--help names the operations")


checks = Checks()
main(checks)
checks.end()

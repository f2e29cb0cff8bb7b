# SPDX-License-Identifier: Apache-2.0
"""The probe by hand against the fake driver, through the real libva: each fault has its result."""
from probe_test import Checks, probe, results

# Knobs of the fake driver, the result of every test, and the exit status.
FAULTS = [
    ({}, "ok", 0),
    ({"CODED_SIZE": "0"}, "bitstream", 1),
    ({"CODED_STATUS": "0x8000"}, "bitstream", 1),
    ({"NAL": "1"}, "bitstream", 1),
    ({"CORRUPT": "green"}, "corrupt", 1),
    ({"CORRUPT": "shift"}, "corrupt", 1),
    ({"CORRUPT_DEC": "half"}, "corrupt", 1),
    ({"CORRUPT": "noise:9"}, "corrupt", 1),
    ({"CORRUPT": "noise:8"}, "ok", 0),
    ({"NOENC": "1"}, "unsupported", 1),
    ({"NODEC": "1"}, "ok", 0),
    ({"DERIVE": "off"}, "ok", 0),
    ({"PACKED": "0"}, "ok", 0),
    ({"FAIL": "Initialize:18"}, "driver_init", 2),
    ({"FAIL": "CreateConfig:12"}, "create_config", 1),
    ({"FAIL": "CreateContext:1"}, "create_context", 1),
    ({"FAIL": "BeginPicture:1"}, "submit", 1),
    ({"FAIL": "RenderPicture:1"}, "submit", 1),
    ({"FAIL": "EndPicture:24"}, "submit", 1),
    ({"FAIL": "SyncSurface:34"}, "execute", 1),
    ({"FAIL": "MapCoded:24"}, "execute", 1),
    ({"NOISE": "1"}, "ok", 0),
]


def main(checks):
    for knobs, wanted, code in FAULTS:
        done = probe("--codec", "h264", knobs=knobs)
        checks.that(results(done.stdout) == {wanted} and done.returncode == code,
                    f"{knobs}: {sorted(results(done.stdout))}, exit status {done.returncode}")
    healthy = probe("--codec", "h264").stdout
    checks.that(healthy.count("PSNR 100.0 dB") == 6, "bit-exact: the fake driver codes I_PCM")
    checks.that("PSNR" not in probe("--codec", "h264", knobs={"NODEC": "1"}).stdout,
                "no decoder, no PSNR")
    for size in ("128x128", "250x190", "1280x720", "1920x1080"):
        done = probe("--size", size, "--profile", "H264High")
        checks.that(results(done.stdout) == {"ok"}, f"{size}: {done.stdout.strip()}")

    done = probe(driver="nosuch")
    checks.that("driver_missing" in done.stdout and done.returncode == 2, "no driver file")
    for flags, word in ((("--device", "/dev/dri/nosuch"), "no_device"),
                        (("--device", "/etc/passwd"), "no_device"),
                        (("--device", "/"), "no_device")):
        done = probe(*flags)
        checks.that(word in done.stdout and done.returncode == 2, f"{flags}: {done.stdout.strip()}")
    for flags in (("--size", "0x0"), ("--size", "99999x99999"), ("--size", "255x255"),
                  ("--codec", "nosuch"), ("--entrypoint", "VLD"), ("--operation", "nosuch"),
                  ("--nosuch",), ("word",)):
        done = probe(*flags)
        checks.that(done.returncode == 3 and not done.stdout and flags[-1].strip("-") in done.stderr,
                    f"{flags}: one clear line: {done.stderr.strip()}")
    porcelain = probe("--porcelain", "--codec", "h264").stdout.splitlines()
    checks.that(porcelain[0] == "result=ok" and porcelain[-1] == "end", f"porcelain: {porcelain}")


checks = Checks()
main(checks)
checks.end()

# SPDX-License-Identifier: Apache-2.0
"""What the tests of VP9 and AV1 share: the fake driver's DUMP, golden files, ffmpeg as a judge."""
import math
import os
import re
import struct
import subprocess
import tempfile
from pathlib import Path

PROBE, DRIVERS, ANY_NODE = (os.environ[name] for name in ("PROBE", "DRIVERS", "ANY_NODE"))
HERE = Path(__file__).resolve().parent
SIZES = ((128, 128), (250, 190), (256, 256), (1280, 720), (1920, 1080))
PACKED_RAW = 4  # VAEncPackedHeaderRawData
NO_SURFACE = 0xffffffff


class Bits:
    """Writes a stream bit by bit."""

    def __init__(self):
        self.text = ""

    def put(self, width, value):
        self.text += format(value, f"0{width}b") if width else ""
        return self

    def signed(self, width, value):
        """su(n) of VP9: the sign behind."""
        return self.put(width, abs(value)).put(1, value < 0)

    def __len__(self):
        return len(self.text)

    def bytes(self):
        text = self.text + "0" * (-len(self.text) % 8)
        return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def patch(data, offset, width, value):
    """Bits that a driver fills in."""
    text = "".join(f"{byte:08b}" for byte in data)
    text = text[:offset] + format(value, f"0{width}b") + text[offset + width:]
    return bytes(int(text[i:i + 8], 2) for i in range(0, len(text), 8))


def bits_at(data, offset, width):
    text = "".join(f"{byte:08b}" for byte in data)
    return int(text[offset:offset + width], 2)


def environment(knobs):
    return {"PATH": os.environ["PATH"], "LIBVA_DRIVERS_PATH": DRIVERS, "LIBVA_DRIVER_NAME": "fake",
            "LD_PRELOAD": ANY_NODE, "FAKE_VA_PROFILES": "all",
            **{f"FAKE_VA_{k.replace('.', '__')}": str(v) for k, v in (knobs or {}).items()}}


def probe(*flags, knobs=None):
    return subprocess.run([PROBE, "--device", "/dev/null", *flags], env=environment(knobs), capture_output=True,
                          text=True, timeout=60)


def results(output):
    """The word behind profile, entry point and size of each line that has no indent."""
    return [line[44:].split()[0] for line in output.splitlines() if line and line[0] != " "]


def at(size):
    return "--size", f"{size[0]}x{size[1]}"


def check_faults(checks, codec, faults, others):
    """Knobs, the one result, and the exit status; the codecs next to it stay as they are."""
    for knobs, wanted, code in faults:
        done = probe("--codec", codec, knobs=knobs)
        checks.that(results(done.stdout) == [wanted] and done.returncode == code,
                    f"{codec}, {knobs}: {results(done.stdout)}, exit status {done.returncode}")
    for knobs in others:
        done = probe("--codec", "h264", knobs=knobs)
        checks.that(set(results(done.stdout)) == {"ok"}, f"h264 is well with {knobs}")


class Picture:
    """The buffers of one picture: (type, fields), and its lines."""

    def __init__(self):
        self.buffers, self.lines, self.decodes = [], [], False

    def fields(self, kind):
        return next(fields for name, fields in self.buffers if name == kind)

    def packed(self):
        """[(type, bits, bytes)] of the packed headers."""
        found = []
        for name, fields in self.buffers:
            if name == "packed":
                found.append([int(fields["type"]), int(fields["bit_length"])])
            elif name == "packed_data":
                found[-1].append(bytes.fromhex(fields["hex"]))
        return found

    def numbers(self, kind):
        return {k: int(v) for k, v in self.fields(kind).items() if re.fullmatch(r"-?\d+", v)}


def read_dump(path):
    pictures, picture = [], Picture()
    for line in path.read_text().splitlines():
        if line.startswith("buffer "):
            _, _, entrypoint, kind, _, _ = line.split()
            picture.decodes = entrypoint == "vld"
            picture.buffers.append((kind, {}))
        elif line.startswith("end "):
            pictures.append(picture)
            picture = Picture()
            continue
        elif line.startswith("\t") and "=" in line:
            key, value = line.strip().split("=", 1)
            picture.buffers[-1][1].setdefault(key, value)
        if line.startswith(("buffer ", "\t")):
            picture.lines.append(line)
    return pictures


def dump(*flags, knobs=None):
    """(the finished probe, its first encoded picture, its decoded one or None)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dump"
        done = probe(*flags, knobs={**(knobs or {}), "DUMP": path})
        pictures = read_dump(path)
    encoded = [p for p in pictures if not p.decodes]
    decoded = [p for p in pictures if p.decodes]
    return done, encoded[0], decoded[0] if decoded else None


def check_golden(checks, name, lines):
    """UPDATE=1 writes what is read and judged by people."""
    path = HERE / "golden" / f"{name}.txt"
    text = "".join(f"{line}\n" for line in lines)
    if os.environ.get("UPDATE") == "1":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    wanted = path.read_text().splitlines() if path.exists() else []
    differ = [f"{a!r}, not {b!r}" for a, b in zip(lines, wanted) if a != b]
    checks.that(text.splitlines() == wanted, f"golden {name}: {differ[:3] if differ else 'same'}, "
                                             f"{len(lines)} of {len(wanted)} lines")


def check_golden_buffers(checks, codec, size):
    _, encoded, decoded = dump("--codec", codec, *at(size))
    checks.that(encoded and decoded, f"{codec} {size}: an encoded and a decoded picture")
    check_golden(checks, f"{codec}_{size[0]}x{size[1]}", encoded.lines + decoded.lines)


def ivf(fourcc, size, frame):
    return (b"DKIF" + struct.pack("<HH4sHHIIII", 0, 32, fourcc, *size, 25, 1, 1, 0) +
            struct.pack("<IQ", len(frame), 0) + frame)


def trace(fourcc, size, frame):
    """([(field, value)], what ffmpeg complains of) of one frame's headers."""
    with tempfile.NamedTemporaryFile(suffix=".ivf") as file:
        file.write(ivf(fourcc, size, frame))
        file.flush()
        done = subprocess.run(["ffmpeg", "-nostdin", "-hide_banner", "-v", "info", "-i", file.name,
                               "-c", "copy", "-bsf:v", "trace_headers", "-f", "null", "-"],
                              capture_output=True, text=True, timeout=60)
    fields, complaints = [], [] if done.returncode == 0 else [f"exit status {done.returncode}"]
    for line in re.findall(r"\[trace_headers @ \w+\] (.*)", done.stderr):
        field = re.match(r"\d+ +(\S+) +[01]* ?= (-?\d+)$", line)
        if field:
            fields.append((field[1], int(field[2])))
        elif not re.match(r"Packet: |[A-Z][A-Za-z ]+$", line):
            complaints.append(line)
    return fields, complaints


def first(fields, name):
    return next((value for field, value in fields if field == name), None)


def psnr(output):
    found = re.search(r"PSNR ([\d.]+)", output)
    return float(found[1]) if found else None


def buffers(pictures):
    """Of the first decoded picture: what the headers say, without the surfaces' numbers."""
    decoded = next((p for p in pictures if p.decodes), Picture())
    return [line.strip() for line in decoded.lines if "current_" not in line]


def tiles(lines):
    """What the headers say, however the tiles are spread over buffers: ffmpeg 7 gives a group's at once."""
    return [line for line in lines
            if not re.match(r"buffer av1 vld (slice|data) |hex=|slice_data_offset=", line)]


def check_as_ffmpeg(checks, name, codec, size, frame, knobs, differ):
    """ffmpeg's own parser and VA-API decoder give the driver the same buffers, but for what differs."""
    fourcc, decoder = {"vp9": (b"VP90", "vp9"), "av1": (b"AV01", "av1")}[codec]
    with tempfile.TemporaryDirectory() as folder:
        path, theirs = Path(folder) / "frame.ivf", Path(folder) / "dump"
        path.write_bytes(ivf(fourcc, size, frame))
        env = {**environment({"DUMP": theirs}), "LIBVA_MESSAGING_LEVEL": "0"}
        subprocess.run(["ffmpeg", "-nostdin", "-v", "quiet", "-hwaccel", "vaapi", "-hwaccel_device", "/dev/null",
                        "-hwaccel_output_format", "vaapi", "-c:v", decoder, "-i", path, "-f", "null", "-"],
                       env=env, timeout=60, check=False)
        wanted = buffers(read_dump(theirs)) if theirs.exists() else []
        ours = Path(folder) / "ours"
        probe("--codec", codec, *at(size), knobs={**knobs, "DUMP": ours})
        got = buffers(read_dump(ours))
    if any(re.match(r"buffer av1 vld slice .* num=([2-9]|\d\d)", line) for line in wanted):
        got, wanted = tiles(got), tiles(wanted)
    wrong = [(a, b) for a, b in zip(got, wanted) if a != b and a.split("=")[0] not in differ]
    checks.that(wanted and len(got) == len(wanted) and not wrong,
                f"{name}: the buffers that ffmpeg gives, {len(got)} of {len(wanted)} lines: {wrong[:3]}")


def record(folder, codec):
    """Makes real streams of the probe's pictures; returns knobs that hand them out."""
    pictures, streams = Path(folder) / "pictures", Path(folder) / "streams"
    pictures.mkdir()
    for size in SIZES:
        probe("--codec", codec, *at(size), knobs={"SAVE": pictures})
    subprocess.run(["bash", HERE / "record.sh", pictures, streams], check=True, timeout=120)
    return {"STREAMS": streams}


def soft_psnr(codec, stream, size, picture):
    """Of a stream that ffmpeg decodes, against the picture that was encoded."""
    done = subprocess.run(["ffmpeg", "-nostdin", "-v", "error", "-f", "ivf", "-i", "-", "-pix_fmt", "nv12",
                           "-f", "rawvideo", "-"], input=ivf(codec, size, stream), capture_output=True,
                          timeout=60)
    a, b = done.stdout, picture.read_bytes()
    if len(a) != len(b) or done.stderr:
        return 0
    error = sum((x - y) ** 2 for x, y in zip(a, b)) / len(a)
    return 10 * math.log10(65025 / error) if error else 100

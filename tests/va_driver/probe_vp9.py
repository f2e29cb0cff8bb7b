# SPDX-License-Identifier: Apache-2.0
"""VP9 by the probe against the fake driver: faults, headers, and what the parameter buffers say."""
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from exporter_test import Checks  # noqa: E402: it is found there only now
import streams  # noqa: E402
from streams import Bits, at, dump, first, probe, results  # noqa: E402

FAULTS = [
    ({}, "ok", 0),
    ({"CODED_SIZE.vp9": 0}, "bitstream", 1),
    ({"CODED_SIZE.vp9": 1}, "bitstream", 1),
    ({"CODED_SIZE.vp9": 12}, "bitstream", 1),
    ({"CODED_SIZE.vp9": 60}, "bitstream", 1),
    ({"CODED_STATUS": "0x8000"}, "bitstream", 1),
    ({"CODED_SEGMENTS": 7}, "ok", 0),
    ({"NAL": 0}, "bitstream", 1),
    ({"NAL": "0x86"}, "bitstream", 1),  # the first byte of an inter frame
    ({"SYNTH": 0}, "bitstream", 1),
    ({"CORRUPT.vp9": "green"}, "corrupt", 1),
    ({"CORRUPT.vp9": "stream"}, "corrupt", 1),
    ({"CORRUPT_DEC": "half"}, "corrupt", 1),
    ({"CORRUPT.vp9": "noise:9"}, "corrupt", 1),
    ({"CORRUPT.vp9": "noise:8"}, "ok", 0),
    ({"NODEC": 1}, "ok", 0),
    ({"PACKED": 0}, "ok", 0),
    ({"RC": "0x10"}, "ok", 0),
    ({"FAIL.vp9": "CreateConfig:12"}, "create_config", 1),
    ({"FAIL.vp9": "CreateContext:1"}, "create_context", 1),
    ({"FAIL.vp9": "EndPicture:24"}, "submit", 1),
    ({"FAIL.vp9": "MapCoded:24"}, "execute", 1),
    ({"FAIL.vp9.vld": "EndPicture:23"}, "submit", 1),
    ({"LP": "none"}, "unsupported", 1),
    ({"PROFILES": "VP9Profile0:vld+slice"}, "ok", 0),
]

# Of a frame that the driver might hand out: the fields of its uncompressed header.
NORMAL = {"marker": 2, "profile": 0, "existing": 0, "inter": 0, "shown": 1, "resilient": 0, "sync": 0x498342,
          "color": 0, "width": 256, "height": 256, "render": None, "refresh": 1, "parallel": 0, "context": 0,
          "level": 10, "sharpness": 0, "deltas": None, "q": 60, "q_deltas": (0, 0, 0), "segments": None,
          "columns": "", "rows": "0", "compressed": 40, "cut": None}


def put_segments(b, s):
    b.put(1, 1)
    b.put(1, "tree" in s)
    if "tree" in s:
        for p in s["tree"]:
            b.put(1, p is not None).put(8 if p is not None else 0, p or 0)
        b.put(1, "pred" in s)
        for p in s.get("pred", ()):
            b.put(1, p is not None).put(8 if p is not None else 0, p or 0)
    b.put(1, "features" in s)
    if "features" in s:
        b.put(1, s.get("absolute", 0))
        for features in s["features"]:
            for name, width, signed in (("q", 8, True), ("level", 6, True), ("ref", 2, False), ("skip", 0, False)):
                b.put(1, name in features)
                if name in features and signed:
                    b.signed(width, features[name])
                elif name in features:
                    b.put(width, features[name])


def frame(**changes):
    """A frame with the header of NORMAL but for what is said, and a body of no meaning."""
    f = {**NORMAL, **changes}
    b = Bits().put(2, f["marker"]).put(2, f["profile"]).put(1, f["existing"]).put(1, f["inter"])
    b.put(1, f["shown"]).put(1, f["resilient"]).put(24, f["sync"]).put(3, f["color"]).put(1, 0)
    b.put(16, f["width"] - 1).put(16, f["height"] - 1).put(1, f["render"] is not None)
    if f["render"]:
        b.put(16, f["render"][0] - 1).put(16, f["render"][1] - 1)
    if not f["resilient"]:
        b.put(1, f["refresh"]).put(1, f["parallel"])
    b.put(2, f["context"]).put(6, f["level"]).put(3, f["sharpness"]).put(1, f["deltas"] is not None)
    if f["deltas"] is not None:
        b.put(1, any(d is not None for d in f["deltas"]))
        for d in f["deltas"] if any(d is not None for d in f["deltas"]) else ():
            b.put(1, d is not None)
            if d is not None:
                b.signed(6, d)
    b.put(8, f["q"])
    for d in f["q_deltas"]:
        b.put(1, d != 0)
        if d:
            b.signed(4, d)
    if f["segments"] is None:
        b.put(1, 0)
    else:
        put_segments(b, f["segments"])
    b.text += f["columns"] + f["rows"]
    b.put(16, f["compressed"])
    data = b.bytes() + bytes(1 + i % 120 for i in range(200))
    return data[:f["cut"]]


def offer(folder, size=(256, 256), **changes):
    """Lets the driver hand out such a frame."""
    (Path(folder) / f"vp9_{size[0]}x{size[1]}.bin").write_bytes(frame(width=size[0], height=size[1], **changes)
                                                               if "width" not in changes else frame(**changes))
    return {"STREAMS": folder}


REFUSED = [
    ({"marker": 3}, "no VP9 frame marker"),
    ({"profile": 2}, "a VP9 profile other than 0"),
    ({"existing": 1}, "the VP9 frame repeats an earlier one"),
    ({"inter": 1}, "the VP9 frame is not a key frame"),
    ({"shown": 0}, "the VP9 frame is not shown"),
    ({"sync": 0x498343}, "no VP9 sync code"),
    ({"color": 7}, "RGB in VP9 profile 0"),
    ({"width": 255, "height": 256}, "the VP9 frame has 255x256 pixels"),
    ({"width": 256, "height": 257}, "the VP9 frame has 256x257 pixels"),
    ({"compressed": 0}, "the VP9 frame is shorter than its headers"),
    ({"compressed": 200}, "the VP9 frame is shorter than its headers"),
    ({"compressed": 65535}, "the VP9 frame is shorter than its headers"),
    ({"cut": 1}, "the VP9 header is cut off"),
    ({"cut": 13}, "the VP9 header is cut off"),
]


def check_refused(checks, folder):
    for changes, why in REFUSED:
        done = probe("--codec", "vp9", knobs=offer(folder, **changes))
        wanted = [why] if "cut" not in changes or changes["cut"] > 5 else [why, "no VP9 sync code"]
        checks.that(results(done.stdout) == ["bitstream"] and done.stdout.splitlines()[-1].strip() in wanted,
                    f"{changes}: {done.stdout.strip().splitlines()[-1].strip()}")
    done = probe("--codec", "vp9", knobs=offer(folder, compressed=199))
    checks.that(results(done.stdout) == ["ok"], f"one byte of tiles: {done.stdout.strip()}")


# Frames with all that a header can hold; what is decoded with them is in the golden files.
SEGMENTS = {"tree": (1, None, 255, 0, 128, None, 7), "pred": (None, 9, 200),
            "features": ({"q": -61, "level": -11}, {"q": 200, "level": 63}, {"ref": 2}, {"skip": 0}, {"q": 5},
                         {"level": 40, "ref": 3, "skip": 0}, {}, {"q": -1})}
WHOLE = {
    "vp9_deltas": {"resilient": 1, "level": 33, "sharpness": 7, "deltas": (5, None, -63, 2, -4, 63), "q": 250,
                   "q_deltas": (-15, 15, 3), "render": (1, 65536), "context": 3},
    "vp9_default_deltas": {"level": 63, "deltas": (None,) * 6, "q": 0, "q_deltas": (0, 0, 0), "parallel": 1},
    "vp9_segments": {"level": 31, "deltas": (None, 3, None, None, 1, None), "q": 60, "q_deltas": (1, -2, 3),
                     "segments": SEGMENTS, "rows": "11"},
    "vp9_segments_absolute": {"segments": {**SEGMENTS, "absolute": 1, "features": [
        {"q": 10 * i, "level": i * 9} for i in range(8)]}, "rows": "10"},
    "vp9_segments_kept": {"segments": {}},
}

# A key frame has no filter of motion; without segmentation there are no probabilities.
NOT_AS_FFMPEG = {"pic_fields.bits.mcomp_filter_type", "mb_segment_tree_probs", "segment_pred_probs"}


def check_whole(checks, folder):
    for name, changes in WHOLE.items():
        fields, complaints = streams.trace(b"VP90", (256, 256), frame(**changes))
        checks.that(fields and not complaints, f"{name}: the test's own frame parses: {complaints}")
        done, _, decoded = dump("--codec", "vp9", knobs=offer(folder, **changes))
        checks.that(results(done.stdout) == ["ok"], f"{name}: {done.stdout.strip()}")
        streams.check_golden(checks, name, decoded.lines if decoded else [])
        streams.check_as_ffmpeg(checks, name, "vp9", (256, 256), frame(**changes), offer(folder, **changes),
                                NOT_AS_FFMPEG)


def check_tiles(checks, folder):
    size = (1920, 1080)
    for columns, log2 in (("0", 0), ("10", 1), ("11", 2)):
        _, _, decoded = dump("--codec", "vp9", *at(size), knobs=offer(folder, size, columns=columns))
        got = decoded.numbers("picture")
        checks.that((got["log2_tile_columns"], got["first_partition_size"]) == (log2, 40),
                    f"tile columns {columns}: {got['log2_tile_columns']}")


def check_steps(checks, folder):
    """Each quantizer index, eight at a time."""
    lines = []
    for base in range(0, 256, 8):
        features = [{"q": base + i} for i in range(8)]
        _, _, decoded = dump("--codec", "vp9", knobs=offer(folder, segments={"absolute": 1, "features": features}))
        ac = [line.split("=")[1] for line in decoded.lines if "luma_ac_quant" in line]
        dc = [line.split("=")[1] for line in decoded.lines if "luma_dc_quant" in line]
        lines += [f"{base + i} {a} {d}" for i, (a, d) in enumerate(zip(ac, dc))]
    streams.check_golden(checks, "vp9_steps", lines)


def check_packed(checks, size):
    """The header that the driver gets, with the one field that only it knows."""
    _, encoded, _ = dump("--codec", "vp9", *at(size))
    pic, packed = encoded.numbers("picture"), encoded.packed()
    checks.that(len(packed) == 1 and packed[0][0] == streams.PACKED_RAW, f"{size}: one raw header")
    bits, header = packed[0][1:]
    checks.that(bits == 8 * len(header) and pic["bit_offset_first_partition_size"] + 16 + 7 >= bits,
                f"{size}: {bits} bits end behind the size of the compressed header")
    header = streams.patch(header, pic["bit_offset_first_partition_size"], 16, 70)
    fields, complaints = streams.trace(b"VP90", size, header + bytes(range(1, 101)))
    checks.that(not complaints, f"{size}: the packed header parses: {complaints}")
    wanted = {"frame_width_minus_1": size[0] - 1, "frame_height_minus_1": size[1] - 1, "frame_type": 0,
              "show_frame": 1, "error_resilient_mode": pic["pic_flags.bits.error_resilient_mode"],
              "refresh_frame_context": pic["pic_flags.bits.refresh_frame_context"],
              "frame_parallel_decoding_mode": pic["pic_flags.bits.frame_parallel_decoding_mode"],
              "loop_filter_level": pic["filter_level"], "loop_filter_sharpness": pic["sharpness_level"],
              "base_q_idx": pic["luma_ac_qindex"], "tile_cols_log2": pic["log2_tile_columns"],
              "tile_rows_log2": pic["log2_tile_rows"], "segmentation_enabled": 0, "header_size_in_bytes": 70}
    got = {name: first(fields, name) for name in wanted}
    checks.same(got, wanted, f"{size}: the packed header says what the parameter buffer says")
    checks.that([streams.bits_at(header, pic[f"bit_offset_{name}"], width) for name, width in
                 (("lf_level", 6), ("qindex", 8), ("segmentation", 1), ("ref_lf_delta", 8), ("mode_lf_delta", 8))] ==
                [pic["filter_level"], pic["luma_ac_qindex"], 0, 0x80, 0x80], f"{size}: offsets in it")
    checks.that(pic["bit_offset_mode_lf_delta"] - pic["bit_offset_ref_lf_delta"] == 32 and
                pic["bit_offset_qindex"] - pic["bit_offset_mode_lf_delta"] == 16 and
                pic["bit_offset_qindex"] + 8 + 3 == pic["bit_offset_segmentation"], f"{size}: and their distances")


def check_unpacked(checks):
    _, encoded, _ = dump("--codec", "vp9", knobs={"PACKED": 0})
    checks.that(not encoded.packed(), "no packed header where none is taken")
    checks.that(all(v == 0 for k, v in encoded.numbers("picture").items() if k.startswith("bit_")),
                "and no offsets")


def check_synthetic(checks, folder, size):
    done = probe("--codec", "vp9", *at(size), knobs={"SAVE": folder})
    stream = (Path(folder) / f"VP9Profile0_{size[0]}x{size[1]}.bin").read_bytes()
    fields, complaints = streams.trace(b"VP90", size, stream)
    checks.that(results(done.stdout) == ["ok"] and not complaints and
                first(fields, "frame_width_minus_1") == size[0] - 1 and first(fields, "base_q_idx") == 100,
                f"{size}: {done.stdout.strip()}: the stream parses: {complaints}")


# What ffmpeg reads from a stream, and where the same is in the buffers that decode it.
SAME = {"error_resilient_mode": "pic_fields.bits.error_resilient_mode",
        "refresh_frame_context": "pic_fields.bits.refresh_frame_context",
        "frame_parallel_decoding_mode": "pic_fields.bits.frame_parallel_decoding_mode",
        "loop_filter_level": "filter_level", "loop_filter_sharpness": "sharpness_level",
        "segmentation_enabled": "pic_fields.bits.segmentation_enabled", "tile_cols_log2": "log2_tile_columns",
        "tile_rows_log2": "log2_tile_rows", "header_size_in_bytes": "first_partition_size"}


def check_recorded(checks, folder):
    knobs = streams.record(folder, "vp9")
    for size in streams.SIZES:
        done, _, decoded = dump("--codec", "vp9", *at(size), knobs={**knobs, "DEC_STRICT": 1})
        checks.that(results(done.stdout) == ["ok"] and streams.psnr(done.stdout) == 100,
                    f"recorded {size}: {done.stdout.strip()}")
        stream = (knobs["STREAMS"] / f"vp9_{size[0]}x{size[1]}.bin").read_bytes()
        fields, _ = streams.trace(b"VP90", size, stream)
        pic, data = decoded.numbers("picture"), decoded.numbers("slice")
        checks.same({k: pic[v] for k, v in SAME.items()}, {k: first(fields, k) for k in SAME},
                    f"recorded {size}: decoded with what ffmpeg reads")
        checks.that((pic["frame_width"], pic["frame_height"], data["slice_data_size"]) == (*size, len(stream)),
                    f"recorded {size}: all of it, of that size")
        streams.check_as_ffmpeg(checks, f"recorded {size}", "vp9", size, stream, knobs, NOT_AS_FFMPEG)
        quality = streams.soft_psnr(b"VP90", stream, size, Path(folder) / "pictures" / f"{size[0]}x{size[1]}.nv12")
        checks.that(quality > 30, f"recorded {size}: the picture survives libvpx: {quality:.1f} dB")


def main(checks):
    streams.check_faults(checks, "vp9", FAULTS, ({"CODED_SIZE.vp9": 0}, {"FAIL.vp9": "EndPicture:24"}))
    for size in ((256, 256), (250, 190)):
        streams.check_golden_buffers(checks, "vp9", size)
    check_unpacked(checks)
    for size in (*streams.SIZES, (256, 130), (4096, 2176)):
        check_packed(checks, size)
    with tempfile.TemporaryDirectory() as folder:
        for size in streams.SIZES:
            check_synthetic(checks, folder, size)
    for check in (check_refused, check_whole, check_tiles, check_steps, check_recorded):
        with tempfile.TemporaryDirectory() as folder:
            check(checks, folder)


if __name__ == "__main__":
    result = Checks()
    main(result)
    result.end()

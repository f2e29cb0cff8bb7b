# SPDX-License-Identifier: Apache-2.0
"""AV1 by the probe against the fake driver: faults, headers, and what the parameter buffers say."""
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
from exporter_test import Checks  # noqa: E402: it is found there only now
import streams  # noqa: E402
from av1_streams import (DELIMITER, FRAME, HEADER, METADATA, SEQUENCE, TILES,  # noqa: E402
                         header, obu, sequence, stream, tile, trailing)
from streams import Bits, at, dump, first, probe, results  # noqa: E402

PACKED_SEQUENCE, PACKED_PICTURE, PACKED_RAW = 1, 2, 4

FAULTS = [
    ({}, "ok", 0),
    ({"CODED_SIZE.av1": 0}, "bitstream", 1),
    ({"CODED_SIZE.av1": 2}, "bitstream", 1),   # the temporal delimiter
    ({"CODED_SIZE.av1": 18}, "bitstream", 1),  # and the sequence header
    ({"CODED_SIZE.av1": 30}, "bitstream", 1),
    ({"CODED_SIZE.av1": 500}, "bitstream", 1),
    ({"CODED_STATUS": "0x8000"}, "bitstream", 1),
    ({"CODED_SEGMENTS": 7}, "ok", 0),
    ({"NAL": 0}, "bitstream", 1),
    ({"NAL": "0x80"}, "bitstream", 1),  # obu_forbidden_bit
    ({"SYNTH": 0}, "bitstream", 1),
    ({"CORRUPT.av1": "green"}, "corrupt", 1),
    ({"CORRUPT.av1": "stream"}, "corrupt", 1),
    ({"CORRUPT_DEC": "half"}, "corrupt", 1),
    ({"CORRUPT.av1": "noise:9"}, "corrupt", 1),
    ({"CORRUPT.av1": "noise:8"}, "ok", 0),
    ({"NODEC": 1}, "ok", 0),
    ({"PACKED": 3}, "ok", 0),
    ({"PACKED": 0}, "submit", 1),  # the headers are the application's to write
    ({"PACKED": 1}, "submit", 1),
    ({"RC": "0x10"}, "ok", 0),
    ({"FAIL.av1": "CreateConfig:12"}, "create_config", 1),
    ({"FAIL.av1": "CreateContext:1"}, "create_context", 1),
    ({"FAIL.av1": "EndPicture:24"}, "submit", 1),
    ({"FAIL.av1": "MapCoded:24"}, "execute", 1),
    ({"FAIL.av1.vld": "EndPicture:23"}, "submit", 1),
    ({"LP": "none"}, "unsupported", 1),
    ({"PROFILES": "AV1Profile0:vld+slice"}, "ok", 0),
]

def offer(folder, data, size=(256, 256)):
    """Lets the driver hand out such a stream."""
    (Path(folder) / f"av1_{size[0]}x{size[1]}.bin").write_bytes(data)
    return {"STREAMS": folder}


def frame_unit(kind=FRAME, **changes):
    body = header(**changes)
    return obu(kind, body.bytes() + tile(300) if kind == FRAME else trailing(body))


S, D = obu(SEQUENCE, sequence()), obu(DELIMITER, b"", 1)
CUT = "the AV1 units do not fit the coded bytes"
FOUR = {"tiles": "1" + "10" + "10", "tile_id": ((2, 3), (2, 1))}  # 2x2, each with a size of two bytes


def sized(n, seed):
    return (n - 1).to_bytes(2, "little") + tile(n, seed)


FOUR_TILES = sized(40, 1) + sized(50, 3) + sized(60, 5) + tile(70, 7)
REFUSED = [
    (stream(profile=1), "an AV1 profile other than 0"),
    (stream(timing=1), "AV1 with a decoder model"),
    (stream(deep=1), "AV1 with more than 8 bits"),
    (stream(mono=1), "AV1 without chroma"),
    (stream(color=(1, 13, 0)), "RGB in AV1 profile 0"),
    (stream(width=255), "the AV1 sequence has 255x256 pixels"),
    (stream(height=257), "the AV1 sequence has 256x257 pixels"),
    (stream(override=(256, 254)), "the AV1 frame has 256x254 pixels"),
    (stream(superres=1, scale=1), "an AV1 frame that is to be scaled"),
    (stream(existing=1), "the AV1 frame repeats an earlier one"),
    (stream(type=1), "the AV1 frame is not a key frame"),
    (stream(type=2), "the AV1 frame is not a key frame"),
    (stream(shown=0), "the AV1 frame is not shown"),
    (stream(grain=1), "an AV1 frame with film grain"),
    (stream(tiles="1" + "11" + "11"), "more AV1 tiles than the picture needs"),
    (stream(group=b""), "the AV1 tiles are cut off"),
    (stream(group=FOUR_TILES[:100], **FOUR), "the AV1 tiles are cut off"),
    (stream(group=FOUR_TILES[:1], **FOUR), "the AV1 tiles are cut off"),
    (D + S, "no AV1 frame"),
    (D + frame_unit(), "an AV1 frame before the sequence header"),
    (D + S + frame_unit() + frame_unit(), "more than one AV1 frame"),
    (D + S + frame_unit(HEADER), "AV1 tiles are missing"),
    (D + S + obu(TILES, tile(9)), "AV1 tiles before the frame header"),
    (D + S + frame_unit(HEADER) + obu(TILES, tile(9)) + obu(TILES, tile(9)), "the AV1 tiles are cut off"),
    (D + S + obu(HEADER, header().bytes()[:4]), "the AV1 frame header is cut off"),
    (D + obu(SEQUENCE, sequence()[:9]) + frame_unit(), "the AV1 sequence header is cut off"),
    (stream()[:-1], CUT),
    (stream() + b"\x32", CUT),
    (stream() + b"\x32\x80", CUT),
    (stream() + b"\x34", CUT),
    (stream() + b"\xb2\x00", CUT),
    (stream() + bytes([FRAME << 3 | 2]) + b"\xff" * 7 + b"\x7f", CUT),
    (stream() + bytes([FRAME << 3 | 2]) + b"\x80" * 8 + b"\x00", CUT),
    (obu(METADATA, stream()), "no AV1 sequence header"),
]
ACCEPTED = {
    "without a delimiter": stream()[len(D):],
    "sizes of one byte": b"".join((obu(DELIMITER, b"", 1), obu(SEQUENCE, sequence(), 1),
                                   obu(FRAME, header().bytes() + tile(300), 1))),
    "the last unit without a size": D + S + obu(FRAME, header().bytes() + tile(300), sized=False),
    "an extended unit": D + S + obu(FRAME, header().bytes() + tile(300), extension=0x20),
    "metadata, padding": D + S + obu(METADATA, b"\x04\x05") + frame_unit() + obu(15, b"\x00\x80"),
    "header and tiles": D + S + frame_unit(HEADER) + obu(TILES, tile(300)),
    "a repeated sequence header": D + S + S + frame_unit(),
    "few bytes of tiles": stream(group=tile(16)),  # that the fake driver can recognize
}


def check_refused(checks, folder):
    for data, why in REFUSED:
        done = probe("--codec", "av1", knobs=offer(folder, data))
        got = done.stdout.strip().splitlines()[-1].strip()
        checks.that(results(done.stdout) == ["bitstream"] and got == why, f"refused: {got}, expected: {why}")
    for name, data in ACCEPTED.items():
        done = probe("--codec", "av1", knobs=offer(folder, data))
        checks.that(results(done.stdout) == ["ok"], f"{name}: {done.stdout.strip()}")


# Streams with all that headers can hold; what is decoded with them is in the golden files.
SEGMENTS = ({0: -255, 1: -63, 2: 63, 3: 1, 4: -1}, {5: 7}, {6: 0}, {7: 0}, {0: -100}, {0: 12, 5: 1, 6: 0, 7: 0},
            {}, {4: 33})
ALL = {"points": ((0x101, 9, 1), (0x102, 3, 0)), "delays": 1, "timing": 0, "ids": 0xa5, "sb128": 1,
       "intra": (1, 1), "tools": (1, 1, 1, 1), "order": (1, 1, 4), "hint": 21, "choose_screen": 1,
       "frame_screen": 1, "choose_integer": 1, "superres": 1, "color": (9, 16, 9), "range": 1, "separate": 1,
       "grain": 0, "render": (640, 481), "no_end": 1, "tiles": "100"}
CDEF = (3, 3, tuple((i * 9, 63 - i) for i in range(8)))
WHOLE = {
    "av1_all": dict(ALL, q=255, q_deltas=(-64, 63, -1), v_deltas=(5, -6), matrix=(1, 2, 15), segments=SEGMENTS,
                    delta_q=3, delta_lf=(2, 1), levels=(63, 1, 2, 33), sharpness=7,
                    deltas=(None, 1, -63, 63, -1, None, 0, 5, -7, 9), cdef=CDEF,
                    restoration=((1, 2, 3), "10"), select=0, reduced_tx=1),
    "av1_restoration": {"cdef": (1, 0, ((5, 60),)), "restoration": ((0, 0, 2), "111"), "levels": (0, 3, 4, 5),
                        "deltas": (), "no_cdf": 1, "matrix": (15, 14)},
    "av1_luma_restoration": {"cdef": (2, 1, ((5, 60), (1, 2))), "restoration": ((3, 0, 0), "10")},
    "av1_no_restoration": {"restoration": ((0, 0, 0), ""), "order": None},
    "av1_intrabc": {"choose_screen": 1, "frame_screen": 1, "intrabc": 1, "cdef": CDEF, "delta_q": 1,
                    "restoration": ((1, 2, 3), "10"), "superres": 1},
    "av1_lossless": {"q": 0, "lossless": 1, "cdef": CDEF, "restoration": ((1, 2, 3), "10")},
    "av1_lossless_segments": {"q": 60, "lossless": 1, "segments": ({0: -60},) * 8, "cdef": CDEF},
    "av1_lossy_segments": {"q": 0, "segments": ({},) * 7 + ({0: 1},), "cdef": (0, 0, ((1, 1),))},
    "av1_still": {"still": 1, "reduced": 1, "order": None},
    "av1_tiles": {**FOUR, "group": b"\x00" + FOUR_TILES},
    "av1_tiles_explicit": {"tiles": "0" + "01" + "10" + "0" + "11", "tile_id": ((2, 1), (2, 1)),
                           "group": b"\x00" + FOUR_TILES},
}

# Of an intra frame force_integer_mv is 1, of a shown key frame error_resilient_mode (5.9.2): ffmpeg 5 does not know.
# And it gives all tiles in one buffer.
NOT_AS_FFMPEG = {"pic_info_fields.bits.force_integer_mv"}
NOT_EITHER = {"av1_still": {"pic_info_fields.bits.error_resilient_mode"},
              **{name: {"slice_data_offset", "buffer av1 vld data size", "hex"}
                 for name in ("av1_tiles", "av1_tiles_explicit")}}


def check_whole(checks, folder):
    for name, changes in WHOLE.items():
        data = stream(**changes)
        fields, complaints = streams.trace(b"AV01", (256, 256), data)
        checks.that(fields and not complaints, f"{name}: the test's own stream parses: {complaints}")
        done, _, decoded = dump("--codec", "av1", knobs=offer(folder, data))
        checks.that(results(done.stdout) == ["ok"], f"{name}: {done.stdout.strip()}")
        streams.check_golden(checks, name, decoded.lines if decoded else [])
        streams.check_as_ffmpeg(checks, name, "av1", (256, 256), data, offer(folder, data),
                                NOT_AS_FFMPEG | NOT_EITHER.get(name, set()))


def check_tile_groups(checks, folder):
    """Three groups of four tiles; the first of one tile."""
    groups = [Bits().put(1, 1).put(2, a).put(2, b).bytes() for a, b in ((0, 0), (1, 2), (3, 3))]
    bodies = [tile(40, 1), sized(50, 3) + tile(60, 5), tile(70, 7)]
    units = [D, S, frame_unit(HEADER, **FOUR), *(obu(TILES, g + t) for g, t in zip(groups, bodies))]
    fields, complaints = streams.trace(b"AV01", (256, 256), b"".join(units))
    checks.that(fields and not complaints, f"tile groups: the test's own stream parses: {complaints}")
    done, _, decoded = dump("--codec", "av1", knobs=offer(folder, b"".join(units)))
    checks.that(results(done.stdout) == ["ok"], f"tile groups: {done.stdout.strip()}")
    got = [(int(f["tile_row"]), int(f["tile_column"]), int(f["slice_data_size"]))
           for kind, f in decoded.buffers if kind == "slice"]
    checks.same(got, [(0, 0, 40), (0, 1, 50), (1, 0, 60), (1, 1, 70)], "tile groups: tiles in order")
    data = [f["hex"] for kind, f in decoded.buffers if kind == "data"]
    checks.same(data, [tile(32, seed).hex() for seed in (1, 3, 5, 7)], "tile groups: their data")
    swapped = units[:3] + [units[4], units[3], units[5]]
    done = probe("--codec", "av1", knobs=offer(folder, b"".join(swapped)))
    checks.that("the AV1 tiles are cut off" in done.stdout, f"groups in disorder: {done.stdout.strip()}")


def check_large(checks, folder):
    """More than one tile's area: then a tile's height has a limit of its own (5.9.15)."""
    size = (4096, 2306)
    heights = "1111" * 4  # ns(9) of 8, four times; of the fifth there is nothing to say
    changes = {"width": size[0], "height": size[1], "tiles": "0" + "111111" + heights,
               "tile_id": ((3, 4), (2, 1)), "group": b"\x00" + sized(50, 3) * 4 + tile(60, 5)}
    data = stream(**changes)
    fields, complaints = streams.trace(b"AV01", size, data)
    checks.that(fields and not complaints, f"{size}: the test's own stream parses: {complaints}")
    done, _, decoded = dump("--codec", "av1", *at(size), knobs={**offer(folder, data, size), "CHECK": 0})
    pic = decoded.fields("picture") if decoded else {}
    checks.that(results(done.stdout) == ["ok"] and pic.get("height_in_sbs_minus_1", "").startswith("8 8 8 8 0 0"),
                f"{size}, tiles of nine superblocks: {done.stdout.strip()}")
    checks.same([pic.get(name) for name in ("tile_cols", "tile_rows", "context_update_tile_id")], ["1", "5", "4"],
                f"{size}: five tiles")


def log2_of(value):
    return (value - 1).bit_length()


def check_packed(checks, size, tiles=(1, 1)):
    """The units that the driver gets, and the tile group that it adds."""
    _, encoded, _ = dump("--codec", "av1", *at(size), knobs={"CHECK": 0})
    seq, pic, packed = encoded.numbers("sequence"), encoded.numbers("picture"), encoded.packed()
    checks.same([kind for kind, _, _ in packed], [PACKED_RAW, PACKED_SEQUENCE, PACKED_PICTURE],
                f"{size}: delimiter, sequence header, frame header")
    checks.same([data[0] >> 3 for _, _, data in packed], [DELIMITER, SEQUENCE, HEADER], f"{size}: in this order")
    checks.that(all(bits == 8 * len(data) for _, bits, data in packed), f"{size}: whole bytes")
    checks.that(all(data[1] & data[2] & data[3] & 0x80 and not data[4] & 0x80 for _, _, data in packed[1:]),
                f"{size}: sizes of four bytes")
    n = tiles[0] * tiles[1]
    group = b"".join((9).to_bytes(4, "little") + tile(10) for _ in range(n - 1)) + tile(10)
    group = (b"\x00" if n > 1 else b"") + group
    fields, complaints = streams.trace(b"AV01", size, b"".join(d for _, _, d in packed) + obu(TILES, group))
    checks.that(not complaints, f"{size}: the packed headers parse: {complaints}")
    wanted = {"max_frame_width_minus_1": size[0] - 1, "max_frame_height_minus_1": size[1] - 1,
              "seq_level_idx[0]": seq["seq_level_idx"], "order_hint_bits_minus_1": seq["order_hint_bits_minus_1"],
              "frame_type": pic["picture_flags.bits.frame_type"], "show_frame": 1,
              "base_q_idx": pic["base_qindex"], "tx_mode": pic["mode_control_flags.bits.tx_mode"],
              "tile_cols_log2": log2_of(tiles[0]), "tile_rows_log2": log2_of(tiles[1]),
              **{f"enable_{tool}": seq[f"seq_fields.bits.enable_{tool}"] for tool in
                 ("filter_intra", "intra_edge_filter", "interintra_compound", "masked_compound", "warped_motion",
                  "dual_filter", "order_hint", "superres", "cdef", "restoration")},
              "loop_filter_level[0]": 0, "loop_filter_level[1]": 0, "segmentation_enabled": 0}
    checks.same({name: first(fields, name) for name in wanted}, wanted,
                f"{size}: the packed headers say what the parameter buffers say")
    blocks = [(length + 63) // 64 for length in size]
    for name, count, total in (("width", tiles[0], blocks[0]), ("height", tiles[1], blocks[1])):
        got = [int(v) + 1 for v in encoded.fields("picture")[f"{name}_in_sbs_minus_1"].split()][:count]
        checks.that(sum(got) == total, f"{size}: {name} of the tiles: {got} of {total}")
    checks.same((pic["tile_cols"], pic["tile_rows"], encoded.numbers("slice")["tg_end"]), (*tiles, n - 1),
                f"{size}: {n} tiles")


# VAConfigAttribEncAV1Ext2; then the bytes of obu_size, the bytes of a tile's size, the transform mode.
WISHES = [("0xffaf", 4, 4, 1), ("0xffcf", 4, 4, 2), ("0xffff", 4, 4, 2), ("0x20", 1, 1, 1), ("0x2d", 4, 2, 1),
          ("0x80000000", 4, 4, 2)]


def check_wishes(checks):
    for value, obu_bytes, tile_bytes, mode in WISHES:
        _, encoded, _ = dump("--codec", "av1", *at((4098, 128)), knobs={"AV1_EXT2": value, "CHECK": 0})
        units = [data for _, _, data in encoded.packed()]
        got = [next(i for i in range(1, 9) if not data[i] & 0x80) for data in units[1:]]
        checks.same(got, [obu_bytes] * 2, f"AV1_EXT2 {value}: bytes of obu_size")
        group = b"\x00" + (9).to_bytes(tile_bytes, "little") + tile(20)
        fields, complaints = streams.trace(b"AV01", (4098, 128), b"".join(units) + obu(TILES, group))
        checks.that(not complaints, f"AV1_EXT2 {value}: the headers parse: {complaints}")
        checks.same((first(fields, "tile_size_bytes_minus1"), first(fields, "tx_mode"),
                     encoded.numbers("picture")["mode_control_flags.bits.tx_mode"]),
                    (tile_bytes - 1, mode, mode), f"AV1_EXT2 {value}: bytes of a tile's size, transform mode")


def check_synthetic(checks, folder, size):
    done = probe("--codec", "av1", *at(size), knobs={"SAVE": folder})
    data = (Path(folder) / f"AV1Profile0_{size[0]}x{size[1]}.bin").read_bytes()
    fields, complaints = streams.trace(b"AV01", size, data)
    checks.that(results(done.stdout) == ["ok"] and not complaints and
                first(fields, "max_frame_width_minus_1") == size[0] - 1 and first(fields, "base_q_idx") == 100,
                f"{size}: {done.stdout.strip()}: the stream parses: {complaints}")


# What ffmpeg reads from a stream, and where the same is in the buffers that decode it.
SAME = {"enable_filter_intra": "seq_info_fields.fields.enable_filter_intra",
        "enable_intra_edge_filter": "seq_info_fields.fields.enable_intra_edge_filter",
        "enable_masked_compound": "seq_info_fields.fields.enable_masked_compound",
        "enable_cdef": "seq_info_fields.fields.enable_cdef", "order_hint_bits_minus_1": "order_hint_bits_minus_1",
        "disable_cdf_update": "pic_info_fields.bits.disable_cdf_update",
        "disable_frame_end_update_cdf": "pic_info_fields.bits.disable_frame_end_update_cdf",
        "allow_screen_content_tools": "pic_info_fields.bits.allow_screen_content_tools",
        "base_q_idx": "base_qindex", "segmentation_enabled": "seg_info.segment_info_fields.value",
        "delta_q_present": "mode_control_fields.bits.delta_q_present_flag",
        "loop_filter_level[2]": "filter_level_u", "loop_filter_level[3]": "filter_level_v",
        "loop_filter_sharpness": "loop_filter_info_fields.bits.sharpness_level",
        "loop_filter_delta_enabled": "loop_filter_info_fields.bits.mode_ref_delta_enabled",
        "cdef_damping_minus_3": "cdef_damping_minus_3", "cdef_bits": "cdef_bits",
        "tx_mode": "mode_control_fields.bits.tx_mode", "reduced_tx_set": "mode_control_fields.bits.reduced_tx_set_used"}


def check_recorded(checks, folder):
    knobs = streams.record(folder, "av1")
    for size in streams.SIZES:
        done, _, decoded = dump("--codec", "av1", *at(size), knobs={**knobs, "DEC_STRICT": 1})
        checks.that(results(done.stdout) == ["ok"] and streams.psnr(done.stdout) == 100,
                    f"recorded {size}: {done.stdout.strip()}")
        data = (knobs["STREAMS"] / f"av1_{size[0]}x{size[1]}.bin").read_bytes()
        fields, _ = streams.trace(b"AV01", size, data)
        pic = decoded.numbers("picture")
        there = {k: v for k, v in SAME.items() if first(fields, k) is not None}
        checks.that(len(there) >= 12, f"recorded {size}: {len(there)} fields to compare")
        checks.same({k: pic[v] for k, v in there.items()}, {k: first(fields, k) for k in there},
                    f"recorded {size}: decoded with what ffmpeg reads")
        levels = [first(fields, f"loop_filter_level[{i}]") or 0 for i in range(2)]
        checks.same(decoded.fields("picture")["filter_level"], " ".join(map(str, levels)), f"recorded {size}: luma")
        checks.same((pic["frame_width_minus1"] + 1, pic["frame_height_minus1"] + 1), size, f"recorded {size}: size")
        found = b"".join(bytes.fromhex(f["hex"]) for kind, f in decoded.buffers if kind == "data")
        checks.that(found in data and data.endswith(data[data.index(found):]) and
                    len(data) - data.index(found) == int(decoded.fields("slice")["slice_data_size"]),
                    f"recorded {size}: the tile is the end of the stream")
        streams.check_as_ffmpeg(checks, f"recorded {size}", "av1", size, data, knobs, NOT_AS_FFMPEG)
        quality = streams.soft_psnr(b"AV01", data, size, Path(folder) / "pictures" / f"{size[0]}x{size[1]}.nv12")
        checks.that(quality > 30, f"recorded {size}: the picture survives libaom: {quality:.1f} dB")


def main(checks):
    streams.check_faults(checks, "av1", FAULTS, ({"CODED_SIZE.av1": 0}, {"FAIL.av1": "EndPicture:24"}))
    for size in ((256, 256), (250, 190)):
        streams.check_golden_buffers(checks, "av1", size)
    for size in (*streams.SIZES, (4096, 2304)):
        check_packed(checks, size)
    check_packed(checks, (4098, 128), (2, 1))
    check_packed(checks, (4096, 2306), (1, 2))
    check_wishes(checks)
    with tempfile.TemporaryDirectory() as folder:
        for size in streams.SIZES:
            check_synthetic(checks, folder, size)
    for check in (check_refused, check_whole, check_tile_groups, check_large, check_recorded):
        with tempfile.TemporaryDirectory() as folder:
            check(checks, folder)


if __name__ == "__main__":
    result = Checks()
    main(result)
    result.end()

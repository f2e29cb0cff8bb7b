# SPDX-License-Identifier: Apache-2.0
"""Writes AV1 streams of one key frame, right or wrong, field by field (5.5, 5.9 of the specification)."""
from streams import Bits

SEQUENCE, DELIMITER, HEADER, TILES, METADATA, FRAME = 1, 2, 3, 4, 5, 6

# Of a stream that the driver might hand out: the fields of its headers.
NORMAL = {"profile": 0, "still": 0, "reduced": 0, "timing": None, "points": ((0, 8, 0),), "delays": 0,
          "width": 256, "height": 256, "bits": (16, 16), "ids": None, "sb128": 0, "intra": (0, 0),
          "tools": (0, 0, 0, 0), "order": (0, 0, 7), "choose_screen": 0, "screen": 0, "choose_integer": 0,
          "superres": 0, "cdef": None, "restoration": None, "deep": 0, "mono": 0, "color": None, "range": 0,
          "separate": 0, "grain": None,
          "existing": 0, "type": 0, "shown": 1, "no_cdf": 0, "frame_screen": 0, "integer": 0, "override": None,
          "hint": 0, "scale": 0, "render": None, "intrabc": 0, "no_end": 0, "tiles": "100", "tile_id": (),
          "q": 90, "q_deltas": (0, 0, 0), "v_deltas": None, "matrix": None, "segments": None, "delta_q": None,
          "delta_lf": None, "levels": (0, 0), "sharpness": 0, "deltas": None, "select": 1, "reduced_tx": 0,
          "group": True, "coded": None}


def leb(value, size=1):
    out = []
    for i in range(max(size, 8)):
        value, low = value >> 7, value & 0x7f
        more = value > 0 or i + 1 < size
        out.append(low | more << 7)
        if not more:
            return bytes(out)


def obu(kind, payload, size=4, extension=None, sized=True):
    head = bytes([kind << 3 | (extension is not None) << 2 | sized << 1])
    head += b"" if extension is None else bytes([extension])
    return head + (leb(len(payload), size) if sized else b"") + payload


def trailing(b):
    return b.put(1, 1).bytes()


def sequence(**changes):
    f = {**NORMAL, **changes}
    b = Bits().put(3, f["profile"]).put(1, f["still"]).put(1, f["reduced"])
    if f["reduced"]:
        b.put(5, f["points"][0][1])
    else:
        b.put(1, f["timing"] is not None)
        if f["timing"] is not None:
            b.put(32, 1).put(32, 60).put(1, 1).put(7, 0b0001011).put(1, f["timing"])  # uvlc: 10
        b.put(1, f["delays"]).put(5, len(f["points"]) - 1)
        for idc, level, tier in f["points"]:
            b.put(12, idc).put(5, level).put(1 if level > 7 else 0, tier)
            if f["delays"]:
                b.put(1, 1).put(4, 9)
    b.put(4, f["bits"][0] - 1).put(4, f["bits"][1] - 1)
    b.put(f["bits"][0], f["width"] - 1).put(f["bits"][1], f["height"] - 1)
    if not f["reduced"]:
        b.put(1, f["ids"] is not None)
        if f["ids"] is not None:
            b.put(4, 3).put(3, 2)  # 5 and 3 more bits
    b.put(1, f["sb128"]).put(1, f["intra"][0]).put(1, f["intra"][1])
    if not f["reduced"]:
        for tool in f["tools"]:
            b.put(1, tool)
        b.put(1, f["order"] is not None)
        if f["order"] is not None:
            b.put(1, f["order"][0]).put(1, f["order"][1])
        b.put(1, f["choose_screen"])
        if not f["choose_screen"]:
            b.put(1, f["screen"])
        if f["choose_screen"] or f["screen"]:
            b.put(1, f["choose_integer"])
            if not f["choose_integer"]:
                b.put(1, 0)
        if f["order"] is not None:
            b.put(3, f["order"][2])
    b.put(1, f["superres"]).put(1, f["cdef"] is not None).put(1, f["restoration"] is not None)
    b.put(1, f["deep"]).put(1, f["mono"]).put(1, f["color"] is not None)
    for value in f["color"] or ():
        b.put(8, value)
    b.put(1, f["range"]).put(2, 1).put(1, f["separate"]).put(1, f["grain"] is not None)
    return trailing(b)


def put_delta(b, value):
    b.put(1, value != 0)
    if value:
        b.put(7, value & 0x7f)


def put_segments(b, segments):
    b.put(1, segments is not None)
    for features in segments or ():
        for i, width in enumerate((9, 7, 7, 7, 7, 3, 0, 0)):
            b.put(1, i in features)
            if i in features:
                b.put(width, features[i] & ((1 << width) - 1))


def put_filters(b, f):
    if f["intrabc"] or f.get("lossless"):
        return
    b.put(6, f["levels"][0]).put(6, f["levels"][1])
    if f["levels"][0] or f["levels"][1]:
        b.put(6, f["levels"][2]).put(6, f["levels"][3])
    b.put(3, f["sharpness"]).put(1, f["deltas"] is not None)
    if f["deltas"] is not None:
        b.put(1, bool(f["deltas"]))
        for d in f["deltas"]:
            b.put(1, d is not None)
            if d is not None:
                b.put(7, d & 0x7f)
    if f["cdef"]:
        damping, bits, strengths = f["cdef"]
        b.put(2, damping).put(2, bits)
        for y, uv in strengths:
            b.put(6, y).put(6, uv)
    if f["restoration"]:
        for kind in f["restoration"][0]:
            b.put(2, kind)
        b.text += f["restoration"][1]


def header(**changes):
    """The bits of uncompressed_header()."""
    f = {**NORMAL, **changes}
    b = Bits()
    if not f["reduced"]:
        b.put(1, f["existing"]).put(2, f["type"]).put(1, f["shown"])
    b.put(1, f["no_cdf"])
    screen = f["frame_screen"] if f["choose_screen"] or f["reduced"] else f["screen"]
    if f["choose_screen"] or f["reduced"]:
        b.put(1, screen)
    if screen and (f["choose_integer"] or f["reduced"]):
        b.put(1, f["integer"])
    if f["ids"] is not None:
        b.put(8, f["ids"])
    if not f["reduced"]:
        b.put(1, f["override"] is not None)
        if f["order"] is not None:
            b.put(f["order"][2] + 1, f["hint"])
    if f["override"]:
        b.put(f["bits"][0], f["override"][0] - 1).put(f["bits"][1], f["override"][1] - 1)
    if f["superres"]:
        b.put(1, f["scale"])
    b.put(1, f["render"] is not None)
    if f["render"]:
        b.put(16, f["render"][0] - 1).put(16, f["render"][1] - 1)
    if screen:
        b.put(1, f["intrabc"])
    if not f["reduced"] and not f["no_cdf"]:
        b.put(1, f["no_end"])
    b.text += f["tiles"]
    for width, value in f["tile_id"]:
        b.put(width, value)
    b.put(8, f["q"])
    put_delta(b, f["q_deltas"][0])
    if f["separate"]:
        b.put(1, f["v_deltas"] is not None)
    for d in (*f["q_deltas"][1:], *(f["v_deltas"] or ())):
        put_delta(b, d)
    b.put(1, f["matrix"] is not None)
    if f["matrix"]:
        b.put(4, f["matrix"][0]).put(4, f["matrix"][1])
        if f["separate"]:
            b.put(4, f["matrix"][2])
    put_segments(b, f["segments"])
    if f["q"]:
        b.put(1, f["delta_q"] is not None)
        if f["delta_q"] is not None:
            b.put(2, f["delta_q"])
            if not f["intrabc"]:
                b.put(1, f["delta_lf"] is not None)
            if f["delta_lf"]:
                b.put(2, f["delta_lf"][0]).put(1, f["delta_lf"][1])
    put_filters(b, f)
    if not f.get("lossless"):
        b.put(1, f["select"])
    b.put(1, f["reduced_tx"])
    if f["grain"] is not None:
        b.put(1, f["grain"])
    return b


def tile(n, seed=1):
    return bytes(1 + (i * seed) % 120 for i in range(n))


def stream(group=None, units=None, **changes):
    """Delimiter, sequence header, and a frame with one tile, or what is given of them."""
    units = units or [obu(DELIMITER, b"", 1), obu(SEQUENCE, sequence(**changes)),
                      obu(FRAME, header(**changes).bytes() + (tile(300) if group is None else group))]
    return b"".join(units)

# SPDX-License-Identifier: Apache-2.0
"""A stream's headers with what encoders seldom write (ITU-T H.265, 7.3). The slice has no real
data: nothing but headers can be read of it."""


class Writer:
    """Bits and NAL units, independent of the probe's."""

    def __init__(self):
        self.bits = ""

    def u(self, n, value=0):
        self.bits += format(value, f"0{n}b")

    def ue(self, *values):
        for value in values:
            self.bits += "0" * ((value + 1).bit_length() - 1) + format(value + 1, "b")

    def se(self, *values):
        self.ue(*(2 * v - 1 if v > 0 else -2 * v for v in values))

    def unit(self, kind, data=b""):
        self.bits += "1"
        self.bits += "0" * (-len(self.bits) % 8)
        out, zeros = bytearray((0, 0, 0, 1, kind << 1, 1)), 0
        for byte in int(self.bits, 2).to_bytes(len(self.bits) // 8, "big") + data:
            if zeros >= 2 and byte <= 3:
                out.append(3)
                zeros = 0
            zeros = zeros + 1 if byte == 0 else 0
            out.append(byte)
        return bytes(out)


def write_layers(w):
    """7.3.3 and the start of the set: three temporal layers, one with a profile, one a level."""
    w.u(2, 0), w.u(1, 0), w.u(5, 1), w.u(32, 0x60000000), w.u(4, 0b1011), w.u(44, 0), w.u(8, 120)
    w.u(4, 0b1001), w.u(12, 0), w.u(88, 1 << 80), w.u(8, 90)


def rare_vps():
    w = Writer()
    w.u(16, 0x0c25), w.u(16, 0xffff)
    write_layers(w)
    w.u(1, 0), w.ue(4, 2, 5), w.u(6, 0), w.ue(0), w.u(1, 0), w.u(1, 0)
    return w.unit(32)


def rare_sps():
    w = Writer()
    w.u(4, 0), w.u(3, 2), w.u(1, 1)
    write_layers(w)
    w.ue(3, 1, 272, 288)
    w.u(1, 1), w.ue(2, 6, 4, 12)  # the window: 256x256 of 272x288
    w.ue(0, 0, 9)
    w.u(1, 1), w.ue(1, 0, 0, 2, 1, 0, 4, 2, 5)  # of each layer
    w.ue(0, 1, 0, 2, 1, 2)  # blocks of 16, coding from 8, transforms of 4 to 16
    w.u(1, 0), w.u(1, 1), w.u(1, 1)
    w.u(1, 1), w.u(4, 6), w.u(4, 5), w.ue(0, 1), w.u(1, 1)  # PCM
    w.ue(3)
    w.ue(2, 1), w.ue(0), w.u(1, 1), w.ue(1), w.u(1, 0), w.ue(0), w.u(1, 1)
    w.u(1, 1), w.u(1, 1), w.ue(0)  # of the set before it: this one is used, that one kept, …
    w.u(1, 1), w.u(2, 0b01), w.u(2, 0b00), w.u(1, 1)
    w.u(1, 0), w.ue(1, 0), w.ue(4), w.u(1, 1)
    w.u(1, 1), w.ue(2), w.u(13, 77), w.u(1, 1), w.u(13, 99), w.u(1, 0)  # long-term
    w.u(1, 1), w.u(1, 1), w.u(1, 0), w.u(1, 0)
    return w.unit(33)


def rare_pps(uniform):
    w = Writer()
    w.ue(5, 3)
    w.u(1, 1), w.u(1, 1), w.u(3, 2), w.u(1, 1), w.u(1, 1), w.ue(3, 2), w.se(-7)
    w.u(1, 1), w.u(1, 1), w.u(1, 1), w.ue(1), w.se(-3, 5), w.u(1, 1)
    w.u(1, 1), w.u(1, 1), w.u(1, 1), w.u(1, 1), w.u(1, 0)
    w.ue(2, 1), w.u(1, uniform)  # 3 x 2 tiles
    if not uniform:
        w.ue(4, 5, 10)
    w.u(1, 0)  # the loop filter stops at tiles
    w.u(1, 1)
    w.u(1, 1), w.u(1, 1), w.u(1, 0), w.se(3, -2)  # deblocking
    w.u(1, 0), w.u(1, 1), w.ue(1), w.u(1, 1), w.u(1, 0)
    return w.unit(34)


def rare_slice(override):
    w = Writer()
    w.u(1, 1), w.u(1, 0), w.ue(5), w.u(2, 3), w.ue(2), w.u(1, 1), w.u(1, 1), w.u(1, 0)
    w.se(9, -4, 2), w.u(1, override > 0)
    if override:
        w.u(1, override == 2)
        if override == 1:
            w.se(-5, 6)
    w.u(1, 0)
    w.ue(5), w.ue(23)
    for offset in (70, 1, 99, 3, 131072):
        w.u(24, offset - 1)
    w.ue(6), w.u(48, 0x20001)  # an extension, of no meaning
    return w.unit(19, bytes(range(1, 256)) * 3)

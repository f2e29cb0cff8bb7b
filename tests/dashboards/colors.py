# SPDX-License-Identifier: Apache-2.0
"""Measures of what is read: contrast of colours (WCAG 2), how far apart they are for people who see red and green
alike (the matrices of Machado, Oliveira and Fernandes), and how wide a text is."""

# Grafana's panels, light and dark, and what it writes on a colour: white where the brightness is below 180.
PANELS = ("#ffffff", "#181b1f")
WHITE, BLACK = (247, 248, 250), (32, 34, 38)
DEUTERANOPIA = ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881))
PROTANOPIA = ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998))


def rgb(color):
    return tuple(int(color[i:i + 2], 16) for i in (1, 3, 5))


def linear(color):
    return [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in color)]


def contrast(one, other):
    bright, dim = sorted((sum(w * c for w, c in zip((0.2126, 0.7152, 0.0722), linear(color)))
                          for color in (one, other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def on_tile(color):
    """Contrast of the text that Grafana writes on it."""
    red, green, blue = rgb(color)
    return contrast(rgb(color), WHITE if (299 * red + 587 * green + 114 * blue) / 1000 < 180 else BLACK)


def lab(color, sight=None):
    seen = linear(rgb(color))
    if sight:
        seen = [min(max(sum(w * c for w, c in zip(line, seen)), 0), 1) for line in sight]
    x, y, z = (sum(w * c for w, c in zip(line, seen)) / white for line, white in (
        ((0.4124, 0.3576, 0.1805), 0.9505), ((0.2126, 0.7152, 0.0722), 1), ((0.0193, 0.1192, 0.9505), 1.089)))
    x, y, z = (v ** (1 / 3) if v > 0.008856 else 7.787 * v + 16 / 116 for v in (x, y, z))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one, other):
    """The least difference (CIE 1976) that people of any of the three sights see."""
    return min(sum((a - b) ** 2 for a, b in zip(lab(one, sight), lab(other, sight))) ** 0.5
               for sight in (None, DEUTERANOPIA, PROTANOPIA))


def width(text):
    """Pixels of a title or a heading: Grafana's font of 14 pixels, a little too much."""
    return sum(4.6 if c in "ijlft.,:'|() I" else 12 if c in "mwMW%" else 9.6 if c.isupper() else 8 for c in text)

# SPDX-License-Identifier: Apache-2.0
"""A strict reader of the text format 0.0.4, stricter than Prometheus' own: it takes nothing that the
format leaves open, and knows what the exporter promises besides."""
import math
import re

SERIES = re.compile(r'([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{((?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*",?)*)\})? (\S+)')
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)')
VALUE = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


class Exposition:
    """One text: `wrong` has what is wrong with it, `values` {(name, labels): value}, `types` {name: type}."""

    def __init__(self, body):
        self.wrong, self.values, self.types = [], {}, {}
        self._family, self._seen, self._helped = None, set(), None
        try:
            text = body.decode("utf-8")
        except UnicodeDecodeError as e:
            self.wrong.append(f"no UTF-8: {e}")
            return
        if not text.endswith("\n"):
            self.wrong.append(f"the last line is not whole: {text[-80:]!r}")
        found = CONTROL.search(text)
        if found:
            self.wrong.append(f"a control character: {text[max(0, found.start() - 60):found.end()]!r}")
        for line in text.split("\n")[:-1]:
            (self._comment if line.startswith("#") else self._sample)(line)
        if self._family and not self._filled:
            self.wrong.append(f"a family without samples: {self._family}")

    def _comment(self, line):
        words = line.split(" ", 3)
        if len(words) < 4 or words[0] != "#" or words[1] not in ("HELP", "TYPE"):
            self.wrong.append(f"no comment of the format: {line}")
        elif words[1] == "HELP":
            if self._helped:
                self.wrong.append(f"HELP without TYPE: {self._helped}")
            if self._family and not self._filled:
                self.wrong.append(f"a family without samples: {self._family}")
            self._helped, self._family = words[2], None
        else:
            if words[2] != self._helped or words[2] in self._seen:
                self.wrong.append(f"TYPE that does not follow its HELP, or a second one: {line}")
            if words[3] not in ("counter", "gauge"):
                self.wrong.append(f"unknown type: {line}")
            self.types[words[2]] = words[3]
            self._family, self._helped, self._filled = words[2], None, False
            self._seen.add(words[2])

    _filled = False

    def _sample(self, line):
        match = SERIES.fullmatch(line)
        if not match:
            self.wrong.append(f"no sample: {line!r}")
            return
        name, text, number = match.groups()
        labels = LABEL.findall(text or "")
        if name != self._family:
            self.wrong.append(f"outside of its family: {line}")
        if text is not None and (not labels or "".join(f'{k}="{v}"{end}' for k, v, end in labels) != text or
                                 labels[-1][2]):
            self.wrong.append(f"labels: {line}")
        if len({key for key, *_ in labels}) != len(labels):
            self.wrong.append(f"a label twice: {line}")
        if not VALUE.fullmatch(number) or not math.isfinite(float(number)):
            self.wrong.append(f"value: {line}")
            return
        # A label that is empty is one that is not there.
        series = name, frozenset((key, value) for key, value, _ in labels if value)
        if series in self.values:
            self.wrong.append(f"twice: {line}")
        if self.types.get(name) == "counter" and float(number) < 0:
            self.wrong.append(f"a counter below 0: {line}")
        self.values[series] = float(number)
        self._filled = True

    def falls(self, last):
        """Counters that are lower than in last, {series: value}, which is brought up to date."""
        fallen = []
        for series, value in self.values.items():
            if self.types.get(series[0]) != "counter":
                continue
            if value < last.get(series, 0):
                fallen.append(f"{series} fell from {last[series]} to {value}")
            last[series] = value
        return fallen

// SPDX-License-Identifier: Apache-2.0
// What a GPU uses, how hot it is, its memory and its slot: mostly of discrete cards. No sensor, no row.
import { list, mark, part, soft, words } from "./elements.js";
import { bytes, known, percent, unit } from "./metrics.js";

const watts = (v) => unit(v.toFixed(v < 10 ? 1 : 0), "W");
const degrees = (v) => unit(v.toFixed(0), "°C");
const NAMES = { __proto__: null, pkg: "GPU", vram: "memory", mctrl: "memory controller", pcie: "slot" };
const NEARLY = 0.95; // of the limit, as for the alerts

const of = (limit, write) => (known(limit) ? soft(` of ${write(limit)}`) : null);
const warn = (ratio, text) => (ratio > NEARLY ? [" ", mark("warn", text)] : null);

// The whole card, or as much of it as has a sensor.
function power(reading, pci) {
  const all = reading.find("energy_joules_total", { pci }).filter((s) => known(s.rate));
  const s = ["card", "pkg", "gpu"].map((sensor) => all.find((one) => one.labels.sensor === sensor)).find(Boolean);
  if (!s) return null;
  const { sensor } = s.labels;
  const limit = ["max", "cap"]
    .map((name) => reading.value("power_limit_watts", { pci, sensor, limit: name }))
    .find(known);
  return [watts(s.rate), of(limit, watts), warn(s.rate / limit, "at its limit")];
}

function temperature(reading, pci) {
  const found = reading.find("temperature_celsius", { pci }).sort((a, b) => b.value - a.value);
  if (!found.length) return null;
  const limits = reading.find("temperature_limit_celsius", { pci }).filter((s) => s.labels.limit !== "emergency");
  const hot = found.some((s) => limits.some((l) => l.labels.sensor === s.labels.sensor && s.value > l.value - 3));
  const name = ({ labels: l, value }) => `${NAMES[l.sensor] ?? l.sensor} ${degrees(value)}`;
  const [hottest, ...rest] = found;
  return [name(hottest), hot ? [" ", mark("warn", "hot")] : null, " ", soft(words(...rest.map(name)))];
}

const sum = (found) => (found.length ? found.reduce((all, s) => all + s.value, 0) : undefined);

function memory(reading, pci) {
  const [size, used] = ["size", "used"].map((name) => sum(reading.find(`memory_${name}_bytes`, { pci })));
  if (!known(size)) return null;
  if (!known(used)) return [bytes(size)];
  return [bytes(used), of(size, bytes), soft(`, ${percent(used / size)}`), warn(used / size, "nearly full")];
}

function slot(reading, pci) {
  const link = (kind) => {
    const speed = reading.value(`pcie_link_${kind}speed_transfers_per_second`, { pci });
    const width = reading.value(`pcie_link_${kind}width`, { pci });
    return known(speed) && known(width) ? unit(speed / 1e9, "GT/s") + ` × ${width}` : undefined;
  };
  const [now, most] = [link(""), link("max_")];
  const bar = reading.value("bar_size_bytes", { pci, bar: "2" });
  const small = bar < (sum(reading.find("memory_size_bytes", { pci })) ?? 2 ** 28 + 1);
  const lost = sum(reading.find("pcie_errors_total", { pci }).filter((s) => s.labels.severity !== "correctable"));
  const rows = [now, most && most !== now ? of(most, String) : null];
  if (small) rows.push(" ", mark("warn", `BAR of ${bytes(bar)}`));
  if (lost) rows.push(" ", mark("warn", unit(lost, lost === 1 ? "error" : "errors")));
  return now || small || lost ? rows : null;
}

export function card(reading, pci) {
  const fans = reading.find("fan_speed_rpm", { pci }).map((s) => unit(s.value.toFixed(0), "rpm"));
  const rows = [
    ["Power", power(reading, pci)],
    ["Temperature", temperature(reading, pci)],
    [fans.length > 1 ? "Fans" : "Fan", fans.length ? words(...fans) : null],
    ["Memory", memory(reading, pci)],
    ["Slot", slot(reading, pci)],
  ].filter(([, content]) => content);
  return rows.length ? part("Power, heat, memory", list(rows)) : null;
}

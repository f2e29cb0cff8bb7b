// SPDX-License-Identifier: Apache-2.0
// The exposition as data, rates as differences of two readings, and numbers as people read them.
// What is not exported is undefined, and a dash: never a 0.

export const INTERVAL_MS = 5000;
const GAP_MS = 3 * INTERVAL_MS; // longer ago is no base for a rate of now
export const DASH = "–";
export const NBSP = "\u00a0";

/* ---- the exposition ---- */

const ESCAPES = { __proto__: null, n: "\n", '"': '"', "\\": "\\" };
const NUMBERS = { __proto__: null, "+Inf": Infinity, Inf: Infinity, "-Inf": -Infinity };

// The samples of a text as [{name, labels, value}]; a line that is none is left out.
function parse(text) {
  return text.split("\n").map(parseLine).filter(Boolean);
}

function parseLine(line) {
  const name = /^[a-zA-Z_:][\w:]*/.exec(line)?.[0];
  if (!name) return null;
  const labels = Object.create(null); // a label may be called __proto__
  let at = name.length;
  if (line[at] === "{") {
    const label = /[\s,]*([a-zA-Z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"/y;
    label.lastIndex = ++at;
    for (let match; (match = label.exec(line)); at = label.lastIndex)
      labels[match[1]] = match[2].replace(/\\(.)/g, (all, c) => ESCAPES[c] ?? all);
    const close = /[\s,]*\}/y;
    close.lastIndex = at;
    if (!close.test(line)) return null;
    at = close.lastIndex;
  }
  const word = line.slice(at).trim().split(/\s+/)[0];
  const value = NUMBERS[word] ?? Number(word || NaN);
  return Number.isNaN(value) && word !== "NaN" ? null : { name, labels, value };
}

/* ---- readings, rates and what they were ---- */

export const keyOf = (s) => s.name + JSON.stringify(Object.entries(s.labels).sort());

export class Reading {
  constructor(text, before) {
    this.time = performance.now();
    this.families = new Map();
    this.counters = new Map();
    const base = before && this.time - before.time <= GAP_MS ? before : null;
    for (const sample of parse(text)) {
      if (!this.families.has(sample.name)) this.families.set(sample.name, []);
      this.families.get(sample.name).push(sample);
      if (!sample.name.endsWith("_total")) continue;
      const key = keyOf(sample);
      this.counters.set(key, sample.value);
      // A counter that was not there, or fell (the exporter was restarted), has no rate yet.
      const growth = sample.value - base?.counters.get(key);
      if (growth >= 0) sample.rate = growth / ((this.time - base.time) / 1000);
    }
  }

  // The samples of a family whose labels are these.
  find(name, wanted = {}) {
    return (this.families.get("intel_gpu_" + name) ?? []).filter((s) =>
      Object.entries(wanted).every(([k, v]) => (s.labels[k] ?? "") === (v ?? "")),
    );
  }

  value(name, wanted) {
    return this.find(name, wanted)[0]?.value;
  }
}

const HOUR_MS = 3600000;
const MOST_POINTS = 1.1 * (HOUR_MS / INTERVAL_MS);
const MOST_LINES = 128;

// The hour before now, as long as the page is open. Key of a counter: [{time, rate}]
export const past = new Map();
export const spans = { minutes: 300000, hour: HOUR_MS };

export function remember(reading) {
  for (const sample of reading.find("engine_busy_seconds_total")) {
    const key = keyOf(sample);
    if (!past.has(key) && past.size < MOST_LINES) past.set(key, []);
    past.get(key)?.push({ time: reading.time, rate: sample.rate });
  }
  for (const [key, points] of past) {
    while (reading.time - points[0]?.time > HOUR_MS || points.length > MOST_POINTS) points.shift();
    if (!points.length) past.delete(key);
  }
}

/* ---- names as people say them ---- */

export const CLASSES = {
  __proto__: null,
  video: "Video",
  "video-enhance": "Enhance",
  render: "Render",
  compute: "Compute",
  copy: "Copy",
};
export const kindOf = (word) => (word in CLASSES ? word : "");

const short = ({ model, platform }) => /\[(.+)\]/.exec(model)?.[1] || model || platform || "Intel GPU";

// The address tells twins apart, and is in the details of each.
export function nameOf(reading, pci) {
  const all = reading.find("info").map((s) => s.labels);
  const name = short(all.find((l) => l.pci === pci) ?? {});
  const twins = all.filter((l) => short(l) === name).length > 1;
  return { name, address: twins ? pci : "", full: twins ? `${name}, ${pci}` : name };
}

const KINDS = { __proto__: null, vm: "VM", lxc: "LXC" };

// A workload in two texts: who, and what that is.
export function who({ workload = "", namespace, pod, container, vmid, guest }) {
  const [, word, rest] = /^(\w+)\/(.+)$/s.exec(workload) ?? [];
  const kind = KINDS[word] ?? word;
  if (pod)
    return [pod, `pod in ${namespace || DASH}${container && container !== pod ? ", " + container : ""}`];
  if ((word === "vm" || word === "lxc") && guest) return [guest, unit(kind, vmid || rest)];
  if (word === "user" || KINDS[word]) return [unit(kind, rest), guest];
  return [rest?.replace(/\.service$/, "") ?? (workload || DASH), [kind, guest].filter(Boolean).join(" in ")];
}

/* ---- numbers as people read them ---- */

export const known = (v) => v !== undefined && !Number.isNaN(v);
export const unit = (text, name) => text + NBSP + name;

export function percent(ratio) {
  if (!known(ratio)) return DASH;
  const v = 100 * Math.min(Math.max(ratio, 0), 1);
  return unit(
    v > 0 && v < 0.1 ? "<" + NBSP + "0.1" : v === 0 || v >= 9.95 ? v.toFixed(0) : v.toFixed(1),
    "%",
  );
}

export function bytes(v) {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; v >= 1024 && i < names.length - 1; i++) v /= 1024;
  return unit(v.toFixed(i && v < 10 ? 1 : 0), names[i]);
}

export const megahertz = (v) => (known(v) ? unit((v / 1e6).toFixed(0), "MHz") : DASH);

export function ago(seconds) {
  for (const [size, name] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ])
    if (seconds >= size) return unit(Math.floor(seconds / size), name + " ago");
  return "just now";
}

// SPDX-License-Identifier: Apache-2.0
// Who uses a GPU, and what transcodes on the machine.
import { breakable, details, h, mark, part, table, words } from "./elements.js";
import { bytes, CLASSES, DASH, kindOf, known, percent, unit, who } from "./metrics.js";

const NAMES = ["workload_kind", "workload", "namespace", "pod", "container", "vmid", "guest"];

// The exporter's own tests are nobody's workload.
const OWN = /intel[-_]gpu[-_](exporter|probe)/;

function collect(reading, pci) {
  const all = new Map();
  const row = (s) => {
    const key = JSON.stringify(NAMES.map((k) => s.labels[k] ?? ""));
    return all.get(key) ?? all.set(key, { labels: s.labels, busy: [] }).get(key);
  };
  for (const s of reading.find("clients", { pci })) row(s).clients = s.value;
  for (const s of reading.find("client_memory_bytes", { pci }))
    row(s).memory = (row(s).memory ?? 0) + s.value;
  for (const s of reading.find("client_engine_busy_seconds_total", { pci })) row(s).busy.push(s);
  const total = (w) => w.busy.reduce((sum, s) => sum + (s.rate || 0), 0);
  return [...all.values()].sort((a, b) => total(b) - total(a));
}

function line(reading, pci, { labels, busy, clients, memory }) {
  const [name, kind] = who(labels);
  const engines = busy
    .filter((s) => s.rate > 0.0005)
    .sort((a, b) => b.rate - a.rate)
    .map(({ labels: l, rate }) => {
      const n = reading.value("engines", { pci, class: l.class }) || 1;
      return h(
        "div",
        { class: `swatch ${kindOf(l.class)}` },
        `${CLASSES[l.class] ?? l.class} ${percent(rate / n)}`,
      );
    });
  const about = [
    kind,
    known(clients) && (clients ? clients > 1 && unit(clients, "clients") : "ended"),
    known(memory) && memory > 0 && bytes(memory),
  ];
  return [
    [h("span", { title: labels.workload || undefined }, breakable(name)), " ", h("div.soft", breakable(words(...about)))],
    engines.length ? engines : busy.some((s) => known(s.rate)) ? "idle" : DASH,
  ];
}

export function users(reading, pci) {
  const all = collect(reading, pci);
  if (!all.length) return null;
  const aside = (w) => w.clients === 0 || OWN.test(w.labels.workload);
  const draw = (label, rows) =>
    table(label, ["Name", "#Share of engines"], rows.map((w) => line(reading, pci, w)));
  const [now, rest] = [all.filter((w) => !aside(w)), all.filter(aside)];
  return part(
    "Who uses it",
    now.length ? draw("Who uses it", now) : h("p", "Nobody, now."),
    rest.length
      ? details(
          `rest ${pci}`,
          `Ended, or the exporter's own tests: ${rest.length}`,
          draw("Ended, or the exporter's own tests", rest),
        )
      : null,
  );
}

/* ---- transcodes ---- */

const LABELS = ["application", "acceleration", "workload", "guest"];
const VERDICTS = { __proto__: null, software: "bad", mixed: "warn", hardware: "good" };
const verdict = (word) => VERDICTS[word] ?? "plain";
const worst = (a, b) => rank(a) - rank(b);
const rank = ({ labels }) => (Object.keys(VERDICTS).indexOf(labels.acceleration) + 9) % 9;

export function transcodes(reading) {
  const counts = reading.find("transcodes");
  if (!counts.length) return null;
  const running = counts.filter((s) => s.value > 0).sort(worst);
  const rows = reading.find("transcode_processes").filter((s) => s.value > 0).sort(worst);
  const cores = ({ labels: t }) => {
    const which = Object.fromEntries(LABELS.map((k) => [k, t[k]]));
    return reading.find("transcode_cpu_seconds_total", which)[0]?.rate;
  };
  const owner = ({ labels: l, value }) => {
    const [name, kind] = who(l);
    return [name !== l.application && name, kind, value > 1 && unit(value, "processes")];
  };
  return part(
    "Transcodes",
    h(
      "p.marks",
      running.length
        ? running.map(({ labels: l, value }) => mark(verdict(l.acceleration), `${value} ${l.acceleration}`))
        : "None now.",
    ),
    rows.length
      ? table(
          "Transcodes",
          ["Application", "By", "#Cores"],
          rows.map((s) => [
            [s.labels.application, " ", h("div.soft", breakable(words(...owner(s))))],
            mark(verdict(s.labels.acceleration), s.labels.acceleration),
            cores(s)?.toFixed(2) ?? DASH,
          ]),
        )
      : null,
  );
}

// SPDX-License-Identifier: Apache-2.0
// The engines of a GPU: how busy they are, and were while the page was open.
import { h, part, svg } from "./elements.js";
import { CLASSES, keyOf, kindOf, known, past, percent, spans } from "./metrics.js";

const BUCKETS = 300; // the graph's width; an hour's peak is the largest of its bucket

export const view = { span: "minutes" };
const SPANS = { minutes: ["Last 5 minutes", "5 minutes ago"], hour: ["Last hour", "1 hour ago"] };

function path(points, now) {
  const most = new Map();
  for (const { time, rate } of points) {
    const x = Math.round(BUCKETS * (1 - (now - time) / spans[view.span]));
    const before = most.get(x);
    if (x >= 0) most.set(x, known(rate) ? Math.max(rate, before ?? 0) : before);
  }
  let pen = "M";
  let drawn = "";
  for (const [x, rate] of most) {
    if (known(rate)) drawn += `${pen}${x} ${(100 - 100 * Math.min(rate, 1)).toFixed(1)}`;
    pen = known(rate) ? "L" : "M";
  }
  return drawn;
}

// Nothing where there was nothing: no empty graph.
function graph(engines, now) {
  const lines = engines
    .map(({ name, sample, twin }) => {
      const points = (past.get(keyOf(sample)) ?? []).filter((p) => now - p.time <= spans[view.span]);
      const rates = points.map((p) => p.rate).filter(known);
      return { name, kind: kindOf(sample.labels.class), twin, points, rates, most: Math.max(...rates) };
    })
    .filter(({ rates, most }) => rates.length > 1 && most > 0.0005);
  if (!lines.length) return null;
  const label = lines.map(({ name, most }) => `${name} at most ${percent(most)}`).join(", ");
  const [title, begin] = SPANS[view.span];
  return h(
    "figure",
    { "data-key": "graph" },
    svg(
      "svg",
      {
        viewBox: `0 0 ${BUCKETS} 100`,
        preserveAspectRatio: "none",
        role: "img",
        "aria-label": `${title}: ${label}`,
      },
      svg("path", { class: "grid", d: `M0 0H${BUCKETS}M0 50H${BUCKETS}M0 100H${BUCKETS}` }),
      lines.map(({ kind, twin, points }) =>
        svg("path", { class: `line ${kind} ${twin ? "twin" : ""}`, d: path(points, now) }),
      ),
    ),
    h("figcaption", h("span", begin), h("span", "0 to 100 %"), h("span", "now")),
  );
}

function meter({ name, sample }) {
  const width = (100 * Math.min(sample.rate ?? 0, 1)).toFixed(1);
  const role = known(sample.rate)
    ? {
        role: "meter",
        "aria-label": `${name} busy`,
        "aria-valuemin": 0,
        "aria-valuemax": 100,
        "aria-valuenow": width,
        "aria-valuetext": percent(sample.rate),
      }
    : { role: "img", "aria-label": `${name} busy: not known yet` };
  return h(
    "li",
    { class: `engine ${kindOf(sample.labels.class)}` },
    h("span", { title: sample.labels.engine }, name),
    svg(
      "svg",
      { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", ...role },
      svg("rect", { width, height: 1 }),
    ),
    h("span.value", percent(sample.rate)),
  );
}

const rank = (s) => (Object.keys(CLASSES).indexOf(s.labels.class) + 9) % 9; // unknown ones last

export function engines(reading, pci) {
  const found = reading.find("engine_busy_seconds_total", { pci }).sort((a, b) => rank(a) - rank(b));
  const named = found.map((sample, i) => {
    const { class: kind, engine: id } = sample.labels;
    const same = found.filter((s) => s.labels.class === kind);
    const number = same.length > 1 ? ` ${id.replace(/^\D*/, "")}` : "";
    return { sample, name: `${CLASSES[kind] ?? kind}${number}`, twin: same[0] !== sample };
  });
  if (named.length) return part("Engines, busy", h("ul", named.map(meter)), graph(named, reading.time));
  const there = reading.find("engines", { pci }).filter((s) => s.value > 0);
  return there.length === 0
    ? null
    : part(
        "Engines",
        h("p", there.map((s) => `${s.value} × ${CLASSES[s.labels.class] ?? s.labels.class}`).join(", ")),
        h("p.soft", "How busy they are is not exported."),
      );
}

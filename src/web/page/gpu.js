// SPDX-License-Identifier: Apache-2.0
// One GPU: whether it works, who uses it, what it does. A part whose metrics are absent is not drawn.
import { card } from "./card.js";
import { details, h, list, mark, part, runbook, soft, words } from "./elements.js";
import { encoding } from "./encoding.js";
import { engines } from "./engines.js";
import { addresses, functions, passthrough, vgpus } from "./guests.js";
import { DASH, known, megahertz, nameOf, percent, unit } from "./metrics.js";
import { users } from "./usage.js";

function state(reading, info) {
  const { pci } = info;
  const rows = [];
  const gts = reading.find("frequency_actual_hertz", { pci }).map((s) => s.labels.gt);
  const gtName = (name, gt) => (gts.length > 1 ? `${name}, GT ${gt}` : name);
  for (const gt of gts) {
    const max = reading.value("frequency_max_hertz", { pci, gt });
    const now = reading.value("frequency_actual_hertz", { pci, gt });
    rows.push([
      gtName("Clock", gt),
      [megahertz(now), known(max) ? soft(` of ${megahertz(max)}`) : null],
    ]);
  }
  for (const s of reading.find("rc6_seconds_total", { pci }))
    rows.push([gtName("Asleep (RC6)", s.labels.gt), percent(s.rate)]);
  const suspended = reading.value("runtime_suspended", { pci });
  if (known(suspended)) rows.push(["Runtime power", suspended ? "runtime-suspended" : "on"]);
  const throttled = reading.find("throttled", { pci });
  if (throttled.length) {
    const why = throttled.filter((s) => s.value > 0).map((s) => s.labels.reason);
    rows.push(["Throttled", why.length ? mark("warn", [...new Set(why)].join(", ")) : "no"]);
  }
  const wedged = reading.value("wedged", { pci });
  rows.push(["Driver", [info.driver, wedged ? [" ", mark("bad", "has given the GPU up")] : null]]);
  const resets = reading.value("resets_total", { pci });
  if (resets) rows.push(["Resets", mark("warn", `${resets} since the exporter began`)]);
  return part("State", list(rows), more(reading, info));
}

function more(reading, info) {
  const { pci } = info;
  const absent = reading.find("scrape_collector_error", { pci, reason: "not_supported" });
  const unasked = reading.find("scrape_collector_error", { pci, reason: "not_enabled" });
  const interrupts = reading.find("interrupts_total", { pci })[0];
  return details(
    `details ${pci}`,
    "Addresses and details",
    list([
      ["Model", info.model || DASH],
      ["PCI address", pci],
      ["PCI device", info.device_id ? `8086:${info.device_id}` : DASH],
      ["Render node", info.render || DASH],
      ...(interrupts
        ? [["Interrupts", known(interrupts.rate) ? unit(interrupts.rate.toFixed(0), "/s") : DASH]]
        : []),
      ...addresses(reading, pci),
    ]),
    without("Not available on this GPU or with its driver: ", absent),
    without("Not read, as no flag asks for it: ", unasked),
  );
}

function without(text, rows) {
  return rows.length
    ? h(
        "p.soft",
        text,
        rows.map(({ labels: l }, i) => [
          i ? ", " : "",
          l.remedy ? runbook(l.remedy, l.collector) : l.collector,
        ]),
        ".",
      )
    : null;
}

const FUNCTIONS = { __proto__: null, vf: "virtual function", vgpu: "vGPU" };

// transcodes: the machine's, when this is its only GPU.
export function gpu(reading, info, now, transcodes) {
  const { pci } = info;
  const { name, address, full } = nameOf(reading, pci);
  const given = info.driver === "vfio-pci";
  // Fixed columns: what grows in one moves nothing in another.
  const columns = [
    [encoding(reading, pci, now), passthrough(reading, pci), users(reading, pci)],
    [transcodes, engines(reading, pci)],
    [vgpus(reading, pci), functions(reading, pci), card(reading, pci), state(reading, info)],
  ];
  return h(
    "section.card",
    { "aria-label": full, "data-key": pci },
    h(
      "header",
      h("h2", name),
      soft(words(address, info.platform, info.gpu_kind, FUNCTIONS[info.function])),
      given ? mark("given", "for a virtual machine") : null,
    ),
    h(
      "div.parts",
      columns
        .map((parts) => parts.filter(Boolean))
        .filter((parts) => parts.length)
        .map((parts) => h("div", parts)),
    ),
  );
}

// SPDX-License-Identifier: Apache-2.0
// One GPU: what it does, what it can, who uses it. A part whose metrics are absent is not drawn.
import { h, mark, part, runbook, soft, svg, table } from "./elements.js";
import { functions, passthrough, vgpus } from "./guests.js";
import { ago, bytes, DASH, keyOf, known, megahertz, NBSP, past, percent, unit } from "./metrics.js";

const CLASSES = {
  __proto__: null,
  render: "Render",
  copy: "Copy",
  video: "Video",
  "video-enhance": "Enhance",
  compute: "Compute",
};

function sparkline(points, now) {
  let path = "";
  let pen = "M";
  for (const { time, rate } of points) {
    if (known(rate))
      path +=
        pen +
        (300 - (now - time) / 1000).toFixed(1) +
        " " +
        (29 - 28 * Math.min(rate, 1)).toFixed(1);
    pen = known(rate) ? "L" : "M";
  }
  const rates = points.map((p) => p.rate).filter(known);
  const most = rates.length ? `at most ${percent(Math.max(...rates))}` : "nothing yet";
  return svg(
    "svg",
    {
      class: "spark",
      viewBox: "0 0 300 30",
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `Last 5 minutes: ${most}`,
    },
    svg("path", { d: path }),
  );
}

function engine(sample, now) {
  const { class: kind, engine: id } = sample.labels;
  const name = `${CLASSES[kind] ?? kind} ${id.replace(/^\D*/, "")}`;
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
    "li.engine",
    h("span", name, " ", soft(id)),
    svg(
      "svg",
      { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", ...role },
      svg("rect", { width, height: 1 }),
    ),
    h("span.value", percent(sample.rate)),
    sparkline(past.get(keyOf(sample)) ?? [], now),
  );
}

const rank = (s) => (Object.keys(CLASSES).indexOf(s.labels.class) + 9) % 9; // unknown ones last

function engines(reading, pci) {
  const found = reading.find("engine_busy_seconds_total", { pci });
  found.sort((a, b) => rank(a) - rank(b));
  if (found.length)
    return part(
      "Engines, busy",
      h(
        "ul",
        found.map((s) => engine(s, reading.time)),
      ),
      soft("Lines: the last 5 minutes, 0 to 100", NBSP, "%"),
    );
  const there = reading.find("engines", { pci }).filter((s) => s.value > 0);
  return there.length === 0
    ? null
    : part(
        "Engines",
        h(
          "p",
          there.map((s) => `${s.value} × ${CLASSES[s.labels.class] ?? s.labels.class}`).join(", "),
        ),
        soft("How busy they are is not exported."),
      );
}

function facts(reading, info) {
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
    rows.push([gtName("RC6 (asleep)", s.labels.gt), percent(s.rate)]);
  const suspended = reading.value("runtime_suspended", { pci });
  if (known(suspended)) rows.push(["Power", suspended ? "runtime-suspended" : "on"]);
  const throttled = reading.find("throttled", { pci });
  if (throttled.length) {
    const why = throttled.filter((s) => s.value > 0).map((s) => s.labels.reason);
    rows.push(["Throttled", why.length ? mark("warn", "! " + [...new Set(why)].join(", ")) : "no"]);
  }
  const interrupts = reading.find("interrupts_total", { pci })[0];
  if (interrupts)
    rows.push([
      "Interrupts",
      known(interrupts.rate) ? unit(interrupts.rate.toFixed(0), "/s") : DASH,
    ]);
  const wedged = reading.value("wedged", { pci });
  rows.push(
    ["Driver", [info.driver, wedged ? [" ", mark("bad", "✗ has given the GPU up")] : null]],
    ["Render node", info.render || DASH],
  );
  const resets = reading.value("resets_total", { pci });
  if (resets) rows.push(["Resets", mark("warn", `! ${resets} since the exporter began`)]);
  return part(
    "State",
    h(
      "dl.facts",
      rows.map(([k, v]) => [h("dt", k), h("dd", v)]),
    ),
  );
}

/* ---- encode tests ---- */

const CODECS = {
  __proto__: null,
  h264: "H.264",
  hevc: "HEVC",
  vp9: "VP9",
  av1: "AV1",
  jpeg: "JPEG",
};
const ENTRYPOINTS = { __proto__: null, EncSliceLP: "low power", EncSlice: "", EncPicture: "" };
const RESULTS = {
  __proto__: null,
  no_device: "no render node",
  permission: "the render node may not be opened",
  driver_missing: "no VA driver found",
  wedged: "the kernel's driver has given this GPU up",
  driver_init: "the VA driver refuses this GPU",
  unsupported: "the driver lists no such encoder",
  create_config: "listed, and refused",
  create_context: "listed, and refused",
  submit: "the GPU takes no work",
  execute: "the GPU does not do the work",
  bitstream: "what came out is no such stream",
  corrupt: "the decoded picture is another one",
  crash: "the driver crashed",
  timeout: "the driver did not end",
  stuck: "the test hangs in the kernel",
};

const times = (size) => size?.replace("x", `${NBSP}×${NBSP}`);
const encoder = ({ labels: l }) => JSON.stringify([l.codec, l.profile, l.entrypoint]);

// An encoder's tests that pass are one row, with the largest picture; one that fails is a row.
function fold(results) {
  const passing = new Map();
  return results.filter((s) => {
    if (s.labels.result !== "ok") return true;
    const first = passing.get(encoder(s));
    if (!first) return passing.set(encoder(s), s);
    const larger = parseInt(s.labels.size) > parseInt(first.largest ?? first.labels.size);
    if (larger) first.largest = s.labels.size;
    return false;
  });
}

function probe(reading, { largest, labels }) {
  const { pci, codec, profile, entrypoint, size, result } = labels;
  const which = { pci, codec, profile, entrypoint, size };
  const psnr = reading.value("vaapi_probe_psnr_decibels", which);
  const fps = reading.value("vaapi_probe_frames_per_second", which);
  const numbers = [
    known(psnr) && unit(psnr.toFixed(1), "dB"),
    known(fps) && unit(fps.toFixed(0), "frames/s"),
    largest && `also ${times(largest)}`,
  ];
  const name = [
    [profile, ENTRYPOINTS[entrypoint] ?? entrypoint].filter(Boolean).join(", "),
    times(size),
  ];
  const why = `${result}: ${RESULTS[result] ?? "see the log"}. `;
  let verdict = [mark("bad", "✗ fails"), h("div", why, runbook("vaapi-results", "What to do"))];
  if (result === "ok") verdict = mark("good", "✓ works");
  else if (result === "unsupported") verdict = mark("warn", "– not offered");
  // Without a codec: none is expected to work here, so nothing is broken.
  else if (!codec) verdict = [mark("warn", "– not tested"), h("div", why)];
  return [
    [CODECS[codec] ?? codec ?? "All codecs", h("br"), soft(name.filter(Boolean).join(" · "))],
    [verdict, h("div.soft", numbers.filter(Boolean).join(" · "))],
  ];
}

function probes(reading, pci, now) {
  const codecs = reading.find("vaapi_codec_working", { pci });
  const rows = fold(reading.find("vaapi_probe_result", { pci })).map((s) => probe(reading, s));
  for (const { labels, value } of reading.find("vaapi_processing_success", { pci }))
    rows.push([
      labels.operation === "tonemap" ? "HDR tone mapping" : "Scaling",
      value
        ? mark("good", "✓ works")
        : [mark("bad", "✗ fails"), " ", runbook("vaapi-results", "What to do")],
    ]);
  const skipped = reading.find("vaapi_probe_skipped", { pci }).map((s) => s.labels.reason);
  const last = reading.value("vaapi_probe_last_run_timestamp_seconds", { pci });
  const old = now - last > 3 * reading.value("vaapi_probe_interval_seconds") && !codecs.length;
  if (!rows.length && !skipped.length && !codecs.length) return null;
  const works = codecs.filter((s) => s.value === 1).length;
  const all = works === codecs.length;
  return part(
    "Hardware encoding, tested",
    codecs.length
      ? h(
          "p",
          mark(
            all ? "good" : "bad",
            `${all ? "✓" : "✗"} ${works} of ${codecs.length} expected codecs work`,
          ),
          " ",
          codecs
            .map(
              (s) => `${CODECS[s.labels.codec] ?? s.labels.codec} ${s.value ? "works" : "fails"}`,
            )
            .join(", "),
        )
      : null,
    rows.length ? table("Encode tests", ["Test", "Result"], rows) : null,
    h(
      "p.soft",
      skipped.length ? `Tests wait: ${skipped.join(", ")}. ` : null,
      known(last)
        ? `Last full round ${ago(now - last)}${old ? ": too old to say that it works" : ""}.`
        : "No full round has ended yet.",
    ),
  );
}

/* ---- who uses it ---- */

function workloads(reading, pci) {
  const same = (s) =>
    JSON.stringify(
      ["workload_kind", "workload", "namespace", "pod", "container", "vmid", "guest"].map(
        (k) => s.labels[k] ?? "",
      ),
    );
  const all = new Map();
  const row = (s) =>
    all.get(same(s)) ?? all.set(same(s), { labels: s.labels, busy: [] }).get(same(s));
  reading.find("clients", { pci }).forEach((s) => {
    row(s).clients = s.value;
  });
  reading.find("client_memory_bytes", { pci }).forEach((s) => {
    row(s).memory = (row(s).memory ?? 0) + s.value;
  });
  reading.find("client_engine_busy_seconds_total", { pci }).forEach((s) => row(s).busy.push(s));
  if (!all.size) return null;
  const total = (w) => w.busy.reduce((sum, s) => sum + (s.rate || 0), 0);
  const rows = [...all.values()]
    .sort((a, b) => total(b) - total(a))
    .map((w) => {
      const { workload, namespace, guest, vmid } = w.labels;
      const busy = w.busy
        .filter((s) => s.rate > 0.0005)
        .map((s) => {
          const n = reading.value("engines", { pci, class: s.labels.class }) || 1;
          return h("div", `${CLASSES[s.labels.class] ?? s.labels.class} ${percent(s.rate / n)}`);
        });
      const about = [
        namespace && `namespace ${namespace}`,
        [guest, vmid && `guest ${vmid}`].filter(Boolean).join(", "),
        known(w.clients) &&
          (w.clients ? `${w.clients} ${w.clients === 1 ? "client" : "clients"}` : "ended"),
      ];
      return [
        [workload || DASH, h("br"), soft(about.filter(Boolean).join(" · "))],
        busy.length ? busy : w.busy.some((s) => known(s.rate)) ? "idle" : DASH,
        known(w.memory) ? bytes(w.memory) : DASH,
      ];
    });
  return part("Who uses it", table("Workloads", ["Workload", "#Engines", "#Memory"], rows));
}

const FUNCTIONS = { __proto__: null, vf: "virtual function", vgpu: "vGPU" };

export function gpu(reading, info, now) {
  const { pci } = info;
  const absent = reading.find("scrape_collector_error", { pci, reason: "not_supported" });
  const name = info.model || info.platform || "Intel GPU";
  // Fixed columns: what grows in one moves nothing in another.
  const guests = [passthrough, vgpus, functions].map((f) => f(reading, pci));
  const more = [[probes(reading, pci, now)], [...guests, workloads(reading, pci)]];
  const [work, state] = [engines(reading, pci), facts(reading, info)];
  const columns = (more.flat().some(Boolean) ? [[work, state], ...more] : [[work], [state]])
    .map((parts) => parts.filter(Boolean))
    .filter((parts) => parts.length);
  return h(
    "section",
    { class: "card", "aria-label": `GPU ${pci}` },
    h(
      "header",
      h("h2", name),
      soft(
        [pci, info.platform, info.gpu_kind, FUNCTIONS[info.function]]
          .filter(Boolean)
          .join(" · "),
      ),
      info.driver === "vfio-pci" ? mark("plain", "on vfio-pci, for a virtual machine") : null,
    ),
    h(
      "div.parts",
      columns.map((parts) => h("div", parts)),
    ),
    absent.length
      ? h(
          "p",
          { class: "soft last" },
          "Not available on this GPU or with its driver: ",
          absent.map(({ labels: l }, i) => [
            i ? ", " : "",
            l.remedy ? runbook(l.remedy, l.collector) : l.collector,
          ]),
          ".",
        )
      : null,
  );
}

// SPDX-License-Identifier: Apache-2.0
// The live page: reads the metrics every few seconds while somebody looks, and draws them. Rates
// are differences of two readings. What is not exported is not drawn, or is a dash: never a 0.
"use strict";

const INTERVAL_MS = 5000;
const FIRST_MS = 1000; // from the first reading to the second: nobody waits for rates
const TIMEOUT_MS = 10000;
const GAP_MS = 3 * INTERVAL_MS; // longer ago is no base for a rate of now
const WINDOW_MS = 300000;
const DASH = "–";
const NBSP = "\u00a0";

/* ---- the exposition ---- */

const ESCAPES = { n: "\n", '"': '"', "\\": "\\" };
const NUMBERS = { "+Inf": Infinity, Inf: Infinity, "-Inf": -Infinity };

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

const keyOf = (s) => s.name + JSON.stringify(Object.entries(s.labels).sort());

class Reading {
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

const past = new Map(); // key of a counter: [{time, rate}]

function remember(reading) {
  for (const sample of reading.find("engine_busy_seconds_total")) {
    const key = keyOf(sample);
    past.set(key, [...(past.get(key) ?? []), { time: reading.time, rate: sample.rate }]);
  }
  for (const [key, points] of past) {
    const kept = points.filter((p) => reading.time - p.time <= WINDOW_MS);
    if (kept.length) past.set(key, kept);
    else past.delete(key);
  }
}

/* ---- numbers as people read them ---- */

const known = (v) => v !== undefined && !Number.isNaN(v);
const unit = (text, name) => text + NBSP + name;

function percent(ratio) {
  if (!known(ratio)) return DASH;
  const v = 100 * Math.min(Math.max(ratio, 0), 1);
  return unit(
    v > 0 && v < 0.1 ? "<" + NBSP + "0.1" : v === 0 || v >= 9.95 ? v.toFixed(0) : v.toFixed(1),
    "%",
  );
}

function bytes(v) {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"];
  let i = 0;
  for (; v >= 1024 && i < names.length - 1; i++) v /= 1024;
  return unit(v.toFixed(i && v < 10 ? 1 : 0), names[i]);
}

const megahertz = (v) => (known(v) ? unit((v / 1e6).toFixed(0), "MHz") : DASH);

function ago(seconds) {
  for (const [size, name] of [
    [86400, "d"],
    [3600, "h"],
    [60, "min"],
  ])
    if (seconds >= size) return unit(Math.floor(seconds / size), name + " ago");
  return "just now";
}

/* ---- the page's elements ---- */

// Names from the machine come in as strings and become text nodes or attributes, never markup.
function fill(element, attributes, children) {
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined && value !== null) element.setAttribute(key, value);
  element.append(...children.flat(Infinity).filter((c) => c !== null && c !== undefined));
  return element;
}

const h = (tag, attributes = {}, ...children) =>
  fill(document.createElement(tag), attributes, children);
const svg = (tag, attributes = {}, ...children) =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// Makes an element like another one and changes only what differs: focus, selection and scroll
// position outlive an update.
function become(old, wanted) {
  for (const { name } of [...old.attributes])
    if (!wanted.hasAttribute(name)) old.removeAttribute(name);
  for (const { name, value } of wanted.attributes)
    if (old.getAttribute(name) !== value) old.setAttribute(name, value);
  const [a, b] = [[...old.childNodes], [...wanted.childNodes]];
  b.forEach((node, i) => {
    if (!a[i]) old.append(node);
    else if (a[i].nodeName !== node.nodeName) a[i].replaceWith(node);
    else if (node.nodeType === Node.TEXT_NODE) a[i].data === node.data || (a[i].data = node.data);
    else become(a[i], node);
  });
  a.slice(b.length).forEach((node) => node.remove());
}

const part = (title, ...content) => h("section", {}, h("h3", {}, title), content);
const mark = (kind, text) => h("span", { class: "mark " + kind }, text);
const soft = (...text) => h("span", { class: "soft" }, text);
const runbook = (anchor, text) =>
  h("a", { href: "./runbook#" + encodeURIComponent(anchor) }, text ?? `What to do: ${anchor}`);

function table(label, heads, rows) {
  const cell = (tag, extra) => (content, i) =>
    h(tag, { ...extra, class: heads[i]?.startsWith("#") ? "number" : null }, content);
  return h(
    "table",
    { "aria-label": label },
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        heads.map((t, i) => cell("th", { scope: "col" })(t.replace("#", ""), i)),
      ),
    ),
    h(
      "tbody",
      {},
      rows.map((row) => h("tr", {}, row.map(cell("td", {})))),
    ),
  );
}

/* ---- parts of a GPU ---- */

const CLASSES = {
  render: "Render",
  copy: "Copy",
  video: "Video",
  "video-enhance": "Enhance",
  compute: "Compute",
};

function sparkline(points, now) {
  let path = "",
    pen = "M";
  for (const { time, rate } of points) {
    if (known(rate))
      path += `${pen}${(300 - (now - time) / 1000).toFixed(1)} ${(29 - 28 * Math.min(rate, 1)).toFixed(1)}`;
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
    "li",
    { class: "engine" },
    h("span", {}, name, " ", soft(id)),
    svg(
      "svg",
      { class: "bar", viewBox: "0 0 100 1", preserveAspectRatio: "none", ...role },
      svg("rect", { width, height: 1 }),
    ),
    h("span", { class: "value" }, percent(sample.rate)),
    sparkline(past.get(keyOf(sample)) ?? [], now),
  );
}

function engines(reading, pci) {
  const found = reading.find("engine_busy_seconds_total", { pci });
  if (found.length)
    return part(
      "Engines, busy",
      h(
        "ul",
        {},
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
          {},
          there.map((s) => `${s.value} × ${CLASSES[s.labels.class] ?? s.labels.class}`).join(", "),
        ),
        soft("How busy they are is not exported."),
      );
}

function facts(reading, info) {
  const { pci } = info,
    rows = [];
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
  rows.push(["Driver", info.driver], ["Render node", info.render ?? DASH]);
  return part(
    "State",
    h(
      "dl",
      { class: "facts" },
      rows.map(([k, v]) => [h("dt", {}, k), h("dd", {}, v)]),
    ),
  );
}

const owner = ({ guest, vmid }) => [guest, vmid && unit("VM", vmid)].filter(Boolean).join(", ");

function vgpus(reading, pci) {
  const types = reading.find("vgpu_available_instances", { pci });
  const made = reading.find("vgpu_info", { pci }).map(({ labels: v }) => {
    const used = reading.value("vgpu_in_use", { pci, uuid: v.uuid });
    return [
      [v.vgpu_type, h("br"), soft(v.uuid)],
      owner(v) || DASH,
      used === undefined ? DASH : used ? mark("good", "in use") : "free",
    ];
  });
  const free = types.filter((s) => s.value > 0).map((s) => `${s.value} × ${s.labels.vgpu_type}`);
  return types.length + made.length === 0
    ? null
    : part(
        "vGPUs",
        made.length ? table("vGPUs", ["Slot", "Owner", "Used"], made) : h("p", {}, "None created."),
        h(
          "p",
          { class: "soft" },
          !types.length
            ? null
            : free.length
              ? `Room for ${free.join(" or ")}.`
              : "No room for another one.",
        ),
      );
}

/* ---- encode tests ---- */

const CODECS = { h264: "H.264", hevc: "HEVC", vp9: "VP9", av1: "AV1", jpeg: "JPEG" };
const ENTRYPOINTS = { slice_lp: "low power", slice: "", picture: "" };
const RESULTS = {
  no_device: "no render node",
  permission: "the render node may not be opened",
  driver_missing: "no VA driver found",
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

function probe(reading, { labels: { pci, codec, profile, entrypoint, size, result } }) {
  const which = { pci, codec, profile, entrypoint, size };
  const psnr = reading.value("vaapi_probe_psnr_decibels", which);
  const fps = reading.value("vaapi_probe_frames_per_second", which);
  const numbers = [
    known(psnr) && unit(psnr.toFixed(1), "dB"),
    known(fps) && unit(fps.toFixed(0), "frames/s"),
  ];
  const name = [
    [profile, ENTRYPOINTS[entrypoint] ?? entrypoint].filter(Boolean).join(", "),
    size?.replace("x", " × "),
  ];
  return [
    [CODECS[codec] ?? codec ?? "Any", h("br"), soft(name.filter(Boolean).join(" · "))],
    [
      result === "ok"
        ? mark("good", "✓ works")
        : result === "unsupported"
          ? mark("warn", "– not offered")
          : [
              mark("bad", "✗ fails"),
              h(
                "div",
                {},
                `${result}: ${RESULTS[result] ?? "see the log"}. `,
                runbook("vaapi-results", "What to do"),
              ),
            ],
      h("div", { class: "soft" }, numbers.filter(Boolean).join(" · ")),
    ],
  ];
}

function probes(reading, pci, now) {
  const codecs = reading.find("vaapi_codec_working", { pci });
  const rows = reading.find("vaapi_probe_result", { pci }).map((s) => probe(reading, s));
  for (const { labels, value } of reading.find("vaapi_processing_success", { pci }))
    rows.push([
      labels.operation === "tonemap" ? "HDR tone mapping" : "Scaling",
      value
        ? mark("good", "✓ works")
        : [mark("bad", "✗ fails"), " ", runbook("vaapi-results", "What to do")],
    ]);
  const skipped = reading.find("vaapi_probe_skipped", { pci }).map((s) => s.labels.reason);
  const last = reading.value("vaapi_probe_last_run_timestamp_seconds", { pci });
  if (!rows.length && !skipped.length && !codecs.length) return null;
  const works = codecs.filter((s) => s.value === 1).length;
  return part(
    "Hardware encoding, tested",
    codecs.length
      ? h(
          "p",
          {},
          mark(
            works === codecs.length ? "good" : "bad",
            `${works === codecs.length ? "✓" : "✗"} ${works} of ${codecs.length} expected ${codecs.length === 1 ? "codec works" : "codecs work"}`,
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
      "p",
      { class: "soft" },
      skipped.length ? `Tests wait: ${skipped.join(", ")}. ` : null,
      known(last) ? `Last full round ${ago(now - last)}.` : "No full round has ended yet.",
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
          return h(
            "div",
            {},
            `${CLASSES[s.labels.class] ?? s.labels.class} ${percent(s.rate / n)}`,
          );
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

function transcodes(reading) {
  const counts = reading.find("transcodes").filter((s) => s.value > 0);
  const processes = reading.find("transcode_processes").filter((s) => s.value > 0);
  if (!reading.find("transcodes").length && !processes.length) return null;
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Transcodes"),
    h(
      "p",
      {},
      counts.length
        ? counts.map((s) => `${s.value} ${s.labels.acceleration}`).join(", ")
        : "None now.",
    ),
    processes.length
      ? table(
          "Transcodes",
          ["Application", "Encoding", "#Processes"],
          processes.map(({ labels: t, value }) => [
            [t.application, h("br"), soft([t.workload, t.guest].filter(Boolean).join(" · "))],
            t.acceleration === "software"
              ? mark("bad", "✗ software")
              : mark(t.acceleration === "hardware" ? "good" : "warn", t.acceleration),
            value,
          ]),
        )
      : null,
  );
}

/* ---- the whole ---- */

const REASONS = {
  permission: "not permitted",
  seccomp: "a seccomp filter forbids it",
  no_device: "the device is gone",
  timeout: "did not answer in time",
  io: "reading failed",
  parse: "unexpected content",
  limit: "a limit was reached",
};

function problems(reading) {
  const failing = reading
    .find("scrape_collector_error")
    .filter((s) => s.labels.reason !== "not_supported");
  return failing.length === 0
    ? null
    : h(
        "section",
        { class: "card problems" },
        h("h2", {}, "Failing collectors"),
        h(
          "ul",
          {},
          failing.map(({ labels: l }) =>
            h(
              "li",
              {},
              mark("bad", `✗ ${l.collector}`),
              `${l.pci ? ` on ${l.pci}` : ""}: ${REASONS[l.reason] ?? l.reason}. `,
              l.remedy ? runbook(l.remedy) : null,
            ),
          ),
        ),
      );
}

function gpu(reading, info, now) {
  const { pci } = info;
  const absent = reading.find("scrape_collector_error", { pci, reason: "not_supported" });
  const name = info.model || info.platform || "Intel GPU";
  // Fixed columns: what grows in one moves nothing in another.
  const more = [[probes(reading, pci, now)], [vgpus(reading, pci), workloads(reading, pci)]]
    .map((parts) => parts.filter(Boolean))
    .filter((parts) => parts.length);
  const [work, state] = [engines(reading, pci), facts(reading, info)];
  const columns = more.length ? [[work, state], ...more] : [[work], [state]];
  return h(
    "section",
    { class: "card", "aria-label": `GPU ${pci}` },
    h(
      "header",
      {},
      h("h2", {}, name),
      soft(
        [pci, info.platform, info.gpu_kind, info.function === "vf" && "virtual function"]
          .filter(Boolean)
          .join(" · "),
      ),
      info.driver === "vfio-pci" ? mark("warn", "given to a virtual machine (vfio-pci)") : null,
    ),
    h(
      "div",
      { class: "parts" },
      columns.map((parts) => h("div", {}, parts)),
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

function draw(reading, now) {
  const machine = reading.find("machine_info")[0]?.labels ?? {};
  const gpus = reading.find("info").map((s) => gpu(reading, s.labels, now));
  document.getElementById("machine").textContent = [
    location.hostname,
    machine.kernel && `Linux ${machine.kernel}`,
    machine.virtualization !== "none" && machine.virtualization,
  ]
    .filter(Boolean)
    .join(" · ");
  const live = document.getElementById("live");
  become(
    live,
    h(
      "main",
      { id: "live" },
      problems(reading),
      gpus.length
        ? gpus
        : h(
            "section",
            { class: "card" },
            h("h2", {}, "No Intel GPU found"),
            h("p", {}, "The exporter works, and this machine has no Intel GPU that it can see."),
          ),
      transcodes(reading),
    ),
  );
  document.getElementById("static").hidden = true;
}

let before = null,
  timer = 0,
  busy = false,
  answered = 0;

function say(kind, text) {
  const status = document.getElementById("status");
  if (status.textContent !== text) status.textContent = text; // announced to screen readers when it changes, and only then
  status.className = kind;
  document.getElementById("live").classList.toggle("stale", kind === "bad");
}

async function ask() {
  const answer = await fetch(document.getElementById("metrics").href, {
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`it says ${answer.status} ${answer.statusText}`);
  const reading = new Reading(await answer.text(), before);
  if (!reading.families.has("intel_gpu_up")) throw new Error("what answers is not the exporter");
  // Ages are told by the exporter's clock, not by this one.
  reading.now = (Date.parse(answer.headers.get("date")) || Date.now()) / 1000;
  return reading;
}

async function update() {
  clearTimeout(timer);
  if (busy || document.hidden) return;
  busy = true;
  const first = !before;
  const reading = await ask().catch((error) => {
    const why = { TypeError: "no connection", TimeoutError: "nothing in time" }[error.name];
    const since = answered ? ` Figures of ${new Date(answered).toLocaleTimeString()}.` : "";
    say("bad", `✗ The exporter does not answer: ${why ?? error.message}.${since}`);
  });
  busy = false;
  timer = setTimeout(update, first && reading ? FIRST_MS : INTERVAL_MS);
  if (!reading) return;
  before = reading;
  answered = Date.now();
  remember(reading);
  draw(reading, reading.now);
  say("good", "● live, every 5 s");
}

// A scrape costs the machine something: none while nobody looks.
document.addEventListener("visibilitychange", update);
update();

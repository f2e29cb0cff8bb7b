// SPDX-License-Identifier: Apache-2.0
// Does hardware encoding work? What the last tests of a GPU came to, and what helps.
import { breakable, details, h, mark, part, runbook, table, words } from "./elements.js";
import { ago, known, nameOf, NBSP, unit } from "./metrics.js";

const CODECS = { __proto__: null, h264: "H.264", hevc: "HEVC", vp9: "VP9", av1: "AV1", jpeg: "JPEG" };
const ENTRYPOINTS = { __proto__: null, EncSliceLP: "low power", EncSlice: "", EncPicture: "" };
const OPERATIONS = { __proto__: null, scale: "Scaling", tonemap: "HDR tone mapping" };
const KERNEL = "dmesg says more; a reset or a reboot.";
const VERSION = "Another version of VA driver or kernel.";
const FIRMWARE = "Firmware: firmware-misc-nonfree or linux-firmware; dmesg says more.";
// What a result means, and what helps: the runbook has more.
const RESULTS = {
  __proto__: null,
  no_device: ["no render node", "Load the driver; in a container, pass /dev/dri in."],
  permission: ["the render node may not be opened", "Its group must be one of the exporter's."],
  driver_missing: ["no VA driver found", "Install intel-media-va-driver, or i965-va-driver."],
  wedged: ["the kernel's driver has given this GPU up", "A reboot, or a power cycle."],
  driver_init: ["the VA driver refuses this GPU", "It may be too old: vainfo --display drm."],
  unsupported: ["the driver lists no such encoder", "It may need intel-media-va-driver-non-free, or the HuC firmware."],
  create_config: ["listed, and refused", "Of a vGPU: take a larger type."],
  create_context: ["listed, and refused", "Of a vGPU: take a larger type."],
  submit: ["the GPU takes no work", KERNEL],
  execute: ["the GPU does not do the work", FIRMWARE],
  bitstream: ["what came out is no such stream", FIRMWARE],
  corrupt: ["the decoded picture is another one", VERSION],
  crash: ["the driver crashed", VERSION],
  timeout: ["the driver did not end", VERSION],
  stuck: ["the test hangs in the kernel", KERNEL],
};

const codecName = (codec) => CODECS[codec] ?? codec;
const times = (size) => size?.replace("x", `${NBSP}×${NBSP}`);
const encoder = ({ labels: l }) => JSON.stringify([l.codec, l.profile, l.entrypoint]);
const fails = ({ labels: l }) => l.result !== "ok" && l.result !== "unsupported";
const why = (result) => `${result}: ${RESULTS[result]?.[0] ?? "see the log"}. `;

function timeOf(reading, { labels: { result, ...which } }) {
  const { pci } = which;
  return (
    reading.value("vaapi_probe_timestamp_seconds", which) ??
    (result === "ok" ? undefined : reading.value("vaapi_probe_last_run_timestamp_seconds", { pci }))
  );
}

// What passed before its codec failed, or all of them, says nothing of now: when it passed.
function doubts(reading, codecs, results) {
  const none = codecs.length > 0 && codecs.every((s) => s.value === 0);
  const failing = results.filter(fails);
  return (test) => {
    const time = test.labels.result === "ok" ? timeOf(reading, test) : undefined;
    return failing.some(
      (f) => (none || f.labels.codec === test.labels.codec) && timeOf(reading, f) > time,
    )
      ? time
      : undefined;
  };
}

// An encoder's tests that pass are one row, with the largest picture.
function merge(passing) {
  const first = new Map();
  for (const s of passing) {
    const kept = first.get(encoder(s)) ?? first.set(encoder(s), { test: s }).get(encoder(s));
    const larger = parseInt(s.labels.size) > parseInt(kept.largest ?? kept.test.labels.size);
    if (larger) kept.largest = s.labels.size;
  }
  return [...first.values()];
}

const called = ({ codec, profile, entrypoint, size }) => [
  codec ? codecName(codec) : "All codecs",
  " ",
  h(
    "div.soft",
    breakable(
      words(
        [profile, ENTRYPOINTS[entrypoint] ?? entrypoint].filter(Boolean).join(", "),
        times(size),
      ),
    ),
  ),
];

function passed(reading, { test, largest }) {
  const { result, ...which } = test.labels;
  const psnr = reading.value("vaapi_probe_psnr_decibels", which);
  const fps = reading.value("vaapi_probe_frames_per_second", which);
  return [
    called(which),
    [
      mark("good", "works"),
      " ",
      h(
        "div.soft",
        words(
          known(fps) && unit(fps.toFixed(0), "frames/s"),
          known(psnr) && `PSNR ${unit(psnr.toFixed(1), "dB")}`,
          largest && `also ${times(largest)}`,
        ),
      ),
    ],
  ];
}

// The driver lists no such encoder: has the silicon one? Of a GPU that is not known nothing is said.
function notOffered(reading, { pci, codec }) {
  const can = reading.find("capability_info", { pci }).map((s) => s.labels.capability);
  if (!codec || !can.length) return ["not offered"];
  return can.includes(`${codec}_encode`)
    ? ["this GPU should, and does not", why("unsupported") + RESULTS.unsupported[1]]
    : ["this GPU cannot"];
}

// Tests that came to the same are one row: what helps is said once.
function others(reading, tests, doubt, now) {
  const rows = new Map();
  for (const test of tests) {
    const { codec, result } = test.labels;
    const since = doubt(test);
    const offer = result === "unsupported" ? notOffered(reading, test.labels) : [];
    const key = JSON.stringify([result, since, !codec, offer]);
    if (rows.has(key)) {
      rows.get(key)[0].push(h("div", called(test.labels)));
      continue;
    }
    let verdict = [mark("bad", "fails"), " ", h("div", why(result), runbook("vaapi-results", "What to do"))];
    if (known(since))
      verdict = [
        mark("old", "not known"),
        " ",
        h("div.soft", `It passed ${ago(now - since)}, before the failure.`),
      ];
    else if (offer.length) verdict = [mark("plain", offer[0]), " ", h("div.soft", offer[1] ?? "")];
    // Without a codec: none is expected to work here, so nothing is broken.
    else if (!codec) verdict = [mark("plain", "not tested"), " ", h("div", why(result))];
    rows.set(key, [[h("div", called(test.labels))], verdict]);
  }
  return [...rows.values()];
}

function summary(codecs) {
  const works = codecs.filter((s) => s.value === 1).length;
  return h(
    "p",
    mark(
      works === codecs.length ? "good" : "bad",
      `${works} of ${codecs.length} expected codecs work`,
    ),
    " ",
    codecs.map((s) => `${codecName(s.labels.codec)} ${s.value ? "works" : "fails"}`).join(", "),
  );
}

export function encoding(reading, pci, now) {
  const codecs = reading.find("vaapi_codec_working", { pci });
  const results = reading.find("vaapi_probe_result", { pci });
  const skipped = reading.find("vaapi_probe_skipped", { pci }).map((s) => s.labels.reason);
  const last = reading.value("vaapi_probe_last_run_timestamp_seconds", { pci });
  const old = now - last > 3 * reading.value("vaapi_probe_interval_seconds") && !codecs.length;
  const doubt = doubts(reading, codecs, results);
  const passing = results.filter((s) => s.labels.result === "ok" && !known(doubt(s)));
  const good = merge(passing).map((row) => passed(reading, row));
  const rest = results.filter((s) => !passing.includes(s)).sort((a, b) => known(doubt(a)) - known(doubt(b)));
  const bad = others(reading, rest, doubt, now);
  for (const { labels, value } of reading.find("vaapi_processing_success", { pci })) {
    const name = OPERATIONS[labels.operation] ?? labels.operation;
    if (value) good.push([name, mark("good", "works")]);
    else bad.push([name, [mark("bad", "fails"), " ", runbook("vaapi-results", "What to do")]]);
  }
  if (!good.length && !bad.length && !skipped.length && !codecs.length) return null;
  return part(
    "Hardware encoding, tested",
    codecs.length ? summary(codecs) : null,
    bad.length ? table("Encode tests that do not pass", ["Test", "Result"], bad) : null,
    h(
      "p.soft",
      skipped.length ? `Tests wait: ${skipped.join(", ")}. ` : null,
      known(last)
        ? `Last full round ${ago(now - last)}${old ? ": too old to say that it works" : ""}.`
        : "No full round has ended yet.",
    ),
    good.length
      ? details(`tests ${pci}`, `Tests that pass: ${good.length}`, table("Encode tests that pass", ["Test", "Result"], good))
      : null,
  );
}

// Failing codecs by cause, with what helps.
export function failingCodecs(reading) {
  const causes = new Map();
  for (const { labels, value } of reading.find("vaapi_codec_working")) {
    const { pci, codec } = labels;
    if (value !== 0) continue;
    const { result } = reading.find("vaapi_probe_result", { pci, codec }).find((s) => s.labels.result !== "ok")?.labels ?? {};
    const key = JSON.stringify([pci, result]);
    (causes.get(key) ?? causes.set(key, { pci, result, codecs: [] }).get(key)).codecs.push(codec);
  }
  return [...causes.values()].map(({ pci, result, codecs }) => [
    mark("bad", `${codecs.map(codecName).join(", ")} ${codecs.length > 1 ? "fail" : "fails"}`),
    ` on ${nameOf(reading, pci).full}${result ? `: ${RESULTS[result]?.[0] ?? "see the log"} (${result})` : ""}. `,
    RESULTS[result]?.[1] ? `${RESULTS[result][1]} ` : null,
    runbook("vaapi-results", "What to do"),
  ]);
}

// SPDX-License-Identifier: Apache-2.0
// The live page: reads the metrics every few seconds while somebody looks, and draws them.
import { become, h, mark, runbook, soft, table } from "./elements.js";
import { gpu } from "./gpu.js";
import { DASH, INTERVAL_MS, Reading, remember } from "./metrics.js";

const FIRST_MS = 1000; // from the first reading to the second: nobody waits for rates
const TIMEOUT_MS = 10000;

const LABELS = ["application", "acceleration", "workload", "guest"];
const KINDS = { __proto__: null, hardware: "good", mixed: "warn", software: "bad" };
const SIGNS = { __proto__: null, hardware: "✓ ", software: "✗ " };
const acceleration = (word, before = "") =>
  mark(KINDS[word] ?? "plain", `${SIGNS[word] ?? ""}${before}${word}`);

function transcodes(reading) {
  const counts = reading.find("transcodes");
  if (!counts.length) return null;
  const running = counts.filter((s) => s.value > 0);
  const rows = reading.find("transcode_processes").filter((s) => s.value > 0);
  const cores = ({ labels: t }) => {
    const which = Object.fromEntries(LABELS.map((k) => [k, t[k]]));
    return reading.find("transcode_cpu_seconds_total", which)[0]?.rate;
  };
  return h(
    "section.card",
    h("h2", "Transcodes"),
    h(
      "p.marks",
      running.length
        ? running.map((s) => acceleration(s.labels.acceleration, `${s.value} `))
        : "None now.",
    ),
    rows.length
      ? table(
          "Transcodes",
          ["Application", "Encoding", "#Processes", "#Cores"],
          rows.map((s) => [
            [
              s.labels.application,
              h("br"),
              soft([s.labels.workload, s.labels.guest].filter(Boolean).join(" · ")),
            ],
            acceleration(s.labels.acceleration),
            s.value,
            cores(s)?.toFixed(2) ?? DASH,
          ]),
        )
      : null,
  );
}

const REASONS = {
  __proto__: null,
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
        h("h2", "Failing collectors"),
        h(
          "ul",
          failing.map(({ labels: l }) =>
            h(
              "li",
              mark("bad", `✗ ${l.collector}`),
              `${l.pci ? ` on ${l.pci}` : ""}: ${REASONS[l.reason] ?? l.reason}. `,
              l.remedy ? runbook(l.remedy) : null,
            ),
          ),
        ),
      );
}

// The whole machine in one phrase. A test that passes tells idle from broken; nothing else does.
function verdict(reading) {
  const codecs = reading.find("vaapi_codec_working");
  const works = codecs.filter((s) => s.value === 1).length;
  if (reading.find("wedged").some((s) => s.value === 1)) return ["bad", "✗ GPU given up by its driver"];
  if (!codecs.length)
    return reading.find("info").length
      ? ["plain", "– encoding is not tested"]
      : ["plain", "– no Intel GPU"];
  if (works === codecs.length) return ["good", "✓ encoding works"];
  return ["bad", works ? `✗ ${codecs.length - works} of ${codecs.length} codecs fail` : "✗ encoding fails"];
}

function judge(reading) {
  const [kind, text] = verdict(reading);
  const shown = document.getElementById("verdict");
  // Screen readers announce each change.
  if (shown.textContent !== text) shown.textContent = text;
  shown.className = `mark ${kind}`;
  document.title = `${text} · ${location.hostname}`;
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
            "section.card",
            h("h2", "No Intel GPU found"),
            h("p", "The exporter works, and this machine has no Intel GPU that it can see."),
          ),
      transcodes(reading),
    ),
  );
  document.getElementById("static").hidden = true;
}

let before = null;
let timer = 0;
let busy = false;
let answered = 0;

function say(kind, text) {
  const status = document.getElementById("status");
  // Screen readers announce each change.
  if (status.textContent !== text) status.textContent = text;
  status.className = kind;
  for (const id of ["live", "verdict"])
    document.getElementById(id).classList.toggle("stale", kind === "bad");
}

async function ask() {
  const answer = await fetch(document.getElementById("metrics").href, {
    cache: "no-store",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`it says ${answer.status} ${answer.statusText}`);
  const reading = new Reading(await answer.text(), before);
  if (!reading.families.has("intel_gpu_up")) throw new Error("what answers is not the exporter");
  // Ages are by the exporter's clock, not by this one.
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
  judge(reading);
  say("plain", "● live, every 5 s");
}

// A scrape costs the machine something: none while nobody looks.
document.addEventListener("visibilitychange", update);
update();

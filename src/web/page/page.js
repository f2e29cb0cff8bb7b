// SPDX-License-Identifier: Apache-2.0
// The live page: reads the metrics every few seconds while somebody looks, and draws them.
import { CHECKS } from "./checks.js";
import { become, h, mark, opened, runbook, sign } from "./elements.js";
import { failingCodecs } from "./encoding.js";
import { view } from "./engines.js";
import { gpu } from "./gpu.js";
import { INTERVAL_MS, nameOf, Reading, remember } from "./metrics.js";
import { transcodes } from "./usage.js";

const FIRST_MS = 1000; // from the first reading to the second: nobody waits for rates
const TIMEOUT_MS = 10000;

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

// Neither is a failure: there is no such source, or no flag asks for it.
const ABSENT = ["not_supported", "not_enabled"];

function problems(reading) {
  const on = (pci) => (pci ? ` on ${nameOf(reading, pci).full}` : "");
  const wedged = reading
    .find("wedged")
    .filter((s) => s.value === 1)
    .map(({ labels: l }) => [
      mark("bad", "GPU given up"),
      `${on(l.pci)}: its driver lets it do no work any longer. A reboot, or a power cycle. `,
      runbook("vaapi-results", "What to do"),
    ]);
  const missing = reading
    .find("scrape_collector_error")
    .filter((s) => !ABSENT.includes(s.labels.reason))
    .map(({ labels: l }) => [
      mark("bad", `${l.collector} figures`),
      `${on(l.pci)} are missing: ${REASONS[l.reason] ?? l.reason}. `,
      l.remedy ? runbook(l.remedy) : null,
    ]);
  const checks = reading
    .find("check_failure")
    .filter((s) => s.labels.severity !== "note")
    .sort((a, b) => (b.labels.severity === "error") - (a.labels.severity === "error"))
    .map(({ labels: l }) => [
      mark(l.severity === "error" ? "bad" : "warn", `${l.check} fails`),
      `${on(l.pci)}, on this ${l.layer}. What should be: ${CHECKS[l.check] ?? l.check}. `,
      runbook(l.remedy),
    ]);
  const rows = [...wedged, ...checks, ...failingCodecs(reading), ...missing];
  return rows.length === 0
    ? null
    : h(
        "section.card",
        { class: "card problems", "aria-label": "What is wrong", "data-key": "problems" },
        h("h2", "What is wrong, and what helps"),
        h("ul", rows.map((row) => h("li", row))),
      );
}

// The whole machine in one phrase. A test that passes tells idle from broken; nothing else does.
// Without scripts src/web/pages.c says the same.
function verdict(reading) {
  const codecs = reading.find("vaapi_codec_working");
  const works = codecs.filter((s) => s.value === 1).length;
  if (reading.find("wedged").some((s) => s.value === 1)) return ["bad", "GPU given up by its driver"];
  if (!codecs.length)
    return ["plain", reading.find("info").length ? "encoding is not tested" : "no Intel GPU"];
  if (works === codecs.length) return ["good", "encoding works"];
  return ["bad", works ? `${codecs.length - works} of ${codecs.length} codecs fail` : "encoding fails"];
}

function judge(reading) {
  const [kind, words] = verdict(reading);
  const text = sign(kind, words);
  const shown = document.getElementById("verdict");
  // Screen readers announce each change.
  if (shown.textContent !== text) shown.textContent = text;
  shown.className = `mark ${kind}`;
  document.title = `${text} · ${location.hostname}`;
}

function draw(reading) {
  const live = document.getElementById("live");
  for (const { open, dataset } of live.querySelectorAll("details"))
    opened[open ? "add" : "delete"](dataset.key);
  const machine = reading.find("machine_info")[0]?.labels ?? {};
  const infos = reading.find("info").map((s) => s.labels);
  const running = transcodes(reading);
  document.getElementById("machine").textContent = [
    location.hostname,
    machine.kernel && `Linux ${machine.kernel}`,
    machine.virtualization !== "none" && machine.virtualization,
  ]
    .filter(Boolean)
    .join(" · ");
  const alone = infos.length === 1;
  // Of several GPUs: the machine's, and first where there is something to see.
  const card = running && !alone ? h("section.card", { "data-key": "transcodes" }, running) : null;
  const rests = !reading.find("transcodes").some((s) => s.value > 0);
  const gpus = infos.map((info) => gpu(reading, info, reading.now, alone ? running : null));
  become(
    live,
    h(
      "main",
      { id: "live", class: live.className || undefined },
      problems(reading),
      rests ? null : card,
      gpus.length
        ? h("div.gpus", { "data-key": "gpus" }, gpus)
        : h(
            "section.card",
            { "data-key": "none" },
            h("h2", "No Intel GPU found"),
            h("p", "The exporter works, and this machine has no Intel GPU that it can see."),
          ),
      rests ? card : null,
    ),
  );
  document.getElementById("static").hidden = true;
}

let before = null;
let timer = 0;
let busy = false;
let paused = false;
let asked = -Infinity;
let answered = 0;

const clock = () => new Date(answered).toLocaleTimeString();

const isStale = () => document.getElementById("live").classList.contains("stale");

function say(kind, text, stale = kind === "bad") {
  const status = document.getElementById("status");
  // Screen readers announce each change.
  if (status.textContent !== text) status.textContent = text;
  status.className = kind;
  for (const id of ["live", "verdict"])
    document.getElementById(id).classList.toggle("stale", stale);
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
  if (busy || paused || document.hidden) return;
  const early = FIRST_MS - (performance.now() - asked);
  if (early > 0) {
    timer = setTimeout(update, early);
    return;
  }
  busy = true;
  asked = performance.now();
  const first = !before;
  const reading = await ask().catch((error) => {
    const why = { TypeError: "no connection", TimeoutError: "nothing in time" }[error.name];
    const since = answered ? ` Figures of ${clock()}.` : "";
    say("bad", `✗ The exporter does not answer: ${why ?? error.message}.${since}`);
  });
  busy = false;
  if (!paused) timer = setTimeout(update, first && reading ? FIRST_MS : INTERVAL_MS);
  if (!reading) return;
  before = reading;
  answered = Date.now();
  remember(reading);
  draw(reading);
  judge(reading);
  if (paused) sayPaused();
  else say("plain", "● live, every 5 s");
}

const sayPaused = () =>
  say("plain", answered ? `paused, figures of ${clock()}` : "paused", isStale());

function listen(id, act) {
  const button = document.getElementById(id);
  button.addEventListener("click", () => act(button));
}

listen("pause", (button) => {
  paused = !paused;
  button.textContent = paused ? "Resume" : "Pause";
  if (paused) sayPaused();
  update();
});
listen("hour", (button) => {
  view.span = view.span === "hour" ? "minutes" : "hour";
  button.setAttribute("aria-pressed", view.span === "hour");
  if (before) draw(before);
});
document.getElementById("controls").hidden = false;
// A scrape costs the machine something: none while nobody looks.
document.addEventListener("visibilitychange", update);
update();

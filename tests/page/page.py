# SPDX-License-Identifier: Apache-2.0
"""The page at / in a real browser: what it shows, what it must not run, and whom it asks. Writes
pictures of it to the folder SCREENSHOTS. Arguments choose checks: page.py hostile silence."""
import os
import re
import sys
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests" / "integration"))
from local import SKYLAKE, Exporter, ask, case, get_request  # noqa: E402
import looks  # noqa: E402
import machines  # noqa: E402
from browser import Browser  # noqa: E402
from fake import Fake  # noqa: E402

SCREENSHOTS = Path(os.environ.get("SCREENSHOTS", "screenshots"))
POLICY = {"default-src": "'none'", "script-src": "'self'", "style-src": "'self'",
          "img-src": "'self'", "connect-src": "'self'", "base-uri": "'none'",
          "form-action": "'none'", "frame-ancestors": "'none'"}
# The page's clock runs faster, so that five minutes are there in seconds.
HURRY = """const now = performance.now.bind(performance), later = window.setTimeout;
performance.now = () => now() * SPEED;
window.setTimeout = (f, ms) => later(f, ms / SPEED);"""
SCRIPTS = ("page.js", "card.js", "elements.js", "encoding.js", "engines.js", "gpu.js", "guests.js", "metrics.js",
           "usage.js", "checks.js")
LIVE = "live, every 5 s"
SCREENS = (("desktop", 1280, 900), ("wide", 1920, 1080), ("phone", 390, 844), ("small", 360, 640),
           ("smallest", 320, 568))
GRAMMAR = REPO / "dashboards" / "source" / "grammar.py"


class Visit:
    """The page on a machine, from its opening to the look at what it did meanwhile."""

    def __init__(self, checks, browser, port, url, name):
        self.checks, self.browser, self.url, self.name = checks, browser, url, name
        self.port = port
        browser.open("about:blank")
        browser.console(), browser.requested()
        browser.open(url)

    def __enter__(self):
        self.checks.that(self.browser.wait(lambda: LIVE in self.browser.text("#status")),
                         f"{self.name}: the page is live")
        return self

    def __exit__(self, *_):
        resources = self.browser.run(
            "return performance.getEntriesByType('resource').map((e) => e.name)")
        asked = resources + self.browser.requested()
        away = [a for a in asked if not a.startswith(self.url) and a != "about:blank"]
        self.checks.same(away, [], f"{self.name}: nothing comes from elsewhere")
        paths = {a[len(self.url):] for a in asked if a.startswith(self.url)}
        self.checks.that(paths <= {"", "page.css", *SCRIPTS, "icon.svg", "metrics"} and
                         "metrics" in paths, f"{self.name}: it asks for {sorted(paths)}")
        self.checks.same(self.browser.console(), [], f"{self.name}: nothing on the console")

    def see(self, pattern, text, selector="#live"):
        """That some text is there, soon: rates need a second reading."""
        ok = self.browser.wait(lambda: re.search(pattern, self.browser.text(selector)), 10)
        self.checks.that(ok, f"{self.name}: {text}")
        if not ok:
            print(self.browser.text(selector))

    def absent(self, pattern, text, selector="#live"):
        found = re.search(pattern, self.browser.text(selector))
        self.checks.that(not found, f"{self.name}: {text}{f', not {found[0]!r}' if found else ''}")

    def verdict(self, phrase):
        """In the header, and in the title, which a browser's tab has."""
        self.see(f"^{re.escape(phrase)}$", f"the verdict: {phrase}", "#verdict")
        title = self.browser.run("return document.title")
        self.checks.that(title == f"{phrase} · 127.0.0.1", f"{self.name}: the title: {title}")

    def measure(self, screen, *measures):
        for measure in measures:
            wrong = self.browser.run(getattr(looks, measure))
            self.checks.same(wrong[:5], [], f"{self.name}: {measure.lower()} on {screen}")

    def picture(self, name, rates=False):
        """On desks and phones, in both themes: measured, and for people to look at."""
        for screen, width, height in SCREENS:
            for dark in (False, True):
                theme = "dark" if dark else "light"
                self.browser.look(width, height, dark)
                if rates:  # the look at the page took longer than its hurried clock likes
                    self.see(r"Video( 0)?\s+[0-9.]+ %", "rates in the picture")
                self.measure(f"{screen}, {theme}", "CONTRAST", *(() if dark else ("FIT", "OVERLAPS")))
                self.browser.screenshot(SCREENSHOTS / f"{name}-{screen}-{theme}.png")
        self.measure("all", "STRUCTURE")
        self.browser.run("for (const e of document.querySelectorAll('details')) e.open = true")
        for screen, width, height in SCREENS[::-1]:
            self.browser.look(width, height, False)
            self.measure(f"{screen}, unfolded", "FIT", "OVERLAPS", "CONTRAST")
        self.browser.run("for (const e of document.querySelectorAll('details')) e.open = false")


class Stage:
    """The browser, and the shipped daemon whose page the made-up machines have."""

    def __init__(self, checks):
        self.checks = checks
        self.daemon = Exporter(SKYLAKE)
        self.browser = Browser()
        self.fakes = []

    def fake(self, machine, port=0):
        self.fakes.append(Fake(self.daemon.port, machine, port))
        return self.fakes[-1]

    def visit(self, fake, name):
        return Visit(self.checks, self.browser, fake.port, fake.url, name)

    def close(self):
        self.browser.close()
        for fake in self.fakes:
            fake.stop()
        self.daemon.stop()


def percents(texts):
    return [float(t.split()[0]) if t[0].isdigit() else None for t in texts]


def check_answers(stage):
    """Headers, without a browser."""
    checks, port = stage.checks, stage.daemon.port
    for path, kind in (("/", "text/html; charset=utf-8"),
                       *(("/" + s, "text/javascript; charset=utf-8") for s in SCRIPTS),
                       ("/page.css", "text/css; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
                       ("/runbook", "text/html; charset=utf-8")):
        got = ask(port, get_request(path))
        policy = dict(p.strip().split(" ", 1) for p in
                      got.headers.get("content-security-policy", "none x").split(";"))
        checks.that((got.status, got.headers.get("content-type")) == (200, kind), f"{path}: {kind}")
        checks.same(policy, POLICY, f"{path}: a strict policy")
        checks.same(got.headers.get("x-content-type-options"), "nosniff", f"{path}: nosniff")
    parts = ("/", "/page.css", *("/" + s for s in SCRIPTS))
    size = sum(len(ask(port, get_request(p)).body) for p in parts)
    # Sensors of cards and the doctor's checks have a tenth of it each.
    checks.that(size < 64000, f"the page is small: {size} bytes")
    if GRAMMAR.exists():
        checks.same(grammar(ask(port, get_request("/page.css")).body.decode()), [], "the colours of the dashboards")
    book = ask(port, get_request("/runbook")).body.decode()
    sources = [p.read_text() for p in (REPO / "src").rglob("*.c")]
    remedies = {r for s in sources for r in re.findall(
        r'REASON_[A-Z_]+, "([a-z]+-[a-z-]+|limits)"|\.remedy = "([a-z-]+)"', s) for r in r if r}
    missing = [r for r in remedies | {"vaapi-results"} if f'<h2 id="{r}">' not in book]
    checks.that(len(remedies) > 8 and not missing,
                f"the runbook has all {len(remedies)} remedies: {missing}")


def check_daemon(stage):
    """What is shipped, on a recorded machine: no perf events there, so no rates."""
    visit = Visit(stage.checks, stage.browser, stage.daemon.port,
                  f"http://127.0.0.1:{stage.daemon.port}/", "daemon")
    with visit:
        visit.see("HD Graphics 530", "the GPU's name")
        visit.see("800 MHz of 1150 MHz", "its clock")
        visit.see("1 × Render, 1 × Copy", "its engines")
        visit.see("LXC\\s201", "a workload")
        visit.see("Room for .*3 × i915-GVTg_V5_4", "room for vGPUs")
        visit.absent("Not available", "what is not there is folded")
        stage.browser.run("document.querySelector('[data-key^=details] summary').click()")
        visit.see("Not available on this GPU.*throttle", "and said")
        visit.absent(r"\bRC6|%", "no share of what is not exported")
        visit.absent("What is wrong", "nothing fails")
        stage.checks.same(stage.browser.run(
            "return document.querySelector('#notice').getBoundingClientRect().height"), 0,
            "daemon: no notice, no room for it")
        visit.absent("Prometheus metrics of", "the list is gone", "body")
        visit.picture("daemon")
    stage.browser.open(visit.url + "runbook#vaapi-results")
    stage.checks.that("driver_missing" in stage.browser.text("table"), "the runbook opens")
    # It is a section of a document: what it says has to make sense without the rest.
    lost = stage.browser.run("return [...document.links].map((a) => a.getAttribute('href')).filter("
                             "(l) => l.startsWith('#') && !document.getElementById(l.slice(1)))")
    stage.checks.same(lost, [], "the runbook's links lead somewhere")
    stage.checks.that(not re.search(r"\b(warning|see|section)\b[^.]{0,20}\b(above|below)\b",
                                    stage.browser.text()), "the runbook names nothing outside itself")
    stage.browser.screenshot(SCREENSHOTS / "runbook.png")
    stage.browser.look(390, 844, False)
    wide = stage.browser.run("return document.documentElement.scrollWidth")
    stage.checks.that(wide <= 390, f"the runbook fits a phone: {wide}")
    thin = stage.browser.run("return Math.min(...[...document.querySelectorAll('td')]"
                             ".map((e) => e.offsetWidth))")
    stage.checks.that(thin > 120, f"and its words stay in one piece: {thin}")
    stage.browser.screenshot(SCREENSHOTS / "runbook-phone.png")
    stage.browser.look(1280, 900, False)


def check_notice(stage):
    """--web.notice: whole, as text, at the head of the page."""
    text = "emulated <b>hardware</b>, " * 15
    daemon = Exporter(SKYLAKE, f"--web.notice={text}")
    with Visit(stage.checks, stage.browser, daemon.port, f"http://127.0.0.1:{daemon.port}/",
               "notice") as visit:
        stage.checks.same(stage.browser.text("#notice"), text.strip(), "notice: it is shown")
        visit.picture("notice")
    daemon.stop()


def check_without_script(stage):
    stage.browser.devtools("Emulation.setScriptExecutionDisabled", value=True)
    stage.browser.open(f"http://127.0.0.1:{stage.daemon.port}/")
    root = stage.browser.devtools("DOM.getDocument", depth=-1)["root"]["nodeId"]
    page = stage.browser.devtools("DOM.getOuterHTML", nodeId=root)["outerHTML"]
    stage.checks.that('<main id="static">' in page and "driver i915" in page and
                      'id="live" hidden' in page and 'id="controls" hidden' in page,
                      "without JavaScript: the list of GPUs")
    stage.checks.that('class="mark plain" role="status">– encoding is not tested</p>' in page,
                      "without JavaScript: the verdict")
    stage.browser.look(320, 568, False)
    wide = stage.browser.devtools("Page.getLayoutMetrics")["cssContentSize"]["width"]
    stage.checks.that(wide <= 320, f"without JavaScript: it fits 320 pixels: {wide}")
    stage.browser.screenshot(SCREENSHOTS / "without-script.png")
    stage.browser.look(1280, 900, False)
    stage.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


ORDER = ("Hardware encoding, tested", "Who uses it", "Transcodes", "Engines, busy", "vGPUs", "State")


def check_busy(stage):
    with stage.visit(stage.fake(machines.busy), "busy") as visit:
        browser, checks = stage.browser, stage.checks
        shown = browser.texts(".engine .value")
        visit.see(r"Video 0\s+[0-9.]+ %", "the first video engine has a rate")
        checks.that(set(shown) <= {"–"} or "%" in "".join(shown), f"before, a dash: {shown}")
        rates = percents(browser.texts(".engine .value"))
        checks.that(len(rates) == 5 and 45 < rates[0] < 75 and rates[4] == 0,
                    f"busy: engines at {rates}, wanted about 60, 0, 33, 8, 0")
        meters = browser.run("return [...document.querySelectorAll('[role=meter]')].map((e) => "
                             "[e.getAttribute('aria-label'), e.getAttribute('aria-valuetext')])")
        checks.that(["Copy busy", "0\u00a0%"] in meters, "busy: a measured 0 is 0 %")
        checks.same(browser.texts("h3"), list(ORDER), "busy: what matters comes first")
        visit.see("^UHD Graphics 630\n", "the model's short name")
        visit.absent("0000:00:02.0|CoffeeLake-S", "no address while there is one GPU")
        visit.see("1150 MHz of 1150 MHz", "the clock")
        visit.see(r"Asleep \(RC6\)\s+2[3-7]", "RC6")
        visit.see("! pl1", "why it is throttled")
        visit.see(r"win11 VM 100\s+i915-GVTg_V5_4\s+✓ in use", "who has a vGPU")
        visit.see(r"nobody\s+i915-GVTg_V5_4\s+unused", "one that nobody has")
        visit.see("✓ 2 of 2 expected codecs work", "encoding works")
        visit.verdict("✓ encoding works")
        visit.see("Last full round 3 min ago", "when it was tested")
        visit.see(r"jellyfin-0\s+pod in media, jellyfin · 2 clients · 221 MiB\s+Video (2[3-7]\S*) %",
                  "a pod's share, and its memory")
        visit.see(r"win11\s+VM 100 · 1.0 GiB\s+Video [3-7]\S* %", "a VM's, by its name")
        visit.see(r"immich\s+service · 24 MiB\s+Render 2\S* %", "a service's")
        visit.absent("vm/100|guest 100|intel_gpu_probe|\\nended|H264High|Interrupts|00000000-",
                     "nothing twice, what has ended and what is rarely read is folded")
        checks.same(browser.texts(".marks .mark"), ["✗ 1 software", "! 1 mixed", "✓ 2 hardware",
                                                    "– 1 idle"], "busy: transcodes, worst first")
        visit.see(r"jellyfin\s+media/jellyfin-0/jellyfin · pod · 2 processes\s+✓ hardware\s+0\.2[3-7]",
                  "one in hardware, and its processor time")
        visit.see(r"ffmpeg\s+nvr · LXC 201\s+✗ software\s+3\.[3-7]", "one in software")
        visit.see(r"ffmpeg\s+nvr · LXC 201\s+– idle\s+0\.00", "one that rests")
        visit.absent("handbrake", "one that has ended")
        checks.same(browser.run(looks.COLOR, ".marks .warn", "backgroundColor"), "#f5b335", "busy: mixed is amber")
        for summary in ("Tests that pass: 6", "Ended, or the exporter's own tests: 2", "Addresses and details"):
            visit.see(re.escape(summary), f"folded: {summary}")
        browser.run("for (const e of document.querySelectorAll('details')) e.open = true")
        visit.see(r"H264High, low power · 256 × 256\s+✓ works\s+512 frames/s · PSNR 41.9 dB", "a test")
        visit.see(r"HEVCMain · 256 × 256\s+✓ works\s+288 frames/s · PSNR 40.3 dB · also 3840 × 2160",
                  "one that larger pictures pass, too")
        checks.same(sum("HEVC" in t for t in browser.texts("tbody tr")), 1, "busy: in one row")
        visit.see(r"user 1000\s+ended\s+idle", "an idle one, which has ended")
        visit.see(r"intel_gpu_probe\s+process\s+Video", "the exporter's own test")
        visit.see(r"PCI address\s+0000:00:02.0\s+PCI device\s+8086:3e92", "addresses")
        visit.see(r"vGPU of win11\s+00000000-0000-0000-0000-000000000101", "a vGPU's UUID")
        browser.run("for (const e of document.querySelectorAll('details')) e.open = false")
        visit.picture("busy", rates=True)


def grammar(style):
    """What has another colour in the dashboards than in the page's style sheet."""
    text = GRAMMAR.read_text()
    colors = dict(zip(("good", "warn", "bad"), re.findall(
        "#[0-9a-f]{6}", re.search(r"^GOOD, WARN, BAD, .*", text, re.M)[0])))
    shown = {name: re.search(rf"--{name}: (#[0-9a-f]{{6}});", style) for name in colors}
    kinds = dict(zip(("video", "render", "compute", "video-enhance", "copy"), re.findall(
        "#[0-9a-f]{6}", re.search(r"^VIDEO, RENDER, COMPUTE, SCALE, COPY = .*", text, re.M)[0])))
    shown |= {name: re.search(rf"\n\.{name} {{\n  --class: (#[0-9a-f]{{6}});", style) for name in kinds}
    return [(name, color) for name, color in {**colors, **kinds}.items()
            if not shown[name] or shown[name][1] != color]


def check_two(stage):
    with stage.visit(stage.fake(machines.two), "two") as visit:
        visit.see("(?s)UHD Graphics 630.*Arc A380", "both GPUs")
        visit.absent("0000:", "their names tell them apart")
        visit.see(r"Compute\s+0 %", "rates")
        checks, browser = stage.checks, stage.browser
        first = percents(browser.texts(".card:nth-child(1) .engine .value"))
        second = percents(browser.texts(".card:nth-child(2) .engine .value"))
        checks.that(len(first) == 2 and abs(first[0] - 20) < 4 and abs(second[0] - 75) < 8,
                    f"two: each has its own engines: {first}, {second}")
        visit.see(r"All codecs\s+256 × 256\s+– not tested\s+driver_missing: no VA driver found",
                  "no driver, and none expected: not tested")
        visit.verdict("– encoding is not tested")
        visit.absent("vGPU|Who uses|fails|Transcodes", "nothing that they do not have")
        visit.picture("two", rates=True)


def check_card(stage):
    """Power, heat, memory: what has sensors, and nothing of what has none."""
    with stage.visit(stage.fake(machines.card), "card") as visit:
        visit.see(r"Power\s+1[345]\d W of 200 W", "a card's power, of the limit that holds for long")
        checks, (first, second) = stage.checks, stage.browser.texts(".gpus > .card")
        checks.that(re.search(r"Power\s+[67]\.\d W\s", first) and not re.search("Temperature|Fan|Memory|Slot", first),
                    f"card: an integrated GPU has its power: {first}")
        for pattern in (r"Temperature\s+GPU 88 °C ! hot memory 74 °C · memory controller 70 °C · slot 61 °C",
                        r"Fans\s+2319 rpm · 0 rpm", r"Memory\s+16 GiB of 24 GiB, 67 %",
                        r"Slot\s+16 GT/s × 8 of 32 GT/s × 8 ! BAR of 256 MiB ! 1 error\n"):
            checks.that(re.search(pattern, second.replace("\u00a0", " ")), f"card: {pattern}: {second}")
        visit.picture("card")


def check_twins(stage):
    with stage.visit(stage.fake(machines.twins), "twins") as visit:
        visit.see(r"(?s)Arc A380\s+0000:03:00.0 · Alchemist.*Arc A380\s+0000:04:00.0 · Alchemist",
                  "twins have their addresses")
        labels = stage.browser.run("return [...document.querySelectorAll('.card')].map((e) => e.ariaLabel)")
        stage.checks.same(labels, ["Arc A380, 0000:03:00.0", "Arc A380, 0000:04:00.0"], "twins: as regions")
        visit.picture("twins", rates=True)


def check_broken(stage):
    """The first screen of a phone, when nothing works: that, and what helps."""
    with stage.visit(stage.fake(machines.broken), "broken") as visit:
        browser, checks = stage.browser, stage.checks
        visit.verdict("✗ encoding fails")
        visit.see("✗ H.264, HEVC, JPEG fail on UHD Graphics 630: the VA driver refuses this GPU \\(driver_init\\). "
                  "It may be too old: vainfo --display drm. What to do", "one cause is said once")
        visit.see("✗ client figures on UHD Graphics 630 are missing: not permitted. What to do: hidden-processes",
                  "and what cannot be read")
        checks.same(browser.run(looks.COLOR, "#verdict", "backgroundColor"), "#b3261e", "broken: the verdict is red")
        for _, width, height in SCREENS[2:]:
            browser.look(width, height, False)
            ends = browser.run("scrollTo(0, 0); return ['#verdict', '.problems a'].map((s) => "
                               "document.querySelector(s).getBoundingClientRect().bottom)")
            checks.that(max(ends) <= height, f"broken: the verdict and what helps are on {width} × {height}: {ends}")
        visit.picture("broken", rates=True)


def check_stale(stage):
    """What passed before a failure of its codec is no green of now."""
    with stage.visit(stage.fake(machines.stale), "stale") as visit:
        visit.see(r"HEVCMain · 1920 × 1080\s+– not known\s+It passed 9 min ago, before the failure", "its age")
        visit.see(r"HEVCMain · 256 × 256\s+✗ fails", "the failure")
        visit.absent(r"HEVCMain · 1920 × 1080\s+✓", "and no green")
        visit.see("Tests that pass: 2", "other codecs, and what passed since, are as they were")
        stage.browser.run("for (const e of document.querySelectorAll('details')) e.open = true")
        visit.see(r"HEVCMain10 · 1280 × 720\s+✓ works", "a later test is green")
        visit.picture("stale", rates=True)


def check_guests(stage):
    with stage.visit(stage.fake(machines.guests), "guests") as visit:
        visit.see(r"jellyfin VM 101\s+VF 1\s+vfio-pci", "a VM's virtual function")
        visit.see(r"frigate\s+VF 2\s+vfio-pci", "one of a VM without a number")
        visit.see(r"nobody\s+VF 3\s+no driver", "nobody's")
        visit.see("The GPU supports 7.", "how many there can be")
        visit.see("(?s)Arc A310.*None now.$", "no transcode, which is no news")
        cards = stage.browser.texts(".gpus > .card")
        stage.checks.that(re.search("(?s)A380.*for a virtual machine.*win11 VM 100 ✓ in use", cards[1])
                          and "nobody" not in cards[1], "guests: a GPU that a VM has")
        stage.checks.that(re.search("(?s)A310.*Owner not known ! nobody has it open", cards[2]) and
                          "in use" not in cards[2], "guests: one given away in vain")
        visit.absent("vGPU|What is wrong|tested", "nothing that they do not have")
        visit.picture("guests", rates=True)


def check_no_gpu(stage):
    with stage.visit(stage.fake(machines.no_gpu), "no GPU") as visit:
        visit.see("No Intel GPU found", "it says so")
        visit.verdict("– no Intel GPU")
        visit.see("6.1.0-28-amd64 · kvm", "the machine", "#machine")
        visit.picture("no-gpu")


def check_failing(stage):
    with stage.visit(stage.fake(machines.failing), "failing") as visit:
        browser, checks = stage.browser, stage.checks
        visit.see("✗ engine figures on UHD Graphics 630 are missing: not permitted. What to do: perf-paranoid",
                  "a denial")
        visit.see(r"✗ HEVC fails on UHD Graphics 630: the GPU does not do the work \(execute\)\. Firmware.*What to do",
                  "a codec, why, and what helps")
        visit.verdict("✗ GPU given up by its driver")
        visit.see(r"✗ node-open fails on UHD Graphics 630, on this host\. What should be: The user may open the render "
                  "node\\. What to do: node-open", "a check that fails")
        visit.absent("aperture", "a note is nothing wrong")
        visit.see("✗ machine figures are missing: did not answer in time. What to do: stuck-read", "a late one")
        visit.see("✗ 1 of 3 expected codecs work H.264 works, HEVC fails, AV1 fails", "the sum")
        visit.see(r"HEVC\s+HEVCMain, low power · 256 × 256\s+✗ fails\s+execute: the GPU does not do "
                  "the work. What to do", "a failed test and why")
        visit.see(r"H264ConstrainedBaseline · 1920 × 1080\s+✗ fails\s+create_context",
                  "a size that fails, of an encoder that works")
        visit.see(r"AV1\s+256 × 256\s+– this GPU cannot", "one that the silicon has not")
        visit.see(r"VP9\s+256 × 256\s+– this GPU should, and does not\s+unsupported: the driver lists",
                  "one that the silicon has")
        visit.see(r"HDR tone mapping\s+✗ fails What to do", "video processing")
        visit.see("Tests wait: backoff. No full round has ended yet.", "tests wait")
        visit.see(r"Clock\s+0 MHz\n", "a clock that is 0, without a maximum")
        visit.see(r"Driver\s+i915 ✗ has given the GPU up", "a GPU that is wedged")
        visit.see(r"Resets\s+! 2 since the exporter began", "and its resets before")
        visit.absent(r"RC6|Throttled| %", "what is absent is not shown as 0")
        links = browser.run("return [...document.querySelectorAll('#live a')].map((a) => a.href)")
        checks.that(visit.url + "runbook#perf-paranoid" in links and
                    visit.url + "runbook#vaapi-results" in links, "failing: links to the runbook")
        visit.picture("failing")
        stage.fakes[-1].metrics = lambda t: re.sub(r"(_wedged.*) 1", r"\1 0", machines.failing(t))
        visit.verdict("✗ 2 of 3 codecs fail")


def check_hostile(stage):
    with stage.visit(stage.fake(machines.hostile), "hostile") as visit:
        browser, checks = stage.browser, stage.checks
        visit.see(re.escape(machines.SCRIPT) + r"\s+process in <img", "a script is text")
        visit.see(re.escape(machines.IMAGE), "an image is text")
        visit.see(r'a "quote", a \\ and a } and {x="y"} 1 line', "escapes are understood")
        visit.see(r"Video\s+[0-9.]+ %", "and the rest is shown", "body")
        made = browser.run("return [document.scripts.length, document.images.length, "
                           "document.querySelectorAll('b, [onerror], [style]').length]")
        checks.same(made, [1, 0, 0], "hostile: no element comes of a name")
        checks.that(not browser.has_dialog(), "hostile: no alert")
        visit.picture("hostile")


def check_silence(stage):
    """It stops to answer, answers nonsense, comes back with counters at 0."""
    browser, checks = stage.browser, stage.checks
    fake = stage.fake(machines.two)
    with stage.visit(fake, "silence") as visit:
        visit.see(r"Video( 0)?\s+2[0-9.]* %", "rates")
        fake.stop()
        visit.see("does not answer: no connection. Figures of", "it says so", "#status")
        checks.that("Arc A380" in browser.text("#live") and
                    browser.run("return document.querySelector('#live').className") == "stale",
                    "silence: the old figures stay, and look old")
        visit.picture("silence")
        stage.fakes.remove(fake)
        browser.console()
        fake = stage.fake(lambda t: "<html>Log in</html>", fake.port)
        visit.see("what answers is not the exporter", "a page in its place", "#status")
        fake.metrics = lambda t: None
        visit.see("it says 503", "an error", "#status")
        fake.start, fake.metrics = time.monotonic(), lambda t: machines.two(t).replace(" 1", " 0.1")
        browser.wait(lambda: LIVE in browser.text("#status"))
        checks.that(LIVE in browser.text("#status"), "silence: it comes back")
        checks.same(browser.run("return document.querySelector('#live').className"), "",
                    "silence: and looks it")
        browser.console()


def check_restart(stage):
    """Counters that fell have no rate, which is not a rate of 0."""
    fake = stage.fake(machines.two)
    with stage.visit(fake, "restart") as visit:
        visit.see(r"Video( 0)?\s+2[0-9.]* %", "rates")
        fake.metrics = lambda t: machines.two(t - 1000)
        visit.see(r"(?s)Video\s+–.*Asleep \(RC6\)\s+–.*Video 0\s+–", "dashes when counters fell")
        visit.see(r"(?s)Video\s+2[0-9.]* %.*Asleep \(RC6\)\s+[89]", "and rates again")


def check_hidden(stage):
    fake = stage.fake(machines.two)
    with stage.visit(fake, "hidden") as visit:
        visit.see(r"Video( 0)?\s+2[0-9.]* %", "rates")

        seen = []

        def nobody_looks():
            time.sleep(1)
            seen.append(fake.scrapes)
            time.sleep(11)
            seen.append(fake.scrapes)
        stage.browser.in_background(nobody_looks)
        stage.checks.same(seen[1], seen[0], "hidden: no scrape while nobody looks")
        stage.checks.that(stage.browser.wait(lambda: fake.scrapes > seen[1], 3),
                          "hidden: a scrape as soon as somebody looks")


class Hurry:
    """The page's clock runs 20 times as fast, and so does the machine's."""

    def __init__(self, stage, machine):
        self.browser, self.fake = stage.browser, stage.fake(machine)
        self.fake.speed = 20

    def __enter__(self):
        self.script = self.browser.devtools("Page.addScriptToEvaluateOnNewDocument",
                                            source=HURRY.replace("SPEED", "20"))["identifier"]
        return self.fake

    def __exit__(self, *_):
        self.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=self.script)


LINE = "return document.querySelector('figure .line.video')?.getAttribute('d') ?? ''"


def check_minutes(stage):
    """Five minutes of history, in seconds."""
    browser, checks = stage.browser, stage.checks
    with Hurry(stage, machines.healthy) as fake, stage.visit(fake, "minutes") as visit:
        checks.same(browser.run(LINE), "", "minutes: no graph of nothing")
        visit.see(r"Video 0\s+[0-9.]+ %", "rates")
        browser.wait(lambda: browser.run(LINE).count("L") >= 55, 30)
        points = browser.run(LINE).count("L")
        checks.that(40 <= points <= 65, f"minutes: {points} points in a line")
        time.sleep(2)
        checks.that(browser.run(LINE).count("L") <= 65, "minutes: and no more later")
        kinds = browser.run("return [...document.querySelectorAll('figure .line')].map((e) => e.classList[1])")
        checks.same(kinds, ["video", "video-enhance", "render", "copy"], "minutes: what rested has no line")
        visit.picture("healthy", rates=True)


# An hour before now, and older, of the page's first line; as if it had been open.
BEFORE = """return import(location.origin + "/metrics.js").then((m) => {
  const [key, points] = [...m.past.entries()].find(([k]) => k.includes("vcs0"));
  const find = () => [{ name: "x", labels: {}, rate: 0.5 }];
  const now = performance.now();
  m.past.clear();
  for (let t = now - 2 * 3600000; t < now; t += 5000) m.remember({ time: t, find });
  const kept = [...m.past.values()][0];
  const bounds = [kept.length, Math.round((kept.at(-1).time - kept[0].time) / 60000)];
  m.past.clear();
  for (let i = 0; i < 2000; i++)
    m.remember({ time: now, find: () => [{ name: "x", labels: { i }, rate: 0.5 }] });
  bounds.push(m.past.size);
  m.past.clear();
  m.past.set(key, kept);
  return bounds; });"""


def check_hour(stage):
    """The last hour, when it is wanted, and no more of it than fits."""
    browser, checks = stage.browser, stage.checks
    with stage.visit(stage.fake(machines.busy), "hour") as visit:
        visit.see(r"Video 0\s+[0-9.]+ %", "rates")
        points, minutes, lines = browser.run(BEFORE)
        checks.that(700 < points < 800 and minutes <= 60, f"hour: {points} points of {minutes} minutes are kept")
        checks.that(lines <= 128, f"hour: of {lines} engines")
        browser.run("document.getElementById('hour').click()")
        drawn = browser.run(LINE)
        least = min(int(x) for x in re.findall(r"[ML](\d+)", drawn))
        checks.that(least <= 3 and 200 < drawn.count("L") <= 301,
                    f"hour: the line begins at {least} of 300, and has {drawn.count('L')} points")
        checks.same(browser.run("return document.getElementById('hour').ariaPressed"), "true", "hour: it is chosen")
        checks.that("Last hour: Video 0 at most" in browser.run(
            "return document.querySelector('figure svg').getAttribute('aria-label')"), "hour: in words")
        browser.screenshot(SCREENSHOTS / "hour.png")
        browser.run("document.getElementById('hour').click()")
        checks.that("5 minutes ago" in browser.text("figure") and browser.run(LINE).count("L") < 70,
                    "hour: and the minutes again")


def check_pause(stage):
    """Nothing is asked while it is paused, nothing else than every 5 s while it is not, and nothing is said
    to a screen reader while nothing changes."""
    browser, checks = stage.browser, stage.checks
    with Hurry(stage, machines.two) as fake, stage.visit(fake, "pause") as visit:
        visit.see(r"Video( 0)?\s+2[0-9.]* %", "rates")
        browser.run("""window.said = 0;
            for (const e of document.querySelectorAll("[role=status], [aria-live]"))
              new MutationObserver(() => window.said++).observe(e, { childList: true, characterData: true,
                                                                     subtree: true });""")
        before = fake.scrapes
        time.sleep(2)
        asked = fake.scrapes - before
        checks.that(2 <= asked <= 9, f"pause: {asked} scrapes in 40 s of the page")
        checks.same(browser.run("return window.said"), 0, "pause: nothing is announced by them")
        browser.run("document.getElementById('pause').click()")
        time.sleep(0.3)
        visit.see("^paused, figures of ", "it says so", "#status")
        before = fake.scrapes
        time.sleep(1.2)
        checks.same(fake.scrapes, before, "pause: no scrape")
        checks.same(browser.text("#pause"), "Resume", "pause: how to go on")
        browser.run("document.getElementById('pause').click()")
        checks.that(browser.wait(lambda: fake.scrapes > before, 3), "pause: and on again")
        visit.see(LIVE, "it is live again", "#status")


def press(browser, key):
    for kind in ("keyDown", "keyUp"):
        browser.devtools("Input.dispatchKeyEvent", type=kind, key=key, code=key,
                         windowsVirtualKeyCode={"Tab": 9, "Enter": 13}[key],
                         **({"text": "\r"} if key == "Enter" and kind == "keyDown" else {}))


FOCUSED = """const e = document.activeElement, s = getComputedStyle(e);
return [e.id || e.textContent, s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2];"""


def check_keyboard(stage):
    """Everything without a mouse; what is open or has the focus keeps it over updates."""
    browser, checks = stage.browser, stage.checks
    fake = stage.fake(machines.busy)
    with stage.visit(fake, "keyboard") as visit:
        visit.see(r"Video 0\s+[0-9.]+ %", "rates")
        seen, wanted = [], ["hour", "pause", "Tests that pass: 6", "Ended, or the exporter's own tests: 2",
                            "Addresses and details", "metrics"]
        for _ in wanted:
            press(browser, "Tab")
            seen.append(browser.run(FOCUSED))
        checks.same([name for name, _ in seen], wanted, "keyboard: all in the order of the page")
        checks.same([name for name, shown in seen if not shown], [], "keyboard: the focus is seen")
        browser.run("document.querySelector('[data-key^=tests] summary').focus()")
        press(browser, "Enter")
        visit.see("H264High", "a key unfolds")
        browser.run("window.kept = document.activeElement")
        fake.metrics = lambda t: machines.busy(t) + machines.row("wedged", 1, pci=machines.GPU) + "\n"
        visit.see("^What is wrong", "something comes before it")
        checks.same(browser.run("return [document.activeElement === window.kept, window.kept.parentElement.open, "
                                "document.querySelectorAll('details[open]').length]"), [True, True, 1],
                    "keyboard: focus, and what is unfolded, stay")
        press(browser, "Enter")
        before = fake.scrapes
        browser.wait(lambda: fake.scrapes > before + 1)
        visit.absent("H264High", "what was folded again stays so")


def main(checks):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stage = Stage(checks)
    try:
        wanted = sys.argv[1:]
        for check in (check_answers, check_daemon, check_notice, check_without_script, check_busy,
                      check_two, check_card, check_twins, check_broken, check_stale, check_guests, check_no_gpu,
                      check_failing, check_hostile, check_silence, check_restart, check_hidden, check_pause,
                      check_keyboard, check_hour, check_minutes):
            if not wanted or check.__name__.removeprefix("check_") in wanted:
                check(stage)
    finally:
        stage.close()


case(main)

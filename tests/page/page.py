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
SCRIPTS = ("page.js", "elements.js", "gpu.js", "guests.js", "metrics.js")
LIVE = "live, every 5 s"


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

    def picture(self, name, rates=False):
        """On a desk and on a phone, in both themes."""
        for screen, width, height in (("desktop", 1280, 900), ("phone", 390, 844)):
            for dark in (False, True):
                self.browser.look(width, height, dark)
                if rates:  # the look at the page took longer than its hurried clock likes
                    self.see(r"vcs0\s+[0-9.]+ %", "rates in the picture")
                wide = self.browser.run("return document.documentElement.scrollWidth")
                self.checks.that(wide <= width, f"{self.name}: fits {width} pixels: {wide}")
                theme = "dark" if dark else "light"
                self.browser.screenshot(SCREENSHOTS / f"{name}-{screen}-{theme}.png")
        self.browser.look(1280, 900, False)


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
    checks.that(size < 36000, f"the page is small: {size} bytes")
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
        visit.see("lxc/201", "a workload")
        visit.see("Room for .*3 × i915-GVTg_V5_4", "room for vGPUs")
        visit.see("Not available on this GPU.*throttle", "what is not there is said")
        visit.absent(r"\bRC6|%", "no share of what is not exported")
        visit.absent("Failing", "nothing fails")
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
    stage.checks.that('<section id="static">' in page and "driver i915" in page and
                      'id="live" hidden' in page, "without JavaScript: the list of GPUs")
    stage.browser.screenshot(SCREENSHOTS / "without-script.png")
    stage.browser.devtools("Emulation.setScriptExecutionDisabled", value=False)


def check_busy(stage):
    with stage.visit(stage.fake(machines.busy), "busy") as visit:
        browser, checks = stage.browser, stage.checks
        shown = browser.texts(".engine .value")
        visit.see(r"Video 0 vcs0\s+[0-9.]+ %", "the first video engine has a rate")
        checks.that(set(shown) <= {"–"} or "%" in "".join(shown), f"before, a dash: {shown}")
        rates = percents(browser.texts(".engine .value"))
        checks.that(len(rates) == 5 and 45 < rates[2] < 75 and rates[1] == 0,
                    f"busy: engines at {rates}, wanted about 8, 0, 60, 0, 33")
        meters = browser.run("return [...document.querySelectorAll('[role=meter]')].map((e) => "
                             "[e.getAttribute('aria-label'), e.getAttribute('aria-valuetext')])")
        checks.that(["Copy 0 busy", "0\u00a0%"] in meters, "busy: a measured 0 is 0 %")
        visit.see("1150 MHz of 1150 MHz", "the clock")
        visit.see(r"RC6 \(asleep\)\s+2[3-7]", "RC6")
        visit.see("! pl1", "why it is throttled")
        visit.see(r"win11, VM 100\s+in use", "who has a vGPU")
        visit.see(r"V5_4\n\S+2\s+–\s+unused", "one that nobody has")
        visit.see("✓ 2 of 2 expected codecs work", "encoding works")
        visit.verdict("✓ encoding works")
        visit.see(r"H264High, low power · 256 × 256\s+✓ works\s+41.9 dB · 512 frames/s",
                  "a test")
        visit.see(r"HEVCMain · 256 × 256\s+✓ works\s+40.3 dB · 288 frames/s · also 3840 × 2160",
                  "one that larger pictures pass, too")
        checks.same(sum("HEVC" in t for t in browser.texts("tbody tr")), 1, "busy: in one row")
        visit.see("Last full round 3 min ago", "when it was tested")
        visit.see(r"jellyfin\nnamespace media · 2 clients\s+Video (2[3-7]\S*) %", "a pod's share")
        visit.see("221 MiB", "its memory")
        visit.see(r"user/1000\nended\s+idle\s+–", "an idle one, whose memory is not known")
        checks.same(browser.texts(".marks .mark"), ["✓ 2 hardware", "1 mixed", "✗ 1 software",
                                                    "1 idle"], "busy: transcodes in a line")
        visit.see(r"jellyfin\s+pod/media/jellyfin-0/jellyfin\s+✓ hardware\s+2\s+0\.2[3-7]",
                  "one in hardware, and its processor time")
        visit.see(r"ffmpeg\s+lxc/201 · nvr\s+✗ software\s+1\s+3\.[3-7]", "one in software")
        visit.see(r"ffmpeg\s+lxc/201 · nvr\s+idle\s+1\s+0\.00", "one that rests")
        visit.absent("handbrake", "one that has ended")


def check_two(stage):
    with stage.visit(stage.fake(machines.two), "two") as visit:
        visit.see("(?s)UHD Graphics 630.*Arc A380", "both GPUs")
        visit.see(r"Compute 0 ccs0\s+0 %", "rates")
        checks, browser = stage.checks, stage.browser
        first = percents(browser.texts(".card:nth-child(1) .engine .value"))
        second = percents(browser.texts(".card:nth-child(2) .engine .value"))
        checks.that(len(first) == 2 and abs(first[1] - 20) < 4 and abs(second[2] - 75) < 8,
                    f"two: each has its own engines: {first}, {second}")
        visit.see(r"All codecs\s+256 × 256\s+– not tested\s+driver_missing: no VA driver found",
                  "no driver, and none expected: not tested")
        visit.verdict("– encoding is not tested")
        visit.absent("vGPU|Who uses|fails", "nothing that they do not have")
        visit.picture("two", rates=True)


def check_guests(stage):
    with stage.visit(stage.fake(machines.guests), "guests") as visit:
        visit.see(r"VF 1\n0000:00:02\.1\s+vfio-pci\s+jellyfin, VM 101", "a VM's virtual function")
        visit.see(r"VF 2\n0000:00:02\.2\s+vfio-pci\s+frigate\n", "one of a VM without a number")
        visit.see(r"VF 3\n0000:00:02\.3\s+no driver\s+–", "nobody's")
        visit.see("The GPU supports 7.", "how many there can be")
        visit.see("None now.", "no transcode")
        cards = stage.browser.texts("#live > .card")
        stage.checks.that(re.search("(?s)A380.*for a virtual machine.*win11, VM 100 in use", cards[1])
                          and "nobody" not in cards[1], "guests: a GPU that a VM has")
        stage.checks.that(re.search("(?s)A310.*Owner not known ! nobody has it open", cards[2]) and
                          "in use" not in cards[2], "guests: one given away in vain")
        visit.absent("vGPU|Failing|tested", "nothing that they do not have")
        empty = stage.browser.run("return document.querySelectorAll('.parts > :empty').length")
        stage.checks.same(empty, 0, "guests: no empty column")
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
        visit.see("✗ engine on 0000:00:02.0: not permitted. What to do: perf-paranoid",
                  "a denial")
        visit.verdict("✗ GPU given up by its driver")
        visit.see("✗ machine: did not answer in time. What to do: stuck-read", "a late one")
        visit.see("✗ 1 of 3 expected codecs work H.264 works, HEVC fails, AV1 fails", "the sum")
        visit.see(r"HEVCMain, low power · 256 × 256\s+✗ fails\nexecute: the GPU does not do "
                  "the work. What to do", "a failed test and why")
        visit.see(r"H264ConstrainedBaseline · 1920 × 1080\s+✗ fails\ncreate_context",
                  "a size that fails, of an encoder that works")
        visit.see(r"AV1\n256 × 256\s+– not offered", "one that cannot be tested")
        visit.see(r"HDR tone mapping\s+✗ fails What to do", "video processing")
        visit.see("Tests wait: backoff. No full round has ended yet.", "tests wait")
        visit.see(r"Clock\s+0 MHz\n", "a clock that is 0, without a maximum")
        visit.see(r"Driver\s+i915 ✗ has given the GPU up", "a GPU that is wedged")
        visit.see(r"Resets\s+! 2 since the exporter began", "and its resets before")
        visit.absent(r"RC6|Throttled|Interrupts| %", "what is absent is not shown as 0")
        links = browser.run("return [...document.querySelectorAll('#live a')].map((a) => a.href)")
        checks.that(visit.url + "runbook#perf-paranoid" in links and
                    visit.url + "runbook#vaapi-results" in links, "failing: links to the runbook")
        visit.picture("failing")
        stage.fakes[-1].metrics = lambda t: re.sub(r"(_wedged.*) 1", r"\1 0", machines.failing(t))
        visit.verdict("✗ 2 of 3 codecs fail")


def check_hostile(stage):
    with stage.visit(stage.fake(machines.hostile), "hostile") as visit:
        browser, checks = stage.browser, stage.checks
        visit.see(re.escape("process/" + machines.SCRIPT), "a script is text")
        visit.see(re.escape(machines.IMAGE), "an image is text")
        visit.see(r'a "quote", a \\ and a } and {x="y"} 1 line', "escapes are understood")
        visit.see(r"Video 0 vcs0\s+[0-9.]+ %", "and the rest is shown", "body")
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
        visit.see(r"vcs0\s+2[0-9.]* %", "rates")
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
        visit.see(r"vcs0\s+2[0-9.]* %", "rates")
        fake.metrics = lambda t: machines.two(t - 1000)
        visit.see(r"(?s)vcs0\s+–.*RC6 \(asleep\)\s+–.*vcs0\s+–", "dashes when counters fell")
        visit.see(r"(?s)vcs0\s+2[0-9.]* %.*RC6 \(asleep\)\s+[89]", "and rates again")


def check_hidden(stage):
    fake = stage.fake(machines.two)
    with stage.visit(fake, "hidden") as visit:
        visit.see(r"vcs0\s+2[0-9.]* %", "rates")

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


def check_minutes(stage):
    """Five minutes of history, in seconds."""
    fake = stage.fake(machines.busy)
    fake.speed = 20
    script = stage.browser.devtools("Page.addScriptToEvaluateOnNewDocument",
                                    source=HURRY.replace("SPEED", "20"))["identifier"]
    with stage.visit(fake, "minutes") as visit:
        visit.see(r"vcs0\s+[0-9.]+ %", "rates")
        line = "return document.querySelectorAll('.spark path')[2].getAttribute('d')"
        stage.browser.wait(lambda: stage.browser.run(line).count("L") >= 55, 30)
        points = stage.browser.run(line).count("L")
        stage.checks.that(40 <= points <= 65, f"minutes: {points} points in a line")
        time.sleep(2)
        stage.checks.that(stage.browser.run(line).count("L") <= 65, "minutes: and no more later")
        visit.picture("busy", rates=True)
    stage.browser.devtools("Page.removeScriptToEvaluateOnNewDocument", identifier=script)


def main(checks):
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    stage = Stage(checks)
    try:
        wanted = sys.argv[1:]
        for check in (check_answers, check_daemon, check_notice, check_without_script, check_busy,
                      check_two, check_guests, check_no_gpu, check_failing, check_hostile,
                      check_silence, check_restart, check_hidden, check_minutes):
            if not wanted or check.__name__.removeprefix("check_") in wanted:
                check(stage)
    finally:
        stage.close()


case(main)

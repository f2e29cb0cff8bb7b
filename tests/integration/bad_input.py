# SPDX-License-Identifier: Apache-2.0
"""Bad input: wrong flags, paths and addresses end with one clear line and exit code 1; garbage in
sysfs fails the collector that reads it and nothing else, and is logged once."""
import os
import re
import shlex
import subprocess
import tempfile
from pathlib import Path

from local import (FIXTURES, REPO, SANITIZED, SKYLAKE, Exporter, Metrics, Tree, as_nobody, ask,
                   case, fixtures, free_port, get_request, is_root, promtool, run)

HINT = re.compile(r"Try `intel_gpu_exporter --help'.*information\.", re.S)
FAILING = re.compile("collector (failing|incomplete)")
CLOCK = "sys/class/drm/card0/gt/gt0/rps_act_freq_mhz"
FAMILIES = ("intel_gpu_engines", "intel_gpu_engine_covers_guests", "intel_gpu_frequency",
            "intel_gpu_throttled", "intel_gpu_runtime", "intel_gpu_vgpu")


def refused(checks, flags, *words, prefix=(), name=None):
    """Exit code 1, nothing on stdout, and one line on stderr that names what is wrong."""
    try:
        code, out, err = run(*flags, prefix=prefix, timeout=10)
    except subprocess.TimeoutExpired:
        code, out, err = "it runs", b"", b""
    text = HINT.sub("", err.decode(errors="replace")).strip()
    lines = text.splitlines()
    checks.that(code == 1 and not out and len(lines) == 1 and all(w in text for w in words),
                f"{name or shlex.join(flags)[:70]!r}: exit code {code}, {text[:400]!r}")


def check_flags(checks):
    for flags, *words in (
            (["--nope"], "--nope"),
            (["-x"], "'x'"),
            (["--web.listen=:1"], "--web.listen:", "write --web.listen-address"),
            (["-web.listen-address=:1"], "write --web.listen-address"),
            (["--web.telemetry-path=/-/healthy"], '"/-/healthy"', "something else"),
            (["--web.telemetry-path=/metrics?x"], '"/metrics?x"', "?"),
            (["--vaapi.interval=300"], '"300" has no unit', "write 300s"),
            (["--collector.nope"], "--collector.nope"),
            (["--no-collector.nope"], "--no-collector.nope"),
            (["--collector.info=1"], "--collector.info"),
            (["nonsense"], '"nonsense"'),
            (["--once", "nonsense"], '"nonsense"'),
            (["--scrape.timeout"], "--scrape.timeout"),
            (["--web.telemetry-path=metrics"], "--web.telemetry-path", '"metrics"'),
            (["--web.telemetry-path="], "--web.telemetry-path"),
            (["--log.level=loud"], "--log.level", '"loud"', "debug, info, warn, error"),
            (["--log.level=INFO"], "--log.level", '"INFO"'),
            (["--log.format=xml"], "--log.format", '"xml"', "logfmt, json"),
            (["--once=soon"], "--once", '"soon"'),
            (["--log.level=\x1b[31m\n"], "--log.level", r'"\x1b[31m\x0a"')):
        refused(checks, flags, *words)
    refused(checks, ["--scrape.timeout=2"], '"2" has no unit', "write 2s")
    for value in ("", "0", "-1s", "2 s", "2sec", "1d", "0x1s", "nan", "inf", "49ms",
                  "61m", "9" * 400 + "s", "1.2.3s", "s"):
        refused(checks, [f"--scrape.timeout={value}"], "--scrape.timeout", "50ms")
    for value in ("", "-1", "x", "1.5", "100001", "9" * 40):
        refused(checks, [f"--web.max-requests={value}"], "--web.max-requests")
    refused(checks, [f"--web.listen-address=127.0.0.1:{p}" for p in range(20000, 20100)],
            "--web.listen-address", name="100 addresses")


def check_addresses(checks):
    for value in ("10057", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:99999",
                  "127.0.0.1:65536", "127.0.0.1:http", "127.0.0.1:-1", "127.0.0.1:+80",
                  "127.0.0.1: 80", "::1:10057", "[::1]10057", "[::1:10057", "::1]:10057",
                  "http://localhost:1", "a" * 300 + ":1", "[zz]:10057"):
        refused(checks, [f"--web.listen-address={value}"], value, "HOST:PORT")
    refused(checks, ["--web.listen-address="], "address", "HOST:PORT")
    for value in ("no-such-host.invalid:10057", "bad host:10057"):
        refused(checks, [f"--web.listen-address={value}"], value, "does not resolve")
    refused(checks, ["--web.listen-address=192.0.2.1:10057"], "192.0.2.1:10057", "this machine")

    first = Exporter(SKYLAKE)
    taken, free = (f"127.0.0.1:{port}" for port in (first.port, free_port()))
    refused(checks, [f"--path.rootfs={FIXTURES / SKYLAKE}", f"--web.listen-address={free}",
                     f"--web.listen-address={taken}"], taken, "already in use",
            name="an address in use, beside a free one")
    checks.same(first.scrape().value("intel_gpu_up"), 1, "the one that has it serves on")
    first.stop()
    refused(checks, [f"--web.listen-address={free}", f"--web.listen-address={free}"], free,
            "already in use", name="the same address twice")


def check_paths(checks):
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        file, missing = f"{folder}/file", f"{folder}/missing"
        Path(file).write_text("")
        for flag in ("--path.rootfs", "--path.sysfs", "--path.procfs"):
            refused(checks, [f"{flag}={missing}"], missing, "No such file", name=f"{flag}: missing")
            refused(checks, [f"{flag}={file}"], file, "Not a directory", name=f"{flag}: a file")
            refused(checks, [f"{flag}={missing}", "--once"], missing, name=f"{flag}: with --once")
            refused(checks, [f"{flag}="], "path", name=f"{flag}: empty")
        for path in ("", "run/kubelet.sock"):
            refused(checks, [f"--path.kubelet-socket={path}"], "path", name=f"--path.kubelet-socket={path}")
        if not is_root():
            checks.skip("an unreadable folder, a port below 1024: needs root to become nobody")
            return
        secret = f"{folder}/secret"
        os.mkdir(secret, 0o700)
        refused(checks, [f"--path.rootfs={secret}"], secret, "Permission denied",
                prefix=as_nobody(), name="--path.rootfs: unreadable")
        # A network of its own, where ports below 1024 are still for the privileged.
        # A copy, since the checkout may be below a folder that is closed to nobody.
        with Tree() as tree:
            refused(checks, [f"--path.rootfs={tree.root}", "--web.listen-address=127.0.0.1:80"],
                    "127.0.0.1:80", "Permission denied",
                    prefix=("unshare", "-n", *as_nobody()), name="nobody, port 80")
    # A machine without sysfs (some containers) is one without a GPU, and no wrong flag.
    with tempfile.TemporaryDirectory() as folder:
        code, out, _ = run(f"--path.rootfs={folder}", "--once")
        checks.that(code == 1 and b"\nintel_gpu_up " not in out and not promtool(out) and
                    b'success{collector="discovery"} 0\n' in out,
                    "an empty root: exit code 1 of --once, and nobody knows of a GPU")


def check_privileged_port(checks):
    """Root may have a port below 1024, though the capability for that is given up."""
    if not is_root():
        checks.skip("a port below 1024 as root: needs root")
        return
    script = ('ip link set lo up 2>/dev/null; "$0" "$@" & pid=$!; '
              'until grep -q msg=listening "$LOG" || ! kill -0 $pid; do sleep 0.1; done; '
              'kill $pid; wait $pid')
    with tempfile.NamedTemporaryFile("w+") as log:
        done = subprocess.run(
            ["unshare", "-n", "sh", "-c", script, os.environ["EXPORTER"],
             "--web.listen-address=:80", f"--path.rootfs={FIXTURES / SKYLAKE}"],
            stderr=log, env={**os.environ, "LOG": log.name}, timeout=60)
        said = Path(log.name).read_text()
    checks.that(done.returncode == 0 and "cannot listen" not in said,
                f"root, port 80: exit code {done.returncode}, {said[-300:]!r}")


def check_flag_forms(checks):
    root = str(FIXTURES / SKYLAKE)
    forms = [run("--path.rootfs=" + root, "--once", "--log.level=error"),
             run("--path.rootfs", root, "--once", "--log.level", "error")]
    checks.that([f[0] for f in forms] == [0, 0] and len(Metrics(forms[0][1].decode())) ==
                len(Metrics(forms[1][1].decode())), "--flag=value and --flag value")
    for flags, wanted in (
            (["--collector.disable-defaults", "--collector.info"], {"info"}),
            (["--collector.info", "--collector.disable-defaults"], {"info"}),
            (["--collector.disable-defaults", "--collector.info", "--no-collector.info"], set()),
            (["--collector.disable-defaults", "--no-collector.info", "--collector.info"],
             {"info"})):
        metrics = Metrics(run(f"--path.rootfs={root}", "--once", *flags)[1].decode())
        found = {dict(k)["collector"]
                 for k in metrics.find("intel_gpu_scrape_collector_success")} - {"discovery"}
        checks.same(found, wanted, shlex.join(flags))
    text = run(f"--path.rootfs={root}", "--once", "--web.disable-exporter-metrics")[1].decode()
    checks.that("process_" not in text and "build_info" not in text and "intel_gpu_up 1" in text,
                "--web.disable-exporter-metrics")


def source_families():
    """Every family that the sources define, and the collectors with their defaults."""
    names, collectors = set(), {}
    for file in [*(REPO / "src" / "collectors").glob("*.c"), REPO / "src" / "scrape" / "meta.c"]:
        text = file.read_text()
        names |= set(re.findall(r'\.name = "((?:intel_gpu|process)_[a-z0-9_]+)"', text))
        for body in re.findall(r"const struct collector \w+_collector = {(.*?)\n};", text, re.S):
            name = re.search(r'\.name = "(\w+)"', body)[1]
            collectors[name] = "off" if ".off_by_default = true" in body else "on"
    return names, collectors


def check_texts(checks):
    names, collectors = source_families()
    code, out, err = run("--help")
    text = " ".join(out.decode().split())
    checks.that(code == 0 and not err, "--help: exit code 0, on stdout")
    for name, default in collectors.items():
        own = re.search(rf"--collector\.{name} (?:(?! --collector).)*\((on|off) by default\)", text)
        checks.that(own and own[1] == default, f"--help: --collector.{name} is {default}")
    for flag in ("web.listen-address", "web.telemetry-path", "web.max-requests", "path.rootfs",
                 "path.sysfs", "path.procfs", "path.kubelet-socket", "scrape.timeout", "log.level", "log.format", "once",
                 "list-metrics", "version", "usage", "help", "collector.disable-defaults"):
        checks.that(f"--{flag}" in text, f"--help: --{flag}")
    for default in (":10057", "/metrics", "40", "2s", "info", "logfmt"):
        checks.that(f"default {default})" in text, f"--help: the default {default}")

    code, out, err = run("--version")
    checks.that(code == 0 and not err and re.fullmatch(
        r"intel_gpu_exporter, version \d+\.\d+\.\d+ \(revision: [0-9a-z-]*\)\n", out.decode()),
        f"--version: {out.decode().strip()}")

    code, out, err = run("--list-metrics")
    rows = [[cell.strip() for cell in line[1:-1].split("|")] for line in out.decode().splitlines()]
    checks.that(code == 0 and not err and all(len(r) == 6 for r in rows) and
                rows[0] == ["metric", "type", "labels", "collector", "default", "meaning"] and
                set("".join(rows[1])) == {"-"}, f"--list-metrics: a table of {len(rows) - 2} rows")
    table = {row[0].strip("`"): row for row in rows[2:]}
    checks.same(len(table), len(rows) - 2, "each family has one row")
    checks.same(set(table), names, "the rows are the families of the sources")
    bad = [r[0] for r in rows[2:] if r[1] not in ("gauge", "counter", "info") or not r[5] or
           r[3] not in (*collectors, "–") or
           r[4] not in ("on", "off") and not re.fullmatch(r"`--[a-z.-]+`", r[4]) or
           r[4] in ("on", "off") and r[4] != collectors.get(r[3], "on")]
    checks.same(bad, [], "with type, collector, default and meaning")
    check_table(checks, table)


def check_table(checks, table):
    """Whatever a machine shows is in the table, with its type and its labels."""
    wrong = []
    for fixture in fixtures():
        text = run(f"--path.rootfs={FIXTURES / fixture}", "--once", "--collector.cycles")[1]
        text = text.decode() + (FIXTURES / fixture / "expected.prom").read_text()
        types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M))
        for name, shown in types.items():
            row = table.get(name)
            if not row or row[1].replace("info", "gauge") != shown:
                wrong.append((fixture, name, shown))
        for match in re.finditer(r"^([a-z_0-9]+)(?:{(.*)})? ", text, re.M):
            labels = set(re.findall(r'([a-z_]+)="(?:[^"\\]|\\.)*"', match[2] or ""))
            listed = set(re.findall(r"`(\w+)`", table.get(match[1], [""] * 6)[2]))
            if not labels <= listed:
                wrong.append((fixture, match[1], labels - listed))
    checks.same(wrong, [], "each machine's families, types and labels are in the table")


def rows(metrics, pci):
    """What the collectors of sysfs say of a GPU."""
    return {k: v for k, v in metrics.items() if ("pci", pci) in k[1] and k[0].startswith(FAMILIES)}


def failing(metrics, collectors):
    found = metrics.find("intel_gpu_scrape_collector_success")
    return {(dict(k)["collector"], dict(k).get("pci")) for k, v in found.items()
            if v == 0 and dict(k)["collector"] in collectors}


def check_hostile_machine(checks):
    exporter = Exporter("hostile")
    body = ask(exporter.port, get_request()).body
    checks.that(body.decode() and not promtool(body),
                "a machine full of garbage: promtool is content")
    metrics = exporter.scrape()
    expected = Metrics((FIXTURES / "hostile" / "expected.prom").read_text())
    healthy = "0000:00:02.0"
    shown = rows(metrics, healthy)
    checks.that(shown == rows(expected, healthy) and len(shown) > 30,
                f"its healthy GPU is exported in full: {len(shown)} samples")
    checks.that(metrics.find("intel_gpu_info", pci=healthy, driver="i915", device_id="3e92"),
                "with its identity")
    collectors = {"info", "frequency", "throttle", "runtime", "power", "thermal", "memory", "pcie",
                  "vgpu", "sriov", "discovery"}
    bad = failing(metrics, collectors)
    checks.that(bad == failing(expected, collectors) and len(bad) > 15,
                f"{len(bad)} collectors of other GPUs fail, as recorded")
    checks.same([b for b in bad if metrics.reason(b[0], pci=b[1]) != "parse"], [],
                "each with the reason parse")
    partial = [pci for collector, pci in bad if collector == "frequency"]
    checks.same([pci for pci in partial if not metrics.find("intel_gpu_frequency_max_hertz", pci=pci)],
                [], "a clock that can be read is published beside those that cannot")

    lines = [line for line in exporter.log().splitlines() if FAILING.search(line)]
    named = {(c, p) for line in lines
             for c in re.search(r"collector=(\S+)", line)[1].split(",")
             for p in re.findall(r"pci=(\S+)", line)}
    checks.same(named, bad, "the log has a line for each")
    unnamed = [line for line in lines if not re.search(
        r'err="(sys/|power/|(available_instances|description|devices) of )', line)]
    checks.same(unnamed, [], "which names the file")
    for _ in range(20):
        exporter.scrape()
    again = [line for line in exporter.log().splitlines() if FAILING.search(line)]
    checks.same(len(again), len(lines), "20 scrapes later no line more")
    exporter.stop()


def check_values(checks):
    """One file through all kinds of garbage, under a running exporter."""
    with Tree() as tree:
        exporter, path = Exporter(tree.root), tree / CLOCK
        before = exporter.scrape().value("intel_gpu_frequency_actual_hertz")
        checks.that(before, "a clock to begin with")
        failures = recoveries = 0
        for name, content, ok in (
                ("empty", b"", True), ("a newline", b"\n", True),
                ("negative", b"-1\n", False), ("huge", b"9" * 30 + b"\n", False),
                ("huge and long", b"1" * 100000, False), ("binary", bytes(range(256)), False),
                ("NUL bytes", bytes(8), False), ("two numbers", b"300\n400\n", False),
                ("a word", b"fast\n", False), ("hexadecimal", b"0x12c\n", False),
                ("a fraction", b"300.5\n", False), ("no clock", b"4294967295\n", True),
                ("a folder", "folder", False), ("a link to itself", "loop", False),
                ("missing", "missing", True), ("a FIFO", "fifo", True)):
            path.unlink()
            if isinstance(content, bytes):
                path.write_bytes(content)
            elif content == "folder":
                path.mkdir()
            elif content == "loop":
                path.symlink_to(path.name)
            elif content == "fifo":
                os.mkfifo(path)
            for _ in range(3):
                metrics, seconds = exporter.timed()
            failures += not ok
            recoveries += not ok
            reason = metrics.reason("frequency")
            others = metrics.find("intel_gpu_frequency_min_hertz")
            checks.that(metrics.value("intel_gpu_frequency_actual_hertz") is None and
                        reason == (None if ok else "parse") and bool(others) and seconds < 1,
                        f"a clock that is {name}: {'absent' if ok else reason}")
            checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="vgpu") == 1
                        and metrics.value("intel_gpu_up") == 1, "the others work")
            if path.is_dir() and not path.is_symlink():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
            path.write_bytes(b"800\n")
            exporter.scrape()
        # The last of the clocks that are no constants.
        tree.write(CLOCK.replace("act", "boost"), "fast\n")
        metrics = exporter.scrape()
        checks.that(metrics.reason("frequency") == "parse" and
                    metrics.find("intel_gpu_frequency_actual_hertz") and
                    not metrics.find("intel_gpu_frequency_boost_hertz"),
                    "the last clock is a word: the others are published")
        tree.write(CLOCK.replace("act", "boost"), "350\n")
        exporter.scrape()
        failures += 1
        recoveries += 1
        log = exporter.log()
        found = [line for line in log.splitlines() if FAILING.search(line)]
        checks.that(len(found) == failures and all(
            re.search(r"rps_(act|boost)_freq_mhz.*remedy", line) and "pci=0000:00:02.0" in line
            for line in found),
                    f"{len(found)} failures, {len(found)} log lines with the file's name")
        checks.same(log.count("collector recovered"), recoveries, "and as many recoveries")
        exporter.stop()
        if not is_root():
            checks.skip("a file that may not be read: needs root to become nobody")
            return
        path.chmod(0)
        exporter = Exporter(tree.root, prefix=as_nobody())
        metrics = exporter.scrape()
        checks.that(metrics.reason("frequency") == "permission" and CLOCK in exporter.log(),
                    "a clock that nobody may read: permission")
        exporter.stop()


def main(checks):
    if SANITIZED:
        checks.skip("flags, addresses and paths: a sanitizer finds more in garbage from sysfs")
    else:
        check_flags(checks)
        check_addresses(checks)
        check_paths(checks)
        check_privileged_port(checks)
        check_flag_forms(checks)
        check_texts(checks)
    check_hostile_machine(checks)
    check_values(checks)


case(main)

# SPDX-License-Identifier: Apache-2.0
"""A new collector is one file and one line: in a copy of the sources both are added, and its
metric, its flags, its row in --list-metrics and its success row are there. Without the line the
check of the registry goes red."""
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from local import FIXTURES, REPO, SKYLAKE, Metrics, case, promtool

METRIC = "intel_gpu_example_modules_loaded"
FLAGS = (f"--path.rootfs={FIXTURES / SKYLAKE}", "--once", "--log.level=error")


def copy_sources(folder):
    """What the build of the program needs: tracked files and new ones, or without git all."""
    listed = subprocess.run(["git", "-C", REPO, "ls-files", "-co", "--exclude-standard", "-z",
                             "CMakeLists.txt", "README.md", "dashboards", "deploy", "src", "include"],
                            capture_output=True, text=True)
    if listed.returncode == 0:
        for name in filter(None, listed.stdout.split("\0")):
            if (REPO / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(REPO / name, folder / name)
        return
    for name in ("CMakeLists.txt", "README.md"):
        shutil.copy2(REPO / name, folder)
    for name in ("dashboards", "deploy", "src", "include"):
        shutil.copytree(REPO / name, folder / name)


def quietly(*command):
    done = subprocess.run(["nice", *map(str, command)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def build(source, folder):
    quietly("cmake", "-S", source, "-B", folder, "-G", "Ninja", "-DBUILD_TESTING=OFF",
            "-DWERROR=ON")
    quietly("cmake", "--build", folder, "--target", "intel_gpu_exporter", "--parallel", "2")
    return folder / "intel_gpu_exporter"


def output(program, *flags):
    return subprocess.run([program, *flags], capture_output=True, text=True).stdout


def registry_is_whole(source):
    done = subprocess.run(["sh", REPO / "tests/unit/registry.sh", source / "src/collectors"],
                          capture_output=True, text=True)
    return done.returncode == 0, done.stdout.strip()


def check_present(checks, program):
    metrics = Metrics(output(program, *FLAGS))
    checks.same(metrics.value(METRIC), 1, f"{METRIC} is 1")
    checks.same(metrics.value("intel_gpu_scrape_collector_success", collector="example"), 1,
                "its success row is there")
    checks.same(promtool(metrics.text.encode()), "", "promtool finds nothing")
    off = Metrics(output(program, *FLAGS, "--no-collector.example"))
    checks.that(not off.find(METRIC) and
                not off.find("intel_gpu_scrape_collector_success", collector="example"),
                "--no-collector.example takes it away")
    only = Metrics(output(program, *FLAGS, "--collector.disable-defaults", "--collector.example"))
    found = {dict(labels)["collector"]
             for labels in only.find("intel_gpu_scrape_collector_success")}
    checks.same(found, {"example", "discovery"}, "--collector.example alone")
    checks.that(f"| `{METRIC}` | gauge | | example | on | Whether" in
                re.sub(" +", " ", output(program, "--list-metrics")), "--list-metrics has its row")
    checks.that("--collector.example an example (on by default)" in
                " ".join(output(program, "--help").split()), "--help has its flag")


def main(checks):
    with tempfile.TemporaryDirectory(prefix="exporter-source-") as folder:
        source = Path(folder)
        copy_sources(source)
        before = build(source, source / "build")
        checks.that(not Metrics(output(before, *FLAGS)).find(METRIC) and
                    "example" not in output(before, "--help"), "before: no such collector")
        checks.same(registry_is_whole(source), (True, ""), "the registry is whole")

        shutil.copy(Path(__file__).with_name("example_collector.c.txt"),
                    source / "src" / "collectors" / "example.c")
        whole, said = registry_is_whole(source)
        checks.that(not whole and "example.c" in said, f"a file without its line: red, {said!r}")

        registry = source / "src" / "collectors" / "registry.c"
        text = registry.read_text()
        last = re.findall(r"^\tX\(\w+\)[^\n]*", text, re.M)[-1]
        registry.write_text(text.replace(last, f"{last} \\\n\tX(example)"))
        checks.same(registry_is_whole(source), (True, ""), "one file and one line: green")
        check_present(checks, build(source, source / "build"))

        registry.write_text(text)
        checks.that(not registry_is_whole(source)[0], "the line forgotten again: red")


case(main)

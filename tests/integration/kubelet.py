# SPDX-License-Identifier: Apache-2.0
"""Which pods were assigned a GPU: from a server that speaks the kubelet's pod-resources API as little as it
must, and from those that do not answer, or answer something else. None of them delays a scrape."""
import time

from local import Exporter, Tree, case, promtool, wait_for

from kubelet import Kubelet, claim, container, devices, field, pod

SOCKET = "var/lib/kubelet/pod-resources/kubelet.sock"
NAME = "intel_gpu_pod_assigned_info"
UHD, ARC = "0000:00:02.0", "0000:03:00.0"  # card1 and renderD129, card0 and renderD128

ANSWER = (
    pod("media", "jellyfin-0",
        container("jellyfin", devices("gpu.intel.com/i915", "card1-0", "card1-1"),
                  devices("squat.ai/fuse", "0a1b2c"), devices("intel.com/nic", "0000:02:04.0")),
        container("sidecar")) +
    pod("media", "frigate", container("frigate", devices("gpu.intel.com/xe", "card0-3"))) +
    pod("media", "tdarr", container("node", devices("squat.ai/dri", "/dev/dri/renderD128"))) +
    pod("media", "immich", container("ml", claim("gpu.intel.com", "0000-03-00-0-0x56a5"),
                                     claim("gpu.nvidia.com", "gpu-0"))) +
    pod("media", "unknown", container("c", devices("gpu.intel.com/i915", "card7-0", "card10-0"))) +
    pod("monitoring", "exporter-x7k2p", container("exporter", devices("gpu.intel.com/monitoring", "all"))) +
    pod("kube-system", "coredns", container("coredns")))
WANTED = {
    (UHD, "media", "jellyfin-0", "jellyfin", "gpu.intel.com/i915"),
    (ARC, "media", "frigate", "frigate", "gpu.intel.com/xe"),
    (ARC, "media", "tdarr", "node", "squat.ai/dri"),
    (ARC, "media", "immich", "ml", "gpu.intel.com"),
    ("", "media", "unknown", "c", "gpu.intel.com/i915"),
}


def rows(metrics):
    return {tuple(dict(labels).get(key, "") for key in ("pci", "namespace", "pod", "container", "resource"))
            for labels in metrics.find(NAME)}


def many(n):
    return b"".join(pod("media", f"pod-{i}", container("c", devices("gpu.intel.com/i915", f"card1-{i}")))
                    for i in range(n))


def check_answers(checks, exporter, kubelet):
    metrics = exporter.scrape_until(lambda m: rows(m) == WANTED)
    checks.that(rows(metrics) == WANTED, f"assigned: {sorted(rows(metrics))}")
    checks.that(metrics.value("intel_gpu_scrape_collector_success", collector="kubelet") == 1 and
                metrics.reason("kubelet") is None, f"success: {metrics.reason('kubelet')}")
    said = promtool(metrics.text.encode())
    checks.that(not said, f"promtool: {said}")
    kubelet.behave = b""
    metrics = exporter.scrape_until(lambda m: not rows(m))
    checks.that(not rows(metrics) and metrics.reason("kubelet") is None, "nothing is assigned: no rows and no error")
    # Larger than the windows of HTTP/2.
    kubelet.behave = many(2000)
    metrics = exporter.scrape_until(lambda m: len(rows(m)) == 2000)
    checks.that(len(rows(metrics)) == 2000, f"2000 pods: {len(rows(metrics))} rows, {metrics.reason('kubelet')}")
    kubelet.behave = many(10)
    before = kubelet.calls
    start = time.monotonic()
    for _ in range(50):
        exporter.scrape()
    most = time.monotonic() - start + 2
    checks.that(kubelet.calls - before <= most, f"asked {kubelet.calls - before} times in {most - 2:.1f} s of scrapes")


def check_failures(checks, exporter, kubelet):
    # Neighbours differ, so that each is seen for itself.
    for behave, reason in ((many(2049), "limit"), ("short", "io"), (b"\x0a\x05x", "parse"), ("late", "io"),
                           (7, "permission"), ("close", "io"), (12, "not_supported"), ("garbage", "io"),
                           (pod("Me dia", "p"), "parse"), (2, "io"), (field(15, bytes(5 << 20)), "parse"), ("flood", "io"),
                           (b"\x0a\x01", "parse"), ("compressed", "io")):
        name = behave if isinstance(behave, (str, int)) else f"{len(behave)} bytes of {behave[:4]!r}"
        kubelet.behave = behave
        metrics = exporter.scrape_until(lambda m: m.reason("kubelet") == reason)
        found = metrics.reason("kubelet")
        checks.that(found == reason and not rows(metrics), f"{name}: {found}, {len(rows(metrics))} rows")
        checks.that(metrics.value("intel_gpu_up") == 1, f"{name}: the others answer")
    kubelet.behave = ANSWER
    metrics = exporter.scrape_until(lambda m: rows(m) == WANTED)
    checks.that(rows(metrics) == WANTED, "after all that it is there again")


def check_silence(checks, exporter, kubelet):
    """While it takes connections and does not answer: the last answer, and no scrape that waits long."""
    kubelet.behave = "silent"
    before, end = kubelet.calls, time.monotonic() + 30
    slowest, wrong, threads = 0.0, [], exporter.threads()
    # The second question is after the first has timed out.
    while kubelet.calls < before + 2 and time.monotonic() < end:
        metrics, seconds = exporter.timed()
        slowest = max(slowest, seconds)
        if rows(metrics) != WANTED:
            wrong.append(metrics.reason("kubelet"))
    # Promised is a tenth of a second.
    checks.that(kubelet.calls >= before + 2, f"asked {kubelet.calls - before} times")
    checks.that(slowest < 1.5, f"the slowest scrape took {slowest:.2f} s")
    checks.that(not wrong, f"what it said before is true for a minute: {wrong}")
    for _ in range(20):
        exporter.scrape()
    # One that asks, and a runner in reserve if a busy machine has held one up.
    checks.that(exporter.threads() <= threads + 2, f"{exporter.threads()} threads, before {threads}")


def main(checks):
    with Tree("uhd770-arc-a380") as tree:
        with_no_node = Exporter(tree.root)
        metrics = with_no_node.scrape()
        checks.that(metrics.reason("kubelet") == "not_supported", f"no node: {metrics.reason('kubelet')}")
        # A kubelet that is installed later.
        kubelet = Kubelet(tree / SOCKET, ANSWER)
        metrics = with_no_node.scrape_until(lambda m: rows(m) == WANTED)
        checks.that(rows(metrics) == WANTED, "a kubelet that comes after the exporter's start is asked")
        checks.that("kubelet" not in with_no_node.log(), f"and no word in the log: {with_no_node.log()}")
        with_no_node.stop()

        # microk8s and k0s have another directory.
        moved = Kubelet(tree / "var/lib/k0s/kubelet/pod-resources/kubelet.sock", many(3))
        exporter = Exporter(tree.root, f"--path.kubelet-socket={tree.root}/var/lib/k0s/kubelet/pod-resources/kubelet.sock")
        metrics = exporter.scrape_until(lambda m: len(rows(m)) == 3)
        checks.that(len(rows(metrics)) == 3, f"its socket is where the flag says: {len(rows(metrics))} rows")
        exporter.stop()
        moved.close()

        exporter = Exporter(tree.root)
        check_answers(checks, exporter, kubelet)
        kubelet.behave = ANSWER
        check_failures(checks, exporter, kubelet)
        check_silence(checks, exporter, kubelet)
        checks.that(wait_for(lambda: exporter.stop() < 5, 1), "it ends while the kubelet is silent")

        exporter = Exporter(tree.root)
        metrics = exporter.scrape()
        checks.that(metrics.reason("kubelet") == "timeout", f"silent from the start: {metrics.reason('kubelet')}")
        kubelet.behave = ANSWER
        metrics = exporter.scrape_until(lambda m: rows(m) == WANTED)
        checks.that(rows(metrics) == WANTED, "it answers later")
        fds = exporter.fds()
        kubelet.close()
        metrics = exporter.scrape_until(lambda m: m.reason("kubelet") == "not_supported")
        checks.that(metrics.reason("kubelet") == "not_supported", f"no socket: {metrics.reason('kubelet')}")
        kubelet = Kubelet(tree / SOCKET, ANSWER)
        metrics = exporter.scrape_until(lambda m: rows(m) == WANTED)
        checks.that(rows(metrics) == WANTED, "a kubelet that comes later is asked")
        (tree / SOCKET).unlink()
        tree.write(SOCKET, "no socket")
        metrics = exporter.scrape_until(lambda m: m.reason("kubelet") == "io")
        checks.that(metrics.reason("kubelet") == "io", f"a file: {metrics.reason('kubelet')}")
        checks.that(wait_for(lambda: exporter.fds() <= fds, 5), f"descriptors: {exporter.fds()}, before {fds}")


case(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pods that the chart renders, run by containerd as a kubelet has them run, through the CRI: in
namespaces of their own, with no network but loopback. There is no kubelet, so no admission and no device
plugin: a device is given as one would give it.

usage: cri.py EXPORTER CC    root; containerd and runc in the PATH or below build/unpacked"""
import ctypes
import hashlib
import io
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path

import yaml

from tools import HELM, fetch, run

HERE = Path(__file__).resolve().parent
REPO = HERE.parents[1]
CHART = REPO / "deploy" / "helm" / "intel-gpu-exporter"
sys.path.insert(0, str(REPO / "tests" / "support"))
from kubelet import (ACK, DATA, END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, Kubelet, container,  # noqa: E402
                     devices, field, frame, header, pod)

PROGRAMS = f":{REPO}/build/unpacked/usr/bin:{REPO}/build/unpacked/usr/sbin:/usr/sbin:/sbin"
NODE, POD, CONTAINER = 2, 0, 1  # NamespaceMode
PR_SET_CHILD_SUBREAPER = 36
GROUP = 12345
MASKED = ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"]
CONFIG = """version = 2
root = "{work}/root"
state = "{work}/state"
[grpc]
  address = "{work}/s"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
"""


# --- the CRI: runtime/v1 of k8s.io/cri-api, as far as pods of the chart need it ----------------------

def call(path, method, message):
    """A unary call; the answer's fields by number, the last of each."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(60)
        s.connect(path)
        headers = b"\x83\x86" + b"".join(header(name, value) for name, value in (
            (":path", f"/runtime.v1.RuntimeService/{method}"), (":authority", "localhost"),
            ("content-type", "application/grpc"), ("te", "trailers")))
        s.sendall(PREFACE + frame(SETTINGS, 0, 0) + frame(HEADERS, END_HEADERS, 1, headers) +
                  frame(DATA, END_STREAM, 1, struct.pack(">BI", 0, len(message)) + message))
        stream, data, ended = s.makefile("rb"), b"", False
        while not ended:
            top = stream.read(9)
            assert len(top) == 9, f"{method}: containerd ended the connection"
            payload = stream.read(int.from_bytes(top[:3], "big"))
            if top[3] == SETTINGS and not top[4] & ACK:
                s.sendall(frame(SETTINGS, ACK, 0))
            data += payload if top[3] == DATA else b""
            ended = top[3] in (DATA, HEADERS) and bool(top[4] & END_STREAM) or top[3] == 3
    if not data:
        return None
    found, rest = {}, data[5:]
    while rest:  # strings of less than 128 bytes are all that is read
        found[rest[0] >> 3] = rest[2:2 + rest[1]].decode()
        rest = rest[2 + rest[1]:]
    return found


def strings(number, values):
    return b"".join(field(number, value) for value in values)


def sandbox_config(name, spec, logs, cgroup):
    namespaces = field(1, NODE) + field(2, NODE if spec.get("hostPID") else POD)
    privileged = spec["containers"][0]["securityContext"].get("privileged", False)
    return (field(1, field(1, name) + field(2, f"uid-{name}") + field(3, "gpu")) + field(3, logs) +
            field(8, field(1, cgroup) + field(2, field(1, namespaces) + field(6, int(privileged)))))


def container_config(spec, given, command, log):
    """What a kubelet makes of a container (pkg/kubelet/kuberuntime)."""
    wanted = spec["containers"][0]
    security = wanted["securityContext"]
    privileged = security.get("privileged", False)
    paths = {volume["name"]: volume["hostPath"]["path"] for volume in spec["volumes"]}
    mounts = b"".join(field(7, field(1, m["mountPath"]) + field(2, paths[m["name"]]) + field(3, 1))
                      for m in wanted["volumeMounts"])
    capabilities = security.get("capabilities", {})
    context = (field(1, strings(1, capabilities.get("add", [])) + strings(2, capabilities.get("drop", []))) +
               field(2, int(privileged)) +
               field(3, field(1, NODE) + field(2, NODE if spec.get("hostPID") else CONTAINER)) +
               field(5, field(1, security["runAsUser"])) + field(7, int(security["readOnlyRootFilesystem"])) +
               b"".join(field(8, group) for group in spec.get("securityContext", {}).get("supplementalGroups", [])) +
               field(11, int(security.get("allowPrivilegeEscalation") is False)) +
               (b"" if privileged else strings(13, MASKED)) +
               field(15, field(1, 1 if privileged else 0)))
    return (field(1, field(1, wanted["name"])) + field(2, field(1, wanted["image"])) + strings(3, command) +
            mounts + b"".join(field(8, field(1, inside) + field(2, outside) + field(3, "rw"))
                              for inside, outside in given) +
            field(11, log) + field(15, field(2, context)))


# --- images --------------------------------------------------------------------------------------

def image(path, name, files):
    """A docker archive with one layer: {path in it: file}."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for inside, outside in sorted(files.items()):
            tar.add(os.path.realpath(outside), inside.lstrip("/"))
    config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/usr/bin/intel_gpu_exporter"]},
                         "rootfs": {"type": "layers",
                                    "diff_ids": ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()]}}).encode()
    manifest = json.dumps([{"Config": "config.json", "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(path, "w") as tar:
        for member, content in (("layer.tar", layer.getvalue()), ("config.json", config), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))


def libraries(program):
    """Its shared libraries and their loader, by ldd(1)."""
    words = run("ldd", program).split()
    return {word: word for word in words if word.startswith("/")}


# --- the engine ----------------------------------------------------------------------------------

class Engine:
    def __init__(self, work):
        self.work, self.socket, self.pods = work, f"{work}/s", []
        self.cgroup = f"/exporter-test-{os.getpid()}"
        (work / "config.toml").write_text(CONFIG.format(work=work))
        self.log = open(work / "containerd.log", "wb")
        self.process = subprocess.Popen(["containerd", "--config", work / "config.toml"], stdout=self.log,
                                        stderr=self.log)
        self.until(lambda: os.path.exists(self.socket) and self.try_call("Version", b""), "containerd starts")

    def try_call(self, method, message):
        try:
            return call(self.socket, method, message)
        except (OSError, AssertionError):
            return None

    def until(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not (found := condition()):
            assert time.monotonic() < end and self.process.poll() is None, f"{what}: not within {seconds} s\n" + \
                (self.work / "containerd.log").read_text()[-3000:]
            time.sleep(0.1)
        return found

    def load(self, *archives):
        for archive in archives:
            run("ctr", "-a", self.socket, "-n", "k8s.io", "images", "import", archive)

    def start(self, name, template, given=(), command=()):
        spec = template["spec"]
        args = spec["containers"][0]["args"]
        sandbox = sandbox_config(name, spec, str(self.work), self.cgroup)
        # The CRI notices an imported image a little later.
        pod_id = self.until(lambda: self.try_call("RunPodSandbox", field(1, sandbox)), f"sandbox of {name}")[1]
        self.pods.append(pod_id)
        config = container_config(spec, given, [*command, *(() if command else
                                  ("/usr/bin/intel_gpu_exporter", *args))], f"{name}.log")
        made = self.until(lambda: self.try_call("CreateContainer", field(1, pod_id) + field(2, config) +
                                                field(3, sandbox)), f"container of {name}")[1]
        self.container = made
        return call(self.socket, "StartContainer", field(1, made)) is not None

    def execute(self, command):
        """As a kubelet's exec probe in the container that was started last: its exit code, which is left out if 0, and
        what it said."""
        found = call(self.socket, "ExecSync", field(1, self.container) + strings(2, command) + field(3, 10))
        return 1 if 3 in found else 0, found.get(1, "")

    def stop_pods(self):
        for one in self.pods:
            self.try_call("StopPodSandbox", field(1, one))
            self.try_call("RemovePodSandbox", field(1, one))
        self.pods = []

    def said(self, name):
        """The container's log, without what the CRI writes before each line."""
        path = self.work / f"{name}.log"
        return [line.split(" ", 3)[3] for line in path.read_text().splitlines()] if path.exists() else []

    def end(self):
        self.stop_pods()
        self.process.terminate()
        self.process.wait(timeout=20)
        self.log.close()
        # Its shims were orphans.
        while subprocess.call(["pgrep", "-P", str(os.getpid()), "containerd-shim"], stdout=subprocess.DEVNULL) == 0:
            os.waitpid(-1, 0)
        for path in Path("/sys/fs/cgroup").glob(f"*{self.cgroup}"):
            subprocess.run(["find", path, "-depth", "-type", "d", "-delete"], check=False)


# --- the cases -----------------------------------------------------------------------------------

def rendered(*options):
    text = run(HELM, "template", "intel-gpu-exporter", CHART, "-n", "gpu", "--kube-version", "1.36.0",
               "--set", "dashboards.enabled=false", *options)
    return next(one for one in yaml.safe_load_all(text) if one["kind"] == "DaemonSet")["spec"]["template"]


class Cases:
    def __init__(self, engine, work):
        self.engine, self.work, self.failed = engine, work, 0

    def that(self, good, what):
        print(f"{'ok' if good else 'NOT OK'}: {what}", flush=True)
        self.failed |= not good

    def rights(self, name, template, nodes=(), given=()):
        """What the program rights found, in this pod instead of the exporter."""
        for volume in template["spec"]["volumes"]:
            if volume["name"] == "dri":
                volume["hostPath"]["path"] = str(self.work / "dri")
        assert self.engine.start(name, template, given, ["/rights", str(os.getpid()), *nodes]), name
        self.engine.until(lambda: "end" in self.engine.said(name), f"{name} ends")
        found = dict(line.split("=", 1) for line in self.engine.said(name) if "=" in line)
        self.engine.stop_pods()
        return found

    def run(self):
        node = "/dev/dri/renderD128"
        given = [(node, str(self.work / "dri" / "renderD128"))]
        found = self.rights("sysfs", rendered())
        self.that(found == {"perf": "0", "process": "0", "write": "EROFS", "uid": "0"},
                  f"sysfs: perf events, other processes, a read-only root: {found}")
        found = self.rights("alone", rendered("--set", "attribution.enabled=false"))
        self.that(found["process"] == "ENOENT" and found["perf"] == "0", f"without attribution: {found}")
        found = self.rights("no-perfmon", rendered("--set", "capabilities={SYS_PTRACE}"))
        self.that(found["perf"] in ("EPERM", "EACCES") and found["process"] == "0", f"without PERFMON: {found}")
        found = self.rights("no-ptrace", rendered("--set", "capabilities={PERFMON}"))
        self.that(found["perf"] == "0" and found["process"] == "EACCES", f"without SYS_PTRACE: {found}")
        # ENXIO: it may be opened, and no driver is behind it here.
        found = self.rights("device-plugin", rendered("--set", "access.mode=device-plugin"), [node], given)
        self.that(found[node] == "ENXIO" and found["perf"] == "0", f"device-plugin: the node opens: {found}")
        # A container could be another user as well, in the group of the node, for what needs no capabilities.
        for groups, wanted in (([GROUP], "ENXIO"), ([], "EACCES")):
            user = rendered("--set", "access.mode=device-plugin")
            user["spec"]["containers"][0]["securityContext"]["runAsUser"] = 65534
            user["spec"]["securityContext"] = {"supplementalGroups": groups}
            found = self.rights(f"user-{len(groups)}", user, [node], given)
            self.that(found[node] == wanted and found["perf"] in ("EACCES", "EPERM"),
                      f"another user in the groups {groups}: {found}")
        found = self.rights("privileged", rendered("--set", "access.mode=privileged"), [node])
        self.that(found[node] == "ENXIO" and found["write"] == "EROFS", f"privileged: the node opens: {found}")
        mounted, with_mount = rendered(), rendered("--set", "access.mode=privileged")["spec"]
        mounted["spec"]["volumes"] = with_mount["volumes"]
        mounted["spec"]["containers"][0]["volumeMounts"] = with_mount["containers"][0]["volumeMounts"]
        found = self.rights("mounted", mounted, [node])
        self.that(found[node] == "EPERM", f"a plain mount of /dev/dri does not do: {found}")
        self.serve()
        self.probe()

    def serve(self):
        """The exporter itself, with a kubelet's socket."""
        kubelet = self.work / "pod-resources"
        Kubelet(kubelet / "kubelet.sock", pod("media", "jellyfin-0", container(
            "jellyfin", devices("gpu.intel.com/i915", "card0-0"))))
        assert self.engine.start("exporter", rendered("--set", f"podResources.path={kubelet}"))

        def answer(path):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:10057{path}", timeout=5) as body:
                    return body.read().decode()
            except OSError:
                return None
        self.that(self.engine.until(lambda: answer("/-/ready"), "the exporter is ready"), "the exporter is ready")
        metrics = answer("/metrics")
        self.that('intel_gpu_pod_assigned_info{namespace="media",pod="jellyfin-0",container="jellyfin",'
                  'resource="gpu.intel.com/i915"} 1' in metrics, "it asks the kubelet through a mount that is read only")
        for collector in ("discovery", "transcode", "kubelet"):
            self.that(f'intel_gpu_scrape_collector_success{{collector="{collector}"}} 1' in metrics, f"{collector} succeeds")
        errors = [line for line in metrics.splitlines() if "collector_error{" in line]
        self.that(not errors, f"no collector fails: {errors}")
        self.engine.stop_pods()

    def probe(self):
        """By TLS, which a kubelet has no certificate for: the chart's probes ask the program itself."""
        web = self.work / "web"
        web.mkdir()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
            "-subj", "/CN=exporter", "-keyout", web / "key.pem", "-out", web / "cert.pem")
        (web / "web.yml").write_text("tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n")
        template = rendered("--set", "webConfig.secret=web")
        for volume in template["spec"]["volumes"]:
            if "secret" in volume:
                volume["hostPath"] = {"path": str(web)}
        assert self.engine.start("tls", template)
        command = template["spec"]["containers"][0]["livenessProbe"]["exec"]["command"]

        def healthy():
            code, said = self.engine.execute(command)
            return code == 0 and said
        self.that("answers" in self.engine.until(healthy, "healthy"), f"by TLS it is healthy: {' '.join(command)}")
        code, said = self.engine.execute([*command, "--web.listen-address=:1"])
        self.that(code != 0 and ":1: " in said, f"and the command can fail: {said.strip()}")


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
    work = Path(tempfile.mkdtemp(prefix="cri-"))
    engine = None
    try:
        (work / "dri").mkdir()
        # A node without a driver behind it, of a group of its own.
        os.mknod(work / "dri" / "renderD128", 0o20660, os.makedev(226, 250))
        os.chown(work / "dri" / "renderD128", 0, GROUP)
        os.chmod(work / "dri" / "renderD128", 0o660)
        for source, program in ((HERE / "rights.c", work / "rights"), (None, work / "pause")):
            code = source.read_bytes() if source else b"#include <unistd.h>\nint main(void) { for (;;) pause(); }\n"
            subprocess.run([CC, "-static", "-O1", "-x", "c", "-", "-o", program], input=code, check=True)
        version = yaml.safe_load((CHART / "Chart.yaml").read_text())["appVersion"]
        files = {"/usr/bin/intel_gpu_exporter": EXPORTER, "/rights": work / "rights", **libraries(EXPORTER)}
        probe = Path(EXPORTER).parent / "intel_gpu_probe"
        files |= {"/usr/bin/intel_gpu_probe": probe, **libraries(probe)}
        for tag in (version, f"{version}-va"):
            image(work / f"{tag}.tar", f"intel-gpu-exporter:{tag}", files)
        image(work / "pause.tar", "pause:1", {"/usr/bin/intel_gpu_exporter": work / "pause"})
        engine = Engine(work)
        engine.load(work / "pause.tar", work / f"{version}.tar", work / f"{version}-va.tar")
        cases = Cases(engine, work)
        cases.run()
        return cases.failed
    finally:
        if engine:
            engine.end()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    EXPORTER, CC = sys.argv[1:3]
    os.environ["PATH"] += PROGRAMS
    if os.geteuid() != 0:
        sys.exit("root is needed: containerd runs containers")
    for needed in ("containerd", "runc"):
        if not shutil.which(needed):
            sys.exit(f"{needed} is missing: deploy/install-packages.sh tests/kubernetes/packages.txt")
    if len(sys.argv) == 3:
        fetch()
        os.execvp("unshare", ["unshare", "--mount", "--net", "--propagation", "private", sys.executable, "-B",
                              __file__, EXPORTER, CC, "inside"])
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    # containerd makes the host's paths that a pod mounts, and keeps its own state there: not on this machine.
    for path in ("/run", "/var/lib", "/var/log"):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", path], check=True)
    sys.exit(main())

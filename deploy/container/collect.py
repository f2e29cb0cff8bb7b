#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Puts files and what they need into a directory that becomes an image, with the licences of the Debian
packages that they come from and a list of them.

usage: collect.py OUT FILE[=TARGET]...
FILE is copied to TARGET, or to where it is. Programs and libraries bring the libraries that ldd(1) names.
What is in OUT already stays there and in the list: an image on top of another one is OUT of that, copied.
The list is OUT/usr/share/sbom/intel-gpu-exporter.spdx.json, SPDX 2.3. VERSION, REVISION and
SOURCE_DATE_EPOCH of the environment are in it; no other time, so that two builds are the same."""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

NAME = "intel-gpu-exporter"
SBOM = Path("usr/share/sbom") / f"{NAME}.spdx.json"
LICENCES = Path("/usr/share/common-licenses")


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def libraries(path):
    """The files that the dynamic linker maps for it, as the directories are really called (/lib is /usr/lib)."""
    with open(path, "rb") as file:
        if file.read(4) != b"\x7fELF":
            return []
    said = output("ldd", str(path))
    if "not found" in said:
        sys.exit(f"collect.py: {path} lacks libraries:\n{said}")
    found = re.findall(r"^\s+(?:\S+ => )?(/\S+) \(0x", said, re.MULTILINE)
    return [Path(os.path.realpath(Path(name).parent)) / Path(name).name for name in found]


def place(root, source, target):
    """Copies what a link leads to under the link's name, unless it is there."""
    to = root / target.relative_to("/")
    if to.exists():
        return
    to.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, to)
    to.chmod(0o755 if os.access(source, os.X_OK) else 0o644)


def owner(path):
    """The Debian package that a file is from; None for one that was built here. Packages name it with the
    directories of before /usr was merged, or of after."""
    for name in (str(path), os.path.realpath(path), str(path).removeprefix("/usr")):
        done = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if done.returncode == 0:
            return done.stdout.split(": ")[0].split(",")[0]
    return None


def add_licence(root, package):
    source = Path("/usr/share/doc") / package.split(":")[0] / "copyright"
    place(root, source, source)
    for name in re.findall(rf"{LICENCES}/([\w.+-]*\w)", source.read_text(errors="replace")):
        if (LICENCES / name).is_file():
            place(root, LICENCES / name, LICENCES / name)


def described(package):
    fields = ("Package", "Version", "Architecture", "source:Package", "source:Version", "Homepage")
    form = "\n".join(f"${{{field}}}" for field in fields)
    name, version, architecture, source, source_version, home = output(
        "dpkg-query", "-W", "-f", form, package).split("\n")
    purl = f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}?arch={architecture}"
    return {
        "SPDXID": f"SPDXRef-{re.sub('[^A-Za-z0-9.]', '-', name)}",
        "name": name, "versionInfo": version, "supplier": "Organization: Debian",
        "downloadLocation": "NOASSERTION", "filesAnalyzed": False, "homepage": home or "NOASSERTION",
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION",
        "copyrightText": f"/usr/share/doc/{name}/copyright in the image",
        "sourceInfo": f"built from: {source} {source_version}",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": purl}],
    }


def document(packages):
    version = os.environ.get("VERSION") or "NOASSERTION"
    itself = {"SPDXID": f"SPDXRef-{NAME}", "name": NAME, "versionInfo": version, "downloadLocation": "NOASSERTION",
              "filesAnalyzed": False, "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0",
              "copyrightText": "NOASSERTION", "sourceInfo": f"revision: {os.environ.get('REVISION') or 'unknown'}"}
    relations = [("DOCUMENT", "DESCRIBES", NAME)]
    relations += [(NAME, "DEPENDS_ON", one["SPDXID"].removeprefix("SPDXRef-")) for one in packages]
    digest = hashlib.sha256(json.dumps([itself, packages], sort_keys=True).encode()).hexdigest()
    created = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH") or 0)))
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{NAME}-image",
        "documentNamespace": f"urn:{NAME}:{digest}",
        "creationInfo": {"created": created, "creators": ["Tool: collect.py"]},
        "packages": [itself, *packages],
        "relationships": [{"spdxElementId": f"SPDXRef-{a}", "relationshipType": kind,
                           "relatedSpdxElement": f"SPDXRef-{b}"} for a, kind, b in relations],
    }


def main(root, *arguments):
    root = Path(root)
    wanted = {}
    for argument in arguments:
        source, _, target = argument.partition("=")
        wanted[Path(target or source)] = Path(source).absolute()
        wanted.update({library: library for library in libraries(source)})
    packages = {}
    if (root / SBOM).exists():
        packages = {one["name"]: one for one in json.loads((root / SBOM).read_text())["packages"][1:]}
    for target, source in sorted(wanted.items()):
        place(root, source, target)
        package = owner(source)
        if package:
            packages[package.split(":")[0]] = described(package)
            add_licence(root, package)
    text = json.dumps(document([packages[name] for name in sorted(packages)]), indent=1)
    (root / SBOM).parent.mkdir(parents=True, exist_ok=True)
    (root / SBOM).write_text(text + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])

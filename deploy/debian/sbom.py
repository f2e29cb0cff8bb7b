#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The SBOM of a Debian package, SPDX 2.3, on stdout: its files, what it depends on, and what it was built with.

usage: sbom.py DEB BUILDINFO
Versions are those of the build: a dependency has at least the one that DEB names. The only time in it is that of
the newest file in DEB, so that two builds are the same."""
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import time
from io import BytesIO
from pathlib import Path

TOOLS = r"(gcc-\d+|binutils|cmake|ninja-build|debhelper|dpkg-dev|libc6-dev|lib[a-z0-9.+-]+-dev)"


def output(*command):
    return subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout


def fields(text):
    """Fields of a control file, each with its continued lines."""
    found = re.findall(r"^([A-Za-z0-9-]+):[ \t]*(.*(?:\n[ \t].*)*)", text, re.MULTILINE)
    return {name: value.strip() for name, value in found}


def names(relations):
    """The packages of a Depends field, of alternatives the first."""
    return [re.match(r"[a-z0-9.+-]+", one.strip())[0] for one in relations.replace("\n", " ").split(",") if one.strip()]


def identifier(name):
    return "SPDXRef-" + re.sub("[^A-Za-z0-9.-]", "-", name)


def package(name, version, architecture):
    purl = f"pkg:deb/debian/{name}" + (f"@{version.replace('+', '%2B').replace('~', '%7E')}" if version else "")
    return {
        "SPDXID": identifier(name), "name": name, **({"versionInfo": version} if version else {}),
        "supplier": "Organization: Debian", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
        "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                          "referenceLocator": f"{purl}?arch={architecture}"}],
    }


def contents(deb):
    """The files of the package, with their sums (SPDX 2.3 demands SHA-1, too), and the newest file's time."""
    files, newest = [], 0
    with tarfile.open(fileobj=BytesIO(output("dpkg-deb", "--fsys-tarfile", deb))) as archive:
        for member in sorted((one for one in archive if one.isreg()), key=lambda one: one.name):
            data = archive.extractfile(member).read()
            newest = max(newest, member.mtime)
            files.append({
                "SPDXID": identifier("File-" + member.name.removeprefix("./")), "fileName": member.name,
                "checksums": [{"algorithm": kind, "checksumValue": hashlib.new(kind, data).hexdigest()}
                              for kind in ("SHA1", "SHA256")],
                "licenseConcluded": "NOASSERTION", "copyrightText": "NOASSERTION",
            })
    return files, newest


def main(deb, buildinfo):
    control = fields(output("dpkg-deb", "-f", deb).decode())
    built = fields(Path(buildinfo).read_text())
    versions = dict(re.findall(r"^\s*([a-z0-9.+-]+) \(= ([^)]+)\)", built["Installed-Build-Depends"], re.MULTILINE))
    name, architecture = control["Package"], control["Architecture"]
    itself = package(name, control["Version"], architecture)
    files, newest = contents(deb)
    sums = "".join(sorted(one["checksums"][0]["checksumValue"] for one in files))
    itself.update({
        "supplier": f"Person: {control['Maintainer'].split(' <')[0]}", "packageFileName": Path(deb).name,
        "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "filesAnalyzed": True,
        "packageVerificationCode": {"packageVerificationCodeValue": hashlib.sha1(sums.encode()).hexdigest()},
        "checksums": [{"algorithm": "SHA256", "checksumValue": hashlib.sha256(Path(deb).read_bytes()).hexdigest()}],
    })
    needed = sorted(set(names(control["Depends"])))
    tools = sorted(one for one in versions if re.fullmatch(TOOLS, one) and one not in needed)
    packages = [itself] + [package(one, versions.get(one), "all" if one == "pci.ids" else architecture)
                           for one in needed + tools]
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", itself["SPDXID"])]
    relations += [(itself["SPDXID"], "CONTAINS", one["SPDXID"]) for one in files]
    relations += [(itself["SPDXID"], "DEPENDS_ON", identifier(one)) for one in needed]
    relations += [(identifier(one), "BUILD_DEPENDENCY_OF", itself["SPDXID"]) for one in tools]
    json.dump({
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": Path(deb).stem,
        "documentNamespace": f"urn:{name}:{itself['checksums'][0]['checksumValue']}",
        "creationInfo": {"created": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(newest)), "creators": ["Tool: sbom.py"]},
        "packages": packages, "files": files,
        "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b}
                          for a, kind, b in relations],
    }, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main(*sys.argv[1:])

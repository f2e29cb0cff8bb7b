# SPDX-License-Identifier: Apache-2.0
"""Two builds of both images by buildah are the same; what is in them, and how large they are."""
import json
import os
import re
from pathlib import Path

from engine import IMAGE, check, finish, run, same, try_run

LIMITS = {"": 16, "-va": 70}  # MB
BASE = "localhost/base"


def build(*options):
    run("deploy/container/build.sh", "--engine", "buildah", *options, "--", "--network", "none", "--layers",
        "--no-cache", env={**os.environ, "DEBIAN": BASE})


def inspect(image):
    return json.loads(run("buildah", "inspect", "--type", "image", image))


def layers(image):
    return inspect(image)["OCIv1"]["rootfs"]["diff_ids"]


def size(image):
    manifest = json.loads(inspect(image)["Manifest"])
    return sum(layer["size"] for layer in manifest["layers"]) / 1e6


def digest(image):
    return run("buildah", "images", "--digests", "--format", "{{.Digest}}", image).strip()


def check_equal():
    """With --no-cache both compile; -va has the exporter's layer and one more."""
    digests = []
    for _ in range(2):
        build("--va")
        digests.append(digest(f"localhost/{IMAGE}-va"))
    same(digests[0], digests[1], f"two builds of -va, one digest: {digests[0][:19]}")
    # A third build.
    run("deploy/container/build.sh", "--engine", "buildah", "--", "--network", "none", "--layers",
        env={**os.environ, "DEBIAN": BASE})
    same(layers(f"localhost/{IMAGE}-va")[:-1], layers(f"localhost/{IMAGE}"), "-va is the exporter and one layer more")


def check_content(suffix):
    image = f"localhost/{IMAGE}{suffix}"
    config = inspect(image)["OCIv1"]["config"]
    labels = config["Labels"]
    mb = size(image)
    check(mb <= LIMITS[suffix], f"{IMAGE}{suffix}: {mb:.1f} MB of {LIMITS[suffix]}")
    same(config["Entrypoint"], ["/usr/bin/intel_gpu_exporter"], "its entry point")
    revision = run("git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=12").strip()
    same((labels["org.opencontainers.image.version"], labels["org.opencontainers.image.revision"]),
         (IMAGE.partition(":")[2], revision), "the labels say version and revision")
    for name in ("title", "description", "licenses"):
        check(labels[f"org.opencontainers.image.{name}"], f"and {name}")

    container = run("buildah", "from", image).strip()
    root = Path(run("buildah", "mount", container).strip())
    check_files(root, suffix)
    run("buildah", "rm", container)
    return revision


def check_files(root, suffix):
    files = {f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file() and not path.is_symlink()}
    check(not any(Path(file).name in ("sh", "bash", "dpkg", "apt") for file in files), "no shell, no package manager")
    check("/usr/share/misc/pci.ids" in files, "products' names")
    same(any("iHD_drv_video.so" in file for file in files), suffix == "-va", "Intel's VA driver only in -va")
    sbom = json.loads((root / "usr/share/sbom/intel-gpu-exporter.spdx.json").read_text())
    check_sbom(sbom, suffix)
    licences = {Path(file).parent.name for file in files if file.endswith("/copyright")}
    names = {package["name"] for package in sbom["packages"]}
    same(licences, names, f"a licence for each of {len(names)} packages")
    for program in ("intel_gpu_exporter", "intel_gpu_probe"):
        code, said = try_run("chroot", root, f"/usr/bin/{program}", "--version")
        check(code == 0 and "version" in said, f"{program} starts with what is there: {said.strip()}")
        dynamic = run("readelf", "-d", "-l", root / "usr/bin" / program)
        check("BIND_NOW" in dynamic and "GNU_RELRO" in dynamic and "PIE" in dynamic, f"{program} is hardened")


def check_sbom(sbom, suffix):
    same(sbom["spdxVersion"], "SPDX-2.3", "the list's format")
    ids = [package["SPDXID"] for package in sbom["packages"]]
    check(len(ids) == len(set(ids)) and all(re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", one) for one in ids),
          "ids are unique and of the allowed characters")
    related = {one["relatedSpdxElement"] for one in sbom["relationships"]}
    same(related, set(ids), "everything is related")
    same("intel-media-va-driver" in {one["name"] for one in sbom["packages"]}, suffix == "-va",
         "the VA driver is in the list where it is in the image")
    for package in sbom["packages"][1:]:
        check(package["versionInfo"] and package["externalRefs"][0]["referenceLocator"].startswith(
            f"pkg:deb/debian/{package['name']}@"), f"{package['name']} {package['versionInfo']}")


def check_arm64():
    run("buildah", "build", "-q", "--layers", "--network", "none", "--file", "tests/container/arm64.Containerfile",
        "--ignorefile", "deploy/container/Containerfile.dockerignore", "--tag", "localhost/arm64", ".")
    container = run("buildah", "from", "localhost/arm64").strip()
    root = Path(run("buildah", "mount", container).strip())
    for program in ("intel_gpu_exporter", "intel_gpu_probe"):
        check("AArch64" in run("readelf", "-h", root / "build" / program), f"{program} for arm64, without a warning")
    run("buildah", "rm", container)


check_equal()
check_arm64()
for one in LIMITS:
    check_content(one)
finish()

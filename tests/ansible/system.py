# SPDX-License-Identifier: Apache-2.0
"""What the cases of roles.py share: runs of a role, files before and after, stand-ins."""
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
import time

REPO = "/src/repo"
SYS = "/srv/sys"  # the PCI bus that the roles see
CALLS = "/srv/calls"  # what stand-ins were called with
failures = []
started = time.monotonic()


def check(what, good, shown=""):
    print(f"{'ok' if good else 'FAILED'}: {what}", flush=True)
    if not good:
        failures.append(what)
        print("\n".join("  | " + line for line in str(shown).splitlines()[-40:]), flush=True)
    return good


def step(what):
    print(f"== {what} (after {time.monotonic() - started:.0f} s)", flush=True)


def end():
    print(f"ansible: {len(failures)} failures, {time.monotonic() - started:.0f} s")
    sys.exit(1 if failures else 0)


def run(*command, **options):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          check=options.pop("check", True), **options)


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def stand_in(name, body, directory="/usr/local/bin"):
    """A program that says that it was called, and does BODY."""
    write(f"{directory}/{name}", f'#!/bin/sh\necho "{name} $*" >>{CALLS}\n{body}\n', 0o755)


def calls():
    """What was called since the last time."""
    lines = read(CALLS).splitlines() if os.path.exists(CALLS) else []
    write(CALLS, "")
    return lines


def gpus(*devices, vfs=7):
    """The PCI bus has these Intel GPUs, (address, device id), and devices that are none."""
    shutil.rmtree(SYS, ignore_errors=True)
    def device(address, vendor, kind, identity):
        for name, value in (("vendor", vendor), ("class", kind), ("device", identity)):
            write(f"{SYS}/bus/pci/devices/{address}/{name}", f"0x{value}\n")
    device("0000:00:1f.3", "8086", "040300", "a348")
    device("0000:02:00.0", "10de", "030000", "3e92")
    for address, identity in devices:
        device(address, "8086", "030000", identity)
        if vfs:
            write(f"{SYS}/bus/pci/devices/{address}/sriov_totalvfs", f"{vfs}\n")


def tree():
    """All files that the roles may change, but for those that differ from run to run."""
    found = {}
    for top in ("/etc", "/boot", "/var/lib", "/usr/local", "/srv/esp"):
        for directory, names, files in os.walk(top):
            names[:] = [name for name in names if os.path.join(directory, name) not in
                        ("/var/lib/apt", "/var/lib/dpkg", "/var/lib/systemd", "/usr/local/src")]
            for name in names + files:
                path = os.path.join(directory, name)
                info = os.lstat(path)
                if stat.S_ISLNK(info.st_mode):
                    content = os.readlink(path)
                elif stat.S_ISREG(info.st_mode) and "/initrd.img" not in path:
                    with open(path, "rb") as file:
                        content = hashlib.sha256(file.read()).hexdigest()
                else:
                    content = ""
                found[path] = (oct(info.st_mode), content)
    for gone in ("/etc/ld.so.cache", "/etc/.pwd.lock", "/etc/passwd-", "/etc/group-", "/etc/shadow-", "/etc/gshadow-"):
        found.pop(gone, None)
    return found


def difference(before, after):
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))


class Run:
    def __init__(self, role, variables, checking):
        write("/srv/play.yml", json.dumps([{
            "hosts": "all", "gather_facts": False, "become": False,
            "roles": [{"role": f"local.intel_gpu.{role}"}]}]))
        write("/srv/variables.json", json.dumps({"intel_gpu_sysfs": SYS, **variables}))
        environment = {**os.environ, "ANSIBLE_STDOUT_CALLBACK": "report",
                       "ANSIBLE_CALLBACK_PLUGINS": f"{REPO}/tests/ansible/callback", "ANSIBLE_LOCALHOST_WARNING": "false",
                       "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false", "ANSIBLE_PIPELINING": "true"}
        done = subprocess.run(
            ["ansible-playbook", "-i", "localhost,", "-c", "local", "-e", "ansible_python_interpreter=/usr/bin/python3",
             "-e", "@/srv/variables.json", *(["--check"] if checking else []), "/srv/play.yml"],
            env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.said, self.code = done.stdout[-3000:], done.returncode
        self.changed, self.failed, self.messages = [], [], []
        for line in done.stdout.splitlines():
            if not line.startswith('{"task": '):
                continue
            result = json.loads(line)
            self.messages += result["messages"]
            if result["state"] == "failed":
                self.said = line
            if result["state"] in ("failed", "changed"):
                getattr(self, result["state"]).append(result["task"])


def says(done, text):
    return any(" ".join(text.split()) in " ".join(message.split()) for message in done.messages)


def converge(what, role, **variables):
    """Check mode changes nothing and says what the run then does; a second run has nothing to do."""
    before = tree()
    asked = Run(role, variables, True)
    check(f"{what}: check mode ends well", asked.code == 0, asked.said)
    left = difference(before, tree())
    check(f"{what}: check mode changes no file", not left, left)
    done = Run(role, variables, False)
    check(f"{what}: it ends well", done.code == 0, done.said)
    check(f"{what}: check mode has said what changes ({len(done.changed)} tasks)", asked.changed == done.changed,
          f"said    {asked.changed}\nchanged {done.changed}")
    changed = tree()
    again = Run(role, variables, False)
    check(f"{what}: a second run changes nothing", again.code == 0 and not again.changed, f"{again.changed}\n{again.said}")
    left = difference(changed, tree())
    check(f"{what}: nor does it change a file", not left, left)
    return done


def refuse(what, role, text, checking=False, **variables):
    """It fails with the text and changes nothing."""
    before = tree()
    done = Run(role, variables, checking)
    check(f"{what}: refused{' in check mode' if checking else ''}",
          done.code != 0 and not done.changed and says(done, text), f"wanted: {text}\n{done.said}")
    left = difference(before, tree())
    check(f"{what}: nothing is changed", not left, left)


def install_collection():
    shutil.rmtree("/srv/collection", ignore_errors=True)
    os.makedirs("/srv/collection")
    run("ansible-galaxy", "collection", "build", f"{REPO}/deploy/ansible", "--output-path", "/srv/collection")
    archive = f"/srv/collection/{os.listdir('/srv/collection')[0]}"
    done = run("ansible-galaxy", "collection", "install", archive, check=False)
    check("the collection is built and installed", done.returncode == 0, done.stdout)
    for playbook in ("proxmox", "guest"):
        done = run("ansible-playbook", "-i", "localhost,", "--syntax-check", f"local.intel_gpu.{playbook}", check=False)
        check(f"the playbook {playbook} is found by its name", done.returncode == 0, done.stdout)
    for role in ("host", "guest", "lxc", "exporter"):
        done = run("ansible-doc", "-t", "role", f"local.intel_gpu.{role}", check=False)
        defaults = [line.split(":")[0] for line in read(f"{REPO}/deploy/ansible/roles/{role}/defaults/main.yml").splitlines()
                    if line.startswith("intel_gpu_")]
        missing = [name for name in defaults if name not in done.stdout]
        check(f"ansible-doc has all variables of role {role}", done.returncode == 0 and defaults and not missing, f"{missing}\n{done.stdout}")
    hook = "/root/.ansible/collections/ansible_collections/local/intel_gpu/roles/exporter/files/intel-gpu-exporter-hook"
    check("the hookscript is in it, as a file", not os.path.islink(hook) and os.path.getsize(hook) > 1000)


def lint():
    """Debian 12 and 13 have versions of these that are years apart."""
    copy = "/srv/lint/deploy/ansible"
    shutil.rmtree("/srv/lint", ignore_errors=True)
    shutil.copytree(f"{REPO}/deploy/ansible", copy)
    shutil.copytree(f"{REPO}/deploy/proxmox", "/srv/lint/deploy/proxmox")
    done = run("yamllint", "--strict", ".", cwd=copy, check=False)
    check("yamllint", done.returncode == 0, done.stdout)
    done = run("ansible-lint", "--offline", "--strict", "-p", cwd=copy, check=False)
    check("ansible-lint", done.returncode == 0, done.stdout)


def package(name, version="1.0", depends="", root=None, scripts=None, directory="/srv/packages"):
    """Builds an empty Debian package, or one with the files below ROOT."""
    work = f"/srv/package/{name}"
    shutil.rmtree(work, ignore_errors=True)
    if root:
        shutil.copytree(root, work, symlinks=True)
    write(f"{work}/DEBIAN/control", f"Package: {name}\nVersion: {version}\nArchitecture: amd64\n"
          f"Maintainer: nobody <nobody@localhost>\n{f'Depends: {depends}' + chr(10) if depends else ''}"
          "Description: stand-in\n")
    for script, text in (scripts or {}).items():
        write(f"{work}/DEBIAN/{script}", f"#!/bin/sh\nset -e\n{text}\n", 0o755)
    os.makedirs(directory, exist_ok=True)
    run("dpkg-deb", "--root-owner-group", "-b", work, f"{directory}/{name}.deb")
    return f"{directory}/{name}.deb"


def repository(directory="/srv/packages"):
    """A list of what is there, as apt reads it: control fields and where the file is."""
    lines = []
    for name in sorted(os.listdir(directory)):
        if not name.endswith(".deb"):
            continue
        with open(f"{directory}/{name}", "rb") as file:
            content = file.read()
        lines.append(run("dpkg-deb", "-f", f"{directory}/{name}").stdout.strip() +
                     f"\nFilename: ./{name}\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n")
    write(f"{directory}/Packages", "\n".join(lines))


def only_packages_of(directory="/srv/packages"):
    for path in ("/etc/apt/sources.list", *(f"/etc/apt/sources.list.d/{name}" for name in os.listdir("/etc/apt/sources.list.d"))):
        os.unlink(path)
    write("/etc/apt/sources.list", f"deb [trusted=yes] file:{directory} ./\n")
    run("apt-get", "update", "-q")


def installed(name):
    return run("dpkg-query", "-W", "-f=${db:Status-Status}", name, check=False).stdout == "installed"

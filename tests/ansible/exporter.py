# SPDX-License-Identifier: Apache-2.0
"""The role exporter: built from source, and installed from a signed repository; run by systemd and scraped."""
import os
import shutil
import time

from system import (CALLS, REPO, Run, calls, check, converge, installed, package, read, refuse, run, stand_in, step, write)

HASH = "$2b$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"  # "secret"
EXCHANGE = "/srv/exchange/intel-gpu-exporter.deb"
PLAIN = {"intel_gpu_exporter_web_listen_address": ["127.0.0.1:10057"], "intel_gpu_exporter_disabled_collectors": ["vaapi"]}
TLS = {**PLAIN, "intel_gpu_exporter_basic_auth_users": {"prometheus": HASH},
       "intel_gpu_exporter_tls_server_config": {"cert_file": "/etc/intel-gpu-exporter/cert.pem", "key_file": "/etc/intel-gpu-exporter/key.pem"}}


def curl(*arguments):
    return run("curl", "-s", "-m", "5", "-w", "\n%{http_code}", *arguments, check=False).stdout


def process():
    return run("systemctl", "show", "-p", "MainPID", "--value", "intel-gpu-exporter").stdout.strip()


def certificate():
    os.makedirs("/etc/intel-gpu-exporter", exist_ok=True)
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
        "-addext", "subjectAltName=DNS:localhost", "-keyout", "/etc/intel-gpu-exporter/key.pem", "-out", "/etc/intel-gpu-exporter/cert.pem")


def served(what):
    answer = curl("http://localhost:10057/metrics")
    check(f"{what}: systemd runs it and it is scraped", "intel_gpu_exporter_build_info{" in answer and answer.endswith("\n200"), answer)
    status = read(f"/proc/{process()}/status")
    check(f"{what}: with two capabilities and no more", "CapEff:\t0000004000080000" in status, status)
    check(f"{what}: it starts at boot", run("systemctl", "is-enabled", "intel-gpu-exporter", check=False).stdout.strip() == "enabled")


def secured(what, **method):
    certificate()
    before = process()
    converge(f"{what}, TLS and a password", "exporter", **method, **TLS)
    check("TLS: it was restarted for that", process() != before)
    ca = ("--cacert", "/etc/intel-gpu-exporter/cert.pem")
    answer = curl(*ca, "-u", "prometheus:secret", "https://localhost:10057/metrics")
    check("TLS: scraped with the password", answer.endswith("\n200") and "intel_gpu_up" in answer, answer)
    check("TLS: without it not", curl(*ca, "https://localhost:10057/metrics").endswith("\n401"))
    check("TLS: nor without TLS", curl("http://localhost:10057/metrics").endswith("\n000"))
    check("TLS: the hash is nobody else's to read", oct(os.stat("/etc/intel-gpu-exporter/web-config.yml").st_mode)[-3:] == "640")
    before = process()
    done = Run("exporter", {**method, **TLS}, False)
    check("a run that changes nothing restarts nothing", done.code == 0 and process() == before, done.said)
    converge(f"{what}, plain again", "exporter", **method, **PLAIN)
    check("plain again", curl("http://localhost:10057/metrics").endswith("\n200"))


def from_source():
    step("exporter from source")
    archive = "/srv/intel-gpu-exporter.tar.gz"
    run("tar", "-C", REPO, "--exclude=./build", "--exclude=./.git", "--exclude=./tests/fixtures", "--transform", "s,^[.],intel-gpu-exporter,",
        "-czf", archive, ".")
    source = {"intel_gpu_exporter_install_method": "source", "intel_gpu_exporter_source_archive": archive}
    converge("from source", "exporter", **source, **PLAIN)
    served("from source")
    tree = next(name for name in os.listdir("/usr/local/src"))
    run("cmake", "--install", f"/usr/local/src/{tree}/build/release", "--prefix", "/usr", "--strip",
        env={**os.environ, "DESTDIR": "/srv/tree"})
    # Not the package of a release, whose own test this is not: the same files, as far as this role sees them.
    package("intel-gpu-exporter", "0.1.0-1", "libmicrohttpd12, libyaml-0-2", root="/srv/tree", directory="/srv/exchange/new", scripts={
        "postinst": "systemctl daemon-reload\nsystemctl enable intel-gpu-exporter\nsystemctl restart intel-gpu-exporter",
        "prerm": "systemctl stop intel-gpu-exporter"})
    os.rename("/srv/exchange/new/intel-gpu-exporter.deb", EXCHANGE)
    secured("from source", **source)

    step("what the exporter's role refuses")
    refuse("two flags in one", "exporter", "Flags begin with -- and have no blanks", intel_gpu_exporter_extra_args=["--a=b --c"], **source)
    refuse("a password instead of its hash", "exporter", "something else than bcrypt hashes",
           intel_gpu_exporter_basic_auth_users={"prometheus": "secret"}, **source)
    refuse("a key that the service does not see", "exporter", "The service does not see /etc/ssl/private/key.pem",
           intel_gpu_exporter_tls_server_config={"key_file": "/etc/ssl/private/key.pem"}, **source)
    refuse("a repository without a key", "exporter", "Set intel_gpu_exporter_apt_key", intel_gpu_exporter_apt_uri="file:/srv/none", **source)

    step("an exporter that does not start")
    done = Run("exporter", {**source, **PLAIN, "intel_gpu_exporter_extra_args": ["--no-such-flag"]}, False)
    check("a flag that does not exist: the run fails", done.code != 0, done.said)
    done = Run("exporter", {**source, **PLAIN}, False)
    check("and the next one repairs it", done.code == 0 and curl("http://localhost:10057/metrics").endswith("\n200"), done.said)


def signed_repository():
    """reprepro's layout, by apt's own tools."""
    top = "/srv/repository"
    os.makedirs(f"{top}/pool")
    for _ in range(3000):  # the other system builds it
        if os.path.exists(EXCHANGE):
            break
        time.sleep(0.1)
    shutil.copy(EXCHANGE, f"{top}/pool/")
    write(f"{top}/dists/trixie/main/binary-amd64/Packages", run("apt-ftparchive", "packages", "pool", cwd=top).stdout)
    release = run("apt-ftparchive", "-o", "APT::FTPArchive::Release::Suite=trixie", "-o", "APT::FTPArchive::Release::Codename=trixie",
                  "-o", "APT::FTPArchive::Release::Components=main", "-o", "APT::FTPArchive::Release::Architectures=amd64",
                  "release", "dists/trixie", cwd=top).stdout
    write(f"{top}/dists/trixie/Release", release)
    os.environ["GNUPGHOME"] = "/srv/gnupg"
    os.makedirs("/srv/gnupg", 0o700, exist_ok=True)
    run("gpg", "--batch", "--passphrase", "", "--quick-generate-key", "nobody <nobody@localhost>", "ed25519", "sign", "1d")
    run("gpg", "--batch", "--clearsign", "-o", f"{top}/dists/trixie/InRelease", f"{top}/dists/trixie/Release")
    return f"file:{top}", run("gpg", "--batch", "--armor", "--export").stdout


def from_package():
    step("exporter from a signed repository")
    os.makedirs("/srv/qm", exist_ok=True)
    stand_in("qm", 'case $1 in\nconfig) cat /srv/qm/$2 ;;\nset) [ "$3" = --hookscript ] && echo "hookscript: $4" >>/srv/qm/$2 ;;\nesac')
    write("/srv/qm/101", "cores: 4\nhostpci0: 0000:00:02.0,pcie=1\nname: plex\n")
    write("/srv/qm/102", "cores: 4\nhookscript: local:snippets/other\n")
    uri, key = signed_repository()
    method = {"intel_gpu_exporter_apt_uri": uri, "intel_gpu_exporter_apt_key": key}
    write(CALLS, "")
    converge("from a repository", "exporter", intel_gpu_exporter_hookscript_vms=[101], **method, **PLAIN)
    check("from a repository: the package is installed", installed("intel-gpu-exporter"))
    served("from a repository")
    set_by = [call for call in calls() if call.startswith("qm set")]
    check("the VM has the hookscript, by one command", set_by == ["qm set 101 --hookscript local:snippets/intel-gpu-exporter-hook"], set_by)
    hook = "/var/lib/vz/snippets/intel-gpu-exporter-hook"
    check("the hookscript is the one of deploy/proxmox", read(hook) == read(f"{REPO}/deploy/proxmox/intel-gpu-exporter-hook") and
          os.access(hook, os.X_OK))
    refuse("a VM with another hookscript", "exporter", "VM 102 has another hookscript", intel_gpu_exporter_hookscript_vms=[102], **method, **PLAIN)
    secured("from a repository", **method)

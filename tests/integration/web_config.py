# SPDX-License-Identifier: Apache-2.0
"""Web configurations: what is taken and what is refused, by which words, and what Prometheus' own
parser says of the same files."""
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from local import REPO, case, run
from web_security import certificate

CASES = REPO / "tests" / "web_config"
CHECK = os.environ["CHECK_WEB_CONFIG"]


def ours(files):
    done = subprocess.run([CHECK, *map(str, files)], capture_output=True, text=True, check=True)
    return dict(zip(files, done.stdout.splitlines(), strict=True))


def prometheus(file):
    return subprocess.run(["promtool", "check", "web-config", str(file)], cwd=file.parent,
                          capture_output=True, text=True)


def expected(file):
    first = file.read_text().splitlines()[0]
    return first.removeprefix("# expect: ")


def check_file(checks, file, said):
    kind, name = file.parent.name, f"{file.parent.name}/{file.name}"
    if kind in ("valid", "newer"):
        checks.same(said, "ok", f"{name} is taken")
    else:
        words = said.removeprefix(f"{file}:").strip()
        checks.that(words.startswith(expected(file)) or expected(file) in words,
                    f"{name} is refused with the right words: {said}")
        checks.that(said.startswith(f"{file}:"), f"{name}: the file is named")
    if kind == "newer":
        return
    other = prometheus(file)
    checks.that((other.returncode == 0) == (kind in ("valid", "stricter")),
                f"{name}: Prometheus' parser {'takes' if kind != 'invalid' else 'refuses'} it: "
                f"{(other.stdout + other.stderr)[:200]}")


def main(checks):
    with tempfile.TemporaryDirectory(prefix="exporter-web-") as folder:
        copy = Path(folder) / "web_config"
        shutil.copytree(CASES, copy)
        files = sorted(copy.glob("*/*.yml"))
        for kind in copy.iterdir():
            if kind.is_dir():
                certificate(kind, "cert.pem", "key.pem")
                certificate(kind, "another.pem", "other.pem")
        # A certificate within the file itself, as newer versions have it.
        pem = {name: "".join(f"    {line}\n" for line in
                             (copy / "newer" / f"{name}.pem").read_text().splitlines())
               for name in ("cert", "key")}
        inside = copy / "newer" / "inside.yml"
        inside.write_text(f"tls_server_config:\n  cert: |\n{pem['cert']}  key: |\n{pem['key']}")
        both = copy / "stricter" / "nul.yml"
        both.write_bytes(b'# expect: 3: a NUL is in this text\nbasic_auth_users:\n  "a\\0b": "x"\n')
        for file, said in ours([*files, inside, both]).items():
            if file != both:
                check_file(checks, file, said)
        checks.that("NUL" in ours([both])[both], "a NUL is refused")

        status, _, said = run(f"--web.config.file={copy}/invalid/no_key.yml",
                              "--web.listen-address=127.0.0.1:0")
        checks.that(status == 1 and b"no_key.yml" in said and b"key_file" in said and
                    len(said.splitlines()) == 1, f"the exporter does not start: {said.decode()}")
        status, _, said = run("--web.config.file=/nowhere.yml", "--web.listen-address=127.0.0.1:0")
        checks.that(status == 1 and b"/nowhere.yml: No such file" in said,
                    f"nor without the file: {said.decode()}")
        large = copy / "large.yml"
        large.write_text("# " + "x" * 70000)
        checks.that("too large" in ours([large])[large].lower(), "nor with one that is too large")
        deep = copy / "deep.yml"
        deep.write_text("{a: " * 2000 + "1" + "}" * 2000)
        checks.that("levels" in ours([deep])[deep] or "not known" in ours([deep])[deep],
                    f"deep ones are refused: {ours([deep])[deep]}")
        many = copy / "many.yml"
        many.write_text("basic_auth_users:\n" + "".join(
            f"  u{i}: $2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi\n"
            for i in range(65)))
        checks.that("too many users" in ours([many])[many], "65 users are too many")


case(main)

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What an interactive shell makes of a command line and the tabulator key, with the installed completion.
usage: completion.py bash|zsh"""
import os
import pty
import select
import sys
import time

# Started as any user's shell that has completion on. The programs are functions here, which say what they get.
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], ". /usr/share/bash-completion/bash_completion"),
    "zsh": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; unsetopt beep"),
}
FUNCTIONS = "; ".join('%s() { printf "GOT<%%s>\\n" "$*"; }' % name for name in ("intel_gpu_exporter", "intel_gpu_probe"))
CASES = [
    # what is typed, with "|" for the tabulator key, which is otherwise at its end; and what the program gets
    ("intel_gpu_exporter --web.lis|:9", "--web.listen-address=:9"),
    ("intel_gpu_exporter --web.systemd", "--web.systemd-socket"),
    ("intel_gpu_exporter --log.level=w", "--log.level=warn"),
    ("intel_gpu_exporter --log.level=info --log.format=j", "--log.level=info --log.format=json"),
    ("intel_gpu_exporter --no-collector.vg", "--no-collector.vgpu"),
    ("intel_gpu_exporter --collector.sr", "--collector.sriov"),
    ("intel_gpu_exporter --path.rootfs=/etc/debian_v", "--path.rootfs=/etc/debian_version"),
    ("intel_gpu_exporter --vaapi.codecs=h264,he", "--vaapi.codecs=h264,hevc"),
    ("intel_gpu_exporter --no-such", "--no-such"),
    ("intel_gpu_probe --entrypoint=EncP", "--entrypoint=EncPicture"),
    ("intel_gpu_probe --co|h264", "--codec=h264"),
    ("intel_gpu_probe --codec=v", "--codec=vp9"),
]


class Shell:
    def __init__(self, arguments):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="dumb", PS1="", HISTFILE="", INPUTRC="/dev/null")
            os.execvp(arguments[0], arguments)
        self.seen = ""

    def write(self, text):
        os.write(self.fd, text.encode())

    def wait(self, text, seconds=20):
        """Everything up to the text."""
        end = time.monotonic() + seconds
        while text not in self.seen:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError(f"no {text!r} in {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode(errors="replace")
        before, _, self.seen = self.seen.partition(text)
        return before

    def close(self):
        self.write("\x03\nexit\n")
        os.close(self.fd)
        os.waitpid(self.pid, 0)


def main(name):
    arguments, setup = START[name]
    shell = Shell(arguments)
    # The echo of the line itself has no "READY1".
    shell.write(f"{setup}; {FUNCTIONS}; echo READY$((1))\n")
    shell.wait("READY1")
    failed = 0
    for typed, wanted in CASES:
        shell.write((typed if "|" in typed else typed + "|").replace("|", "\t") + "\n")
        shell.wait("GOT<")
        got = shell.wait(">").strip()
        print("ok" if got == wanted else "NOT OK", f"{typed}: {got}" + ("" if got == wanted else f", not {wanted}"))
        failed |= got != wanted
    shell.close()
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

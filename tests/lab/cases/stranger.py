# SPDX-License-Identifier: Apache-2.0
"""Why the exporter watches for unbinds: events that anybody else has open over one kill the kernel,
up to 6.15. Run by stranger.sh, which expects that."""
import os

import lab
import lab_real

CYCLES = 30


def use_freed_memory(number):
    for i in range(20):
        os.mkdir(f"/sys/fs/cgroup/stranger-{number}-{i}")


def main():
    lab.shell("gpu_load")
    for number in range(CYCLES):
        strangers = lab_real.gpus().values()
        lab.shell("lab_unbind")
        use_freed_memory(number)
        for pmu in strangers:
            pmu.close()
        lab.shell("lab_bind")
        print(f"survived {number + 1}", flush=True)


main()

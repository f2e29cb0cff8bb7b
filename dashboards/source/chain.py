# SPDX-License-Identifier: Apache-2.0
"""Where the chain from host to virtual machine to container is broken: what the checks of --check find on this node, on
the host that it is a VM of, and in the VMs that it is the host of. And which kernel, drivers and firmware worked last."""
import re
from pathlib import Path

from common import named
from grafana import BY_GPU, GPU, JOB, MACHINE, column, table, to_node
from grammar import BAD, GOOD, NO_PORT, PLAIN, WARN, says, words
from trouble import helped

README = (Path(__file__).resolve().parents[2] / "src/check/README.md").read_text()
# {id: what is fine when it passes}, the words of --check.
TITLES = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+?) \| (?:error|warning|note) \|", README, re.M))
SEVERITIES = words(v0=says(BAD, "cannot work"), v1=says(WARN, "worse"), v2=says(PLAIN, "note"), v3=says(GOOD, "fine"))
ROW = "job, instance, layer, pci, check, help"


def uuids(selector):
    """VMs of hosts, by the UUID that an exporter in them has."""
    return (f'label_replace(intel_gpu_vm_config_info{{{selector},vm_uuid!=""}}, '
            '"machine_uuid", "$1", "vm_uuid", "(.+)")')


def machines(selector):
    return f'intel_gpu_machine_info{{{selector},machine_uuid!=""}}'


def chain():
    """(job, instance) of this node, its host and its VMs."""
    own = f"max by (job, instance) (intel_gpu_exporter_build_info{{{MACHINE}}})"
    host = f"max by (job, instance) ({uuids(JOB)} and on (machine_uuid) {machines(MACHINE)})"
    guests = f"max by (job, instance) ({machines(JOB)} and on (machine_uuid) {uuids(MACHINE)})"
    return f"({own} or {host} or {guests})"


def counterparts():
    """For each exporter in a VM: which VM of which host it is, and what of a GPU its configuration gives it."""
    vm = f'label_replace({uuids(JOB)}, "host", "$1", "instance", "(.+?)(:[0-9]+)?")'
    vm = f'label_join(label_join({vm}, "vm", " ", "vmid", "guest"), "vm", ": ", "host", "vm")'
    vm = f"topk by (machine_uuid) (1, max by (machine_uuid, vm, gpu) ({vm}))"
    own = f"max by (job, instance, machine_uuid) ({machines(JOB)})"
    return f"max by (job, instance, vm, gpu) ({own} * on (machine_uuid) group_left (vm, gpu) {vm})"


def failures():
    ranked = " or ".join(f'({rank} + 0 * intel_gpu_check_failure{{{JOB},severity="{severity}"}})'
                         for rank, severity in ((0, "error"), (1, "warning"), (2, "note")))
    ranked = f'label_replace({ranked}, "at", "$1", "instance", "(.+)")'
    rows = f"max by ({ROW}) ({helped(ranked, 'remedy')})"
    well = (f"3 + 0 * max by (job, instance, layer) (intel_gpu_check_passed{{{JOB}}}) "
            f"unless on (job, instance) intel_gpu_check_failure{{{JOB}}}")
    others = f"max by (job, instance) (intel_gpu_exporter_build_info{{{JOB}}})"
    return (f"(({rows} or {well}) and on (job, instance) {chain()}) + on (job, instance) "
            f"group_left (vm, gpu) (0 * ({counterparts()} or on (job, instance) {others}))")


def broken():
    mappings = [{"type": "value", "options": {
        key: {"index": i, "text": text} for i, (key, text) in enumerate(TITLES.items())}}]
    return table(
        "Where is the chain broken?",
        "What the checks of --check find on this node, on the host whose VM it is, and in the VMs whose host it is, "
        "worst first. Of a VM: which one it is on its host, and what of a GPU the configuration there gives it; it is "
        "known by its UUID, which an exporter in the VM reads as root. \"What should be\" is what a check that passes "
        "means.",
        failures(),
        [column("Value", "Finding", mappings=SEVERITIES, width=125),
         column("layer", "Layer", width=70), column("instance", "Machine", mappings=NO_PORT, width=100, link=to_node()),
         column("check", "What should be", mappings=mappings, empty="everything that can be checked"),
         column("pci", "GPU", width=110), column("vm", "Which VM", width=152), column("gpu", "VM's GPU", width=82),
         column("help", "What helps", width=105, link={
             "targetBlank": True, "title": "What to do", "url": "${__value.raw}"}, mappings=[
             {"type": "regex", "options": {"pattern": "^http.*", "result": {"index": 0, "text": "What to do ↗"}}}])],
        size=(24, 7), empty="No exporter runs checks", sort=("Finding", "Layer"))


def stacks():
    """Sets of versions, and when all tests passed with each of them last; the set of now is marked."""
    labels = f"{BY_GPU}, kernel, va_driver, vendor, guc, huc"
    recorded = f"instance_pci_stack:intel_gpu_vaapi_last_success:timestamp_seconds{{{GPU}}}"
    passed = f"max by ({labels}) (max_over_time({recorded}[30d]))"
    now = f"max by ({labels}) ({recorded})"
    return table(
        "With which versions did every test pass?",
        "Kernel, VA driver and firmware of a GPU, and when every expected encode test passed with them last, within "
        "30 days. After an upgrade that broke something the set before it is the one to go back to: what differs is what "
        "changed.",
        [named(f"1 + 0 * {now} or 0 * {passed}"), f"time() - {passed}"],
        [column("Value #A", "Set", mappings=words(v0=says(PLAIN, "before"), v1=says(GOOD, "in use")), width=110),
         column("Value #B", "Passed", "dtdurations", decimals=0, width=130),
         column("kernel", "Kernel", width=170), column("vendor", "VA driver"),
         column("guc", "GuC", width=90), column("huc", "HuC", width=90), column("gpu", "GPU", width=190)],
        size=(24, 6), empty="No test has passed, or the rules are not loaded", sort=("Passed",))

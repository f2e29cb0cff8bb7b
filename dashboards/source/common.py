# SPDX-License-Identifier: Apache-2.0
"""Expressions and panels that more than one dashboard has."""
from grafana import BY_GPU, GPU, JOB, MACHINE, RATE, column, stat, table, to_node, words

ACCELERATION = f"avg by ({BY_GPU}) (intel_gpu_vaapi_codec_working{{{GPU}}})"


def busy(kind):
    """Of a class's engines. Scrapes are not to the millisecond, so a rate can be 1.001."""
    rate = f'rate(intel_gpu_engine_busy_seconds_total{{{GPU},class="{kind}"}}{RATE})'
    return f"clamp_max(avg by ({BY_GPU}) ({rate}), 1)"


VIDEO, RENDER = busy("video"), busy("render")

# Of the day before, and there no longer; whether its exporter answers is another matter.
KNOWN = f'max by ({BY_GPU}) (last_over_time(intel_gpu_info{{{GPU},function!="vf"}}[1d]))'
LOST = f"{KNOWN} unless on ({BY_GPU}) intel_gpu_info{{{GPU}}} and on (job, instance) (up{{{MACHINE}}} == 1)"
SILENT = f"{KNOWN} and on (job, instance) (up{{{MACHINE}}} == 0)"

# A GPU in one word. A test that passes distinguishes idle from broken; busy engines alone do not.
STATE = (
    f"(0 * ({ACCELERATION} == 0))"
    f" or (1 + 0 * ({ACCELERATION} > 0 < 1))"
    f" or (3 + 0 * ({ACCELERATION} == 1 and on ({BY_GPU}) ({VIDEO} > 0.01)))"
    f" or (2 + 0 * ({ACCELERATION} == 1 and on ({BY_GPU}) ({VIDEO} <= 0.01)))"
    f" or (4 + 0 * ({ACCELERATION} == 1))"
    f' or (5 + 0 * max by ({BY_GPU}) (intel_gpu_info{{{GPU},driver="vfio-pci"}}))'
    f' or (6 + 0 * max by ({BY_GPU}) (intel_gpu_info{{{GPU},driver="none"}}))'
    f" or (7 + 0 * max by ({BY_GPU}) (intel_gpu_info{{{GPU}}}))"
    f" or (8 + 0 * ({LOST})) or (9 + 0 * ({SILENT}))")
STATES = words(
    v0=("Acceleration lost", "red"), v1=("Codec lost", "orange"), v2=("Works, idle", "green"),
    v3=("Works, busy", "green"), v4=("Works", "green"), v5=("Given to a VM", "blue"),
    v6=("No driver", "orange"), v7=("Not tested", "text"),
    v8=("Gone", "red"), v9=("No answer", "red"))
STATE_TEXT = (
    "\"Works, idle\" and \"Works, busy\": every expected codec passed its last encode test; the "
    "video engines are below or above 1 %. \"Works\": the same, but engine counters cannot be read. "
    "\"Codec lost\": some expected codec fails. \"Acceleration lost\": all of them fail, so "
    "transcodes run on the CPU. \"Not tested\": no test has run, or none is expected on this machine. "
    "\"Gone\": it was there within a day, and its exporter does not see it now. \"No answer\": its "
    "exporter is silent, so nothing is known.")


# A scrape target of which it is known that it is an exporter: of a job in which one answered within a day.
OURS = f"on (job) last_over_time(intel_gpu_exporter_build_info{{{JOB}}}[1d])"


def or_row(expr, label, text, known):
    """A row that says that there is none, if something is known at all: else the table is empty."""
    return f'{expr} or on () label_replace(max({known}), "{label}", "{text}", "", "")'


def problems(size):
    """Why something is not exported or does not work: one row for each reason."""
    def what(text, label, expr):
        return f'label_replace({expr}, "what", "{text}", "{label}", "(.*)")'

    collectors = what("collector $1", "collector",
                      f'intel_gpu_scrape_collector_error{{{MACHINE},reason!="not_supported"}}')
    tests = ('label_join(label_replace(label_replace('
             f'intel_gpu_vaapi_probe_result{{{GPU},result!~"ok|unsupported"}}, '
             '"reason", "$1", "result", "(.*)"), "remedy", "vaapi-results", "", ""), '
             '"what", " ", "codec", "profile", "entrypoint", "size")')
    waiting = what("encode tests wait", "pci", f"intel_gpu_vaapi_probe_skipped{{{GPU}}}")
    gone = (f'label_replace(label_replace({what("the GPU is gone", "pci", LOST)}, '
            '"reason", "gone", "", ""), "remedy", "device-gone", "", "")')
    silent = what("the exporter does not answer", "instance", f"up{{{MACHINE}}} == 0 and {OURS}")
    labels = "job, instance, pci, what, reason, remedy"
    return table(
        "Problems and what helps",
        "What an exporter could not read, encode tests that fail, and encode tests that wait. "
        "GPUs that are gone and exporters that are silent. \"What helps\" is a heading of the "
        "exporter's page /runbook.",
        or_row(f"max by ({labels}) ({gone} or {silent} or {collectors} or {tests} or {waiting})", "what",
               "no problem is reported", f"up{{{MACHINE}}} == 1"),
        [column("instance", "Instance", link=to_node(), width=145),
         column("pci", "GPU", width=115), column("what", "What"),
         column("reason", "Reason", width=115), column("remedy", "What helps", width=125)],
        size=size, empty="No exporter answers", sort=("Instance",))


def alerts(size):
    return table(
        "Alerts",
        "Alerts of deploy/prometheus/rules.yml that are pending or firing. Empty when the rules "
        "are not loaded.",
        or_row(f'max by (alertname, alertstate, severity, {BY_GPU}, codec) '
               f'(ALERTS{{{JOB},instance=~"$instance|",alertname=~"IntelGpu.*"}})', "alertname", "none",
               f"job:intel_gpu_exporters:count{{{JOB}}}"),
        [column("alertname", "Alert"),
         column("alertstate", "State", mappings=[{"type": "value", "options": {
             "firing": {"color": "red", "index": 0, "text": "firing"},
             "pending": {"color": "orange", "index": 1, "text": "pending"}}}], width=75),
         column("severity", "Severity", width=80),
         column("instance", "Instance", link=to_node(), width=145),
         column("pci", "GPU", width=115), column("codec", "Codec", width=60)],
        size=size, empty="The rules are not loaded", sort=("Severity",))


def state(size, legend):
    return stat("State", "Each GPU in one word. " + STATE_TEXT, STATE, mappings=STATES,
                background=True, size=size, legend=legend, empty="No GPU seen",
                text="value_and_name" if legend else "value")

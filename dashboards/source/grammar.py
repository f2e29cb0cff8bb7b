# SPDX-License-Identifier: Apache-2.0
"""What a colour, a sign and a name mean, the same in every dashboard. Colours are those of Okabe and Ito, some
darker: people who see red and green alike tell them apart. tests/dashboards/grammar.py measures that."""

# Behind text: Grafana writes white on a colour whose brightness is below 180, else black. Contrast is 4.5 or more.
GOOD, WARN, BAD, PLAIN, GIVEN = "#00755a", "#f5b335", "#b3261e", "#464a54", "#0b5cad"
# Colour alone says nothing: each has its sign.
SIGNS = {GOOD: "✓", WARN: "!", BAD: "✗", PLAIN: "–", GIVEN: "→"}

# Lines and bars, one colour for each class of engines. Contrast with both themes' panels is 3 or more.
VIDEO, RENDER, COMPUTE, SCALE, COPY = "#2482c8", "#d55e00", "#7a50f0", "#00916a", "#8a8f98"
CLASSES = {"video": VIDEO, "render": RENDER, "compute": COMPUTE, "video-enhance": SCALE, "copy": COPY}
BY_CLASS = {f"/^{name}( |$)/": color for name, color in CLASSES.items()}
BY_ENGINE = {f"/^{name}/": color for name, color in (
    ("vcs", VIDEO), ("rcs", RENDER), ("ccs", COMPUTE), ("vecs", SCALE), ("bcs", COPY))}
# A workload has the same colour in all graphs, by the first letter of its name; none is one of a warning.
BY_NAME = {f"/^(.*[/])?[{letters}][^/]*$/i": color for letters, color in (
    ("a-f0-2", SCALE), ("g-j3-5", VIDEO), ("k-o6-7", COMPUTE), ("p-z8-9", COPY))}
# Work of the video engines, of both, of the CPU alone; the rest is nobody's fault.
BY_ACCELERATION = {rf"/\b{word}\b/": color for word, color in (
    ("hardware", VIDEO), ("mixed", SCALE), ("software", RENDER), ("idle", COPY), ("unknown", COMPUTE))}
FULL = RENDER  # and the limits that lines should not cross

# Steps of colours, each from its value upwards; None is "from the lowest". Busy is not wrong: blue, and orange
# from where IntelGpuVideoEnginesSaturated begins.
LOAD = [(None, VIDEO), (0.9, FULL)]
TEXT = [(None, "text")]
ALL_OR_NOTHING = [(None, BAD), (0.001, WARN), (1, GOOD)]
NONE_IS_GOOD = [(None, GOOD), (1, BAD)]
NONE_IS_BETTER = [(None, GOOD), (1, WARN)]
COLORS = {*SIGNS, *CLASSES.values(), "text", "transparent"}


def says(verdict, text):
    """A text with its verdict's sign and colour."""
    return f"{SIGNS[verdict]} {text}", verdict


def words(**texts):
    """A mapping of values to texts: words(v0=says(BAD, "fails"), v1=("2", GOOD))."""
    return [{"type": "value", "options": {
        name[1:]: {"index": i, "text": text, "color": color}
        for i, (name, (text, color)) in enumerate(texts.items())}}]


def spelled(**texts):
    """The same for texts: spelled(critical=(BAD, "critical"))."""
    return [{"type": "value", "options": {
        name: {"index": i, "text": says(verdict, text)[0], "color": verdict}
        for i, (name, (verdict, text)) in enumerate(texts.items())}}]


def unmeasured(text, color=PLAIN):
    """What was not measured has no colour of a measurement."""
    return [{"type": "special", "options": {
        "match": "null", "result": {"color": color, "index": 99, "text": text}}}]


YES_NO = words(v0=says(WARN, "no"), v1=says(GOOD, "yes"))
# Where there is room for a sign only.
CODECS = [*words(v0=(SIGNS[BAD], BAD), v1=(SIGNS[GOOD], GOOD)), {"type": "range", "options": {
    "from": 0.001, "to": 0.999, "result": {"index": 9, "text": says(WARN, "partly")[0], "color": WARN}}}]
SHORT_ID = [{"type": "regex", "options": {
    "pattern": "([0-9a-f]{8})-.+", "result": {"index": 0, "text": "$1…"}}}]
# A class of engines as people say it; what follows stays.
CLASS_WORDS = [{"type": "regex", "options": {"pattern": name + "(.*)", "result": {"index": i, "text": word + "$1"}}}
               for i, (name, word) in enumerate((("video-enhance", "Scaling"), ("video", "Video"), ("render", "Render"),
                                                 ("compute", "Compute"), ("copy", "Copy"), ("memory", "Memory"),
                                                 ("power", "Power")))]
# "none" is what the exporter calls a machine that is no guest.
RUNS_IN = [{"type": "value", "options": {"none": {"index": 0, "text": "hardware"}}}]
# An instance is shown without its port; links keep it.
NO_PORT = [{"type": "regex", "options": {
    "pattern": "^(.+):[0-9]+$", "result": {"index": 0, "text": "$1"}}}]

# A GPU in one word, worst first. A test that passes distinguishes idle from broken; busy engines alone do not.
STATES = words(
    v0=says(BAD, "no answer"), v1=says(BAD, "gone"), v2=says(BAD, "hung"), v3=says(BAD, "no codec works"),
    v4=says(WARN, "a codec fails"), v5=says(WARN, "no VM holds it"), v6=says(WARN, "no driver"),
    v7=says(PLAIN, "not tested"), v8=says(GIVEN, "a VM has it"), v9=says(GOOD, "works, busy"),
    v10=says(GOOD, "works, idle"), v11=says(GOOD, "works"))
STATE_TEXT = (
    "\"works, idle\" and \"works, busy\": every expected codec passed its last encode test; the "
    "video engines are below or above 1 %. \"works\": the same, but engine counters cannot be read. "
    "\"a codec fails\": some expected codec does. \"no codec works\": all of them fail, so transcodes run "
    "on the CPU. \"hung\": the driver has given the GPU up. \"not tested\": no test has run lately, or none is "
    "expected on this machine. \"a VM has it\": the GPU is bound to vfio-pci; \"no VM holds it\": and neither "
    "the host nor a VM can use it. \"gone\": it was there within a day, and its exporter does not see it now. "
    "\"no answer\": its exporter is silent, so nothing is known.")
TRANSCODES = (
    "Processes that transcode, by what they use. hardware: video engines and little CPU. "
    "mixed: video engines, and an encoder of the CPU or more than half a core. "
    "software: CPU only, and it codes video. idle: neither, a copy, or sound. "
    "unknown: no evidence, or the exporter may not read it.")

# Test processes of the exporter are nobody's workload, whatever runs the exporter.
OTHERS = 'workload!~".*intel[-_]gpu[-_](exporter|probe).*"'


def short_model(info):
    """Adds "gpu" to what has "model" and "pci": "CoffeeLake-S GT2 [UHD Graphics 630]" is "UHD 630"."""
    for pattern, label in (("(.+)", "pci"), ("(.+)", "model"), (r".*[[](.+)[]].*", "model"),
                           ("(.+) Graphics(.*)", "gpu")):
        info = f'label_replace({info}, "gpu", "$1{"$2" * (label == "gpu")}", "{label}", "{pattern}")'
    return info


def who(expr):
    """Adds "who" to what has "workload" and "guest": what people call it."""
    named = f'label_join({expr}, "who", " ", "workload", "guest")'
    named = f'label_replace({named}, "who", "$1", "who", "(?:service|process|container)/(.+?)(?:[.]service)? ")'
    named = f'label_replace({named}, "who", "$1", "who", "(.+?) *")'
    return f'label_replace({named}, "who", "$1/$2", "who", "pod/([^/]+)/([^/ ]+).*")'


def of_node(expr):
    """Adds "node" to what has "instance": the same without its port."""
    return f'label_replace({expr}, "node", "$1", "instance", "(.+?)(:[0-9]+)?")'

# SPDX-License-Identifier: Apache-2.0
"""What the dashboards are made of: panels, tables, variables and links as Grafana's JSON has them."""

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "intel-gpu"
FLEET, NODE, VIRTUALIZATION = "intel-gpu-fleet", "intel-gpu-node", "intel-gpu-virtualization"

# What every selector of a metric has: an exporter's series, a GPU's series.
JOB = 'job=~"$job"'
MACHINE = JOB + ',instance=~"$instance"'
GPU = MACHINE + ',pci=~"$pci"'
BY_GPU = "job, instance, pci"
RATE = "[$__rate_interval]"

# Steps of colours, each from its value upwards; None is "from the lowest".
PLAIN = [(None, "blue")]
TEXT = [(None, "text")]
ALL_OR_NOTHING = [(None, "red"), (0.001, "orange"), (1, "green")]
NONE_IS_GOOD = [(None, "green"), (1, "red")]
BY_ACCELERATION = {f"/\\b{word}\\b/": color for word, color in (
    ("hardware", "green"), ("mixed", "blue"), ("software", "red"), ("idle", "text"),
    ("unknown", "purple"))}
LOAD = [(None, "green"), (0.8, "orange"), (0.95, "red")]


def steps(pairs):
    return {"mode": "absolute", "steps": [{"color": color, "value": value}
                                          for value, color in pairs]}


def words(**texts):
    """A mapping of values to words: words(v0=("no", "red"), v1=("yes", "green"))."""
    return [{"type": "value", "options": {
        name[1:]: {"index": i, "text": text, "color": color}
        for i, (name, (text, color)) in enumerate(texts.items())}}]


YES_NO = words(v0=("no", "orange"), v1=("yes", "green"))


def target(ref, expr, legend="", **more):
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": expr,
            "legendFormat": legend or "__auto", "range": True, "refId": ref, **more}


def targets(queries, **more):
    """[(expression, legend)], or one of them."""
    if isinstance(queries, tuple):
        queries = [queries]
    return [target(chr(ord("A") + i), expr, legend, **more)
            for i, (expr, legend) in enumerate(queries)]


def panel(kind, title, description, size, defaults, options, queries, overrides=(), **more):
    width, height = size
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
            "gridPos": {"h": height, "w": width, "x": 0, "y": 0},
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
            "options": options, "targets": queries, **more}


def stat(title, description, expr, unit="none", colors=PLAIN, size=(4, 4), mappings=(),
         empty="not known", legend="", decimals=None, background=False, text="auto"):
    """Numbers of now, and without a line of what they were: with one, Grafana takes the last number of
    the whole range, and what is gone would look alive. `empty` is what stands there for no number."""
    defaults = {"color": {"mode": "thresholds"}, "mappings": list(mappings), "noValue": empty,
                "thresholds": steps(colors), "unit": unit}
    if decimals is not None:
        defaults["decimals"] = decimals
    if unit == "percentunit":
        defaults.update(min=0, max=1)
    sizes = {"text": {"titleSize": 14, "valueSize": 22}} if mappings else {}
    return panel("stat", title, description, size, defaults, {
        "colorMode": "background" if background else "value", "graphMode": "none",
        "justifyMode": "auto", "orientation": "auto",
        "reduceOptions": {"calcs": ["last"], "fields": "", "values": False},
        "textMode": text, "wideLayout": False, **sizes,
    }, [target("A", expr, legend, instant=True, range=False)])


def series(title, description, queries, unit, size=(12, 9), stack=False, limit=None, low=0,
           high=None, colors=None, decimals=None, dashed=(), empty=None, calcs=("mean", "max"),
           step=False, legend="table", colored=None):
    """Lines over time. Gaps stay gaps. `limit` draws the thresholds as lines; `dashed` are the
    legends, as expressions, of lines that are limits and no measurements; `colored` those with a fixed colour."""
    defaults = {
        "color": {"mode": "palette-classic"},
        "custom": {"drawStyle": "line", "fillOpacity": 35 if stack else 0 if step else 8, "lineWidth": 1,
                   "lineInterpolation": "stepAfter" if step else "linear", "showPoints": "never",
                   "spanNulls": False, "stacking": {"group": "A", "mode": "normal" if stack else
                                                    "none"},
                   "thresholdsStyle": {"mode": "dashed" if limit else "off"}},
        "thresholds": steps(limit or colors or PLAIN), "unit": unit}
    for name, value in (("min", low), ("max", high), ("decimals", decimals), ("noValue", empty)):
        if value is not None:
            defaults[name] = value
    overrides = [{"matcher": {"id": "byRegexp", "options": pattern}, "properties": [
        {"id": "custom.lineStyle", "value": {"dash": [6, 6], "fill": "dash"}},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "color", "value": {"fixedColor": "text", "mode": "fixed"}}]} for pattern in dashed]
    overrides += [{"matcher": {"id": "byRegexp", "options": pattern}, "properties": [
        {"id": "color", "value": {"fixedColor": color, "mode": "fixed"}}]}
        for pattern, color in (colored or {}).items()]
    return panel("timeseries", title, description, size, defaults, {
        "legend": {"calcs": list(calcs), "displayMode": legend, "placement": "bottom",
                   "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"}}, targets(queries), overrides)


def column(field, title, unit=None, colors=None, mappings=None, decimals=None, width=None,
           gauge=False, link=None, empty="–"):
    """A column of a table: which field, its heading, how its values look."""
    properties = []

    def add(name, value):
        properties.append({"id": name, "value": value})

    if unit:
        add("unit", unit)
    if colors:
        add("thresholds", steps(colors))
        add("color", {"mode": "thresholds"})
    if colors:  # what was not measured has no colour of a measurement
        mappings = [*(mappings or []), {"type": "special", "options": {
            "match": "null", "result": {"color": "text", "index": 9, "text": empty}}}]
    if mappings:
        add("mappings", mappings)
    if gauge:
        add("min", 0)
        add("max", 1)
        add("custom.cellOptions", {"mode": "basic", "type": "gauge", "valueDisplayMode": "text"})
    elif colors or mappings:
        add("custom.cellOptions", {"type": "color-text"})
    for name, value in (("decimals", decimals), ("custom.width", width), ("noValue", empty)):
        if value is not None:
            add(name, value)
    if link:
        add("links", [link])
    return field, title, properties


# "none" is what the exporter calls a machine that is no guest.
RUNS_IN = [{"type": "value", "options": {"none": {"index": 0, "text": "hardware"}}}]


def table(title, description, queries, columns, size=(24, 8), empty="–", sort=()):
    """Rows of now. Queries with the same labels are put side by side; with several of them the
    values are the fields "Value #A", "Value #B"..., with one "Value"."""
    exprs = [queries] if isinstance(queries, str) else queries
    names = [field for field, _, _ in columns]
    transformations = [{"id": "merge", "options": {}}] if len(exprs) > 1 else []
    transformations += [
        {"id": "filterFieldsByName", "options": {"include": {"names": names}}},
        {"id": "organize", "options": {
            "excludeByName": {}, "indexByName": {name: i for i, name in enumerate(names)},
            "renameByName": {field: heading for field, heading, _ in columns}}}]
    defaults = {"color": {"mode": "thresholds"},
                "custom": {"align": "left", "cellOptions": {"type": "auto"}, "filterable": False},
                "noValue": empty, "thresholds": steps(TEXT), "unit": "none"}
    overrides = [{"matcher": {"id": "byName", "options": heading}, "properties": properties}
                 for _, heading, properties in columns if properties]
    return panel("table", title, description, size, defaults, {
        "cellHeight": "sm", "footer": {"countRows": False, "fields": "", "reducer": ["sum"],
                                       "show": False},
        "frameIndex": 0, "showHeader": True,
        "sortBy": [{"desc": False, "displayName": name} for name in sort]},
        targets([(expr, "") for expr in exprs], format="table", instant=True, range=False),
        overrides, transformations=transformations)


def row(title, *panels, collapsed=False):
    return {"title": title, "panels": list(panels), "collapsed": collapsed}


def place(rows):
    """Panels from left to right, a new line where one does not fit; ids in that order."""
    placed, y, number = [], 0, 1
    for part in rows:
        head = {"collapsed": part["collapsed"], "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
                "id": number, "panels": [], "title": part["title"], "type": "row"}
        placed.append(head)
        number, y, x, height = number + 1, y + 1, 0, 0
        for one in part["panels"]:
            grid = one["gridPos"]
            if x + grid["w"] > 24:
                x, y, height = 0, y + height, 0
            grid.update(x=x, y=y)
            one["id"] = number
            x, number, height = x + grid["w"], number + 1, max(height, grid["h"])
            (head["panels"] if part["collapsed"] else placed).append(one)
        y += height
    return placed


def variable(name, label, query, every=True):
    chosen = {"text": ["All"], "value": ["$__all"]} if every else {"text": [], "value": []}
    return {"allValue": ".+" if every else None, "current": chosen, "datasource": DATASOURCE,
            "definition": query, "hide": 0, "includeAll": every, "label": label, "multi": True,
            "name": name, "options": [], "query": {"qryType": 1, "query": query, "refId": name},
            "refresh": 2, "regex": "", "skipUrlSync": False, "sort": 1, "type": "query"}


def variables(every_instance=True):
    return [
        {"current": {}, "hide": 0, "includeAll": False, "label": "Data source", "multi": False,
         "name": "datasource", "options": [], "query": "prometheus", "refresh": 1, "regex": "",
         "skipUrlSync": False, "type": "datasource"},
        variable("job", "Job", "label_values(intel_gpu_exporter_build_info, job)"),
        variable("instance", "Instance",
                 'label_values(intel_gpu_exporter_build_info{job=~"$job"}, instance)',
                 every_instance),
        variable("pci", "GPU", f"label_values(intel_gpu_info{{{MACHINE}}}, pci)"),
    ]


def to_node(instance="Instance", gpu=None):
    """The link of a table's cell to the dashboard of that node."""
    url = f'/d/{NODE}?var-datasource=${{datasource}}&${{job:queryparam}}' \
          f'&var-instance=${{__data.fields["{instance}"]}}'
    if gpu:
        url += f'&var-pci=${{__data.fields["{gpu}"]}}'
    return {"targetBlank": False, "title": "This node in detail",
            "url": url + "&${__url_time_range}"}


def link(title, uid):
    return {"asDropdown": False, "icon": "dashboard", "includeVars": True, "keepTime": True,
            "tags": [], "targetBlank": False, "title": title, "tooltip": "", "type": "link",
            "url": f"/d/{uid}"}


def dashboard(uid, title, description, rows, every_instance=True):
    others = [link("All GPUs", FLEET), link("One node", NODE),
              link("Virtual machines", VIRTUALIZATION)]
    return {
        "annotations": {"list": []}, "description": description, "editable": False,
        "fiscalYearStartMonth": 0, "graphTooltip": 1, "id": None,
        "links": [one for one in others if not one["url"].endswith(uid)], "liveNow": False,
        "panels": place(rows), "refresh": "30s", "schemaVersion": 39,
        "tags": [TAG], "templating": {"list": variables(every_instance)},
        "time": {"from": "now-1h", "to": "now"}, "timepicker": {}, "timezone": "browser",
        "title": title, "uid": uid, "version": 1, "weekStart": ""}

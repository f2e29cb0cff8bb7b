# SPDX-License-Identifier: Apache-2.0
"""What the dashboards are made of: panels, tables, variables and links as Grafana's JSON has them."""
import json

from grammar import FULL, NO_PORT, TEXT, VIDEO, unmeasured

DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
TAG = "intel-gpu"
FLEET, NODE, VIRTUALIZATION = "intel-gpu-fleet", "intel-gpu-node", "intel-gpu-virtualization"

# What every selector of a metric has: an exporter's series, a GPU's series.
JOB = 'job=~"$job"'
MACHINE = JOB + ',instance=~"$instance"'
GPU = MACHINE + ',pci=~"$pci"'
BY_GPU = "job, instance, pci"
RATE = "[$__rate_interval]"


def steps(pairs):
    return {"mode": "absolute", "steps": [{"color": color, "value": value}
                                          for value, color in pairs]}


def target(ref, expr, legend="", **more):
    return {"datasource": DATASOURCE, "editorMode": "code", "expr": expr,
            "legendFormat": legend or "__auto", "range": True, "refId": ref, **more}


def targets(queries, **more):
    """[(expression, legend)], or one of them."""
    if isinstance(queries, tuple):
        queries = [queries]
    return [target(chr(ord("A") + i), expr, legend, **more)
            for i, (expr, legend) in enumerate(queries)]


# How the head of a legend's column names a calculation.
CALCS = {"lastNotNull": "Last *", "max": "Max", "min": "Min", "mean": "Mean"}


def panel(kind, title, description, size, defaults, options, queries, overrides=(), **more):
    width, height = size
    return {"type": kind, "title": title, "description": description, "datasource": DATASOURCE,
            "gridPos": {"h": height, "w": width, "x": 0, "y": 0},
            "fieldConfig": {"defaults": defaults, "overrides": list(overrides)},
            "options": options, "targets": queries, **more}


def stat(title, description, expr, unit="none", colors=None, size=(4, 4), mappings=(),
         empty="not known", legend="", decimals=None, text="auto", font=0):
    """Numbers of now, and without a line of what they were: with one, Grafana takes the last number of
    the whole range, and what is gone would look alive. `empty` is what stands there for no number. What
    has a verdict is a tile of its colour; a plain number has none. A name and its value beside each other
    do not touch: wide spaces are between them."""
    judged = bool(colors or mappings)
    defaults = {"color": {"mode": "thresholds"}, "noValue": empty, "thresholds": steps(colors or TEXT),
                "unit": unit, "mappings": [*mappings, *unmeasured(empty)] if judged else []}
    if decimals is not None:
        defaults["decimals"] = decimals
    if unit == "percentunit":
        defaults.update(min=0, max=1)
    sizes = {"text": {"titleSize": 14, "valueSize": font or (18 if mappings else 26)}}
    return panel("stat", title, description, size, defaults, {
        "colorMode": "background_solid" if judged else "none", "graphMode": "none",
        "justifyMode": "auto", "orientation": "auto",
        "reduceOptions": {"calcs": ["last"], "fields": "", "values": False},
        "textMode": text, "wideLayout": False, **sizes,
    }, targets([(one, name and name + "\u2003") for one, name in
                ([(expr, legend)] if isinstance(expr, str) else expr)], instant=True, range=False))


def series(title, description, queries, unit, size=(12, 8), stack=False, limit=None, low=0,
           high=None, decimals=None, dashed=(), empty=None, calcs=("lastNotNull", "max"),
           step=False, color=VIDEO, colored=None, shades=False):
    """Lines over time, the largest first in the legend. Gaps stay gaps. `limit` draws a threshold as a line;
    `dashed` are the legends, as expressions, of lines that are limits and no measurements; `colored` those
    of another colour than `color`. Lines of `color` have its shades, which differ in brightness; so have those of
    `colored` with `shades`: some are too dim for a line that has no area."""
    def of(one, mode="shades"):
        return {"fixedColor": one, "mode": mode}

    defaults = {
        "color": of(color),
        "custom": {"drawStyle": "line", "fillOpacity": 45 if stack else 0 if step else 8, "lineWidth": 1,
                   "lineInterpolation": "stepAfter" if step else "linear", "showPoints": "never",
                   "spanNulls": False, "stacking": {"group": "A", "mode": "normal" if stack else
                                                    "none"},
                   "thresholdsStyle": {"mode": "dashed" if limit is not None else "off"}},
        "thresholds": steps(TEXT if limit is None else [(None, FULL), (limit, "transparent")]),
        "unit": unit}
    for name, value in (("min", low), ("max", high), ("decimals", decimals), ("noValue", empty)):
        if value is not None:
            defaults[name] = value
    overrides = [{"matcher": {"id": "byRegexp", "options": pattern}, "properties": [
        {"id": "custom.lineStyle", "value": {"dash": [6, 6], "fill": "dash"}},
        {"id": "custom.fillOpacity", "value": 0},
        {"id": "color", "value": {"fixedColor": "text", "mode": "fixed"}}]} for pattern in dashed]
    overrides += [{"matcher": {"id": "byRegexp", "options": pattern}, "properties": [
        {"id": "color", "value": of(other, "shades" if shades else "fixed")}]} for pattern, other in (colored or {}).items()]
    return panel("timeseries", title, description, size, defaults, {
        "legend": {"calcs": list(calcs), "displayMode": "table", "placement": "right",
                   "showLegend": True, "sortBy": CALCS[calcs[0]], "sortDesc": True},
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
    judged = colors or '"color"' in json.dumps(mappings)
    if judged:
        mappings = [*(mappings or []), *unmeasured(empty, "transparent")]
    if mappings:
        add("mappings", mappings)
    if gauge:
        add("min", 0)
        add("max", 1)
        add("custom.cellOptions", {"mode": "basic", "type": "gauge", "valueDisplayMode": "text"})
    elif judged:
        add("custom.cellOptions", {"mode": "basic", "type": "color-background"})
    for name, value in (("decimals", decimals), ("custom.width", width), ("noValue", empty)):
        if value is not None:
            add(name, value)
    if link:
        add("links", [link])
    return field, title, properties


def node_column(width=150, link=True):
    """The node of a row, without its port, which its link keeps."""
    return column("instance", "Node", mappings=NO_PORT, width=width, link=to_node() if link else None)


def table(title, description, queries, columns, size=(24, 8), empty="–", sort=(), header=True):
    """Rows of now. Queries with the same labels are put side by side; with several of them the
    values are the fields "Value #A", "Value #B"..., with one "Value". A "-" in `sort` is "largest first"."""
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
        "frameIndex": 0, "showHeader": header,
        "sortBy": [{"desc": name.startswith("-"), "displayName": name.lstrip("-")} for name in sort]},
        targets([(expr, "") for expr in exprs], format="table", instant=True, range=False),
        overrides, transformations=transformations)


def row(title, *panels, collapsed=False):
    return {"title": title, "panels": list(panels), "collapsed": collapsed}


def place(rows):
    """Panels from left to right, a new line where one does not fit; ids in that order. What has no title
    has no head either."""
    placed, y, number = [], 0, 1
    for part in rows:
        into = placed
        if part["title"]:
            head = {"collapsed": part["collapsed"], "gridPos": {"h": 1, "w": 24, "x": 0, "y": y},
                    "id": number, "panels": [], "title": part["title"], "type": "row"}
            placed.append(head)
            into = head["panels"] if part["collapsed"] else placed
            number, y = number + 1, y + 1
        x, height = 0, 0
        for one in part["panels"]:
            grid = one["gridPos"]
            if x + grid["w"] > 24:
                x, y, height = 0, y + height, 0
            grid.update(x=x, y=y)
            one["id"] = number
            x, number, height = x + grid["w"], number + 1, max(height, grid["h"])
            into.append(one)
        y += height
    return placed


def variable(name, label, query, every=True, multi=True):
    chosen = {"text": ["All"], "value": ["$__all"]} if every else {"text": "", "value": ""}
    return {"allValue": ".+" if every else None, "current": chosen, "datasource": DATASOURCE,
            "definition": query, "hide": 0, "includeAll": every, "label": label, "multi": multi,
            "name": name, "options": [], "query": {"qryType": 1, "query": query, "refId": name},
            "refresh": 2, "regex": "", "skipUrlSync": False, "sort": 1, "type": "query"}


def variables(every_instance=True):
    return [
        {"current": {}, "hide": 0, "includeAll": False, "label": "Data source", "multi": False,
         "name": "datasource", "options": [], "query": "prometheus", "refresh": 1, "regex": "",
         "skipUrlSync": False, "type": "datasource"},
        variable("job", "Job", "label_values(intel_gpu_exporter_build_info, job)"),
        variable("instance", "Node",
                 'label_values(intel_gpu_exporter_build_info{job=~"$job"}, instance)',
                 every_instance, multi=every_instance),
        variable("pci", "GPU", f"label_values(intel_gpu_info{{{MACHINE}}}, pci)"),
    ]


def to_node():
    """The link of a cell that has an instance to the dashboard of that node."""
    return {"targetBlank": False, "title": "This node in detail",
            "url": f"/d/{NODE}?var-datasource=${{datasource}}&${{job:queryparam}}"
                   "&var-instance=${__value.raw}&${__url_time_range}"}


def link(title, uid):
    return {"asDropdown": False, "icon": "dashboard", "includeVars": True, "keepTime": True,
            "tags": [], "targetBlank": False, "title": title, "tooltip": "", "type": "link",
            "url": f"/d/{uid}"}


def page_link():
    """The exporter's own page, where its instance is an address."""
    return {**link("The exporter's page", NODE), "icon": "external link", "includeVars": False,
            "keepTime": False, "targetBlank": True, "url": "http://${instance:raw}/"}


def annotation(name, expr, title, color, text="", step="60s"):
    """A mark in every graph where the expression has a value; at each step, and once while it goes on."""
    return {"datasource": DATASOURCE, "enable": True, "hide": False, "iconColor": color, "name": name,
            "expr": expr, "step": step, "titleFormat": title, "textFormat": text, "tagKeys": "",
            "useValueForTime": False}


def dashboard(uid, title, description, rows, every_instance=True, annotations=(), links=()):
    others = [link("All GPUs", FLEET), link("One node", NODE),
              link("Virtual machines", VIRTUALIZATION)]
    return {
        "annotations": {"list": list(annotations)}, "description": description, "editable": False,
        "fiscalYearStartMonth": 0, "graphTooltip": 1, "id": None,
        "links": [*(one for one in others if not one["url"].endswith(uid)), *links], "liveNow": False,
        "panels": place(rows), "refresh": "30s", "schemaVersion": 39,
        "tags": [TAG], "templating": {"list": variables(every_instance)},
        "time": {"from": "now-1h", "to": "now"}, "timepicker": {}, "timezone": "browser",
        "title": title, "uid": uid, "version": 1, "weekStart": ""}

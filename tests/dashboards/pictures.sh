#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Boots the lab with the scene of tests/dashboards/scene.py and takes pictures of it.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=$(cd "$here/../.." && pwd)

usage() {
	cat <<-TXT
	usage: pictures.sh [--render PROGRAM] [--broken] [--small FOLDER2] [--wait] FOLDER
	       pictures.sh --nested --render PROGRAM FOLDER
	       pictures.sh --fleet --render PROGRAM FOLDER
	Writes pictures of the page to FOLDER, on a desk and a phone, light and dark, after five minutes
	of a load that moves. Needs build/release, and what tests/{lab,page,prometheus}/packages.txt name.
	  --render PROGRAM  dashboards, too: PROGRAM DASHBOARD.json OUT.png URL FROM TO WIDTH HEIGHT THEME
	                    draws one from the Prometheus at URL. There is none in this repository: a
	                    Grafana with its image renderer does it, or a person (--wait)
	  --broken          then breaks the scene, and takes the same again as *-broken.png
	  --small FOLDER2   those of the READMEs, in few colours (ffmpeg)
	  --nested          instead: the dashboard of a host on Debian's i915 and of the VM that has its
	                    vGPU, from the case lab.nested (needs a Debian 12 with nested KVM)
	  --fleet           instead: the dashboard of all GPUs with a thousand simulated nodes
	  --wait            stays until a line on standard input, for a Grafana with that data source
	Environment: PROMETHEUS_PORT (19090), PAGE_PORT (10057), HISTORY (300): seconds before the pictures,
	WIDTHS (1280 1920), THEMES (light dark).
	TXT
}

# As high as a dashboard is before its first collapsed row.
declare -A HEIGHT=([card]=900 [fleet]=2700 [node]=1252 [virtualization]=1135)
render='' broken='' stay='' small='' failed='' nested='' fleet=''
while [ $# -gt 0 ]; do
	case $1 in
	--render) render=${2:?}; shift ;;
	--broken) broken=1 ;;
	--small) small=$(realpath -m "${2:?}"); shift ;;
	--wait) stay=1 ;;
	--nested) nested=1 ;;
	--fleet) fleet=1 ;;
	--help) usage; exit 0 ;;
	-*) usage >&2; exit 2 ;;
	*) break ;;
	esac
	shift
done
[ $# -eq 1 ] || { usage >&2; exit 2; }
mkdir -p "$1"
folder=$(realpath "$1")
port=${PROMETHEUS_PORT:-19090} page_port=${PAGE_PORT:-10057}
words=$(mktemp -d)

# What Prometheus had in the lab is served here again: the guests have ended.
nested() {
	local server ended=0
	"$repo/tests/lab/run.sh" --timeout 1400 --gpu 3e92 --gpu-set display=1 --mem 3072 --out "$words" \
		--env EXPORTER="$repo/build/release/intel_gpu_exporter" --env PICTURE=1 \
		--env VA_DRIVERS="$repo/build/release/tests/va_driver" \
		--env PYTHONDONTWRITEBYTECODE=1 -- /usr/bin/python3 "$repo/tests/lab/cases/nested.py"
	echo '{}' >"$words/prometheus.yml"
	prometheus --config.file="$words/prometheus.yml" --storage.tsdb.path="$words/tsdb" \
		--web.listen-address="127.0.0.1:$port" 2>"$words/prometheus.log" &
	server=$!
	until curl -fs "http://127.0.0.1:$port/-/ready" >/dev/null; do
		kill -0 $server || { cat "$words/prometheus.log" >&2; return 1; }
		sleep 0.2
	done
	"$render" "$repo/dashboards/virtualization.json" "$folder/nested.png" "http://127.0.0.1:$port" \
		now-4m now 1600 "${HEIGHT[virtualization]}" light || ended=$?
	kill $server
	wait $server || true
	return $ended
}
if [ -n "$fleet" ]; then
	rm -rf "$words"
	[ -n "$render" ] || { echo "pictures.sh: --fleet needs --render" >&2; exit 2; }
	exec python3 -B "$repo/tests/fleet/bench.py" "$repo/build/release/intel_gpu_exporter" --render "$render" "$folder"
fi
if [ -n "$nested" ]; then
	trap 'rm -rf "$words"' EXIT
	[ -n "$render" ] || { echo "pictures.sh: --nested needs --render" >&2; exit 2; }
	nested
	exit
fi

"$repo/tests/lab/run.sh" --timeout 1800 --mem 1536 --out "$words" \
	--forward "$port:9090" --forward "$page_port:10057" \
	--env EXPORTER="$repo/build/release/intel_gpu_exporter" \
	--env VA_DRIVERS="$repo/build/release/tests/va_driver" --env PYTHONDONTWRITEBYTECODE=1 \
	--env PYTHONPATH="$repo/tests/lab/cases" --env HISTORY="${HISTORY:-300}" \
	-- /usr/bin/python3 "$here/pictures.py" &
lab=$!
finish() {
	touch "$words/end"
	wait "$lab" || true
	rm -rf "$words"
}
trap finish EXIT

wait_for() {
	until [ -e "$words/$1" ]; do
		kill -0 "$lab" 2>/dev/null || { echo "pictures.sh: the lab ended" >&2; exit 1; }
		sleep 1
	done
}

# take SUFFIX: all pictures of now.
take() {
	local name node
	EXPORTER=$repo/build/release/intel_gpu_exporter \
		python3 -B "$repo/tests/page/picture.py" "$page_port" "$folder" "page$1" || failed=1
	[ -n "$render" ] || return 0
	for name in fleet virtualization; do
		draw "$repo/dashboards/$name.json" "$name" "$name$1"
	done
	# The row of a card with sensors, alone and open.
	python3 - "$repo/dashboards/node.json" >"$words/card.json" <<-'TXT'
		import json, sys
		dashboard = json.load(open(sys.argv[1]))
		row = next(one for one in dashboard["panels"] if one["title"].startswith("Power"))
		panels = [{**row, "collapsed": False, "panels": []}, *row["panels"]]
		for one in panels:
		    one["gridPos"] = {**one["gridPos"], "y": one["gridPos"]["y"] - row["gridPos"]["y"]}
		for one in dashboard["templating"]["list"]:
		    if one["name"] == "instance":
		        one["current"] = {"text": "pve4:10057", "value": "pve4:10057"}
		json.dump({**dashboard, "panels": panels}, sys.stdout)
	TXT
	draw "$words/card.json" card "node-card$1"
	# One with two GPUs, and one with one.
	for node in pve1 worker1; do
		python3 - "$repo/dashboards/node.json" "$node:10057" >"$words/$node.json" <<-'TXT'
			import json, sys
			dashboard = json.load(open(sys.argv[1]))
			for one in dashboard["templating"]["list"]:
			    if one["name"] == "instance":
			        one["current"] = {"text": sys.argv[2], "value": sys.argv[2]}
			json.dump(dashboard, sys.stdout)
		TXT
		draw "$words/$node.json" node "node-$node$1"
	done
}

# draw DASHBOARD.json NAME OUT: on screens of two widths, light and dark.
draw() {
	local theme width
	for width in ${WIDTHS:-1280 1920}; do
		for theme in ${THEMES:-light dark}; do
			"$render" "$1" "$folder/$3-$width-$theme.png" "http://127.0.0.1:$port" now-5m now \
				"$width" "${HEIGHT[$2]}" "$theme" || failed=1
		done
	done
}

# shrink NAME OUT: in few colours, and no longer than a person scrolls.
shrink() {
	[ -e "$folder/$1.png" ] || return 0
	ffmpeg -nostdin -v error -y -i "$folder/$1.png" -filter_complex \
		"crop=iw:min(ih\\,1500):0:0,split[a][b];[a]palettegen=max_colors=96:stats_mode=full[p];[b][p]paletteuse=dither=none" \
		"$small/$2.png"
}

wait_for ready
take ''
if [ -n "$small" ]; then
	mkdir -p "$small"
	shrink page-desktop-light page
	shrink fleet-1280-dark fleet
	shrink node-pve1-1280-light node
	shrink node-worker1-1280-dark node-one
	shrink node-card-1280-light node-card
	shrink virtualization-1280-light virtualization
fi
if [ -n "$stay" ]; then
	echo "Prometheus: http://127.0.0.1:$port; the page: http://127.0.0.1:$page_port. Enter ends it."
	read -r _
fi
if [ -n "$broken" ]; then
	touch "$words/break"
	wait_for broken
	take -broken
	[ -z "$small" ] || shrink node-pve1-broken-1280-light node-broken
fi
[ -z "$failed" ] || { echo "pictures.sh: some were not taken" >&2; exit 1; }

# SPDX-License-Identifier: Apache-2.0
# Tables from the lines "bench KEY=VALUE".
$1 == "bench" {
	at = index($2, "=")
	key = substr($2, 1, at - 1)
	v[key] = substr($2, at + 1)
	if (key ~ /^collector\..*\.cpu_us$/)
		names[++n_names] = substr(key, 11, length(key) - 17)
	if (key ~ /^crowd.*\.cpu_us$/)
		crowds[++n_crowds] = substr(key, 6, length(key) - 21)
}

# Three digits.
function number(x)
{
	if (x == "" || x == "-")
		return "-"
	x += 0
	if (x >= 99.95 || x == int(x))
		return sprintf("%.0f", x)
	return sprintf(x >= 9.995 ? "%.1f" : x >= 0.9995 ? "%.2f" : "%.3f", x)
}

function ratio(a, b) { return a == "" || b == "" || b + 0 == 0 ? "-" : number(a / b) }

function cell(text, width) { printf "%*s", width, text }

function row(title, prefix, key, scale,    i, x)
{
	printf "%-34s", title
	for (i = 1; i <= n_servers; i++) {
		x = v[prefix server[i] "." key]
		cell(x == "" ? "-" : number(x / scale), width[i])
	}
	x = v[prefix "exporter." key]
	cell(ratio(x, v[prefix "floor." key]), 9)
	cell(ratio(x, v[prefix "limit." key]), 9)
	cell(ratio(x, v[prefix "node_exporter." key]), 9)
	if (top)
		cell(ratio(x, v[prefix "intel_gpu_top." key]), 9)
	printf "\n"
}

function add_server(name)
{
	if (v[name ".rss_kb"] == "")
		return
	server[++n_servers] = name
	width[n_servers] = length(name) + 2 < 10 ? 10 : length(name) + 2
	top = name == "intel_gpu_top"
}

function compare(    i)
{
	printf "%-34s", ""
	for (i = 1; i <= n_servers; i++)
		cell(server[i], width[i])
	cell("/floor", 9)
	cell("/limit", 9)
	cell("/node", 9)
	if (top)
		cell("/top", 9)
	printf "\n"
	row("CPU per scrape, us", "", "cpu_us", 1)
	row("  lowest round", "", "cpu_us_lowest", 1)
	row("  highest round", "", "cpu_us_highest", 1)
	row("CPU per scrape after 1 s rest, us", "rested.", "cpu_us", 1)
	row("CPU in 15 s without scrapes, us", "", "idle_cpu_us_per_15s", 1)
	row("CPU in 15 s with one scrape, us", "", "interval_cpu_us", 1)
	row("scrapes/s, one connection", "", "scrapes_per_s", 1)
	row("latency p50, us", "", "p50_us", 1)
	row("latency p99, us", "", "p99_us", 1)
	row("latency p50 after 1 s rest, us", "rested.", "p50_us", 1)
	row("RSS, kB", "", "rss_kb", 1)
	row("  of it anonymous, kB", "", "rss_anon_kb", 1)
	row("PSS, kB", "", "pss_kb", 1)
	row("USS, kB", "", "uss_kb", 1)
	row("system calls per scrape", "", "calls", 1)
	row("instructions per scrape, user", "", "instructions", 1)
	row("threads", "", "threads", 1)
	row("body, bytes", "", "bytes", 1)
}

# The rounds of different numbers of GPUs are not in turn, and what disturbs a round only adds to
# it: so the lowest rounds are compared.
function growth(    i, e, f, line, low, first)
{
	line = "%-6s%10s%9s%15s%8s%17s%9s%9s%9s%8s\n"
	printf "\n" line, "GPUs", "CPU, us", "lowest", "floor, lowest", "/floor", "more than 1 GPU", \
		"p50, us", "p99, us", "RSS, kB", "bytes"
	first = v["gpus1.exporter.cpu_us_lowest"]
	for (i = 0; i <= 8; i += i ? i : 1) {
		e = "gpus" i ".exporter."
		f = "gpus" i ".floor.cpu_us_lowest"
		low = v[e "cpu_us_lowest"]
		if (low == "")
			continue
		printf line, i, number(v[e "cpu_us"]), number(low), number(v[f]), ratio(low, v[f]), \
			i <= 1 || first == "" ? "-" : number(low - first), number(v[e "p50_us"]), \
			number(v[e "p99_us"]), v[e "rss_kb"], v[e "bytes"]
	}
}

# What processes and their clients cost, above a machine that has none of them.
function crowd(    i, e, part, base)
{
	printf "\n%-10s%8s%10s%9s%18s%9s%9s%8s\n", "processes", "clients", "CPU, us", "lowest", "lowest above none", \
		"p50, us", "RSS, kB", "bytes"
	base = v["crowd" crowds[1] ".exporter.cpu_us_lowest"]
	for (i = 1; i <= n_crowds; i++) {
		e = "crowd" crowds[i] ".exporter."
		split(crowds[i], part, ":")
		printf "%-10s%8s%10s%9s%18s%9s%9s%8s\n", part[1], part[2], number(v[e "cpu_us"]), \
			number(v[e "cpu_us_lowest"]), i == 1 ? "-" : number(v[e "cpu_us_lowest"] - base), \
			number(v[e "p50_us"]), v[e "rss_kb"], v[e "bytes"]
	}
}

function collectors(    i, k, low, base)
{
	printf "\n%-16s%10s%9s%19s%9s%8s\n", "collect[]=", "CPU, us", "lowest", "lowest above none", \
		"p50, us", "bytes"
	base = v["collector.none.cpu_us_lowest"]
	for (i = 1; i <= n_names; i++) {
		k = "collector." names[i] "."
		low = v[k "cpu_us_lowest"]
		printf "%-16s%10s%9s%19.0f%9s%8s\n", names[i], number(v[k "cpu_us"]), number(low), \
			low - base, number(v[k "p50_us"]), v[k "bytes"]
	}
	printf "A run of the checks, which the collector check has done in a child once a minute: %s ms of CPU\n", \
		v["checks.run_cpu_ms"]
}

END {
	split("exporter floor limit node_exporter beside intel_gpu_top", all, " ")
	for (i = 1; i <= 6; i++) {
		x = all[i]
		if (v["rested." x ".cpu_us"] != "" || x == "intel_gpu_top")
			v[x ".interval_cpu_us"] = v["rested." x ".cpu_us"] + v[x ".idle_cpu_us_per_15s"]
		add_server(x)
	}
	lab = v["mode"] == "lab"
	print "The exporter beside others,", lab ? "in the lab with one emulated GPU and the lab's own i915:" : \
		"on this machine with a fixture's GPU, without PMU:"
	print "medians of", v["rounds"], "rounds, the servers in turn"
	compare()
	if (v["gpus2.exporter.cpu_us"] != "")
		growth()
	if (n_crowds)
		crowd()
	print "\nscrapers at the same time, each 50 times: CPU per scrape, us"
	for (i = 1; i <= 40; i = i == 16 ? 40 : i * 4)
		print "  " i ": " number(v["scrapers" i ".exporter.cpu_us"])
	collectors()
	print "\nHow to read it:", lab ? \
		"the guest's processor is emulated in software, about 10 to 30 times slower than\n" \
		"a real one. Compare the columns; the absolute figures are no speeds. On Debian's own i915\n" \
		"a scrape makes fewer system calls: lab.idle counts them." : \
		"files of a fixture stand for sysfs, and no perf event is read."
	print "CPU is user and system time of the process, on one keep-alive connection, without\n" \
		"gzip. /floor, /node and /top are the exporter's figure divided by theirs. The floor's body has\n" \
		"the size of the exporter's; node_exporter's is its own and much longer. The limit reads the\n" \
		"files that the exporter keeps open, " v["limit.files"] ", and sends the same body."
	if (v["exporter.cpu_us_highest"] > 1.5 * v["exporter.cpu_us_lowest"])
		print "The rounds differ much: the machine was busy. Trust the lowest, or run it again."
	if (top)
		print "intel_gpu_top serves nothing: reading its JSON and answering scrapes come on top."
}

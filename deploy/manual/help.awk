# SPDX-License-Identifier: Apache-2.0
# Reads --help, with each flag on one line, into arrays:
#   n, flag[i], short[i], argument[i] (ARGUMENT or [ARGUMENT] or none), text[i], section[i], closing
# and calls end_of_help() of the other file.
function fail(why) {
	print "generate.sh: " name ": " why ": " $0 >"/dev/stderr"
	failed = 1
	exit 1
}

part == "help" && FNR == 1 && !/^Usage: / { fail("no usage") }
part == "help" && /^ [A-Z].*:$/ { heading = substr($0, 2, length($0) - 2); next }
part == "help" && /^ +-/ {
	left = $0
	sub(/^ +/, "", left)
	if (!match(left, /  +/)) fail("a flag without a text")
	n++
	text[n] = substr(left, RSTART + RLENGTH)
	left = substr(left, 1, RSTART - 1)
	if (match(left, /^-.,/)) {
		short[n] = substr(left, 1, 2)
		left = substr(left, 5)
	}
	if (left !~ /^--[a-z][a-z0-9.-]*(\[?=[A-Za-z]+\]?)?$/) fail("no flag")
	match(left, /^[a-z0-9.-]+/)
	flag[n] = substr(left, 1, RLENGTH)
	argument[n] = substr(left, RLENGTH + 1)
	sub(/^\[=/, "[", argument[n])
	sub(/^=/, "", argument[n])
	section[n] = heading
	next
}
part == "help" && n == 0 { next }
part == "help" && NF == 0 { next }
# A flag whose text did not fit beside it, or anything else that is not understood.
part == "help" && /^ / { fail("not understood") }
part == "help" { closing = closing (closing ? " " : "") $0; next }

# The words that a flag takes, where its text lists them: "...: a, b, c", "...: a,b,c", "a, b or c (...".
function choices(i,    t) {
	t = text[i]
	if (argument[i] ~ /FILE|PATH|ADDRESS|DURATION|^N$|WxH|ID/) return ""
	if (t ~ /^[a-z]+(, [a-z]+)* or [a-z]+( |$)/) {
		sub(/ \(.*/, "", t)
		sub(/ or /, ", ", t)
	} else if (t !~ /: [A-Za-z0-9]+(, ?[A-Za-z0-9]+)+$/) {
		return ""
	}
	sub(/.*: /, "", t)
	gsub(/, ?/, " ", t)
	return t
}

function is_collector(i) { return section[i] ~ /--no- form/ }

# The telemetry path is one of HTTP.
function has_file(i) { return argument[i] ~ /^(FILE|PATH)$/ && flag[i] !~ /^--web\.telemetry/ }

function negative(i,    t) {
	t = flag[i]
	sub(/^--/, "--no-", t)
	return t
}

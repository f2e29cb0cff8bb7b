# SPDX-License-Identifier: Apache-2.0
# man(7) from a template, see generate.sh.
function escaped(t) {
	gsub(/\\/, "\\e", t)
	gsub(/-/, "\\-", t)
	gsub(/…/, "...", t)
	gsub(/–/, "none", t)
	gsub(/\^/, "\\(ha", t)
	gsub(/~/, "\\(ti", t)
	if (t ~ /[\200-\377]/) fail("not ASCII")
	if (t ~ /^[.']/) t = "\\&" t
	return t
}

function print_options(    i, was, head) {
	for (i = 1; i <= n; i++) {
		if (section[i] != was) print ".SS " escaped(section[i])
		was = section[i]
		head = "\\fB" escaped(flag[i]) "\\fR"
		if (short[i] && short[i] != "-?") head = "\\fB" escaped(short[i]) "\\fR, " head
		if (argument[i] ~ /^\[/) head = head "[=\\fI" substr(argument[i], 2, length(argument[i]) - 2) "\\fR]"
		else if (argument[i]) head = head "=\\fI" argument[i] "\\fR"
		if (is_collector(i)) head = head ", \\fB" escaped(negative(i)) "\\fR"
		print ".TP\n" head "\n" escaped(text[i])
	}
}

# The table is GitHub's: | `name` | type | `label`, ... | collector | default | meaning |
part == "metrics" && FNR > 2 {
	if (split($0, cell, /\|/) != 8) fail("not a row of six cells")
	for (i = 2; i <= 7; i++) {
		gsub(/^ +| +$|`/, "", cell[i])
		cell[i] = escaped(cell[i])
	}
	metrics = metrics ".TP\n\\fB" cell[2] "\\fR\n" cell[7] "\n.br\n" cell[3] \
		(cell[5] == "none" ? "" : "; collector " cell[5] \
			(cell[6] ~ /^(on|off)$/ ? ", " cell[6] " by default" : ", with " cell[6])) \
		(cell[4] ? "; labels: " cell[4] : "") "\n"
	n_metrics++
}

part == "page" && /^@OPTIONS@$/ { print_options(); next }
part == "page" && /^@METRICS@$/ { if (!n_metrics) fail("no metrics"); printf "%s", metrics; next }
part == "page" && /^@CLOSING@$/ { if (!closing) fail("no closing words"); print escaped(closing); next }
part == "page" { gsub(/@VERSION@/, version); print }

END { if (!failed && !n) { print "no flags" >"/dev/stderr"; exit 1 } if (failed) exit 1 }

# SPDX-License-Identifier: Apache-2.0
# Completion for zsh, see generate.sh.
function quoted(t) {
	# One by one: awks do not agree about brackets in brackets.
	gsub(/\\/, "\\\\", t)
	gsub(/\[/, "\\[", t)
	gsub(/\]/, "\\]", t)
	gsub(/:/, "\\:", t)
	gsub(/'/, "'\\''", t)
	return t
}

END {
	if (failed || !n) exit 1
	print "#compdef " name
	print "# zsh completion for " name "(1), made from its --help."
	print "_arguments \\"
	for (i = 1; i <= n; i++) {
		action = ""
		list = choices(i)
		what = argument[i]
		gsub(/\[|\]/, "", what)
		if (list && argument[i] == "LIST") action = "_values -s , " what " " list
		else if (list) action = "(" list ")"
		else if (has_file(i)) action = "_files"
		line = flag[i]
		if (argument[i] ~ /^\[/) line = line "=-"
		else if (argument[i]) line = line "="
		line = line "[" quoted(text[i]) "]"
		if (argument[i]) line = line (argument[i] ~ /^\[/ ? "::" : ":") what ":" action
		if (text[i] ~ /may be given several times/) line = "*" line
		print "  '" line "' \\"
		if (is_collector(i)) print "  '" negative(i) "[without this collector]' \\"
	}
	print "  && return 0"
}

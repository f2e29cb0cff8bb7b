# SPDX-License-Identifier: Apache-2.0
# Completion for bash, see generate.sh. It needs nothing of the package bash-completion but to be loaded by it.
END {
	if (failed || !n) exit 1
	function_name = "_" name
	print "# bash completion for " name "(1), made from its --help."
	print function_name "() {"
	print "\tlocal flag='' current=${COMP_WORDS[COMP_CWORD]} words"
	print "\t# \"=\" is a word of its own to bash."
	print "\tif [[ $current = = ]]; then"
	print "\t\tflag=${COMP_WORDS[COMP_CWORD-1]} current=''"
	print "\telif [[ ${COMP_WORDS[COMP_CWORD-1]} = = ]]; then"
	print "\t\tflag=${COMP_WORDS[COMP_CWORD-2]}"
	print "\telse"
	print "\t\tflag=${COMP_WORDS[COMP_CWORD-1]}"
	print "\tfi"
	print "\tCOMPREPLY=()"
	print "\tcase $flag in"
	for (i = 1; i <= n; i++) {
		list = choices(i)
		if (list && argument[i] == "LIST")
			lists[list] = lists[list] (lists[list] ? "|" : "") flag[i]
		else if (list)
			words[list] = words[list] (words[list] ? "|" : "") flag[i]
		else if (has_file(i))
			files_of = files_of (files_of ? "|" : "") flag[i]
		else if (argument[i] ~ /^[A-Za-z]/)
			others = others (others ? "|" : "") flag[i]
	}
	for (i = 1; i <= n; i++) {
		list = choices(i)
		if (list in words) {
			print "\t" words[list] ")\n\t\tCOMPREPLY=($(compgen -W '" list "' -- \"$current\"))\n\t\treturn ;;"
			delete words[list]
		}
		if (list in lists) {
			print "\t" lists[list] ")\n\t\tlocal before=''"
			print "\t\t[[ $current != *,* ]] || before=${current%,*},"
			print "\t\tCOMPREPLY=($(compgen -P \"$before\" -W '" list "' -- \"${current##*,}\"))"
			print "\t\tcompopt -o nospace 2>/dev/null\n\t\treturn ;;"
			delete lists[list]
		}
	}
	if (files_of) {
		print "\t" files_of ")"
		print "\t\tcompopt -o filenames 2>/dev/null"
		print "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n\t\treturn ;;"
	}
	if (others) print "\t" others ")\n\t\treturn ;;"
	print "\tesac"
	print "\twords='"
	for (i = 1; i <= n; i++) {
		print "\t\t" flag[i] (argument[i] ~ /^[A-Za-z]/ ? "=" : "")
		if (is_collector(i)) print "\t\t" negative(i)
	}
	print "\t'"
	print "\tCOMPREPLY=($(compgen -W \"$words\" -- \"$current\"))"
	print "\t[[ ${#COMPREPLY[@]} != 1 || $COMPREPLY != *= ]] || compopt -o nospace 2>/dev/null"
	print "}"
	print "complete -F " function_name " " name
}

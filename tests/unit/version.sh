#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# CMakeLists.txt has the version. Do the files that cannot ask it name the same one, and has the changelog a
# section for it?
# usage: version.sh SOURCE
set -euo pipefail
cd "$1"
version=$(deploy/version.sh)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || { echo "NOT OK: deploy/version.sh says \"$version\""; exit 1; }
bad=0
names() { # FILE SED: what the file names, line by line
	local found
	found=$(sed -nE "$2" "$1" | sort -u)
	[ "$found" = "$version" ] && echo "ok: $1" && return
	echo "NOT OK: $1 names \"${found//$'\n'/\", \"}\" instead of \"$version\""
	bad=1
}
names CHANGELOG.md '/^## [0-9]/{s/^## ([0-9.]+).*/\1/p;q}'
names deploy/helm/intel-gpu-exporter/Chart.yaml 's/^appVersion: "(.*)"$/\1/p'
names deploy/ansible/galaxy.yml 's/^version: (.*)$/\1/p'
tag='s/.*(intel-gpu-exporter:v?|^ *newTag: )([0-9]+\.[0-9]+\.[0-9]+)(-va)?([^0-9.].*)?$/\2/p'
for file in $(git ls-files README.md deploy 2>/dev/null || find README.md deploy -type f); do
	! grep -qE 'intel-gpu-exporter:v?[0-9]+\.|^ *newTag: [0-9]' "$file" || names "$file" "$tag"
done
exit $bad

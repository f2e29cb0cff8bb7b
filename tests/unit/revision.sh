#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Is the revision that of the source, from a checkout, a worktree and an archive, and never that of a
# repository that the source happens to lie in?
# usage: revision.sh SOURCE
set -euo pipefail
source=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
bad=0
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE
git() { command git -c user.name=test -c user.email=test@localhost -c init.defaultBranch=main "$@"; }

# expect FOLDER REVISION WHAT
expect() {
	local got
	cmake -D SOURCE="$1" -D VERSION=1 -D COMPILER=cc -D OUT="$work/version.h" \
		-P "$1/deploy/revision.cmake"
	got=$(sed -n 's/^#define EXPORTER_REVISION "\(.*\)"$/\1/p' "$work/version.h")
	[ "$got" = "$2" ] && echo "ok: $3: \"$got\"" && return
	echo "NOT OK: $3: \"$got\" instead of \"$2\""
	bad=1
}

mkdir "$work/other" && cd "$work/other"
git init -q . && git commit -q --allow-empty -m other

here="$work/other/a source"
mkdir -p "$here"/{deploy,include/base} && cd "$here"
cp "$source/.gitattributes" .
cp "$source/deploy/revision.cmake" deploy/
cp "$source/include/base/version.h.in" include/base/
# The test may itself run in an archive.
sed -i 's/^set(archived "[^"]*")/set(archived "$Format:%H$")/' deploy/revision.cmake
expect "$here" '' 'no repository of its own'
git init -q . && git add . && git commit -q -m first
revision=$(git rev-parse --short=12 HEAD)
expect "$here" "$revision" 'a checkout'
GIT_DIR=$work/other/.git expect "$here" "$revision" "with another repository's GIT_DIR"
echo >>include/base/version.h.in
expect "$here" "$revision-dirty" 'a checkout that was changed'
git checkout -q include
git worktree add -q "$work/other/worktree" HEAD
expect "$work/other/worktree" "$revision" 'a worktree'
mkdir "$work/other/archive"
git archive HEAD | tar -x -C "$work/other/archive"
expect "$work/other/archive" "$revision" 'an archive'
[ "$(id -u)" != 0 ] || {
	chown -R 65534:65534 "$here"
	expect "$here" "$revision" "another user's checkout"
}
exit $bad

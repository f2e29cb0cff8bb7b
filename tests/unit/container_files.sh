#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# container_files.sh ROOT: what can be said of images, Compose files and the quadlet without an engine. With
# engines it is tests/container.
set -uo pipefail
cd "$1" || exit 2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
bad() { echo "NOT OK: $*"; failed=1; }

version=$(deploy/version.sh)
files=(deploy/compose/compose*.yaml deploy/compose/.env deploy/compose/README.md deploy/container/README.md
	deploy/container/quadlet/*.container)
# One version everywhere.
while IFS=: read -r file found; do
	[ "${found%-va}" = "intel-gpu-exporter:$version" ] || bad "$file: $found, and the project is $version"
done < <(grep -oHE 'intel-gpu-exporter:[0-9][0-9.]*(-va)?' "${files[@]}" | sed 's/:/\n/; s/\n/:/')
grep -q "VERSION: $version\$" deploy/compose/compose.yaml || bad "compose.yaml builds another version than $version"
# Images are variables, and their defaults have no registry's host.
while read -r image; do
	[[ $image =~ ^\$\{[A-Z_]+_IMAGE:-[a-z0-9/-]+:[a-z0-9.-]+\}$ ]] || bad "an image that is no variable, or has a host: $image"
done < <(sed -nE 's/^ *image: //p; s/^ *DEBIAN: //p' deploy/compose/*.yaml)
for name in $(grep -ohE '\$\{[A-Z_]+' deploy/compose/*.yaml | tr -d '${' | sort -u); do
	[ "$name" = COMPOSE_PROFILES ] || [ "$name" = MEDIA ] || [[ $name = JELLYFIN_LISTEN ]] ||
		grep -qE "^#?$name=" deploy/compose/.env || bad ".env does not mention $name"
done

# What the build takes from deploy is not ignored.
for name in $(grep -ohE 'deploy/[a-z/-]+\.md' CMakeLists.txt | sort -u); do
	grep -qxF "!$name" deploy/container/Containerfile.dockerignore || bad "Containerfile.dockerignore ignores $name, which CMakeLists.txt needs"
done

# The command for an engine, from one that only prints it.
mkdir "$work/bin"
printf '#!/bin/sh\necho "${0##*/} $*"\n' | tee "$work/bin/docker" "$work/bin/buildah" >/dev/null
chmod 755 "$work"/bin/*
build() { PATH=$work/bin:$PATH DEBIAN='' IMAGE='' SOURCE='' deploy/container/build.sh "$@" 2>&1; }
said=$(build --engine docker -- --build-arg A=B)
[[ $said = "docker build --file deploy/container/Containerfile --target exporter --tag intel-gpu-exporter:$version "*" --build-arg A=B ." ]] ||
	bad "build.sh: $said"
said=$(SOURCE_DATE_EPOCH=77 DEBIAN=x build --va --engine buildah)
[[ $said = "buildah build "*"--target exporter-va --tag intel-gpu-exporter:$version-va "*"SOURCE_DATE_EPOCH=77"*" --timestamp 77"* ]] ||
	bad "build.sh --va: $said"
said=$(build --vaa) && bad "build.sh takes --vaa"
[[ $said = "build.sh: unknown option --vaa"* ]] || bad "build.sh --vaa: $said"

# A filter as Podman's: a call that is allowed to one capability, and refused to the others in two rules.
cat >"$work/filter.json" <<'END'
{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
 {"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"},
 {"names": ["bpf", "perf_event_open"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1, "excludes": {"caps": ["CAP_SYS_ADMIN"]}},
 {"names": ["perf_event_open"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}}]}
END
deploy/container/podman-seccomp.py "$work/filter.json" "$work/derived.json" >/dev/null || bad "podman-seccomp.py fails"
tr -d ' \n' <"$work/derived.json" >"$work/flat"
[ "$(grep -o perf_event_open "$work/flat" | wc -l)" = 2 ] || bad "not two rules: $(cat "$work/flat")"
grep -qF '"names":["bpf"],"action":"SCMP_ACT_ERRNO","errnoRet":1' "$work/flat" || bad "another call's rule is another"
grep -qF '"includes":{"caps":["CAP_PERFMON"]}' "$work/flat" || bad "CAP_PERFMON may not"
grep -qF CAP_BPF "$work/flat" && bad "CAP_BPF may"
deploy/container/podman-seccomp.py "$work/none.json" "$work/derived.json" >/dev/null 2>&1 && bad "a filter that is missing"
exit $failed

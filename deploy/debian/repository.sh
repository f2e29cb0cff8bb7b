#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A signed apt repository from packages of build.sh, as files for any web server.
set -euo pipefail

usage() {
	cat <<-TXT
	usage: deploy/debian/repository.sh --key FINGERPRINT --url URL DIR CHANGES...
	Makes DIR, or adds to it, with reprepro: a newer package replaces an older one. Signed with a key
	of gpg, which is best one that can do nothing else and expires:
	  gpg --quick-generate-key "intel-gpu-exporter archive" ed25519 sign 2y
	DIR is what URL serves, but for DIR/conf and DIR/db. In it are, too:
	  intel-gpu-exporter.asc      the key
	  intel-gpu-exporter.sources  for users, who need these two files and nothing else:
	    curl -fo /etc/apt/keyrings/intel-gpu-exporter.asc URL/intel-gpu-exporter.asc
	    curl -f URL/intel-gpu-exporter.sources | sed "s/CODENAME/\$(. /etc/os-release; echo \$VERSION_CODENAME)/" \\
	      >/etc/apt/sources.list.d/intel-gpu-exporter.sources
	    apt-get update && apt-get install --no-remove intel-gpu-exporter
	TXT
}

fail() { echo "repository.sh: $*" >&2; exit 2; }

key='' url=''
while [ $# -gt 0 ]; do
	case $1 in
	--key) key=${2-}; shift ;;
	--url) url=${2-}; shift ;;
	--help|-h) usage; exit 0 ;;
	-*) usage >&2; fail "unknown option $1" ;;
	*) break ;;
	esac
	shift
done
[ -n "$key" ] && [ -n "$url" ] && [ $# -ge 2 ] || { usage >&2; exit 2; }
dir=$1
shift
for file; do [[ $file = *.changes && -r $file ]] || fail "$file is no .changes file of build.sh"; done
command -v reprepro >/dev/null || fail "it needs the packages reprepro and gpg"

mkdir -p "$dir/conf"
for codename in bookworm trixie; do
	cat <<-TXT
	Origin: intel-gpu-exporter
	Label: intel-gpu-exporter
	Codename: $codename
	Architectures: amd64 source
	Components: main
	Description: Prometheus exporter for Intel GPUs
	SignWith: $key

	TXT
done >"$dir/conf/distributions"
for changes; do
	codename=$(sed -n 's/^Distribution: //p' "$changes")
	reprepro --silent --basedir "$dir" include "$codename" "$changes"
done
gpg --batch --yes --armor --export --output "$dir/intel-gpu-exporter.asc" "$key"
cat >"$dir/intel-gpu-exporter.sources" <<TXT
Types: deb
URIs: $url
Suites: CODENAME
Components: main
Signed-By: /etc/apt/keyrings/intel-gpu-exporter.asc
TXT

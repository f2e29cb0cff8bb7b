#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the root of Debian 13, after package.sh in both: can one repository have the packages of both releases, and are
# their sources the same? /var/tmp/packages has those for 13, /var/tmp/other those for 12.
set -euo pipefail
work=$(mktemp -d)
trap 'gpgconf --homedir "$work/gpg" --kill all; rm -rf "$work"' EXIT
bad() { echo "NOT OK: $*"; exit 1; }

cmp /var/tmp/packages/*.orig.tar.gz /var/tmp/other/*.orig.tar.gz || bad "the source is another one"
export GNUPGHOME=$work/gpg
mkdir -m 700 "$GNUPGHOME"
gpg --batch --quiet --passphrase '' --quick-generate-key test ed25519 sign 1d
key=$(gpg --batch --with-colons --list-keys | awk -F: '$1 == "fpr" { print $10; exit }')
deploy/debian/repository.sh --key "$key" --url https://localhost/ "$work/repository" \
	/var/tmp/packages/*.changes /var/tmp/other/*.changes
for release in 12:bookworm 13:trixie; do
	listed=$(reprepro --basedir "$work/repository" --list-format '${package} ${version}\n' -A amd64 list "${release#*:}")
	[[ $listed = *"intel-gpu-exporter "*"~deb${release%:*}u1"* ]] ||
		bad "$release: $listed"
	other=$((25 - ${release%:*}))
	[[ $listed != *"~deb${other}u1"* ]] || bad "$release has the other's: $listed"
	gpg --batch --quiet --verify "$work/repository/dists/${release#*:}/InRelease" || bad "$release: not signed"
	echo "ok: ${release#*:}: ${listed//$'\n'/, }"
done

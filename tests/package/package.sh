#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# In the root of a release, see run.sh: builds the package, and tries it.
# usage: package.sh [CASE...]     build lintian piuparts autopkgtest system, or some of them
set -uo pipefail
cases=("$@")
[ ${#cases[@]} -gt 0 ] || cases=(build lintian piuparts autopkgtest system)
started=$SECONDS
# shellcheck source=/dev/null
. /etc/os-release
step() { printf '\n== Debian %s package: %s (after %d s)\n' "$VERSION_ID" "$*" $((SECONDS - started)); }
cache=/var/cache/package
out=/var/tmp/packages
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
failures=0

check() { # WHAT COMMAND...
	local what=$1 log
	log=$(mktemp)
	shift
	if "$@" >"$log" 2>&1 </dev/null; then
		echo "ok: $what"
	else
		echo "NOT OK: $what"
		tail -n 60 "$log" | cut -c 1-300 | sed 's/^/  | /'
		failures=$((failures + 1))
	fi
	rm -f "$log"
}
# Names that have the version in them, which is another one with each commit.
find_built() {
	deb=$(echo $out/intel-gpu-exporter_*_amd64.deb)
	changes=$(echo $out/*.changes)
}

# Versions of a commit without a tag and with one, which is the older of the two.
releases() {
	local version untagged tagged
	version=$(deploy/version.sh)
	untagged=$(deploy/debian/build.sh --version)
	git -c safe.directory='*' tag "v$version" && tagged=$(deploy/debian/build.sh --version)
	git -c safe.directory='*' tag -d "v$version"
	echo "$untagged, $tagged"
	[ "$tagged" = "$version-1~deb${VERSION_ID}u1" ] && [[ $deb = *_${untagged}_amd64.deb ]] &&
		dpkg --compare-versions "$untagged" gt "$tagged" && dpkg --compare-versions "$untagged" lt "$version.1-1"
}

case_build() {
	rm -rf $out $out.again
	# Thousands of small files: in memory.
	check "it is built" env TMPDIR=/dev/shm deploy/debian/build.sh --out $out
	# Elsewhere, and by somebody else's habits.
	mkdir -p /var/tmp/elsewhere
	check "and again" env TMPDIR=/var/tmp/elsewhere TZ=Asia/Tokyo bash -c "umask 077; deploy/debian/build.sh --out $out.again"
	local file
	for file in $out/*.deb $out/*.dsc $out/*.tar.* $out/*.json; do
		check "the same: $(sha256sum "$file" | cut -c 1-16) $(basename "$file")" cmp "$file" "$out.again/$(basename "$file")"
	done
	rm -rf $out.again /var/tmp/elsewhere
	find_built
	check "the SBOM is that of the package" tests/package/sbom.py "$deb"
	check "a VA driver is recommended" grep -q '^intel-media-va-driver ' <(dpkg-deb -f "$deb" Recommends)
	check "a tag makes it a release, and a later commit is newer" releases
}

# Left out: there is no home page, a Debian 12 knows no newer standard, and Debian 12 wants an init script for
# other inits.
case_lintian() {
	local left=no-homepage-field
	case $VERSION_ID in
	12) left+=,package-supports-alternative-init-but-no-init.d-script ;;
	*) left+=,out-of-date-standards-version ;;
	esac
	check "lintian says nothing" env TMPDIR=/dev/shm lintian --allow-root --info --display-info --pedantic --fail-on error,warning,info \
		--suppress-tags $left "$changes"
}

case_piuparts() {
	check "piuparts" piuparts --no-eatmydata --keep-sources-list --distribution "$VERSION_CODENAME" \
		--basetgz $cache/base.tar.gz --tmpdir /var/tmp "$deb"
}

# mounted COMMAND... with a copy of the bootable system in $root, which is gone afterwards.
mounted() {
	local code=0
	root=$(mktemp -d)
	mount -t tmpfs -o size=2g tmpfs "$root"
	mkdir "$root"/{upper,work,system}
	mount -t overlay -o "lowerdir=$cache/system,upperdir=$root/upper,workdir=$root/work" overlay "$root/system"
	mount --rbind /dev "$root/system/dev"
	mount -t proc proc "$root/system/proc"
	cp -L /etc/resolv.conf "$root/system/etc/"
	"$@" || code=$?
	umount -R "$root/system" && umount "$root"
	rmdir "$root"
	return $code
}

run_autopkgtest() {
	local code=0
	chroot "$root/system" apt-get update -q
	autopkgtest --summary-file="$root/summary" --apt-upgrade -B "$deb" build/source \
		-- chroot "$root/system" || code=$?
	cat "$root/summary"
	# 2: the other one wants a booted system, and is in the next case.
	[ $code = 2 ] && grep -qE '^programs +PASS' "$root/summary" &&
		grep -qE '^service +SKIP .*isolation-container' "$root/summary"
}

case_autopkgtest() {
	# What autopkgtest reads of a source tree.
	mkdir -p build/source
	tar -C build/source -xf $out/*.debian.tar.xz
	check "autopkgtest" mounted run_autopkgtest
	rm -rf build/source
}

# What a later release would be, for the upgrade: the same files with a higher version.
make_next() {
	local work=$test/next
	dpkg-deb -R "$deb" "$work"
	next=$(dpkg-deb -f "$deb" Version)+next
	sed -i "s/^Version: .*/Version: $next/" "$work/DEBIAN/control"
	dpkg-deb --root-owner-group -b "$work" "$test/intel-gpu-exporter_${next}_amd64.deb"
	rm -r "$work"
}

make_repositories() {
	local name key
	export GNUPGHOME=$test/gpg
	mkdir -m 700 "$GNUPGHOME"
	for name in ours other; do
		gpg --batch --passphrase '' --quick-generate-key "$name" ed25519 sign 2d || return
	done
	key=$(gpg --batch --with-colons --list-keys ours | awk -F: '$1 == "fpr" { print $10; exit }')
	deploy/debian/repository.sh --key "$key" --url file:/srv/repository "$test/first" "$changes" || return
	cp -r "$test/first" "$test/second"
	reprepro --basedir "$test/second" includedeb "$VERSION_CODENAME" "$test"/*+next_amd64.deb || return
	gpg --batch --armor --export other >"$test/other.asc"
	# A package that is not the one that was signed.
	cp -r "$test/first" "$test/changed"
	echo >>"$(find "$test/changed/pool" -name 'intel-gpu-exporter_*_amd64.deb')"
	gpgconf --kill all
	rm -r "$GNUPGHOME"
}

# nspawn OPTION...: in a control group of its own, where nothing else of the machine boots. run.sh removes it.
nspawn() (
	local dir
	for dir in /sys/fs/cgroup{,/unified,/systemd}; do
		[ -e "$dir/cgroup.procs" ] || continue
		mkdir -p "$dir/package-test-$VERSION_ID"
		echo 0 >"$dir/package-test-$VERSION_ID/cgroup.procs"
	done
	exec timeout 300 systemd-nspawn -q -D $cache/system --register=no --keep-unit --resolv-conf=off \
		--bind-ro="$PWD:/srv/source" "$@"
)

# What the package needs, so that nothing but the package comes when it is installed.
prepare_system() {
	cp -L /etc/resolv.conf $cache/system/etc/
	nspawn bash -c "
		set -e
		export DEBIAN_FRONTEND=noninteractive
		apt-get update -q
		apt-get install -y -q --no-install-recommends $(sed 's/#.*//' tests/package/system.txt | xargs)
		apt-get satisfy -y -q --no-install-recommends '$(dpkg-deb -f "$deb" Depends)'
		install -m 644 /srv/source/tests/package/package-test.service /etc/systemd/system/
		systemctl enable package-test" && dpkg-deb -f "$deb" Depends >$cache/system.ready
}

boot() {
	local code=0
	nspawn --machine="package-test-$VERSION_ID" --private-network --volatile=overlay --capability=CAP_PERFMON \
		--bind="$test:/srv/test" -b >"$test/console" 2>&1 </dev/null || code=$?
	cat "$test/log"
	[ $code = 0 ] || { echo "exit code $code; the console's end:"; tail -n 20 "$test/console"; }
	return $code
}

case_system() {
	[ "$(cat $cache/system.ready 2>/dev/null)" = "$(dpkg-deb -f "$deb" Depends)" ] ||
	check "a system to boot" prepare_system
	test=$(mktemp -d)
	chmod 755 "$test"
	check "a later version" make_next
	check "a signed repository" make_repositories
	step "the booted system"
	# Its checks are printed as they are.
	boot || failures=$((failures + 1))
	rm -rf "$test"
}

[ "${cases[0]}" = build ] || find_built
for case in "${cases[@]}"; do
	step "$case"
	"case_$case"
done
step "$failures failures"
[ "$failures" = 0 ]

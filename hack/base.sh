#!/usr/bin/env bash
# Makes two images from Debian 12's own packages, for machines that reach no
# image registry, and prints the folder that holds them as OCI layouts:
#
#   base/        Python without pip, as small as it goes: what a model is put on
#   toolchain/   the same with pip, one layer more: what resolves and installs
#
# They stand in for python:3.11-slim. apt works in both, with the host's own
# sources. The same package versions give the same digests.
. "$(dirname "$0")/lib.sh"

# The one time stamp of all files, and the images' time of creation:
# the release of Debian 12.
export SOURCE_DATE_EPOCH=1686355200

key=$(hash_of hack/base.sh hack/base-strip.sh hack/ociimage/main.go -- "$(dpkg --print-architecture)")
dir=$cache/base/$key
locked base
if [ -e "$dir/.done" ]; then
	printf '%s\n' "$dir"
	exit 0
fi
say "making the base images from Debian's packages (about a minute, once)"
scratch

# The host's own sources where it is the same release; only the files that
# Debian itself sets up, so that other vendors' packages stay out. With none,
# mmdebstrap has a default.
sources=()
if grep -qx 'VERSION_CODENAME=bookworm' /etc/os-release; then
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources; do
		if grep -qsE '^(deb|URIs:)' "$file"; then sources+=("$file"); fi
	done
fi
# The host's word on how to judge and fetch an index holds for its mirror.
apt-config dump | grep -E '^Acquire::(Check-Valid-Until|Check-Date|Retries|https?::(Proxy|Timeout)) ' >"$tmp/apt.conf" || true

packages=python3,python3-distutils,ca-certificates,netbase,tzdata
pip="apt-get install -qq --no-install-recommends --download-only -o Dir::Cache::archives=/pip python3-pip"
mkdir "$tmp/pip"
# shellcheck disable=SC2016 # mmdebstrap's shell is the one to expand $1
quietly mmdebstrap --variant=apt --include="$packages" --aptopt="$tmp/apt.conf" \
	--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
	--dpkgopt='path-exclude=/usr/share/man/*' \
	--dpkgopt='path-exclude=/usr/share/info/*' \
	--dpkgopt='path-exclude=/usr/share/locale/*' \
	--dpkgopt='path-exclude=/usr/share/lintian/*' \
	--dpkgopt='path-exclude=/usr/share/doc/*' \
	--dpkgopt='path-include=/usr/share/doc/*/copyright' \
	--customize-hook='mkdir -p "$1/pip/partial" && chroot "$1" '"$pip" \
	--customize-hook="sync-out /pip $tmp/pip" \
	--customize-hook='rm -rf "$1/pip"' \
	--customize-hook="$root/hack/base-strip.sh" \
	bookworm "$tmp/base.tar" "${sources[@]}" || die "mmdebstrap failed (above)"

# pip's packages are unpacked without their scripts, which would only compile
# bytecode, into a layer of their own.
mkdir "$tmp/root"
for deb in "$tmp"/pip/*.deb; do dpkg-deb --extract "$deb" "$tmp/root"; done
"$root/hack/base-strip.sh" "$tmp/root"
tar --create --file="$tmp/pip.tar" --directory="$tmp/root" --sort=name --format=pax \
	--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \
	--owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" usr

version=$(tar --extract --to-stdout --file="$tmp/base.tar" ./var/lib/dpkg/status |
	sed -n '/^Package: python3.11$/,/^$/s/^Version: \([0-9.]*\).*/\1/p')
cd "$root"
image() {
	local name=$1
	shift
	go run ./hack/ociimage -created "$SOURCE_DATE_EPOCH" -out "$tmp/out/$name" -ref "$name" \
		-env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
		-env LANG=C.UTF-8 -env "PYTHON_VERSION=$version" -cmd python3 "$@"
}
image base "$tmp/base.tar" >&2
image toolchain "$tmp/base.tar" "$tmp/pip.tar" >&2

touch "$tmp/out/.done"
mkdir -p "$cache/base"
rm -rf "$dir"
mv "$tmp/out" "$dir"
printf '%s\n' "$dir"

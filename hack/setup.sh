#!/usr/bin/env bash
# Installs what Debian has and the build needs, where it is missing. Without
# root, or without apt, it says what is missing and fails. Go is the one thing
# that it never installs.
. "$(dirname "$0")/lib.sh"

command -v go >/dev/null || die "Go is not installed, or not on PATH: install the version that go.mod names"

missing=()
# need PACKAGE COMMAND...: the package is missing if the command fails.
need() {
	local package=$1
	shift
	"$@" >/dev/null 2>&1 || missing+=("$package")
}
# has_library NAME: the dynamic linker finds it.
has_library() { PATH=$PATH:/sbin:/usr/sbin ldconfig -p | grep -qF "$1"; }
# command -v as a command of its own, with the folders that a plain user's
# PATH may lack.
has() { PATH=$PATH:/sbin:/usr/sbin command -v "$1"; }
# Some Debian machines have Python without its venv module.
has_venv() { "$("$root/hack/python.sh")" -c 'import ensurepip, venv'; }

need bash-completion test -s /usr/share/bash-completion/bash_completion
need ca-certificates test -s /etc/ssl/certs/ca-certificates.crt
# Ten seconds: the pages of plan --sizes and of the server are looked at in it.
need chromium-headless-shell has chromium-headless-shell
need containernetworking-plugins test -x /usr/lib/cni/bridge
need curl has curl
need git has git
need iproute2 has ip
need iptables has iptables
need mmdebstrap has mmdebstrap
# For Azurite alone.
need nodejs has node
need npm has npm
need openssh-client has ssh
need runc has runc
need libgomp1 has_library libgomp.so.1
need python3.11-venv has_venv

[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ] || ! has apt-get >/dev/null; then
	die "these Debian packages are missing: ${missing[*]}
Install them (apt-get install ${missing[*]}), or run this as root on Debian 12."
fi
say "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
quietly apt-get update || die "apt-get update failed (above)"
quietly apt-get install -y --no-install-recommends "${missing[@]}" ||
	die "apt-get install ${missing[*]} failed (above)"

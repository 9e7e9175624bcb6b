#!/usr/bin/env bash
# Unpacks Debian's Docker engine outside the tree, unless it is there, and
# prints the folder: usr/sbin/dockerd and usr/bin/containerd in it. Nothing is
# installed and nothing is started: that is up to the test that wants one.
. "$(dirname "$0")/lib.sh"

packages=(docker.io containerd tini libdevmapper1.02.1)

locked engine
candidate() { apt-cache policy "$@" | sed -n 's/^  Candidate: //p' | tr '\n' ' '; }
if [ "$(candidate docker.io)" = "" ] || [[ "$(candidate docker.io)" = *none* ]]; then
	quietly apt-get update || die "apt-get update failed (above)"
fi
dir=$cache/engine/$(hash_of hack/engine.sh -- "$(dpkg --print-architecture)" "$(candidate "${packages[@]}")")
if [ ! -e "$dir/.done" ]; then
	say "unpacking Debian's Docker engine"
	scratch
	(cd "$tmp" && quietly apt-get download "${packages[@]}") || die "apt-get download ${packages[*]} failed (above)"
	rm -rf "$dir"
	mkdir -p "$dir"
	for deb in "$tmp"/*.deb; do dpkg-deb --extract "$deb" "$dir"; done
	touch "$dir/.done"
fi
printf '%s\n' "$dir"

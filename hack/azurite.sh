#!/usr/bin/env bash
# Installs Azurite, which tools/azurite/package-lock.json pins, outside the tree, by the
# hash of that file, and links it as bin/azurite-blob. No package of it runs a script.
. "$(dirname "$0")/lib.sh"

module=tools/azurite
dir=$cache/tools/azurite-$(hash_of $module/package.json $module/package-lock.json hack/azurite.sh -- "$(node --version)")
locked "$(basename "$dir")"
if [ ! -e "$dir/.done" ]; then
	say "installing Azurite (a minute or two, once)"
	rm -rf "$dir"
	mkdir -p "$dir"
	cp "$root/$module/package.json" "$root/$module/package-lock.json" "$dir/"
	(cd "$dir" && quietly npm ci --ignore-scripts --no-audit --no-fund) || die "npm ci in $module failed (above)"
	touch "$dir/.done"
fi
mkdir -p "$root/bin"
ln -sfn "$dir/node_modules/.bin/azurite-blob" "$root/bin/azurite-blob"

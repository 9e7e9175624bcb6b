#!/usr/bin/env bash
# Builds the programs that a tools module's go.mod names with `tool`
# directives and copies them into bin/. The builds are kept outside the tree,
# by the module's hash, because they take minutes and seldom change.
#
# Usage: hack/tools.sh MODULE-FOLDER     (tools, tools/buildx, …)
. "$(dirname "$0")/lib.sh"

module=$1
key=$(hash_of "$module/go.mod" "$module/go.sum" hack/tools.sh -- "$(cd "$root/$module" && go version)")
dir=$cache/tools/$key
stamp=$root/bin/.${module//\//-}-$key

locked "$(basename "$dir")"
if [ ! -e "$dir/.done" ]; then
	say "building the programs of $module/go.mod (some minutes, once)"
	mkdir -p "$dir"
	cd "$root/$module"
	flags="-s -w"
	# The version that buildkitd reports, which otherwise is that of a build
	# from its own repository.
	if grep -q '^	github.com/moby/buildkit v' go.mod; then
		flags+=" -X github.com/moby/buildkit/version.Version=$(go list -m -f '{{.Version}}' github.com/moby/buildkit)"
	fi
	CGO_ENABLED=0 go build -trimpath -o "$dir/" -ldflags "$flags" tool ||
		die "go build in $module failed (above)"
	touch "$dir/.done"
fi

mkdir -p "$root/bin"
for program in "$dir"/*; do
	name=$(basename "$program")
	[ -e "$stamp" ] && [ -x "$root/bin/$name" ] && continue
	# Renamed into place: a running buildkitd keeps its file.
	cp "$program" "$root/bin/.$name.new"
	mv -f "$root/bin/.$name.new" "$root/bin/$name"
done
rm -f "$root/bin/.${module//\//-}-"????????????????
touch "$stamp"

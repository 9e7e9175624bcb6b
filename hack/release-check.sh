#!/usr/bin/env bash
# Proves that a release comes out the same whoever makes it: makes it in two
# copies of the sources, in different folders and the second with empty Go
# caches, and compares every byte. With all platforms it takes long.
#
# Usage: hack/release-check.sh VERSION PLATFORM...
. "$(dirname "$0")/lib.sh"

[ $# -gt 1 ] || die "usage: hack/release-check.sh VERSION PLATFORM..."
scratch
cd "$root"
for copy in "$tmp/first" "$tmp/the/second"; do
	# The CLI keeps the embedded builder, which is buildkitd.
	mkdir -p "$copy/bin"
	cp bin/deployfile bin/buildkitd "$copy/bin/"
done
git ls-files -z --cached --others --exclude-standard |
	tar --null --files-from=- --ignore-failed-read -cf - | tee >(tar -C "$tmp/first" -xf -) | tar -C "$tmp/the/second" -xf -

"$tmp/first/hack/release.sh" "$1" "$tmp/first/dist" "${@:2}"
GOCACHE=$tmp/gocache "$tmp/the/second/hack/release.sh" "$1" "$tmp/the/second/dist" "${@:2}"
diff -r "$tmp/first/dist" "$tmp/the/second/dist" >&2 || die "the two differ"
(cd "$tmp/first/dist" && sha256sum --quiet -c SHA256SUMS) || die "the checksums are wrong"
say "the same twice:"
cat "$tmp/first/dist/SHA256SUMS"

#!/usr/bin/env bash
# Runs every fuzz target of the module for a while, one after the other.
#
# Usage: hack/fuzz.sh TIME, such as 10s
. "$(dirname "$0")/lib.sh"

cd "$root"
found=
while IFS=: read -r file function; do
	found=1
	name=${function#func }
	name=${name%%(*}
	say "$name in $(dirname "$file")"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "$1" "./$(dirname "$file")"
done < <(grep -rn --include='*_test.go' -E '^func Fuzz[A-Za-z0-9_]*\(' . | sed -E 's|^\./||; s/:[0-9]+:/:/' | sort)
[ -n "$found" ] || die "no fuzz target found"

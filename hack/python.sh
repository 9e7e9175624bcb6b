#!/usr/bin/env bash
# Prints the Python that the examples are made and checked with: 3.11, as in
# their models, because a pickle belongs to one minor version.
. "$(dirname "$0")/lib.sh"

for python in python3.11 python3 /usr/bin/python3.11; do
	if path=$(command -v "$python") &&
		[ "$("$path" -c 'import sys; print(*sys.version_info[:2], sep=".")' 2>/dev/null)" = 3.11 ]; then
		printf '%s\n' "$path"
		exit 0
	fi
done
die "no Python 3.11 on PATH"

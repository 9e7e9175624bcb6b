# Sourced by the scripts beside it: where things are cached, how they speak.
# Progress goes to standard error, so that a script's result can be captured.
# shellcheck shell=bash

set -euo pipefail

# The root of the checkout.
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# All that is made outside the tree is below this folder.
cache=${XDG_CACHE_HOME:-$HOME/.cache}/deployfile

say() { printf '%s\n' "$*" >&2; }
die() { say "error: $*"; exit 1; }

# hash_of FILE... [-- TEXT...]: the SHA-256 of the files' names and contents
# and of the texts, shortened to what tells two versions of a script apart.
hash_of() {
	local -a files=()
	while [ $# -gt 0 ] && [ "$1" != -- ]; do files+=("$1"); shift; done
	[ $# -eq 0 ] || shift
	(cd "$root" && { sha256sum -- "${files[@]}" && printf '%s\n' "$@"; }) | sha256sum | cut -c1-16
}

# locked NAME: from here to the end of the script, no other script of any
# checkout that names the same thing runs.
locked() {
	mkdir -p "$cache/locks"
	exec 9>"$cache/locks/$1"
	flock 9
}

# scratch: makes the folder $tmp below the cache, removed when the script ends.
scratch() {
	mkdir -p "$cache/tmp"
	tmp=$(mktemp -d "$cache/tmp/XXXXXX")
	trap 'rm -rf "$tmp"' EXIT
}

# quietly COMMAND...: shows the command's output only if it fails.
quietly() {
	local log
	log=$(mktemp)
	if "$@" >"$log" 2>&1; then rm -f "$log"; return 0; fi
	cat "$log" >&2
	rm -f "$log"
	return 1
}

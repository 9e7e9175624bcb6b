#!/usr/bin/env bash
# Makes the virtual environment of requirements-test.txt outside the tree,
# unless it is there, and prints the path of its Python.
. "$(dirname "$0")/lib.sh"

python=$("$root/hack/python.sh")
dir=$cache/venv/$(hash_of hack/requirements-test.txt -- "$("$python" -VV)" "$(readlink -f "$python")")
locked venv
if [ ! -e "$dir/.done" ]; then
	say "making the Python environment of hack/requirements-test.txt"
	rm -rf "$dir"
	quietly "$python" -m venv "$dir" || die "$python -m venv failed (above)"
	quietly "$dir/bin/python" -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: -r "$root/hack/requirements-test.txt" ||
		die "pip install -r hack/requirements-test.txt failed (above)"
	touch "$dir/.done"
fi
printf '%s\n' "$dir/bin/python"

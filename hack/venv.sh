#!/usr/bin/env bash
# Makes the virtual environment of requirements-NAME.txt, by default that of
# requirements-test.txt, outside the tree, unless it is there, and prints the path
# of its Python. What follows NAME goes to pip.
. "$(dirname "$0")/lib.sh"

file=hack/requirements-${1:-test}.txt
python=$("$root/hack/python.sh")
dir=$cache/venv/$(hash_of "$file" -- "$("$python" -VV)" "$(readlink -f "$python")")
locked venv
if [ ! -e "$dir/.done" ]; then
	say "making the Python environment of $file"
	rm -rf "$dir"
	quietly "$python" -m venv "$dir" || die "$python -m venv failed (above)"
	quietly "$dir/bin/python" -m pip install --quiet --disable-pip-version-check \
		--only-binary :all: "${@:2}" -r "$root/$file" ||
		die "pip install -r $file failed (above)"
	touch "$dir/.done"
fi
printf '%s\n' "$dir/bin/python"

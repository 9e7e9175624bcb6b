#!/usr/bin/env bash
# Pins what each requirements-NAME.in asks for, with all below it, in
# requirements-NAME.txt: the newest versions that go together today.
. "$(dirname "$0")/lib.sh"

scratch
for name in test azure aws; do
	quietly "$("$root/hack/python.sh")" -m venv --clear "$tmp/venv"
	quietly "$tmp/venv/bin/python" -m pip install --only-binary :all: -r "$root/hack/requirements-$name.in" ||
		die "pip install -r hack/requirements-$name.in failed (above)"
	{
		printf '# Made by "make requirements" from requirements-%s.in.\n' "$name"
		"$tmp/venv/bin/python" -m pip freeze
	} >"$tmp/requirements.txt"
	mv "$tmp/requirements.txt" "$root/hack/requirements-$name.txt"
done

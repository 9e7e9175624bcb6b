#!/usr/bin/env bash
# Pins what requirements-test.in asks for, with all below it, in
# requirements-test.txt: the newest versions that go together today.
. "$(dirname "$0")/lib.sh"

scratch
quietly "$("$root/hack/python.sh")" -m venv "$tmp/venv"
quietly "$tmp/venv/bin/python" -m pip install --only-binary :all: -r "$root/hack/requirements-test.in" ||
	die "pip install -r hack/requirements-test.in failed (above)"
{
	printf '# Made by "make requirements" from requirements-test.in.\n'
	"$tmp/venv/bin/python" -m pip freeze
} >"$tmp/requirements.txt"
mv "$tmp/requirements.txt" "$root/hack/requirements-test.txt"

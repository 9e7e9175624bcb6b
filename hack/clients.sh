#!/usr/bin/env bash
# Runs a module of llb/server/tests with the Python of its client; the servers that it
# starts have that of the tests.
#
# Usage: hack/with-env.sh hack/clients.sh PYTHON MODULE
. "$(dirname "$0")/lib.sh"

scratch
ln -s "$root/llb/server" "$tmp/deployfile_server"
cd "$tmp"
"$1" -B -m unittest -v "deployfile_server.tests.$2"

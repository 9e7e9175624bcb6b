#!/usr/bin/env bash
# The session in README's picture: hack/with-env.sh go run ./hack/picture docs/build.svg hack/picture.sh
# It takes an embedded builder of its own that starts empty and, where Docker Hub cannot be
# reached, the base images of the tests in the place of those from there.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$(mktemp -d)
trap '"$root/bin/deployfile" builder stop >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
mkdir "$work/iris"
cp -r examples/iris/model "$work/iris/"
cd "$work/iris"
export XDG_CACHE_HOME=$work/cache DEPLOYFILE_BUILDER=embedded
contexts=()
if ! (cd "$root" && go run ./hack/reachable python:3.11-slim >/dev/null 2>&1); then
	contexts=(--build-context "base=oci-layout://$DEPLOYFILE_TEST_BASE" --build-context "toolchain=oci-layout://$DEPLOYFILE_TEST_TOOLCHAIN")
fi

# show COMMAND...: as if it had been typed.
show() { printf '\033[1m$ %s\033[0m\n' "$*"; }

show deployfile init model
"$root/bin/deployfile" init model
show deployfile lock
"$root/bin/deployfile" lock "${contexts[@]}"
show deployfile predict
"$root/bin/deployfile" predict "${contexts[@]}"

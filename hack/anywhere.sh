#!/bin/sh
# Runs a test as on a machine that nobody has set up: without privileges, a network,
# bin/ on PATH, or anything in HOME. For `go test -exec`, as root.
#
# Usage: go test -exec "$PWD/hack/anywhere.sh" ./...
set -eu
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
unshare --net sh -c 'ip link set lo up && exec setpriv --bounding-set=-all --inh-caps=-all --no-new-privs "$@"' sh \
	env -i "HOME=$home" "TMPDIR=$home" PATH=/usr/local/bin:/usr/bin:/bin:"$(go env GOROOT)/bin" \
	"GOCACHE=$(go env GOCACHE)" "GOMODCACHE=$(go env GOMODCACHE)" "GOFLAGS=${GOFLAGS:-}" CGO_ENABLED=0 "$@"

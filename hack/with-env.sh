#!/usr/bin/env bash
# Runs a command as the tests want it: with bin/ on PATH and, in the
# environment, where the base images and the Python of the examples are. What
# is missing is made first.
#
# Usage: hack/with-env.sh COMMAND [ARGUMENT...], such as
#        hack/with-env.sh go test ./frontend/
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "usage: hack/with-env.sh COMMAND [ARGUMENT...]"
base=$("$root/hack/base.sh")
DEPLOYFILE_TEST_PYTHON=$("$root/hack/venv.sh")
export DEPLOYFILE_TEST_PYTHON
export DEPLOYFILE_TEST_BASE=$base/base DEPLOYFILE_TEST_TOOLCHAIN=$base/toolchain
export PATH=$root/bin:$PATH
# As the Makefile has them, so that what one has compiled serves the other; tests run
# themselves in images that have no C library.
export CGO_ENABLED=0
case " ${GOFLAGS:-} " in *" -trimpath "*) ;; *) export GOFLAGS="${GOFLAGS:-} -trimpath -tags=grpcnotrace" ;; esac
exec "$@"

#!/usr/bin/env bash
# Runs a command as the tests want it: with bin/ on PATH and, in the environment, where
# the base images, the Python of the examples, and those of Azure's client and of AWS's
# command line are. What is missing is made first.
#
# Usage: hack/with-env.sh COMMAND [ARGUMENT...], such as
#        hack/with-env.sh go test ./frontend/
. "$(dirname "$0")/lib.sh"

[ $# -gt 0 ] || die "usage: hack/with-env.sh COMMAND [ARGUMENT...]"
base=$("$root/hack/base.sh")
DEPLOYFILE_TEST_PYTHON=$("$root/hack/venv.sh")
DEPLOYFILE_TEST_AZURE=$("$root/hack/venv.sh" azure)
DEPLOYFILE_TEST_AWS=$("$root/hack/venv.sh" aws)
export DEPLOYFILE_TEST_PYTHON DEPLOYFILE_TEST_AZURE DEPLOYFILE_TEST_AWS
export DEPLOYFILE_TEST_BASE=$base/base DEPLOYFILE_TEST_TOOLCHAIN=$base/toolchain
export PATH=$root/bin:$PATH
# As the Makefile sets them, so that both share the build cache; tests run
# themselves in images that have no C library. The tag integration adds the tests
# that need what is set up here. Of a flag that is there twice, go takes the last.
export CGO_ENABLED=0 GOFLAGS="${GOFLAGS:-} -trimpath -tags=grpcnotrace,integration"
exec "$@"

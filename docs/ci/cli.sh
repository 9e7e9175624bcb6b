#!/bin/sh
# The same in any CI system, with the deployfile program and a BuildKit that it
# finds: BUILDKIT_HOST names one, or Docker's engine has one, or, as root on
# Linux with runc and buildkitd, it starts its own. Needs the variable IMAGE, and
# a login to its registry.
set -eu
deployfile check
deployfile build --locked --push --tag "$IMAGE" \
	--cache-from "type=registry,ref=$IMAGE-cache" \
	--cache-to "type=registry,ref=$IMAGE-cache,mode=max"

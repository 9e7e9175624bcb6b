#!/usr/bin/env bash
# The whole path on one machine: locks examples/iris, builds it, runs it, posts
# its saved input example and prints the answer. `make demo` has built what is
# needed.
. "$(dirname "$0")/lib.sh"

# A lock names the package index of this machine: it is written beside a copy,
# and the tree stays as it is. The copy stays, so that a second run is quick.
example=$cache/demo/iris
locked demo
mkdir -p "$example"
cp -rp "$root/examples/iris/." "$example/"

contexts=()
cd "$root"
if ! go run ./hack/reachable python:3.11-slim >/dev/null 2>&1; then
	say "no image registry can be reached: the base images are made from Debian's packages"
	base=$("$root/hack/base.sh")
	contexts=(
		--build-context "base=oci-layout://$base/base"
		--build-context "toolchain=oci-layout://$base/toolchain"
	)
fi

# step COMMAND...: shows the command as a user would type it, and runs it.
step() {
	say ""
	say "\$ ${*/#"$root/bin/"/}"
	"$@"
}
step "$root/bin/deployfile" lock -f "$example/Deployfile" "${contexts[@]}" "$example"
step "$root/bin/deployfile" predict "${contexts[@]}" -i "$example/model/serving_input_example.json" "$example"

#!/usr/bin/env bash
# Builds the Kubernetes of the tests and copies it into bin/: kubernetes, the
# programs of a cluster in one, pause, and containerd with its shim and ctr;
# and definitions/, the Gateway API's own definition of its routes.
# The builds are kept outside the tree, by the hash of their sources, because
# the first takes a quarter of an hour and they seldom change.
. "$(dirname "$0")/lib.sh"

# install MODULE-FOLDER BUILD-FLAG-OR-PACKAGE...: builds the module's programs,
# if that was not done before, and copies them into bin/.
install() {
	local module=$1 sources key dir stamp program name
	shift
	mapfile -t sources < <(cd "$root" && find "$module" -name 'go.*' -o -name '*.go' | LC_ALL=C sort)
	key=$(hash_of "${sources[@]}" hack/kubernetes.sh -- "$(cd "$root/$module" && go version)")
	dir=$cache/tools/$key
	stamp=$root/bin/.${module//\//-}-$key
	if [ ! -e "$dir/.done" ]; then
		say "building the programs of $module (many minutes, once)"
		mkdir -p "$dir"
		(cd "$root/$module" && CGO_ENABLED=0 go build -trimpath -o "$dir/" "$@") ||
			die "go build in $module failed (above)"
		touch "$dir/.done"
	fi
	for program in "$dir"/*; do
		name=$(basename "$program")
		[ -e "$stamp" ] && [ -x "$root/bin/$name" ] && continue
		# Renamed into place: a program that runs keeps its file.
		cp "$program" "$root/bin/.$name.new"
		mv -f "$root/bin/.$name.new" "$root/bin/$name"
	done
	rm -f "$root/bin/.${module//\//-}-"????????????????
	touch "$stamp"
}

# version_of MODULE-FOLDER MODULE: the version that go.mod there asks for.
version_of() { (cd "$root/$1" && go list -m -f '{{.Version}}' "$2"); }

locked kubernetes
mkdir -p "$root/bin/definitions"
# What the programs report as their version; clients go by the API server's.
version=$(version_of tools/kubernetes k8s.io/kubernetes)
IFS=. read -r _ minor _ <<<"$version"
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
	flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=$minor"
done
install tools/kubernetes -ldflags "$flags" . ./pause

version=$(version_of tools/containerd github.com/containerd/containerd/v2)
install tools/containerd -tags no_btrfs,no_devmapper,no_zfs \
	-ldflags "-s -w -X github.com/containerd/containerd/v2/version.Version=$version" tool

cd "$root/tools/gateway-api"
quietly go mod download || die "go mod download in tools/gateway-api failed (above)"
cp --no-preserve=mode "$(go list -m -f '{{.Dir}}' sigs.k8s.io/gateway-api)/config/crd/standard/gateway.networking.k8s.io_httproutes.yaml" \
	"$root/bin/definitions/httproutes.yaml"

#!/usr/bin/env bash
# Makes what a release of deployfile consists of: the command-line tool for
# every platform, alone and as a Python wheel, the frontend image as an archive of an
# OCI layout, an SBOM of every program, and checksums. The same commit, version and Go make the same bytes,
# wherever the checkout is.
#
# Usage: hack/release.sh VERSION FOLDER PLATFORM...
#        such as hack/release.sh v1.0.0 dist linux/amd64 windows/arm64
. "$(dirname "$0")/lib.sh"

[ $# -gt 2 ] || die "usage: hack/release.sh VERSION FOLDER PLATFORM..."
version=$1
mkdir -p "$2"
out=$(cd "$2" && pwd)
shift 2
[ -z "$(ls -A "$out")" ] || die "$out is not empty"
scratch
cd "$root"

# What a user's environment may say otherwise, and the program would be another.
export CGO_ENABLED=0 GOFLAGS= GOAMD64=v1 GOARM64=v8.0 GOEXPERIMENT=
# compile PLATFORM FILE PACKAGE
compile() {
	say "building $(basename "$2") for $1"
	GOOS=${1%/*} GOARCH=${1#*/} go build -trimpath -tags grpcnotrace -buildvcs=false -ldflags "-s -w -X main.version=$version" -o "$2" "$3"
}

programs=() wheels=()
for platform in "$@"; do
	file=$out/deployfile-${platform/\//-}
	[ "${platform%/*}" != windows ] || file+=.exe
	compile "$platform" "$file" ./cmd/deployfile
	programs+=("$file")
	wheels+=("$platform=$file")
done
# Frontends run where builders do.
for platform in linux/amd64 linux/arm64; do
	name=deployfile-frontend-${platform/\//-}
	compile "$platform" "$tmp/$name" ./cmd/deployfile-frontend
	mkdir -p "$tmp/frontend/${platform/\//-}"
	cp "$tmp/$name" "$tmp/frontend/${platform/\//-}/deployfile-frontend"
	programs+=("$tmp/$name")
done

say "making the frontend image"
go run ./hack/frontendimage -bin "$tmp/frontend" -o "$tmp/layout" -version "$version"
# The exporter leaves the empty folder that it received blobs in.
tar -C "$tmp/layout" --exclude=./ingest --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX \
	--format=ustar -cf "$out/deployfile-frontend.oci.tar" .

say "writing what they are made of"
go run ./hack/gosbom -version "$version" "${programs[@]}"
say "making the wheels"
go run ./hack/wheel -version "$version" -o "$out" "${wheels[@]}"
mv "$tmp"/*.cdx.json "$out/"
(cd "$out" && LC_ALL=C && sha256sum -- * >"$tmp/sums" && mv "$tmp/sums" SHA256SUMS)
say "made $out"

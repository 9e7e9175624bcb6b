//go:build integration

package ci

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// laboratory is what the recipes run in.
type laboratory struct {
	// dir is short, because sockets are in it.
	dir string
	// registry is an address, frontend the frontend image in it.
	registry, frontend string
}

// newLaboratory starts a registry with the frontend image, and writes the
// commands "docker", which knows no more than buildx, and "deployfile": both
// give every build the base image of the tests and the certificates that this
// machine trusts.
func newLaboratory(t *testing.T) *laboratory {
	t.Helper()
	base := os.Getenv("DEPLOYFILE_TEST_TOOLCHAIN")
	if base == "" {
		t.Fatal("DEPLOYFILE_TEST_TOOLCHAIN is not set: run make test, or hack/with-env.sh go test ./integration/ci")
	}
	dir, err := os.MkdirTemp("", "deployfile-ci-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	l := &laboratory{dir: dir}
	l.write(t, "bin/docker", `#!/bin/sh
[ "$1" = buildx ] || { echo "there is no Docker here: docker $*" >&2; exit 1; }
shift
case $1 in
build) shift; exec buildx build --build-context "base=oci-layout://`+base+`" ${SSL_CERT_FILE:+--secret "id=ca,src=$SSL_CERT_FILE"} ${MIRROR:+--build-arg "DEPLOYFILE_INDEX=$MIRROR"} "$@" ;;
create) shift; exec buildx create "$@" ${DRIVER_OPTIONS:+--driver-opt "$DRIVER_OPTIONS"} ;;
bake) shift; exec buildx bake --set "*.contexts.base=oci-layout://`+base+`" ${SSL_CERT_FILE:+--set "*.secrets=id=ca,src=$SSL_CERT_FILE"} "$@" ;;
esac
exec buildx "$@"
`)
	l.write(t, "bin/deployfile", `#!/bin/sh
case $1 in
build | lock) exec "`+dir+`/deployfile" "$@" --build-context "base=oci-layout://`+base+`" ;;
esac
exec "`+dir+`/deployfile" "$@"
`)
	l.compile(t, "deployfile")
	l.startRegistry(t)
	l.frontend = l.pushFrontend(t, l.registry)
	return l
}

func (l *laboratory) write(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join(l.dir, file)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// compile makes a command of this project.
func (l *laboratory) compile(t *testing.T, command string) string {
	t.Helper()
	file := filepath.Join(l.dir, command)
	c := exec.Command("go", "build", "-o", file, "../../cmd/"+command)
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return file
}

func (l *laboratory) startRegistry(t *testing.T) {
	t.Helper()
	r, err := lab.NewRegistry(filepath.Join(l.dir, "registry"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Stop)
	l.registry = r.Host
}

// startBuilder starts a buildkitd with empty caches, which buildx knows by the
// name, and returns its address.
func (l *laboratory) startBuilder(t *testing.T, name string) string {
	t.Helper()
	d, err := lab.StartDaemon(filepath.Join(l.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Stop)
	l.shell(t, l.dir, "docker buildx create --name "+name+" --driver remote "+d.Address)
	return d.Address
}

// shell runs a script as a CI system does, and returns what it printed, on
// standard output and on standard error.
func (l *laboratory) shell(t *testing.T, dir, script string, env ...string) (stdout, stderr string) {
	t.Helper()
	return l.run(t, exec.CommandContext, dir, script, env...)
}

// run is shell with another way to make a command.
func (l *laboratory) run(t *testing.T, command func(context.Context, string, ...string) *exec.Cmd, dir, script string, env ...string) (stdout, stderr string) {
	t.Helper()
	c := command(t.Context(), "bash", "-e", "-o", "pipefail", "-c", script)
	c.Dir = dir
	c.Env = slices.DeleteFunc(c.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "DOCKER_") || strings.HasPrefix(v, "BUILDX_") || strings.HasPrefix(v, "BUILDKIT_")
	})
	c.Env = append(c.Env, "PATH="+filepath.Join(l.dir, "bin")+":"+os.Getenv("PATH"),
		"BUILDX_CONFIG="+filepath.Join(l.dir, "buildx"), "DOCKER_CONFIG="+filepath.Join(l.dir, "docker"), "BUILDX_BAKE_ENTITLEMENTS_FS=0")
	c.Env = append(c.Env, env...)
	var out, log strings.Builder
	c.Stdout, c.Stderr = &out, &log
	if err := c.Run(); err != nil {
		t.Fatalf("%v\n%s\n%s%s", err, script, out.String(), log.String())
	}
	return out.String(), log.String()
}

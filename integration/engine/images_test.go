package engine

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// images makes images of testdata/server.
type images struct{ base v1.Image }

func newImages() (*images, error) {
	server := filepath.Join(shared.dir, "server")
	build := exec.Command("go", "build", "-o", server, "./testdata/server")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build: %w\n%s", err, out)
	}
	program, err := os.ReadFile(server)
	if err != nil {
		return nil, err
	}
	var content bytes.Buffer
	w := tar.NewWriter(&content)
	for _, h := range []tar.Header{
		{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777},
		{Name: "server", Mode: 0o755, Size: int64(len(program))},
	} {
		if err := w.WriteHeader(&h); err != nil {
			return nil, err
		}
	}
	if _, err := w.Write(program); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content.Bytes())), nil })
	if err != nil {
		return nil, err
	}
	base, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	base, err = mutate.ConfigFile(base, &v1.ConfigFile{
		OS: "linux", Architecture: runtime.GOARCH, RootFS: must(base.ConfigFile()).RootFS,
		Config: v1.Config{Cmd: []string{"/server"}, User: "65532:65532", StopSignal: "SIGTERM", Env: []string{"PATH=/"}},
	})
	return &images{base}, err
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// image has a version, and a mode of the server's.
func (i *images) image(t *testing.T, version, mode string, env ...string) v1.Image {
	t.Helper()
	config := must(i.base.ConfigFile()).DeepCopy()
	config.Config.Env = append(config.Config.Env, append(env, "VERSION="+version, "MODE="+mode)...)
	image, err := mutate.ConfigFile(i.base, config)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

// push returns the image's name with its digest.
func (i *images) push(t *testing.T, version, mode string, env ...string) string {
	t.Helper()
	image := i.image(t, version, mode, env...)
	repository, err := name.NewRepository(shared.registry.Host + "/tiny")
	if err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	ref := repository.Digest(digest.String())
	if err := remote.Write(ref, image); err != nil {
		t.Fatal(err)
	}
	return ref.String()
}

// archive is what the command-line tool hands to a publish.Importer.
func (i *images) archive(t *testing.T, image v1.Image) io.Reader {
	t.Helper()
	var out bytes.Buffer
	// An image has no name in what BuildKit makes; this library wants one.
	if err := tarball.Write(must(name.NewDigest("example.com/tiny@"+must(image.Digest()).String())), image, &out); err != nil {
		t.Fatal(err)
	}
	return withoutNames(t, &out)
}

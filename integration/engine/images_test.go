//go:build integration

package engine

import (
	"bytes"
	"io"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// images makes images of testdata/server.
type images struct{ base v1.Image }

func newImages() (*images, error) {
	program, err := lab.Compile("./testdata/server")
	if err != nil {
		return nil, err
	}
	base, err := lab.Image(v1.Config{
		Cmd: []string{"/server"}, User: "65532:65532", StopSignal: "SIGTERM", Env: []string{"PATH=/"},
	}, map[string][]byte{"server": program})
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
	image, err := lab.Push(shared.registry.Host+"/tiny", i.image(t, version, mode, env...))
	if err != nil {
		t.Fatal(err)
	}
	return image
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

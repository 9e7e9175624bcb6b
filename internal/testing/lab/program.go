package lab

import (
	"archive/tar"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Compile returns the static program of a Go package.
func Compile(source string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "program")
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", program, source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s: %w\n%s", source, err, out)
	}
	return os.ReadFile(program)
}

// Image returns an image for this machine that has nothing but /tmp and the files,
// by their paths without a slash in front; all may be executed.
func Image(config v1.Config, files map[string][]byte) (v1.Image, error) {
	entries := []entry{{tar.Header{Name: "tmp/", Typeflag: tar.TypeDir, Mode: 0o1777}, nil}}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		entries = append(entries, entry{tar.Header{Name: path, Mode: 0o755}, files[path]})
	}
	layer, err := layerOf(entries...)
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	all, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	all = all.DeepCopy()
	all.OS, all.Architecture, all.Config = "linux", runtime.GOARCH, config
	return mutate.ConfigFile(image, all)
}

// Push pushes an image without a tag, and returns its name with the digest.
func Push(repository string, image v1.Image) (string, error) {
	digest, err := image.Digest()
	if err != nil {
		return "", err
	}
	ref, err := name.NewDigest(repository + "@" + digest.String())
	if err != nil {
		return "", err
	}
	return ref.String(), remote.Write(ref, image)
}

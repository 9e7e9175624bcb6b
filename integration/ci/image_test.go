//go:build integration

package ci

import (
	"os/exec"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// pushFrontend packs the frontend as hack/frontendimage does, for this
// machine's platform alone, and returns its name in the registry.
func (l *laboratory) pushFrontend(t *testing.T, registry string) string {
	t.Helper()
	const binary = "deployfile-frontend"
	scratch := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	ref := registry + "/deployfile/frontend:1"
	pushWith(t, ref, scratch, l.compile(t, binary)+".tar", []string{"-C", l.dir, binary}, v1.Config{
		Entrypoint: []string{"/" + binary},
		Labels: map[string]string{
			"moby.buildkit.frontend.network.none": "true",
			"moby.buildkit.frontend.caps":         "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts",
		},
	})
	return ref
}

// pushWith pushes an image with one more layer, which is an archive of what
// tar's arguments name, and with another configuration.
func pushWith(t *testing.T, ref string, img v1.Image, archive string, files []string, config v1.Config) {
	t.Helper()
	if out, err := exec.Command("tar", append([]string{"-cf", archive}, files...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	layer, err := tarball.LayerFromFile(archive, tarball.WithMediaType(types.OCILayer))
	if err != nil {
		t.Fatal(err)
	}
	if img, err = mutate.AppendLayers(img, layer); err != nil {
		t.Fatal(err)
	}
	all, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	all = all.DeepCopy()
	all.OS, all.Architecture, all.Config = "linux", "amd64", config
	if img, err = mutate.ConfigFile(img, all); err != nil {
		t.Fatal(err)
	}
	r, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(r, img); err != nil {
		t.Fatal(err)
	}
}

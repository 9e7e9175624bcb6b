//go:build integration

package registrytarget

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
)

// TestModel builds the model alone: its files are at the root of the image, and
// it is the same whatever serves it.
func TestModel(t *testing.T) {
	r := registryOf(t)
	p := project(t)
	index := lab.Pull(t, built(t, p, r.Host+"/model", frontend.OutputModel, nil))
	var m v1.IndexManifest
	if err := json.Unmarshal(index.Manifest, &m); err != nil {
		t.Fatal(err)
	}
	if len(m.Manifests) != 2 {
		t.Fatalf("%d images in the index, want two", len(m.Manifests))
	}
	var layers [][]string
	for _, d := range m.Manifests {
		image, err := remote.Image(reference(t, r.Host+"/model@"+d.Digest.String()))
		if err != nil {
			t.Fatal(err)
		}
		config, err := image.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		if got := config.Platform().String(); got != d.Platform.String() {
			t.Errorf("the image for %s says that it is for %s", d.Platform, got)
		}
		if c := config.Config; len(c.Cmd)+len(c.Entrypoint)+len(c.Env) > 0 || c.User != "" || c.Labels["io.github.deployfile.model.name"] != "tiny" {
			t.Errorf("the configuration is %+v", c)
		}
		layers = append(layers, contents(t, image))
	}
	want := []string{"MLmodel 644", "requirements.txt 644", "weights.bin 644"}
	if diff := cmp.Diff([][]string{want, want}, layers); diff != "" {
		t.Error(diff)
	}
	if m.Manifests[0].Size != m.Manifests[1].Size {
		t.Error("the platforms have other layers")
	}

	p.Edit(t, "Deployfile", `code = ["code"]`, `code = ["code"]
env  = { NEW = "1" }`)
	p.Write(t, "code/answer.py", p.Read(t, "code/answer.py")+"# changed\n")
	p.Contexts["base"] = "oci-layout://" + shared.parts.Base
	p.Edit(t, "Deployfile", `platforms = ["linux/amd64", "linux/arm64"]`, "")
	lock(t, p)
	again := built(t, p, r.Host+"/model", frontend.OutputModel, nil)
	if digestIn(again) != m.Manifests[0].Digest.String() {
		t.Errorf("the model on another base, served by other code, is %s, and was %s", digestIn(again), m.Manifests[0].Digest)
	}
	// A target of the kind registry takes it as any other image.
	if _, err := copied(t, again, r.Host+"/copied", imageformat.DockerManifest, nil); err != nil {
		t.Error(err)
	}
}

// older is a builder that neither merges layers nor leaves files out of a copy,
// as that of an older Docker engine.
type older struct{ gwclient.Client }

// BuildOpts implements gwclient.Client.
func (c older) BuildOpts() gwclient.BuildOpts {
	o := c.Client.BuildOpts()
	var caps []*apicapspb.APICap
	for _, c := range pb.Caps.All() {
		lacks := []apicaps.CapID{pb.CapMergeOp, pb.CapFileSymlinkCreate, pb.CapFileCopyIncludeExcludePatterns}
		if !slices.Contains(lacks, apicaps.CapID(c.ID)) && o.LLBCaps.Supports(apicaps.CapID(c.ID)) == nil {
			caps = append(caps, c)
		}
	}
	o.LLBCaps = pb.Caps.CapSet(caps)
	return o
}

// TestModelOnOlderBuilders builds the model alone where it takes other steps.
func TestModelOnOlderBuilders(t *testing.T) {
	p := project(t)
	built := builtBy(t, p, registryOf(t).Host, func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		return frontend.Build(ctx, older{c})
	}, map[string]string{"target": frontend.OutputModel, "platform": "linux/amd64"})
	image, err := remote.Image(reference(t, built))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"MLmodel 644", "requirements.txt 644", "weights.bin 644"}, contents(t, image)); diff != "" {
		t.Error(diff)
	}
}

// contents are the files of an image with their modes, in order; each must be
// root's, of the same time.
func contents(t *testing.T, image v1.Image) []string {
	t.Helper()
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	if len(layers) != 2 {
		t.Errorf("%d layers, want one of small files and one of a large one", len(layers))
	}
	var out []string
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for files := tar.NewReader(r); ; {
			h, err := files.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != toolchain.Epoch().Unix() {
				t.Errorf("%s is of %d:%d, at %s", h.Name, h.Uid, h.Gid, h.ModTime)
			}
			out = append(out, fmt.Sprintf("%s %o", h.Name, h.Mode))
		}
		r.Close()
	}
	slices.Sort(out)
	return out
}

//go:build integration

package registrytarget

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/tonistiigi/fsutil"
)

// project is a locked project for both platforms, with a model that has a large
// file.
func project(t *testing.T) *lab.Project {
	t.Helper()
	base := filepath.Join(t.TempDir(), "both")
	if err := lab.WriteBothPlatforms(base, shared.parts.Base); err != nil {
		t.Fatal(err)
	}
	p := lab.Tiny(t, shared.parts, "\n[image]\nplatforms = [\"linux/amd64\", \"linux/arm64\"]\n")
	p.Contexts["base"] = "oci-layout://" + base
	p.Write(t, "model/weights.bin", string(bytesOf("weights", 5<<20)))
	lock(t, p)
	return p
}

func lock(t *testing.T, p *lab.Project) {
	t.Helper()
	solve(t, p, func(o *build.Options) {
		o.Target = frontend.OutputLock
		o.Exports = []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: p.Dir}}
	})
}

// solve runs a build and returns the digest of what it made.
func solve(t *testing.T, p *lab.Project, change func(*build.Options)) string {
	t.Helper()
	log, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	o := build.Options{Context: p.Dir, Contexts: p.Contexts, Args: map[string]string{}, Progress: "plain", Log: log}
	change(&o)
	r, err := build.Run(t.Context(), shared.builder, o)
	if err != nil {
		words, _ := os.ReadFile(log.Name())
		t.Fatalf("%v\n%s", err, lab.Tail(string(words)))
	}
	return r.Metadata["containerimage.digest"]
}

// built pushes what a build makes, and returns it as REPOSITORY@DIGEST.
func built(t *testing.T, p *lab.Project, repository, target string, attributes map[string]string, platforms ...string) string {
	t.Helper()
	attrs := map[string]string{"name": repository, "push": "true", "push-by-digest": "true"}
	for k, v := range attributes {
		attrs[k] = v
	}
	return repository + "@" + solve(t, p, func(o *build.Options) {
		o.Target, o.Platforms = target, platforms
		o.Exports = []client.ExportEntry{{Type: client.ExporterImage, Attrs: attrs}}
	})
}

// TestBuiltOrConverted compares what BuildKit makes in Docker's media types with
// what becomes of an OCI image: a target's digest is the same either way.
func TestBuiltOrConverted(t *testing.T) {
	r := registryOf(t)
	p := project(t)
	docker := map[string]string{"oci-mediatypes": "false"}
	note := map[string]string{"annotation.com.example.note": "of the manifest"}
	both := []string{"linux/amd64", "linux/arm64"}
	for name, c := range map[string]struct {
		platforms []string
		format    string
		more      map[string]string
	}{
		"one platform":                   {both[:1], imageformat.Docker, nil},
		"one platform, no index allowed": {both[:1], imageformat.DockerManifest, nil},
		"the other platform":             {both[1:], imageformat.DockerManifest, nil},
		"two platforms":                  {both, imageformat.Docker, nil},
		"an annotation":                  {both[:1], imageformat.Docker, note},
	} {
		t.Run(name, func(t *testing.T) {
			direct, asOCI := map[string]string{}, map[string]string{}
			for k, v := range c.more {
				direct[k], asOCI[k] = v, v
			}
			direct["oci-mediatypes"] = docker["oci-mediatypes"]
			want := built(t, p, r.Host+"/direct", "", direct, c.platforms...)
			oci := built(t, p, r.Host+"/oci", "", asOCI, c.platforms...)
			if digestIn(oci) == digestIn(want) {
				t.Fatal("BuildKit makes the same of both: nothing is shown")
			}
			got, err := copied(t, oci, r.Host+"/converted", c.format, nil)
			if err != nil {
				t.Fatal(err)
			}
			if digestIn(got) != digestIn(want) {
				a, b := lab.Pull(t, want), lab.Pull(t, got)
				t.Errorf("converted is %s, and built is %s:\n%s", digestIn(got), digestIn(want), cmp.Diff(string(a.Manifest), string(b.Manifest)))
			}
			again, err := copied(t, want, r.Host+"/converted", c.format, nil)
			if err != nil || again != got {
				t.Errorf("what has the form already becomes %s (%v)", again, err)
			}
		})
	}
	// BuildKit makes attestations of an OCI image only, and with them an index.
	for name, platforms := range map[string][]string{"attestations": both[:1], "attestations of two platforms": both} {
		t.Run(name, func(t *testing.T) {
			want := built(t, p, r.Host+"/direct", "", docker, platforms...)
			got, err := copied(t, attested(t, p, r.Host, platforms...), r.Host+"/converted", imageformat.Docker, nil)
			if err != nil {
				t.Fatal(err)
			}
			if digestIn(got) != digestIn(want) {
				t.Errorf("converted is %s, and built is %s", digestIn(got), digestIn(want))
			}
		})
	}
}

// attested builds with SBOMs and provenance.
func attested(t *testing.T, p *lab.Project, host string, platforms ...string) string {
	t.Helper()
	image := builtBy(t, p, host, frontend.Build, map[string]string{
		"platform": strings.Join(platforms, ","), "attest:provenance": "mode=max", "attest:sbom": "",
	})
	var index v1.IndexManifest
	if err := json.Unmarshal(lab.Pull(t, image).Manifest, &index); err != nil {
		t.Fatal(err)
	}
	if len(index.Manifests) != 2*len(platforms) {
		t.Fatalf("%d manifests in the index, want an image and its attestations for each of %s", len(index.Manifests), platforms)
	}
	return image
}

// builtBy pushes what a build function makes that is given more to do than
// deployfile build does.
func builtBy(t *testing.T, p *lab.Project, host string, by gwclient.BuildFunc, attrs map[string]string) string {
	t.Helper()
	attrs["filename"] = "Deployfile"
	for name, layout := range p.Contexts {
		ref := host + "/context/" + name
		if err := lab.PushLayout(strings.TrimPrefix(layout, "oci-layout://"), ref); err != nil {
			t.Fatal(err)
		}
		attrs["context:"+name] = "docker-image://" + ref
	}
	folder, err := fsutil.NewFS(p.Dir)
	if err != nil {
		t.Fatal(err)
	}
	r, err := shared.builder.Client.Build(t.Context(), client.SolveOpt{
		FrontendAttrs: attrs, LocalMounts: map[string]fsutil.FS{"context": folder, "dockerfile": folder},
		Exports: []client.ExportEntry{{Type: client.ExporterImage, Attrs: map[string]string{"name": host + "/oci", "push": "true", "push-by-digest": "true"}}},
	}, "deployfile", by, nil)
	if err != nil {
		t.Fatal(err)
	}
	return host + "/oci@" + r.ExporterResponse["containerimage.digest"]
}

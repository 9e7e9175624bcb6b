package cli

import (
	"bytes"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// inspected pushes an image of one platform with an attestation.
func inspected(t *testing.T) name.Reference {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	ref, err := registryclient.ParseReference(strings.TrimPrefix(server.URL, "http://") + "/iris:1")
	if err != nil {
		t.Fatal(err)
	}
	wheel, err := random.Layer(10, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	weights, err := random.Layer(20, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: wheel, History: v1.History{CreatedBy: "install numpy 1.2"}},
		mutate.Addendum{Layer: weights, History: v1.History{CreatedBy: "the model's data/w.bin"}})
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.OS, config.Architecture = "linux", "amd64"
	config.Config = v1.Config{Cmd: []string{"serve"}, Labels: map[string]string{
		"io.github.deployfile.model.run-id":    "abc",
		"io.github.deployfile.model.signature": "{}",
		"org.opencontainers.image.base.name":   "python:3.11\x1b[2J",
		"somebody.elses":                       "x",
	}}
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	statement, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON),
		mutate.Addendum{Layer: static.NewLayer([]byte("{}"), "application/vnd.in-toto+json"), Annotations: map[string]string{"in-toto.io/predicate-type": "https://slsa.dev/provenance/v1"}})
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{
			Platform: &v1.Platform{OS: "linux", Architecture: "amd64"},
			Annotations: map[string]string{
				"io.github.deployfile.model.source": "models:/iris@champion",
				"io.github.deployfile.model.run-id": "abc",
				"somebody.elses":                    "x",
			},
		}},
		mutate.IndexAddendum{Add: statement, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest.String()},
		}})
	c, err := registryclient.New()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Pusher.Push(t.Context(), ref, index); err != nil {
		t.Fatal(err)
	}
	return ref
}

// TestInspect says what an image says of itself, and where.
func TestInspect(t *testing.T) {
	ref := inspected(t)
	var o inspectOptions
	o.directory = t.TempDir()
	r, err := inspection(t.Context(), streams{}, ref.String(), o)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Platforms) != 1 || r.Platforms[0].Platform != "linux/amd64" {
		t.Fatalf("%+v", r)
	}
	var got []report.Fact
	for _, f := range r.Platforms[0].Facts {
		f.From, _, _ = strings.Cut(f.From, " sha256:")
		got = append(got, f)
	}
	if d := cmp.Diff([]report.Fact{
		{About: "model", Name: "run", Value: "abc", From: "label io.github.deployfile.model.run-id"},
		{About: "model", Name: "source", Value: "models:/iris@champion", From: "annotation io.github.deployfile.model.source"},
		{About: "model", Name: "files", Value: "the model's data/w.bin", From: "layer"},
		{About: "environment", Name: "packages", Value: "numpy 1.2", From: "layer"},
		{About: "server", Name: "command", Value: "serve", From: "configuration"},
		{About: "base", Name: "name", Value: "python:3.11\x1b[2J", From: "label org.opencontainers.image.base.name"},
	}, got); d != "" {
		t.Error(d)
	}
	if len(r.Attestations) != 1 || r.Attestations[0].Predicate != "https://slsa.dev/provenance/v1" || r.Attestations[0].Platform != "linux/amd64" {
		t.Errorf("%+v", r.Attestations)
	}
	var out bytes.Buffer
	if err := inspectionText(terminal.NewWriter(&out), r); err != nil || strings.Contains(out.String(), "\x1b") || !strings.Contains(out.String(), "numpy 1.2") {
		t.Errorf("%v: %q", err, out.String())
	}
}

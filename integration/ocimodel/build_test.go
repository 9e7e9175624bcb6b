//go:build integration

package ocimodel

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/report"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// watched is a registry that counts which blobs are sent to it and read from it.
type watched struct {
	host string

	mu                  sync.Mutex
	read, sent, uploads map[string]int64
	mounts              []string
}

func watch(t *testing.T, host string) *watched {
	w := &watched{read: map[string]int64{}, sent: map[string]int64{}, uploads: map[string]int64{}}
	proxy := &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		p.SetURL(&url.URL{Scheme: "http", Host: host})
		p.Out.Host = p.In.Host
	}}
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		digest := path.Base(r.URL.Path)
		counted := &counting{ResponseWriter: rw}
		body := &countingBody{ReadCloser: r.Body}
		r.Body = body
		proxy.ServeHTTP(counted, r)
		w.mu.Lock()
		defer w.mu.Unlock()
		switch {
		case r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/sha256:"):
			w.read[digest] += counted.n
		case r.Method == http.MethodPost && r.URL.Query().Get("mount") != "" && counted.status == http.StatusCreated:
			w.mounts = append(w.mounts, r.URL.Query().Get("mount"))
		case strings.Contains(r.URL.Path, "/blobs/uploads/"):
			// The last request of an upload says which blob it is.
			w.uploads[r.URL.Path] += body.n
			if digest := r.URL.Query().Get("digest"); digest != "" {
				w.sent[digest] += w.uploads[r.URL.Path]
			}
		}
	}))
	t.Cleanup(s.Close)
	w.host = strings.TrimPrefix(s.URL, "http://")
	return w
}

type counting struct {
	http.ResponseWriter
	n      int64
	status int
}

func (c *counting) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *counting) Write(p []byte) (int, error) {
	n, err := c.ResponseWriter.Write(p)
	c.n += int64(n)
	return n, err
}

// countingBody counts what is read of a request, whose length a client need not say.
type countingBody struct {
	io.ReadCloser
	n int64
}

func (c *countingBody) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n += int64(n)
	return n, err
}

func (w *watched) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.read, w.sent, w.mounts = map[string]int64{}, map[string]int64{}, nil
}

// project is a project whose model is in the directory model, or elsewhere.
func project(t *testing.T, source string) *lab.Project {
	t.Helper()
	p := lab.Tiny(t, shared.Parts, "")
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	if dir, ok := strings.CutPrefix(source, "dir:"); ok {
		if err := os.CopyFS(p.Path("model"), os.DirFS(dir)); err != nil {
			t.Fatal(err)
		}
		return p
	}
	p.Edit(t, "Deployfile", `source = "model"`, `source = "`+source+`"`)
	return p
}

// made is an image in a registry.
type made struct {
	id       string
	manifest v1.Manifest
	diffIDs  []string
}

func flags(p *lab.Project, builder string) []string {
	return append([]string{"--builder", builder, "--progress", "plain"}, lab.BuildContexts(p.Contexts)...)
}

func (c *cli) lock(p *lab.Project, builder string, more ...string) {
	c.Helper()
	c.run(append(append([]string{"lock"}, flags(p, builder)...), append(more, p.Dir)...)...)
}

func (c *cli) build(p *lab.Project, builder, tag string, more ...string) made {
	c.Helper()
	iid := filepath.Join(c.TempDir(), "iid")
	args := append(append([]string{"build", "--push", "--locked", "--tag", tag, "--iidfile", iid}, flags(p, builder)...), more...)
	c.run(append(args, p.Dir)...)
	id, err := os.ReadFile(iid)
	if err != nil {
		c.Fatal(err)
	}
	image, err := lab.Pull(c.T, tag).Image()
	if err != nil {
		c.Fatal(err)
	}
	m, err := image.Manifest()
	if err != nil {
		c.Fatal(err)
	}
	raw, err := image.RawConfigFile()
	if err != nil {
		c.Fatal(err)
	}
	var config struct {
		RootFS struct {
			DiffIDs []string `json:"diff_ids"`
		} `json:"rootfs"`
	}
	if err := json.Unmarshal(raw, &config); err != nil {
		c.Fatal(err)
	}
	return made{id: string(id), manifest: *m, diffIDs: config.RootFS.DiffIDs}
}

// TestBuildFromPushed builds from a pushed model. The image is the one of the model's
// directory; its large layers are the artifact's blobs, which the registry mounts, and
// which nobody reads or sends once the lock is made.
func TestBuildFromPushed(t *testing.T) {
	registry := lab.StartRegistry(t)
	w := watch(t, registry.Host)
	c := newCLI(t)
	dir := model(t, 5, 9)
	pushed := decode[report.ModelPush](t, c.run("model", "push", "--json", w.host+"/models/iris:1", dir))
	artifact := decode[report.ModelArtifact](t, c.run("model", "inspect", "--json", pushed.Reference))

	local := project(t, "dir:"+dir)
	c.lock(local, shared.builder)
	want := c.build(local, shared.builder, registry.Host+"/images/local:1")

	remote := project(t, "oci://"+w.host+"/models/iris:1")
	c.lock(remote, shared.builder)
	if d := cmp.Diff(modelTables(local.Read(t, "Deployfile.lock")), modelTables(remote.Read(t, "Deployfile.lock"))); d != "" {
		t.Errorf("the locks differ:\n%s", d)
	}
	// A builder that has nothing of the model.
	fresh, err := lab.StartDaemon(filepath.Join(t.TempDir(), "b"))
	if err != nil {
		t.Fatal(err)
	}
	defer fresh.Stop()
	w.reset()
	got := c.build(remote, fresh.Address, w.host+"/images/pushed:1", "--no-verify")
	if d := cmp.Diff(want.diffIDs, got.diffIDs); d != "" || got.manifest.Config.Digest != want.manifest.Config.Digest {
		t.Errorf("the image of the pushed model is %s, that of its directory %s:\n%s", got.manifest.Config.Digest, want.manifest.Config.Digest, d)
	}
	w.unmoved(t, artifact)
	// The server of the image reads the weights.
	c.build(remote, shared.builder, w.host+"/images/verified:1")
}

// TestBuildWhereLocked builds from a pushed model on the builder that made the lock, and so
// has read the weights: they are not sent.
func TestBuildWhereLocked(t *testing.T) {
	w := watch(t, lab.StartRegistry(t).Host)
	c := newCLI(t)
	pushed := decode[report.ModelPush](t, c.run("model", "push", "--json", w.host+"/models/iris:1", model(t, 6)))
	artifact := decode[report.ModelArtifact](t, c.run("model", "inspect", "--json", pushed.Reference))
	p := project(t, "oci://"+w.host+"/models/iris:1")
	w.reset()
	c.lock(p, shared.builder)
	if weights := artifact.Layers[1]; w.read[weights.Digest] != weights.Size {
		t.Fatalf("of %d bytes of weights, the lock read %d: this builder has them from elsewhere", weights.Size, w.read[weights.Digest])
	}
	w.reset()
	c.build(p, shared.builder, w.host+"/images/locked:1", "--no-verify")
	w.unmoved(t, artifact)
}

// unmoved checks that the registry mounted an artifact's large layers, and nobody read or
// sent them.
func (w *watched) unmoved(t *testing.T, artifact report.ModelArtifact) {
	t.Helper()
	for _, l := range artifact.Layers[1:] {
		if !l.Mounts || w.read[l.Digest] != 0 || w.sent[l.Digest] != 0 {
			t.Errorf("of layer %s, %d bytes were read and %d sent", l.Digest, w.read[l.Digest], w.sent[l.Digest])
		}
		if !slices.Contains(w.mounts, l.Digest) {
			t.Errorf("layer %s was not mounted: %v", l.Digest, w.mounts)
		}
	}
}

// modelTables are the tables of the model's files in a lock.
func modelTables(lock string) string {
	return strings.Join(regexp.MustCompile(`(?ms)^\[\[model\]\]\n.*?\n\n`).FindAllString(lock+"\n\n", -1), "")
}

// TestBuildFromRaw builds from raw blobs: the image has the id and the layers of the one
// of the model's directory, and nothing is hashed to lock it.
func TestBuildFromRaw(t *testing.T) {
	registry := lab.StartRegistry(t)
	w := watch(t, registry.Host)
	c := newCLI(t)
	dir := model(t, 5, 9)
	c.run("model", "push", "--raw", w.host+"/models/iris:raw", dir)
	local := project(t, "dir:"+dir)
	c.lock(local, shared.builder)
	want := c.build(local, shared.builder, registry.Host+"/images/local:1")
	remote := project(t, "oci://"+w.host+"/models/iris:raw")
	w.reset()
	c.lock(remote, shared.builder)
	for digest, n := range w.read {
		if n > 1<<20 {
			t.Errorf("%d bytes of %s were read to lock the model", n, digest)
		}
	}
	got := c.build(remote, shared.builder, registry.Host+"/images/raw:1")
	if d := cmp.Diff(want.manifest, got.manifest); d != "" || got.id != want.id {
		t.Errorf("%s and %s:\n%s", got.id, want.id, d)
	}
	attested := registry.Host + "/images/attested:1"
	if got := c.build(remote, shared.builder, attested, "--sbom=true", "--provenance=mode=max"); cmp.Diff(want.manifest, got.manifest) != "" {
		t.Errorf("with an SBOM, the image is another one: %v", got.manifest)
	}
	source := report.Fact{About: "model", Name: "source", Value: "oci://" + w.host + "/models/iris:raw", From: "annotation io.github.deployfile.model.source"}
	if facts := decode[report.Inspection](t, c.run("inspect", "--json", attested)).Platforms[0].Facts; !slices.Contains(facts, source) {
		t.Errorf("of the image with an SBOM it is said: %v", facts)
	}
}

package modelpack

import (
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
)

const mlmodelText = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    data: model.pkl\nrun_id: 0123\nutc_time_created: '2026-01-02 03:04:05.000000'\n"

// model writes a model with two large files, and returns its directory.
func model(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for path, content := range map[string][]byte{
		"MLmodel":               []byte(mlmodelText),
		"requirements.txt":      []byte("mlflow\n"),
		"data/a b/weights.bin":  random(1, 9<<20+123),
		"model.pkl":             random(2, 5<<20),
		"data/empty":            nil,
		"registered_model_meta": []byte("model_name: iris\nmodel_version: '3'\n"),
		"run.sh":                []byte("#!/bin/sh\n"),
	} {
		file := filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(dir, "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("a b/weights.bin", filepath.Join(dir, "data", "link")); err != nil {
		t.Fatal(err)
	}
	return dir
}

func random(seed uint64, size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed)})
	_, _ = r.Read(b)
	return b
}

// sums are the hashes of the files of a directory by path, with the executable bit and
// the targets of links.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, _ := filepath.Rel(dir, file)
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			out[rel], err = os.Readlink(file)
			return err
		}
		data, err := os.ReadFile(file)
		sum := sha256.Sum256(data)
		out[rel] = hex.EncodeToString(sum[:]) + map[bool]string{true: "x"}[info.Mode()&0o111 != 0]
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lossy is a registry; drop ends requests after some bytes while it is above zero.
type lossy struct {
	http.Handler
	drop    atomic.Int64
	patches atomic.Int64
}

func (l *lossy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPatch {
		l.patches.Add(1)
		if l.drop.Add(-1) >= 0 {
			_, _ = io.CopyN(io.Discard, r.Body, 1<<20)
			panic(http.ErrAbortHandler)
		}
	}
	l.Handler.ServeHTTP(w, r)
}

func serve(t *testing.T) (*lossy, name.Tag) {
	t.Helper()
	l := &lossy{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true))}
	s := httptest.NewUnstartedServer(l)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	ref, err := registryclient.ParseReference(strings.TrimPrefix(s.URL, "http://") + "/models/iris:1")
	if err != nil {
		t.Fatal(err)
	}
	return l, ref.(name.Tag)
}

func pushed(t *testing.T, dir string, ref name.Reference, change func(*PushOptions)) *Pushed {
	t.Helper()
	files, err := untrusted.OpenDirectory(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer files.Close()
	m, _, err := mlmodel.Read(files, ".")
	if err != nil {
		t.Fatal(err)
	}
	o := PushOptions{Dir: files, Name: dir, Model: m}
	if change != nil {
		change(&o)
	}
	got, err := Push(t.Context(), ref, o)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// TestRoundTrip pushes a model and pulls it, in both forms.
func TestRoundTrip(t *testing.T) {
	dir := model(t)
	want := sums(t, dir)
	delete(want, "registered_model_meta")
	for _, raw := range []bool{false, true} {
		_, ref := serve(t)
		first := pushed(t, dir, ref, func(o *PushOptions) { o.Raw = raw })
		again := pushed(t, dir, ref.Context().Tag("2"), func(o *PushOptions) { o.Raw = raw })
		if first.Digest != again.Digest {
			t.Errorf("the same model is %s and %s", first.Digest, again.Digest)
		}
		a, err := Open(t.Context(), ref)
		if err != nil {
			t.Fatal(err)
		}
		if a.Annotations["io.github.deployfile.model.registered-name"] != "iris" || a.Annotations["io.github.deployfile.model.run-id"] != "0123" || a.Kind != ArtifactType {
			t.Errorf("%s is annotated %v", a.Kind, a.Annotations)
		}
		for _, l := range a.Layers[1:] {
			if raw != (l.Form == Raw) || raw != (l.Image == "") || len(l.Files) != 1 || want[l.Files[0].Path] != l.Files[0].SHA256 {
				t.Errorf("raw %v: layer %+v", raw, l)
			}
		}
		to := t.TempDir()
		n, err := a.Pull(t.Context(), to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, sums(t, to)); d != "" || n != len(want) {
			t.Errorf("raw %v: %d files were pulled:\n%s", raw, n, d)
		}
	}
}

// TestSentOnce sends nothing of a model that the repository has.
func TestSentOnce(t *testing.T) {
	dir := model(t)
	l, ref := serve(t)
	journals := t.TempDir()
	with := func(o *PushOptions) { o.Journals = journals }
	first := pushed(t, dir, ref, with)
	if first.Sent != first.Size {
		t.Errorf("%d of %d bytes were sent", first.Sent, first.Size)
	}
	for name, change := range map[string]func(*PushOptions){"with its journal": with, "without": nil} {
		l.patches.Store(0)
		again := pushed(t, dir, ref, change)
		if again.Sent != 0 || l.patches.Load() != 0 || again.Digest != first.Digest {
			t.Errorf("%s: %d bytes were sent again in %d uploads", name, again.Sent, l.patches.Load())
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "model.pkl"), random(3, 5<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	changed := pushed(t, dir, ref, with)
	if changed.Digest == first.Digest || changed.Sent < 5<<20 || changed.Sent > 6<<20 {
		t.Errorf("after a change of 5 MiB, %d bytes were sent", changed.Sent)
	}
}

// TestBrokenOff goes on after connections that end early.
func TestBrokenOff(t *testing.T) {
	dir := model(t)
	l, ref := serve(t)
	want := pushed(t, dir, ref, nil)
	broken, to := serve(t)
	_ = l
	broken.drop.Store(4)
	if got := pushed(t, dir, to, nil); got.Digest != want.Digest {
		t.Errorf("%s, want %s", got.Digest, want.Digest)
	}
}

//go:build integration

package modelsource

import (
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/google/go-cmp/cmp"
)

// TestProxied finds the same files as MLflow's client by each name, on a server that
// passes on artifacts of a directory.
func TestProxied(t *testing.T) {
	s := startServer(t, nil, "--artifacts-destination", t.TempDir())
	s.logModel(t, nil)
	s.compare(t, nil)
	t.Run("unknown", s.unknown)
}

// TestSigned does on a server that signs addresses of its store.
func TestSigned(t *testing.T) {
	store := lab.StartS3(t, lab.Loopback(), "models")
	env := store.Env()
	env["MLFLOW_S3_ENDPOINT_URL"] = store.URL
	env["AWS_DEFAULT_REGION"] = "us-east-1"
	env["MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD"] = "true"
	s := startServer(t, env, "--artifacts-destination", "s3://models/artifacts")
	s.logModel(t, nil)
	s.compare(t, nil)
}

// TestDirectory does on a server whose clients read the artifacts themselves.
func TestDirectory(t *testing.T) {
	s := startServer(t, nil, "--no-serve-artifacts", "--default-artifact-root", t.TempDir())
	s.logModel(t, nil)
	s.compare(t, nil)
}

// TestStore does on a server whose clients read the artifacts from S3 themselves.
func TestStore(t *testing.T) {
	store, _ := startS3(t, lab.Loopback())
	env := map[string]string{"MLFLOW_S3_ENDPOINT_URL": store.URL, "AWS_DEFAULT_REGION": "us-east-1"}
	s := startServer(t, env, "--no-serve-artifacts", "--default-artifact-root", "s3://models/artifacts")
	s.logModel(t, env)
	s.compare(t, env)
}

// compare compares the files of each name with those that MLflow's client got.
func (s *server) compare(t *testing.T, env map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(s.Names)) {
		m, got, err := files(t, name, options(t, s.URL, env))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(hashes(t, s.Names[name]), got); d != "" {
			t.Errorf("%s has other files than MLflow's client got (-MLflow +deployfile):\n%s", name, d)
		}
		if strings.HasPrefix(name, "models:/my model") && (m.Pin.Name != "my model" || m.Pin.Version == "" || m.Pin.RunID == "" || m.Pin.Commit != "0123abc") {
			t.Errorf("%s: its provenance is %+v", name, m.Pin)
		}
		if _, again, err := files(t, m.Pin.Resolved, options(t, s.URL, env)); err != nil || !maps.Equal(got, again) {
			t.Errorf("%s, which %s is resolved to, has other files: %v", m.Pin.Resolved, name, err)
		}
	}
}

// hashes returns the hash of each file of a directory, without the one that MLflow's
// client adds.
func hashes(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == mlmodel.RegisteredModelMeta {
			return err
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		rel, err := filepath.Rel(dir, name)
		out[filepath.ToSlash(rel)] = hex.EncodeToString(sum[:])
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(out) == 0 {
		t.Fatalf("%s is empty", dir)
	}
	return out
}

// unknown says what of a name is not there, at the line that has it.
func (s *server) unknown(t *testing.T) {
	for source, want := range map[string]string{
		"models:/none/1":                  `version 1 of the registered model "none"`,
		"models:/my model/77":             `version 77 of the registered model "my model"`,
		"models:/my model@none":           `the alias "none" of the registered model "my model"`,
		"models:/none/latest":             `the registered model "none"`,
		"models:/my model/Production":     `in the stage "Production": there is none`,
		"models:/m-none":                  `the logged model "m-none"`,
		"runs:/none/model":                `the run "none"`,
		"runs:/" + s.Run + "/none":        "it has no files",
		"mlflow-artifacts:/none":          "it has no files",
		"models:/my model@champion/other": "it has no files",
	} {
		if _, _, err := files(t, source, options(t, s.URL, nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
		fails(t, source, map[string]string{"MLFLOW_TRACKING_URI": s.URL}, want)
	}
}

package modelstore

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/databricks"
	"github.com/google/go-cmp/cmp"
)

// workspace is a workspace of Databricks with a model, and the variables of its user.
func workspace(t *testing.T) (*databricks.Workspace, map[string]string, map[string]string) {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{"MLmodel": "flavors: {}\n", "conda.yaml": "", "data/a b+ü%41.bin": "0123456789", "data/deep/er/x": "y"}
	for name, text := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	w := databricks.Start(t, dir)
	return w, files, map[string]string{"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": w.URL, "DATABRICKS_TOKEN": w.Token}
}

// contents resolves a source, and returns its files.
func contents(t *testing.T, source string, o Options) (*Model, map[string]string, error) {
	t.Helper()
	m, err := Resolve(t.Context(), source, o)
	if err != nil {
		return nil, nil, err
	}
	s, err := Reopen(m.Pin, o)
	if err != nil {
		return m, nil, err
	}
	list, err := s.List(t.Context())
	if err != nil {
		return m, nil, err
	}
	out := map[string]string{}
	for _, f := range list {
		body, from, err := s.Open(t.Context(), f, min(1, max(0, f.Size-1)))
		if err != nil {
			return m, nil, err
		}
		data, err := io.ReadAll(body)
		_ = body.Close()
		if err != nil {
			return m, nil, err
		}
		if f.Size > 1 && from != 1 {
			t.Errorf("%s: %s begins at %d", source, f.Path, from)
		}
		out[f.Path] = string(data)
	}
	return m, out, nil
}

// TestDatabricks finds models in Unity Catalog and in a workspace's registry, with a token,
// an OAuth client and a profile.
func TestDatabricks(t *testing.T) {
	w, files, env := workspace(t)
	want := map[string]string{}
	for name, text := range files {
		want[name] = text[min(1, max(0, len(text)-1)):]
	}
	home := t.TempDir()
	config := "[DEFAULT]\nhost = https://other.example.com\ntoken = x\n[mine]\nhost = " + w.URL + "\nclient_id = " + w.Client + "\nclient_secret = " + w.Secret + "\n"
	if err := os.WriteFile(filepath.Join(home, ".databrickscfg"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		source, resolved string
		env              map[string]string
	}{
		"alias":    {"models:/main.default.iris@champion", "models:/main.default.iris/3", env},
		"version":  {"models:/main.default.iris/3", "models:/main.default.iris/3", env},
		"registry": {"models:/iris/3", "models:/iris/3", env},
		"client": {"models:/main.default.iris/3", "models:/main.default.iris/3", map[string]string{
			"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": w.URL, "DATABRICKS_CLIENT_ID": w.Client, "DATABRICKS_CLIENT_SECRET": w.Secret,
		}},
		"profile": {"models:/main.default.iris/3", "models:/main.default.iris/3", map[string]string{"MLFLOW_TRACKING_URI": "databricks://mine"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Home: home, Getenv: func(name string) string { return tt.env[name] }}
			m, got, err := contents(t, tt.source, o)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
			p := m.Pin
			if p.Resolved != tt.resolved || p.Server != w.URL || p.Version != "3" || p.RunID != databricks.RunID || p.Commit != "0123abc" || p.Check() != nil {
				t.Errorf("%+v", p)
			}
		})
	}
	o := Options{Home: home, Getenv: func(name string) string { return env[name] }}
	if _, got, err := contents(t, "models:/main.default.iris/3/data/deep", o); err != nil || len(got) != 1 {
		t.Errorf("a directory of it: %v, %v", got, err)
	}
	if _, got, err := contents(t, "models:/iris/3/data/deep", o); err != nil || len(got) != 1 {
		t.Errorf("a directory of it: %v, %v", got, err)
	}
}

// TestDatabricksErrors says what is wrong, and gives a credential to nobody else.
func TestDatabricksErrors(t *testing.T) {
	w, _, env := workspace(t)
	for name, tt := range map[string]struct {
		source, want string
		env          map[string]string
	}{
		"alias":   {"models:/main.default.iris@none", `the alias "none" of the registered model "main.default.iris"`, env},
		"version": {"models:/main.default.iris/4", `version 4 of the registered model "main.default.iris"`, env},
		"latest":  {"models:/main.default.iris/latest", "no latest version", env},
		"run":     {"runs:/abc/model", "only registered models are read", env},
		"token":   {"models:/main.default.iris/3", "set DATABRICKS_TOKEN", map[string]string{"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": w.URL, "DATABRICKS_TOKEN": "s3cr3t-but-wrong"}},
		"client": {"models:/main.default.iris/3", "the OAuth client is not accepted", map[string]string{
			"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": w.URL, "DATABRICKS_CLIENT_ID": w.Client, "DATABRICKS_CLIENT_SECRET": "s3cr3t-but-wrong",
		}},
		"host": {"models:/main.default.iris/3", "no workspace of Databricks is known", map[string]string{"MLFLOW_TRACKING_URI": "databricks"}},
		"http": {"models:/main.default.iris/3", "not an https address", map[string]string{"MLFLOW_TRACKING_URI": "databricks", "DATABRICKS_HOST": "http://example.com"}},
	} {
		_, _, err := contents(t, tt.source, Options{Getenv: func(name string) string { return tt.env[name] }})
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
	m, err := Resolve(t.Context(), "models:/main.default.iris/3", Options{Getenv: func(name string) string { return env[name] }})
	if err != nil {
		t.Fatal(err)
	}
	m.Pin.Server = "https://other.example.com"
	if _, err := Reopen(m.Pin, Options{Getenv: func(name string) string { return env[name] }}); err == nil || !strings.Contains(err.Error(), "the lock is of the workspace") {
		t.Errorf("a lock of another workspace: %v", err)
	}
}

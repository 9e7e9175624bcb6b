package mlmodel

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/deployfile/deployfile/internal/testing/golden"
)

var update = flag.Bool("update", false, "rewrite testdata/*/want.json")

// TestReadReal reads what real MLflow wrote: testdata/generate.py made the
// directories. Their weights and wheels are left out, so that the wheels which
// requirements.txt names are put in here, empty.
func TestReadReal(t *testing.T) {
	models, err := filepath.Glob("testdata/*/MLmodel")
	if err != nil {
		t.Fatal(err)
	}
	if len(models) != 5 {
		t.Fatalf("found %d models", len(models))
	}
	for _, model := range models {
		dir := filepath.Dir(model)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			entries, err := os.ReadDir(dir)
			if err != nil {
				t.Fatal(err)
			}
			fsys := fstest.MapFS{}
			for _, e := range entries {
				data, err := os.ReadFile(filepath.Join(dir, e.Name()))
				if err != nil {
					t.Fatal(err)
				}
				fsys["model/"+e.Name()] = &fstest.MapFile{Data: data}
			}
			if file := fsys["model/requirements.txt"]; file != nil {
				for _, l := range strings.Fields(string(file.Data)) {
					if strings.HasPrefix(l, "wheels/") {
						fsys["model/"+l] = &fstest.MapFile{}
					}
				}
			}
			m, warnings, err := Read(fsys, "model")
			if err != nil {
				t.Fatal(err)
			}
			got := render(t, map[string]any{"Model": m, "Warnings": warnings})
			golden.Check(t, filepath.Join(dir, "want.json"), got, *update)
		})
	}
}

// render returns indented JSON without what is empty.
func render(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var plain any
	if err := json.Unmarshal(raw, &plain); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(prune(plain)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			v[key] = prune(value)
			if v[key] == nil {
				delete(v, key)
			}
		}
		if len(v) == 0 {
			return nil
		}
	case []any:
		for i := range v {
			v[i] = prune(v[i])
		}
	case string:
		if v == "" {
			return nil
		}
	case bool:
		if !v {
			return nil
		}
	}
	return v
}

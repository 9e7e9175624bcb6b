package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestReadParts has a step that was done for one result and cached for the
// next, one that was cached, and an export with a part of its own.
func TestReadParts(t *testing.T) {
	const log = `{"vertexes":[{"digest":"sha256:a","name":"install a","started":"2026-01-01T00:00:00Z"}]}
{"vertexes":[{"digest":"sha256:a","name":"install a","started":"2026-01-01T00:00:00Z","completed":"2026-01-01T00:00:02Z"}]}
{"vertexes":[{"digest":"sha256:a","name":"install a","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:03Z","cached":true}]}
{"vertexes":[{"digest":"sha256:b","name":"install b","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:03Z","cached":true}]}
{"vertexes":[{"digest":"sha256:c","name":"exporting to image","started":"2026-01-01T00:00:03Z"}]}
{"statuses":[{"id":"pushing layers","vertex":"sha256:c","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:04Z"}]}
{"vertexes":[{"digest":"sha256:c","name":"exporting to image","started":"2026-01-01T00:00:03Z","completed":"2026-01-01T00:00:04.5Z"}]}
`
	file := filepath.Join(t.TempDir(), "log")
	if err := os.WriteFile(file, []byte(log), 0o644); err != nil {
		t.Fatal(err)
	}
	parts, err := readParts(file)
	if err != nil {
		t.Fatal(err)
	}
	want := []vertex{
		{Name: "install a", Seconds: 2},
		{Name: "exporting to image", Seconds: 1.5},
		{Name: "exporting to image: pushing layers", Seconds: 1},
		{Name: "install b", Cached: true},
	}
	if d := cmp.Diff(want, parts); d != "" {
		t.Error(d)
	}
	m := measurement{Steps: []stepTimes{{Parts: parts}}}
	if n := m.installs(); n != 1 {
		t.Errorf("%d layers installed, want 1", n)
	}
}

package v1

import (
	"bytes"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/golden"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var update = flag.Bool("update", false, "write the golden files again")

var ignoreSize = cmpopts.IgnoreUnexported(Record{})

// TestFixtures reads the stored records of each kind, in all formats: what is
// in testdata was once written to targets, so only new files may be added.
func TestFixtures(t *testing.T) {
	files, err := filepath.Glob("testdata/unversioned*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		t.Run(file, func(t *testing.T) {
			old, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r, err := Decode(old)
			if err != nil {
				t.Fatal(err)
			}
			if r.Size() != len(old) {
				t.Errorf("its size is %d, not %d", r.Size(), len(old))
			}
			got, err := Encode(*r)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden.Check(t, filepath.Join("testdata", "v1", name), got, *update)
			again, err := Decode(got)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(r, again, ignoreSize); d != "" {
				t.Errorf("encoded and decoded again:\n%s", d)
			}
		})
	}
}

func TestCompressed(t *testing.T) {
	r := Record{
		Version: Version, Kind: "kubernetes", Endpoint: "iris", Number: 3, By: "ada@laptop", At: time.Date(2026, 11, 27, 8, 0, 0, 0, time.UTC),
		Live:      Slot{Model: "iris", Image: "example.com/iris@sha256:1", Port: 8080, Target: Target{Name: "prod", Spec: []byte("{}")}},
		Documents: []Document{{"patch.yaml", strings.Repeat("a: b\n", 300_000)}},
	}
	data, err := Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	if len(data) > 20_000 {
		t.Errorf("documents that repeat themselves take %d bytes", len(data))
	}
	got, err := Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(&r, got, ignoreSize); d != "" {
		t.Error(d)
	}
	if got.Size() < len(r.Documents[0].Body) {
		t.Errorf("its size is %d", got.Size())
	}
}

func TestLaterVersion(t *testing.T) {
	_, err := Decode([]byte(`{"version": 2, "live": "something else"}`))
	var later *VersionError
	if !errors.As(err, &later) || later.Version != 2 {
		t.Errorf("%v", err)
	}
}

func TestNoRecord(t *testing.T) {
	for _, data := range []string{"", "{}", `{"State": {}}`, "[]", `{"Number": 1, "State": {"Live": {}}, "Documents": [{"Body": "0000"}]}`, `{"version": "1"}`, `{"documents-gzip": "H4sIAAAAAAAA", "version": 1}`, strings.Repeat("[", MaxValues+1)} {
		if r, err := Decode([]byte(data)); err == nil {
			t.Errorf("%.40q is read as %v", data, r)
		}
	}
}

// FuzzDecode reads any bytes: that never panics, and what is read can be written
// and read again.
func FuzzDecode(f *testing.F) {
	for _, pattern := range []string{"testdata/unversioned*/*.json", "testdata/v1/*.json"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Decode(data)
		if err != nil {
			return
		}
		encoded, err := Encode(*r)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Decode(encoded)
		if err != nil {
			t.Fatalf("%v\n%s", err, encoded)
		}
		twice, err := Encode(*again)
		if err != nil || !bytes.Equal(twice, encoded) {
			t.Fatalf("%v: encoded again it is another:\n%s\n%s", err, encoded, twice)
		}
	})
}

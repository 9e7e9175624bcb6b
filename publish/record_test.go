package publish_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
	"github.com/google/go-cmp/cmp"
)

// fixtures returns the stored records of each kind, in all formats, by the file
// that they are in.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("../record/v1/testdata/*/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no fixtures", err)
	}
	out := map[string][]byte{}
	for _, file := range files {
		if out[file], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// TestStoredRevisions reads what each kind has stored in any format, and encodes it
// in the last one.
func TestStoredRevisions(t *testing.T) {
	for file, data := range fixtures(t) {
		t.Run(file, func(t *testing.T) {
			r, size, err := publish.DecodeRevision(data)
			if err != nil {
				t.Fatal(err)
			}
			if size != len(data) {
				t.Errorf("its size is %d, not %d", size, len(data))
			}
			if len(r.Documents) == 0 {
				t.Error("it has no documents")
			}
			got, err := publish.EncodeRevision(r)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join("../record/v1/testdata/v1", filepath.Base(file)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)+"\n"); diff != "" {
				t.Errorf("encoded again:\n%s", diff)
			}
		})
	}
}

// TestRevision encodes a revision and decodes it.
func TestRevision(t *testing.T) {
	// Unlike real documents, these do not repeat themselves.
	var large strings.Builder
	random := rand.New(rand.NewPCG(1, 2))
	for large.Len() < 1_500_000 {
		large.WriteString("- " + strconv.Itoa(random.IntN(100)) + "\n")
	}
	for name, text := range map[string]string{"small": "# a\n", "large": large.String()} {
		t.Run(name, func(t *testing.T) {
			o := options()
			want := publish.Revision{
				Number: 7, By: o.By, At: o.At.UTC().Truncate(1e9),
				State: manifests.State{
					Live: manifests.Slot{Release: release("1", "canary")},
					Next: &manifests.Slot{Track: manifests.TrackCanary, Release: release("2", "canary")},
				},
				Documents: []manifests.Document{{Name: "a.yaml", Body: []byte(text)}, {Name: "b.yaml", Body: []byte("# b\n")}},
			}
			want.State.Live.Protocols = []string{"v2"}
			data, err := publish.EncodeRevision(want)
			if err != nil {
				t.Fatal(err)
			}
			if len(data) > 1_200_000 {
				t.Errorf("it has %d bytes", len(data))
			}
			got, size, err := publish.DecodeRevision(data)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if size < len(text) {
				t.Errorf("its size is said to be %d", size)
			}
		})
	}
}

// TestMixedRevision encodes nothing that could not be read back.
func TestMixedRevision(t *testing.T) {
	next := release("2", "canary")
	next.Target.Endpoint = "wine-prod"
	r := publish.Revision{State: manifests.State{Live: manifests.Slot{Release: release("1", "canary")}, Next: &manifests.Slot{Release: next}}}
	if _, err := publish.EncodeRevision(r); err == nil || !strings.Contains(err.Error(), "wine-prod") {
		t.Errorf("releases of two endpoints: %v", err)
	}
}

// TestHostileRevision refuses what others may have written in the place of a
// revision.
func TestHostileRevision(t *testing.T) {
	for name, text := range map[string]string{
		"bytes":  `{"version":1,"by":"` + strings.Repeat("a", record.MaxSize) + `"}`,
		"values": `{"version":1,"documents":[` + strings.Repeat("{},", record.MaxValues) + `{}]}`,
		"bomb":   `{"version":1,"kind":"docker","live":{"target":{"spec":{}}},"documents-gzip":"` + bomb(t) + `"}`,
		"kind":   `{"version":1,"kind":"nowhere","live":{"target":{"spec":{}}}}`,
		"key":    `{"version":1,"kind":"docker","live":{"target":{"spec":{"replicas":3}}}}`,
		"spec":   `{"version":1,"kind":"docker","live":{"target":{"spec":[]}}}`,
		"none":   `{"version":1,"kind":"docker"}`,
	} {
		if _, _, err := publish.DecodeRevision([]byte(text)); err == nil {
			t.Errorf("%s is read", name)
		}
	}
}

// bomb is a short base64 text that is 64 MiB when it is decompressed.
func bomb(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// FuzzDecodeRevision reads any bytes without a panic. What is read is the same
// when it is encoded and read again.
func FuzzDecodeRevision(f *testing.F) {
	for _, data := range fixtures(f) {
		f.Add(data)
	}
	f.Add([]byte(`{"State":{"Live":{"Target":{"Kind":"docker","Env":{"A":"b"}}},"Next":{}},"At":"2026-01-02T03:04:05Z"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := publish.DecodeRevision(data)
		if err != nil {
			return
		}
		encoded, err := publish.EncodeRevision(r)
		if err != nil {
			return // a time that JSON has no form for
		}
		again, _, err := publish.DecodeRevision(encoded)
		if err != nil {
			t.Fatalf("%v\n%s", err, encoded)
		}
		twice, err := publish.EncodeRevision(again)
		if err != nil || !bytes.Equal(twice, encoded) {
			t.Fatalf("%v: encoded again it is another:\n%s\n%s", err, encoded, twice)
		}
	})
}

package build

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// FuzzLayoutDigest opens no layout by what is no digest.
func FuzzLayoutDigest(f *testing.F) {
	sum := digest.FromString("x").String()
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"digest":"`+sum+`","size":1}]}`), "")
	f.Add([]byte(`{"manifests":[{"digest":"../../etc","annotations":{"org.opencontainers.image.ref.name":"a"}},{"digest":"`+sum+`"}]}`), "a")
	f.Fuzz(func(t *testing.T, index []byte, tag string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, ocispecs.ImageIndexFile), index, 0o600); err != nil {
			t.Fatal(err)
		}
		_, ref, err := openLayout("base", dir+":"+tag)
		if err != nil {
			return
		}
		if _, err := digest.Parse(strings.TrimPrefix(ref, "base@")); err != nil {
			t.Errorf("%q: %v", ref, err)
		}
	})
}

func TestLargeIndex(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, ocispecs.ImageIndexFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, ocispecs.ImageIndexFile), 1<<40); err != nil {
		t.Fatal(err)
	}
	if _, err := layoutDigest(dir, ""); err == nil || !strings.Contains(err.Error(), "index.json is larger than 4 MiB") {
		t.Errorf("error %v", err)
	}
}

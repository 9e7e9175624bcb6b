//go:build integration

package registrytarget

import (
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// TestCopy takes all platforms, the attestations and what refers to any of them
// from one registry to another.
func TestCopy(t *testing.T) {
	from, to := registryOf(t).Host+"/iris", registryOf(t).Host+"/models/iris"
	index := both(t, "copy")
	source := push(t, from, index)
	root, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	signature := referrer(t, from, "application/vnd.example.signature", "signed", root)
	bill := referrer(t, from, "application/vnd.example.bill", "packages", m.Manifests[1].Digest)
	nested := referrer(t, from, "application/vnd.example.signature", "signed too", bill)
	record := referrer(t, from, imagespec.RecordType, "a record", root)

	made, err := copied(t, source, to, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := to + "@" + root.String(); made != want {
		t.Errorf("the copy is %s, want %s", made, want)
	}
	readAll(t, made)
	for what, d := range map[string]v1.Hash{"signature": signature, "bill": bill, "signature of the bill": nested} {
		if digest(t, to+"@"+d.String()) == "" {
			t.Errorf("the %s did not come along", what)
		}
	}
	if digest(t, to+"@"+record.String()) != "" {
		t.Error("the record of a deployment elsewhere came along")
	}
	about, err := remote.Referrers(reference(t, made).(name.Digest))
	if err != nil {
		t.Fatal(err)
	}
	list, err := about.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(list.Manifests) != 1 || list.Manifests[0].Digest != signature {
		t.Errorf("the copy's referrers are %v, want the signature", list.Manifests)
	}
	for _, tag := range tags(t, to) {
		if !strings.HasPrefix(tag, "sha256-") {
			t.Errorf("the copy made the tag %s", tag)
		}
	}
}

// TestCopyMounts copies within a registry, and sends nothing; nor when the copy
// is there.
func TestCopyMounts(t *testing.T) {
	r := registryOf(t)
	source := push(t, r.Host+"/iris", both(t, "mounts"))
	for _, to := range []string{"/models/iris", "/models/iris", "/iris"} {
		var said []string
		sent := r.Uploads(func() {
			made, err := copied(t, source, r.Host+to, "", func(line string) { said = append(said, line) })
			if err != nil {
				t.Fatal(err)
			}
			if digest(t, made) == "" {
				t.Errorf("%s is not there", made)
			}
		})
		if len(sent) > 0 {
			t.Errorf("to %s, %d blobs were sent", to, len(sent))
		}
	}
}

// TestCopyConverts copies to a registry that takes Docker's media types only.
func TestCopyConverts(t *testing.T) {
	r := registryOf(t)
	to := dockerOnly(t, registryOf(t)) + "/iris"
	index := both(t, "converts")
	source := push(t, r.Host+"/iris", index)
	if _, err := copied(t, source, to, "", nil); err == nil || !strings.Contains(err.Error(), "manifest invalid") {
		t.Fatalf("the registry took OCI's media types, or says not why it does not: %v", err)
	}
	list, err := copied(t, source, to, imageformat.Docker, nil)
	if err != nil {
		t.Fatal(err)
	}
	readAll(t, list)
	_, err = copied(t, source, to, imageformat.DockerManifest, nil)
	var choose *imageformat.PlatformError
	if !errors.As(err, &choose) || !slices.Equal(choose.Have, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("two platforms in one manifest: %v", err)
	}
	zstd := push(t, r.Host+"/zstd", imageWith(t, "amd64", []byte("zstd"), types.OCILayerZStd))
	if _, err := copied(t, zstd, to, imageformat.Docker, nil); err == nil || !strings.Contains(err.Error(), "compressed with zstd") {
		t.Errorf("a layer in zstd: %v", err)
	}
}

// TestCopySaysHowFarItIs holds a layer back until the copy has said so.
func TestCopySaysHowFarItIs(t *testing.T) {
	source := push(t, registryOf(t).Host+"/iris", imageWith(t, "amd64", bytesOf("progress", 20_000_000), types.OCILayer))
	said := make(chan struct{})
	slow := front(t, registryOf(t), func(_ http.ResponseWriter, q *http.Request) bool {
		if q.Method == http.MethodPatch && q.ContentLength > 10_000_000 {
			<-said
		}
		return true
	})
	var once sync.Once
	var lines []string
	_, err := copied(t, source, slow+"/iris", "", func(line string) {
		lines = append(lines, line)
		if strings.HasPrefix(line, "copied") {
			once.Do(func() { close(said) })
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{`^copy 20MB to 127\.0\.0\.1:\d+/iris$`, `^copied \d[\d.]*[kM]?B of 20MB to 127\.0\.0\.1:\d+/iris$`} {
		if n >= len(lines) || !regexp.MustCompile(want).MatchString(lines[n]) {
			t.Errorf("line %d of %q is not %s", n, lines, want)
		}
	}
}

// TestHelpers asks what is in a registryclient.
func TestHelpers(t *testing.T) {
	repository := registryOf(t).Host + "/iris"
	source := push(t, repository, both(t, "helpers"))
	if err := registryclient.Tag(t.Context(), source, "v1"); err != nil {
		t.Fatal(err)
	}
	if got, err := registryclient.Resolve(t.Context(), repository+":v1"); err != nil || got.String() != digestIn(source) {
		t.Errorf("the tag is %s (%v), want %s", got, err, source)
	}
	missing := repository + ":v2"
	for what, err := range map[string]error{
		"Resolve": second(registryclient.Resolve(t.Context(), missing)),
		"Tag":     registryclient.Tag(t.Context(), missing, "v3"),
		"Copy":    second(copied(t, missing, repository, "", nil)),
	} {
		var none *registryclient.NoImageError
		if !errors.As(err, &none) || !strings.Contains(err.Error(), missing) {
			t.Errorf("%s of an image that is not there: %v", what, err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

//go:build integration

package registrytarget

import (
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// image is an OCI image of one layer, whose bytes follow from the text.
func image(t *testing.T, architecture, text string) v1.Image {
	t.Helper()
	return imageWith(t, architecture, []byte(text), types.OCILayer)
}

func imageWith(t *testing.T, architecture string, layer []byte, mediaType types.MediaType) v1.Image {
	t.Helper()
	i := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	i, err := mutate.ConfigFile(i, &v1.ConfigFile{
		OS: "linux", Architecture: architecture, RootFS: v1.RootFS{Type: "layers"},
		Config: v1.Config{User: "65532:65532", Labels: map[string]string{
			"io.github.deployfile.server.port": "8080", "io.github.deployfile.model.name": "iris", "org.opencontainers.image.version": "3",
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	i, err = mutate.Append(i, mutate.Addendum{Layer: static.NewLayer(layer, mediaType), MediaType: mediaType})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// bytesOf are n bytes that do not compress and follow from the text.
func bytesOf(text string, n int) []byte {
	var out []byte
	for i := 0; len(out) < n; i++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d", text, i))
		out = append(out, sum[:]...)
	}
	return out[:n]
}

// both is an index for two platforms with attestations about the first, as
// BuildKit makes it.
func both(t *testing.T, text string) v1.ImageIndex {
	t.Helper()
	amd64 := image(t, "amd64", text+" amd64")
	digest, err := amd64.Digest()
	if err != nil {
		t.Fatal(err)
	}
	attestations, err := mutate.Append(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mutate.Addendum{
		Layer: static.NewLayer([]byte(`{"about":"`+text+`"}`), "application/vnd.in-toto+json"), MediaType: "application/vnd.in-toto+json",
	})
	if err != nil {
		t.Fatal(err)
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex),
		mutate.IndexAddendum{Add: amd64, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "amd64"}}},
		mutate.IndexAddendum{Add: image(t, "arm64", text+" arm64"), Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "arm64"}}},
		mutate.IndexAddendum{Add: attestations, Descriptor: v1.Descriptor{
			Platform:    &v1.Platform{OS: "unknown", Architecture: "unknown"},
			Annotations: map[string]string{"vnd.docker.reference.type": "attestation-manifest", "vnd.docker.reference.digest": digest.String()},
		}})
}

// referrer is an artifact about something in a repository.
func referrer(t *testing.T, repository, kind, text string, about v1.Hash) v1.Hash {
	t.Helper()
	d, err := remote.Get(reference(t, repository+"@"+about.String()))
	if err != nil {
		t.Fatal(err)
	}
	i, err := mutate.Append(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.MediaType(kind)), mutate.Addendum{
		Layer: static.NewLayer([]byte(text), "application/example"), MediaType: "application/example",
	})
	if err != nil {
		t.Fatal(err)
	}
	i = mutate.Subject(i, d.Descriptor).(v1.Image)
	digest, err := i.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(reference(t, repository+"@"+digest.String()), i); err != nil {
		t.Fatal(err)
	}
	return digest
}

func reference(t *testing.T, text string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(text)
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

// push pushes an image or an index and returns it as REPOSITORY@DIGEST.
func push(t *testing.T, repository string, what remote.Taggable) string {
	t.Helper()
	var digest v1.Hash
	var err error
	switch i := what.(type) {
	case v1.Image:
		digest, err = i.Digest()
	case v1.ImageIndex:
		digest, err = i.Digest()
	}
	if err != nil {
		t.Fatal(err)
	}
	pushed := repository + "@" + digest.String()
	if err := remote.Push(reference(t, pushed), what); err != nil {
		t.Fatal(err)
	}
	return pushed
}

// digest is what a name points to, "" if nothing.
func digest(t *testing.T, ref string) string {
	t.Helper()
	d, err := remote.Head(reference(t, ref))
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

func tags(t *testing.T, repository string) []string {
	t.Helper()
	r, err := name.NewRepository(repository)
	if err != nil {
		t.Fatal(err)
	}
	list, err := remote.List(r)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// readAll reads all that an image or index of a registry consists of; the
// digests are compared on the way.
func readAll(t *testing.T, ref string) {
	t.Helper()
	d, err := remote.Get(reference(t, ref))
	if err != nil {
		t.Fatal(err)
	}
	if d.MediaType.IsIndex() {
		index, err := d.ImageIndex()
		if err != nil {
			t.Fatal(err)
		}
		m, err := index.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		repository, _, _ := strings.Cut(ref, "@")
		for _, child := range m.Manifests {
			readAll(t, repository+"@"+child.Digest.String())
		}
		return
	}
	i, err := d.Image()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := i.RawConfigFile(); err != nil {
		t.Error(err)
	}
	layers, err := i.Layers()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range layers {
		r, err := l.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
		r.Close()
	}
}

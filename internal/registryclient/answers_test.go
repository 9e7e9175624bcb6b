package registryclient

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/untrusted"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// hostileRegistry is a registry that answers without end, in one way or another. It says
// that it has all blobs, and takes all manifests for the repository copy.
type hostileRegistry struct {
	*testing.T
	// manifests are those that it made up, by digest or tag.
	manifests map[string][]byte
	// answers are its own answers, by the path below /v2/iris/.
	answers map[string]http.HandlerFunc
	// asked is how many requests there were.
	asked atomic.Int64
}

// How many bytes of an answer and how many answers there are at least, when somebody
// goes on reading.
const (
	patientBytes    = 256 << 20
	patientRequests = 12_000
)

func (s *hostileRegistry) endless(w io.Writer, begin, text string) {
	_, _ = io.WriteString(w, begin)
	block := []byte(strings.Repeat(text, 1<<10))
	for sent := 0; ; sent += len(block) {
		if _, err := w.Write(block); err != nil {
			return
		}
		if sent > patientBytes {
			s.Errorf("%d bytes of an answer were read, and more would be", sent)
			return
		}
	}
}

func (s *hostileRegistry) add(tag string, manifest any) v1.Descriptor {
	raw, err := json.Marshal(manifest)
	if err != nil {
		s.Fatal(err)
	}
	digest := fmt.Sprintf("%x", sha256.Sum256(raw))
	s.manifests["sha256:"+digest] = raw
	if tag != "" {
		s.manifests[tag] = raw
	}
	return v1.Descriptor{MediaType: mediaType(raw), Digest: v1.Hash{Algorithm: "sha256", Hex: digest}, Size: int64(len(raw))}
}

func mediaType(manifest []byte) types.MediaType {
	var m struct {
		MediaType types.MediaType `json:"mediaType"`
	}
	_ = json.Unmarshal(manifest, &m)
	return m.MediaType
}

// ServeHTTP implements http.Handler.
func (s *hostileRegistry) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.asked.Add(1) > patientRequests {
		s.Errorf("%d requests were made, and more would be", patientRequests)
		http.Error(w, "enough", http.StatusTeapot)
		return
	}
	if answer := s.answers[strings.TrimPrefix(r.URL.Path, "/v2/iris/")]; answer != nil {
		answer(w, r)
		return
	}
	dir, last := path.Split(r.URL.Path)
	manifest, there := s.manifests[last]
	switch kind := path.Base(dir); {
	case r.URL.Path == "/v2/" || kind == "blobs":
	case kind == "manifests" && r.Method == http.MethodPut:
		w.WriteHeader(http.StatusCreated)
	case kind == "manifests" && there && !strings.HasPrefix(r.URL.Path, "/v2/copy/"):
		w.Header().Set("Content-Type", string(mediaType(manifest)))
		_, _ = w.Write(manifest)
	case kind == "referrers" && s.answers["referrers"] != nil:
		s.answers["referrers"](w, r)
	default:
		http.NotFound(w, r)
	}
}

func manifest(config v1.Descriptor, annotation string) v1.Manifest {
	return v1.Manifest{SchemaVersion: 2, MediaType: types.OCIManifestSchema1, Config: config, Annotations: map[string]string{"is": annotation}}
}

// What a registry answers without end is an error, and not read without end.
func TestEndlessAnswers(t *testing.T) {
	tags := func(ctx context.Context, registry string) error {
		c, err := New()
		if err != nil {
			return err
		}
		repository, err := ParseRepository(registry + "/iris")
		if err != nil {
			return err
		}
		return c.Tags(ctx, repository, func(string) {})
	}
	copied := func(format string) func(context.Context, string) error {
		return func(ctx context.Context, registry string) error {
			c, err := New()
			if err != nil {
				return err
			}
			source, err := ParseReference(registry + "/iris:latest")
			if err != nil {
				return err
			}
			to, err := ParseRepository(registry + "/copy")
			if err != nil {
				return err
			}
			_, err = c.Copy(ctx, source, to, CopyOptions{Format: format})
			return err
		}
	}
	config := v1.Descriptor{MediaType: types.OCIConfigJSON, Digest: v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("01", 32)}, Size: 2}
	for name, test := range map[string]struct {
		prepare func(*hostileRegistry)
		do      func(ctx context.Context, registry string) error
		limit   string
	}{
		"a list of tags": {func(s *hostileRegistry) {
			s.answers["tags/list"] = func(w http.ResponseWriter, _ *http.Request) { s.endless(w, `{"tags":["a"`, `,"iris"`) }
		}, tags, "16 MiB"},
		"pages of tags": {func(s *hostileRegistry) {
			s.answers["tags/list"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", fmt.Sprintf("</v2/iris/tags/list?last=%d>; rel=next", s.asked.Load()))
				_, _ = io.WriteString(w, `{"tags":[]}`)
			}
		}, tags, "10000 pages"},
		"pages of many tags": {func(s *hostileRegistry) {
			s.answers["tags/list"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Link", fmt.Sprintf("</v2/iris/tags/list?last=%d>; rel=next", s.asked.Load()))
				_, _ = io.WriteString(w, `{"tags":["a"`+strings.Repeat(`,"iris"`, 99_999)+`]}`)
			}
		}, tags, "1000000 tags"},
		"a manifest": {func(s *hostileRegistry) {
			s.answers["manifests/latest"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", string(types.OCIManifestSchema1))
				s.endless(w, `{"layers":[{}`, `,{}`)
			}
		}, copied(imageformat.OCI), "4 MiB"},
		"a list of referrers": {func(s *hostileRegistry) {
			s.add("latest", manifest(config, "an image"))
			s.answers["referrers"] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", string(types.OCIImageIndex))
				s.endless(w, `{"manifests":[{}`, `,{}`)
			}
		}, copied(imageformat.OCI), "4 MiB"},
		"artifacts that refer to each other": {func(s *hostileRegistry) {
			s.add("latest", manifest(config, "an image"))
			s.answers["referrers"] = func(w http.ResponseWriter, _ *http.Request) {
				next := s.add("", manifest(config, fmt.Sprintf("artifact %d", s.asked.Load())))
				w.Header().Set("Content-Type", string(types.OCIImageIndex))
				_ = json.NewEncoder(w).Encode(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{next}})
			}
		}, copied(imageformat.OCI), "1000 artifacts"},
		"indexes in indexes": {func(s *hostileRegistry) {
			inner := s.add("", manifest(config, "an image"))
			for range 2000 {
				inner = s.add("latest", v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{inner}})
			}
		}, copied(imageformat.OCI), "1000 manifests of one image"},
		// go-containerregistry takes -1 for a size that is not known.
		"a configuration": {func(s *hostileRegistry) {
			unknown := config
			unknown.Size = -1
			image := s.add("", manifest(unknown, "an image"))
			image.Platform = &v1.Platform{OS: "linux", Architecture: "amd64"}
			s.add("latest", v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{image}})
			s.answers["blobs/"+config.Digest.String()] = func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					s.endless(w, `{"x":"`, "x")
				}
			}
		}, copied(imageformat.DockerManifest), ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := &hostileRegistry{T: t, manifests: map[string][]byte{}, answers: map[string]http.HandlerFunc{}}
			test.prepare(s)
			server := httptest.NewServer(s)
			defer server.Close()
			err := test.do(t.Context(), strings.TrimPrefix(server.URL, "http://"))
			var large *untrusted.AnswerError
			switch {
			case err == nil:
				t.Error("all of it was read")
			case test.limit != "" && (!errors.As(err, &large) || large.Limit != test.limit):
				t.Errorf("error %v, want an AnswerError of %s", err, test.limit)
			}
		})
	}
}

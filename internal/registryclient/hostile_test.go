package registryclient

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/guarded"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestMetadata asks no cloud's metadata for a token, a manifest or a blob, whatever a
// registry says: it would get the token that is there.
func TestMetadata(t *testing.T) {
	const metadata = "http://169.254.169.254/latest/meta-data/iam/security-credentials/x"
	for name, answer := range map[string]http.HandlerFunc{
		"token": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+metadata+`",service="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		},
		"redirect": func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" {
				http.Redirect(w, r, metadata, http.StatusFound)
			}
		},
	} {
		s := httptest.NewServer(answer)
		ref, err := ParseReference(strings.TrimPrefix(s.URL, "http://") + "/acme/iris:1")
		if err != nil {
			t.Fatal(err)
		}
		c, err := New()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Puller.Get(t.Context(), ref); !refused(err) {
			t.Errorf("%s of a manifest: %v", name, err)
		}
		d, err := NewDownloader(t.Context(), ref.Context())
		if err == nil {
			_, err = d.Blob(t.Context(), v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}, 1)
		}
		if !refused(err) {
			t.Errorf("%s of a blob: %v", name, err)
		}
		s.Close()
	}
}

// refused reports whether an address was refused: by its name, as go-containerregistry does,
// or when it is dialed.
func refused(err error) bool {
	return errors.Is(err, guarded.ErrNotFollowed) || err != nil && strings.Contains(err.Error(), "link-local")
}

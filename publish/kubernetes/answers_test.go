package kubernetes

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/untrusted"
	"k8s.io/client-go/rest"
)

// What an API server answers without end is an error, and not read without end.
func TestEndlessCluster(t *testing.T) {
	const list = `{"kind":"ControllerRevisionList","apiVersion":"apps/v1","items":[`
	for name, test := range map[string]struct {
		status             int
		begin, block, last string
		blocks             int
		limit              string
	}{
		"a list":          {http.StatusOK, list + "{}", `,{"metadata":{"name":"iris-r1"}}`, "", 16 << 20, "64 MiB"},
		"an error":        {http.StatusForbidden, `{"message":"`, "xxxxxxxxxxxxxxxx", "", 16 << 20, "64 MiB"},
		"a list of empty": {http.StatusOK, list + "{}", ",{}", "]}", 1_000_000, "1000000 values"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.begin)
				const at = 1000
				for range test.blocks / at {
					if _, err := io.WriteString(w, strings.Repeat(test.block, at)); err != nil {
						return
					}
				}
				_, _ = io.WriteString(w, test.last)
				if test.last == "" {
					t.Error("all of the answer was read, and more would be")
				}
			}))
			defer server.Close()
			c := &connection{endpoint: "iris", namespace: "default", where: "the cluster", config: &rest.Config{Host: server.URL}}
			if err := c.connect(); err != nil {
				t.Fatal(err)
			}
			_, err := store{c}.List(t.Context())
			var large *untrusted.AnswerError
			if !errors.As(err, &large) || large.Limit != test.limit {
				t.Errorf("error %v, want an AnswerError of %s", err, test.limit)
			}
		})
	}
}

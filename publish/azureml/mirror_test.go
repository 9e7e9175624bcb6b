package azureml

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/azurecloud"
	"github.com/deployfile/deployfile/internal/testing/clouds"
	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/azureml"
	"github.com/deployfile/deployfile/publish"
)

func mirrored(s *spec.Spec) { s.Strategy, s.Mirror = manifests.StrategyBlueGreen, 20 }

// counted is a server that counts what it gets with the right body.
type counted struct {
	answers
	n *atomic.Int64
}

func (c counted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	if string(body) == `{"a": 1}` {
		c.n.Add(1)
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.answers.ServeHTTP(w, r)
}

// A preview gets copies of its share of the requests, and answers nobody who does not name
// it.
func TestMirror(t *testing.T) {
	v := begin(t, mirrored)
	got := map[string]*atomic.Int64{clouds.Image(repository, "1"): {}, clouds.Image(repository, "2"): {}}
	v.cloud.Start = func(c azurecloud.Container) (azurecloud.Server, error) {
		return counted{answers(c.Image), got[c.Image]}, nil
	}
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	count := func(n int, version string) {
		t.Helper()
		for range n {
			answer, err := http.Post(e.URL+"/invocations", "application/json", strings.NewReader(`{"a": 1}`))
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(answer.Body)
			_ = answer.Body.Close()
			if err != nil || string(text) != `{"predictions": "`+version+`"}` {
				t.Fatalf("%s, %v", text, err)
			}
		}
	}
	count(50, "1")
	status, err := v.open().Status(t.Context())
	if err != nil || len(status.Instances) != 2 {
		t.Fatalf("%+v, %v", status, err)
	}
	if n := v.cloud.Copies("iris", status.Instances[1].Name); n != 10 || got[clouds.Image(repository, "2")].Load() != 10 || got[clouds.Image(repository, "1")].Load() != 50 {
		t.Errorf("of 50 requests the preview got %d: %v", n, got)
	}
	if _, err := publish.Promote(t.Context(), v.open(), v.Options()); err != nil {
		t.Fatal(err)
	}
	count(10, "2")
	if all := got[clouds.Image(repository, "2")].Load(); all != 20 {
		t.Errorf("after promote it has got %d", all)
	}
}

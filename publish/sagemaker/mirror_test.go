package sagemaker

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	spec "github.com/deployfile/deployfile/manifests/sagemaker"
)

func mirrored(s *spec.Spec) { s.Strategy, s.Mirror = manifests.StrategyBlueGreen, 20 }

// A preview that gets copies answers nobody, cannot be named, and can be promoted.
func TestMirror(t *testing.T) {
	v := begin(t, mirrored)
	v.Must("1")
	if _, err := v.Deploy("2"); err != nil {
		t.Fatal(err)
	}
	e, err := v.open().Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for range 50 {
		answer, err := http.Post(e.URL+"/invocations", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil || !strings.Contains(string(text), `0001"`) {
			t.Fatalf("%s, %v", text, err)
		}
	}
	if got := v.cloud.Copies("iris", spec.VariantNext); got != 10 {
		t.Errorf("it got %d copies", got)
	}
	p := v.open()
	status, err := p.Status(t.Context())
	if err != nil || len(status.Instances) != 2 || status.Instances[1].Name != spec.VariantNext {
		t.Fatalf("%+v, %v", status, err)
	}
	if _, _, err := p.Tracked(status.Revision, true); err == nil || !strings.Contains(err.Error(), "gets copies of requests alone") {
		t.Errorf("%v", err)
	}
	documents, err := manifests.Render(status.Revision.State)
	if err != nil {
		t.Fatal(err)
	}
	if changes, err := p.Diff(t.Context(), documents); err != nil || len(changes) > 0 {
		t.Errorf("%v, %v", changes, err)
	}
}

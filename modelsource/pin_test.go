package modelsource

import (
	"testing"

	"github.com/deployfile/deployfile/mlmodel"
)

// TestDescribe names a model by its registered version, and no other.
func TestDescribe(t *testing.T) {
	var m mlmodel.Model
	var none *Pin
	none.Describe(&m)
	(&Pin{Resolved: "runs:/abc/model", RunID: "abc"}).Describe(&m)
	if m.RegisteredName != "" || m.RegisteredVersion != "" {
		t.Errorf("it is registered as %q, %q", m.RegisteredName, m.RegisteredVersion)
	}
	(&Pin{Resolved: "models:/iris/3", Name: "iris", Version: "3"}).Describe(&m)
	if m.RegisteredName != "iris" || m.RegisteredVersion != "3" {
		t.Errorf("it is registered as %q, %q", m.RegisteredName, m.RegisteredVersion)
	}
}

// TestPinCheck refuses what an untrusted lock may have.
func TestPinCheck(t *testing.T) {
	good := Pin{Source: "models:/iris@champion", Resolved: "models:/iris/3", Server: "https://mlflow.example.com", Location: "mlflow-artifacts:/1"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, change := range map[string]func(*Pin){
		"nothing resolved": func(p *Pin) { p.Resolved = "" },
		"to obey":          func(p *Pin) { p.Commit = "a\x1bb" },
		"a credential":     func(p *Pin) { p.Server = "https://me:pw@mlflow.example.com" },
	} {
		p := good
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
}

package modelsource

import (
	"strings"
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
		"a long text":      func(p *Pin) { p.Experiment = strings.Repeat("1", 5000) },
		"a credential":     func(p *Pin) { p.Server = "https://me:pw@mlflow.example.com" },
	} {
		p := good
		change(&p)
		if p.Check() == nil {
			t.Errorf("%s: it is accepted", name)
		}
	}
}

// TestPinOfAnotherPlace refuses a lock that has the model from elsewhere than the Deployfile
// says.
func TestPinOfAnotherPlace(t *testing.T) {
	const digest = "@sha256:" + sum
	for _, tt := range []struct {
		source, resolved, location string
		good                       bool
	}{
		{"git+https://example.com/x@main#iris", "git+https://example.com/x@" + commitOfTest + "#iris", "", true},
		{"git+https://example.com/x@main#iris", "git+https://evil.example.com/x@" + commitOfTest + "#iris", "", false},
		{"git+https://example.com/x@main#iris", "git+https://example.com/x@" + commitOfTest + "#other", "", false},
		{"hf://acme/iris@v1/a", "hf://acme/iris@" + commitOfTest + "/a", "", true},
		{"hf://acme/iris@v1/a", "hf://evil/iris@" + commitOfTest + "/a", "", false},
		{"oci://registry.example.com/iris:1", "registry.example.com/iris" + digest, "", true},
		{"oci://acme/iris:1", "index.docker.io/acme/iris" + digest, "", true},
		{"oci://registry.example.com/iris:1", "evil.example.com/iris" + digest, "", false},
		{"https://example.com/m.tgz", "https://example.com/m.tgz#sha256=" + sum, "https://example.com/m.tgz", true},
		{"https://example.com/m.tgz", "https://example.com/m.tgz#sha256=" + sum, "https://evil.example.com/m.tgz", false},
		{"s3://bucket/iris/", "s3://bucket/iris", "s3://bucket/iris", true},
		{"s3://bucket/iris", "s3://evil/iris", "s3://evil/iris", false},
		{"https://models.blob.core.windows.net/team/iris/", "wasbs://team@models.blob.core.windows.net/iris", "wasbs://team@models.blob.core.windows.net/iris", true},
		{"abfss://team@models.dfs.core.windows.net/iris", "abfss://team@models.dfs.core.windows.net/iris", "abfss://team@models.dfs.core.windows.net/iris", true},
		{"abfss://team@models.dfs.core.windows.net/iris", "abfss://team@evil.dfs.core.windows.net/iris", "abfss://team@evil.dfs.core.windows.net/iris", false},
	} {
		err := Pin{Source: tt.source, Resolved: tt.resolved, Location: tt.location}.Check()
		if (err == nil) != tt.good {
			t.Errorf("%s is pinned to %s, %s: %v", tt.source, tt.resolved, tt.location, err)
		}
	}
}

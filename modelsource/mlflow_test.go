package modelsource

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDatabricksAccess has steps fetch models of Unity Catalog, with a secret, and from
// https alone.
func TestDatabricksAccess(t *testing.T) {
	p := Pin{Source: "models:/main.default.iris@champion", Server: "https://example.cloud.databricks.com", Location: "models:/main.default.iris/3/a b"}
	a, err := MLflow{}.Access(p)
	if err != nil || a.URL != "https://example.cloud.databricks.com/api/2.0/fs/files/Models/main/default/iris/3/a%20b" || len(a.Secrets) != 2 {
		t.Errorf("%+v, %v", a, err)
	}
	for _, p := range []Pin{
		{Server: "http://example.com", Location: p.Location},
		{Server: p.Server, Location: "models:/iris/3"},
		{Server: p.Server, Location: "models:/main..iris/3"},
	} {
		if a, err := (MLflow{}).Access(p); err == nil {
			t.Errorf("%+v: %+v", p, a)
		}
	}
}

// TestParseMLflow reads sources as MLflow does.
func TestParseMLflow(t *testing.T) {
	for source, want := range map[string]MLflowName{
		"models:/iris/3":                    {Name: "iris", Version: "3"},
		"models:/iris/latest":               {Name: "iris", Latest: true},
		"models:/iris/LATEST":               {Name: "iris", Latest: true},
		"models:/iris/Production":           {Name: "iris", Stage: "Production"},
		"models:/iris@champion":             {Name: "iris", Alias: "champion"},
		"models:/a@b@champion":              {Name: "a@b", Alias: "champion"},
		"models:/iris@champion/sub/dir":     {Name: "iris", Alias: "champion", Path: "sub/dir"},
		"models:/iris/3/sub/dir":            {Name: "iris", Version: "3", Path: "sub/dir"},
		"models:/my model/3":                {Name: "my model", Version: "3"},
		"models:/m-0123":                    {ModelID: "m-0123"},
		"runs:/abc/model":                   {RunID: "abc", Path: "model"},
		"runs:/abc/deep/model":              {RunID: "abc", Path: "deep/model"},
		"mlflow-artifacts:/1/abc/artifacts": {Location: "mlflow-artifacts:/1/abc/artifacts"},
		"mlflow-artifacts://h:5/1/abc/":     {Location: "mlflow-artifacts://h:5/1/abc"},
	} {
		got, err := ParseMLflow(source)
		if err != nil {
			t.Errorf("%s: %v", source, err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s:\n%s", source, d)
		}
		if s, err := Find(source); err != nil || s != (MLflow{}) {
			t.Errorf("%s: %T, %v", source, s, err)
		}
	}
}

func TestParseMLflowRefuses(t *testing.T) {
	for source, want := range map[string]string{
		"models:/":                           "names no model",
		"models:/iris":                       "names no version",
		"models:/@champion":                  "names no alias",
		"models:/iris@":                      "names no alias",
		"models:/iris/3/../..":               "leads out",
		"models:/iris@champion/../x":         "leads out",
		"models:/../3":                       "names no model",
		"models:/iris/3?x=y":                 `no "?"`,
		"models://profile@databricks/iris/3": "Databricks",
		"runs:/abc":                          "no path in the run",
		"runs:/abc/../../x":                  "leads out",
		"mlflow-artifacts:/":                 "no directory",
		"mlflow-artifacts:/1/../../x":        "no directory",
	} {
		if _, err := ParseMLflow(source); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", source, err, want)
		}
	}
}

// TestProxiedArtifacts finds a server's artifacts as MlflowArtifactsRepository does.
func TestProxiedArtifacts(t *testing.T) {
	for _, tt := range []struct{ server, location, files, signed string }{
		{"http://h:5", "mlflow-artifacts:/1/a b/c", "http://h:5/api/2.0/mlflow-artifacts/artifacts/1/a%20b/c", "http://h:5/api/2.0/mlflow-artifacts/presigned/1/a%20b/c"},
		{"https://h/prefix/", "mlflow-artifacts:/1", "https://h/prefix/api/2.0/mlflow-artifacts/artifacts/1", "https://h/prefix/api/2.0/mlflow-artifacts/presigned/1"},
		{"https://h/prefix", "mlflow-artifacts://other:7/1", "https://other:7/prefix/api/2.0/mlflow-artifacts/artifacts/1", "https://other:7/prefix/api/2.0/mlflow-artifacts/presigned/1"},
		// A name that decodes to a way up is a name.
		{"http://h:5", "mlflow-artifacts:/%252e%252e/x", "http://h:5/api/2.0/mlflow-artifacts/artifacts/%252e%252e/x", "http://h:5/api/2.0/mlflow-artifacts/presigned/%252e%252e/x"},
		{"http://h:5", "mlflow-artifacts:/100%25", "http://h:5/api/2.0/mlflow-artifacts/artifacts/100%25", "http://h:5/api/2.0/mlflow-artifacts/presigned/100%25"},
		{"http://h:5", "mlflow-artifacts:/%2e%2e/x", "", ""},
		{"sqlite:///x", "mlflow-artifacts:/1", "", ""},
		{"http://h", "s3://bucket/x", "", ""},
		{"http://h", "mlflow-artifacts:/../x", "", ""},
	} {
		files, signed, err := ProxiedArtifacts(tt.server, tt.location)
		if files != tt.files || signed != tt.signed || (err == nil) != (tt.files != "") {
			t.Errorf("%s at %s: %q, %q, %v", tt.location, tt.server, files, signed, err)
		}
	}
}

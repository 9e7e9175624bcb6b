package frontend

import (
	"slices"
	"testing"
	"testing/fstest"
)

// MLflow before 2.16 gets the setuptools that it imports and does not require, unless
// the model says which.
func TestOldMLflowHasSetuptools(t *testing.T) {
	for _, x := range []struct {
		version, requirements string
		added                 bool
	}{
		{"1.30.1", "mlflow\n", true},
		{"2.9.2", "mlflow==2.9.2\n", true},
		{"2.15.1", "mlflow==2.15.1\nsetuptools==70.0.0\n", false},
		{"2.16.0", "mlflow==2.16.0\n", false},
		{"3.17.2", "mlflow==3.17.2\n", false},
	} {
		found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n"), fstest.MapFS{
			"model/MLmodel":          {Data: []byte("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\nmlflow_version: " + x.version + "\n")},
			"model/requirements.txt": {Data: []byte(x.requirements)},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(found.Inputs.Requirements, "setuptools<81"); got != x.added {
			t.Errorf("MLflow %s: the requirements are %q", x.version, found.Inputs.Requirements)
		}
	}
}

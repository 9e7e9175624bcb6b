package frontend

import (
	"slices"
	"testing"
	"testing/fstest"
)

// MLflow from 2.21 to before 3.11 gets a Starlette that has what its server calls, unless
// somebody says which.
func TestOldServerHasStarlette(t *testing.T) {
	for _, x := range []struct {
		version, requirements, deployfile string
		limited                           bool
	}{
		{"2.20.4", "mlflow==2.20.4\n", "", false},
		{"2.21.0", "mlflow==2.21.0\n", "", true},
		{"2.22.1", "mlflow\n", "", true},
		{"3.10.1", "mlflow-skinny==3.10.1\n", "", true},
		{"3.5.0", "mlflow==3.5.0\nstarlette==0.48.0\n", "", false},
		{"3.5.0", "mlflow==3.5.0\n-c constraints.txt\n", "", false},
		{"3.5.0", "mlflow==3.5.0\n", "override = [\"mlflow==3.17.2\"]", false},
		{"3.17.2", "mlflow==3.17.2\n", "override = [\"mlflow==3.5.0\"]", true},
		{"3.5.0", "mlflow==3.5.0\n", "override = [\"starlette==1.0.0\"]", false},
		{"3.5.0", "mlflow==3.5.0\n", "without = [\"starlette\"]", false},
		{"3.11.0", "mlflow==3.11.0\n", "", false},
		{"", "mlflow\n", "", false},
	} {
		found, err := Inspect("Deployfile", []byte("[model]\nsource = \"model\"\n[environment]\n"+x.deployfile+"\n"), fstest.MapFS{
			"model/MLmodel":          {Data: []byte("flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    python_version: 3.11.7\nmlflow_version: " + x.version + "\n")},
			"model/requirements.txt": {Data: []byte(x.requirements)},
			"model/constraints.txt":  {Data: []byte("starlette==0.48.0\n")},
		}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(found.Inputs.Constraints, "starlette<1"); got != x.limited {
			t.Errorf("MLflow %s with %q and %q: the constraints are %q", x.version, x.requirements, x.deployfile, found.Inputs.Constraints)
		}
	}
}

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

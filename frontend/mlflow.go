package frontend

import (
	"fmt"
	"slices"
	"strings"

	"deps.dev/util/semver"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
)

// server adds the server's own requirements.
func (e *environment) server(f *deployfile.File, m *mlmodel.Model) {
	e.inputs.MLflow = "full"
	if f.Server.Kind != "mlflow" {
		e.inputs.Because("mlflow", fmt.Sprintf("kind in [server] is %q", f.Server.Kind))
		return
	}
	e.inputs.MLflow = f.Environment.MLflow
	mlflow := "mlflow"
	if release(m.MLflowVersion) {
		mlflow += "==" + m.MLflowVersion
	}
	r, ok := mlmodel.FindMLflow(e.all)
	switch {
	case !ok:
		e.inputs.Requirements = append(e.inputs.Requirements, mlflow)
	case r.Name == "mlflow" && (r.URL != "" || r.VCS != "" || r.Path != ""):
		// A development build of MLflow has no skinny distribution on any index.
		e.inputs.MLflow = "full"
		e.inputs.Because("mlflow", fmt.Sprintf("%q is required", r.Text))
	case r.Name == "mlflow" && r.Text == "mlflow":
		// MLflow 1 wrote it without a version; the model was logged with one.
		e.inputs.Requirements[slices.Index(e.inputs.Requirements, r.Text)] = mlflow
	case r.Name == "mlflow-skinny" && e.inputs.MLflow == "full":
		e.inputs.Requirements = append(e.inputs.Requirements, "mlflow"+r.Specifier)
	}
	if importsSetuptools(m.MLflowVersion) && !slices.ContainsFunc(e.all, func(r mlmodel.Requirement) bool { return r.Name == "setuptools" }) {
		e.inputs.Requirements = append(e.inputs.Requirements, "setuptools<81")
	}
}

// importsSetuptools reports whether a version of MLflow imports pkg_resources, which
// came with every Python's setuptools once. MLflow does not require it, and setuptools
// has it up to version 80.
func importsSetuptools(version string) bool {
	v, err := semver.PyPI.Parse(version)
	first, e := semver.PyPI.Parse("2.16.0")
	return err == nil && e == nil && v.Compare(first) < 0
}

// release reports whether a version is one of PEP 440 and of an index: neither a
// development version nor any text.
func release(version string) bool {
	_, err := semver.PyPI.Parse(version)
	return version != "" && err == nil && !strings.Contains(version, "dev") && !strings.Contains(version, "+")
}

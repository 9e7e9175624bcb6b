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
	version := m.MLflowVersion
	if pinned, found := strings.CutPrefix(r.Specifier, "=="); ok && found {
		version = pinned
	}
	e.older(version)
}

// older adds what a version of MLflow needs and does not say, because it was written
// before others changed, unless the model or the Deployfile names it.
func (e *environment) older(version string) {
	named := func(name string) bool {
		return slices.Contains(e.inputs.Without, name) ||
			slices.ContainsFunc(e.inputs.Override, func(line string) bool { return strings.EqualFold(nameOf(line), name) }) ||
			slices.ContainsFunc(slices.Concat(e.all, e.limits), func(r mlmodel.Requirement) bool { return r.Name == name })
	}
	// It imports pkg_resources, which came with every Python's setuptools once.
	// Setuptools has it up to version 80.
	if between(version, "0", "2.16") && !named("setuptools") {
		e.inputs.Requirements = append(e.inputs.Requirements, "setuptools<81")
	}
	// Its server calls FastAPI.route, which it inherits from Starlette before 1.0.
	if between(version, "2.21", "3.11") && !named("starlette") {
		e.inputs.Constraints = append(e.inputs.Constraints, "starlette<1")
	}
}

// between reports whether a version is at least from and before to.
func between(version, from, to string) bool {
	v, err := semver.PyPI.Parse(version)
	if err != nil {
		return false
	}
	first, e1 := semver.PyPI.Parse(from)
	last, e2 := semver.PyPI.Parse(to)
	return e1 == nil && e2 == nil && v.Compare(first) >= 0 && v.Compare(last) < 0
}

// release reports whether a version is one of PEP 440 and of an index: neither a
// development version nor any text.
func release(version string) bool {
	_, err := semver.PyPI.Parse(version)
	return version != "" && err == nil && !strings.Contains(version, "dev") && !strings.Contains(version, "+")
}

package mlmodel

import (
	"fmt"
	"strings"

	"deps.dev/util/semver"
)

// FindMLflow returns the requirement that installs MLflow: mlflow, else
// mlflow-skinny; false if there is neither.
func FindMLflow(requirements []Requirement) (Requirement, bool) {
	for _, name := range []string{"mlflow", "mlflow-skinny"} {
		for _, r := range requirements {
			if r.Name == name {
				return r, true
			}
		}
	}
	return Requirement{}, false
}

// checkMLflow warns about MLflow versions that are unpinned (MLflow 1 pinned
// none), that no index offers, or whose major version differs from the one that
// logged the model.
func (r *reader) checkMLflow() {
	logged := r.model.MLflowVersion
	number := 1
	if n := get(r.doc.top, "mlflow_version"); n != nil {
		number = n.Line
	}
	if logged != "" {
		if _, err := semver.PyPI.Parse(logged); err != nil {
			r.warn(r.doc.file, number, fmt.Sprintf("mlflow_version %q is not a version", logged))
			return
		}
	}
	q, ok := FindMLflow(r.model.Requirements)
	if !ok {
		return
	}
	if q.Specifier == "" && q.Path == "" && q.VCS == "" && q.URL == "" && logged != "" {
		r.warn(q.File, q.Line, fmt.Sprintf("%s has no version here, while MLflow %s logged the model; write override = [\"%s==%s\"] in [environment] if the newest version cannot serve it",
			q.Name, logged, q.Name, logged))
		return
	}
	pinned, exact := strings.CutPrefix(q.Specifier, "==")
	pinned = strings.TrimSpace(pinned)
	if !exact || strings.ContainsAny(pinned, ",*=") {
		return
	}
	if strings.Contains(pinned, "dev") {
		r.warn(q.File, q.Line, fmt.Sprintf("MLflow %s is a development version, which no index offers; name a released one: override = [\"%s==…\"] in [environment]", pinned, q.Name))
		return
	}
	major, _, _ := strings.Cut(pinned, ".")
	if was, _, _ := strings.Cut(logged, "."); logged != "" && was != major {
		r.warn(q.File, q.Line, fmt.Sprintf("MLflow %s is to serve a model that MLflow %s logged", pinned, logged))
	}
}

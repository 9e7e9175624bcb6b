package lint

import (
	"cmp"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/mlmodel"
)

// requirement is a requirement with the part of the Deployfile that includes
// it.
type requirement struct {
	mlmodel.Requirement
	at deployfile.Range
	// model says that the model has it, which nobody edits.
	model bool
}

// requirements returns those of the model, then those of the Deployfile's
// files.
func (in Input) requirements() []requirement {
	var out []requirement
	if in.Model != nil {
		at, _ := in.File.Position("model", "source")
		replaced := in.replaced()
		for _, r := range in.Model.Requirements {
			if r.Name != "" && replaced[r.Name] {
				continue
			}
			out = append(out, requirement{r, at, true})
		}
	}
	list, _ := in.File.Position("environment", "requirements")
	named := map[string]deployfile.Range{}
	for n, name := range slices.Backward(in.File.Environment.Requirements) {
		named[path.Clean(name)], _ = in.File.Position("environment", "requirements", strconv.Itoa(n))
	}
	for _, r := range in.Requirements {
		// The list does not contain a file included by -r; it contains the including
		// file.
		at, ok := named[r.File]
		if r.File == "" {
			// An item of the list itself.
			at, ok = in.File.Position("environment", "requirements", strconv.Itoa(r.Line-1))
			r.Line = 0
		}
		if !ok {
			at = list
		}
		out = append(out, requirement{r, at, false})
	}
	return out
}

// replaced returns the names whose requirements the Deployfile overrides or leaves
// out.
func (in Input) replaced() map[string]bool {
	names := map[string]bool{}
	for _, item := range slices.Concat(in.File.Environment.Override, in.File.Environment.Without) {
		end := strings.IndexAny(item+" ", " \t[(=<>!~;@")
		names[normalize(item[:end])] = true
	}
	return names
}

func (r requirement) finding(message, fix string) Finding {
	return Finding{Message: message, Fix: fix, Range: r.at, File: r.File, Line: r.Line}
}

var commit = regexp.MustCompile(`@[0-9a-f]{40}($|[#?])`)

// pinned reports whether the requirement allows only one version, commit or
// file.
func pinned(r mlmodel.Requirement) bool {
	if r.VCS != "" {
		return commit.MatchString(r.VCS)
	}
	return r.Path != "" || r.URL != "" || exact(r.Specifier)
}

// exact reports whether one of a specifier's clauses allows only one version.
func exact(specifier string) bool {
	return slices.ContainsFunc(strings.Split(specifier, ","), func(clause string) bool {
		clause = strings.TrimSpace(clause)
		return strings.HasPrefix(clause, "==") && !strings.Contains(clause, "*")
	})
}

func unpinnedRequirements(in Input) []Finding {
	if in.Lock != nil {
		return nil
	}
	constraints := slices.Clone(in.Constraints)
	if in.Model != nil {
		constraints = append(constraints, in.Model.Constraints...)
	}
	held := map[string]bool{}
	for _, c := range constraints {
		held[c.Name] = held[c.Name] || c.Name != "" && pinned(c)
	}
	python, _ := in.python()
	var out []Finding
	for _, r := range in.requirements() {
		constrained := r.VCS == "" && held[r.Name]
		if pinned(r.Requirement) || constrained || excluded(r.Marker, python) {
			continue
		}
		fix := fmt.Sprintf("run deployfile lock, or write %s==VERSION", r.Name)
		if r.model {
			fix = fmt.Sprintf("run deployfile lock, or write override = [%q] in [environment]", r.Name+"==VERSION")
		}
		if r.VCS != "" {
			fix = "run deployfile lock, or name a commit: @ and its 40 digits after the repository's URL"
		}
		out = append(out, r.finding(fmt.Sprintf("requirement %q is not pinned to one version", r.Text), fix))
	}
	return out
}

// development lists packages that no request needs.
func development() map[string]string {
	out := map[string]string{}
	for purpose, names := range map[string]string{
		"tests":      "pytest nose nose2 tox nox coverage hypothesis moto responses testcontainers",
		"notebooks":  "jupyter jupyterlab notebook ipykernel ipython ipywidgets nbconvert nbclient papermill jupytext voila",
		"code style": "black flake8 pylint ruff isort mypy pyright bandit autopep8 yapf pre-commit",
		"debugging":  "ipdb pudb debugpy pdbpp",
		"releases":   "twine build sphinx mkdocs",
	} {
		for _, name := range strings.Fields(names) {
			out[name] = purpose
		}
	}
	return out
}

// developmentPackages checks direct requirements only: the user does not choose
// their dependencies.
func developmentPackages(in Input) []Finding {
	known := development()
	python, _ := in.python()
	var out []Finding
	for _, r := range in.requirements() {
		purpose := known[r.Name]
		for prefix, of := range map[string]string{"pytest-": "tests", "jupyter-": "notebooks", "jupyterlab-": "notebooks", "flake8-": "code style"} {
			if strings.HasPrefix(r.Name, prefix) {
				purpose = of
			}
		}
		if purpose == "" || excluded(r.Marker, python) {
			continue
		}
		fix := fmt.Sprintf("take %s out of %s", r.Name, cmp.Or(r.File, "the requirements"))
		if r.model {
			fix = fmt.Sprintf("write without = [%q] in [environment], or run: deployfile remove %s", r.Name, r.Name)
		}
		out = append(out, r.finding(fmt.Sprintf("%s is a package for %s, which serving does not need", r.Name, purpose), fix))
	}
	return out
}

func fullMLflow(in Input) []Finding {
	at, written := in.File.Position("environment", "mlflow")
	if !written || in.File.Environment.MLflow != "full" || in.File.Server.Kind != "mlflow" {
		return nil
	}
	return []Finding{{
		Message:     "all of MLflow is installed, though its scoring server needs mlflow-skinny and pandas alone",
		Fix:         `write mlflow = "skinny", unless the model imports what only all of MLflow has`,
		Range:       at,
		Replacement: `"skinny"`,
	}}
}

// normalize returns the form in which package names are compared (PEP 503).
func normalize(name string) string { return pypi.CanonPackageName(name) }

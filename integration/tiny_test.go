package integration

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

//go:embed testdata/answer.py
var answerSource string

// tinyModel is an MLmodel that says little more than that there is a model.
const tinyModel = `flavors:
  python_function:
    loader_module: tiny
    python_version: 3.11.2
utc_time_created: '2026-01-02 03:04:05.678901'
`

// tiny is a project that builds within seconds: its server is
// testdata/answer.py, and its packages are those that the test's own index
// serves.
func tiny(t *testing.T, environment string, requirements ...string) *project {
	t.Helper()
	return newProject(t, map[string]string{
		"Deployfile": `[model]
name   = "tiny"
source = "model"

[server]
kind    = "command"
command = ["python", "/opt/code/answer.py"]

[environment]
code = ["code"]
` + environment,
		"code/answer.py":         answerSource,
		"model/MLmodel":          tinyModel,
		"model/requirements.txt": strings.Join(requirements, "\n"),
	})
}

// answer is what testdata/answer.py says of the process that it runs in.
type answer struct {
	Packages    map[string]string
	Modules     map[string]string
	Environment map[string]string
}

// versions are the packages as "name==version", in order.
func (a answer) versions() []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(a.Packages)) {
		out = append(out, fmt.Sprintf("%s==%s", name, a.Packages[name]))
	}
	return out
}

//go:build integration

package buildx

import (
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// TestErrors has buildx draw what is wrong at the line of the Deployfile.
func TestErrors(t *testing.T) {
	const secret = "correct-horse-battery"
	for _, c := range []struct {
		name   string
		change func(t *testing.T, p *project)
		args   []string
		// line is the text of the line that is drawn, want what is said.
		line string
		want []string
	}{
		{"unknown key", func(t *testing.T, p *project) {
			p.Edit(t, "Deployfile", "[environment]\n", "[environment]\npyhton = \"3.11\"\n")
		},
			nil, `pyhton = "3.11"`, []string{`unknown key "pyhton" in [environment]; did you mean "python"?`}},
		{"missing model", func(t *testing.T, p *project) { p.Edit(t, "Deployfile", `"model"`, `"models"`) },
			nil, `source = "models"`, []string{"no MLflow Model in models: ", "if it is there, .dockerignore leaves it out"}},
		{"missing code", func(t *testing.T, p *project) { p.Edit(t, "Deployfile", `["code"]`, `["cod"]`) },
			nil, `code = ["cod"]`, []string{`code directory "cod": file does not exist; if it is there, .dockerignore leaves it out`}},
		{"unsatisfiable", func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone==9.0\n") },
			[]string{"--target", "lock"}, "dfone==9.0", []string{"No solution found", "dfone==9.0"}},
		{"missing package", func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "df-is-nowhere\n") },
			nil, "df-is-nowhere", []string{"df-is-nowhere was not found"}},
		{"bad requirement", func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone\nnumpy====\n") },
			nil, "numpy====", []string{"model/requirements.txt:2: "}},
		{"escape in a requirement", func(t *testing.T, p *project) { p.Write(t, "model/requirements.txt", "dfone\n\x1b]0;title\x07====\n") },
			nil, "\ufffd]0;title\ufffd====", []string{"model/requirements.txt:2: "}},
		{"escape in the Deployfile", func(t *testing.T, p *project) { p.Edit(t, "Deployfile", `"model"`, "\"\x1b]0;title\x07") },
			nil, "source = \"\ufffd]0;title\ufffd", []string{"TOML files cannot contain control characters"}},
		{"credential in a requirement", func(t *testing.T, p *project) {
			p.Write(t, "model/requirements.txt", "dfone\n# "+secret+"\nx @ https://reader:"+secret+"@example.com/x-1-py3-none-any.whl\n")
		}, nil, "x @ ", []string{"model/requirements.txt:3: there is a credential"}},
		{"credential", func(t *testing.T, p *project) { p.Edit(t, "Deployfile", "http://", "http://reader:"+secret+"@") },
			nil, "", []string{"credential"}},
		{"model left out", func(t *testing.T, p *project) { p.Write(t, ".dockerignore", "model\n") },
			nil, `source = "model"`, []string{"no MLflow Model in model: ", "if it is there, .dockerignore leaves it out"}},
		{"context that is no image", func(t *testing.T, p *project) { p.Contexts["base"] = p.Path("code") },
			nil, "", []string{"build context base is not an image"}},
		{"base that is not there", func(t *testing.T, p *project) {
			delete(p.Contexts, "base")
			p.Edit(t, "Deployfile", "[environment]\n", "[environment]\nbase = \""+shared.registry.Host+"/none:1\"\n")
		}, nil, `base = "` + shared.registry.Host + `/none:1"`, []string{"not found"}},
		{"unknown target", nil, []string{"--target", "nothing"}, "", []string{`target "nothing" is not known: there are image, lock, verify, env, model, modelcar, env-model-data, plan, sbom, wheels, eject`}},
		{"SBOM of a model alone", nil, []string{"--target", "model", "--sbom=true"}, "", []string{"--target model has no SBOM"}},
		{"lock demanded", nil, []string{"--build-arg", "DEPLOYFILE_LOCKED=1"}, "", []string{"Deployfile.lock is missing", "deployfile lock"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := lab.NewIndex(t, lab.Wheel(t, "dfone", "1.0", ""))
			p := tiny(t, x.Table("local"), "dfone")
			if c.change != nil {
				c.change(t, p)
			}
			r := p.buildx(t, c.args...)
			if r.err == nil {
				t.Fatalf("buildx did not fail; want %q", c.want)
			}
			// The error itself, and not what a step says on its way.
			_, said, _ := strings.Cut(r.stderr, "ERROR: failed to build: ")
			wantWords(t, said, c.want...)
			if c.line != "" {
				wantWords(t, r.stderr, "| >>> "+c.line)
			}
			// Its own warnings have colours.
			if out := r.stdout + r.stderr; strings.Contains(out, "\x1b]") || strings.Contains(out, "\x07") {
				t.Errorf("buildx is given what a terminal obeys: %q", out)
			}
			hides(t, secret, map[string]string{"output": r.stdout + r.stderr})
		})
	}
}

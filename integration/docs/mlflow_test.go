//go:build integration

package docs

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests/kinds"
)

// register puts a model into MLflow's registry under the name of the page.
const register = `
import sys
from mlflow import MlflowClient
client = MlflowClient()
client.create_registered_model("wine")
version = client.create_model_version("wine", source=sys.argv[1])
client.set_registered_model_alias("wine", "champion", version.version)
`

// TestMLflowPage goes from a real registry to a prediction, as the page does.
func TestMLflowPage(t *testing.T) {
	r := newReader(t, here, "MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(t.TempDir(), "mlflow.db"), "MLFLOW_DISABLE_TELEMETRY=true")
	model := filepath.Join(t.TempDir(), "model")
	if err := os.Rename(filepath.Join(r.dir, "model"), model); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(filepath.Dir(shared.Python), "mlflow"), filepath.Join(r.bin, "mlflow")); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(shared.Python, "-c", register, model)
	c.Env = append(os.Environ(), r.env...)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r.read(t, mlflowPage, coveredBy(t, mlflowPage))
	text, err := os.ReadFile(filepath.Join(r.dir, "Deployfile"))
	if err != nil {
		t.Fatal(err)
	}
	file, _, err := deployfile.Parse("Deployfile", text, kinds.All())
	if err != nil || file.Model.Name != "wine" || file.Model.Version != "1" {
		t.Errorf("%v\n%s", err, text)
	}
}

// TestMLflowRegistry reads the target of the page.
func TestMLflowRegistry(t *testing.T) {
	text := "[model]\nsource = \"model\"\n\n" + coveredBy(t, mlflowPage)[0].text
	if _, _, err := deployfile.Parse("Deployfile", []byte(text), kinds.All()); err != nil {
		t.Error(err)
	}
}

// options prints the commands of MLflow that deploy, with the spellings of each option.
const options = `
import click, json
import mlflow.cli

def walk(path, command):
    if isinstance(command, click.Group):
        for name, below in command.commands.items():
            walk(path + [name], below)
    else:
        found[" ".join(path)] = [p.opts + p.secondary_opts for p in command.params if isinstance(p, click.Option)]

found = {}
for name in ("models", "deployments", "sagemaker", "artifacts"):
    walk(["mlflow", name], mlflow.cli.cli.commands[name])
print(json.dumps(found))
`

// TestMLflowCommands compares the page with the real MLflow: what the page mentions is
// there, and no command of mlflow models, deployments and sagemaker is left out, and no
// option of mlflow models.
func TestMLflowCommands(t *testing.T) {
	c := exec.Command(shared.Python, "-c", options)
	c.Env = append(os.Environ(), "MLFLOW_DISABLE_TELEMETRY=true")
	out, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var there map[string][][]string
	if err := json.Unmarshal(out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:], &there); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(mlflowPage)
	if err != nil {
		t.Fatal(err)
	}
	page := strings.ReplaceAll(string(data), "\n", " ")
	command := regexp.MustCompile(`mlflow (models|deployments|sagemaker|artifacts) ([a-z-]+)((?: -[^` + "`" + `|]*)?)`)
	mentioned := 0
	for _, m := range command.FindAllStringSubmatch(page, -1) {
		name := "mlflow " + m[1] + " " + m[2]
		known, ok := there[name]
		if !ok {
			t.Errorf("MLflow has no %q", name)
			continue
		}
		mentioned++
		for _, flag := range regexp.MustCompile(` (--?[a-zA-Z][a-z-]*)`).FindAllStringSubmatch(m[3], -1) {
			if !slices.ContainsFunc(known, func(o []string) bool { return slices.Contains(o, flag[1]) }) {
				t.Errorf("%q has no %s", name, flag[1])
			}
		}
	}
	if mentioned < 20 {
		t.Errorf("only %d commands are mentioned", mentioned)
	}
	for name, known := range there {
		short := name[strings.LastIndex(name, " ")+1:]
		if !strings.HasPrefix(name, "mlflow artifacts ") && !strings.Contains(page, name) && !strings.Contains(page, "`"+short) {
			t.Errorf("the page does not have %q", name)
		}
		if !strings.HasPrefix(name, "mlflow models ") {
			continue
		}
		for _, o := range known {
			said := slices.ContainsFunc(o, func(flag string) bool {
				return regexp.MustCompile("[ `]" + regexp.QuoteMeta(flag) + "[ `\\\\,]").MatchString(page)
			})
			if !said {
				t.Errorf("the page does not have %v of %q", o, name)
			}
		}
	}
}

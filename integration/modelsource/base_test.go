//go:build integration

package modelsource

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// referring is the MLmodel of a model of transformers without weights, which takes them
// from a repository that wants a token.
const referring = `flavors:
  python_function:
    loader_module: mlflow.transformers
    python_version: 3.11.2
  transformers:
    source_model_name: acme/private
    source_model_revision: ` + hubCommit + `
    components: [tokenizer]
    tokenizer_name: acme/private
    tokenizer_revision: ` + hubCommit + `
`

// offline starts the server of the tests if the weights are where the hub's client looks.
const offline = `import hashlib, os, pathlib, runpy

at = pathlib.Path(os.environ["HF_HUB_CACHE"], "models--acme--private", "snapshots", "` + hubCommit + `")
found = {p.relative_to(at).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in at.rglob("*") if p.is_file()}
assert found == %s, found
assert os.environ["HF_HUB_OFFLINE"] == "1"
runpy.run_path("/opt/code/answer.py", run_name="__main__")
`

// TestBaseWeights makes the weights that a model refers to a part of it: of a model in the
// build context, and of one in a store. The builder fetches them.
func TestBaseWeights(t *testing.T) {
	files := map[string]string{
		"MLmodel": referring, "requirements.txt": "", "config.json": "{}", "vocab/a b.txt": "x",
		"model.safetensors": tinyFiles(t)["data/weights.bin"], "pytorch_model.bin": "pickled", "tf_model.h5": "of another framework",
	}
	var want []string
	for _, name := range []string{"MLmodel", "requirements.txt", "config.json", "vocab/a b.txt", "model.safetensors", "README"} {
		want = append(want, fmt.Sprintf("%q: %q", name, sha(files[name])))
	}
	check := fmt.Sprintf(offline, "{"+strings.Join(want, ", ")+"}")
	env := map[string]string{"HF_ENDPOINT": startHub(t, ownAddress(t), files), "HF_TOKEN": "s3cr3t"}
	for _, source := range []string{"model", "hf://acme/iris"} {
		t.Run(source, func(t *testing.T) {
			p := tinyProject(t, source, map[string]string{"MLmodel": referring, "requirements.txt": ""})
			p.Write(t, "code/offline.py", check)
			p.Edit(t, "Deployfile", "/opt/code/answer.py", "/opt/code/offline.py")
			_, u := image(t, p, env)
			if moved := u.cached(t); moved > 0 {
				t.Errorf("%d bytes passed through the client", moved)
			}
			lock := p.Read(t, "Deployfile.lock")
			if !strings.Contains(lock, `source = "hf://acme/private@`+hubCommit+`"`) || !strings.Contains(lock, "snapshots/"+hubCommit+"/model.safetensors") || strings.Contains(lock, "s3cr3t") {
				t.Errorf("the lock does not say it, or says too much:\n%s", lock)
			}
			// What is locked is not asked for again.
			if out, err := newUser(t, map[string]string{"HF_ENDPOINT": "http://127.0.0.1:1"}).run(t, p, "lock", "--check"); err != nil && source == "model" {
				t.Errorf("lock --check: %v\n%s", err, lab.Tail(out))
			}
		})
	}
	// Another commit is another model.
	p := tinyProject(t, "model", map[string]string{"MLmodel": strings.ReplaceAll(referring, hubCommit, strings.Repeat("f", 40)), "requirements.txt": ""})
	if out, err := newUser(t, env).run(t, p, "lock"); err == nil || !strings.Contains(out, "Invalid rev id: ffff") {
		t.Errorf("lock: %v\n%s", err, lab.Tail(out))
	}
}

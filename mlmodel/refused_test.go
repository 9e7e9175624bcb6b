package mlmodel

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// modelWith is a model with these requirements.
func modelWith(requirements string) map[string]string {
	return map[string]string{
		"MLmodel":          "flavors:\n  python_function:\n    loader_module: m\n    python_version: 3.11.2\nmlflow_version: 3.17.2\n",
		"requirements.txt": requirements,
	}
}

func readWith(t *testing.T, requirements string) (*Model, error) {
	t.Helper()
	var pairs []string
	for name, text := range modelWith(requirements) {
		pairs = append(pairs, name, text)
	}
	m, _, err := Read(files(pairs...), ".")
	return m, err
}

// Every kind of line that a model may have and that cannot be installed says which
// key mends it, and none says to change the model.
func TestRefused(t *testing.T) {
	for _, c := range []struct{ line, name, hint string }{
		{"numpy @ file:///croot/numpy_1/work/dist/numpy-2.4.6-cp311-cp311-linux_x86_64.whl#sha256=00", "numpy", `override = ["numpy==2.4.6"]`},
		{"numpy @ file:///croot/numpy_1/work", "numpy", `override = ["numpy==VERSION"]`},
		{"file:///home/me/wheels/My_Tool-1.0-py3-none-any.whl", "my-tool", `override = ["my-tool==1.0"]`},
		{`C:\wheels\tool-1.0-py3-none-any.whl`, "tool", `override = ["tool==1.0"]`},
		{"./wheels/tool-1.0-py3-none-any.whl", "tool", `override = ["tool==1.0"]`},
		{"numpy=1.26.4", "numpy", `override = ["numpy==1.26.4"]`},
		{"numpy==", "numpy", `without = ["numpy"]`},
		{"a==1 --config-settings=x=y", "a", `override = ["a==1"]`},
		{"-e .", "", `without = ["-e ."] to leave the line out, and put the project's code under code`},
		{"--editable=./src", "", `without = ["--editable=./src"]`},
		{"-r more.txt", "", `without = ["-r more.txt"]`},
		{"hg+https://example.com/x#egg=tool", "tool", `without = ["tool"]`},
		{"git+git@example.com:a/b.git", "", "without = ["},
		{"./src-1.0.tar.gz", "", `without = ["./src-1.0.tar.gz"] to leave the line out, and name what takes its place under requirements`},
		{"--extra-index-ulr https://example.com/", "", "did you mean --extra-index-url?"},
		{"--extra-index-url https://${USER}:${TOKEN}@example.com/simple", "", `without = ["--extra-index-url https://$${USER}:$${TOKEN}@example.com/simple"] to leave the line out, and declare the index`},
		{"föö==1", "", `without = ["föö==1"]`},
	} {
		m, err := readWith(t, "good==1\n"+c.line+" # why\nother==2\n")
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
			continue
		}
		if len(m.Requirements) != 2 || len(m.Refused) != 1 {
			t.Errorf("%s: requirements %v, refused %v", c.line, m.Requirements, m.Refused)
			continue
		}
		r := m.Refused[0]
		if r.Name != c.name || r.Text != c.line || r.Err.Line != 2 || r.Err.File != "requirements.txt" || !strings.Contains(r.Err.Hint, c.hint) {
			t.Errorf("%s: name %q, hint %q; want %q and %q\n%v", c.line, r.Name, r.Err.Hint, c.name, c.hint, r.Err)
		}
		for _, word := range []string{"take it out", "replace it", "put the file", "rename", "download it"} {
			if strings.Contains(r.Err.Error(), word) {
				t.Errorf("%s: the error tells to change the model: %v", c.line, r.Err)
			}
		}
	}
}

// A credential in a model cannot be mended by leaving out its line: the file goes
// into the image.
func TestRefusedCredentials(t *testing.T) {
	for _, line := range []string{"--extra-index-url https://me:hunter2@example.com/simple", "a @ https://example.com/t/hunter2/a-1-py3-none-any.whl"} {
		_, err := readWith(t, line)
		var fault *SourceError
		if !errors.As(err, &fault) || !strings.Contains(fault.Hint, "requirements.txt in .dockerignore") || strings.Contains(err.Error()+fault.Text, "hunter2") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestRefusedError(t *testing.T) {
	m, err := readWith(t, "a @ file:///x/a-1.0-py3-none-any.whl\nb==2\nc @ file:///x\n-e .\nd @ file:///d-2.tar.gz\n")
	if err != nil {
		t.Fatal(err)
	}
	got := RefusedError(m.Refused).Error()
	want := "requirements.txt:1: a file: URL names a place on the machine where the requirements were written; 3 more lines cannot be installed either" +
		` (for all of them, write in [environment] of the Deployfile: override = ["a==1.0", "c>=0", "d==2"] and without = ["-e ."] (>=0 is any version; write ==VERSION where it matters))`
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// A file of the model that nobody reads goes into the image, too.
func TestCredentialsInUnreadFiles(t *testing.T) {
	const token = "https://conda.example.com/t/hunter2/acme"
	for _, name := range []string{"conda.yaml", "uv.lock", "pyproject.toml", "original_requirements.txt", "pip.conf"} {
		fsys := files("MLmodel", modelWith("")["MLmodel"], "python_env.yaml", "python: 3.11.2\n", name, "a: 1\n# "+token+"\n")
		_, _, err := Read(fsys, ".")
		var fault *SourceError
		if !errors.As(err, &fault) || fault.File != name || fault.Line != 2 || strings.Contains(err.Error()+fault.Text, "hunter2") {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, warnings, err := Read(files("MLmodel", modelWith("")["MLmodel"]+"metadata: {from: "+token+"}\n", "python_env.yaml", "python: 3.11.2\n"), ".")
	if err != nil || len(warnings) == 0 || !strings.Contains(warnings[0].Message, "revoke it") {
		t.Errorf("%v, %v", warnings, err)
	}
}

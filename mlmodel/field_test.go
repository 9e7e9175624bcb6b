package mlmodel

import (
	"slices"
	"strings"
	"testing"
)

// What public reports have in the files of models, and what becomes of it.
func TestReadAsInTheField(t *testing.T) {
	read := func(pairs ...string) (*Model, []string) {
		t.Helper()
		m, warnings, err := Read(files(append([]string{"MLmodel", condaModel}, pairs...)...), ".")
		if err != nil {
			t.Fatal(err)
		}
		var said []string
		for _, w := range warnings {
			said = append(said, w.Message)
		}
		return m, said
	}
	texts := func(m *Model) (out []string) {
		for _, r := range m.Requirements {
			out = append(out, r.Text)
		}
		return out
	}

	// A python_env.yaml under the name of conda's file, as kedro-mlflow had it.
	m, said := read("conda.yaml", "python: 3.10.9\nbuild_dependencies: [pip==23.0]\ndependencies:\n- -r requirements.in\n- --extra-index-url https://example.com/simple\n- mlflow==2.9.2\n", "requirements.in", "scikit-learn~=1.5.0\n")
	if got := texts(m); m.Python != "3.10.9" || !slices.Equal(got, []string{"scikit-learn~=1.5.0", "mlflow==2.9.2"}) || len(m.ExtraIndexURLs) != 1 || len(said) != 1 {
		t.Errorf("Python %s, %q, %q", m.Python, got, said)
	}

	// What pip freeze lists on Debian.
	m, said = read("requirements.txt", "a==1\npkg-resources==0.0.0\npkg_resources==0.0.0 # why\n")
	if got := texts(m); !slices.Equal(got, []string{"a==1"}) || len(said) != 2 || !strings.HasPrefix(said[1], "pkg_resources==0.0.0 is left out") {
		t.Errorf("%q, %q", got, said)
	}

	// The end of a file of DOS.
	m, said = read("requirements.txt", "a==1\r\nb==2\r\n\x1a", "python_env.yaml", "python: 3.11.7\r\ndependencies: [-r requirements.txt]\r\n\x1a\r\n")
	if got := texts(m); !slices.Equal(got, []string{"a==1", "b==2"}) || len(said) > 0 {
		t.Errorf("%q, %q", got, said)
	}

	// A place on the machine that logged the model.
	for _, name := range []string{"/dbfs/models/w.bin", "../w.bin", `C:\models\w.bin`} {
		fsys := files("MLmodel", strings.Replace(condaModel, "    env:", "    artifacts:\n      w: {path: '"+name+"', uri: x}\n    env:", 1), "requirements.txt", "a")
		if _, _, err := Read(fsys, "."); err != nil {
			t.Fatal(err)
		}
		err := CheckFiles(fsys, ".")
		checkFault(t, err, "MLmodel:4", "artifact w names "+strings.ReplaceAll(name, `\`, "/")+", which is outside of the model's directory", "mlflow artifacts download")
		checkAdvice(t, err)
	}
}

//go:build integration

package python

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestWheel installs the wheel into an empty environment without a network, in each way
// that pip has, and runs the program from there.
func TestWheel(t *testing.T) {
	dir, root := t.TempDir(), repository(t)
	u, wheel := user{T: t, dir: dir}, built(t, dir)
	want := u.run(root, nil, "bin/deployfile", "version")
	u.run(dir, nil, shared.Python, "-m", "venv", "env")
	install := []string{"-m", "pip", "install", "--no-index", "--disable-pip-version-check"}
	packages := u.run(dir, nil, "env/bin/python", "-c", "import sysconfig; print(sysconfig.get_path('purelib', vars={'base': 'own'}))")
	for _, way := range []struct {
		name, scripts, packages string
		options                 []string
	}{
		{"target", "lib/bin", "lib", []string{"--target", "lib"}},
		{"prefix", "own/bin", strings.TrimSpace(packages), []string{"--prefix", "own"}},
		{"environment", "env/bin", "", nil},
	} {
		t.Run(way.name, func(t *testing.T) {
			u := user{t, dir}
			u.run(dir, nil, "env/bin/python", slices.Concat(install, way.options, []string{wheel})...)
			var env []string
			if way.packages != "" {
				env = append(env, "PYTHONPATH="+filepath.Join(dir, way.packages))
			}
			if got := u.run(dir, nil, filepath.Join(dir, way.scripts, "deployfile"), "version"); got != want {
				t.Errorf("the program says %q, and the one that was packed %q", got, want)
			}
			if got := u.run(dir, env, "env/bin/python", "-m", "deployfile", "version"); got != want {
				t.Errorf("python -m deployfile says %q, and the program %q", got, want)
			}
			at := strings.TrimSpace(u.run(dir, env, "env/bin/python", "-c", "import deployfile; print(deployfile.find_program())"))
			if want := filepath.Join(dir, way.scripts, "deployfile"); at != want {
				t.Errorf("the program is %s, want %s", at, want)
			}
		})
	}
	if err := os.CopyFS(filepath.Join(dir, "iris/model"), os.DirFS(filepath.Join(root, "examples/iris/model"))); err != nil {
		t.Fatal(err)
	}
	u.run(filepath.Join(dir, "iris"), nil, filepath.Join(dir, "env/bin/deployfile"), "init", "model")
	if got := u.run(filepath.Join(dir, "iris"), nil, filepath.Join(dir, "env/bin/python"), "-m", "deployfile", "check", "--json"); !strings.Contains(got, `"unlocked-build"`) {
		t.Errorf("check says %s", got)
	}
	for _, name := range []string{"api", "surface", "aio", "file"} {
		u.run(dir, nil, "env/bin/python", filepath.Join(root, "integration/python", name+"_test.py"), "iris")
	}
	// An exit code and a wrong place are those of the program.
	c := exec.Command(filepath.Join(dir, "env/bin/python"), "-m", "deployfile", "build", "--no-such-flag")
	if _ = c.Run(); c.ProcessState.ExitCode() != 2 {
		t.Errorf("the exit code is %d, want 2", c.ProcessState.ExitCode())
	}
	c = exec.Command(filepath.Join(dir, "env/bin/python"), "-m", "deployfile", "version")
	c.Env = append(os.Environ(), "DEPLOYFILE_PROGRAM=/nowhere")
	if out, err := c.CombinedOutput(); err == nil || !strings.Contains(string(out), "DEPLOYFILE_PROGRAM names /nowhere, which is no file") {
		t.Errorf("a program that is not there: %s, %v", out, err)
	}
}

// TestPlugin has MLflow find the wheel as a target of its deployments.
func TestPlugin(t *testing.T) {
	dir, root, python := t.TempDir(), repository(t), shared.Python
	u, lib := user{t, dir}, installed(t, dir, python)
	if err := os.CopyFS(filepath.Join(dir, "iris/model"), os.DirFS(filepath.Join(root, "examples/iris/model"))); err != nil {
		t.Fatal(err)
	}
	u.run(filepath.Join(dir, "iris"), nil, filepath.Join(lib, "bin/deployfile"), "init", "model")
	u.run(dir, []string{"PYTHONPATH=" + lib}, python, filepath.Join(root, "integration/python/plugin_test.py"), "iris")
}

// TestTypes has the package checked as strictly as it is for its users.
func TestTypes(t *testing.T) {
	python := filepath.Join(repository(t), "python")
	u, interpreter := user{t, python}, shared.Python
	u.run(python, nil, interpreter, "-m", "mypy", "--strict", "--cache-dir", t.TempDir(), "-p", "deployfile", "-p", "generator")
	u.run(python, nil, interpreter, "-m", "basedpyright", "--project", python, "--pythonpath", interpreter)
}

// TestNotebook draws results, and progress with tqdm and with rich.
func TestNotebook(t *testing.T) {
	root := repository(t)
	env := []string{"PYTHONPATH=" + filepath.Join(root, "python")}
	user{t, root}.run(root, env, shared.Python, "integration/python/notebook_test.py")
}

// TestHostileServer asks a model's server that leads elsewhere, has no end and writes to the
// terminal.
func TestHostileServer(t *testing.T) {
	root := repository(t)
	env := []string{"PYTHONPATH=" + filepath.Join(root, "python")}
	user{t, root}.run(root, env, shared.Python, "integration/python/server_test.py")
}

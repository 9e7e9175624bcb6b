//go:build integration

package modelsource

import (
	"bytes"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

// commandLine is the variable that makes the program of the tests the command line.
const commandLine = "TESTS_ARE_DEPLOYFILE"

// user is a user of the command line, with a home and a cache of their own.
type user struct {
	home string
	env  []string
}

func newUser(t *testing.T, env map[string]string) *user {
	t.Helper()
	u := &user{home: t.TempDir()}
	u.env = append(os.Environ(), commandLine+"=1", "HOME="+u.home, "XDG_CACHE_HOME="+filepath.Join(u.home, "cache"))
	for name, value := range env {
		u.env = append(u.env, name+"="+value)
	}
	return u
}

// cached returns how many bytes of models the user has in the cache.
func (u *user) cached(t *testing.T) (size int64) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(u.home, "cache", "deployfile", "models"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return nil
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return size
}

// command is a command line of deployfile.
func (u *user) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	c := exec.CommandContext(t.Context(), os.Args[0], args...)
	c.Env = u.env
	return c
}

// built are the flags of commands that build, with these contexts.
func built(contexts map[string]string) []string {
	return append([]string{"--builder", shared.Builder.Address, "--progress", "plain"}, lab.BuildContexts(contexts)...)
}

// run runs a command of deployfile that builds, on a project.
func (u *user) run(t *testing.T, p *lab.Project, args ...string) (string, error) {
	t.Helper()
	args = append(append(args, built(p.Contexts)...), p.Dir)
	out, err := u.command(t, args...).CombinedOutput()
	return string(out), err
}

// image locks a project, and builds it as another user whose cache is empty. It returns
// the image's digest, and that user.
func image(t *testing.T, p *lab.Project, env map[string]string) (string, *user) {
	t.Helper()
	if out, err := newUser(t, env).run(t, p, "lock"); err != nil {
		t.Fatalf("deployfile lock: %v\n%s", err, lab.Tail(out))
	}
	u := newUser(t, env)
	return u.build(t, p), u
}

func (u *user) build(t *testing.T, p *lab.Project) string {
	t.Helper()
	iid := filepath.Join(t.TempDir(), "iid")
	if out, err := u.run(t, p, "build", "--locked", "--iidfile", iid); err != nil {
		t.Fatalf("deployfile build: %v\n%s", err, lab.Tail(out))
	}
	id, err := os.ReadFile(iid)
	if err != nil {
		t.Fatal(err)
	}
	return string(id)
}

const tinyModel = "flavors:\n  python_function:\n    loader_module: tiny\n    python_version: 3.11.2\nrun_id: abc123\nutc_time_created: '2026-01-02 03:04:05.678901'\n"

// tinyFiles are the files of a model; one is so large that it has a layer of its own.
func tinyFiles(t *testing.T) map[string]string {
	t.Helper()
	return filesWith(t, 7, 5<<20)
}

// filesWith are such files with so many bytes of weights, others for each seed.
func filesWith(t *testing.T, seed byte, size int64) map[string]string {
	t.Helper()
	var weights bytes.Buffer
	if _, err := io.CopyN(&weights, rand.NewChaCha8([32]byte{seed}), size); err != nil {
		t.Fatal(err)
	}
	return map[string]string{"MLmodel": tinyModel, "requirements.txt": "", "data/vocabulary.txt": "a\nb\n", "data/weights.bin": weights.String()}
}

// tinyProject is a project whose model is what the source names; "model" is a directory
// with these files.
func tinyProject(t *testing.T, source string, files map[string]string) *lab.Project {
	t.Helper()
	p := lab.Tiny(t, shared.Parts, "")
	if err := os.RemoveAll(p.Path("model")); err != nil {
		t.Fatal(err)
	}
	if source == "model" {
		for name, text := range files {
			p.Write(t, "model/"+name, text)
		}
		return p
	}
	p.Edit(t, "Deployfile", `source = "model"`, `source = "`+source+`"`)
	return p
}

// directoryImage returns the image of the model's directory.
func directoryImage(t *testing.T, files map[string]string) string {
	t.Helper()
	id, _ := image(t, tinyProject(t, "model", files), nil)
	return id
}

// givesImage asserts that a source gives the image that the model's directory gives, and
// that a model which the builder reaches does not pass through the client.
func givesImage(t *testing.T, source, want string, env map[string]string, through bool) {
	t.Helper()
	p := tinyProject(t, source, nil)
	got, u := image(t, p, env)
	if got != want {
		t.Errorf("%s gives the image %s, the directory %s", source, got, want)
	}
	if moved := u.cached(t); (moved > 0) != through {
		t.Errorf("%s: %d bytes passed through the client", source, moved)
	}
	if lock := p.Read(t, "Deployfile.lock"); strings.Contains(lock, "s3cr3t") {
		t.Errorf("the lock has a credential:\n%s", lock)
	}
}

// ownAddress is an address of this machine besides the loopback: the steps of the tests'
// builder reach it.
func ownAddress(t *testing.T) string {
	t.Helper()
	address, err := lab.OwnAddress()
	if err != nil {
		t.Fatal(err)
	}
	return address
}

// fails locks a project, which must fail with an error at the line of the source.
func fails(t *testing.T, source string, env map[string]string, want ...string) {
	t.Helper()
	out, err := newUser(t, env).run(t, tinyProject(t, source, nil), "lock")
	if err == nil {
		t.Errorf("%s is locked", source)
		return
	}
	for _, text := range append(want, "Deployfile:3", `source = "`) {
		if !strings.Contains(out, text) {
			t.Errorf("%s: the error has no %q:\n%s", source, text, lab.Tail(out))
		}
	}
	if n := strings.Count(out, "error:"); n != 1 {
		t.Errorf("%s: %d errors:\n%s", source, n, out)
	}
	if strings.Contains(out, "s3cr3t") {
		t.Errorf("%s: the output has a credential:\n%s", source, out)
	}
}

// with returns the variables with more of them.
func with(env map[string]string, more ...string) map[string]string {
	out := map[string]string{}
	maps.Copy(out, env)
	for n := 0; n < len(more); n += 2 {
		out[more[n]] = more[n+1]
	}
	return out
}

//go:build integration

package ocimodel

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// cli is a user: a home of their own, and so a cache.
type cli struct {
	*testing.T
	env []string
}

func newCLI(t *testing.T) *cli {
	home := t.TempDir()
	return &cli{t, append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))}
}

func (c *cli) command(args ...string) *exec.Cmd {
	cmd := exec.CommandContext(c.Context(), shared.deployfile, args...)
	cmd.Env = c.env
	return cmd
}

// run returns what a command prints, and fails the test if it fails.
func (c *cli) run(args ...string) string {
	c.Helper()
	cmd := c.command(args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		c.Fatalf("deployfile %v: %v\n%s%s", args, err, out, stderr.String())
	}
	return string(out)
}

// fails returns the error that a command prints.
func (c *cli) fails(args ...string) string {
	c.Helper()
	out, err := c.command(args...).CombinedOutput()
	if err == nil {
		c.Fatalf("deployfile %v did not fail:\n%s", args, out)
	}
	return string(out)
}

func decode[T any](t *testing.T, text string) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
	return v
}

// write writes a file of random bytes, the same for the same seed.
func write(t *testing.T, file string, seed byte, size int64) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(file)
	if err == nil {
		_, err = io.CopyN(f, rand.NewChaCha8([32]byte{seed}), size)
		f.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
}

const mlmodel = "flavors:\n  python_function:\n    loader_module: tiny\n    python_version: 3.11.2\nrun_id: abc123\nutc_time_created: '2026-01-02 03:04:05.678901'\n"

// model writes a model with large files of the sizes given in MiB.
func model(t *testing.T, sizes ...int64) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "model")
	for n, size := range sizes {
		write(t, filepath.Join(dir, "data", "part "+string(rune('a'+n))+".bin"), byte(n), size<<20+int64(n))
	}
	for name, text := range map[string]string{"MLmodel": mlmodel, "requirements.txt": "", "data/vocabulary.txt": "a\nb\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// sums are the hashes of a directory's files.
func sums(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(file)
		if err != nil {
			return err
		}
		defer f.Close()
		h := sha256.New()
		rel, _ := filepath.Rel(dir, file)
		_, err = io.Copy(h, f)
		out[rel] = hex.EncodeToString(h.Sum(nil))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

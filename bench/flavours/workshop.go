package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/deployfile/deployfile/report"
)

// uvVersion is the uv that makes the environments in which models are logged.
const uvVersion = "0.13.9"

// How much the environments of models may take on the disk, in bytes, before they are
// removed.
const cacheLimit = 16 << 30

// workshop has what every flavour needs.
type workshop struct {
	// dir has the builder's state and uv's cache. uv is its path.
	dir, uv string
	// keep is where projects are kept, "" for nowhere.
	keep string
	root string
}

func newWorkshop(ctx context.Context, keep string) (*workshop, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	root, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	w := &workshop{dir: filepath.Join(cache, "deployfile", "flavours"), keep: keep, root: root}
	tools := filepath.Join(w.dir, "uv-"+uvVersion)
	w.uv = filepath.Join(tools, "bin", "uv")
	if _, err := os.Stat(w.uv); err == nil {
		return w, nil
	}
	python := os.Getenv("DEPLOYFILE_TEST_PYTHON")
	for _, args := range [][]string{
		{python, "-m", "venv", tools},
		{filepath.Join(tools, "bin", "python"), "-m", "pip", "install", "--quiet", "uv==" + uvVersion},
	} {
		if out, err := w.command(ctx, root, args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(args, " "), err, out)
		}
	}
	return w, nil
}

func (w *workshop) close() {
	_ = w.command(context.Background(), w.root, w.deployfile(), "builder", "stop").Run()
}

func (w *workshop) deployfile() string { return filepath.Join(w.root, "bin", "deployfile") }

// command is a program with the workshop's own caches and builder.
func (w *workshop) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.Dir = dir
	c.Env = append(os.Environ(),
		"XDG_CACHE_HOME="+w.dir, "UV_CACHE_DIR="+filepath.Join(w.dir, "uv-cache"), "UV_PYTHON_DOWNLOADS=never", "BUILDKIT_HOST=",
		"MLFLOW_TRACKING_URI=sqlite:///"+filepath.Join(dir, "mlflow.db"), "MLFLOW_DISABLE_TELEMETRY=true", "DO_NOT_TRACK=true",
		"PYTHONDONTWRITEBYTECODE=1", "CUDA_VISIBLE_DEVICES=", "TOKENIZERS_PARALLELISM=false", "HF_HUB_OFFLINE=1")
	return c
}

// try makes one flavour and says what came of it.
func (w *workshop) try(ctx context.Context, name string) (r result) {
	dir, err := os.MkdirTemp("", "flavour-"+name+"-")
	if err != nil {
		return result{Failure: err.Error()}
	}
	defer w.tidy(dir, name)
	script := filepath.Join(w.root, models, name+ending)
	if err := w.say(ctx, dir, "log", w.uv, "run", "--quiet", "--no-project", "--python", os.Getenv("DEPLOYFILE_TEST_PYTHON"), "--script", script, dir); err != nil {
		return result{Failure: "cannot be logged here: " + err.Error()}
	}
	version, err := os.ReadFile(filepath.Join(dir, "mlflow"))
	if err != nil {
		return result{Failure: err.Error()}
	}
	r = result{MLflow: string(version), Package: ownPackage(script, dir)}
	if err := w.build(ctx, dir, &r); err != nil {
		r.Failure = err.Error()
	}
	return r
}

func (w *workshop) build(ctx context.Context, dir string, r *result) error {
	if err := w.say(ctx, dir, "init", w.deployfile(), "init"); err != nil {
		return fmt.Errorf("init: %w", err)
	}
	base := []string{"--build-context", "base=oci-layout://" + os.Getenv("DEPLOYFILE_TEST_BASE"), "--build-context", "toolchain=oci-layout://" + os.Getenv("DEPLOYFILE_TEST_TOOLCHAIN")}
	if ca := os.Getenv("SSL_CERT_FILE"); ca != "" {
		base = append(base, "--secret", "id=ca,src="+ca)
	}
	base = append(base, "--progress", "plain", "--disk-limit", "12GB")
	deployfile := func(step string, args ...string) error {
		return w.say(ctx, dir, step, append(append([]string{w.deployfile()}, args...), base...)...)
	}
	if err := deployfile("lock", "lock"); err != nil {
		return fmt.Errorf("lock: %w", err)
	}
	if err := deployfile("build", "build", "--locked"); err != nil {
		return fmt.Errorf("build: %w", err)
	}
	if err := deployfile("sizes", "plan", "--sizes", "--json"); err != nil {
		return fmt.Errorf("plan --sizes: %w", err)
	}
	var err error
	if r.Size, err = installedSize(filepath.Join(dir, "sizes.out")); err != nil {
		return err
	}
	start := time.Now()
	if err := deployfile("predict", "predict", "-i", "request.json"); err != nil {
		return fmt.Errorf("predict: %w", err)
	}
	r.Seconds = time.Since(start).Seconds()
	return compare(filepath.Join(dir, "answer.json"), filepath.Join(dir, "predict.out"))
}

// say runs a program, keeps what it prints in STEP.out and STEP.err, and has the end
// of that in its error.
func (w *workshop) say(ctx context.Context, dir, step string, args ...string) error {
	c := w.command(ctx, dir, args...)
	var out, complaints bytes.Buffer
	c.Stdout, c.Stderr = &out, &complaints
	err := c.Run()
	keep := errors.Join(os.WriteFile(filepath.Join(dir, step+".out"), out.Bytes(), 0o644), os.WriteFile(filepath.Join(dir, step+".err"), complaints.Bytes(), 0o644))
	if err == nil {
		return keep
	}
	return errors.New(w.lastLines(complaints.String()+out.String(), dir))
}

// lastLines is the end of what a program printed, on one line and without the places
// of this machine.
func (w *workshop) lastLines(text, dir string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	text = strings.Join(strings.Fields(strings.Join(lines[max(0, len(lines)-4):], " ")), " ")
	for _, place := range []string{dir, w.dir, w.root, os.Getenv("HOME")} {
		if place != "" && place != "/" {
			text = strings.ReplaceAll(text, place, "…")
		}
	}
	return regexp.MustCompile(`https?://[^\s)]+`).ReplaceAllString(text, "…")
}

// tidy removes what a flavour has left, so that the disk holds one at a time.
func (w *workshop) tidy(dir, name string) {
	if w.keep != "" {
		kept := filepath.Join(w.keep, name)
		_ = os.RemoveAll(kept)
		_ = os.CopyFS(kept, os.DirFS(dir))
	}
	_ = os.RemoveAll(dir)
	if cache := filepath.Join(w.dir, "uv-cache"); treeSize(cache) > cacheLimit {
		_ = os.RemoveAll(cache)
	}
}

func treeSize(dir string) (size int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, err := d.Info(); err == nil {
				size += info.Size()
			}
		}
		return nil
	})
	return size
}

// installedSize is the size of an image in the JSON of plan --sizes.
func installedSize(file string) (int64, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	var all []report.Sizes
	if err := json.Unmarshal(data, &all); err != nil || len(all) != 1 {
		return 0, fmt.Errorf("%s has not the sizes of one platform: %w", filepath.Base(file), err)
	}
	return all[0].Installed, nil
}

// ownPackage is the first package that a script requires beside MLflow, with the
// version that the model names.
func ownPackage(script, dir string) string {
	text, err := os.ReadFile(script)
	if err != nil {
		return ""
	}
	_, list, _ := strings.Cut(string(text), "dependencies = ")
	list, _, _ = strings.Cut(list, "\n")
	var required []string
	if json.Unmarshal([]byte(list), &required) != nil || len(required) < 2 {
		return ""
	}
	name := required[1][:len(required[1])-len(strings.TrimLeft(required[1], "abcdefghijklmnopqrstuvwxyz-0123456789"))]
	pinned, err := os.ReadFile(filepath.Join(dir, "model", "requirements.txt"))
	if err != nil {
		return name
	}
	for line := range strings.Lines(string(pinned)) {
		if is, version, ok := strings.Cut(strings.TrimSpace(line), "=="); ok && is == name {
			return name + " " + version
		}
	}
	return name
}

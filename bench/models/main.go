// Command models measures what it takes to push a large model to a registry on this
// machine and to build from it, against the least that any program needs for that, the
// sha256 of the file and a plain upload of it, and against a Dockerfile that copies it.
//
// Usage: models [-size MiB] [-rounds N] [-copy=false]
package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/deployfile/deployfile/internal/testing/lab"
)

func main() {
	size := flag.Int64("size", 1024, "size of the model's file in MiB")
	rounds := flag.Int("rounds", 3, "how often to measure; the medians are printed")
	// The Dockerfile needs another four times the file's size on the disk.
	copies := flag.Bool("copy", true, "measure the Dockerfile, too")
	flag.Parse()
	if err := run(context.Background(), *size<<20, *rounds, *copies); err != nil {
		fmt.Fprintln(os.Stderr, "models:", err)
		os.Exit(1)
	}
}

// measured are the seconds of each thing.
type measured struct {
	hash, plain, push, again, lock, build, copied []float64
	memory                                        int64 // the most that a push needed, in bytes
	sent                                          int64 // by a build
}

func run(ctx context.Context, size int64, rounds int, copies bool) (err error) {
	parts, err := lab.FindParts("./bench/models")
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	d, err := lab.StartDaemon(filepath.Join(dir, "b"))
	if err != nil {
		return err
	}
	defer d.Stop()
	var m measured
	for n := range rounds {
		// The files of a round are larger than all else on the disk.
		at := filepath.Join(dir, fmt.Sprint(n))
		if err := errors.Join(round(ctx, &m, at, size, byte(n), parts, d.Address, copies), os.RemoveAll(at)); err != nil {
			return err
		}
	}
	least := median(m.hash) + median(m.plain)
	fmt.Printf("| a model of %d MiB | seconds |\n|---|--:|\n", size>>20)
	fmt.Printf("| sha256 of the file | %.2f |\n| plain upload | %.2f |\n", median(m.hash), median(m.plain))
	fmt.Printf("| `model push` | %.2f (%.2f of both) |\n| `model push` again | %.2f |\n", median(m.push), median(m.push)/least, median(m.again))
	fmt.Printf("| `lock` | %.2f |\n| `build --push --no-verify` of the locked model | %.2f |\n", median(m.lock), median(m.build))
	if copies {
		fmt.Printf("| a Dockerfile with `COPY model`, built and pushed by BuildKit | %.2f |\n", median(m.copied))
	}
	fmt.Printf("\nA push needs %d MiB of memory at most, and a build sends %d kB.\n", m.memory>>20, m.sent/1000)
	return nil
}

// round measures once, with a new registry and another model.
func round(ctx context.Context, m *measured, dir string, size int64, seed byte, parts lab.Parts, builder string, copies bool) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	registry, err := lab.NewRegistry(filepath.Join(dir, "registry"))
	if err != nil {
		return err
	}
	defer registry.Stop()
	project := filepath.Join(dir, "project")
	file := filepath.Join(dir, "model", "data", "weights.bin")
	if err := writeModel(project, file, seed, size, registry.Host); err != nil {
		return err
	}
	var sum string
	if err := timed(&m.hash, func() (err error) { sum, err = hash(file); return err }); err != nil {
		return err
	}
	if err := plain(ctx, m, filepath.Join(dir, "plain"), file, sum); err != nil {
		return err
	}
	push := []string{"model", "push", registry.Host + "/models/large:1", filepath.Dir(filepath.Dir(file))}
	if err := timed(&m.push, func() error { return m.deployfile(ctx, dir, push...) }); err != nil {
		return err
	}
	if err := timed(&m.again, func() error { return m.deployfile(ctx, dir, push...) }); err != nil {
		return err
	}
	flags := []string{"--builder", builder, "--progress", "plain"}
	for name, value := range parts.Contexts() {
		flags = append(flags, "--build-context", name+"="+value)
	}
	lock := slices.Concat([]string{"lock"}, flags, []string{project})
	if err := timed(&m.lock, func() error { return m.deployfile(ctx, dir, lock...) }); err != nil {
		return err
	}
	build := slices.Concat([]string{"build", "--locked", "--no-verify", "--push", "--tag", registry.Host + "/images/large:1"}, flags, []string{project})
	var failed error
	uploads := registry.Uploads(func() {
		failed = timed(&m.build, func() error { return m.deployfile(ctx, dir, build...) })
	})
	if failed != nil {
		return failed
	}
	if err := m.count(ctx, registry.Host, uploads); err != nil || !copies {
		return err
	}
	return timed(&m.copied, func() error { return copied(ctx, filepath.Join(dir, "model"), registry.Host, builder) })
}

// plain uploads a file to a registry of its own, which keeps nothing.
func plain(ctx context.Context, m *measured, dir, file, sum string) error {
	registry, err := lab.NewRegistry(dir)
	if err != nil {
		return err
	}
	err = timed(&m.plain, func() error { return upload(ctx, registry.Host, file, sum) })
	registry.Stop()
	return errors.Join(err, os.RemoveAll(dir))
}

// copied builds and pushes an image with a copy of the model, as a Dockerfile does it.
func copied(ctx context.Context, model, registry, builder string) error {
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "Dockerfile"), []byte("FROM scratch\nCOPY . /opt/model\n"), 0o644); err != nil {
		return err
	}
	out, err := exec.CommandContext(ctx, "buildctl", "--addr", builder, "build", "--frontend", "dockerfile.v0", "--local", "context="+model, "--local", "dockerfile="+dir,
		"--output", "type=image,name="+registry+"/images/copied:1,push=true,registry.insecure=true").CombinedOutput()
	if err != nil {
		return fmt.Errorf("buildctl: %w\n%s", err, out)
	}
	return nil
}

// count adds up what was uploaded: the sizes of the blobs.
func (m *measured) count(ctx context.Context, host string, digests []string) error {
	m.sent = 0
	for _, d := range digests {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, "http://"+host+"/v2/images/large/blobs/"+d, nil)
		if err != nil {
			return err
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return err
		}
		resp.Body.Close()
		m.sent += resp.ContentLength
	}
	return nil
}

func writeModel(project, file string, seed byte, size int64, registry string) error {
	for name, text := range map[string]string{
		filepath.Join(project, "Deployfile"):                          "[model]\nname = \"large\"\nsource = \"oci://" + registry + "/models/large:1\"\n\n[server]\nkind = \"command\"\ncommand = [\"python\", \"-V\"]\n",
		filepath.Join(filepath.Dir(filepath.Dir(file)), "MLmodel"):    "flavors:\n  python_function:\n    loader_module: large\n    python_version: 3.11.2\n",
		filepath.Join(filepath.Dir(filepath.Dir(file)), "readme.txt"): strings.Repeat("x", 100),
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.NewChaCha8([32]byte{seed, 1}), size)
	return errors.Join(err, f.Sync(), f.Close())
}

func timed(to *[]float64, f func() error) error {
	began := time.Now()
	err := f()
	*to = append(*to, time.Since(began).Seconds())
	return err
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func hash(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	_, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), err
}

// upload sends a file as a blob in one request.
func upload(ctx context.Context, host, file, sum string) error {
	resp, err := http.Post("http://"+host+"/v2/plain/blobs/uploads/", "", nil)
	if err != nil {
		return err
	}
	resp.Body.Close()
	at, err := resp.Location()
	if err != nil {
		return err
	}
	q := at.Query()
	q.Set("digest", "sha256:"+sum)
	at.RawQuery = q.Encode()
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPut, at.String(), f)
	if err != nil {
		return err
	}
	req.ContentLength = info.Size()
	req.Header.Set("Content-Type", "application/octet-stream")
	if resp, err = http.DefaultClient.Do(req); err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("the upload ended with %s", resp.Status)
	}
	return nil
}

// deployfile runs the program of PATH, and keeps the most memory that a push needed.
func (m *measured) deployfile(ctx context.Context, home string, args ...string) error {
	cmd := exec.CommandContext(ctx, "deployfile", args...)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("deployfile %s: %w\n%s", args[0], err, out.String())
	}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok && args[0] == "model" {
		m.memory = max(m.memory, usage.Maxrss<<10)
	}
	return nil
}

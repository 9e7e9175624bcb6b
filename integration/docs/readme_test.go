//go:build integration

package docs

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/manifests/kinds"
)

// TestReadmeFile reads the Deployfile at the top.
func TestReadmeFile(t *testing.T) {
	b := coveredBy(t, readme)[0]
	file, _, err := deployfile.Parse("Deployfile", []byte(b.text), kinds.All())
	if err != nil || file.Model.Source != "model" {
		t.Errorf("%v, %v", file, err)
	}
}

// TestReadmeInstall installs the program from the checkout instead of the module's
// origin.
func TestReadmeInstall(t *testing.T) {
	b := coveredBy(t, readme)[0]
	text := strings.Replace(b.text, "github.com/deployfile/deployfile/cmd/deployfile@latest", "./cmd/deployfile", 1)
	bin := t.TempDir()
	c := exec.Command("bash", "-c", shell+text)
	c.Dir = repository(t)
	c.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := c.CombinedOutput(); err != nil || text == b.text {
		t.Fatalf("%s: %v\n%s", text, err, out)
	}
	if out, err := exec.Command(filepath.Join(bin, "deployfile"), "version").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// alone makes commands in a network of their own, where all ports are free.
func alone(t *testing.T) func(ctx context.Context, name string, args ...string) *exec.Cmd {
	t.Helper()
	holder := exec.Command("unshare", "--net", "sh", "-c", "ip link set lo up && echo up && exec sleep infinity")
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = holder.Process.Kill()
		_ = holder.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "up\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return func(ctx context.Context, name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(ctx, "nsenter", append([]string{fmt.Sprintf("--net=/proc/%d/ns/net", holder.Process.Pid), "--", name}, args...)...)
		c.Env = append(os.Environ(), "NO_PROXY=*", "no_proxy=*")
		return c
	}
}

// TestReadmeFirstHour runs the first block until the model answers, the second
// meanwhile as in another shell, and presses Ctrl-C. Then it trains the model again, and
// runs it without a lock of its own.
func TestReadmeFirstHour(t *testing.T) {
	all := coveredBy(t, readme)
	r := newReader(t, alone(t))
	r.serve(t, all[0].text, all[1])
	example := filepath.Join(r.dir, "model", "input_example.json")
	data, err := os.ReadFile(example)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(example, append(data, '\n'), 0o600); err != nil {
		t.Fatal(err)
	}
	if log := r.serve(t, "deployfile run", all[1]); !strings.Contains(log, `Deployfile.lock is written again: model file "input_example.json"`) {
		t.Errorf("it does not say that it locked the model:\n%s", lab.Tail(log))
	}
}

// serve runs a text that serves the model, asks meanwhile, presses Ctrl-C, and returns
// what was logged.
func (r *reader) serve(t *testing.T, text string, ask block) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), blockLimit)
	defer cancel()
	served := r.shell(ctx, text)
	served.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log strings.Builder
	served.Stderr = &log
	out, err := served.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := served.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v: %v\n%s", err, served.Wait(), lab.Tail(log.String()))
		}
		if strings.Contains(line, "http://127.0.0.1:8080") {
			break
		}
	}
	if answer, asked, err := r.run(t, ask); err != nil || !strings.Contains(answer, `"predictions"`) {
		t.Errorf("%v\n%s\n%s", err, answer, asked)
	}
	if err := syscall.Kill(-served.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = lines.ReadString('\n')
	}
	if err := served.Wait(); err != nil {
		t.Errorf("Ctrl-C: %v\n%s", err, lab.Tail(log.String()))
	}
	// Uvicorn names the address in its container, which is not the one to call.
	if own := regexp.MustCompile(`(?m)^INFO:.*0\.0\.0\.0`); !strings.Contains(log.String(), "\nINFO:     Started server process") || own.MatchString(log.String()) {
		t.Errorf("another address than the server's:\n%s", lab.Tail(log.String()))
	}
	return log.String()
}

// TestReadmeBuildx pushes the frontend image to a registry of the test, and builds
// with buildx alone. Where the machine trusts an authority of its own, the builder has to
// as well.
func TestReadmeBuildx(t *testing.T) {
	all := coveredBy(t, readme)
	r := newReader(t, here, "BUILDX_CONFIG="+t.TempDir())
	r.names = strings.NewReplacer("registry.example.com", lab.StartRegistry(t).Host)
	flags := ""
	for name, value := range shared.Contexts() {
		flags += fmt.Sprintf(" --build-context '%s=%s'", name, value)
	}
	docker := fmt.Sprintf("#!/bin/sh\n[ \"$1 $2\" = 'buildx build' ] || exit 64\nshift 2\nexec buildx build --builder readme%s ${SSL_CERT_FILE:+--secret \"id=ca,src=$SSL_CERT_FILE\"} \"$@\"\n", flags)
	if err := os.WriteFile(filepath.Join(r.bin, "docker"), []byte(docker), 0o755); err != nil {
		t.Fatal(err)
	}
	project := r.dir
	for _, step := range []struct {
		dir  string
		what block
	}{
		{project, block{text: "buildx create --name readme --driver remote " + shared.builder}},
		{repository(t), all[0]},
		{project, all[1]},
	} {
		r.dir = step.dir
		if out, log, err := r.run(t, step.what); err != nil {
			t.Fatalf("%s: %v\n%s%s", step.what.text, err, out, lab.Tail(log))
		}
	}
	if _, err := os.Stat(filepath.Join(project, "Deployfile.lock")); err != nil {
		t.Error(err)
	}
}

// TestReadmeDeploy deploys to a node, after an earlier revision that can be gone back
// to.
func TestReadmeDeploy(t *testing.T) {
	n := shared.clusters.Node(t)
	models(t, n)
	all := coveredBy(t, readme)
	r := onNode(t, n, n.Kubeconfig)
	text := r.names.Replace("[model]\nsource = \"model\"\n\n" + all[0].text)
	r.write(t, text+"env = { EARLIER = \"1\" }\n")
	if out, log, err := r.run(t, block{text: "deployfile lock && deployfile deploy prod"}); err != nil {
		t.Fatalf("%v\n%s%s", err, out, lab.Tail(log))
	}
	r.write(t, text)
	r.read(t, readme, all)
	if out, log, err := r.run(t, block{text: "deployfile delete prod --yes"}); err != nil {
		t.Errorf("%v\n%s%s", err, out, log)
	}
	nothing(t, n)
}

// TestReadmeDemo runs the first line of the block; the others run this test.
func TestReadmeDemo(t *testing.T) {
	line, _, _ := strings.Cut(coveredBy(t, readme)[0].text, "\n")
	r := newReader(t, here)
	r.dir = repository(t)
	out, log, err := r.run(t, block{text: line})
	if err != nil || !strings.Contains(out, `"predictions"`) {
		t.Errorf("%v\n%s%s", err, out, lab.Tail(log))
	}
}

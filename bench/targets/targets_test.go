package targets

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/integration/cluster"
)

// count is the number of targets, as issue 5 has it.
const count = 100

// image is one that no pod of the fast cluster pulls.
const image = "registry.example.com/iris@sha256:0000000000000000000000000000000000000000000000000000000000000001"

// BenchmarkTargets says how many seconds render and diff take for all targets
// together, and how many times as long kubectl takes to compare the same
// manifests with the cluster.
func BenchmarkTargets(b *testing.B) {
	for _, program := range []string{"deployfile", "kubectl"} {
		if _, err := exec.LookPath(program); err != nil {
			b.Fatalf("%v: make bench-targets builds it", err)
		}
	}
	var clusters cluster.Shared
	b.Cleanup(clusters.Close)
	c := clusters.Fast(b)
	namespace := c.Namespace(b)
	dir := b.TempDir()
	write(b, filepath.Join(dir, "Deployfile"), deployfile(namespace))
	run := func(program string, arguments ...string) time.Duration {
		b.Helper()
		command := exec.CommandContext(b.Context(), program, arguments...)
		command.Dir = dir
		command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "HOME="+dir)
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		began := time.Now()
		err := command.Run()
		took := time.Since(began)
		if err != nil {
			b.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, tail(out.String()))
		}
		return took
	}
	run("deployfile", "deploy", "--all", "--image", image)
	run("deployfile", "render", "--all", "--image", image, "-o", "manifests")

	var render, diff, kubectl time.Duration
	for b.Loop() {
		render += run("deployfile", "render", "--all", "--image", image, "-o", "again")
		diff += run("deployfile", "diff", "--all", "--image", image)
		kubectl += run("kubectl", "diff", "--server-side", "--field-manager=deployfile", "-R", "-f", "manifests")
		if err := os.RemoveAll(filepath.Join(dir, "again")); err != nil {
			b.Fatal(err)
		}
	}
	n := float64(b.N)
	b.ReportMetric(render.Seconds()/n, "render-s")
	b.ReportMetric(diff.Seconds()/n, "diff-s")
	b.ReportMetric((render+diff).Seconds()/n, "render+diff-s")
	b.ReportMetric(kubectl.Seconds()/n, "kubectl-diff-s")
	b.ReportMetric(kubectl.Seconds()/diff.Seconds(), "kubectl/diff")

	// What differs has to be found as well.
	other := strings.Replace(deployfile(namespace), "replicas = 1", "replicas = 2", 1)
	write(b, filepath.Join(dir, "Deployfile"), other)
	command := exec.CommandContext(b.Context(), "deployfile", "diff", "--all", "--image", image)
	command.Dir = dir
	command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "HOME="+dir)
	out, err := command.CombinedOutput()
	var code *exec.ExitError
	if !errors.As(err, &code) || code.ExitCode() != 6 || !strings.Contains(string(out), "spec.replicas") {
		b.Fatalf("with one more replica of one target: %v\n%s", err, tail(string(out)))
	}
}

func deployfile(namespace string) string {
	var out strings.Builder
	out.WriteString("[model]\nname = \"iris\"\nsource = \"model\"\n")
	for n := range count {
		fmt.Fprintf(&out, "\n[targets.t%d]\nkind = \"kubernetes\"\nnamespace = %q\nimage = \"registry.example.com/iris\"\nreplicas = 1\n", n, namespace)
	}
	return out.String()
}

func write(b *testing.B, file, text string) {
	b.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		b.Fatal(err)
	}
}

// tail is the end of a long output.
func tail(text string) string { return text[max(0, len(text)-3000):] }

//go:build integration

package targets

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/cluster"
)

// count is the number of targets, as issue 5 has it.
const count = 100

// The images are ones that no pod of the fast cluster pulls.
const (
	image = "registry.example.com/iris@sha256:0000000000000000000000000000000000000000000000000000000000000001"
	other = "registry.example.com/iris@sha256:0000000000000000000000000000000000000000000000000000000000000002"
)

// differs is the exit code of a diff that finds something, kubectl's of its own.
const (
	differs        = 6
	kubectlDiffers = 1
)

// BenchmarkTargets says how many seconds render and diff take for all targets
// together, where nothing differs and where all have another image, and how many
// times as long kubectl takes to compare the same manifests with the cluster.
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
	run := func(code int, program string, arguments ...string) time.Duration {
		b.Helper()
		command := exec.CommandContext(b.Context(), program, arguments...)
		command.Dir = dir
		command.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig, "HOME="+dir)
		var out bytes.Buffer
		command.Stdout, command.Stderr = &out, &out
		began := time.Now()
		err := command.Run()
		took := time.Since(began)
		if command.ProcessState.ExitCode() != code {
			b.Fatalf("%s %s: %v\n%s", program, strings.Join(arguments, " "), err, tail(out.String()))
		}
		return took
	}
	run(0, "deployfile", "deploy", "--all", "--image", image)
	run(0, "deployfile", "render", "--all", "--image", image, "-o", "same")
	run(0, "deployfile", "render", "--all", "--image", other, "-o", "changed")

	kubectl := func(code int, manifests string) time.Duration {
		return run(code, "kubectl", "diff", "--server-side", "--field-manager=deployfile", "-R", "-f", manifests)
	}
	var render, same, changed, kubectlSame, kubectlChanged time.Duration
	for b.Loop() {
		render += run(0, "deployfile", "render", "--all", "--image", image, "-o", "again")
		same += run(0, "deployfile", "diff", "--all", "--image", image)
		changed += run(differs, "deployfile", "diff", "--all", "--image", other)
		kubectlSame += kubectl(0, "same")
		kubectlChanged += kubectl(kubectlDiffers, "changed")
		if err := os.RemoveAll(filepath.Join(dir, "again")); err != nil {
			b.Fatal(err)
		}
	}
	for name, took := range map[string]time.Duration{
		"render-s": render, "diff-s": same, "diff-all-changed-s": changed,
		"kubectl-diff-s": kubectlSame, "kubectl-diff-all-changed-s": kubectlChanged,
	} {
		b.ReportMetric(took.Seconds()/float64(b.N), name)
	}
	b.ReportMetric(kubectlSame.Seconds()/same.Seconds(), "kubectl/diff")
	b.ReportMetric(kubectlChanged.Seconds()/changed.Seconds(), "kubectl/diff-all-changed")
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

//go:build integration

package ci

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestAction runs the step of the action as GitHub's runner does, with a release at a
// server of the test's own.
func TestAction(t *testing.T) {
	data, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var action struct {
		Runs struct {
			Using string
			Steps []struct {
				Shell, Run string
				Env        map[string]string
			}
		}
	}
	if err := yaml.Unmarshal(data, &action); err != nil {
		t.Fatal(err)
	}
	if action.Runs.Using != "composite" || len(action.Runs.Steps) != 1 || action.Runs.Steps[0].Shell != "bash" {
		t.Fatalf("the action is %+v", action)
	}
	step := action.Runs.Steps[0]
	if step.Env["VERSION"] != "${{ inputs.version }}" {
		t.Errorf("the version is %q", step.Env["VERSION"])
	}
	program, err := os.ReadFile("../../bin/deployfile")
	if err != nil {
		t.Fatal(err)
	}
	name := "deployfile-linux-" + runtime.GOARCH
	releases := http.NewServeMux()
	release := func(path string, program []byte, sums string) {
		releases.HandleFunc("/deployfile/deployfile/releases/"+path+"/"+name, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(program) })
		releases.HandleFunc("/deployfile/deployfile/releases/"+path+"/SHA256SUMS", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, sums) })
	}
	sums := fmt.Sprintf("%064x  %s.cdx.json\n%x  %s\n", 1, name, sha256.Sum256(program), name)
	release("latest/download", program, sums)
	release("download/v1.0.0", program, sums)
	release("download/v1.0.1", append([]byte("#"), program...), sums)
	release("download/v1.0.2", program, "")
	server := httptest.NewServer(releases)
	defer server.Close()
	arch := map[string]string{"amd64": "X64", "arm64": "ARM64"}[runtime.GOARCH]
	for _, want := range []struct{ version, system, fails string }{
		{version: "latest"},
		{version: "v1.0.0"},
		{"v1.0.1", "", name + " is not what SHA256SUMS of the release says"},
		{"v1.0.2", "", name + " is not what SHA256SUMS of the release says"},
		{"v1.0.3", "", "404"},
		{"../../../evil", "", "not latest or one such as"},
		{"latest", "Plan9", "no deployfile is released for Plan9"},
	} {
		t.Run(want.version+want.system, func(t *testing.T) {
			temp := t.TempDir()
			system := want.system
			if system == "" {
				system = "Linux"
			}
			path := filepath.Join(temp, "path")
			c := exec.Command("bash", "-c", step.Run)
			c.Dir = temp
			c.Env = append(os.Environ(), "VERSION="+want.version, "RUNNER_OS="+system, "RUNNER_ARCH="+arch, "RUNNER_TEMP="+temp, "GITHUB_PATH="+path, "GITHUB_SERVER_URL="+server.URL, "NO_PROXY=*", "no_proxy=*")
			out, err := c.CombinedOutput()
			if want.fails != "" {
				if err == nil || !strings.Contains(string(out), want.fails) {
					t.Errorf("%v\n%s", err, out)
				}
				if _, err := os.Stat(path); err == nil {
					t.Error("it is on the PATH all the same")
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			added, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command(filepath.Join(strings.TrimSpace(string(added)), "deployfile"), "version").CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

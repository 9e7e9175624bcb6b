//go:build integration

package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	client "github.com/containerd/containerd/v2/client"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
)

// killed is the variable that makes this program a deployment, of what it holds.
const killed = "DEPLOYFILE_TEST_KILLED"

// order is what the deployment is told.
type order struct {
	Containerd containerdAt
	// Revision is record/v1 JSON with the release.
	Revision json.RawMessage
}

type containerdAt struct{ Address, Dir string }

// obey deploys, and says on standard output how far it is.
func obey(text string) error {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		return err
	}
	revision, _, err := publish.DecodeRevision(o.Revision)
	if err != nil {
		return err
	}
	release := revision.State.Live.Release
	c := &containerd{address: o.Containerd.Address, dir: o.Containerd.Dir}
	p, err := c.open(release.Target)
	if err != nil {
		return err
	}
	_, err = publish.Deploy(context.Background(), p, release, publish.Options{
		ApplyOptions: publish.ApplyOptions{Timeout: time.Minute, Progress: func(line string) { fmt.Println(line) }},
		By:           "gone@there", At: time.Now(),
	})
	return err
}

// TestKilled kills a deployment when it has stopped the old server: while it may
// still be at work nobody interferes, and then the old one serves again.
func TestKilled(t *testing.T) {
	for _, p := range places() {
		at, ok := p.engine.(*containerd)
		if !ok || p.network != "host" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			e := p.endpoint(t)
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			slow := e.release(shared.images.push(t, "2", "", fmt.Sprintf("SLOW=%d", port)))
			revision, err := publish.EncodeRevision(publish.Revision{State: manifests.State{Live: manifests.Slot{Release: slow}}})
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.Marshal(order{containerdAt{at.address, at.dir}, revision})
			if err != nil {
				t.Fatal(err)
			}
			deployment := exec.Command("/proc/self/exe")
			deployment.Env = append(os.Environ(), killed+"="+string(text))
			out, err := deployment.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := deployment.Start(); err != nil {
				t.Fatal(err)
			}
			last := ""
			for lines := bufio.NewScanner(out); lines.Scan(); {
				last = lines.Text()
				t.Log(last)
				if last == "waiting until revision 2 is ready" {
					if err := deployment.Process.Kill(); err != nil {
						t.Fatal(err)
					}
					break
				}
			}
			_ = deployment.Wait()
			if _, err := ask(e.url() + "/version"); err == nil {
				t.Fatalf("it serves after %q", last)
			}
			var busy *publish.BusyError
			if _, err := e.try(t.Context(), options(t), shared.images.push(t, "3", "")); !errors.As(err, &busy) || busy.By != "gone@there" {
				t.Errorf("%v", err)
			}
			if err := e.Delete(t.Context()); !errors.As(err, &busy) {
				t.Errorf("%v", err)
			}
			if s, err := e.Status(t.Context()); err != nil || s.Ready || !strings.Contains(s.Message, "gone@there") {
				t.Errorf("%+v, %v", s, err)
			}
			// Time passes.
			c, err := client.New(at.address, client.WithDefaultNamespace(containerdNamespace))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			r, err := c.LoadContainer(t.Context(), endpointName+"-r2")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := r.SetLabels(t.Context(), map[string]string{"io.github.deployfile.deadline": "2026-01-02T03:04:05Z"}); err != nil {
				t.Fatal(err)
			}
			var notReady *publish.NotReadyError
			if _, err := e.try(t.Context(), options(t), shared.images.push(t, "3", "crash")); !errors.As(err, &notReady) || notReady.Restored != 1 {
				t.Errorf("%v", err)
			}
			e.wantVersion(t, "1")
			e.deploy(t, shared.images.push(t, "3", ""), "3")
			e.wantRevisions(t, "2 1")
		})
	}
}

// TestGPU gives a container a GPU, which is a file here.
func TestGPU(t *testing.T) {
	for _, p := range places() {
		if _, ok := p.engine.(*containerd); !ok {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			const file = "/run/cdi/nvidia.json"
			err := os.WriteFile(file, []byte(`{"cdiVersion": "0.6.0", "kind": "nvidia.com/gpu", "devices": [
				{"name": "0", "containerEdits": {"deviceNodes": [{"path": "/dev/nvidia0", "hostPath": "/dev/null"}], "env": ["GPU=0"]}}]}`), 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := os.Remove(file); err != nil {
					t.Error(err)
				}
			}()
			e := p.endpoint(t, func(target *deployfile.Target) { containerKeys(target).Resources.GPUs = 1 })
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			if got := get(t, e.url()+"/env?name=GPU"); got != "0" {
				t.Errorf("GPU %q", got)
			}
		})
	}
}

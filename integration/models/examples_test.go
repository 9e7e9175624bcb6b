//go:build integration

package models

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/google/go-cmp/cmp"
)

// examples are the folders of ../examples.
func examples() []string { return []string{"iris", "lightgbm", "pyfunc"} }

// TestExamples builds and runs every example, compares its answers with those
// of MLflow's own load_model(…).predict, and then builds it from the same
// lock on a builder that has never seen it.
func TestExamples(t *testing.T) {
	built := map[string]*buildtest.Image{}
	for _, name := range examples() {
		t.Run(name, func(t *testing.T) {
			p := shared.Example(t, name)
			p.Lock(t)
			first := p.LockFiles(t)
			p.Lock(t)
			if d := cmp.Diff(first, p.LockFiles(t)); d != "" {
				t.Errorf("locking again changes the lock:\n%s", d)
			}
			body := []byte(p.Read(t, "model/serving_input_example.json"))
			want := expected(t, p.Path("model"), p.Path("model/serving_input_example.json"))
			img := p.Serve(t, func(s *buildtest.Server) {
				if d := cmp.Diff(want, buildtest.Decoded(t, s.Post(t, "/invocations", body))); d != "" {
					t.Errorf("the image answers otherwise than load_model(…).predict:\n%s", d)
				}
				s.Get(t, "/ping")
				s.Get(t, "/health")
				if got := s.Get(t, "/version"); got != "3.17.2" {
					t.Errorf("/version is %q", got)
				}
				if got := s.Exec(t, "id", "-u"); got != "65532" {
					t.Errorf("the server's user is %s", got)
				}
			})
			checkConfig(t, img)
			built[name] = img
			if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
				t.Errorf("another builder makes %s of the same lock, not %s; layers:\n%s", again.Digest, img.Digest,
					cmp.Diff(img.Layers(t), again.Layers(t)))
			}
		})
	}
	if t.Failed() {
		return
	}
	sharedLayers(t, built)
}

// sharedLayers checks that a package that two models have alone in a layer is
// the same layer in both, whatever else is in the images.
func sharedLayers(t *testing.T, built map[string]*buildtest.Image) {
	for _, pair := range [][2]string{{"iris", "lightgbm"}, {"iris", "pyfunc"}, {"lightgbm", "pyfunc"}} {
		a, b := built[pair[0]].Installs(t), built[pair[1]].Installs(t)
		shared := 0
		for name, digest := range a {
			other, both := b[name]
			if both && other != digest {
				t.Errorf("%q is %s in %s and %s in %s", name, digest, pair[0], other, pair[1])
			}
			if both {
				shared++
			}
		}
		// numpy, pandas and most of the buckets.
		if shared < 5 {
			t.Errorf("%s and %s share %d layers of wheels:\n%s", pair[0], pair[1], shared, cmp.Diff(a, b))
		}
	}
}

func checkConfig(t *testing.T, img *buildtest.Image) {
	t.Helper()
	c := img.Config.Config
	if c.User != "65532:65532" {
		t.Errorf("user is %q", c.User)
	}
	if !slices.Equal(c.Cmd, []string{"serve"}) || len(c.Entrypoint) > 0 {
		t.Errorf("command is %q %q", c.Entrypoint, c.Cmd)
	}
	if _, ok := c.ExposedPorts["8080/tcp"]; !ok || len(c.ExposedPorts) != 1 {
		t.Errorf("ports are %v", c.ExposedPorts)
	}
	for _, label := range []string{
		"org.opencontainers.image.title", "org.opencontainers.image.created", "org.opencontainers.image.base.digest",
		"io.github.deployfile.model.name", "io.github.deployfile.model.flavors", "io.github.deployfile.model.mlflow",
		"io.github.deployfile.model.signature", "io.github.deployfile.server.port",
	} {
		if c.Labels[label] == "" {
			t.Errorf("label %s is not there: %v", label, c.Labels)
		}
	}
	if created := img.Config.Created.UTC().Format("2006-01-02T15:04:05Z"); c.Labels["org.opencontainers.image.created"] != created {
		t.Errorf("the image says that it was created at %s, its label %s", created, c.Labels["org.opencontainers.image.created"])
	}
}

// expected is the answer of MLflow's own load_model(…).predict.
func expected(t *testing.T, model, request string) any {
	t.Helper()
	c := exec.Command(shared.Python, "../../examples/answers.py", model, request)
	var complaints strings.Builder
	c.Stderr = &complaints
	// Nothing may be tracked, and no bytecode left in the model's folder.
	c.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "MLFLOW_DISABLE_TELEMETRY=true", "MLFLOW_TRACKING_URI=sqlite:///"+t.TempDir()+"/mlflow.db")
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, complaints.String())
	}
	return buildtest.Decoded(t, string(out))
}

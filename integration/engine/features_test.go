//go:build integration

package engine

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	dockerkind "github.com/deployfile/deployfile/manifests/docker"
	"github.com/deployfile/deployfile/publish"
	"github.com/google/go-cmp/cmp"
)

// TestInside looks at the container from inside: what the server may do there,
// even as root, and what it is told.
func TestInside(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		for _, user := range []string{"65532:65532", "0:0", ""} {
			e := p.endpoint(t, func(target *deployfile.Target) {
				containerKeys(target).Env = map[string]string{"GREETING": "a b=c"}
				containerKeys(target).Resources = manifests.Resources{CPU: "500m", Memory: "64Mi"}
			})
			e.user = user
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			id := "65532"
			if user == "0:0" {
				id = "0"
			}
			want := "Uid: " + id + "\nGid: " + id + "\nCapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nwrite /: false\nwrite /tmp: true\n"
			if d := cmp.Diff(want, get(t, e.url()+"/identity")); d != "" {
				t.Errorf("as user %q:\n%s", user, d)
			}
			for name, want := range map[string]string{"GREETING": "a b=c", "PORT": fmt.Sprint(port), "PATH": "/"} {
				if got := get(t, e.url()+"/env?name="+name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
			if d := cmp.Diff("memory 67108864\ncpu 0.5\n", get(t, e.url()+"/limits")); d != "" {
				t.Errorf("limits:\n%s", d)
			}
			if err := e.Delete(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestRestarts lets the server end by itself.
func TestRestarts(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		e.deploy(t, shared.images.push(t, "1", ""), "1")
		_, _ = ask(e.url() + "/exit")
		eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
		s, err := e.Status(t.Context())
		// Before version 1.7 containerd counts only for the policy "on-failure".
		uncounted := p.engine == engine(shared.containerd1)
		if err != nil || !s.Ready || s.Instances[0].Restarts != 1 && !uncounted {
			t.Errorf("%+v, %v", s, err)
		}
	})
}

// TestEngineRestarts ends the engine and starts it again: what served serves,
// and what is kept for going back stays stopped.
func TestEngineRestarts(t *testing.T) {
	for _, p := range places() {
		t.Run(p.name, func(t *testing.T) {
			e := p.endpoint(t, func(target *deployfile.Target) {
				if s, ok := target.Spec.(*dockerkind.Spec); ok {
					s.Restart = "always"
				}
			})
			e.deploy(t, shared.images.push(t, "1", ""), "1")
			e.deploy(t, shared.images.push(t, "2", ""), "2")
			p.stop()
			if err := p.start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
			e.wantVersion(t, "2")
			e.wantRevisions(t, "2 1")
			running := 0
			for _, line := range p.there(t) {
				if strings.HasPrefix(line, "container") && strings.Contains(line, "running") {
					running++
				}
			}
			if running != 1 {
				t.Errorf("%d containers run: %q", running, p.there(t))
			}
			if out := e.deploy(t, e.image(t), "2"); out.Action != publish.Unchanged {
				t.Errorf("%+v", out)
			}
		})
	}
}

// TestStopped finds a server that somebody has stopped, and starts it again.
func TestStopped(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		e.deploy(t, shared.images.push(t, "1", ""), "1")
		p.halt(t)
		s, err := e.Status(t.Context())
		if err != nil || s.Ready || s.Message == "" {
			t.Errorf("%+v, %v", s, err)
		}
		out := e.deploy(t, e.image(t), "1")
		if out.Action != publish.Applied || len(out.Changes) != 1 || !strings.Contains(out.Changes[0].Diff, "-stopped\n+running\n") {
			t.Errorf("%+v", out)
		}
	})
}

// TestHistory keeps only so many revisions, and their images.
func TestHistory(t *testing.T) {
	onePerEngine(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		before := len(p.there(t))
		var want []string
		for i := 1; i <= publish.KeepRevisions+1; i++ {
			e.deploy(t, shared.images.push(t, fmt.Sprint(i), ""), fmt.Sprint(i))
			if i > 1 {
				want = append([]string{fmt.Sprint(i)}, want...)
			}
		}
		e.wantRevisions(t, strings.Join(want, " "))
		images := 0
		for _, line := range p.there(t) {
			if strings.HasPrefix(line, "image ") {
				images++
			}
		}
		if images != len(want) {
			t.Errorf("%d images of %d revisions, beside %d things: %q", images, len(want), before, p.there(t))
		}
		next := publish.KeepRevisions + 2
		out, err := publish.Rollback(t.Context(), e, 2, options(t))
		if err != nil || out.Revision.Number != next {
			t.Errorf("%+v, %v", out, err)
		}
		e.wantVersion(t, "2")
		e.wantRevisions(t, strings.Join(append([]string{fmt.Sprint(next)}, want[:len(want)-1]...), " "))
	})
}

// TestImport deploys an image that no registry has.
func TestImport(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		image, err := e.Publisher.(publish.Importer).Import(t.Context(), shared.images.archive(t, shared.images.image(t, "7", "")))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(image, "sha256:") {
			t.Errorf("image %q", image)
		}
		out := e.deploy(t, image, "7")
		if got := out.Revision.State.Live.Image; got != image {
			t.Errorf("%q, want %q", got, image)
		}
		if _, err := e.Publisher.(publish.Importer).Import(t.Context(), strings.NewReader("no archive")); err == nil {
			t.Error("what is no archive is no error")
		}
		e.deploy(t, shared.images.push(t, "8", ""), "8")
		if _, err := publish.Rollback(t.Context(), e, 1, options(t)); err != nil {
			t.Error(err)
		}
		e.wantVersion(t, "7")
		_, err = e.try(t.Context(), options(t), strings.Replace(image, image[len(image)-8:], "00000000", 1))
		var notReady *publish.NotReadyError
		if !errors.As(err, &notReady) || notReady.Restored != 3 {
			t.Errorf("an image that is not there: %v", err)
		}
	})
}

// withoutNames takes the names out of Docker's archive, as BuildKit makes it for
// an image that has none.
func withoutNames(t *testing.T, archive io.Reader) io.Reader {
	t.Helper()
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for r := tar.NewReader(archive); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Name == "manifest.json" {
			var list []map[string]any
			if err := json.Unmarshal(content, &list); err != nil {
				t.Fatal(err)
			}
			list[0]["RepoTags"] = nil
			if content, err = json.Marshal(list); err != nil {
				t.Fatal(err)
			}
			h.Size = int64(len(content))
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &out
}

// TestNoGPU asks for a GPU that the machine does not have.
func TestNoGPU(t *testing.T) {
	everywhere(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		e.deploy(t, shared.images.push(t, "1", ""), "1")
		before := p.there(t)
		l := startLoad(e.url() + "/version")
		e.reopen(t, func(target *deployfile.Target) { containerKeys(target).Resources.GPUs = 1 })
		_, err := e.try(t.Context(), options(t), e.image(t))
		var notReady *publish.NotReadyError
		if !errors.As(err, &notReady) {
			t.Errorf("%v", err)
		}
		t.Log(err)
		l.wantNone(t)
		if d := cmp.Diff(before, p.there(t)); d != "" {
			t.Errorf("what is there:\n%s", d)
		}
	})
}

// TestNoWait does not wait.
func TestNoWait(t *testing.T) {
	onePerEngine(t, func(t *testing.T, p place) {
		e := p.endpoint(t)
		e.deploy(t, shared.images.push(t, "1", ""), "1")
		o := options(t)
		o.NoWait = true
		began := time.Now()
		if _, err := e.try(t.Context(), o, shared.images.push(t, "2", "", "STARTUP=4s")); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("it took %s", took)
		}
		e.wantRevisions(t, "2 1")
		eventually(t, func() error { _, err := ask(e.url() + "/version"); return err })
		e.wantVersion(t, "2")
	})
}

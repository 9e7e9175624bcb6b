//go:build integration

package packages

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"
)

// listing prints all that is installed, by its hash. What an installer writes of its
// own, and bytecode, which has times in it, are left out.
const listing = `
import hashlib, os, sys
for place, folders, files in sorted(os.walk("/opt")):
    for name in sorted(files):
        path = os.path.join(place, name)
        if "__pycache__" in path or name in ("RECORD", "INSTALLER", "REQUESTED", "uv_cache.json", ".lock", "uv_build.json") or "/bin/" in path and os.path.islink(path):
            continue
        data = os.readlink(path).encode() if os.path.islink(path) else open(path, "rb").read()
        print(oct(os.lstat(path).st_mode & 0o777), path, hashlib.sha256(data).hexdigest())
`

// TestEject builds what eject writes with BuildKit's own frontend, and compares the
// files, the configuration and the answers with those of deployfile's image.
func TestEject(t *testing.T) {
	p := shared.Example(t, "lightgbm") // it has a Debian package
	p.Lock(t)
	body := []byte(p.Read(t, "model/serving_input_example.json"))
	var want, answer string
	img := p.Serve(t, func(s *buildtest.Server) {
		want = s.Exec(t, "python", "-c", listing)
		answer = s.Post(t, "/invocations", body)
	})
	dir := filepath.Join(t.TempDir(), "ejected")
	eject(t, p, dir)
	buildEjected(t, p, dir, func(s *buildtest.Server) {
		if d := cmp.Diff(want, s.Exec(t, "python", "-c", listing)); d != "" {
			t.Errorf("the image of the Dockerfile has other files (-deployfile's +ejected):\n%s", d)
		}
		if d := cmp.Diff(buildtest.Decoded(t, answer), buildtest.Decoded(t, s.Post(t, "/invocations", body))); d != "" {
			t.Errorf("it answers otherwise:\n%s", d)
		}
		was, is := img.Config.Config, s.Config.Config
		if d := cmp.Diff(set(was.Env), set(is.Env)); d != "" {
			t.Errorf("its environment differs:\n%s", d)
		}
		if d := cmp.Diff(
			[]any{was.User, was.Cmd, was.WorkingDir, was.Labels, was.ExposedPorts, was.StopSignal, len(was.Entrypoint)},
			[]any{is.User, is.Cmd, is.WorkingDir, is.Labels, is.ExposedPorts, is.StopSignal, len(is.Entrypoint)},
		); d != "" {
			t.Errorf("its configuration differs:\n%s", d)
		}
	})
}

// TestEjectOwnWheels ejects a project with wheels that no index has: one from the
// context, and one that is built.
func TestEjectOwnWheels(t *testing.T) {
	x := lab.NewIndex(t, lab.SetuptoolsSdist(t, "dfbuilt"))
	wheel := lab.Wheel(t, "dflocal", "1.0", "WORDS = 'a wheel beside the model'")
	p := shared.Tiny(t, `env = { DF_GREETING = "good \"day\" for $5 \\o/" }
`+x.Table("local"), "./wheels/"+wheel.Name, "dfbuilt")
	p.Write(t, "model/wheels/"+wheel.Name, string(wheel.Content))
	p.Lock(t)
	dir := filepath.Join(t.TempDir(), "ejected")
	eject(t, p, dir)
	buildEjected(t, p, dir, func(s *buildtest.Server) {
		var a buildtest.Answer
		buildtest.Decode(t, s.Get(t, "/about"), &a)
		if d := cmp.Diff([]string{"dfbuilt==1.0", "dflocal==1.0"}, a.Versions()); d != "" {
			t.Errorf("packages:\n%s", d)
		}
		if got := a.Environment["DF_GREETING"]; got != `good "day" for $5 \o/` {
			t.Errorf("the greeting is %q", got)
		}
	})
}

func set(list []string) map[string]bool {
	out := map[string]bool{}
	for _, text := range list {
		out[text] = true
	}
	return out
}

// eject writes the eject output into a directory.
func eject(t *testing.T, p *buildtest.Project, dir string) {
	t.Helper()
	o, err := p.Export(t, client.ExportEntry{Type: client.ExporterLocal, OutputDir: dir}, func(o *build.Options) { o.Target = frontend.OutputEject })
	if err != nil {
		t.Fatalf("eject: %v\n%s", err, lab.Tail(o.Log))
	}
}

// buildEjected builds the Dockerfile of a directory with BuildKit's own frontend, as
// docker build does, and runs the image.
func buildEjected(t *testing.T, p *buildtest.Project, dir string, use func(*buildtest.Server)) {
	t.Helper()
	files, err := fsutil.NewFS(dir)
	if err != nil {
		t.Fatal(err)
	}
	opt := client.SolveOpt{LocalMounts: map[string]fsutil.FS{"context": files, "dockerfile": files}, OCIStores: map[string]content.Store{}}
	attrs := map[string]string{}
	for name, value := range p.Contexts {
		layout := strings.TrimPrefix(value, "oci-layout://")
		img, err := lab.ReadLayout(layout)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := img.Digest()
		if err != nil {
			t.Fatal(err)
		}
		if opt.OCIStores[name], err = local.NewStore(layout); err != nil {
			t.Fatal(err)
		}
		attrs["context:"+name] = "oci-layout://" + name + "@" + digest.String()
	}
	if ca := os.Getenv("SSL_CERT_FILE"); ca != "" {
		store, err := secretsprovider.NewStore([]secretsprovider.Source{{ID: build.CASecret, FilePath: ca}})
		if err != nil {
			t.Fatal(err)
		}
		opt.Session = append(opt.Session, secretsprovider.NewSecretProvider(store))
	}
	log := &buildtest.Output{}
	display, err := progressui.NewDisplay(log, progressui.PlainMode)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), buildtest.BuildLimit)
	defer cancel()
	events, shown := make(chan *client.SolveStatus), make(chan struct{})
	go func() {
		defer close(shown)
		_, _ = display.UpdateFrom(context.WithoutCancel(ctx), events)
	}()
	_, err = p.Builder.Client.Build(ctx, opt, "", func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		r, err := c.Solve(ctx, gwclient.SolveRequest{Frontend: "dockerfile.v0", FrontendOpt: attrs, Evaluate: true})
		if err != nil {
			return nil, err
		}
		return r, buildtest.ServeResult(ctx, c, r, use)
	}, events)
	<-shown
	if err != nil {
		t.Fatalf("build of the Dockerfile: %v\n%s", err, lab.Tail(log.String()))
	}
}

//go:build integration

package hostile

import (
	"archive/tar"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// TestHostileBase locks and builds on bases that are not what they say. The
// toolchain is an honest one.
func TestHostileBase(t *testing.T) {
	const libc = "usr/lib/x86_64-linux-gnu/libc.so.6"
	large := strings.Repeat("\x00", 64<<20)
	for name, c := range map[string]struct {
		file, content string
		headers       []tar.Header
		want          []string
	}{
		"C library is a pipe": {
			headers: []tar.Header{{Name: libc, Typeflag: tar.TypeFifo, Mode: 0o644}},
			want:    []string{"has no GNU C library for x86_64"},
		},
		"C library is a folder": {
			headers: []tar.Header{{Name: libc, Typeflag: tar.TypeDir, Mode: 0o755}},
			want:    []string{"has no GNU C library for x86_64"},
		},
		"C library is a link out of the image": {
			headers: []tar.Header{{Name: libc, Typeflag: tar.TypeSymlink, Linkname: "../../../../../../../../proc/self/environ"}},
			want:    []string{"has no GNU C library for x86_64"},
		},
		"C library is larger than any": {
			file: libc, content: large,
			want: []string{"has no GNU C library for x86_64"},
		},
		"Python is a pipe": {
			headers: []tar.Header{{Name: "usr/bin/python3.11", Typeflag: tar.TypeFifo, Mode: 0o755}},
			want:    []string{"has no python3.11"},
		},
		"Python is a folder": {
			headers: []tar.Header{{Name: "usr/bin/python3.11", Typeflag: tar.TypeDir, Mode: 0o755}},
			want:    []string{"has no python3.11"},
		},
		"Python leads nowhere": {
			headers: []tar.Header{{Name: "usr/bin/python3.11", Typeflag: tar.TypeSymlink, Linkname: "../../../../../../../../root/python"}},
			want:    []string{"has no python3.11"},
		},
		"Python is a text that is no program": {
			file: "usr/bin/python3.11", content: "#!/nowhere\n",
			want: []string{"verify.py"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			base := buildtest.LoadLayout(t, shared.Base)
			var err error
			if c.file != "" {
				base, err = lab.WithFile(base, c.file, []byte(c.content))
			} else {
				base, err = lab.WithHeaders(base, c.headers...)
			}
			if err != nil {
				t.Fatal(err)
			}
			p := shared.Tiny(t, "")
			p.Contexts["base"] = "oci-layout://" + buildtest.SaveLayout(t, base)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			_, err = p.StartIn(ctx, t, nil)
			buildtest.WantError(t, err, c.want...)
			if ctx.Err() != nil {
				t.Error("it hangs")
			}
		})
	}
}

// TestHostileBaseConfig builds on a base whose configuration would start
// something, keep something or say something else.
func TestHostileBaseConfig(t *testing.T) {
	base, err := lab.WithConfig(buildtest.LoadLayout(t, shared.Base), func(c *v1.Config) {
		c.Entrypoint, c.Cmd, c.User, c.WorkingDir = []string{"/bin/sh", "-c", "exit 1"}, []string{"evil"}, "0:0", "/root"
		c.OnBuild, c.Shell, c.StopSignal = []string{"RUN evil"}, []string{"/evil"}, "SIGKILL"
		c.Volumes = map[string]struct{}{"/opt/model": {}, "/": {}}
		c.ExposedPorts = map[string]struct{}{"22/tcp": {}}
		c.Healthcheck = &v1.HealthConfig{Test: []string{"CMD", "/evil"}}
		c.Labels = map[string]string{"io.github.deployfile.revision": `{"Number":9}`, "io.github.deployfile.endpoint": "prod", "com.example.kept": "yes"}
	})
	if err != nil {
		t.Fatal(err)
	}
	// An entry of the image's user, among more than anybody reads.
	base = buildtest.WithFile(t, base, "etc/passwd", strings.Repeat("x:x:0:0:x:/:/bin/sh\n", 1<<20)+"evil:x:65532:0:evil:/root:/bin/sh\n")
	p := shared.Tiny(t, "")
	p.Contexts["base"] = "oci-layout://" + buildtest.SaveLayout(t, base)
	p.Lock(t)
	img := p.Build(t)
	c := img.Config.Config
	own := map[string]string{}
	for k, v := range c.Labels {
		if strings.HasPrefix(k, "io.github.deployfile.") && !strings.Contains(k, ".model.") && !strings.HasSuffix(k, "server.port") {
			own[k] = v
		}
	}
	type settings struct {
		Entrypoint, Cmd, OnBuild, Shell []string
		User, Dir, Signal               string
		Volumes, Ports                  map[string]struct{}
		Health                          *v1.HealthConfig
		Own                             map[string]string
		Kept                            string
	}
	want := settings{
		Cmd: []string{"serve"}, User: "65532:65532", Dir: "/opt/model", Signal: "SIGTERM",
		Ports: map[string]struct{}{"8080/tcp": {}}, Own: map[string]string{}, Kept: "yes",
	}
	got := settings{c.Entrypoint, c.Cmd, c.OnBuild, c.Shell, c.User, c.WorkingDir, c.StopSignal, c.Volumes, c.ExposedPorts, c.Healthcheck, own, c.Labels["com.example.kept"]}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("the image's configuration (-want +got):\n%s", d)
	}
	p.Serve(t, func(s *buildtest.Server) {
		if id := s.Exec(t, "python", "-c", "import os; print(os.getuid(), os.getgid(), os.getgroups())"); id != "65532 65532 []" && id != "65532 65532 [65532]" {
			t.Errorf("the server runs as %s", id)
		}
	})
}

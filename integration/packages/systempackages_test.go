//go:build integration

package packages

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/resolver"
)

// withFlavor gives a tiny project's model another flavor.
func withFlavor(t *testing.T, p *buildtest.Project, flavor string) {
	t.Helper()
	p.Edit(t, "model/MLmodel", "flavors:\n", "flavors:\n  "+flavor+":\n    version: 1\n")
}

func packageNames(packages []resolver.SystemPackage) []string {
	var out []string
	for _, s := range packages {
		out = append(out, s.Name)
	}
	return out
}

// TestImpliedPackages locks what a flavor needs, says so in the plan, and leaves it out
// by one key.
func TestImpliedPackages(t *testing.T) {
	p := shared.Tiny(t, "")
	withFlavor(t, p, "lightgbm")
	p.Lock(t)
	if got := packageNames(p.Locked(t).Platforms[0].SystemPackages); !slices.Contains(got, "libgomp1") {
		t.Errorf("locked: %q", got)
	}
	if got := p.Plan(t).Implied; len(got) != 1 || got[0].Name != "libgomp1" || !strings.Contains(got[0].Reason, "lightgbm") {
		t.Errorf("the plan says %v", got)
	}
	p.Edit(t, "Deployfile", "[environment]\n", "[environment]\nimplied-packages = false\n")
	p.Lock(t)
	if got := packageNames(p.Locked(t).Platforms[0].SystemPackages); len(got) > 0 {
		t.Errorf("left out, and locked: %q", got)
	}
}

// TestJava runs Java in an image whose flavor needs it, and makes the same image again
// on another builder: the certificates that Java's packages generate carry no time.
func TestJava(t *testing.T) {
	p := shared.Tiny(t, "")
	withFlavor(t, p, "spark")
	p.Lock(t)
	var said string
	img := p.Serve(t, func(s *buildtest.Server) {
		said = s.Exec(t, "sh", "-c", `"$JAVA_HOME/bin/java" -version 2>&1; grep :65532: /etc/passwd`)
	})
	if !strings.Contains(said, "Runtime Environment") || !strings.Contains(said, "nonroot:x:65532:65532:") {
		t.Errorf("java and /etc/passwd say %q", said)
	}
	if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
		t.Errorf("another builder makes %s of the same lock, not %s", again.Digest, img.Digest)
	}
}

// TestBuildPackages builds wheels with Debian's compilers and headers, which are locked
// and no part of the image, and demands what the wheels link to.
func TestBuildPackages(t *testing.T) {
	for _, tt := range []struct{ requirement, build, module, library, system string }{
		{"psycopg2==2.9.9", `"gcc", "libpq-dev", "python3-dev"`, "psycopg2", "libpq.so.5", "libpq5"},
		{"mysqlclient==2.2.4", `"gcc", "default-libmysqlclient-dev", "pkg-config", "python3-dev"`, "MySQLdb", "libmariadb.so.3", "libmariadb3"},
		{"pyodbc==5.1.0", `"g++", "unixodbc-dev", "python3-dev"`, "pyodbc", "libodbc.so.2", "libodbc2"},
	} {
		name, _, _ := strings.Cut(tt.requirement, "=")
		t.Run(name, func(t *testing.T) {
			p := shared.Tiny(t, "build-packages = ["+tt.build+"]\n")
			p.Write(t, "model/requirements.txt", "--no-binary "+name+"\n"+tt.requirement+"\n")
			p.Write(t, "code/answer.py", "import "+tt.module+"\n"+"import http.server, os\nhttp.server.test(http.server.SimpleHTTPRequestHandler, port=int(os.environ['PORT']))\n")
			_, err := p.TryLock(t, nil)
			buildtest.WantError(t, err, name, tt.library, `system-packages = ["`+tt.system+`"]`)
			buildtest.WantSource(t, err, p.Read(t, "model/requirements.txt"), tt.requirement)

			p.Edit(t, "Deployfile", "[environment]\n", "[environment]\nsystem-packages = [\""+tt.system+"\"]\n")
			p.Lock(t)
			platform := p.Locked(t).Platforms[0]
			if b := platform.Built; len(b) != 1 || !slices.Contains(b[0].Libraries, tt.library) {
				t.Errorf("built: %+v", b)
			}
			if got := packageNames(platform.BuildPackages); !slices.Contains(got, "gcc-12") {
				t.Errorf("locked build packages: %q", got)
			}
			img := p.Build(t)
			for layer := range maps.Keys(img.Layers(t)) {
				if strings.Contains(layer, "gcc") {
					t.Errorf("the image has the layer %q", layer)
				}
			}
			if again := p.On(shared.Second(t)).Build(t); again.Digest != img.Digest {
				t.Errorf("another builder makes %s of the same lock, not %s", again.Digest, img.Digest)
			}
		})
	}
}

// TestUnknownPackages names a Debian package that does not exist, at its line.
func TestUnknownPackages(t *testing.T) {
	for _, key := range []string{"system-packages", "build-packages"} {
		p := shared.Tiny(t, key+" = [\"libgomp1\",\n  \"libnowhere7\"]\n")
		_, err := p.TryLock(t, nil)
		buildtest.WantError(t, err, "Unable to locate package libnowhere7")
		buildtest.WantSource(t, err, p.Read(t, "Deployfile"), `  "libnowhere7"`)
		if files := p.LockFiles(t); len(files) > 0 {
			t.Errorf("a lock was written: %v", files)
		}
	}
}

// TestMissing verifies servers that lack something, and reads what to add.
func TestMissing(t *testing.T) {
	for _, tt := range []struct{ code, want string }{
		{"import ctypes; ctypes.CDLL('libgomp.so.1')", `no library libgomp.so.1: add system-packages = ["libgomp1"]`},
		{"import sklearn.tree", `no Python module sklearn: add requirements = ["scikit-learn"]`},
		{"import subprocess; subprocess.run(['ffmpeg', '-version'])", `no program ffmpeg: add system-packages = ["ffmpeg"]`},
	} {
		p := shared.Tiny(t, "")
		p.Write(t, "code/answer.py", tt.code+"\n")
		p.Lock(t)
		_, o, err := p.TryBuild(t, nil)
		buildtest.WantError(t, err, tt.want)
		if strings.Contains(o.Log, "ProcessLookupError") {
			t.Errorf("the verify step ends with a trace of its own:\n%s", lab.Tail(o.Log))
		}
	}
}

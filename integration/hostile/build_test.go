//go:build integration

package hostile

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/testing/buildtest"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-cmp/cmp"
)

// spySource is a build backend that looks around in every hook that uv or we
// could call, tells the host's service of it if that can be reached, and puts what
// it saw into the wheel.
const spySource = `
import glob, json, os, socket, zipfile

def status(key):
    for line in open("/proc/self/status"):
        if line.startswith(key + ":"):
            return line.split(":")[1].strip()

def attempt(f):
    try:
        return f()
    except Exception as e:
        return type(e).__name__

def look(hook):
    saw = {
        "uid": os.getuid(), "groups": os.getgroups(),
        "capabilities": [status(k) for k in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")],
        "no new privileges": status("NoNewPrivs"),
        "interfaces": sorted(n for _, n in socket.if_nameindex()),
        "secrets": sorted(n for n in glob.glob("/run/secrets/*") + glob.glob("/tmp/*.pem") + glob.glob("/run/request/*secret*")),
        "raw socket": attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 3) and "open"),
        "service": attempt(lambda: socket.create_connection(("127.0.0.1", PORT), 2).sendall(b"GET /" + hook.encode() + b" HTTP/1.0\r\n\r\n") or "reached"),
        "environment": sorted(k for k in os.environ if "UV_INDEX" in k or "PASSWORD" in k or "TOKEN" in k),
        "writable": sorted(d for d in ("/", "/out", "/opt", "/etc", "/usr") if os.access(d, os.W_OK)),
    }
    return json.dumps(saw)

def get_requires_for_build_wheel(config_settings=None):
    look("requires")
    return []

def prepare_metadata_for_build_wheel(directory, config_settings=None):
    look("metadata")
    os.mkdir(directory + "/dfspy-1.0.dist-info")
    with open(directory + "/dfspy-1.0.dist-info/METADATA", "w") as f:
        f.write("Metadata-Version: 2.1\nName: dfspy\nVersion: 1.0\nRequires-Dist: dfneeded\n")
    return "dfspy-1.0.dist-info"

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name, info = "dfspy-1.0-py3-none-any.whl", "dfspy-1.0.dist-info/"
    with zipfile.ZipFile(f"{directory}/{name}", "w") as z:
        def add(path, text):
            z.writestr(zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0)), text)
        add("dfspy.py", "WORDS = " + repr(look("wheel")) + "\n")
        add(info + "METADATA", "Metadata-Version: 2.1\nName: dfspy\nVersion: 1.0\nRequires-Dist: dfneeded\n")
        add(info + "WHEEL", "Wheel-Version: 1.0\nGenerator: itself\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        add(info + "RECORD", "")
    return name
`

// dynamicProject is a pyproject.toml that leaves it to the backend what the project
// requires.
const dynamicProject = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n[project]\nname = %q\ndynamic = [\"version\", \"dependencies\"]\n"

// hostService is a service of this machine, and the paths that it was asked for.
type hostService struct {
	port int
	mu   sync.Mutex
	got  []string
}

func newHostService(t *testing.T) *hostService {
	t.Helper()
	h := &hostService{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.got = append(h.got, r.URL.Path)
	}))
	t.Cleanup(s.Close)
	h.port = s.Listener.Addr().(*net.TCPAddr).Port
	return h
}

func (h *hostService) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.got
}

// TestUntrustedBuildScripts locks and builds what comes as source only, from an
// index and from a repository, and requires more than is known without running
// it: nothing of it runs where there is a network, a secret or a capability.
func TestUntrustedBuildScripts(t *testing.T) {
	host := newHostService(t)
	backend := fmt.Sprintf("PORT = %d\n", host.port) + spySource
	files := func(name string) map[string]string {
		return map[string]string{
			"backend.py":     strings.ReplaceAll(backend, "dfspy", name),
			"pyproject.toml": fmt.Sprintf(dynamicProject, name),
		}
	}
	x := lab.NewIndex(t,
		lab.Sdist(t, "dfspy", "1.0", files("dfspy")),
		lab.Wheel(t, "dfneeded", "1.0", "WORDS = 'required by what was built'"))
	x.User, x.Password = "reader", "correct-horse-battery"
	repository := lab.NewRepository(t, files("dfrepo"))
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(x.User+":"+x.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	withSecrets := func(o *build.Options) {
		o.Secrets = []string{"id=corp,src=" + secret}
		if ca := os.Getenv("SSL_CERT_FILE"); ca != "" {
			o.Secrets = append(o.Secrets, "id=ca,src="+ca)
		}
	}
	p := shared.Tiny(t, x.Table("corp", `secret = "corp"`), "dfspy", "dfrepo @ git+"+repository.ServeHTTP(t)+"@main")
	p.LockWith(t, withSecrets)
	var text string
	p.BuildWith(t, func(o *build.Options) {
		withSecrets(o)
		o.Then = buildtest.Serving(func(s *buildtest.Server) { text = s.Get(t, "/about") })
	})
	if asked := host.asked(); len(asked) > 0 {
		t.Errorf("a build script reached a service of the host: %v", asked)
	}
	var a buildtest.Answer
	buildtest.Decode(t, text, &a)
	if a.Modules["dfneeded"] != "required by what was built" {
		t.Errorf("what the packages require is not in the image: %v", a.Modules)
	}
	none := "0000000000000000"
	want := map[string]any{
		"uid": 65534.0, "groups": []any{}, "capabilities": []any{none, none, none, none, none},
		"no new privileges": "1", "interfaces": []any{"lo"}, "secrets": []any{},
		"raw socket": "PermissionError", "service": "ConnectionRefusedError",
		"environment": []any{}, "writable": []any{},
	}
	for _, name := range []string{"dfspy", "dfrepo"} {
		var saw map[string]any
		if err := json.Unmarshal([]byte(a.Modules[name]), &saw); err != nil {
			t.Fatalf("%s saw %q: %v", name, a.Modules[name], err)
		}
		if d := cmp.Diff(want, saw); d != "" {
			t.Errorf("%s saw:\n%s", name, d)
		}
	}
}

// TestStepLimits builds what does not end, starts processes without end, and takes
// all memory.
func TestStepLimits(t *testing.T) {
	for name, test := range map[string]struct{ code, want string }{
		"time": {"import time; time.sleep(1000)", "not done after 20 s, the limit of a step"},
		"processes": {`import os, signal
made = []
try:
    while len(made) < 1000:
        made.append(os.fork() or signal.pause())
except BlockingIOError:
    pass
for n in made:
    os.kill(n, signal.SIGKILL)
raise SystemExit("refused before the 1000th" if len(made) < 1000 else "all were started")`, "refused before the 1000th"},
		"memory": {"x = bytearray(1 << 31)", "MemoryError"},
		"memory of all": {`import os
for _ in range(8):
    if os.fork() == 0:
        x = bytearray(200 << 20)
        import time; time.sleep(5)
        os._exit(0)
killed = [os.wait()[1] & 127 for _ in range(8)].count(9)
raise SystemExit("some were killed" if killed else "they had their memory")`, "some were killed"},
		"left behind": {"import subprocess; subprocess.Popen(['sleep', '1000'], start_new_session=True, stdout=-3, stderr=-3); raise SystemExit('ended before what it started')",
			"ended before what it started"},
	} {
		t.Run(name, func(t *testing.T) {
			x := lab.NewIndex(t, lab.Sdist(t, "dfgreedy", "1.0", map[string]string{
				"backend.py":     "def build_wheel(*_, **__):\n    " + strings.ReplaceAll(test.code, "\n", "\n    ") + "\n",
				"pyproject.toml": fmt.Sprintf(dynamicProject, "dfgreedy"),
			}))
			p := shared.Tiny(t, x.Table("local"), "dfgreedy")
			start := time.Now()
			_, err := p.TryLock(t, func(o *build.Options) {
				// The others reach their own limit first, on a loaded machine, too.
				o.Args[frontend.ArgStepTimeout] = "4m"
				if name == "time" {
					o.Args[frontend.ArgStepTimeout] = "20s"
				}
				o.Ulimits = []string{"nproc=300", "data=1073741824"}
				o.Resources = []string{"memory=600m", "memory-swap=600m"}
			})
			buildtest.WantError(t, err, test.want)
			if took := time.Since(start); took > 5*time.Minute {
				t.Errorf("it took %s", took)
			}
		})
	}
}

// TestBuildRequirementsAreNoOptions has an sdist ask for its build requirements by
// what uv would take for an option, or fill in from its environment.
func TestBuildRequirementsAreNoOptions(t *testing.T) {
	for _, requires := range []string{"-r /proc/self/environ", "--index-url=http://127.0.0.1:1", "x @ http://127.0.0.1:1/${HTTPS_PROXY}/x-1-py3-none-any.whl", `wheel\n-r /proc/self/environ`, "wheel -r /proc/self/environ"} {
		t.Run(requires, func(t *testing.T) {
			x := lab.NewIndex(t, lab.Sdist(t, "dfoption", "1.0", map[string]string{
				"backend.py":     lab.BackendSource,
				"pyproject.toml": fmt.Sprintf("[build-system]\nrequires = [\"%s\"]\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n", requires),
			}))
			_, err := shared.Tiny(t, x.Table("local"), "dfoption").TryLock(t, nil)
			buildtest.WantError(t, err, "which is not the name of a package with its versions")
		})
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/rogpeppe/go-internal/testscript"
)

// main is the program.
func main() { os.Exit(Main("devel")) }

// TestMain lets the test program be the command that the scripts call, and the
// supervisor of the embedded builder that the command starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "builder-supervise" {
		main()
	}
	testscript.Main(tests{m}, map[string]func(){"deployfile": main})
}

// tests are the tests of this package, with one embedded builder for all.
type tests struct{ m *testing.M }

// cacheVariable names the folder that the scripts' embedded builder is in.
const cacheVariable = "DEPLOYFILE_TEST_CACHE"

// Run implements testscript.TestingM.
func (t tests) Run() int {
	cache, err := os.MkdirTemp("", "deployfile-cli")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(cache)
	os.Setenv(cacheVariable, cache)
	code := t.m.Run()
	if runtime.GOOS != "linux" {
		return code
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if _, err := builder.StopEmbedded(ctx, builder.Options{StateDir: filepath.Join(cache, "deployfile", "buildkit")}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// TestScripts runs what needs no builder.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Setup:               setup,
		Cmds:                commands(),
		RequireExplicitExec: true,
	})
}

// TestBuilderScripts runs the rest, on the BuildKit that DEPLOYFILE_TEST_BUILDER
// names, or else on an embedded one.
func TestBuilderScripts(t *testing.T) {
	toolchain := os.Getenv("DEPLOYFILE_TEST_TOOLCHAIN")
	if toolchain == "" {
		t.Fatal("DEPLOYFILE_TEST_TOOLCHAIN is not set: run make test")
	}
	buildkitd, err := filepath.Abs("../../bin")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/builder",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BASE", "base=oci-layout://"+toolchain)
			e.Setenv("BUILDKIT_HOST", os.Getenv("DEPLOYFILE_TEST_BUILDER"))
			e.Setenv("PATH", e.Getenv("PATH")+string(os.PathListSeparator)+buildkitd)
			// What the machine needs to reach a package index.
			for _, name := range []string{"SSL_CERT_FILE", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"} {
				if v, ok := os.LookupEnv(name); ok {
					e.Setenv(name, v)
				}
			}
			if err := setup(e); err != nil {
				return err
			}
			own, err := ownAddress()
			if err != nil {
				return err
			}
			e.Setenv("OWN", own)
			return tiny(e)
		},
		Cmds:                commands(),
		RequireExplicitExec: true,
	})
}

// setup gives a script a home of its own, and no Docker engine.
func setup(e *testscript.Env) error {
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("XDG_CACHE_HOME", os.Getenv(cacheVariable))
	// The embedded builder outlives the script that started it.
	e.Setenv("TMPDIR", os.Getenv(cacheVariable))
	e.Setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
	e.Setenv("IMAGE", "registry.example.com/iris@sha256:"+strings.Repeat("0", 64))
	e.Setenv("OTHER", "registry.example.com/iris@sha256:"+strings.Repeat("1", 64))
	e.Setenv("THIRD", "registry.example.com/iris@sha256:"+strings.Repeat("2", 64))
	return nil
}

// tiny copies testdata/tiny, a model whose server needs no package, and lets
// its server listen on a free port, $PORT.
func tiny(e *testscript.Env) error {
	dir := filepath.Join(e.WorkDir, "tiny")
	if err := os.CopyFS(dir, os.DirFS("testdata/tiny")); err != nil {
		return err
	}
	port, err := freePort()
	if err != nil {
		return err
	}
	e.Setenv("PORT", fmt.Sprint(port))
	file := filepath.Join(dir, "Deployfile")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), "8080", fmt.Sprint(port), 1)), 0o644)
}

func commands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){
		"exits":      exits,
		"onTerminal": onTerminal,
		"await":      await,
		"listens":    listens,
		"sameFile":   sameFile,
		"registry":   startRegistry,
		"manifest":   manifest,
		"service":    service,
		"address":    address,
	}
}

// exits runs a command that must end with a code: exits CODE COMMAND….
func exits(ts *testscript.TestScript, _ bool, args []string) {
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if err != nil {
		code = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// await waits until a file has a text: await FILE TEXT.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if data, err := os.ReadFile(ts.MkAbs(args[0])); err == nil && strings.Contains(string(data), args[1]) {
			return
		}
	}
	ts.Fatalf("no %q in %s", args[1], args[0])
}

// listens checks that somebody listens on a port, or with ! that nobody does:
// listens PORT [ADDRESS].
func listens(ts *testscript.TestScript, neg bool, args []string) {
	address := loopback
	if len(args) > 1 {
		address = args[1]
	}
	c, err := net.Dial("tcp", net.JoinHostPort(address, args[0]))
	if err == nil {
		c.Close()
	}
	if (err == nil) == neg {
		ts.Fatalf("port %s: %v", args[0], err)
	}
}

// service listens on all addresses of this machine for the rest of the script, at
// the port $SERVICE; $OWN is an address that is not the loopback.
func service(ts *testscript.TestScript, _ bool, _ []string) {
	l, err := net.Listen("tcp", ":0")
	ts.Check(err)
	ts.Defer(func() { l.Close() })
	ts.Setenv("SERVICE", fmt.Sprint(l.Addr().(*net.TCPAddr).Port))
	// Both are there, so what does not reach them was kept from it.
	for _, host := range []string{loopback, ts.Getenv("OWN")} {
		c, err := net.Dial("tcp", net.JoinHostPort(host, ts.Getenv("SERVICE")))
		ts.Check(err)
		c.Close()
	}
}

// address sets $ADDRESS to that of the embedded builder, which runs.
func address(ts *testscript.TestScript, _ bool, _ []string) {
	status, err := builder.EmbeddedStatus(context.Background(), builder.Options{StateDir: filepath.Join(ts.Getenv("XDG_CACHE_HOME"), "deployfile", "buildkit")})
	ts.Check(err)
	ts.Setenv("ADDRESS", status.Address)
}

// ownAddress is an IPv4 address of this machine that is not the loopback.
func ownAddress() (string, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return "", err
	}
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
			return n.IP.String(), nil
		}
	}
	return "", errors.New("this machine has no address beside the loopback")
}

// startRegistry starts a registry for the rest of the script, at $REGISTRY.
func startRegistry(ts *testscript.TestScript, _ bool, _ []string) {
	program, err := filepath.Abs("../../bin/registry")
	ts.Check(err)
	port, err := freePort()
	ts.Check(err)
	host := fmt.Sprintf("127.0.0.1:%d", port)
	config := ts.MkAbs("registry.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s}, delete: {enabled: true}}\nhttp: {addr: %q}\n", ts.MkAbs("registry"), host)
	ts.Check(os.WriteFile(config, []byte(text), 0o600))
	cmd := exec.Command(program, "serve", config)
	ts.Check(cmd.Start())
	ts.Defer(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	ts.Setenv("REGISTRY", host)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", host); err == nil {
			c.Close()
			return
		}
	}
	ts.Fatalf("the registry does not answer")
}

// manifest writes the manifest of an image in $REGISTRY to a file:
// manifest REPOSITORY REFERENCE FILE.
func manifest(ts *testscript.TestScript, _ bool, args []string) {
	request, err := http.NewRequest(http.MethodGet, "http://"+ts.Getenv("REGISTRY")+"/v2/"+args[0]+"/manifests/"+args[1], nil)
	ts.Check(err)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json,application/vnd.oci.image.index.v1+json,"+
		"application/vnd.docker.distribution.manifest.v2+json,application/vnd.docker.distribution.manifest.list.v2+json")
	answer, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	ts.Check(err)
	if answer.StatusCode != http.StatusOK {
		ts.Fatalf("%s: %s", answer.Status, data)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), data, 0o600))
}

// sameFile compares files that are too large for cmp.
func sameFile(ts *testscript.TestScript, neg bool, args []string) {
	if same := ts.ReadFile(args[0]) == ts.ReadFile(args[1]); same == neg {
		ts.Fatalf("%s and %s: same is %v", args[0], args[1], same)
	}
}

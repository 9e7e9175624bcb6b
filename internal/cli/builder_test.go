//go:build integration

package cli

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/deployfile/deployfile/serve"
	"github.com/rogpeppe/go-internal/testscript"
)

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
			// What the scripts say of a builder is of the embedded one, whatever other tests
			// share.
			e.Setenv(builderVariable, string(builder.Embedded))
			own, err := lab.OwnAddress()
			if err != nil {
				return err
			}
			e.Setenv("OWN", own)
			return tiny(e)
		},
		Cmds:                builderCommands(),
		RequireExplicitExec: true,
	})
}

// tiny copies testdata/tiny, a model whose server needs no package, and lets
// its server listen on a free port, $PORT.
func tiny(e *testscript.Env) error {
	dir := filepath.Join(e.WorkDir, "tiny")
	if err := os.CopyFS(dir, os.DirFS("testdata/tiny")); err != nil {
		return err
	}
	port, err := serve.FreePort()
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

// builderCommands returns the commands of scripts that need a builder.
func builderCommands() map[string]func(*testscript.TestScript, bool, []string) {
	all := commands()
	maps.Copy(all, map[string]func(*testscript.TestScript, bool, []string){
		"listens":  listens,
		"sameFile": sameFile,
		"registry": startRegistry,
		"manifest": manifest,
		"service":  service,
		"address":  address,
	})
	return all
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

// startRegistry starts a registry for the rest of the script, at $REGISTRY.
func startRegistry(ts *testscript.TestScript, _ bool, _ []string) {
	program, err := filepath.Abs("../../bin/registry")
	ts.Check(err)
	port, err := serve.FreePort()
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

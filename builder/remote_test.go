//go:build linux && integration

package builder_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
)

func TestRemote(t *testing.T) {
	o := options(t)
	embedded := find(t, o)
	b := find(t, builder.Options{Address: embedded.Address})
	if b.Kind != builder.Remote || b.Address != embedded.Address {
		t.Errorf("found %s %s", b.Kind, b.Address)
	}
	solveFile(t, b)
}

// A socket's path may have 107 bytes; a cache directory may be deeper.
func TestLongStateDir(t *testing.T) {
	o := optionsIn(t, filepath.Join(t.TempDir(), strings.Repeat("long/", 20)))
	b := find(t, o)
	socket := strings.TrimPrefix(b.Address, "unix://")
	t.Cleanup(func() { os.Remove(socket); os.Remove(socket + ".otel") })
	info, err := os.Stat(filepath.Dir(socket))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the socket's directory: %v, %v", info, err)
	}
	solveFile(t, b)
}

// No Docker engine can be had here, so a server does what one does with
// BuildKit: it pings, and turns /grpc and /session into connections to a real
// buildkitd.
func TestDocker(t *testing.T) {
	o := options(t)
	embedded := find(t, o)
	engine := http.NewServeMux()
	engine.HandleFunc("/_ping", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Api-Version", "1.51")
		w.Header().Set("Ostype", "linux")
		w.Header().Set("Builder-Version", "2")
	})
	engine.HandleFunc("/grpc", func(w http.ResponseWriter, _ *http.Request) {
		daemon, err := net.Dial("unix", strings.TrimPrefix(embedded.Address, "unix://"))
		upgrade(t, w, "h2c", daemon, err)
	})
	engine.HandleFunc("/session", func(w http.ResponseWriter, r *http.Request) {
		session := map[string][]string{}
		for name, values := range r.Header {
			if strings.HasPrefix(name, "X-Docker-Expose-Session-") {
				session[name] = values
			}
		}
		daemon, err := embedded.Client.Dialer()(t.Context(), "h2c", session)
		upgrade(t, w, "h2c", daemon, err)
	})
	socket := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: engine}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	o.Kind = ""

	b := find(t, o)
	if b.Kind != builder.Docker || b.Address != "unix://"+socket {
		t.Errorf("found %s %s", b.Kind, b.Address)
	}
	solveFile(t, b)
	if err := b.Client.Prune(t.Context(), nil, client.PruneAll); err != nil {
		t.Error(err)
	}
}

// upgrade answers a request by becoming a connection to the daemon.
func upgrade(t *testing.T, w http.ResponseWriter, proto string, daemon net.Conn, err error) {
	if err != nil {
		t.Error(err)
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	conn, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	if _, err := io.WriteString(conn, "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: "+proto+"\r\n\r\n"); err != nil {
		t.Error(err)
		return
	}
	go func() {
		_, _ = io.Copy(daemon, buffered)
		daemon.Close()
	}()
	go func() {
		_, _ = io.Copy(conn, daemon)
		conn.Close()
	}()
}

// An engine without BuildKit is passed over.
func TestDockerWithoutBuildKit(t *testing.T) {
	engine := http.NewServeMux()
	engine.HandleFunc("/_ping", func(http.ResponseWriter, *http.Request) {})
	socket := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: engine}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	o := options(t)
	o.Kind = ""
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	o.Buildkitd = "/nonexistent/buildkitd"

	_, err = builder.Find(t.Context(), o)
	want := "docker: the Docker engine at unix://" + socket + " offers no BuildKit: "
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("no %q in: %v", want, err)
	}
}

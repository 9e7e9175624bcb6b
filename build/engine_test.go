package build

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/google/go-cmp/cmp"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

// engineAPI is the part of the Docker engine's API that is used here. No
// engine can be had where these tests run.
type engineAPI struct {
	t       *testing.T
	calls   chan string
	loaded  []byte
	refuses bool
	create  map[string]any
	exit    chan struct{}
}

func (a *engineAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.Path
	if strings.HasPrefix(path, "/v1.") {
		_, rest, _ := strings.Cut(path[1:], "/")
		path = "/" + rest
	}
	w.Header().Set("Api-Version", "1.51")
	w.Header().Set("Ostype", "linux")
	switch call := r.Method + " " + path; call {
	case "GET /_ping", "HEAD /_ping":
	case "GET /info":
		fmt.Fprint(w, `{"MemTotal": 1000, "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]]}`)
	case "POST /images/load":
		a.loaded, _ = io.ReadAll(r.Body)
		if a.refuses {
			fmt.Fprint(w, `{"error": "no room"}`)
		} else {
			fmt.Fprint(w, `{"stream": "Loaded image: iris:latest"}`)
		}
	case "POST /containers/create":
		if err := json.NewDecoder(r.Body).Decode(&a.create); err != nil {
			a.t.Error(err)
		}
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, `{"Id": "c1"}`)
	case "POST /containers/c1/start":
		w.WriteHeader(http.StatusNoContent)
	case "POST /containers/c1/wait":
		w.WriteHeader(http.StatusOK)
		w.(http.Flusher).Flush()
		<-a.exit
		fmt.Fprint(w, `{"StatusCode": 3}`)
	case "GET /containers/c1/logs":
		header := make([]byte, 8)
		header[0] = 2
		binary.BigEndian.PutUint32(header[4:], 6)
		_, _ = w.Write(append(header, "hello\n"...))
		w.(http.Flusher).Flush()
		<-a.exit
	case "POST /containers/c1/stop", "DELETE /containers/c1":
		a.calls <- call
		w.WriteHeader(http.StatusNoContent)
	default:
		a.t.Errorf("unexpected call %s", call)
		w.WriteHeader(http.StatusNotFound)
	}
}

func startEngine(t *testing.T) (*engineAPI, *Engine) {
	t.Helper()
	api := &engineAPI{t: t, calls: make(chan string, 10), exit: make(chan struct{})}
	socket := filepath.Join(t.TempDir(), "docker.sock")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: api}
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })
	t.Setenv("DOCKER_HOST", "unix://"+socket)
	e, err := FindEngine(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return api, e
}

func TestEngineOutput(t *testing.T) {
	_, e := startEngine(t)
	if e.CheckPush() != nil {
		t.Error("the containerd image store was not recognised")
	}
	classic := &Engine{}
	got := []string{
		e.Output(&builder.Builder{Kind: builder.Embedded}, "iris").Type,
		e.Output(&builder.Builder{Kind: builder.Docker}, "iris").Type,
		classic.Output(&builder.Builder{Kind: builder.Docker}, "iris").Type,
	}
	if diff := cmp.Diff([]string{typeEngine, "image", "moby"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEngineLoad(t *testing.T) {
	api, e := startEngine(t)
	for _, refuses := range []bool{false, true} {
		api.refuses = refuses
		w := e.load()
		if _, err := w.Write([]byte("archive")); err != nil {
			t.Fatal(err)
		}
		err := w.Close()
		if refuses != (err != nil) || refuses && err.Error() != "load the image into Docker's engine: no room" {
			t.Errorf("refuses %v: %v", refuses, err)
		}
		if string(api.loaded) != "archive" {
			t.Errorf("loaded %q", api.loaded)
		}
	}
}

func TestEngineServer(t *testing.T) {
	api, e := startEngine(t)
	var log bytes.Buffer
	s, err := e.Start(t.Context(), "iris:latest", ServerOptions{
		Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"},
		Port:     8080, Listen: netip.MustParseAddrPort("127.0.0.1:9000"), Log: &log,
	})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]any{}
	for _, key := range []string{"PortBindings", "SecurityOpt", "CapDrop", "PidsLimit", "Memory"} {
		got[key] = api.create["HostConfig"].(map[string]any)[key]
	}
	want := map[string]any{
		"PortBindings": map[string]any{"8080/tcp": []any{map[string]any{"HostIp": "127.0.0.1", "HostPort": "9000"}}},
		"SecurityOpt":  []any{"no-new-privileges"},
		"CapDrop":      []any{"ALL"},
		"PidsLimit":    float64(builder.DefaultProcesses),
		"Memory":       float64(750),
	}
	if diff := cmp.Diff(want, got); diff != "" || api.create["Image"] != "iris:latest" {
		t.Errorf("%v: %s", api.create["Image"], diff)
	}
	close(api.exit)
	if err := s.Err(); err == nil || err.Error() != "the server exited with code 3" {
		t.Errorf("%v", err)
	}
	if log.String() != "hello\n" {
		t.Errorf("log %q", log.String())
	}
	s.Stop(time.Second)
	if diff := cmp.Diff([]string{"POST /containers/c1/stop", "DELETE /containers/c1"}, []string{<-api.calls, <-api.calls}); diff != "" {
		t.Error(diff)
	}
}

func TestNoEngine(t *testing.T) {
	t.Setenv("DOCKER_HOST", "unix://"+filepath.Join(t.TempDir(), "none"))
	if _, err := FindEngine(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "no Docker engine: ") {
		t.Errorf("%v", err)
	}
}

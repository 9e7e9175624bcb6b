package dockerengine

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/moby/moby/client"
)

// remember stores a context as `docker context create` does.
func remember(t *testing.T, configuration, name, host string) {
	t.Helper()
	s := store.New(filepath.Join(configuration, "contexts"), store.NewConfig(
		func() any { return new(map[string]any) },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return new(docker.EndpointMeta) })))
	err := s.CreateOrUpdate(store.Metadata{Name: name, Metadata: map[string]any{}, Endpoints: map[string]any{docker.DockerEndpoint: docker.EndpointMeta{Host: host}}})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhichEngine(t *testing.T) {
	for name, c := range map[string]struct {
		host, context, current string
		want, wrong            string
	}{
		"nothing chosen":               {want: client.DefaultDockerHost},
		"docker context use":           {current: "lab", want: "tcp://lab.example.com:2375"},
		"DOCKER_CONTEXT":               {context: "gpu", current: "lab", want: "ssh://me@gpu.example.com"},
		"DOCKER_CONTEXT=default":       {context: "default", current: "lab", want: client.DefaultDockerHost},
		"DOCKER_HOST":                  {host: "tcp://127.0.0.1:2376", context: "gpu", current: "lab", want: "tcp://127.0.0.1:2376"},
		"DOCKER_HOST by ssh":           {host: "ssh://me@there.example.com:2222", want: "ssh://me@there.example.com:2222"},
		"a context that is not stored": {context: "gone", wrong: `docker context "gone": no such context`},
		"a name that is a path":        {context: "../lab", wrong: `docker context "../lab": context name "../lab" is invalid`},
		"no address":                   {host: "nonsense", wrong: "unable to parse docker host"},
	} {
		t.Run(name, func(t *testing.T) {
			configuration := t.TempDir()
			remember(t, configuration, "lab", "tcp://lab.example.com:2375")
			remember(t, configuration, "gpu", "ssh://me@gpu.example.com")
			if c.current != "" {
				write(t, configuration, fmt.Sprintf(`{"currentContext": %q}`, c.current))
			}
			t.Setenv("DOCKER_CONFIG", configuration)
			t.Setenv("DOCKER_CONTEXT", c.context)
			t.Setenv("DOCKER_HOST", c.host)
			engine, address, err := New()
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("%v, want %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer engine.Close()
			if address != c.want {
				t.Errorf("%s, want %s", address, c.want)
			}
		})
	}
}

func TestBrokenConfiguration(t *testing.T) {
	configuration := t.TempDir()
	write(t, configuration, "{")
	t.Setenv("DOCKER_CONFIG", configuration)
	t.Setenv("DOCKER_CONTEXT", "")
	t.Setenv("DOCKER_HOST", "")
	if _, _, err := New(); err == nil || !strings.Contains(err.Error(), filepath.Join(configuration, "config.json")) {
		t.Errorf("%v", err)
	}
}

// TestContextIsCalled has an engine at the address of a context only.
func TestContextIsCalled(t *testing.T) {
	directory, err := os.MkdirTemp("", "") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(directory) })
	l, err := net.Listen("unix", filepath.Join(directory, "engine"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Api-Version", "1.52")
		w.Header().Set("Ostype", "linux")
		if strings.HasSuffix(r.URL.Path, "/images/load") {
			_, _ = w.Write([]byte("{\"stream\":\"Loaded image ID: sha256:1\\n\"}\n"))
		}
	})}
	go func() { _ = server.Serve(l) }()
	defer server.Close()

	configuration := t.TempDir()
	remember(t, configuration, "lab", "unix://"+l.Addr().String())
	t.Setenv("DOCKER_CONFIG", configuration)
	t.Setenv("DOCKER_CONTEXT", "lab")
	t.Setenv("DOCKER_HOST", "")
	c, _, err := New()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if got, err := Load(t.Context(), c, strings.NewReader("archive")); err != nil || got != "sha256:1" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLoaded(t *testing.T) {
	for name, c := range map[string]struct{ report, want, wrong string }{
		"by its id":       {`{"stream":"Loaded image ID: sha256:1\n"}`, "sha256:1", ""},
		"by its name":     {`{"stream":"Unpacking"}{"stream":"Loaded image: iris:1\n"}`, "iris:1", ""},
		"not named":       {`{"status":"Extracting"}`, "", ""},
		"refused":         {`{"stream":"Loaded image: iris:1\n"}{"error":"no space left on device"}`, "", "no space left on device"},
		"cut off":         {`{"stream":"Loaded image: ir`, "", "unexpected EOF"},
		"not an engine's": {`<html>`, "", "invalid character"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := loaded(strings.NewReader(c.report))
			if got != c.want || (err != nil) != (c.wrong != "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
				t.Errorf("%q, %v", got, err)
			}
		})
	}
}

func write(t *testing.T, configuration, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(configuration, "config.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

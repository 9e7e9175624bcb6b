package docker

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish/internal/containers"
)

// TestMain makes this program what it is called: an ssh whose other side is this
// machine.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "ssh" {
		if err := actAsSSH(os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(255)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// actAsSSH does what ssh -W does.
func actAsSSH(arguments []string) error {
	flags := flag.NewFlagSet("ssh", flag.ContinueOnError)
	flags.Bool("T", false, "")
	to, _, user := flags.String("W", "", ""), flags.String("o", "", ""), flags.String("l", "", "")
	port := flags.String("p", "", "")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if got := strings.Join(append([]string{*user, *port}, flags.Args()...), " "); got != "me 2222 gpu.example.com" {
		return fmt.Errorf("called for %q", got)
	}
	c, err := net.Dial("tcp", *to)
	if err != nil {
		return err
	}
	go func() {
		_, _ = io.Copy(c, os.Stdin)
		_ = c.(*net.TCPConn).CloseWrite()
	}()
	_, err = io.Copy(os.Stdout, c)
	return err
}

// TestSSH reaches a port of an engine's machine by SSH.
func TestSSH(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(self, filepath.Join(folder, "ssh")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", folder)
	r, err := newReach("ssh://me@gpu.example.com:2222")
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, r.URL.Path) }))
	defer s.Close()
	port := s.Listener.Addr().(*net.TCPAddr).Port
	url := r.url("0.0.0.0", port)
	if err := containers.NewProbe(r.dial).Serves(t.Context(), url); err != nil {
		t.Error(err)
	}
	if err := r.check(&manifests.Container{Publish: &manifests.PublishedPort{Address: "127.0.0.1", Port: 80}}); err != nil {
		t.Error(err)
	}
	p := &Publisher{host: &host{reach: r}}
	e, err := p.tunnel(strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		answer, err := client.Get(e.URL + "/invocations")
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil || string(body) != "/invocations" {
			t.Errorf("%q, %v", body, err)
		}
	}
	if err := e.Close(); err != nil {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(e.URL, "http://")); err == nil {
		t.Error("the tunnel is open after it was closed")
	}
	if err := containers.NewProbe(r.dial).Serves(context.Background(), "http://127.0.0.1:1"); err == nil {
		t.Error("nobody's port serves")
	}
}

func TestReach(t *testing.T) {
	for _, c := range []struct {
		engine, address string
		url             string
		// refused reports whether nobody could reach it.
		refused bool
	}{
		{"unix:///var/run/docker.sock", "127.0.0.1", "http://127.0.0.1:80", false},
		{"unix:///var/run/docker.sock", "0.0.0.0", "http://127.0.0.1:80", false},
		{"unix:///var/run/docker.sock", "::", "http://127.0.0.1:80", false},
		{"unix:///var/run/docker.sock", "192.0.2.7", "http://192.0.2.7:80", false},
		{"npipe:////./pipe/docker_engine", "127.0.0.1", "http://127.0.0.1:80", false},
		{"tcp://127.0.0.1:2375", "127.0.0.1", "http://127.0.0.1:80", false},
		{"tcp://gpu.example.com:2376", "0.0.0.0", "http://gpu.example.com:80", false},
		{"tcp://gpu.example.com:2376", "192.0.2.7", "http://192.0.2.7:80", false},
		{"tcp://gpu.example.com:2376", "127.0.0.1", "http://127.0.0.1:80", true},
		{"tcp://gpu.example.com:2376", "::1", "http://[::1]:80", true},
	} {
		r, err := newReach(c.engine)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.url(c.address, 80); got != c.url {
			t.Errorf("%s at %s: %s, want %s", c.address, c.engine, got, c.url)
		}
		err = r.check(&manifests.Container{Publish: &manifests.PublishedPort{Address: c.address, Port: 80}})
		if (err != nil) != c.refused {
			t.Errorf("%s at %s: %v", c.address, c.engine, err)
		}
	}
}

package lab

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"golang.org/x/crypto/ssh"
)

// Repository is a git repository with one commit, on its branch main.
type Repository struct {
	// Dir is its work tree, Commit the full hash.
	Dir, Commit string
}

// NewRepository makes a repository of these files; its directory is DIR/project.git.
func NewRepository(t *testing.T, files map[string]string) Repository {
	t.Helper()
	r := Repository{Dir: filepath.Join(t.TempDir(), "project.git")}
	p := &Project{Dir: r.Dir}
	for name, text := range files {
		p.Write(t, name, text)
	}
	r.Commit = Commit(t, r.Dir)
	return r
}

// Commit makes a directory a repository, and commits what is in it.
func Commit(t *testing.T, dir string) (commit string) {
	t.Helper()
	Git(t, dir, "init", "--quiet", "--initial-branch=main")
	Git(t, dir, "add", ".")
	Git(t, dir, "commit", "--quiet", "--message=First")
	return Git(t, dir, "rev-parse", "HEAD")
}

// Git runs git in a directory, with no configuration of the machine's.
func Git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Test", "-c", "user.email=test@example.com"}, args...)...)
	c.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// ServeHTTP serves the repository over HTTP and returns its URL.
func (r Repository) ServeHTTP(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(&cgi.Handler{
		Path: filepath.Join(Git(t, r.Dir, "--exec-path"), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(r.Dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_GLOBAL=/dev/null"},
	})
	t.Cleanup(server.Close)
	return server.URL + "/project.git/.git"
}

// ServeSSH serves the repository over SSH to whoever has the private key, whose
// file it returns with the repository's URL.
func (r Repository) ServeSSH(t *testing.T) (url, keyFile string) {
	t.Helper()
	client, keyFile := newKey(t)
	host, _ := newKey(t)
	config := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(client.PublicKey().Marshal()) {
			return nil, fmt.Errorf("another key")
		}
		return nil, nil
	}}
	config.AddHostKey(host)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	t.Cleanup(func() {
		listener.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() {
				defer connection.Close()
				r.serveConnection(connection, config)
			})
		}
	})
	return "ssh://git@" + listener.Addr().String() + r.Dir + "/.git", keyFile
}

// newKey returns a key pair and the file with its private key.
func newKey(t *testing.T) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
		t.Fatal(err)
	}
	return signer, file
}

func (r Repository) serveConnection(connection net.Conn, config *ssh.ServerConfig) {
	_, channels, requests, err := ssh.NewServerConn(connection, config)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	for c := range channels {
		if c.ChannelType() != "session" {
			_ = c.Reject(ssh.UnknownChannelType, "sessions only")
			continue
		}
		channel, requests, err := c.Accept()
		if err != nil {
			return
		}
		for q := range requests {
			if q.Type != "exec" {
				_ = q.Reply(q.Type == "env", nil)
				continue
			}
			_ = q.Reply(true, nil)
			// A fetch is all that can be asked for, and of this repository.
			upload := exec.Command("git", "upload-pack", filepath.Join(r.Dir, ".git"))
			upload.Stdin, upload.Stdout, upload.Stderr = channel, channel, channel.Stderr()
			upload.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null")
			status := struct{ Status uint32 }{}
			if err := upload.Run(); err != nil {
				status.Status = 1
			}
			_, _ = channel.SendRequest("exit-status", false, ssh.Marshal(status))
			channel.Close()
		}
	}
}

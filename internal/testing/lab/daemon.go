package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Daemon is a buildkitd with empty caches, whose steps share the network of the
// machine.
type Daemon struct {
	process *Process
	dir     string
	// Address is where BuildKit's clients find it.
	Address string
}

// StartDaemon starts a buildkitd that keeps all that it has in a new directory. Its
// path is to be short: a socket's has room for about a hundred characters.
func StartDaemon(dir string) (*Daemon, error) { return StartDaemonIn(dir, Loopback(), "") }

// StartDaemonIn starts it in a network, where it reaches a registry without TLS, if any.
// Its socket is a file, which everybody reaches.
func StartDaemonIn(dir string, n Network, registry string) (*Daemon, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "socket")
	d := &Daemon{dir: dir, Address: "unix://" + socket}
	config := fmt.Sprintf("root = %q\n[grpc]\naddress = [%q]\n[otel]\nsocketPath = %q\n[worker.oci]\nnetworkMode = \"host\"\ngc = true\n[worker.containerd]\nenabled = false\n",
		filepath.Join(dir, "root"), d.Address, filepath.Join(dir, "otel"))
	if registry != "" {
		config += fmt.Sprintf("[registry.%q]\nhttp = true\n", registry)
	}
	file := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	// BuildKit leaves empty directories there.
	temporary := filepath.Join(dir, "tmp")
	if err := os.Mkdir(temporary, 0o700); err != nil {
		return nil, err
	}
	command := n.Command(context.Background(), "buildkitd", "--config", file)
	command.Env = append(os.Environ(), "TMPDIR="+temporary)
	var err error
	d.process, err = StartCommand(filepath.Join(dir, "log"), func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}, command)
	return d, err
}

// AnyDaemon returns the builder that is warm already (see Builder), or else one that
// is started in a directory of its own. Stop ends only what was started.
func AnyDaemon() (d *Daemon, err error) {
	if address := Builder(); address != "" {
		return &Daemon{Address: address}, nil
	}
	parent, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return nil, err
	}
	// Of the two directories, Stop removes the upper one.
	if d, err = StartDaemon(filepath.Join(parent, "b")); err != nil {
		return nil, errors.Join(err, os.RemoveAll(parent))
	}
	d.dir = parent
	return d, nil
}

// Stop ends the daemon and removes what it had.
func (d *Daemon) Stop() {
	if d.process == nil {
		return
	}
	d.process.Stop()
	if err := os.RemoveAll(d.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

package integration

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
)

// lab is what the tests share; TestMain sets it once, and no test changes it.
var lab laboratory

type laboratory struct {
	// base and toolchain are folders with an OCI image layout each.
	base, toolchain string
	// python is an interpreter with MLflow and what the examples need.
	python string
	// builder is the one that most tests share, second one that has seen
	// nothing but what a test built on it for comparison.
	builder, second *builder.Builder
}

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// run starts the builders, runs the tests and stops them. The address in
// DEPLOYFILE_TEST_BUILDER saves whoever writes a test the minutes that a cold
// builder takes.
func run(m *testing.M) (code int, err error) {
	for name, value := range map[string]*string{
		"DEPLOYFILE_TEST_BASE":      &lab.base,
		"DEPLOYFILE_TEST_TOOLCHAIN": &lab.toolchain,
		"DEPLOYFILE_TEST_PYTHON":    &lab.python,
	} {
		if *value = os.Getenv(name); *value == "" {
			return 1, fmt.Errorf("%s is not set: run make test, or hack/with-env.sh go test ./integration", name)
		}
	}
	for b, address := range map[**builder.Builder]string{&lab.builder: os.Getenv("DEPLOYFILE_TEST_BUILDER"), &lab.second: ""} {
		if address == "" {
			d, err := startDaemon()
			if err != nil {
				return 1, err
			}
			defer d.stop()
			address = d.address
		}
		if *b, err = dial(address); err != nil {
			return 1, err
		}
		defer (*b).Close()
	}
	return m.Run(), nil
}

// daemon is a buildkitd with empty caches.
type daemon struct {
	command *exec.Cmd
	dir     string
	address string
	exited  chan struct{}
}

func startDaemon() (*daemon, error) {
	dir, err := os.MkdirTemp("", "deployfile-")
	if err != nil {
		return nil, err
	}
	d := &daemon{dir: dir, address: "unix://" + filepath.Join(dir, "socket"), exited: make(chan struct{})}
	config := fmt.Sprintf("root = %q\n[grpc]\naddress = [%q]\n[otel]\nsocketPath = %q\n[worker.oci]\nnetworkMode = \"host\"\ngc = true\n[worker.containerd]\nenabled = false\n",
		filepath.Join(dir, "root"), d.address, filepath.Join(dir, "otel"))
	if err := os.WriteFile(filepath.Join(dir, "buildkitd.toml"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	d.command = exec.Command("buildkitd", "--config", filepath.Join(dir, "buildkitd.toml"))
	d.command.Stdout, d.command.Stderr = log, log
	if err := d.command.Start(); err != nil {
		return nil, fmt.Errorf("%w: run make tools, and put bin/ on PATH", err)
	}
	go func() {
		_ = d.command.Wait()
		close(d.exited)
	}()
	if err := d.ready(); err != nil {
		words, _ := os.ReadFile(filepath.Join(dir, "log"))
		d.stop()
		return nil, fmt.Errorf("%w\n%s", err, words)
	}
	return d, nil
}

// ready waits for the daemon's socket.
func (d *daemon) ready() error {
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		if _, err := os.Stat(filepath.Join(d.dir, "socket")); err == nil {
			return nil
		}
		select {
		case <-d.exited:
			return fmt.Errorf("buildkitd ended at once")
		case <-time.After(20 * time.Millisecond):
		}
	}
	return fmt.Errorf("buildkitd has no socket after a minute")
}

func (d *daemon) stop() {
	_ = d.command.Process.Signal(os.Interrupt)
	select {
	case <-d.exited:
	case <-time.After(30 * time.Second):
		_ = d.command.Process.Kill()
		<-d.exited
	}
	if err := os.RemoveAll(d.dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}

func dial(address string) (*builder.Builder, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return builder.Find(ctx, builder.Options{Address: address})
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/deployfile/deployfile/builder"
	testlab "github.com/deployfile/deployfile/internal/testing/lab"
)

// rig is a new builder with a new registry.
type rig struct {
	dir       string
	buildkitd *testlab.Process
	registry  *registry
	builder   *builder.Builder
}

func newRig(ctx context.Context, dir string) (_ *rig, err error) {
	r := &rig{dir: dir}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if r.registry, err = startRegistry(filepath.Join(dir, "registry")); err != nil {
		return nil, err
	}
	socket := filepath.Join(dir, "socket")
	config := fmt.Sprintf("root = %q\ninsecure-entitlements = [\"network.host\"]\n[grpc]\naddress = [\"unix://%s\"]\n[otel]\nsocketPath = %q\n[worker.oci]\nnetworkMode = \"host\"\ngc = false\n[worker.containerd]\nenabled = false\n",
		filepath.Join(dir, "root"), socket, filepath.Join(dir, "otel"))
	file := filepath.Join(dir, "buildkitd.toml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	ready := func() bool {
		_, err := os.Stat(socket)
		return err == nil
	}
	if r.buildkitd, err = startProcess(dir, []string{"TMPDIR=" + dir}, ready, "buildkitd", "--config", file); err != nil {
		return nil, err
	}
	dial, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	r.builder, err = builder.Find(dial, builder.Options{Address: "unix://" + socket})
	return r, err
}

func (r *rig) close() {
	if r.builder != nil {
		_ = r.builder.Close()
	}
	if r.buildkitd != nil {
		r.buildkitd.Stop()
	}
	if r.registry != nil && r.registry.Process != nil {
		r.registry.Stop()
	}
	if err := os.RemoveAll(r.dir); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
	}
}

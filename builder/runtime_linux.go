package builder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/deployfile/deployfile/internal/network"
	specs "github.com/opencontainers/runtime-spec/specs-go"
)

// runtimeScript is buildkitd's runc. To start a container it calls the
// supervisor's program with the supervisor's arguments; otherwise it calls
// runc.
func (d *daemon) runtimeScript(runc string, args []string) []byte {
	words := append([]string{d.program()}, args...)
	words = append(words, "--runtime", "--", runc)
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return fmt.Appendf(nil, `#!/bin/sh
# Written by deployfile at each start of the daemon.
for argument; do
	if [ "$argument" = run ] || [ "$argument" = create ]; then
		exec %s "$@"
	fi
done
exec %s "$@"
`, strings.Join(words, " "), words[len(words)-1])
}

// findRunc looks for the names that buildkitd itself would look for.
func findRunc() (string, error) {
	for _, name := range []string{"buildkit-runc", "runc"} {
		if path, err := exec.LookPath(name); err == nil {
			return filepath.Abs(path)
		}
	}
	return "", errors.New("runc not found on PATH: run apt install runc")
}

// becomeRuntime replaces this process by the runc that starts a container, in a
// network of its own instead of the machine's.
func becomeRuntime(o SuperviseOptions) error {
	d, err := locateDaemon(Options{StateDir: o.StateDir})
	if err != nil {
		return err
	}
	// Network namespaces belong to threads, and the executed program inherits that
	// of the calling thread.
	runtime.LockOSThread()
	i := slices.Index(o.runc, "--bundle")
	if i < 0 || i+1 >= len(o.runc) {
		return errors.New("start a build step: buildkitd does not say where the specification of the container is")
	}
	if err := d.amend(o.runc[i+1]); err != nil {
		return fmt.Errorf("start a build step: %w", err)
	}
	err = syscall.Exec(o.runc[0], o.runc, os.Environ())
	return fmt.Errorf("run %s: %w", o.runc[0], err)
}

// amend changes the specification of a container in its bundle: it removes the
// connection to buildkitd, gives a container that would share this process's
// network its own, and confines it if it is a server.
func (d *daemon) amend(bundle string) error {
	file := filepath.Join(bundle, "config.json")
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var spec specs.Spec
	if err := json.Unmarshal(data, &spec); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	withoutTraces(&spec)
	if sharesNetwork(&spec) && !wantsHost(&spec) {
		if err := d.isolate(&spec, bundle); err != nil {
			return err
		}
	}
	if data, err = json.Marshal(&spec); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// traceEndpoint is a socket of buildkitd that BuildKit gives to every step for
// traces. Nothing here uses it.
const traceEndpoint = "/dev/otel-grpc.sock"

// withoutTraces removes the socket and its environment variable from a
// container.
func withoutTraces(spec *specs.Spec) {
	spec.Mounts = slices.DeleteFunc(spec.Mounts, func(m specs.Mount) bool { return m.Destination == traceEndpoint })
	if endpoint := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=unix://" + traceEndpoint; spec.Process != nil && slices.Contains(spec.Process.Env, endpoint) {
		spec.Process.Env = slices.DeleteFunc(spec.Process.Env, func(e string) bool {
			return e == endpoint || e == "OTEL_TRACES_EXPORTER=otlp" || e == "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc"
		})
	}
}

// isolate moves this process into a new network, for the container that it
// starts.
func (d *daemon) isolate(spec *specs.Spec, bundle string) error {
	_, limits, err := network.Enter(context.Background(), d.networkSocket(), spec.Hostname)
	if err != nil {
		return err
	}
	if err := useGateway(spec, bundle); err != nil {
		return err
	}
	if limits != nil {
		for _, warning := range confine(spec, *limits) {
			fmt.Fprintln(os.Stderr, "warning:", warning)
		}
	}
	return nil
}

// sharesNetwork reports whether a container has no network namespace of its
// own.
func sharesNetwork(spec *specs.Spec) bool {
	return spec.Linux != nil && !slices.ContainsFunc(spec.Linux.Namespaces, func(n specs.LinuxNamespace) bool {
		return n.Type == specs.NetworkNamespace
	})
}

const resolvConf = "/etc/resolv.conf"

// wantsHost reports whether a step asked for the host's network, which BuildKit
// allows only with the entitlement network.host. BuildKit mounts the machine's
// resolvers into such a step unchanged, from a file with this name
// (executor/oci, GetResolvConf); nothing else in the specification tells. If
// BuildKit changes the name, such steps get a network of their own.
func wantsHost(spec *specs.Spec) bool {
	return slices.ContainsFunc(spec.Mounts, func(m specs.Mount) bool {
		return m.Destination == resolvConf && filepath.Base(m.Source) == "resolv-host.conf"
	})
}

// useGateway makes a container resolve names through the gateway, with the
// machine's search list and options.
func useGateway(spec *specs.Spec, bundle string) error {
	i := slices.IndexFunc(spec.Mounts, func(m specs.Mount) bool { return m.Destination == resolvConf })
	if i < 0 {
		return nil
	}
	text, err := os.ReadFile(spec.Mounts[i].Source)
	if err != nil {
		return err
	}
	var out strings.Builder
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); len(fields) > 0 && (fields[0] == "search" || fields[0] == "options") {
			out.WriteString(strings.Join(fields, " ") + "\n")
		}
	}
	fmt.Fprintf(&out, "nameserver %s\n", network.Gateway())
	file := filepath.Join(bundle, "resolv.conf")
	if err := os.WriteFile(file, []byte(out.String()), 0o644); err != nil {
		return err
	}
	// The umask of the daemon must not apply to the container.
	if err := os.Chmod(file, 0o644); err != nil {
		return err
	}
	spec.Mounts[i].Source = file
	return nil
}

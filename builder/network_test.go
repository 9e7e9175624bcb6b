//go:build linux && integration

package builder_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
)

// at is a service of the world.
func at(address string) string { return net.JoinHostPort(address, worldPort) }

// What a step with a network reaches, and what it does not, though the machine
// does.
func TestStepNetwork(t *testing.T) {
	w := inWorld(t)
	if w == nil {
		return
	}
	allowed := []string{intranet4, intranet6}
	refused := []string{"127.0.0.1", "::1", own4, own6, metadata4, metadata6, "0.0.0.0", "::ffff:127.0.0.1", "::ffff:" + own4, "::ffff:" + metadata4}
	for _, address := range append(allowed, refused...) {
		ctx, cancel := context.WithTimeout(t.Context(), probeDeadline)
		if _, err := greet(ctx, "tcp", at(address)); err != nil {
			t.Errorf("the machine itself does not reach %s: %v", address, err)
		}
		cancel()
	}

	b := find(t, options(t))
	var probes []string
	for _, address := range append(allowed, refused...) {
		probes = append(probes, "tcp "+at(address), "udp "+at(address))
	}
	// The service of another name is asked by its address, so this is the whole
	// way of an index of a company.
	probes = append(probes, "name "+worldName, "name index", "name other.corp.test", "tcp "+worldName+":"+worldPort,
		// The gateway has names and nothing else.
		"tcp 192.0.0.1:"+worldPort, "tcp 192.0.0.1:22",
		"interfaces", "files", "read /etc/resolv.conf")
	answers := step(t, b, bkllb.Network(bkllb.NetModeSandbox), probes...)

	for _, address := range allowed {
		for _, verb := range []string{"tcp ", "udp "} {
			if got := answers[verb+at(address)]; got != address {
				t.Errorf("%s%s: %s", verb, address, got)
			}
		}
	}
	for _, address := range refused {
		for _, verb := range []string{"tcp ", "udp "} {
			if got := answers[verb+at(address)]; !strings.HasPrefix(got, "error: ") {
				t.Errorf("%s%s is reached: %s", verb, address, got)
			}
		}
	}
	for probe, want := range map[string]string{
		"name " + worldName:                  intranet4,
		"name index":                         intranet4,
		"tcp " + worldName + ":" + worldPort: intranet4,
		"interfaces":                         "lo eth0",
		"read /etc/resolv.conf":              "search corp.test\nnameserver 192.0.0.1\n",
	} {
		if got := answers[probe]; got != want {
			t.Errorf("%s: %q, want %q", probe, got, want)
		}
	}
	for _, probe := range []string{"name other.corp.test", "tcp 192.0.0.1:" + worldPort, "tcp 192.0.0.1:22"} {
		if got := answers[probe]; !strings.HasPrefix(got, "error: ") {
			t.Errorf("%s: %s", probe, got)
		}
	}
	if strings.Contains(answers["files"], "net:[") || strings.Contains(answers["files"], "socket:") || strings.Contains(answers["files"], "tun") {
		t.Errorf("the step has files of its network: %s", answers["files"])
	}
}

// No step reaches buildkitd, which BuildKit lets take traces from all of them.
func TestStepReachesNoDaemon(t *testing.T) {
	b := find(t, options(t))
	for name, mode := range map[string]pb.NetMode{"sandbox": bkllb.NetModeSandbox, "none": bkllb.NetModeNone, "host": bkllb.NetModeHost} {
		answers := step(t, b, bkllb.Network(mode), "unix /dev/otel-grpc.sock", "read /proc/self/environ")
		if got := answers["unix /dev/otel-grpc.sock"]; !strings.HasPrefix(got, "error: ") || !strings.Contains(got, "no such file") {
			t.Errorf("%s: %s", name, got)
		}
		if got := answers["read /proc/self/environ"]; strings.Contains(got, "OTEL_") || !strings.Contains(got, "PATH=") {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// Packets that no routing table saw, of a step that is root and may write them.
func TestStepNetworkRaw(t *testing.T) {
	w := inWorld(t)
	if w == nil {
		return
	}
	b := find(t, options(t))
	var probes []string
	// They keep their order, so when the last has arrived all have.
	for _, address := range []string{"127.0.0.1", own4, metadata4, intranet4} {
		probes = append(probes, "raw eth0 "+at(address))
	}
	for probe, got := range step(t, b, bkllb.Network(bkllb.NetModeSandbox), probes...) {
		if got != "sent" {
			t.Errorf("%s: %s", probe, got)
		}
	}
	eventually(t, "the intranet got its packet", func() bool { return w.raw[intranet4].Load() == 1 })
	for _, address := range []string{"127.0.0.1", own4, metadata4} {
		if n := w.raw[address].Load(); n != 0 {
			t.Errorf("%s got %d packets", address, n)
		}
	}
}

// A step that asks for the host's network has it, with its resolvers; one that
// asks for none has none.
func TestStepNetworkHost(t *testing.T) {
	if inWorld(t) == nil {
		return
	}
	b := find(t, options(t))
	answers := step(t, b, bkllb.Network(bkllb.NetModeHost), "tcp "+at("127.0.0.1"), "tcp "+at(own4), "name "+worldName, "read /etc/resolv.conf")
	for probe, want := range map[string]string{
		"tcp " + at("127.0.0.1"): "127.0.0.1",
		"tcp " + at(own4):        own4,
		"name " + worldName:      intranet4,
	} {
		if got := answers[probe]; got != want {
			t.Errorf("%s: %q, want %q", probe, got, want)
		}
	}
	if got := answers["read /etc/resolv.conf"]; !strings.Contains(got, "nameserver 127.0.0.1") {
		t.Errorf("the resolvers: %s", got)
	}
	if got := step(t, b, bkllb.Network(bkllb.NetModeNone), "interfaces", "tcp "+at(intranet4)); got["interfaces"] != "lo" || !strings.HasPrefix(got["tcp "+at(intranet4)], "error: ") {
		t.Errorf("without a network: %v", got)
	}
}

// BuildKit itself fetches in the network of the machine, what is on its loopback
// too.
func TestFetchesOfBuildKit(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "fetched")
	}))
	defer server.Close()
	b := find(t, options(t))
	file := bkllb.HTTP(server.URL+"/file", bkllb.Filename("file"))
	def, err := file.Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	_, err = b.Client.Solve(t.Context(), def, client.SolveOpt{
		Exports: []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(filepath.Join(out, "file")); err != nil || string(data) != "fetched" {
		t.Errorf("%q, %v", data, err)
	}
}

// machine is what a builder might change of a machine: links, addresses, routes,
// settings, rules of firewalls, mounts, and files of networks.
func machine(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, command := range []string{
		"ip link", "ip addr", "ip route show table all", "ip -6 route show table all", "ip rule",
		"iptables-save", "grep " + os.TempDir() + "/Test /proc/self/mounts", "ls -R /var/lib/cni /run/netns",
	} {
		words := strings.Fields(command)
		// A directory that is not there is as good as any.
		text, _ := exec.Command(words[0], words[1:]...).CombinedOutput()
		var lines []string
		for line := range strings.Lines(string(text)) {
			// The kernel takes its time with a link's own address.
			if !strings.HasPrefix(line, "#") && !strings.Contains(line, "fe80:") {
				lines = append(lines, line)
			}
		}
		out[command] = strings.Join(lines, "")
	}
	settings, _ := exec.Command("sysctl", "-a").Output()
	for line := range strings.Lines(string(settings)) {
		name, _, _ := strings.Cut(line, " = ")
		if strings.HasPrefix(name, "net.ipv4.conf.") || strings.HasPrefix(name, "net.ipv6.conf.") || strings.HasSuffix(name, "forward") {
			out["sysctl"] += line
		}
	}
	return out
}

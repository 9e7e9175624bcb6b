//go:build linux && integration

package builder_test

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/util/entitlements"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sys/unix"
)

// probes are what a step tries: "VERB ARGUMENT…" each. What came of them is in
// /out/answers, by probe.
func probe(probes []string) error {
	answers := map[string]string{}
	for _, p := range probes {
		words := strings.Fields(p)
		answer, err := tryProbe(words[0], words[1:])
		if err != nil {
			answer = "error: " + err.Error()
		}
		answers[p] = answer
	}
	data, err := json.Marshal(answers)
	if err != nil {
		return err
	}
	return os.WriteFile("/out/answers", data, 0o644)
}

// probeDeadline is long for what answers and short for what never will.
const probeDeadline = 5 * time.Second

func tryProbe(verb string, args []string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), probeDeadline)
	defer cancel()
	switch verb {
	case "tcp", "udp", "unix":
		return greet(ctx, verb, args[0])
	case "name":
		addrs, err := net.DefaultResolver.LookupHost(ctx, args[0])
		return strings.Join(addrs, " "), err
	case "raw":
		return "sent", sendRaw(args[0], args[1])
	case "read":
		data, err := os.ReadFile(args[0])
		return string(data), err
	case "interfaces":
		links, err := net.Interfaces()
		var names []string
		for _, l := range links {
			names = append(names, l.Name)
		}
		return strings.Join(names, " "), err
	case "files":
		entries, err := os.ReadDir("/proc/self/fd")
		var out []string
		for _, e := range entries {
			if target, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil {
				out = append(out, target)
			}
		}
		return strings.Join(out, " "), err
	}
	return "", fmt.Errorf("no probe %q", verb)
}

// greet says hello and returns what is said.
func greet(ctx context.Context, network, address string) (string, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, network, address)
	if err != nil {
		return "", err
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(probeDeadline)); err != nil {
		return "", err
	}
	if _, err := io.WriteString(conn, "hello"); err != nil {
		return "", err
	}
	buffer := make([]byte, 100)
	n, err := conn.Read(buffer)
	return string(buffer[:n]), err
}

// listen takes connections until it is killed.
func listen(address string) error {
	l, err := net.Listen("tcp", address)
	for err == nil {
		_, err = l.Accept()
	}
	return err
}

// sendRaw puts an IPv4 packet with a datagram on a device as it is, whatever the
// routing tables say.
func sendRaw(device, to string) error {
	link, err := net.InterfaceByName(device)
	if err != nil {
		return err
	}
	dest := netip.MustParseAddrPort(to)
	payload := []byte("raw")
	packet := make([]byte, 28+len(payload))
	packet[0] = 0x45
	binary.BigEndian.PutUint16(packet[2:], uint16(len(packet)))
	packet[8], packet[9] = 64, unix.IPPROTO_UDP
	source, target := [4]byte{192, 0, 0, 2}, dest.Addr().As4()
	copy(packet[12:], source[:])
	copy(packet[16:], target[:])
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(packet[i:]))
	}
	binary.BigEndian.PutUint16(packet[10:], ^uint16(sum+sum>>16))
	binary.BigEndian.PutUint16(packet[20:], 4321)
	binary.BigEndian.PutUint16(packet[22:], dest.Port())
	binary.BigEndian.PutUint16(packet[24:], uint16(8+len(payload)))
	copy(packet[28:], payload)
	const ipv4 = 0x0800
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, packet, 0, &unix.SockaddrLinklayer{Protocol: ipv4>>8 | ipv4<<8&0xff00, Ifindex: link.Index})
}

// step runs probes in a step that has the network mode, and returns the answers.
func step(t *testing.T, b *builder.Builder, mode bkllb.RunOption, probes ...string) map[string]string {
	t.Helper()
	out := t.TempDir()
	opt := client.SolveOpt{
		LocalMounts:         map[string]fsutil.FS{"self": selfFS(t)},
		Exports:             []client.ExportEntry{{Type: client.ExporterLocal, OutputDir: out}},
		AllowedEntitlements: []string{entitlements.EntitlementNetworkHost.String()},
	}
	run := selfRoot().Run(bkllb.Args(append([]string{"/self", "probe"}, probes...)), mode, bkllb.IgnoreCache)
	def, err := run.AddMount("/out", bkllb.Scratch()).Marshal(t.Context(), bkllb.Platform(b.Platform()))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Client.Solve(t.Context(), def, opt, nil); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(out, "answers"))
	if err != nil {
		t.Fatal(err)
	}
	answers := map[string]string{}
	if err := json.Unmarshal(data, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// selfRoot is a file system with this program as /self, from selfFS.
func selfRoot() bkllb.State {
	return bkllb.Scratch().
		File(bkllb.Copy(bkllb.Local("self"), "*", "/self", &bkllb.CopyInfo{AllowWildcard: true})).
		File(bkllb.Mkdir("/tmp", 0o777))
}

func selfFS(t *testing.T) fsutil.FS {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := fsutil.NewFS(filepath.Dir(self))
	if err != nil {
		t.Fatal(err)
	}
	only, err := fsutil.NewFilterFS(dir, &fsutil.FilterOpt{IncludePatterns: []string{filepath.Base(self)}})
	if err != nil {
		t.Fatal(err)
	}
	return only
}

package builder

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/BurntSushi/toml"
)

// daemonConfig renders buildkitd.toml. What BuildKit does by itself is not
// said: it speaks plain HTTP to registries on the loopback, and takes
// overlayfs for snapshots where the kernel has it.
//
// See https://github.com/moby/buildkit/blob/v0.33.1/docs/buildkitd.toml.md.
func daemonConfig(d *daemon, diskLimit int64) ([]byte, error) {
	type table = map[string]any
	config := table{
		"root": d.root(),
		// For those who ask for it, by --network host.
		"insecure-entitlements": []string{"network.host"},
		"grpc":                  table{"address": []string{"unix://" + d.socket}},
		// Its default is one path for every daemon of the machine.
		"otel": table{"socketPath": d.traceSocket()},
		"worker": table{
			"containerd": table{"enabled": false},
			"oci": table{
				"enabled": true,
				// It gives a step that shares the host's network one of its own,
				// unless it asked for the host's by name.
				"binary":        d.runtime(),
				"networkMode":   "host",
				"gc":            true,
				"maxUsedSpace":  bytesText(diskLimit),
				"reservedSpace": bytesText(diskLimit / 10),
				"minFreeSpace":  "10%",
			},
		},
	}
	var out bytes.Buffer
	out.WriteString("# Written by deployfile at each start of the daemon.\n")
	if err := toml.NewEncoder(&out).Encode(config); err != nil {
		return nil, fmt.Errorf("write the configuration of buildkitd: %w", err)
	}
	return out.Bytes(), nil
}

func (d *daemon) traceSocket() string { return d.socket + ".otel" }

// bytesText spells a size the way that BuildKit's parser keeps exact.
func bytesText(n int64) string { return strconv.FormatInt(n, 10) }

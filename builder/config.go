package builder

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/BurntSushi/toml"
)

// daemonConfig renders buildkitd.toml. It relies on BuildKit's defaults: plain
// HTTP to registries on the loopback, and the overlayfs snapshotter if the
// kernel supports it.
//
// See https://github.com/moby/buildkit/blob/v0.33.1/docs/buildkitd.toml.md.
func daemonConfig(d *daemon, diskLimit int64) ([]byte, error) {
	type table = map[string]any
	config := table{
		"root": d.root(),
		// For builds with --network host.
		"insecure-entitlements": []string{"network.host"},
		"grpc":                  table{"address": []string{"unix://" + d.socket}},
		// The default is one path for all daemons of the machine.
		"otel": table{"socketPath": d.traceSocket()},
		"worker": table{
			"containerd": table{"enabled": false},
			"oci": table{
				"enabled": true,
				// The script gives a step that would share the host's network its own,
				// unless the step asked for the host's network.
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

// bytesText formats a size so that BuildKit's parser keeps it exactly.
func bytesText(n int64) string { return strconv.FormatInt(n, 10) }

package toolchain

import (
	_ "embed"
	"maps"
	"slices"

	"github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
)

// Download is a file that is fetched by its hash.
type Download struct {
	// Filename is the file's name, URL where it is.
	Filename string `json:"filename" toml:"filename"`
	URL      string `json:"url" toml:"url"`
	// SHA256 is its hash in hexadecimal, Size its length in bytes (0 if
	// unknown).
	SHA256 string `json:"sha256" toml:"sha256"`
	Size   int64  `json:"size,omitempty" toml:"size,omitzero"`
}

// State is the file alone in a folder. BuildKit checks the hash, and fetches
// nothing when it has a file of that hash and name.
func (d Download) State(c ...llb.ConstraintsOpt) llb.State {
	opts := []llb.HTTPOption{
		llb.Filename(d.Filename),
		llb.Checksum(digest.NewDigestFromEncoded(digest.SHA256, d.SHA256)),
		llb.WithCustomName("fetch " + d.Filename),
	}
	for _, o := range c {
		opts = append(opts, o)
	}
	return llb.HTTP(d.URL, opts...)
}

//go:embed unpack.py
var unpackSource []byte

func unpackScript() Script { return Script{Name: "unpack.py", Source: unpackSource} }

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

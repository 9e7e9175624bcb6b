package toolchain

import (
	_ "embed"
	"fmt"
	"net/url"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/opencontainers/go-digest"
)

// Download is a file that is fetched by its hash.
type Download struct {
	// Filename is the file's name, URL its address.
	Filename string `json:"filename" toml:"filename"`
	URL      string `json:"url" toml:"url"`
	// SHA256 is its hash in hexadecimal, Size its length in bytes (0 if
	// unknown).
	SHA256 string `json:"sha256" toml:"sha256"`
	Size   int64  `json:"size,omitempty" toml:"size,omitzero"`
}

// Check refuses a download without a hash, or with a name that is not a plain
// file name.
func (d Download) Check() error {
	switch {
	case !plainName(d.Filename):
		return fmt.Errorf("%q is not a file name", d.Filename)
	case !isSHA256(d.SHA256):
		return fmt.Errorf("%s has no sha256, and nothing is fetched without one", d.Filename)
	case d.URL != "" && !fetchable(d.URL):
		return fmt.Errorf("%s: %q is not an http or https address without a credential", d.Filename, d.URL)
	}
	return nil
}

// fetchable reports whether an address is http or https: BuildKit would fetch
// another scheme differently, without checking the hash.
func fetchable(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

func plainName(name string) bool {
	return name != "" && name[0] != '.' && !strings.ContainsAny(name, "/\\") && !terminal.Obeys(name)
}

func isSHA256(s string) bool {
	return digest.NewDigestFromEncoded(digest.SHA256, s).Validate() == nil
}

// State returns a directory with only the file. BuildKit checks the hash, and
// downloads nothing if it already has a file of that hash and name.
func (d Download) State(c ...bkllb.ConstraintsOpt) bkllb.State {
	opts := []bkllb.HTTPOption{
		bkllb.Filename(d.Filename),
		bkllb.Checksum(digest.NewDigestFromEncoded(digest.SHA256, d.SHA256)),
		bkllb.WithCustomName(fetchTitle(d)),
	}
	for _, o := range c {
		opts = append(opts, o)
	}
	return bkllb.HTTP(d.URL, opts...)
}

//go:embed unpack.py
var unpackSource []byte

func unpackScript() Script { return Script{Name: "unpack.py", Source: unpackSource} }

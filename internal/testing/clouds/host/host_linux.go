// Package host runs images from a registry as a cloud does: as a user of the cloud's, in a
// network of their own that has a loopback alone.
package host

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Host is where containers run.
type Host struct {
	// Name is what the cloud calls its registry, and Registry is the one that stands for it.
	Name, Registry string
	// Formats are the media types of manifests that the cloud takes.
	Formats []types.MediaType
	// Dir is where file systems are.
	Dir string
	// User is who runs instead of the image's own user, as "uid:gid", or "".
	User string
	// Arguments replace the image's command, nil for none.
	Arguments []string
	// ReadOnly lets servers write to /tmp alone.
	ReadOnly bool

	mu    sync.Mutex
	roots map[string]string
	count atomic.Int64
}

// Limits are how long a server may take.
type Limits struct {
	// Connect and Ping are for one attempt, Start for the first answer, Invoke for a request.
	Connect, Ping, Start, Invoke time.Duration
}

// open returns an image of the registry.
func (h *Host) open(image string) (v1.Image, error) {
	ref, err := name.NewDigest(strings.Replace(image, h.Name, h.Registry, 1))
	if err != nil {
		return nil, err
	}
	d, err := remote.Get(ref)
	if err != nil {
		return nil, fmt.Errorf("requested image %s not found", image)
	}
	if !slices.Contains(h.Formats, d.MediaType) {
		return nil, fmt.Errorf("unsupported manifest media type %s for image %s", d.MediaType, image)
	}
	return d.Image()
}

// Pull checks that an image is there, in a format that the cloud takes.
func (h *Host) Pull(image string) error {
	_, err := h.open(image)
	return err
}

// root returns the file system of an image.
func (h *Host) root(image string, img v1.Image) (string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if dir := h.roots[image]; dir != "" {
		return dir, nil
	}
	dir := filepath.Join(h.Dir, fmt.Sprint("root", len(h.roots)))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return "", err
	}
	files := mutate.Extract(img)
	defer files.Close()
	tar := exec.Command("tar", "-x", "-p", "--numeric-owner", "-C", dir, "-f", "-")
	tar.Stdin = files
	if out, err := tar.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	if h.roots == nil {
		h.roots = map[string]string{}
	}
	h.roots[image] = dir
	return dir, nil
}

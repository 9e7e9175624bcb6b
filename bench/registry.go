package main

import (
	"context"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	testlab "github.com/deployfile/deployfile/internal/testing/lab"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// registry is distribution's registry on the loopback, with its own storage.
type registry struct {
	*testlab.Process
	address string
	storage string
}

func startRegistry(dir string) (*registry, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	r := &registry{address: address, storage: filepath.Join(dir, "storage")}
	config := fmt.Sprintf("version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: %q\nhttp:\n  addr: %s\n", r.storage, r.address)
	file := filepath.Join(dir, "registry.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		return nil, err
	}
	ready := func() bool {
		res, err := http.Get("http://" + r.address + "/v2/")
		if err != nil {
			return false
		}
		return res.Body.Close() == nil && res.StatusCode == http.StatusOK
	}
	r.Process, err = startProcess(dir, []string{"OTEL_TRACES_EXPORTER=none"}, ready, "registry", "serve", file)
	return r, err
}

// freeAddress returns an unused port of the loopback.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// ref returns the name of an image in the registry, such as "base:1".
func (r *registry) ref(image string) string { return r.address + "/" + image }

func (r *registry) push(ctx context.Context, image string, img v1.Image) error {
	ref, err := name.NewTag(r.ref(image), name.Insecure)
	if err != nil {
		return err
	}
	return remote.Write(ref, img, remote.WithContext(ctx))
}

// stored returns the total size in bytes of the registry's blobs and manifests.
// Its growth is what a push had to send: a client asks before it sends a blob.
func (r *registry) stored() (int64, error) {
	var sum int64
	err := filepath.WalkDir(filepath.Join(r.storage, "docker", "registry", "v2", "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			sum += info.Size()
		}
		return err
	})
	if os.IsNotExist(err) {
		return 0, nil
	}
	return sum, err
}

// image describes an image in the registry.
type image struct {
	Digest string `json:"digest"`
	// Bytes is the size of the compressed layers and the config.
	Bytes int64 `json:"bytes"`
	// Layers are digests, Sizes are those of the layers in bytes, in the same order, and
	// then that of the config.
	Layers []string `json:"layers"`
	Sizes  []int64  `json:"sizes"`
}

// pulled is how many bytes a node pulls of the image that has another one.
func (i image) pulled(has image) (bytes int64) {
	if i.Digest == has.Digest {
		return 0
	}
	for n, size := range i.Sizes {
		if n >= len(i.Layers) || !slices.Contains(has.Layers, i.Layers[n]) {
			bytes += size
		}
	}
	return bytes
}

func (r *registry) inspect(ctx context.Context, tag string) (image, error) {
	ref, err := name.NewTag(r.ref(tag), name.Insecure)
	if err != nil {
		return image{}, err
	}
	img, err := remote.Image(ref, remote.WithContext(ctx))
	if err != nil {
		return image{}, err
	}
	m, err := img.Manifest()
	if err != nil {
		return image{}, err
	}
	d, err := img.Digest()
	if err != nil {
		return image{}, err
	}
	out := image{Digest: d.String(), Bytes: m.Config.Size}
	for _, l := range m.Layers {
		out.Bytes += l.Size
		out.Layers = append(out.Layers, l.Digest.String())
		out.Sizes = append(out.Sizes, l.Size)
	}
	out.Sizes = append(out.Sizes, m.Config.Size)
	return out, nil
}

// Command ociimage writes an image of layer tarballs as an OCI image layout:
// the same tarballs and flags give the same bytes. It packs the base images of
// the tests, and is not part of the product.
package main

import (
	"compress/gzip"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// refName is the annotation that names an image in a layout (OCI image
// specification, annotations).
const refName = "org.opencontainers.image.ref.name"

// settings are the command line's flags.
type settings struct {
	out, ref string
	created  int64 // seconds since 1970
	env      []string
	cmd      string
	layers   []string // files, the lowest first
}

func main() {
	var s settings
	flag.StringVar(&s.out, "out", "", "`directory` of the layout; it must not exist")
	flag.StringVar(&s.ref, "ref", "", "`name` of the image in the layout")
	flag.Int64Var(&s.created, "created", 0, "the image's time of creation, in `seconds` since 1970")
	flag.StringVar(&s.cmd, "cmd", "", "the image's `command`, one word")
	flag.Func("env", "a `NAME=value` of the image's environment; repeatable", func(v string) error {
		if !strings.Contains(v, "=") {
			return fmt.Errorf("%q has no =", v)
		}
		s.env = append(s.env, v)
		return nil
	})
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: ociimage -out FOLDER -ref NAME [flags] LAYER.tar...")
		flag.PrintDefaults()
	}
	flag.Parse()
	s.layers = flag.Args()
	if s.out == "" || s.ref == "" || len(s.layers) == 0 {
		flag.Usage()
		os.Exit(2)
	}
	if err := write(s); err != nil {
		fmt.Fprintln(os.Stderr, "ociimage:", err)
		os.Exit(1)
	}
}

// write writes the layout and prints the image's name, digest and compressed
// size.
func write(s settings) error {
	img, err := build(s)
	if err != nil {
		return err
	}
	path, err := layout.Write(s.out, empty.Index)
	if err != nil {
		return fmt.Errorf("writing %s: %w", s.out, err)
	}
	if err := path.WriteImage(img); err != nil {
		return fmt.Errorf("writing %s: %w", s.out, err)
	}
	desc, err := partial.Descriptor(img)
	if err != nil {
		return err
	}
	// The descriptor of a plain image has no artifact type; the library sets the
	// configuration's media type.
	desc.ArtifactType = ""
	desc.Annotations = map[string]string{refName: s.ref}
	if err := path.AppendDescriptor(*desc); err != nil {
		return fmt.Errorf("writing %s: %w", s.out, err)
	}
	manifest, err := img.Manifest()
	if err != nil {
		return err
	}
	var size int64
	for _, l := range manifest.Layers {
		size += l.Size
	}
	fmt.Printf("%s %s %.1f MB\n", s.ref, desc.Digest, float64(size)/1e6)
	return nil
}

// build builds the image, with OCI media types.
func build(s settings) (v1.Image, error) {
	created := v1.Time{Time: time.Unix(s.created, 0).UTC()}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, file := range s.layers {
		layer, err := tarball.LayerFromFile(file,
			tarball.WithMediaType(types.OCILayer), tarball.WithCompressionLevel(gzip.DefaultCompression))
		if err != nil {
			return nil, fmt.Errorf("reading layer %s: %w", file, err)
		}
		img, err = mutate.Append(img, mutate.Addendum{
			Layer:   layer,
			History: v1.History{Created: created, CreatedBy: filepath.Base(file)},
		})
		if err != nil {
			return nil, fmt.Errorf("adding layer %s: %w", file, err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", runtime.GOARCH
	config.Created = created
	config.Config.Env = s.env
	if s.cmd != "" {
		config.Config.Cmd = []string{s.cmd}
	}
	img, err = mutate.ConfigFile(img, config)
	if err != nil {
		return nil, fmt.Errorf("setting the image's configuration: %w", err)
	}
	return img, nil
}

// Command frontendimage builds the frontend image from the binaries below a
// directory, BIN/linux-amd64/deployfile-frontend and so on, as an OCI layout.
// It builds with BuildKit, from scratch, and the same binaries give the same
// digest.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/containerd/platforms"
	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/internal/registryauth"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/toolchain"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	commonexptypes "github.com/moby/buildkit/exporter/exptypes"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
)

const binary = "deployfile-frontend"

func main() {
	log.SetFlags(0)
	var bin, out, version, supervisor, to string
	flag.StringVar(&bin, "bin", "bin/frontend", "directory with the binaries, a directory each platform")
	flag.StringVar(&out, "o", "bin/frontend-image", "directory of the OCI layout")
	flag.StringVar(&version, "version", "devel", "version that the image's labels carry")
	flag.StringVar(&supervisor, "deployfile", "bin/deployfile", "the CLI, which keeps the builder")
	flag.StringVar(&to, "push", "", "name of the image in a registry, which gets the same bytes")
	flag.Parse()
	supervisor, err := filepath.Abs(supervisor)
	if err != nil {
		log.Fatal("frontendimage: ", err)
	}
	ctx := context.Background()
	err = run(ctx, bin, out, version, supervisor)
	if err == nil && to != "" {
		err = push(ctx, out, to)
	}
	if err != nil {
		log.Fatal("frontendimage: ", err)
	}
}

// push copies the layout's image, all platforms of it, to a registry, with the
// logins of Docker's CLI.
func push(ctx context.Context, dir, to string) error {
	ref, err := registryclient.ParseReference(to)
	if err != nil {
		return err
	}
	root, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return err
	}
	manifest, err := root.IndexManifest()
	if err != nil {
		return err
	}
	image, err := root.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(ref, image, remote.WithContext(ctx), remote.WithAuthFromKeychain(registryauth.Keychain())); err != nil {
		return fmt.Errorf("push %s: %w", to, err)
	}
	fmt.Println(ref.Context().Digest(manifest.Manifests[0].Digest.String()))
	return nil
}

func run(ctx context.Context, bin, out, version, supervisor string) error {
	b, err := builder.Find(ctx, builder.Options{
		Address:    os.Getenv("BUILDKIT_HOST"),
		Buildkitd:  filepath.Join(filepath.Dir(supervisor), "buildkitd"),
		Supervisor: []string{supervisor, "builder-supervise"},
	})
	if err != nil {
		return err
	}
	defer b.Close()
	mount, err := fsutil.NewFS(bin)
	if err != nil {
		return err
	}
	if err := os.RemoveAll(out); err != nil {
		return err
	}
	epoch := fmt.Sprint(toolchain.Epoch().Unix())
	status := make(chan *client.SolveStatus)
	go func() {
		for range status {
		}
	}()
	_, err = b.Client.Build(ctx, client.SolveOpt{
		LocalMounts: map[string]fsutil.FS{"bin": mount},
		Exports: []client.ExportEntry{{
			Type: client.ExporterOCI, OutputDir: out,
			Attrs: map[string]string{"tar": "false", "name": "deployfile-frontend:latest", string(commonexptypes.OptKeySourceDateEpoch): epoch},
		}},
	}, "deployfile", func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		return build(ctx, c, version)
	}, status)
	return err
}

func build(ctx context.Context, c gwclient.Client, version string) (*gwclient.Result, error) {
	res := gwclient.NewResult()
	var exported exptypes.Platforms
	for _, name := range []string{"linux/amd64", "linux/arm64"} {
		p := platforms.MustParse(name)
		id := platforms.Format(p)
		epoch := toolchain.Epoch()
		from := path.Join("/", strings.ReplaceAll(name, "/", "-"), binary)
		local := bkllb.Local("bin", bkllb.FollowPaths([]string{from}), bkllb.SharedKeyHint("bin"), bkllb.WithCustomName("[internal] "+from))
		st := bkllb.Scratch().File(bkllb.Copy(local, from, "/"+binary, &bkllb.CopyInfo{
			Mode: &bkllb.ChmodOpt{Mode: 0o755}, CreatedTime: &epoch, ChownOpt: &bkllb.ChownOpt{User: &bkllb.UserOpt{UID: 0}, Group: &bkllb.UserOpt{UID: 0}},
		}))
		def, err := st.Marshal(ctx, bkllb.Platform(p))
		if err != nil {
			return nil, err
		}
		r, err := c.Solve(ctx, gwclient.SolveRequest{Definition: def.ToPB()})
		if err != nil {
			return nil, err
		}
		ref, err := r.SingleRef()
		if err != nil {
			return nil, err
		}
		config, err := json.Marshal(imageConfig(p, version, epoch))
		if err != nil {
			return nil, err
		}
		res.AddRef(id, ref)
		res.AddMeta(exptypes.ExporterImageConfigKey+"/"+id, config)
		exported.Platforms = append(exported.Platforms, exptypes.Platform{ID: id, Platform: p})
	}
	data, err := json.Marshal(exported)
	if err != nil {
		return nil, err
	}
	res.AddMeta(exptypes.ExporterPlatformsKey, data)
	return res, nil
}

// imageConfig returns a configuration with the labels that BuildKit requires of
// a frontend image: it needs no network, and supports these opts and requests.
func imageConfig(p ocispecs.Platform, version string, created time.Time) dockerspec.DockerOCIImage {
	var img dockerspec.DockerOCIImage
	img.Platform = p
	img.Created = &created
	img.RootFS.Type = "layers"
	img.Config.Entrypoint = []string{"/" + binary}
	img.Config.Env = []string{"PATH=/"}
	img.Config.Labels = map[string]string{
		"moby.buildkit.frontend.network.none": "true",
		"moby.buildkit.frontend.caps":         "moby.buildkit.frontend.inputs,moby.buildkit.frontend.subrequests,moby.buildkit.frontend.contexts",
		ocispecs.AnnotationTitle:              binary,
		ocispecs.AnnotationVersion:            version,
	}
	img.History = []ocispecs.History{{Created: &created, CreatedBy: "copy " + binary, Comment: "deployfile"}}
	return img
}

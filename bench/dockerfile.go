package main

import (
	"context"
	"io"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/secrets/secretsprovider"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

// The secret with certificate authorities, and its path in a step.
const (
	caSecret = "ca"
	caFile   = "/run/secrets/ca"
)

// buildDockerfile builds c.dir/Dockerfile with BuildKit's own frontend, as
// docker buildx build --push does.
func buildDockerfile(ctx context.Context, c call, args map[string]string) error {
	context, err := fsutil.NewFS(c.dir)
	if err != nil {
		return err
	}
	docker := config.LoadDefaultConfigFile(io.Discard)
	opt := client.SolveOpt{
		Frontend:      "dockerfile.v0",
		FrontendAttrs: map[string]string{},
		LocalMounts:   map[string]fsutil.FS{"context": context, "dockerfile": context},
		// As in docker buildx: only changes are sent again.
		SharedKey: filepath.Base(c.dir),
		Exports:   []client.ExportEntry{c.export()},
		Session: []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
			AuthConfigProvider: authprovider.LoadAuthConfig(docker),
		})},
	}
	for k, v := range args {
		opt.FrontendAttrs["build-arg:"+k] = v
	}
	if c.lab.ca != "" {
		store, err := secretsprovider.NewStore([]secretsprovider.Source{{ID: caSecret, FilePath: c.lab.ca}})
		if err != nil {
			return err
		}
		opt.Session = append(opt.Session, secretsprovider.NewSecretProvider(store))
	}
	return solve(ctx, c, nil, opt)
}

func solve(ctx context.Context, c call, def *bkllb.Definition, opt client.SolveOpt) error {
	display, err := progressui.NewDisplay(c.log, progressui.RawJSONMode)
	if err != nil {
		return err
	}
	events := make(chan *client.SolveStatus)
	eg, ctx := errgroup.WithContext(ctx)
	eg.Go(func() error {
		_, err := c.rig.builder.Client.Solve(ctx, def, opt, events)
		return err
	})
	eg.Go(func() error {
		_, err := display.UpdateFrom(context.WithoutCancel(ctx), events)
		return err
	})
	return eg.Wait()
}

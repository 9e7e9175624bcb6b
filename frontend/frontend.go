// Package frontend is the BuildKit frontend: it reads the Deployfile and its
// lock through BuildKit's gateway, has the resolver answer what is open, has
// llb make the image, and returns it with its config. The CLI runs it in its
// own process, docker buildx build as an image; both get the same digest.
package frontend

import (
	"context"

	"github.com/moby/buildkit/frontend/dockerui"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// The build arguments that are this frontend's own; buildx users give them
// with --build-arg.
const (
	// ArgLocked demands a lock when it is "1".
	ArgLocked = "DEPLOYFILE_LOCKED"
	// ArgVerify leaves the verify step out when it is "0".
	ArgVerify = "DEPLOYFILE_VERIFY"
	// ArgUpgrade lists packages, comma-separated, that the lock target takes
	// newer versions of; "*" is everything.
	ArgUpgrade = "DEPLOYFILE_UPGRADE"
	// ArgIndex is the URL of a package index that takes the place of the
	// default one, such as a mirror, with no change to the Deployfile. The
	// secret of the id "index" is its credential, if it wants one.
	ArgIndex = "DEPLOYFILE_INDEX"
	// ArgStepTimeout is how long a step may take that reaches the network or runs
	// a package's code, "30m"; toolchain.DefaultTime without it.
	ArgStepTimeout = "DEPLOYFILE_STEP_TIMEOUT"
)

// Build is the gateway's BuildFunc. Its errors carry the lines of the
// Deployfile that they are about.
func Build(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
	ui, err := dockerui.NewClient(c)
	if err != nil {
		return nil, err
	}
	b := &build{ui: ui, client: c, images: images{ui: ui, client: c}, output: findOutput(ui.Target)}
	res, err := b.run(ctx)
	if err != nil {
		return nil, spoken{withSource(err, sourceInfo(b.source))}
	}
	return res, nil
}

func (b *build) run(ctx context.Context) (*gwclient.Result, error) {
	if res, ok, err := b.subrequest(ctx); ok || err != nil {
		return res, err
	}
	if err := b.read(ctx); err != nil {
		return nil, err
	}
	if err := b.checkTarget(); err != nil {
		return nil, err
	}
	return b.output.build(b, ctx)
}

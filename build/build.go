// Package build is the client side of a build: it passes the Deployfile, its
// context, secrets and caches to a builder, runs the frontend there, shows
// BuildKit's progress and receives the result.
//
// Promise: it writes only the outputs that it is given, each complete or not at all, and
// what KeepLock is told to keep, and prints only to Options.Log. Fields are added to
// Options in such a way that their zero value changes nothing.
package build

import (
	"cmp"
	"context"
	"io"
	"os"
	"time"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/deployfile/deployfile/internal/bkerrors"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/moby/buildkit/client"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// Options are the options of a build.
type Options struct {
	// Context is the directory that the build may read, File the Deployfile (""
	// for DefaultName in Context).
	Context, File string
	// Source, unless nil, is the text of the Deployfile, which need not be on the disk. Its
	// lock is beside File all the same.
	Source []byte
	// Target is the output to build, "" for the image.
	Target string
	// Platforms are os/arch; empty for those of the Deployfile or the builder.
	Platforms []string
	// Args are build arguments, Labels image labels, by name.
	Args, Labels map[string]string
	// Contexts are named build contexts, as in --build-context.
	Contexts map[string]string
	// Secrets and SSH are values of --secret and --ssh.
	Secrets, SSH []string
	// SBOM adds attestations with both SBOMs to the image, and Provenance, unless empty,
	// BuildKit's of how it was built: the value is that of buildx's --provenance, such as
	// mode=max. With either, the image is an index.
	SBOM       bool
	Provenance string
	// TrustToolchain are the images to whose programs steps that fetch a model may show
	// the user's credentials, besides those of frontend.DefaultBase: REPOSITORY,
	// REPOSITORY@DIGEST, or REGISTRY/ with a slash at its end for all that are there. With
	// another toolchain, a model that wants a credential passes through this process.
	TrustToolchain []string
	// CacheFrom and CacheTo are values of buildx's flags.
	CacheFrom, CacheTo []string
	// Ulimits (of nproc and data) and Resources limit steps; they are values of
	// buildx's --ulimit and --resource.
	Ulimits, Resources []string
	// Network is the network of steps that have one, as in buildx's --network:
	// default, host or none; "" means default.
	Network string
	// NoCache runs every step.
	NoCache bool
	// CA is the id of the secret with certificate authorities, "" for CASecret.
	CA string
	// Outputs and Exports receive the result; without any it stays in the
	// builder's cache. An output file is replaced when Run succeeds, and unchanged
	// when it fails.
	Outputs []Output
	Exports []client.ExportEntry
	// Progress is auto, plain, tty, quiet or rawjson; the progress goes to Log.
	Progress string
	Log      *os.File
	// Observe, unless nil, is called with each of the builder's events, whatever the
	// progress shows: printable, and with each group of steps as one. The calls of one
	// build do not overlap, and none comes after Run.
	Observe func(*client.SolveStatus)
	// Repeated says that the same was just built and shown: the progress is that of the
	// export alone.
	Repeated bool
	// Patience is how long a build may take before its progress is shown in the mode
	// auto: one that is done earlier shows nothing. Zero shows it from the start.
	Patience time.Duration
	// Stdout is standard output, for an Output that goes there.
	Stdout io.Writer
	// Refreshed, unless nil, lets a build without a demand for its lock
	// (frontend.ArgLocked) go on after the model's files have changed, and nothing
	// else: the lock is written again, and Refreshed is called with the changes, a
	// phrase each. Otherwise such a build fails with a *frontend.StaleLockError.
	Refreshed func(changes []string)
	// Example, unless nil, is called before Then with the request that MLflow saved with
	// the model, nil if there is none.
	Example func(request []byte) error
	// Then, unless nil, is called with the result while the builder still holds
	// it.
	Then func(context.Context, *Built) error
}

// Built is a result held by the builder.
type Built struct {
	// Client is the connection of the build, Result the frontend's result.
	Client gwclient.Client
	Result *gwclient.Result

	builder  *builder.Builder
	progress *progress
}

// EndProgress stops the progress display, and returns when it no longer writes
// to the terminal.
func (b *Built) EndProgress() {
	close(b.progress.stop)
	<-b.progress.ended
}

// Result is the builder's response to a build.
type Result struct {
	// Metadata is the exporters' response, such as containerimage.digest.
	Metadata map[string]string
	// Warnings are the warnings at the end of the progress display.
	Warnings []client.VertexWarning

	// begun is when the builder began, by its own clock.
	begun time.Time
}

// attempts is how often to try a build that collides with another one.
const attempts = 3

// Run builds. It returns an error of the frontend as the frontend returned it.
func Run(ctx context.Context, b *builder.Builder, o Options) (*Result, error) {
	then, began := o.Then, false
	if then != nil {
		o.Then = func(ctx context.Context, built *Built) error {
			began = true
			return then(ctx, built)
		}
	}
	for attempt := 1; ; attempt++ {
		r, err := run(ctx, b, o)
		if stale := refreshable(err, o); stale != nil {
			if err := refreshLock(ctx, b, o); err != nil {
				return nil, err
			}
			o.Refreshed(stale.Changes)
			o.Refreshed, o.Repeated = nil, true
			r, err = run(ctx, b, o)
		}
		if err == nil || attempt == attempts || began || !bkerrors.Collided(err) || ctx.Err() != nil {
			return r, err
		}
	}
}

func run(ctx context.Context, b *builder.Builder, o Options) (*Result, error) {
	opt, err := solveOptions(o)
	if err == nil {
		err = addLimits(opt.FrontendAttrs, b, o)
	}
	closeModel := func() {}
	var artifact *modelsource.Pin
	if err == nil {
		closeModel, artifact, err = supplyModel(ctx, opt, o)
	}
	defer closeModel()
	if err != nil {
		return nil, err
	}
	shown, err := newProgress(o.Log, o.Progress, b.String(), o.Repeated)
	if err != nil {
		return nil, err
	}
	shown.patience = o.patience()
	files, err := addOutputs(opt, o)
	defer files.discard()
	if err != nil {
		return nil, err
	}
	if err := checkLinks(opt); err != nil {
		return nil, err
	}
	if p, err := o.project(ctx); err == nil { // the frontend reports the error
		compress(opt, p.File)
	}
	shown.sent.count(opt.Exports)
	early, err := newAhead(ctx, b, opt)
	if err != nil {
		return nil, err
	}
	var failed error
	buildFunc := func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		mounted := mountModel(ctx, opt.Exports, artifact)
		result, err := frontend.Build(ctx, early.client(c))
		<-mounted
		if err == nil && o.Example != nil {
			request := result.Metadata[frontend.MetaExample]
			delete(result.Metadata, frontend.MetaExample)
			err = o.Example(request)
		}
		if err == nil && o.Then != nil {
			err = o.Then(ctx, &Built{Client: c, Result: result, builder: b, progress: shown})
		}
		failed = err
		return result, err
	}
	go shown.run()
	res, err := b.Client.Build(ctx, *opt, "deployfile", buildFunc, o.observed(shown))
	early.end()
	<-shown.ended
	if err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		shown.explain(cmp.Or(failed, err))
		return nil, explainLoopback(b, o.Network, b.Explain(explainName(o.Context, cmp.Or(failed, files.failure(), err))))
	}
	if err := files.commit(); err != nil {
		return nil, b.Explain(err)
	}
	return &Result{Metadata: res.ExporterResponse, Warnings: shown.warnings, begun: shown.begun}, nil
}

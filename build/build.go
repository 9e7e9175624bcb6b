// Package build is a build as its caller sees it: it hands the Deployfile, its
// context, secrets and caches to a builder, runs the frontend there, shows
// BuildKit's progress and receives what comes out.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/builder"
	"github.com/deployfile/deployfile/frontend"
	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/client"
	buildctl "github.com/moby/buildkit/cmd/buildctl/build"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/moby/buildkit/session/sshforward/sshprovider"
	"github.com/moby/buildkit/util/progress/progressui"
	"github.com/tonistiigi/fsutil"
	"golang.org/x/sync/errgroup"
)

// Options are what a build is told.
type Options struct {
	// Context is the folder that the build may read, File the Deployfile
	// ("" for DefaultName in Context).
	Context, File string
	// Target is what the frontend makes, "" for the image.
	Target string
	// Platforms are os/arch; none for the Deployfile's or the builder's own.
	Platforms []string
	// Args are build arguments, Labels labels, by name.
	Args, Labels map[string]string
	// Contexts are named build contexts, as --build-context has them.
	Contexts map[string]string
	// Secrets and SSH are as --secret and --ssh have them.
	Secrets, SSH []string
	// CacheFrom and CacheTo are as buildx has them.
	CacheFrom, CacheTo []string
	// NoCache runs every step.
	NoCache bool
	// Exports are what happens with the result; none keeps it in the cache.
	Exports []client.ExportEntry
	// Progress is auto, plain, tty, quiet or rawjson; it is written to Log.
	Progress string
	Log      *os.File
	// Then is called with the result while the builder still has it, nil if
	// there is nothing to do; its own result is what is exported.
	Then func(context.Context, gwclient.Client, *gwclient.Result) error
}

// Result is what the builder said of a build.
type Result struct {
	// Metadata is the exporters' answer, such as containerimage.digest.
	Metadata map[string]string
	// Warnings are those that the progress display showed last.
	Warnings []client.VertexWarning
}

// Run builds. An error of the frontend comes back as it was returned there.
func Run(ctx context.Context, b *builder.Builder, o Options) (*Result, error) {
	opt, err := solveOptions(o)
	if err != nil {
		return nil, err
	}
	display, err := progressui.NewDisplay(o.Log, progressui.DisplayMode(o.Progress))
	if err != nil {
		return nil, err
	}
	status := make(chan *client.SolveStatus)
	var (
		failed error
		res    *client.SolveResponse
		warned []client.VertexWarning
	)
	run := func(ctx context.Context, c gwclient.Client) (*gwclient.Result, error) {
		result, err := frontend.Build(ctx, c)
		if err == nil && o.Then != nil {
			err = o.Then(ctx, c, result)
		}
		failed = err
		return result, err
	}
	// The display ends when the build closes the channel, not when the build
	// is cancelled, so that it shows how the build ended.
	eg, egctx := errgroup.WithContext(ctx)
	eg.Go(func() (err error) {
		res, err = b.Client.Build(egctx, *opt, "deployfile", run, status)
		return err
	})
	eg.Go(func() (err error) {
		warned, err = display.UpdateFrom(context.WithoutCancel(ctx), status)
		return err
	})
	if err := eg.Wait(); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if failed != nil {
			err = failed
		}
		return nil, b.Explain(err)
	}
	return &Result{Metadata: res.ExporterResponse, Warnings: warned}, nil
}

func solveOptions(o Options) (*client.SolveOpt, error) {
	dir, err := filepath.Abs(o.Context)
	if err != nil {
		return nil, err
	}
	file := o.File
	if file == "" {
		file = filepath.Join(dir, "Deployfile")
	}
	for _, p := range []string{dir, file} {
		if _, err := os.Stat(p); err != nil {
			return nil, err
		}
	}
	opt := &client.SolveOpt{
		Exports:       o.Exports,
		FrontendAttrs: attributes(o, dir, file),
		LocalMounts:   map[string]fsutil.FS{},
		SharedKey:     sharedKey(dir),
	}
	for name, path := range map[string]string{"context": dir, "dockerfile": filepath.Dir(file)} {
		if opt.LocalMounts[name], err = fsutil.NewFS(path); err != nil {
			return nil, err
		}
	}
	if err := addContexts(opt, o.Contexts); err != nil {
		return nil, err
	}
	if opt.Session, err = attachables(o); err != nil {
		return nil, err
	}
	if opt.CacheImports, err = buildctl.ParseImportCache(cacheEntries(o.CacheFrom)); err != nil {
		return nil, &UsageError{Option: "cache-from", Err: err}
	}
	if opt.CacheExports, err = buildctl.ParseExportCache(cacheEntries(o.CacheTo)); err != nil {
		return nil, &UsageError{Option: "cache-to", Err: err}
	}
	return opt, nil
}

func attributes(o Options, dir, file string) map[string]string {
	attrs := map[string]string{
		"filename":                               filepath.Base(file),
		"build-arg:" + frontend.ArgContextName: filepath.Base(dir),
	}
	if o.Target != "" {
		attrs["target"] = o.Target
	}
	if o.NoCache {
		attrs["no-cache"] = ""
	}
	for k, v := range o.Args {
		attrs["build-arg:"+k] = v
	}
	for k, v := range o.Labels {
		attrs["label:"+k] = v
	}
	if len(o.Platforms) > 0 {
		attrs["platform"] = strings.Join(o.Platforms, ",")
	}
	maps.Copy(attrs, gitAttributes(dir))
	return attrs
}

// sharedKey lets the builder keep what it received of a folder and receive
// only what changed since.
func sharedKey(dir string) string {
	h := sha256.Sum256([]byte(dir))
	return hex.EncodeToString(h[:])
}

// attachables are what the builder may ask this process for.
func attachables(o Options) ([]session.Attachable, error) {
	docker := config.LoadDefaultConfigFile(io.Discard)
	out := []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(docker),
	})}
	secrets, err := buildctl.ParseSecret(withCA(o.Secrets))
	if err != nil {
		return nil, &UsageError{Option: "secret", Err: err}
	}
	out = append(out, secrets)
	if len(o.SSH) > 0 {
		agents, err := buildctl.ParseSSH(o.SSH)
		if err != nil {
			return nil, &UsageError{Option: "ssh", Err: err}
		}
		agent, err := sshprovider.NewSSHAgentProvider(agents)
		if err != nil {
			return nil, &UsageError{Option: "ssh", Err: err}
		}
		out = append(out, agent)
	}
	return out, nil
}

// withCA hands the certificates that this machine trusts by SSL_CERT_FILE to
// the steps that fetch, unless the caller gives others.
func withCA(secrets []string) []string {
	file := os.Getenv("SSL_CERT_FILE")
	if _, err := os.Stat(file); err != nil {
		return secrets
	}
	for _, s := range secrets {
		if slices.Contains(strings.Split(s, ","), "id="+CASecret) {
			return secrets
		}
	}
	return append([]string{"id=" + CASecret + ",src=" + file}, secrets...)
}

// CASecret is the default id of the secret with certificate authorities.
const CASecret = "ca"

// UsageError is an option that was given wrongly.
type UsageError struct {
	// Option is the flag's name.
	Option string
	// Err says what is wrong.
	Err error
}

// Error names the option.
func (e *UsageError) Error() string { return fmt.Sprintf("--%s: %v", e.Option, e.Err) }

// Unwrap returns what is wrong.
func (e *UsageError) Unwrap() error { return e.Err }

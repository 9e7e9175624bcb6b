package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/frontend"
	"github.com/moby/buildkit/client"
	buildctl "github.com/moby/buildkit/cmd/buildctl/build"
	"github.com/moby/buildkit/util/entitlements"
	"github.com/tonistiigi/fsutil"
)

// FilePath returns the path of the Deployfile.
func (o Options) FilePath() string {
	if o.File != "" {
		return o.File
	}
	return filepath.Join(o.Context, deployfile.DefaultName)
}

// project returns the Deployfile that is built.
func (o Options) project(ctx context.Context) (*Project, error) {
	if o.Source != nil {
		return ParseProject(o.Context, o.File, o.Source, o.Args)
	}
	return OpenProject(ctx, o.Context, o.File, o.Args)
}

func addOutputs(opt *client.SolveOpt, o Options) (files pendingFiles, err error) {
	for _, out := range o.Outputs {
		entry, file, err := out.entry(o.Stdout)
		if err != nil {
			return files, err
		}
		if entry != nil {
			opt.Exports = append(opt.Exports, *entry)
		}
		if file != nil {
			files = append(files, file)
		}
	}
	return files, nil
}

func solveOptions(o Options) (*client.SolveOpt, error) {
	dir, err := filepath.Abs(o.Context)
	if err != nil {
		return nil, err
	}
	file, err := filepath.Abs(o.FilePath())
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(dir); err != nil {
		return nil, fmt.Errorf("the context: %w", err)
	} else if !info.IsDir() {
		return nil, fmt.Errorf("the context %s is not a directory", o.Context)
	}
	if _, err := os.Stat(file); o.Source == nil && errors.Is(err, fs.ErrNotExist) {
		return nil, &NoFileError{Path: o.FilePath()}
	} else if o.Source == nil && err != nil {
		return nil, err
	}
	opt := &client.SolveOpt{
		Exports:       slices.Clone(o.Exports),
		FrontendAttrs: attributes(o, dir, file),
		LocalMounts:   map[string]fsutil.FS{},
		SharedKey:     sharedKey(dir),
	}
	for name, path := range map[string]string{"context": dir, "dockerfile": filepath.Dir(file)} {
		if opt.LocalMounts[name], err = fsutil.NewFS(path); err != nil {
			return nil, err
		}
	}
	if o.Source != nil {
		opt.LocalMounts["dockerfile"] = given{opt.LocalMounts["dockerfile"], filepath.Base(file), o.Source}
	}
	if err := checkNetwork(o.Network); err != nil {
		return nil, err
	}
	if o.Network == networkHost {
		opt.AllowedEntitlements = []string{entitlements.EntitlementNetworkHost.String()}
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
		"filename": filepath.Base(file),
	}
	if o.Target != "" {
		attrs["target"] = o.Target
	}
	if o.NoCache {
		attrs["no-cache"] = ""
	}
	if o.SBOM {
		attrs["attest:sbom"] = ""
	}
	if o.Provenance != "" {
		attrs["attest:provenance"] = o.Provenance
	}
	if o.Network != "" && o.Network != networkDefault {
		attrs["force-network-mode"] = o.Network
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
	if o.Example != nil {
		attrs[frontend.AttrExample] = "1"
	}
	maps.Copy(attrs, gitAttributes(dir))
	return attrs
}

package cli

import (
	"context"
	"maps"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/moby/buildkit/client"
)

// patience is how long a command whose result is text may take before its progress is
// shown in front of that.
const patience = time.Second

// files builds an output that is a directory of small files and returns them by
// name; args are added to the build's own.
func (f *inputFlags) files(ctx context.Context, s streams, p *build.Project, output string, args map[string]string) (files map[string][]byte, err error) {
	err = f.buildFiles(ctx, s, p, output, func(o *build.Options) {
		maps.Copy(o.Args, args)
		o.Then = func(ctx context.Context, built *build.Built) (err error) {
			files, err = built.Files(ctx)
			return err
		}
	})
	if err != nil {
		return nil, err
	}
	return files, nil
}

// export builds an output that is files, into a directory.
func (f *inputFlags) export(ctx context.Context, s streams, p *build.Project, output, dir string) error {
	return f.buildFiles(ctx, s, p, output, func(o *build.Options) {
		o.Outputs = []build.Output{{Type: client.ExporterLocal, Dest: dir}}
	})
}

// buildFiles builds an output that is files. The lock is not written, because no image
// is built.
func (f *inputFlags) buildFiles(ctx context.Context, s streams, p *build.Project, output string, where func(*build.Options)) error {
	opt, err := f.options(p, output, s)
	if err != nil {
		return err
	}
	opt.Refreshed, opt.Patience = nil, patience
	where(&opt)
	b, err := f.find(ctx)
	if err != nil {
		return err
	}
	defer b.Close()
	r, err := build.Run(ctx, b, opt)
	if err != nil {
		return err
	}
	s.warn(warningsOf(r.Warnings)...)
	return nil
}

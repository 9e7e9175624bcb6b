package cli

import (
	"context"

	"github.com/deployfile/deployfile/build"
)

// files builds an output that is a directory of small files and returns them by
// name; args are added to the build's own.
func (f *inputFlags) files(ctx context.Context, s streams, p *build.Project, output string, args map[string]string) (map[string][]byte, error) {
	opt, err := f.options(p, output, s)
	if err != nil {
		return nil, err
	}
	for name, value := range args {
		opt.Args[name] = value
	}
	// Who only looks finds the lock as it was.
	opt.Refreshed = nil
	var files map[string][]byte
	opt.Then = func(ctx context.Context, built *build.Built) (err error) {
		files, err = built.Files(ctx)
		return err
	}
	b, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	r, err := build.Run(ctx, b, opt)
	if err != nil {
		return nil, err
	}
	s.warn(r.Warnings)
	return files, nil
}

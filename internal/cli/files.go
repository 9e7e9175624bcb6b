package cli

import (
	"context"

	"github.com/deployfile/deployfile/build"
	gwclient "github.com/moby/buildkit/frontend/gateway/client"
)

// files builds a target that is a folder of small files and returns them by
// name; args are added to the build's own.
func (f *inputFlags) files(ctx context.Context, s streams, p *build.Project, target string, args map[string]string) (map[string][]byte, error) {
	opt, err := f.options(p, target, s)
	if err != nil {
		return nil, err
	}
	for name, value := range args {
		opt.Args[name] = value
	}
	var files map[string][]byte
	opt.Then = func(ctx context.Context, built *build.Built) (err error) {
		files, err = readResult(ctx, built.Result)
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

func readResult(ctx context.Context, r *gwclient.Result) (map[string][]byte, error) {
	ref, err := r.SingleRef()
	if err != nil {
		return nil, err
	}
	entries, err := ref.ReadDir(ctx, gwclient.ReadDirRequest{Path: "/"})
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Path], err = ref.ReadFile(ctx, gwclient.ReadRequest{Filename: e.Path}); err != nil {
			return nil, err
		}
	}
	return files, nil
}

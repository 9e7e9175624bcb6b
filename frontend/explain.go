package frontend

import (
	"context"
	"errors"
	"strings"

	"github.com/deployfile/deployfile/internal/bkerrors"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

// explain replaces the error of a failed build by its cause: the message of the step
// that failed, or what is wrong with a file that could not be fetched.
func (c *compiled) explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	err = c.resolver.Gateway.Explain(ctx, c.tools, err)
	var step *resolver.StepError
	if errors.As(err, &step) {
		return c.found.locate(c.withHint(ctx, err, step))
	}
	if project, d, ok := mismatched(c.plan, err); ok {
		if reason := c.resolver.ExplainFetch(ctx, project, d, c.tools, c.found.env.indexes); reason != nil {
			return c.found.locate(reason)
		}
	}
	return err
}

// mismatched returns the file, and its project, whose hash BuildKit's HTTP source
// did not find: that hash is in the error, and the file's name is not.
func mismatched(p *llb.Plan, err error) (project string, d toolchain.Download, ok bool) {
	hashes, ok := bkerrors.DigestMismatch(err)
	if !ok {
		return "", d, false
	}
	files := map[string]toolchain.Download{"uv": p.UV}
	for _, s := range p.SystemPackages {
		files[s.Name] = s.Download
	}
	for _, l := range p.Layers {
		for _, w := range l.Wheels {
			switch {
			case w.Source == nil && w.Path == "":
				files[w.Name] = w.Download
			case w.Source != nil && w.Source.File != nil && w.Source.File.URL != "":
				f := w.Source.File
				files[w.Name] = toolchain.Download{Filename: f.Filename(), URL: f.URL, SHA256: f.Hashes["sha256"]}
			}
		}
	}
	for project, f := range files {
		if strings.Contains(hashes, f.SHA256) {
			return project, f, true
		}
	}
	return "", d, false
}

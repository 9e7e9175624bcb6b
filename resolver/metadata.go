package resolver

import (
	"context"
	"fmt"
	"path"
	"slices"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"golang.org/x/sync/errgroup"
)

// maxDescribed limits how many packages without a wheel are built to learn
// their requirements, for one platform. A resolution that tries every version
// of such a package must end with an error, not with a timeout.
const maxDescribed = 200

// metadata is the requirements of a package without a wheel, from its build:
// uv's dependency-metadata.
type metadata struct {
	Name           string   `json:"name"`
	Version        string   `json:"version"`
	RequiresDist   []string `json:"requires-dist"`
	RequiresPython string   `json:"requires-python"`
	ProvidesExtras []string `json:"provides-extras"`
}

// unknownSource is a package whose build uv would have had to run to learn its
// requirements.
type unknownSource struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	// Pylock locks only this package.
	Pylock string `json:"pylock"`
}

// describe builds packages in the same steps that build their wheels, without a
// network and secrets, and returns their requirements. If a package is
// selected, its wheel comes from the same step.
func (r *Resolver) describe(ctx context.Context, q Request, t toolchain.Toolchain, i Interpreter, known []metadata, unknown []unknownSource) ([]metadata, error) {
	if len(known)+len(unknown) > maxDescribed {
		return nil, fmt.Errorf("more than %d packages would have to be built to learn what they require, %s at last: require a version of it, or one with a wheel", maxDescribed, unknown[0].Name)
	}
	out := make([]metadata, len(unknown))
	eg, ctx := errgroup.WithContext(ctx)
	for n, u := range unknown {
		s, err := u.source(i)
		if err != nil {
			return nil, err
		}
		eg.Go(func() error {
			b, err := r.buildOnce(ctx, q, t, s)
			if err != nil {
				return err
			}
			m := b.metadata
			if pypi.CanonPackageName(m.Name) != pypi.CanonPackageName(u.Name) {
				return fmt.Errorf("the build of %s made a wheel of %q", u.Name, m.Name)
			}
			if slices.ContainsFunc(known, func(k metadata) bool { return k.Name == m.Name && k.Version == m.Version }) {
				return fmt.Errorf("%s %s was built, and uv does not take what its wheel requires; require a version with a wheel", m.Name, m.Version)
			}
			out[n] = m
			return nil
		})
	}
	return out, eg.Wait()
}

// source returns the source to build.
func (u unknownSource) source(i Interpreter) (Source, error) {
	lock, err := ParsePylock([]byte(u.Pylock))
	if err != nil {
		return Source{}, fmt.Errorf("what %s is built from: %w", u.Name, err)
	}
	_, sources, err := Select(lock, i)
	if err != nil {
		return Source{}, err
	}
	if len(sources) != 1 {
		return Source{}, fmt.Errorf("what %s is built from: there are %d sources of it instead of one", u.Name, len(sources))
	}
	s := sources[0]
	if u.Version == unknownVersion {
		s.Version = ""
	}
	return s, nil
}

// unknownVersion is the version of a package known only by its URL.
const unknownVersion = "0"

// localMount mounts a file or directory of the context, readable for every user
// of a step whatever the umask of its author was.
func localMount(t toolchain.Toolchain, files modelsource.Context, name string) toolchain.Mount {
	at := path.Join("/tmp/lock", name)
	source, from := files.At(name)
	if !toolchain.Supports(t.Constraints, pb.CapFileCopyModeStringFormat) {
		return toolchain.Mount{Path: at, Source: source, From: from}
	}
	copied := bkllb.Scratch().File(
		bkllb.Copy(source, from, "/local", &bkllb.CopyInfo{Mode: &bkllb.ChmodOpt{ModeStr: "a+rX"}, CopyDirContentsOnly: true}),
		append(toolchain.Internal(name), t.Constraints...)...)
	return toolchain.Mount{Path: at, Source: copied, From: "/local"}
}

package resolver

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/toolchain"
)

// Yanked asks the indexes which of the locked Python packages were withdrawn
// (PEP 592), and returns the reasons, which may be empty, by normalised name.
// unknown says which indexes did not answer, a phrase a package. The builder
// keeps the answer for the day.
func (r *Resolver) Yanked(ctx context.Context, t toolchain.Toolchain, pylocks map[string]*Pylock, indexes []Index, today time.Time) (reasons map[string]string, unknown []string, err error) {
	type pkg struct {
		Name   string   `json:"name"`
		Index  string   `json:"index"`
		Secret string   `json:"secret"`
		Files  []string `json:"files"`
	}
	asked := map[string]*pkg{}
	for _, lock := range pylocks {
		for _, p := range lock.Packages {
			files := p.filenames()
			if p.Index == "" || len(files) == 0 {
				continue
			}
			name := pypi.CanonPackageName(p.Name)
			x := asked[name]
			if x == nil {
				x = &pkg{Name: name, Index: p.Index}
				if i, ok := credential(indexes, p.Index); ok {
					x.Secret = i.Secret
					if i.Mirror {
						x.Index = i.URL
					}
				}
				asked[name] = x
			}
			x.Files = append(x.Files, files...)
		}
	}
	packages := []*pkg{}
	for _, x := range asked {
		slices.Sort(x.Files)
		x.Files = slices.Compact(x.Files)
		packages = append(packages, x)
	}
	slices.SortFunc(packages, func(a, b *pkg) int { return strings.Compare(a.Name, b.Name) })
	ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
		Name:   fmt.Sprintf("ask whether %d packages were withdrawn", len(packages)),
		Script: script("yanked.py"),
		Args:   []string{requestDir + "/request.json"},
		Mounts: []toolchain.Mount{request(t, map[string]any{
			"packages": packages,
			"day":      today.Format(time.DateOnly),
		})},
		Network: true,
		Secrets: secrets(indexes),
	})
	if err != nil {
		return nil, nil, err
	}
	var out struct {
		Yanked  map[string]string
		Unknown []string
	}
	err = r.Gateway.ReadJSON(ctx, ref, "yanked.json", &out)
	return out.Yanked, out.Unknown, err
}

// filenames are the names of all files that the lock has of a package.
func (p PylockPackage) filenames() []string {
	var out []string
	for _, w := range p.Wheels {
		out = append(out, w.Filename())
	}
	if p.Sdist != nil {
		out = append(out, p.Sdist.Filename())
	}
	return out
}

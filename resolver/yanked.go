package resolver

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/toolchain"
)

// Yanked asks the indexes which locked Python packages were yanked (PEP 592),
// and returns the reasons, which may be empty, by normalised name. unknown
// lists the indexes that did not answer, one phrase per package. The builder
// caches the answer for a day.
func (r *Resolver) Yanked(ctx context.Context, t toolchain.Toolchain, pylocks map[string]*Pylock, indexes []Index, today time.Time) (reasons map[string]string, unknown []string, err error) {
	type pkg struct {
		Name  string   `json:"name"`
		Files []string `json:"files"`
		// Indexes are the indexes that may have the package, nil for all.
		Indexes []Index `json:"indexes"`
	}
	own, others := map[string][]Index{}, []Index{}
	for _, i := range indexes {
		for _, name := range i.Packages {
			name = pypi.CanonPackageName(name)
			own[name] = append(own[name], i)
		}
		if len(i.Packages) == 0 {
			others = append(others, i)
		}
	}
	if !slices.ContainsFunc(others, func(i Index) bool { return i.Default }) {
		others = append(others, Index{Default: true})
	}
	files := map[string][]string{}
	for _, lock := range pylocks {
		for _, p := range lock.Packages {
			name := pypi.CanonPackageName(p.Name)
			files[name] = append(files[name], p.filenames()...)
		}
	}
	packages := []pkg{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if names := files[name]; len(names) > 0 {
			slices.Sort(names)
			packages = append(packages, pkg{Name: name, Files: slices.Compact(names), Indexes: own[name]})
		}
	}
	ref, err := r.Gateway.Step(ctx, t, toolchain.Step{
		Name:   fmt.Sprintf("ask whether %d packages were withdrawn", len(packages)),
		Script: script("yanked.py"),
		Args:   []string{requestDir + "/request.json"},
		Mounts: []toolchain.Mount{request(t, map[string]any{
			"packages": packages,
			"indexes":  others,
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

// filenames returns the names of all locked files of a package.
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

package compare

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
)

// Locks compares a lock with the one that takes its place: both as files by name,
// as build.LockFiles has them. The name is that of Deployfile.lock among them. The
// old lock may be missing, or one that this version cannot decode.
func Locks(name string, was, is map[string][]byte) (report.Lock, error) {
	files := changedFiles(was, is)
	out := report.Lock{File: name, New: was[name] == nil, Changed: len(files) > 0, Packages: map[string]int{}, Changes: []report.LockChange{}, Inputs: []string{}, Model: []string{}, Files: files}
	now, err := resolver.ParseLock(is[name])
	if err != nil {
		return out, fmt.Errorf("%s: %w", name, err)
	}
	then, err := resolver.ParseLock(was[name])
	if err != nil {
		then = &resolver.Lock{}
	} else {
		out.Inputs = append(out.Inputs, then.Inputs.Changes(now.Inputs)...)
		out.Model = append(out.Model, then.SourceChanges(now.ModelSource)...)
		out.Model = append(out.Model, then.ModelChanges(now.Model)...)
	}
	addChanges(&out, "base", "", map[string]string{"": then.Base.Digest}, map[string]string{"": now.Base.Digest})
	addChanges(&out, "toolchain", "", map[string]string{"": then.Toolchain.Digest}, map[string]string{"": now.Toolchain.Digest})
	for _, p := range now.Platforms {
		before := then.Platform(p.Name)
		if before == nil {
			before = &resolver.Platform{}
		}
		packages, err := p.ParsePylock(is[p.Pylock])
		if err != nil {
			return out, err
		}
		earlier, err := resolver.ParsePylock(was[before.Pylock])
		if err != nil {
			earlier = &resolver.Pylock{}
		}
		out.Packages[p.Name] = len(packages.Packages)
		addChanges(&out, "package", p.Name, pythonVersions(earlier), pythonVersions(packages))
		addChanges(&out, "debian", p.Name, debianVersions(before), debianVersions(&p))
	}
	return out, nil
}

// changedFiles returns the names of the files that were added, removed or changed.
func changedFiles(was, is map[string][]byte) []string {
	names := []string{}
	for name := range is {
		if old, ok := was[name]; !ok || !bytes.Equal(old, is[name]) {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, ok := is[name]; !ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func pythonVersions(p *resolver.Pylock) map[string]string {
	out := map[string]string{}
	for _, x := range p.Packages {
		out[x.Name] = x.Version
		if x.VCS != nil {
			out[x.Name] = strings.TrimSpace(x.Version + " at " + x.VCS.CommitID)
		} else if x.Version == "" {
			out[x.Name] = "unversioned"
		}
	}
	return out
}

func debianVersions(p *resolver.Platform) map[string]string {
	out := map[string]string{}
	for _, x := range p.SystemPackages {
		out[x.Name] = x.Version
	}
	return out
}

// addChanges adds the differences between two sets of versions or digests.
func addChanges(c *report.Lock, kind, platform string, was, is map[string]string) {
	names := slices.Concat(slices.Collect(maps.Keys(was)), slices.Collect(maps.Keys(is)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if was[name] != is[name] {
			c.Changes = append(c.Changes, report.LockChange{Kind: kind, Platform: platform, Name: name, Was: was[name], Is: is[name]})
		}
	}
}

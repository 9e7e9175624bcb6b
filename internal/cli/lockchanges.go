package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
)

// changes compares the old files with the new ones.
func (l *lockFiles) changes() (report.Lock, error) {
	out := report.Lock{File: l.name, New: l.old[l.name] == nil, Changed: l.changed(), Packages: map[string]int{}, Changes: []report.LockChange{}, Inputs: []string{}, Model: []string{}, Files: l.changedFiles()}
	is, err := resolver.ParseLock(l.made[l.name])
	if err != nil {
		return out, fmt.Errorf("%s: %w", l.name, err)
	}
	was, err := resolver.ParseLock(l.old[l.name])
	if err != nil {
		was = &resolver.Lock{} // none, or of another version
	} else {
		out.Inputs = append(out.Inputs, was.Inputs.Changes(is.Inputs)...)
		out.Model = append(out.Model, was.SourceChanges(is.ModelSource)...)
		out.Model = append(out.Model, was.ModelChanges(is.Model)...)
	}
	compareLocked(&out, "base", "", map[string]string{"": was.Base.Digest}, map[string]string{"": is.Base.Digest})
	compareLocked(&out, "toolchain", "", map[string]string{"": was.Toolchain.Digest}, map[string]string{"": is.Toolchain.Digest})
	for _, p := range is.Platforms {
		before := was.Platform(p.Name)
		if before == nil {
			before = &resolver.Platform{}
		}
		now, err := resolver.ParsePylock(l.made[p.Pylock])
		if err != nil {
			return out, fmt.Errorf("%s: %w", p.Pylock, err)
		}
		then, err := resolver.ParsePylock(l.old[before.Pylock])
		if err != nil {
			then = &resolver.Pylock{}
		}
		out.Packages[p.Name] = len(now.Packages)
		compareLocked(&out, "package", p.Name, pythonVersions(then), pythonVersions(now))
		compareLocked(&out, "debian", p.Name, debianVersions(before), debianVersions(&p))
	}
	return out, nil
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

// compareLocked adds what differs between two sets of versions or digests.
func compareLocked(c *report.Lock, kind, platform string, was, is map[string]string) {
	names := map[string]bool{}
	var sorted []string
	for _, m := range []map[string]string{was, is} {
		for name := range m {
			if !names[name] {
				names[name] = true
				sorted = append(sorted, name)
			}
		}
	}
	slices.Sort(sorted)
	for _, name := range sorted {
		if was[name] != is[name] {
			c.Changes = append(c.Changes, report.LockChange{Kind: kind, Platform: platform, Name: name, Was: was[name], Is: is[name]})
		}
	}
}

// lockText is a line for the whole and one for each change.
func lockText(c report.Lock) string {
	var b strings.Builder
	if !c.Changed {
		fmt.Fprintf(&b, "%s is up to date\n", c.File)
		return b.String()
	}
	var counts []string
	for platform, n := range c.Packages {
		counts = append(counts, fmt.Sprintf("%d packages for %s", n, platform))
	}
	slices.Sort(counts)
	fmt.Fprintf(&b, "%s: %s\n", c.File, strings.Join(counts, ", "))
	if c.New {
		return b.String()
	}
	for _, phrase := range c.Inputs {
		fmt.Fprintf(&b, "  %s\n", phrase)
	}
	for _, x := range c.Changes {
		b.WriteString(lockChangeText(x, len(c.Packages) > 1))
	}
	for _, phrase := range c.Model {
		fmt.Fprintf(&b, "  %s\n", phrase)
	}
	if len(c.Inputs)+len(c.Changes)+len(c.Model) == 0 {
		// The same versions from other addresses, or of another kind of file.
		fmt.Fprintf(&b, "  other bytes in %s\n", strings.Join(c.Files, ", "))
	}
	return b.String()
}

func lockChangeText(x report.LockChange, several bool) string {
	name := x.Name
	if x.Kind != "package" {
		name = strings.TrimSpace(x.Kind + " " + x.Name)
	}
	if several && x.Platform != "" {
		name = x.Platform + " " + name
	}
	switch {
	case x.Was == "":
		return fmt.Sprintf("  + %s %s\n", name, x.Is)
	case x.Is == "":
		return fmt.Sprintf("  - %s %s\n", name, x.Was)
	}
	return fmt.Sprintf("  ~ %s %s -> %s\n", name, x.Was, x.Is)
}

package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/resolver"
)

// lockChanges say how a lock differs from the one before.
type lockChanges struct {
	File string `json:"file"`
	// New says that there was no lock before, Changed whether any byte differs.
	New     bool `json:"new"`
	Changed bool `json:"changed"`
	// Packages counts the Python packages by platform.
	Packages map[string]int `json:"packages"`
	Changes  []lockChange   `json:"changes"`
	// Inputs and Model say how what was asked for and the model's files differ,
	// a phrase each.
	Inputs []string `json:"inputs"`
	Model  []string `json:"model"`
	// Files are the names of the files that would have other bytes.
	Files []string `json:"files"`
}

// lockChange is one thing that was locked otherwise before; Was or Is is empty
// for what was added or removed.
type lockChange struct {
	Kind     string `json:"kind"` // package, debian, base or toolchain
	Platform string `json:"platform,omitempty"`
	Name     string `json:"name"`
	Was      string `json:"was,omitempty"`
	Is       string `json:"is,omitempty"`
}

// changes compares the old files with the new ones.
func (l *lockFiles) changes() (lockChanges, error) {
	out := lockChanges{File: l.name, New: l.old[l.name] == nil, Changed: l.changed(), Packages: map[string]int{}, Changes: []lockChange{}, Inputs: []string{}, Model: []string{}, Files: l.changedFiles()}
	is, err := resolver.ParseLock(l.made[l.name])
	if err != nil {
		return out, fmt.Errorf("%s: %w", l.name, err)
	}
	was, err := resolver.ParseLock(l.old[l.name])
	if err != nil {
		was = &resolver.Lock{} // none, or of another version
	} else {
		out.Inputs = append(out.Inputs, was.Inputs.Changes(is.Inputs)...)
		out.Model = append(out.Model, was.ModelChanges(is.Model)...)
	}
	out.compare("base", "", map[string]string{"": was.Base.Digest}, map[string]string{"": is.Base.Digest})
	out.compare("toolchain", "", map[string]string{"": was.Toolchain.Digest}, map[string]string{"": is.Toolchain.Digest})
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
		out.compare("package", p.Name, pythonVersions(then), pythonVersions(now))
		out.compare("debian", p.Name, debianVersions(before), debianVersions(&p))
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

func (c *lockChanges) compare(kind, platform string, was, is map[string]string) {
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
			c.Changes = append(c.Changes, lockChange{Kind: kind, Platform: platform, Name: name, Was: was[name], Is: is[name]})
		}
	}
}

// text is a line for the whole and one for each change.
func (c lockChanges) text() string {
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
		b.WriteString(x.text(len(c.Packages) > 1))
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

func (x lockChange) text(several bool) string {
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

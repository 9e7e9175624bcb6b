package lint

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
)

// fileConflicts checks the lock's data about the wheels' files. Without a lock,
// or with a lock of an older version, it has no data.
func fileConflicts(in Input) []Finding {
	var out []Finding
	for _, p := range in.lockedPlatforms() {
		pylock := in.Pylocks[p.Pylock]
		if pylock == nil {
			continue // the lock is stale, which is said elsewhere
		}
		conflicts, err := llb.Conflicts(in.Lock, pylock, p.Name)
		if err != nil {
			continue
		}
		for _, c := range conflicts {
			f := in.ofPackages(c.Packages...)
			if len(c.Packages) == 1 {
				f.Message = fmt.Sprintf("%s contains %s, which the image's start command replaces", c.Packages[0], files(c.Paths, c.Count))
				f.Fix = "leave it, if nothing in the image calls what " + c.Packages[0] + " has there"
			} else {
				f.Message = fmt.Sprintf("%s contain %s with different contents, and the image has those of %s", listed(c.Packages), files(c.Paths, c.Count), c.Winner)
				f.Fix = "require one of them, or versions that share no files"
			}
			out = appendNew(out, f)
		}
		for _, u := range p.Wheels.Unread {
			name, reason, _ := strings.Cut(u, ": ")
			f := in.ofPackages(name)
			f.Message = fmt.Sprintf("the files of %s are not known: %s", name, reason)
			f.Fix = "run deployfile lock again, with an index that answers requests for parts of files"
			out = appendNew(out, f)
		}
	}
	return out
}

// startupCode reports code that runs at every start of Python, except code
// known to be harmless (see resolver.StartupNamespace).
func startupCode(in Input) []Finding {
	var out []Finding
	for _, p := range in.lockedPlatforms() {
		for _, s := range p.Wheels.Startup {
			does := ""
			switch s.Kind {
			case resolver.StartupNamespace, resolver.StartupDistutils:
				continue
			case resolver.StartupPaths:
				does = "which changes where Python looks for modules"
			case resolver.StartupModule:
				does = "which Python imports at every start"
			default:
				does = "whose code runs at every start of Python"
			}
			f := in.ofPackages(s.Package)
			f.Message = fmt.Sprintf("%s contains %s, %s", s.Package, files(s.Paths, s.Count), does)
			f.Fix = "read it, and leave " + s.Package + " out if it has no reason to"
			out = appendNew(out, f)
		}
	}
	return out
}

// lockedPlatforms returns the platforms with data about the wheels' files.
func (in Input) lockedPlatforms() []resolver.Platform {
	if in.Lock == nil {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(in.Lock.Platforms), func(p resolver.Platform) bool { return p.Wheels == nil })
}

// ofPackages returns a finding at the first direct requirement of one of these
// packages, or without a position if all are transitive.
func (in Input) ofPackages(names ...string) Finding {
	for _, r := range in.requirements() {
		if slices.Contains(names, r.Name) {
			return r.finding("", "")
		}
	}
	return Finding{}
}

// files names the first of some files, as they are in the image.
func files(paths []string, count int) string {
	first := path.Join(toolchain.VirtualEnv, paths[0])
	switch {
	case count > 2:
		return fmt.Sprintf("%s and %d more files", first, count-1)
	case count == 2:
		return first + " and another file"
	}
	return first
}

// listed returns "a and b", or "a, b and c".
func listed(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// appendNew omits findings that another platform's wheels already caused.
func appendNew(out []Finding, f Finding) []Finding {
	if slices.Contains(out, f) {
		return out
	}
	return append(out, f)
}

package compare

import (
	"cmp"
	"maps"
	"slices"
)

// Op is the type of a change.
type Op string

// The types of changes.
const (
	Added   Op = "added"
	Removed Op = "removed"
	Changed Op = "changed"
)

// Change is a fact that differs between both sides.
type Change struct {
	Kind Kind
	Op   Op
	Name string
	Was  string
	Is   string
	// WasSize and IsSize are the sizes of a file in bytes.
	WasSize int64
	IsSize  int64
	// Platforms are the platforms with this change.
	Platforms []string
}

// Layers reports how the layers of an image of one platform differ.
type Layers struct {
	Platform string
	// Shared counts the layers of B that A also has; SharedSize is their size.
	Shared     int
	SharedSize int64
	// Added are the layers of B only, Removed those of A only.
	Added   []Blob
	Removed []Blob
	// Pull is what a machine that has A transfers to pull B, PullAll what a
	// machine without A transfers; both in bytes.
	Pull    int64
	PullAll int64
}

// Report describes how B differs from A.
type Report struct {
	A Contents
	B Contents
	// Same reports that nothing differs that both sides can tell and, for two
	// images, that their digests are equal.
	Same bool
	// AddedPlatforms are platforms of B only, RemovedPlatforms those of A only.
	AddedPlatforms   []string
	RemovedPlatforms []string
	// Changes are in the order of their kinds and names.
	Changes []Change
	// Layers has an entry for each platform of two images.
	Layers []Layers
	// Push is what a push of B transfers to a registry that has A, for all
	// platforms, in bytes; nil unless both are images.
	Push *int64
}

// Diff compares what both sides can tell.
func Diff(a, b Contents) Report {
	r := Report{A: a, B: b, AddedPlatforms: []string{}, RemovedPlatforms: []string{}, Changes: []Change{}, Layers: []Layers{}}
	is := byName(b.Platforms)
	was := byName(a.Platforms)
	var both []string
	for _, name := range slices.Sorted(maps.Keys(is)) {
		if _, ok := was[name]; ok {
			both = append(both, name)
		} else {
			r.AddedPlatforms = append(r.AddedPlatforms, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		if _, ok := is[name]; !ok {
			r.RemovedPlatforms = append(r.RemovedPlatforms, name)
		}
	}
	known := map[changeKey]int{}
	images := a.Source == Image && b.Source == Image
	for _, name := range both {
		x, y := was[name], is[name]
		for _, c := range platformChanges(a.Source, x, b.Source, y) {
			r.add(known, c, name)
		}
		if images {
			r.Layers = append(r.Layers, layers(name, x.Layers, y.Layers))
		}
	}
	r.sort()
	if images {
		_, _, push := split(a.Blobs, b.Blobs)
		r.Push = &push
	}
	r.Same = len(r.Changes)+len(r.AddedPlatforms)+len(r.RemovedPlatforms) == 0 && (!images || a.Digest == b.Digest)
	return r
}

func byName(list []Platform) map[string]Platform {
	out := map[string]Platform{}
	for _, p := range list {
		out[p.Name] = p
	}
	return out
}

// changeKey is a Change without its platforms.
type changeKey struct {
	kind            Kind
	op              Op
	name, was, is   string
	wasSize, isSize int64
}

// add merges equal changes of several platforms; known has the indexes of the
// changes so far.
func (r *Report) add(known map[changeKey]int, c Change, platform string) {
	key := changeKey{c.Kind, c.Op, c.Name, c.Was, c.Is, c.WasSize, c.IsSize}
	if n, ok := known[key]; ok {
		r.Changes[n].Platforms = append(r.Changes[n].Platforms, platform)
		return
	}
	known[key] = len(r.Changes)
	c.Platforms = []string{platform}
	r.Changes = append(r.Changes, c)
}

func (r *Report) sort() {
	order := map[Kind]int{}
	for n, k := range kinds() {
		order[k.kind] = n
	}
	slices.SortStableFunc(r.Changes, func(a, b Change) int {
		return cmp.Or(cmp.Compare(order[a.Kind], order[b.Kind]), cmp.Compare(a.Name, b.Name), slices.Compare(a.Platforms, b.Platforms))
	})
}

// platformChanges compares all facts of a platform.
func platformChanges(aSource Source, a Platform, bSource Source, b Platform) []Change {
	var out []Change
	bumped := map[string]bool{}
	for _, k := range kinds() {
		for _, c := range changes(k.kind, aSource, a.Facts[k.kind], bSource, b.Facts[k.kind]) {
			if k.kind == Package {
				bumped[c.Name] = true
			}
			// Another version always has another file.
			if k.kind != PackageSource || !bumped[c.Name] {
				out = append(out, c)
			}
		}
	}
	return out
}

// changes compares the facts of a kind.
func changes(kind Kind, aSource Source, a map[string]Fact, bSource Source, b map[string]Fact) []Change {
	if a == nil || b == nil {
		return nil
	}
	var out []Change
	names := map[string]bool{}
	for _, m := range []map[string]Fact{a, b} {
		for name := range m {
			names[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		was, inA := a[name]
		is, inB := b[name]
		c := Change{Kind: kind, Op: Changed, Name: name, Was: was.Value, Is: is.Value, WasSize: was.Size, IsSize: is.Size}
		switch {
		case inA && inB && was == is:
			continue
		case inA && inB:
		case !decidable(kind, aSource, inA, bSource, inB):
			continue
		case inA:
			c.Op = Removed
		default:
			c.Op = Added
		}
		out = append(out, c)
	}
	return out
}

// decidable reports whether what is on one side only is missing on the other.
func decidable(kind Kind, a Source, inA bool, b Source, inB bool) bool {
	switch {
	case kind == Base:
		// A base that is a build context has no name.
		return false
	case kind == SystemPackage && a != b:
		// A lock has the packages that the Deployfile adds, an image also those of
		// its base.
		return inA && a == Lock || inB && b == Lock
	}
	return true
}

func layers(platform string, a, b []Blob) Layers {
	l := Layers{Platform: platform, Added: []Blob{}, Removed: []Blob{}}
	var shared []Blob
	shared, l.Added, l.Pull = split(a, b)
	_, l.Removed, _ = split(b, a)
	l.Shared = len(shared)
	for _, s := range shared {
		l.SharedSize += s.Size
	}
	l.PullAll = l.Pull + l.SharedSize
	return l
}

// split splits b into the blobs that a has and the others, and returns the size
// of the others. A blob that b has twice counts once.
func split(a, b []Blob) (shared, alone []Blob, size int64) {
	alone = []Blob{}
	has, seen := map[string]bool{}, map[string]bool{}
	for _, x := range a {
		has[x.Digest] = true
	}
	for _, x := range b {
		switch {
		case seen[x.Digest]:
		case has[x.Digest]:
			shared = append(shared, x)
		default:
			alone = append(alone, x)
			size += x.Size
		}
		seen[x.Digest] = true
	}
	return shared, alone, size
}

package compare

import (
	"cmp"
	"maps"
	"slices"
)

// Op is how something changed.
type Op string

// The ways to change.
const (
	Added   Op = "added"
	Removed Op = "removed"
	Changed Op = "changed"
)

// Change is a fact that is not the same on both sides.
type Change struct {
	Kind Kind
	Op   Op
	Name string
	Was  string
	Is   string
	// WasSize and IsSize are a file's, in bytes.
	WasSize int64
	IsSize  int64
	// Platforms are those on which it changed.
	Platforms []string
}

// Layers are how the layers of an image of one platform differ.
type Layers struct {
	Platform string
	// Shared counts the layers of B that A has too; SharedSize is their size.
	Shared     int
	SharedSize int64
	// Added are those of B alone, Removed those of A alone.
	Added   []Blob
	Removed []Blob
	// Pull is what a machine transfers that has A and pulls B, and PullAll
	// what one does that has neither; both in bytes.
	Pull    int64
	PullAll int64
}

// Report is how B differs from A.
type Report struct {
	A Contents
	B Contents
	// Same says that nothing differs that both sides say something about and,
	// for two images, that they have the same digest.
	Same bool
	// AddedPlatforms are those of B alone, RemovedPlatforms those of A alone.
	AddedPlatforms   []string
	RemovedPlatforms []string
	// Changes are in the order of their kinds and names.
	Changes []Change
	// Layers has an entry for each platform of two images.
	Layers []Layers
	// Push is what is transferred to a registry that has A when B is pushed,
	// for all platforms, in bytes; nil unless both are images.
	Push *int64
}

// Diff compares what both sides say something about.
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

// add joins what changed in the same way on several platforms; known are the
// places of the changes so far.
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
			// Another version has another file as a matter of course.
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

// decidable says whether what is on one side only is missing on the other.
func decidable(kind Kind, a Source, inA bool, b Source, inB bool) bool {
	switch {
	case kind == Base:
		// A base that is a build context has no name.
		return false
	case kind == SystemPackage && a != b:
		// A lock has what the Deployfile adds, an image also what its base has.
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

// split says which of b are in a and which not, and the size of the latter.
// What is twice in b counts once.
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

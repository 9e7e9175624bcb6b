package deployfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/suggest"
)

func (r *report) validateTargets(f *File) {
	// The later one in the text is reported.
	names := slices.SortedStableFunc(slices.Values(slices.Sorted(maps.Keys(f.Targets))), func(a, b string) int {
		return comparePositions(r.index.key([]string{"targets", a}).Start, r.index.key([]string{"targets", b}).Start)
	})
	places := map[string]string{}
	for _, name := range names {
		path := []string{"targets", name}
		t := f.Targets[name]
		t.Name = name
		if t.Spec == nil {
			r.noKind(t, path)
			continue
		}
		r.values(path, structIn(t.Spec))
		c := &Check{r, f, t, path}
		r.oneOf(t.Format, t.Needs().Formats, append(path, "format")...)
		r.pullable(f, t, path)
		t.Spec.Check(c)
		c.distinct(places)
	}
}

// pullable refuses layers that a target cannot pull: Docker's media types have none for zstd.
func (r *report) pullable(f *File, t Target, path []string) {
	needs := t.Needs()
	if f.Image.Compression != CompressionZstd || needs.Store != StoreNone || len(needs.Formats) == 0 || cmp.Or(t.Format, needs.Formats[0]) == FormatOCI {
		return
	}
	at := []string{"image", "compression"}
	if r.written(append(path, "format")...) {
		at = append(path, "format")
	}
	r.atValue(Problem{
		"conflict", fmt.Sprintf("target %q takes images of format %q, which has no layers of compression %q", t.Name, cmp.Or(t.Format, needs.Formats[0]), f.Image.Compression),
		fmt.Sprintf("use compression = %q", CompressionGzip),
	}, at...)
}

// noKind reports a target without a kind.
func (r *report) noKind(t Target, path []string) {
	at := join(path, "kind")
	switch {
	case r.said(path...):
	case !r.index.has(at):
		r.atKey(Problem{"missing-key", fmt.Sprintf("target %q has no kind", t.Name), "use " + suggest.Alternatives(kindNames(r.kinds))}, at...)
	default:
		r.oneOf(t.Kind, kindNames(r.kinds), at...)
	}
}

// distinct refuses a target whose endpoint another one has already: deploying
// one would replace the other.
func (c *Check) distinct(places map[string]string) {
	place := c.target.Spec.Place(Target{Endpoint: c.target.Endpoint, Image: c.Repository()})
	said := []string{"kind", "endpoint", "image"}
	id := []string{place.System, c.Endpoint()}
	var others []string
	for _, part := range place.Parts {
		said = append(said, part.Key)
		id = append(id, part.Value)
		others = append(others, part.Key)
	}
	if slices.ContainsFunc(said, func(key string) bool { return c.Reported(key) }) {
		return
	}
	here := strings.Join(id, "\x00")
	other, taken := places[here]
	if !taken {
		places[here] = c.target.Name
		return
	}
	path := c.at("endpoint")
	if theirs := []string{"targets", other, "endpoint"}; !c.r.written(path...) && c.r.written(theirs...) {
		path = theirs
	}
	hint := "give each an endpoint of its own"
	if len(others) > 0 {
		hint += ", or another " + strings.Join(others, " or ")
	}
	c.r.atValue(Problem{
		"duplicate", fmt.Sprintf("targets %q and %q are the same endpoint, %q: each would replace the other", other, c.target.Name, c.Endpoint()),
		hint,
	}, path...)
}

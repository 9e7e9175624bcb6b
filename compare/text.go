package compare

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/docker/go-units"
)

// Text writes the report for people.
func (r Report) Text(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "A: %s\nB: %s\n", r.A.title(), r.B.title())
	if r.Same {
		b.WriteString("\nNo difference.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
	r.platforms(&b)
	for _, k := range kinds() {
		r.section(&b, k.kind, k.heading)
	}
	if len(r.Changes) == 0 {
		b.WriteString("\nNothing that is compared differs: the packages, the model and the config are the same.\n")
	}
	for _, l := range r.Layers {
		l.text(&b)
	}
	if r.Push != nil {
		fmt.Fprintf(&b, "\nTo push B to a registry that has A: %s.\n", size(*r.Push))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (c Contents) title() string {
	if c.Digest == "" {
		return fmt.Sprintf("%s %s", c.Source, c.Name)
	}
	return fmt.Sprintf("%s %s (%s)", c.Source, c.Name, short(c.Digest))
}

func (r Report) platforms(b *strings.Builder) {
	if len(r.AddedPlatforms)+len(r.RemovedPlatforms) == 0 {
		return
	}
	b.WriteString("\nPlatforms\n")
	for _, p := range r.RemovedPlatforms {
		fmt.Fprintf(b, "  - %s\n", p)
	}
	for _, p := range r.AddedPlatforms {
		fmt.Fprintf(b, "  + %s\n", p)
	}
}

func (r Report) section(b *strings.Builder, kind Kind, heading string) {
	first := true
	for _, c := range r.Changes {
		if c.Kind != kind {
			continue
		}
		if first {
			fmt.Fprintf(b, "\n%s\n", heading)
			first = false
		}
		b.WriteString(c.text(r.common()))
	}
}

// common counts the platforms that both sides have.
func (r Report) common() int { return len(r.B.Platforms) - len(r.AddedPlatforms) }

func (c Change) text(platforms int) string {
	was, is := c.values()
	var line string
	switch c.Op {
	case Added:
		line = strings.TrimSpace("+ " + c.Name + " " + is)
	case Removed:
		line = strings.TrimSpace("- " + c.Name + " " + was)
	case Changed:
		line = fmt.Sprintf("~ %s %s -> %s", c.Name, was, is)
	}
	if len(c.Platforms) < platforms {
		line += " (" + strings.Join(c.Platforms, ", ") + ")"
	}
	return "  " + line + "\n"
}

// values returns both values, shortened as far as they remain distinct.
func (c Change) values() (was, is string) {
	if c.Kind != ModelFile {
		return short(c.Was), short(c.Is)
	}
	if c.Op == Changed && c.WasSize == c.IsSize {
		return short(c.Was), short(c.Is) + " (" + size(c.IsSize) + ")"
	}
	return size(c.WasSize), size(c.IsSize)
}

// short shortens a digest.
func short(value string) string {
	if hex, ok := strings.CutPrefix(value, "sha256:"); ok && len(hex) == 64 {
		return "sha256:" + hex[:12]
	}
	return value
}

func (l Layers) text(b *strings.Builder) {
	fmt.Fprintf(b, "\nLayers of %s: %d of %d are shared (%s)\n", l.Platform, l.Shared, l.Shared+len(l.Added), size(l.SharedSize))
	for _, x := range []struct {
		sign  string
		blobs []Blob
	}{{"-", l.Removed}, {"+", l.Added}} {
		bySize := slices.Clone(x.blobs)
		slices.SortStableFunc(bySize, func(a, b Blob) int { return int(b.Size - a.Size) })
		for _, blob := range bySize {
			fmt.Fprintf(b, "  %s %9s  %s\n", x.sign, size(blob.Size), title(blob))
		}
	}
	fmt.Fprintf(b, "To pull B: %s where A is, %s elsewhere.\n", size(l.Pull), size(l.PullAll))
}

// maxTitle is the number of characters of a layer's history entry to show.
const maxTitle = 100

func title(b Blob) string {
	text := strings.Join(strings.Fields(b.CreatedBy), " ")
	if text == "" {
		return short(b.Digest)
	}
	if runes := []rune(text); len(runes) > maxTitle {
		return string(runes[:maxTitle]) + "…"
	}
	return text
}

func size(n int64) string {
	return units.CustomSize("%.4g %s", float64(n), 1000, []string{"B", "kB", "MB", "GB", "TB"})
}

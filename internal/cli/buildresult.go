package cli

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
)

// addOutputs adds the destinations of the outputs.
func addOutputs(r *report.Build, outputs []build.Output) {
	for _, o := range outputs {
		switch {
		case o.Pushes():
			r.Pushed = append(r.Pushed, strings.Split(o.Attrs["name"], ",")...)
		case o.Dest != "" && !o.ToStdout():
			r.Written = append(r.Written, o.Dest)
		}
	}
}

// addLayers adds what the builder says of the layers.
func addLayers(r *report.Build, layers *build.Layers) {
	r.Size, r.Layers, r.Reused = layers.Bytes, layers.Count, layers.Before
	for _, l := range layers.New {
		r.New = append(r.New, report.Blob{Digest: l.Digest.String(), Size: l.Size, CreatedBy: l.CreatedBy})
	}
}

// buildSummary returns what was built and where it went or, if nowhere, what to do with it.
func buildSummary(r report.Build, took time.Duration) string {
	built := fmt.Sprintf("built in %.1f s", took.Seconds())
	if r.Layers > 0 {
		built += ", " + layersText(r)
	}
	parts := []string{built}
	for _, x := range []struct {
		verb  string
		names []string
	}{{"pushed", r.Pushed}, {"loaded", r.Loaded}, {"written to", r.Written}} {
		if len(x.names) > 0 {
			parts = append(parts, x.verb+" "+strings.Join(x.names, ", "))
		}
	}
	if len(parts) == 1 {
		parts = append(parts, "not pushed: --push, --load or --output say where the image goes")
	}
	return strings.Join(parts, "; ")
}

// layersText says how large the image is, and how much of it is new.
func layersText(r report.Build) string {
	size := units.HumanSizeWithPrecision(float64(r.Size), 3)
	switch r.Reused {
	case 0:
		return fmt.Sprintf("%s in %d layers", size, r.Layers)
	case r.Layers:
		return fmt.Sprintf("%s (all %d layers as before)", size, r.Layers)
	}
	return fmt.Sprintf("%s (%d of %d layers as before)", size, r.Reused, r.Layers)
}

// writeNewLayers names the layers that the builder did not have before, as diff does, the
// largest first. Of an image whose layers are all new there is nothing to tell.
func writeNewLayers(w *terminal.Writer, r report.Build) {
	if r.Reused == 0 {
		return
	}
	const shown = 8
	layers := slices.SortedStableFunc(slices.Values(r.New), func(a, b report.Blob) int { return cmp.Compare(b.Size, a.Size) })
	for n, l := range layers {
		if n == shown {
			fmt.Fprintf(w, "  and %d more; --json has them all\n", len(layers)-n)
			return
		}
		fmt.Fprintf(w, "  + %8s  %s\n", units.HumanSizeWithPrecision(float64(l.Size), 3), newLayerTitle(l))
	}
}

// maxTitle is the number of characters of a layer's entry in the history to show.
const maxTitle = 64

// newLayerTitle returns the layer's entry in the history, cut to a line of a terminal.
func newLayerTitle(l report.Blob) string {
	text := strings.Join(strings.Fields(l.CreatedBy), " ")
	if text == "" {
		return short(l.Digest)
	}
	if runes := []rune(text); len(runes) > maxTitle {
		return string(runes[:maxTitle-1]) + "…"
	}
	return text
}

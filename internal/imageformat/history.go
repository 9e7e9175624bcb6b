package imageformat

import ocispecs "github.com/opencontainers/image-spec/specs-go/v1"

// CreatedBy returns the history's entry for each of n layers; they are empty if the
// history is of another number of layers.
func CreatedBy(history []ocispecs.History, n int) []string {
	out := make([]string, 0, n)
	for _, h := range history {
		if !h.EmptyLayer {
			out = append(out, h.CreatedBy)
		}
	}
	if len(out) != n {
		return make([]string, n)
	}
	return out
}

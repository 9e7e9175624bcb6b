package build

import (
	"strings"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"
)

// again shows of a build that was just shown what it does once more: it exports, and what
// the builder has lost meanwhile is made again.
type again struct {
	shown map[digest.Digest]bool
}

func newAgain() *again {
	return &again{shown: map[digest.Digest]bool{}}
}

// convert leaves out of an event what is known.
func (a *again) convert(in *client.SolveStatus) *client.SolveStatus {
	out := &client.SolveStatus{}
	for _, v := range in.Vertexes {
		// BuildKit names so what reads the context and images.
		prepares := strings.HasPrefix(v.Name, "[")
		works := v.Started != nil && v.Completed == nil && !v.Cached
		if a.shown[v.Digest] || works && !prepares || v.Error != "" {
			a.shown[v.Digest] = true
			out.Vertexes = append(out.Vertexes, v)
		}
	}
	for _, s := range in.Statuses {
		if a.shown[s.Vertex] {
			out.Statuses = append(out.Statuses, s)
		}
	}
	for _, l := range in.Logs {
		if a.shown[l.Vertex] {
			out.Logs = append(out.Logs, l)
		}
	}
	return out
}

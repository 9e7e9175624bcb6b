package frontend

import (
	"strings"

	"github.com/moby/buildkit/solver/pb"
)

// Mistakes are several errors of which none follows from another, so that they can be
// mended together.
type Mistakes []error

// Error returns the errors, one after the other.
func (m Mistakes) Error() string {
	texts := make([]string, len(m))
	for n, err := range m {
		texts[n] = err.Error()
	}
	return strings.Join(texts, "\n")
}

// Unwrap returns the errors.
func (m Mistakes) Unwrap() []error { return m }

// add adds an error, unless it is nil.
func (m *Mistakes) add(err error) {
	if err != nil {
		*m = append(*m, err)
	}
}

// all returns nil, the only error, or all.
func (m Mistakes) all() error {
	switch len(m) {
	case 0:
		return nil
	case 1:
		return m[0]
	}
	return m
}

// withSource adds to each error the lines that it is about. BuildKit sends those of all
// of them.
func (m Mistakes) withSource(info *pb.SourceInfo) Mistakes {
	out := make(Mistakes, len(m))
	for n, err := range m {
		out[n] = withSource(err, info)
	}
	return out
}

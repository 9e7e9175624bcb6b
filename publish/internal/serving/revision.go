package serving

import (
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests/kinds"
	"github.com/deployfile/deployfile/publish"
)

// The largest revision that is read back from an engine, in bytes and in values.
const (
	maxRevision = 4 << 20
	maxValues   = 10_000
)

// ParseRevision reads a revision that is recorded with a container, as JSON. Whoever
// may make containers may have written it, so it is bounded.
func ParseRevision(data []byte) (publish.Revision, error) {
	var r publish.Revision
	if err := untrusted.DecodeJSON(data, "the revision", maxRevision, maxValues, &r); err != nil {
		return r, err
	}
	return r, kinds.Restore(&r.State)
}

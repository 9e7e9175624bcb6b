package containers

import (
	"bytes"
	"fmt"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/linediff"
)

// Compare returns what applying the documents would change: newest is the present
// revision, nil without one, and trouble is why it does not run, "" if it runs.
func Compare(newest *publish.Revision, trouble string, documents []manifests.Document) ([]publish.Change, error) {
	wanted, err := manifests.ParseContainer(documents)
	if err != nil {
		return nil, err
	}
	object := "container " + wanted.Name
	if newest == nil {
		return []publish.Change{{Action: "create", Object: object, Diff: linediff.Lines(text(nil), text(documents))}}, nil
	}
	if d := linediff.Lines(text(newest.Documents), text(documents)); d != "" {
		return []publish.Change{{Action: "update", Object: object, Diff: d}}, nil
	}
	if trouble != "" {
		return []publish.Change{{Action: "update", Object: object, Diff: fmt.Sprintf("-%s\n+running\n", trouble)}}, nil
	}
	return nil, nil
}

func text(documents []manifests.Document) []byte {
	var bodies [][]byte
	for _, d := range documents {
		bodies = append(bodies, d.Body)
	}
	return bytes.Join(bodies, []byte("---\n"))
}

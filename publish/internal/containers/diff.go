package containers

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/rogpeppe/go-internal/diff"
)

// Compare says what applying the documents would change: newest is the revision
// that is there, nil if none is, and trouble what keeps it from running, "" if
// it runs.
func Compare(newest *publish.Revision, trouble string, documents []manifests.Document) ([]publish.Change, error) {
	wanted, err := manifests.ParseContainer(documents)
	if err != nil {
		return nil, err
	}
	object := "container " + wanted.Name
	if newest == nil {
		return []publish.Change{{Action: "create", Object: object, Diff: lines(nil, documents)}}, nil
	}
	if d := lines(newest.Documents, documents); d != "" {
		return []publish.Change{{Action: "update", Object: object, Diff: d}}, nil
	}
	if trouble != "" {
		return []publish.Change{{Action: "update", Object: object, Diff: fmt.Sprintf("-%s\n+running\n", trouble)}}, nil
	}
	return nil, nil
}

// lines are the lines that differ, "+" or "-" in front of each.
func lines(old, wanted []manifests.Document) string {
	before, after := text(old), text(wanted)
	if len(before) == 0 {
		// The comparison has a header line, and then all of it.
		before = []byte{'\n'}
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(string(diff.Diff("", before, "", after)), "\n") {
		// The names of the two files take three lines.
		if i > 2 && (strings.HasPrefix(line, "+") || strings.HasPrefix(line, "-") && line != "-\n") {
			out.WriteString(line)
		}
	}
	return out.String()
}

func text(documents []manifests.Document) []byte {
	var bodies [][]byte
	for _, d := range documents {
		bodies = append(bodies, d.Body)
	}
	return bytes.Join(bodies, []byte("---\n"))
}

package containers

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/rogpeppe/go-internal/diff"
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

// lines returns the lines that differ, each with "+" or "-" in front.
func lines(old, wanted []manifests.Document) string {
	before, after := text(old), text(wanted)
	if len(before) == 0 {
		// The comparison has a header line, and then all of it.
		before = []byte{'\n'}
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(string(diff.Diff("", before, "", after)), "\n") {
		// The first three lines are the names of the two files.
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

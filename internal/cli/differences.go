package cli

import (
	"fmt"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
)

// writeDifferences says what would be in the image that is not in that of the last
// revision: a line for each package and file.
func writeDifferences(w *terminal.Writer, list []report.Difference) {
	const shown = 20
	for n, d := range list {
		if n == shown {
			fmt.Fprintf(w, "  and %d more; --json has them all\n", len(list)-n)
			break
		}
		fmt.Fprintf(w, "  %s\n", differenceText(d))
	}
}

func differenceText(d report.Difference) string {
	name := d.Name
	if d.Kind != "package" {
		name = strings.ReplaceAll(d.Kind, "-", " ") + " " + d.Name
	}
	was, is := short(d.Was), short(d.Is)
	if d.Kind == "model-file" {
		was, is = sizeText(d.WasSize), sizeText(d.IsSize)
	}
	switch {
	case d.Op == "added":
		return strings.TrimSpace("+ " + name + " " + is)
	case d.Op == "removed":
		return strings.TrimSpace("- " + name + " " + was)
	case was == is:
		return "~ " + name
	}
	return fmt.Sprintf("~ %s %s -> %s", name, was, is)
}

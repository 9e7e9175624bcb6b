package cli

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/llb"
)

// planTable writes a plan for people, a line for each layer, no wider than the screen.
func planTable(w io.Writer, p *llb.Plan, width int) error {
	parts := planParts(p)
	longest := len("LAYER")
	for _, part := range parts {
		longest = max(longest, len([]rune(terminal.Line(part.name))))
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "LAYER\tSIZE\tCONTENTS\n")
	var packages, layers int
	var wheels, model int64
	for _, part := range parts {
		switch {
		case part.wheels:
			packages, layers, wheels = packages+len(part.contents), layers+1, wheels+part.size
		case part.name == "model":
			model += part.size
		}
		const sizeColumn = 10
		fmt.Fprintf(table, "%s\t%s\t%s\n", terminal.Line(part.name), sizeText(part.size), contentsText(part.contents, width-longest-sizeColumn-4))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s: %d packages (%s) in %d layers; model: %d files (%s)\n", p.Platform, packages, sizeText(wheels), layers, len(p.Model.Files), sizeText(model))
	return err
}

// contentsText lists names in at most so many columns, and says how many more there are.
func contentsText(names []string, columns int) string {
	columns = max(columns, 20)
	text := ""
	for n, name := range names {
		name = terminal.Line(name)
		more := ""
		if rest := len(names) - n - 1; rest > 0 {
			more = fmt.Sprintf(" and %d more", rest)
		}
		next := strings.TrimPrefix(text+", "+name, ", ")
		if n > 0 && len([]rune(next+more)) > columns {
			return fmt.Sprintf("%s and %d more", text, len(names)-n)
		}
		text = next
	}
	if runes := []rune(text); len(runes) > columns {
		return string(runes[:columns-1]) + "…"
	}
	return text
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/docker/go-units"
)

const intro = `# MLflow's flavours

What ` + "`make flavours`" + ` found out: for each flavour a tiny model that real MLflow has logged, an
image of it with nothing but ` + "`deployfile init`" + `, and the image's answer beside that of
` + "`mlflow.pyfunc.load_model(…).predict`" + `. The size is what ` + "`deployfile plan --sizes`" + ` says, unpacked
and with the base (Debian's own Python). The seconds are those of ` + "`deployfile predict`" + ` from the command to the
answer, with the image built, on a machine with two cores.

| flavour | logged with | library | works | size | seconds |
|---|---|---|---|---|---|
`

func (r result) String() string {
	if r.Failure != "" {
		return "no: " + r.Failure
	}
	return fmt.Sprintf("yes, %s, %.1f s", units.HumanSize(float64(r.Size)), r.Seconds)
}

// markdown is the document.
func markdown(known map[string]result) []byte {
	var b, why bytes.Buffer
	b.WriteString(intro)
	works := 0
	for _, name := range slices.Sorted(maps.Keys(known)) {
		r := known[name]
		row := []string{name, r.MLflow, r.Package, "yes", "", ""}
		if r.Size > 0 {
			row[4] = units.HumanSize(float64(r.Size))
		}
		if r.Failure == "" {
			works++
			row[5] = fmt.Sprintf("%.1f", r.Seconds)
		} else {
			row[3] = "no"
			fmt.Fprintf(&why, "- **%s**: %s\n", name, plain(r.Failure))
		}
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
	}
	fmt.Fprintf(&b, "\n%d of %d work.\n", works, len(known))
	if why.Len() > 0 {
		b.WriteString("\n## What does not work\n\n")
		b.Write(why.Bytes())
	}
	return b.Bytes()
}

// plain is a text that is no markup.
func plain(text string) string {
	return strings.NewReplacer("<", "&lt;", "|", "\\|", "*", "\\*", "_", "\\_", "`", "\\`", "[", "\\[").Replace(text)
}

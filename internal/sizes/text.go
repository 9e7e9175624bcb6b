package sizes

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
)

// Text returns the tree for people, a line for each part.
func Text(s report.Sizes) string {
	t := &table{}
	t.row(s.Platform, "to fetch", "installed")
	t.row("the image", bytes(s.Download), bytes(s.Installed))
	for _, part := range s.Parts {
		t.part("", "", part)
	}
	t.row("", "", "")
	for _, l := range s.Layers {
		t.row("layer "+shortened(strings.Join(l.Packages, ", ")), bytes(l.Download), bytes(l.Installed))
	}
	text := t.String()
	for _, u := range s.Unknown {
		text += fmt.Sprintf("not measured: %s\n", terminal.Line(u))
	}
	return text
}

// shortened keeps a line within a terminal.
func shortened(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return text
}

// bytes returns a number of bytes for people; what is not known is a dash.
func bytes(n int64) string {
	if n <= 0 {
		return "-"
	}
	return units.HumanSize(float64(n))
}

type table struct{ rows [][3]string }

func (t *table) row(name, download, installed string) {
	t.rows = append(t.rows, [3]string{terminal.Line(name), download, installed})
}

// part adds a part and its parts; first is in front of it, others in front of them.
func (t *table) part(first, others string, p report.Part) {
	t.row(first+label(p), bytes(p.Download), bytes(p.Installed))
	for n, inner := range p.Parts {
		if n == len(p.Parts)-1 {
			t.part(others+"└─ ", others+"   ", inner)
		} else {
			t.part(others+"├─ ", others+"│  ", inner)
		}
	}
}

// label returns the name of a part, with what it is unless that is plain.
func label(p report.Part) string {
	switch {
	case p.Kind == Base, p.Kind == Model:
		return p.Kind + " " + p.Name
	case p.Kind == Package:
		return p.Name + " " + p.Version
	}
	return p.Name
}

// String lines the columns up.
func (t *table) String() string {
	var widths [3]int
	for _, r := range t.rows {
		for n, cell := range r {
			widths[n] = max(widths[n], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, r := range t.rows {
		pad := strings.Repeat(" ", widths[0]-utf8.RuneCountInString(r[0]))
		b.WriteString(strings.TrimRight(fmt.Sprintf("%s%s  %*s  %*s", r[0], pad, widths[1], r[1], widths[2], r[2]), " ") + "\n")
	}
	return b.String()
}

package sizes

import (
	_ "embed"
	"fmt"
	"html"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/report"
	"github.com/docker/go-units"
)

//go:embed page.css
var style string

// Change is a line of the list of what changed.
type Change struct {
	// Kind is what changed, Name which, Was and Is its values, "" where it is missing.
	Kind, Name, Was, Is string
	// Bytes is by how much it grew, 0 if that is not known.
	Bytes int64
}

// Changes are what differs from another lock or image.
type Changes struct {
	// From is the name that the user gave it.
	From string
	List []Change
}

// Page returns the sizes as one HTML page, which loads nothing and runs no script:
// a treemap for each platform, the tree, the layers, and what changed unless that is
// nil.
func Page(title string, all []report.Sizes, changes *Changes) []byte {
	p := &page{}
	p.raw("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
	p.raw(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">` + "\n")
	p.raw(`<meta name="viewport" content="width=device-width">` + "\n<title>").text("Sizes of " + title).raw("</title>\n<style>\n" + style + "</style>\n</head>\n<body>\n")
	p.raw("<h1>").text("Sizes of " + title).raw("</h1>\n")
	if changes != nil {
		p.changes(changes)
	}
	for _, s := range all {
		p.raw("<h2>").text(s.Platform).raw("</h2>\n<p>").
			text(fmt.Sprintf("%s installed, the base included, without Python's bytecode. A build fetches %s besides the base.", bytes(s.Installed), bytes(s.Download))).raw("</p>\n")
		for _, u := range s.Unknown {
			p.raw("<p>").text("not measured: " + u).raw("</p>\n")
		}
		p.treemap(s.Parts)
		p.tree(s.Parts)
		p.layers(s.Layers)
	}
	p.raw("</body>\n</html>\n")
	return []byte(p.b.String())
}

type page struct{ b strings.Builder }

func (p *page) raw(markup string) *page {
	p.b.WriteString(markup)
	return p
}

// text writes what others wrote.
func (p *page) text(text string) *page {
	return p.raw(html.EscapeString(terminal.Line(text)))
}

// The size of a treemap, of which all of its boxes are shares, and the height of the
// title of a part.
const (
	mapWidth, mapHeight = 1200.0, 720.0
	titleHeight         = 20.0
)

func (p *page) treemap(parts []report.Part) {
	p.raw(`<div class="map">` + "\n")
	parts, values := sized(parts)
	for n, at := range squarified(values, rectangle{0, 0, mapWidth, mapHeight}) {
		part := parts[n]
		p.box("part "+part.Kind, at, label(part), part.Installed)
		inner, own := sized(leaves(part))
		if len(inner) < 2 {
			continue
		}
		if at.h > 2*titleHeight {
			at.y, at.h = at.y+titleHeight, at.h-titleHeight
		}
		for m, within := range squarified(own, at) {
			p.box("leaf "+part.Kind, within, label(inner[m]), inner[m].Installed)
		}
	}
	p.raw("</div>\n")
}

func (p *page) box(class string, at rectangle, name string, size int64) {
	p.raw(fmt.Sprintf(`<div class="%s" style="left:%.3f%%;top:%.3f%%;width:%.3f%%;height:%.3f%%" title="`,
		class, 100*at.x/mapWidth, 100*at.y/mapHeight, 100*at.w/mapWidth, 100*at.h/mapHeight))
	p.text(name + ", " + bytes(size)).raw(`">`).text(name).raw(" <b>").text(bytes(size)).raw("</b></div>\n")
}

// leaves returns the parts of a part at all depths, each with its own bytes only.
func leaves(p report.Part) []report.Part {
	own := p
	own.Parts = nil
	var out []report.Part
	for _, inner := range p.Parts {
		own.Installed -= inner.Installed
		out = append(out, leaves(inner)...)
	}
	out = append(out, own)
	largestFirst(out)
	return out
}

// sized leaves out what has no size, and returns the sizes of the rest.
func sized(parts []report.Part) (out []report.Part, values []float64) {
	for _, p := range parts {
		if p.Installed > 0 {
			out, values = append(out, p), append(values, float64(p.Installed))
		}
	}
	return out, values
}

func (p *page) tree(parts []report.Part) {
	p.raw("<ul>\n")
	for _, part := range parts {
		if len(part.Parts) == 0 {
			p.raw("<li>")
			p.item(part)
			p.raw("</li>\n")
			continue
		}
		p.raw("<li><details><summary>")
		p.item(part)
		p.raw("</summary>\n")
		p.tree(part.Parts)
		p.raw("</details></li>\n")
	}
	p.raw("</ul>\n")
}

func (p *page) item(part report.Part) {
	p.text(label(part)).raw(" <b>").text(bytes(part.Installed)).raw("</b>")
	if part.Download > 0 {
		p.text(fmt.Sprintf(", %s to fetch", bytes(part.Download)))
	}
}

func (p *page) layers(layers []report.LayerSize) {
	p.raw("<table>\n<tr><th>layer</th><th>to fetch</th><th>installed</th></tr>\n")
	for _, l := range layers {
		p.raw("<tr><td>").text(strings.Join(l.Packages, ", ")).raw("</td><td>").text(bytes(l.Download)).raw("</td><td>").text(bytes(l.Installed)).raw("</td></tr>\n")
	}
	p.raw("</table>\n")
}

func (p *page) changes(c *Changes) {
	p.raw("<h2>").text("What changed from " + c.From).raw("</h2>\n")
	if len(c.List) == 0 {
		p.raw("<p>Nothing.</p>\n")
		return
	}
	p.raw("<table>\n<tr><th>what</th><th>name</th><th>was</th><th>is</th><th>bytes</th></tr>\n")
	for _, x := range c.List {
		grew := ""
		switch {
		case x.Bytes > 0:
			grew = "+" + units.HumanSize(float64(x.Bytes))
		case x.Bytes < 0:
			grew = "-" + units.HumanSize(float64(-x.Bytes))
		}
		p.raw("<tr>")
		for _, cell := range []string{x.Kind, x.Name, x.Was, x.Is, grew} {
			p.raw("<td>").text(cell).raw("</td>")
		}
		p.raw("</tr>\n")
	}
	p.raw("</table>\n")
}

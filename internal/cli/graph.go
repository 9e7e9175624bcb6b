package cli

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/llb"
)

// The languages of --graph.
const (
	graphDot     = "dot"
	graphMermaid = "mermaid"
)

// graph is a plan as boxes and arrows.
type graph struct {
	nodes [][]string // the lines of their labels
	edges []edge
}

// edge leads from one node to another; a tool is used to make its target, and not
// contained in it.
type edge struct {
	from, to int
	tool     bool
}

func (g *graph) node(lines ...string) int {
	g.nodes = append(g.nodes, lines)
	return len(g.nodes) - 1
}

func (g *graph) edge(from, to int) { g.edges = append(g.edges, edge{from: from, to: to}) }

// drawPlan draws the base and the layers, and how they form the image.
func drawPlan(p *llb.Plan, language string) []byte {
	g := planGraph(p)
	if language == graphMermaid {
		return g.mermaid()
	}
	return g.dot()
}

func planGraph(p *llb.Plan) *graph {
	g := &graph{}
	base := g.node("base", p.Base.Ref)
	toolchain := g.node("toolchain", p.Toolchain.Ref)
	if n := len(p.SystemPackages); n > 0 {
		names := make([]string, n)
		for i, d := range p.SystemPackages {
			names[i] = d.Name
		}
		debian := g.node(title("Debian packages", names)...)
		g.edge(base, debian)
		base = debian
	}
	layers := []int{base, g.node("virtual environment")}
	for _, l := range p.Layers {
		names := make([]string, len(l.Wheels))
		for i, w := range l.Wheels {
			names[i] = w.Name + " " + w.Version
		}
		n := g.node(title(l.Name, names)...)
		g.edges = append(g.edges, edge{from: toolchain, to: n, tool: true})
		layers = append(layers, n)
	}
	layers = append(layers, g.node("start command", p.Server.Kind))
	if len(p.Code) > 0 {
		layers = append(layers, g.node(title("code", p.Code)...))
	}
	layers = append(layers, g.node("model", "small files"))
	for _, files := range p.Model.LargeLayers() {
		layers = append(layers, g.node(title("model", files)...))
	}
	image := g.node("image", p.Platform)
	for _, n := range layers {
		g.edge(n, image)
	}
	return g
}

// title returns a node's name with the first of its parts, a line each.
func title(name string, parts []string) []string {
	const shown = 4
	lines := append([]string{name}, parts[:min(len(parts), shown)]...)
	if more := len(parts) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", more))
	}
	return lines
}

// label joins the lines of a label, each quoted for the language of the graph.
func label(lines []string, separator string, quoted func(string) string) string {
	out := make([]string, len(lines))
	for i, line := range lines {
		// Neither language has an escape for control characters.
		out[i] = quoted(terminal.Line(line))
	}
	return strings.Join(out, separator)
}

// dotText returns a text inside a quoted label: a backslash begins an escape there, and
// an ampersand an entity of HTML (https://graphviz.org/doc/info/attrs.html#k:escString).
func dotText(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "&", "&amp;").Replace(text)
}

// mermaidText returns a text inside a quoted label. Mermaid looks for directives
// (%%{…}%%), entities (#quot;) and declarations of styles (style, classDef) before it
// looks for quotes, takes a label for Markdown or HTML, and has signs of its own for
// an entity on its way (ﬂ°, ¶ß). So all but letters, digits and what means nothing
// anywhere is an entity, by its number
// (https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters).
func mermaidText(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == 'ﬂ', !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(" .,/@+=_-", r):
			fmt.Fprintf(&b, "#%d;", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// dot is Graphviz's language, https://graphviz.org/doc/info/lang.html.
func (g *graph) dot() []byte {
	var b bytes.Buffer
	b.WriteString("digraph plan {\n  rankdir=LR;\n  node [shape=box];\n")
	for i, lines := range g.nodes {
		fmt.Fprintf(&b, "  n%d [label=\"%s\"];\n", i, label(lines, `\n`, dotText))
	}
	for _, e := range g.edges {
		style := ""
		if e.tool {
			style = " [style=dashed]"
		}
		fmt.Fprintf(&b, "  n%d -> n%d%s;\n", e.from, e.to, style)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// mermaid is Mermaid's, https://mermaid.js.org/syntax/flowchart.html.
func (g *graph) mermaid() []byte {
	var b bytes.Buffer
	b.WriteString("flowchart LR\n")
	for i, lines := range g.nodes {
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", i, label(lines, "<br>", mermaidText))
	}
	for _, e := range g.edges {
		arrow := "-->"
		if e.tool {
			arrow = "-.->"
		}
		fmt.Fprintf(&b, "  n%d %s n%d\n", e.from, arrow, e.to)
	}
	return b.Bytes()
}

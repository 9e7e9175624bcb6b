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
	edges [][2]int
	// wheels are the numbers of the first node of a layer of wheels and of the one after
	// the last; the toolchain installs them, and is no part of them.
	wheels    [2]int
	toolchain int
}

func (g *graph) node(lines ...string) int {
	g.nodes = append(g.nodes, lines)
	return len(g.nodes) - 1
}

func (g *graph) edge(from, to int) { g.edges = append(g.edges, [2]int{from, to}) }

// drawPlan draws the base and the layers, and how they form the image.
func drawPlan(p *llb.Plan, language string) []byte {
	g := planGraph(p)
	if language == graphMermaid {
		return g.mermaid()
	}
	return g.dot()
}

func planGraph(p *llb.Plan) *graph {
	g := &graph{toolchain: -1}
	if len(p.Layers) > 0 {
		g.toolchain = g.node("toolchain", p.Toolchain.Ref)
	}
	var layers []int
	for n, part := range planParts(p) {
		name := part.name
		if part.size > 0 {
			name += ", " + sizeText(part.size)
		}
		at := g.node(title(name, part.contents)...)
		if part.wheels {
			if g.wheels[1] == 0 {
				g.wheels[0] = at
			}
			g.wheels[1] = at + 1
		}
		if n == 1 && len(p.SystemPackages) > 0 {
			g.edge(layers[0], at) // they are on the base
			layers = nil
		}
		layers = append(layers, at)
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
	b.WriteString("digraph plan {\n  rankdir=LR;\n  compound=true;\n  node [shape=box];\n")
	for i, lines := range g.nodes {
		if i == g.wheels[0] && g.wheels[1] > 0 {
			b.WriteString("  subgraph cluster_wheels {\n  label=wheels;\n")
		}
		fmt.Fprintf(&b, "  n%d [label=\"%s\"];\n", i, label(lines, `\n`, dotText))
		if i == g.wheels[1]-1 {
			b.WriteString("  }\n")
		}
	}
	if g.wheels[1] > 0 {
		fmt.Fprintf(&b, "  n%d -> n%d [style=dashed, lhead=cluster_wheels];\n", g.toolchain, g.wheels[0])
	}
	for _, e := range g.edges {
		fmt.Fprintf(&b, "  n%d -> n%d;\n", e[0], e[1])
	}
	b.WriteString("}\n")
	return b.Bytes()
}

// mermaid is Mermaid's, https://mermaid.js.org/syntax/flowchart.html.
func (g *graph) mermaid() []byte {
	var b bytes.Buffer
	b.WriteString("flowchart LR\n")
	for i, lines := range g.nodes {
		if i == g.wheels[0] && g.wheels[1] > 0 {
			b.WriteString("  subgraph wheels\n")
		}
		fmt.Fprintf(&b, "  n%d[\"%s\"]\n", i, label(lines, "<br>", mermaidText))
		if i == g.wheels[1]-1 {
			b.WriteString("  end\n")
		}
	}
	if g.wheels[1] > 0 {
		fmt.Fprintf(&b, "  n%d -.-> wheels\n", g.toolchain)
	}
	for _, e := range g.edges {
		fmt.Fprintf(&b, "  n%d --> n%d\n", e[0], e[1])
	}
	return b.Bytes()
}

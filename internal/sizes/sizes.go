// Package sizes attributes the bytes of an image to its requirements: as a tree, and as
// a page with a treemap. It is pure.
package sizes

import (
	"cmp"
	"slices"
	"strings"

	"deps.dev/util/pypi"
	"github.com/deployfile/deployfile/llb"
	"github.com/deployfile/deployfile/report"
	"github.com/deployfile/deployfile/resolver"
)

// The kinds of report.Part.
const (
	Base           = "base"
	SystemPackages = "system-packages"
	Requirement    = "requirement"
	Server         = "server"
	Package        = "package"
	Model          = "model"
	File           = "file"
)

// Of returns the sizes of a plan, whose requirements are those of the lock. The
// measured trees are the base, and the base with the Debian packages if there are
// any.
func Of(p *llb.Plan, requirements []string, measured *resolver.Sizes) report.Sizes {
	g := newGraph(p, measured)
	out := report.Sizes{Platform: p.Platform, Layers: []report.LayerSize{}, Unknown: []string{}}
	for _, w := range measured.Wheels {
		if w.Unread != "" {
			out.Unknown = append(out.Unknown, w.Unread)
		}
	}
	if len(measured.Trees) > 0 {
		out.Parts = append(out.Parts, report.Part{Kind: Base, Name: p.Base.Ref, Installed: measured.Trees[0]})
	}
	if len(p.SystemPackages) > 0 && len(measured.Trees) > 1 {
		out.Parts = append(out.Parts, systemPackages(p, measured.Trees[1]-measured.Trees[0]))
	}
	out.Parts = append(out.Parts, g.requirements(requirements)...)
	out.Parts = append(out.Parts, model(p))
	for _, part := range out.Parts {
		out.Download, out.Installed = out.Download+part.Download, out.Installed+part.Installed
	}
	largestFirst(out.Parts)
	for _, l := range p.Layers {
		layer := report.LayerSize{Name: l.Name}
		for _, w := range l.Wheels {
			m := g.nodes[w.Name]
			layer.Packages = append(layer.Packages, w.Name+" "+w.Version)
			layer.Download, layer.Installed = layer.Download+m.size.Size, layer.Installed+m.size.Installed
		}
		out.Layers = append(out.Layers, layer)
	}
	return out
}

func systemPackages(p *llb.Plan, installed int64) report.Part {
	part := report.Part{Kind: SystemPackages, Name: "Debian packages", Installed: installed}
	for _, s := range p.SystemPackages {
		part.Download += s.Size
	}
	return part
}

func model(p *llb.Plan) report.Part {
	part := report.Part{Kind: Model, Name: p.Model.Dir}
	for _, f := range p.Model.Files {
		part.Parts = append(part.Parts, report.Part{Kind: File, Name: f.Path, Installed: f.Size})
		part.Installed += f.Size
	}
	largestFirst(part.Parts)
	return part
}

func largestFirst(parts []report.Part) {
	slices.SortStableFunc(parts, func(a, b report.Part) int {
		return cmp.Or(cmp.Compare(b.Installed, a.Installed), cmp.Compare(b.Download, a.Download), cmp.Compare(a.Name, b.Name))
	})
}

// graph has the packages and what they require.
type graph struct {
	// names are in the order of the plan.
	names []string
	nodes map[string]*node
}

type node struct {
	version string
	size    resolver.WheelSize
	shown   bool
}

func newGraph(p *llb.Plan, measured *resolver.Sizes) *graph {
	g := &graph{nodes: map[string]*node{}}
	for _, w := range p.AllWheels() {
		g.names = append(g.names, w.Name)
		g.nodes[w.Name] = &node{version: w.Version}
	}
	slices.Sort(g.names)
	for _, m := range measured.Wheels {
		if n := g.nodes[m.Name]; n != nil {
			n.size = m
		}
	}
	return g
}

// requirements returns a part for each requirement that needs a package, and one for
// what only the server needs. A package belongs to the first requirement that needs it
// by the shortest path.
func (g *graph) requirements(list []string) []report.Part {
	type root struct {
		part report.Part
		tree *branch
	}
	var roots []root
	var level []*branch
	for _, text := range list {
		name, extras := required(text)
		if g.nodes[name] == nil && name == "mlflow" {
			name = "mlflow-skinny" // see environment.mlflow
		}
		if n := g.nodes[name]; n != nil && !n.shown {
			n.shown = true
			b := &branch{name: name, extras: extras}
			roots, level = append(roots, root{report.Part{Kind: Requirement, Name: text}, b}), append(level, b)
		}
	}
	g.grow(level)
	// What is left is there for the server.
	server := report.Part{Kind: Server, Name: "the server"}
	for _, name := range g.names {
		if g.nodes[name].shown {
			continue
		}
		g.nodes[name].shown = true
		b := &branch{name: name}
		g.grow([]*branch{b})
		server.Parts = append(server.Parts, g.part(b))
	}
	var out []report.Part
	for _, r := range roots {
		made := g.part(r.tree)
		r.part.Version, r.part.Download, r.part.Installed, r.part.Parts = made.Version, made.Download, made.Installed, made.Parts
		out = append(out, r.part)
	}
	if len(server.Parts) > 0 {
		sum(&server)
		out = append(out, server)
	}
	return out
}

// branch is a package with its dependencies.
type branch struct {
	name     string
	extras   []string
	branches []*branch
}

// grow adds what packages require, level by level.
func (g *graph) grow(level []*branch) {
	for len(level) > 0 {
		var next []*branch
		for _, b := range level {
			for _, text := range g.nodes[b.name].size.Requires {
				if !wanted(text, b.extras) {
					continue
				}
				name, extras := required(text)
				if n := g.nodes[name]; n != nil && !n.shown {
					n.shown = true
					child := &branch{name: name, extras: extras}
					b.branches, next = append(b.branches, child), append(next, child)
				}
			}
		}
		level = next
	}
}

func (g *graph) part(b *branch) report.Part {
	n := g.nodes[b.name]
	part := report.Part{Kind: Package, Name: b.name, Version: n.version}
	for _, child := range b.branches {
		part.Parts = append(part.Parts, g.part(child))
	}
	sum(&part)
	part.Download, part.Installed = part.Download+n.size.Size, part.Installed+n.size.Installed
	return part
}

func sum(part *report.Part) {
	for _, p := range part.Parts {
		part.Download, part.Installed = part.Download+p.Download, part.Installed+p.Installed
	}
	largestFirst(part.Parts)
}

// required returns the normalised name and the extras of a requirement.
func required(text string) (name string, extras []string) {
	end := strings.IndexFunc(text, func(r rune) bool {
		return !(r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z')
	})
	if end < 0 {
		end = len(text)
	}
	name, rest := pypi.CanonPackageName(text[:end]), strings.TrimSpace(text[end:])
	if list, ok := strings.CutPrefix(rest, "["); ok {
		list, _, _ = strings.Cut(list, "]")
		for extra := range strings.SplitSeq(list, ",") {
			extras = append(extras, pypi.CanonPackageName(strings.TrimSpace(extra)))
		}
	}
	return name, extras
}

// wanted reports whether a package's requirement belongs to no extra, or to one that
// was requested. Other markers are not read: what they exclude is not locked.
func wanted(text string, extras []string) bool {
	_, marker, _ := strings.Cut(text, ";")
	_, value, ok := strings.Cut(strings.ReplaceAll(marker, " ", ""), "extra==")
	if !ok {
		return true
	}
	value = strings.TrimLeft(value, `'"`)
	if end := strings.IndexAny(value, `'"`); end >= 0 {
		value = value[:end]
	}
	return slices.Contains(extras, pypi.CanonPackageName(value))
}

package mlmodel

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"go.yaml.in/yaml/v3"
)

// Link is a name by which MLmodel names a file or directory of the model, and which
// only Windows takes for its path: artifacts\table.csv. A symbolic link of this name
// leads to it, so that MLmodel stays as it was logged.
type Link struct {
	// Name is relative to the model's directory. Target, where the link leads, is
	// relative to the directory of the link.
	Name, Target string
}

// maxName is the longest name of a file on Linux, in bytes.
const maxName = 255

// readLinks looks for paths with Windows' separators in the flavors.
func (r *reader) readLinks() {
	r.walkPaths(get(r.doc.top, "flavors"))
	slices.SortFunc(r.model.Links, func(a, b Link) int { return strings.Compare(a.Name, b.Name) })
	r.model.Links = slices.Compact(r.model.Links)
}

func (r *reader) walkPaths(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode {
		r.link(n.Value, n.Value)
		return
	}
	for i, c := range n.Content {
		if n.Kind != yaml.MappingNode {
			r.walkPaths(c)
			continue
		}
		switch key := n.Content[i-i%2].Value; {
		case i%2 == 0, key == "uri":
			// An artifact's uri is where it came from, not a file of the model.
		case key == "model_code_path" && c.Kind == yaml.ScalarNode:
			// MLflow joins what it takes for the last part to the model's directory.
			name := path.Base(c.Value)
			r.link(name, path.Base(slashed(name)))
		default:
			r.walkPaths(c)
		}
	}
}

func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// link adds a link if there is nothing by the name as it is written, and something by
// the path that it means.
func (r *reader) link(name, written string) {
	target, ok := localPath(".", written)
	if !ok || !strings.Contains(name, `\`) || !fs.ValidPath(name) || terminal.Obeys(name) || len(path.Base(name)) > maxName {
		return
	}
	if _, err := fs.Stat(r.fsys, path.Join(r.dir, name)); err == nil {
		return
	}
	if _, err := fs.Stat(r.fsys, path.Join(r.dir, target)); err != nil {
		return
	}
	dir := path.Dir(name)
	if dir != "." {
		rest, below := strings.CutPrefix(target, dir+"/")
		if !below {
			return
		}
		target = rest
	}
	r.model.Links = append(r.model.Links, Link{Name: name, Target: target})
}

package mlmodel

import (
	"fmt"
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

// maxLinks limits the paths with Windows' separators, each of which is looked for.
const maxLinks = 10_000

// readLinks looks for paths with Windows' separators in the flavors.
func (r *reader) readLinks() error {
	if err := r.walkPaths(get(r.doc.top, "flavors"), map[string]bool{}); err != nil {
		return err
	}
	slices.SortFunc(r.model.Links, func(a, b Link) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// walkPaths adds the links of a part of MLmodel; seen has the paths that were looked for.
func (r *reader) walkPaths(n *yaml.Node, seen map[string]bool) error {
	if n == nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode {
		return r.link(n, n.Value, n.Value, seen)
	}
	for i, c := range n.Content {
		err := error(nil)
		if n.Kind != yaml.MappingNode {
			err = r.walkPaths(c, seen)
		} else {
			switch key := n.Content[i-i%2].Value; {
			case i%2 == 0, key == "uri":
				// An artifact's uri is where it came from, not a file of the model.
			case key == "model_code_path" && c.Kind == yaml.ScalarNode:
				// MLflow joins what it takes for the last part to the model's directory.
				name := path.Base(c.Value)
				err = r.link(c, name, path.Base(slashed(name)), seen)
			default:
				err = r.walkPaths(c, seen)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func slashed(name string) string { return strings.ReplaceAll(name, `\`, "/") }

// link adds a link if there is nothing by the name as it is written, and something by
// the path that it means.
func (r *reader) link(n *yaml.Node, name, written string, seen map[string]bool) error {
	target, ok := localPath(".", written)
	if !ok || !strings.Contains(name, `\`) || !fs.ValidPath(name) || terminal.Obeys(name) || len(path.Base(name)) > maxName || seen[name] {
		return nil
	}
	if seen[name] = true; len(seen) > maxLinks {
		return r.doc.fault(n.Line, fmt.Sprintf("MLmodel names more than %d files with Windows' separators", maxLinks),
			"a model that was logged on Linux, or with its artifacts in one directory, can be built")
	}
	if _, err := fs.Stat(r.fsys, path.Join(r.dir, name)); err == nil {
		return nil
	}
	if _, err := fs.Stat(r.fsys, path.Join(r.dir, target)); err != nil {
		return nil
	}
	dir := path.Dir(name)
	if dir != "." {
		rest, below := strings.CutPrefix(target, dir+"/")
		if !below {
			return nil
		}
		target = rest
	}
	r.model.Links = append(r.model.Links, Link{Name: name, Target: target})
	return nil
}

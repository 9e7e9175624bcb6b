package mlmodel

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/deployfile/deployfile/internal/untrusted"
	"go.yaml.in/yaml/v3"
)

// lfsPointer is how a file of Git LFS begins whose contents were not fetched, and
// maxPointer the largest size of one in bytes
// (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
const (
	lfsPointer = "version https://git-lfs.github.com/spec/"
	maxPointer = 1024
)

// named is a file or directory of the model that MLmodel names, at a line.
type named struct {
	key, name string
	line      int
}

// CheckFiles refuses the model in directory dir of fsys, which Read has read, if its
// MLmodel names missing files or pointers of Git LFS: loading it would fail. The error
// is a *SourceError.
func CheckFiles(fsys fs.FS, dir string) error {
	dir = path.Clean(dir)
	d, err := readDocument(fsys, path.Join(dir, modelFile))
	if err != nil {
		return err
	}
	r := &reader{fsys: fsys, dir: dir, doc: d}
	// Many artifacts may be one directory of many files.
	seen := map[string]bool{}
	for _, n := range r.namedFiles() {
		name, ok := localPath(".", n.name)
		if !ok {
			return r.doc.fault(n.line, fmt.Sprintf("%s names %s, which is outside of the model's directory", n.key, n.name), "")
		}
		if seen[name] {
			continue
		}
		seen[name] = true
		name = path.Join(r.dir, name)
		info, err := fs.Stat(r.fsys, name)
		if untrusted.Refused(err) {
			continue // reading it reports why
		}
		infos := []fs.FileInfo{info}
		if err != nil {
			infos = nil
			if n.key == "model_path" {
				infos = r.withPrefix(name)
			}
		}
		if len(infos) == 0 {
			return r.doc.fault(n.line, fmt.Sprintf("%s names %s, and the model has no such file", n.key, n.name),
				"if it is there, .dockerignore leaves it out; else get the whole model again, for example with mlflow artifacts download")
		}
		for _, info := range infos {
			if pointer := r.lfsPointer(path.Join(path.Dir(name), info.Name()), info); pointer != "" {
				return r.doc.fault(n.line, fmt.Sprintf("%s names %s, and %s is only a pointer of Git LFS", n.key, n.name, pointer), "run: git lfs pull")
			}
		}
	}
	return nil
}

// namedFiles are what python_function names: the data of its flavor, the model's own
// class or code, code folders and artifacts.
func (r *reader) namedFiles() []named {
	function := get(get(r.doc.top, "flavors"), pyfunc)
	var out []named
	add := func(key string, n *yaml.Node) {
		if n != nil && n.Kind == yaml.ScalarNode && n.Value != "" && n.Tag != "!!null" {
			out = append(out, named{key, slashed(n.Value), n.Line})
		}
	}
	for _, key := range []string{"model_path", "data", "python_model", "code"} {
		add(key, get(function, key))
	}
	if n := get(function, "model_code_path"); n != nil && n.Kind == yaml.ScalarNode && n.Value != "" {
		out = append(out, named{"model_code_path", path.Base(slashed(n.Value)), n.Line})
	}
	if artifacts := get(function, "artifacts"); artifacts != nil && artifacts.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(artifacts.Content); i += 2 {
			add("artifact "+artifacts.Content[i].Value, get(artifacts.Content[i+1], "path"))
		}
	}
	return out
}

// withPrefix returns the files name.*: paddle.jit.save, which MLflow's paddle flavor
// calls, takes what MLmodel names as a prefix and writes model.pdiparams, model.json
// and the like.
func (r *reader) withPrefix(name string) []fs.FileInfo {
	entries, err := fs.ReadDir(r.fsys, path.Dir(name))
	if err != nil {
		return nil
	}
	var out []fs.FileInfo
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() && strings.HasPrefix(e.Name(), path.Base(name)+".") {
			out = append(out, info)
		}
	}
	return out
}

// lfsPointer returns the file, of a directory one in it, that is a pointer of Git LFS.
func (r *reader) lfsPointer(name string, info fs.FileInfo) string {
	if !info.IsDir() {
		if info.Size() > maxPointer {
			return ""
		}
		data, err := untrusted.ReadFile(r.fsys, name, maxPointer)
		if err == nil && bytes.HasPrefix(data, []byte(lfsPointer)) {
			return path.Base(name)
		}
		return ""
	}
	entries, err := fs.ReadDir(r.fsys, name)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Mode().IsRegular() {
			if pointer := r.lfsPointer(path.Join(name, e.Name()), info); pointer != "" {
				return pointer
			}
		}
	}
	return ""
}

package frontend

import (
	"io/fs"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
)

// withModel is the build context with a model that is not in it, at
// modelsource.Elsewhere.
type withModel struct{ context, model fs.FS }

var (
	_ fs.StatFS    = withModel{}
	_ fs.ReadDirFS = withModel{}
)

// at returns which file system has a file, and its name there.
func (f withModel) at(name string) (fs.FS, string) {
	if name == modelsource.Elsewhere {
		return f.model, "."
	}
	if rest, ok := strings.CutPrefix(name, modelsource.Elsewhere+"/"); ok {
		return f.model, rest
	}
	return f.context, name
}

func (f withModel) Open(name string) (fs.File, error) {
	fsys, name := f.at(name)
	return fsys.Open(name)
}

func (f withModel) Stat(name string) (fs.FileInfo, error) {
	fsys, name := f.at(name)
	return fs.Stat(fsys, name)
}

func (f withModel) ReadDir(name string) ([]fs.DirEntry, error) {
	fsys, name := f.at(name)
	return fs.ReadDir(fsys, name)
}

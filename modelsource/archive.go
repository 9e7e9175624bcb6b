package modelsource

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
)

// Archive is the scheme of https: the address of a tar or zip archive that has a model
// in its root, or in a directory there.
type Archive struct{ listed }

var _ Listed = Archive{}

// Match implements Scheme.
func (Archive) Match(source string) bool {
	return strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")
}

// Check implements Scheme.
func (Archive) Check(source string) error {
	u, err := url.Parse(source)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("model.source %q is not an address", source)
	case u.Fragment != "":
		return fmt.Errorf(`model.source %q: it is all of an archive; take out what follows the "#"`, source)
	}
	return nil
}

// NetrcSecret is the id of the secret with the credentials of hosts, as in ~/.netrc.
const NetrcSecret = "netrc"

// Access implements Listed.
func (Archive) Access(p Pin) (Access, error) {
	a := Access{File: p.Location}
	if strings.HasPrefix(p.Location, "https://") {
		a.Secrets = []string{NetrcSecret}
	}
	return a, nil
}

// ArchiveFile is the name of an archive in Pin.Archive.
const ArchiveFile = "archive"

// FetchModel returns the files of a pinned model as steps fetch them: from the archive
// that has them, if there is one, else as Fetch does.
func FetchModel(t toolchain.Toolchain, p Pin, files []File, access *Access) (Tree, error) {
	if p.Archive == nil {
		return Fetch(t, files, access)
	}
	archive, err := Fetch(t, []File{*p.Archive}, access)
	if err != nil {
		return Tree{}, err
	}
	return unpack(t, archive, p, files)
}

//go:embed unpack.py
var unpackSource []byte

const archiveDir = "/run/archive"

// unpack returns the files of an archive.
func unpack(t toolchain.Toolchain, archive Tree, p Pin, files []File) (Tree, error) {
	for _, f := range files {
		if err := f.Check(); err != nil {
			return Tree{}, err
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		return Tree{}, err
	}
	st, at := archive.At(p.Archive.Path)
	step := toolchain.Step{
		Name:   fmt.Sprintf("unpack %d files of the model", len(files)),
		Script: toolchain.Script{Name: "unpack.py", Source: unpackSource},
		Args:   []string{path.Join(filesDir, "files.json"), path.Join(archiveDir, at), p.Root},
		Mounts: []toolchain.Mount{
			fileList(list, t),
			{Path: archiveDir, Source: st},
		},
	}
	return Tree{State: t.Run(step), Files: files}, nil
}

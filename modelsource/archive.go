package modelsource

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Archive is the scheme of https: the address of a tar or zip archive that has a model
// in its root, or in a directory there.
type Archive struct{ listed }

var _ Listed = Archive{}

// Match implements Scheme.
func (Archive) Match(source string) bool {
	return (strings.HasPrefix(source, "https://") || strings.HasPrefix(source, "http://")) && !(Objects{}).Match(source)
}

// Check implements Scheme.
func (Archive) Check(source string) error {
	u, err := url.Parse(source)
	switch {
	case err != nil || u.Host == "":
		return fmt.Errorf("model.source %q is not an address", source)
	case u.User != nil:
		return fmt.Errorf("model.source %q: it holds a credential, which the lock and the image would have, too; write it into ~/.netrc", u.Redacted())
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

// FetchModel returns the files of a pinned model as steps fetch them: from a repository,
// or the archive that has them, if there is one, else as Fetch does.
func FetchModel(t toolchain.Toolchain, p Pin, files []File, access *Access) (Tree, error) {
	switch {
	case Git{}.Match(p.Source):
		return fetchGit(t, p, files, access)
	case p.Archive == nil:
		return Fetch(t, files, access)
	}
	archive, err := Fetch(t, []File{*p.Archive}, access)
	if err != nil {
		return Tree{}, err
	}
	st, at := archive.At(p.Archive.Path)
	return unpack(t, fmt.Sprintf("unpack %d files of the model", len(files)), st, at, p.Root, files)
}

//go:embed unpack.py
var unpackSource []byte

const archiveDir = "/run/archive"

// unpack returns files of an archive, which is at a path of a state, or of a directory
// there; root is the directory in it that is the model.
func unpack(t toolchain.Toolchain, name string, st bkllb.State, at, root string, files []File) (Tree, error) {
	for _, f := range files {
		if err := f.Check(); err != nil {
			return Tree{}, err
		}
	}
	list, err := json.Marshal(files)
	if err != nil {
		return Tree{}, err
	}
	step := toolchain.Step{
		Name:   name,
		Script: toolchain.Script{Name: "unpack.py", Source: unpackSource},
		Args:   []string{path.Join(filesDir, "files.json"), path.Join(archiveDir, at), root},
		Mounts: []toolchain.Mount{
			fileList(list, nil, t),
			{Path: archiveDir, Source: st},
		},
		// What an archive makes of Python's libraries has the limits of a program.
		Programs: true,
	}
	return Tree{State: t.Run(step), Files: files}, nil
}

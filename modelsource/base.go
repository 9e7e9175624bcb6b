package modelsource

import (
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
)

// Base is a repository of a hub, at a commit, whose weights a model refers to and does not
// have. Its files are a part of the image's model, where the hub's own client finds them.
type Base struct{ Repository, Commit string }

// Source returns the name of the repository as a source.
func (b Base) Source() string { return hubPrefix + b.Repository + "@" + b.Commit }

// Dir returns where its files are in the model: as in HF_HUB_CACHE
// (huggingface_hub/file_download.py), without links.
func (b Base) Dir() string {
	return path.Join(path.Base(imagespec.ModelHubDir), "models--"+strings.ReplaceAll(b.Repository, "/", "--"), "snapshots", b.Commit)
}

// Files returns the address of its files on a server.
func (b Base) Files(server string) (string, error) {
	if !filepath.IsLocal(b.Repository) || strings.Count(b.Repository, "/") > 1 || terminal.Obeys(b.Repository) {
		return "", fmt.Errorf("%q is not a repository of a hub", b.Repository)
	}
	return HubName{Repository: b.Repository, Revision: b.Commit}.Files(server)
}

// InBase reports whether a file of a model is one of a Base.
func InBase(name string) bool { return Under(name, path.Base(imagespec.ModelHubDir)) }

// Under reports whether a file is below a directory.
func Under(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

// WithKnown adds files of a Base to a model of which no state is needed yet.
func (t Tree) WithKnown(files []File) Tree {
	if t.Files != nil {
		t.Files = append(slices.Clone(t.Files), files...)
		return t
	}
	t.Known = slices.Clone(t.Known)
	for _, f := range files {
		t.Known = append(t.Known, LayerFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
	}
	return t
}

// WithBase adds the files of a Base on a hub's server, as steps fetch them. Their paths are
// those in the model.
func (t Tree) WithBase(tools toolchain.Toolchain, b Base, server string, files []File) (Tree, error) {
	address, err := b.Files(server)
	if err != nil {
		return Tree{}, err
	}
	var own []File
	for _, f := range files {
		below, ok := strings.CutPrefix(f.Path, b.Dir()+"/")
		if !ok {
			return Tree{}, fmt.Errorf("%q is not a file of %s", f.Path, b.Source())
		}
		own = append(own, File{Path: below, Size: f.Size, SHA256: f.SHA256})
	}
	base, err := Fetch(tools, own, &Access{URL: address, Secrets: []string{HubServer, HubToken}})
	if err != nil {
		return Tree{}, err
	}
	t.State = t.copied(tools, b, base.State, "/")
	t.Large, t.named, t.Known = maps.Clone(t.Large), maps.Clone(t.named), slices.Clone(t.Known)
	if t.Large == nil {
		t.Large = map[string]bkllb.State{}
	}
	if t.named == nil {
		t.named = map[string]string{}
	}
	for _, f := range files {
		below := strings.TrimPrefix(f.Path, b.Dir()+"/")
		st, ok := base.Large[below]
		if !ok {
			continue
		}
		t.Large[f.Path], t.named[f.Path] = st, below
		if t.Files == nil {
			t.Known = append(t.Known, LayerFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	if t.Files != nil {
		t.Files = append(slices.Clone(t.Files), files...)
	}
	return t, nil
}

// WithSentBase adds the files of a Base that a state has at their paths in the model.
func (t Tree) WithSentBase(tools toolchain.Toolchain, b Base, st bkllb.State, files []File) Tree {
	t.State = t.copied(tools, b, st, path.Join("/", b.Dir()))
	if t.Files != nil {
		t.Files = append(slices.Clone(t.Files), files...)
	}
	return t
}

// copied returns the model's state with the files of a Base, which are in a directory of
// another.
func (t Tree) copied(tools toolchain.Toolchain, b Base, from bkllb.State, dir string) bkllb.State {
	into := path.Join("/", t.Dir, b.Dir()) + "/"
	return t.State.File(bkllb.Copy(from, dir, into, &bkllb.CopyInfo{
		CopyDirContentsOnly: true, CreateDestPath: true,
	}, bkllb.WithCreatedTime(toolchain.Epoch())), append([]bkllb.ConstraintsOpt{bkllb.WithCustomName("add " + b.Source())}, tools.Constraints...)...)
}

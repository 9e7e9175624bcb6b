package modelsource

import (
	"fmt"
	"net/url"
	"path/filepath"

	"github.com/deployfile/deployfile/internal/layering"
	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/mlmodel"
	"github.com/opencontainers/go-digest"
)

// Pin is what a source stood for when the lock was made: the table [model-source]
// of Deployfile.lock. No field has a credential.
type Pin struct {
	// Source is [model] source, Resolved a name of the same model that means the
	// same forever: a version, a digest, a commit.
	Source   string `toml:"source" json:"source"`
	Resolved string `toml:"resolved" json:"resolved"`
	// Server is the server that was asked, Location the directory of the model's
	// files as a URI; both are "" for a source that Resolved alone leads to.
	Server   string `toml:"server,omitempty" json:"server,omitempty"`
	Location string `toml:"location,omitempty" json:"location,omitempty"`
	// The rest is where the model comes from, as the server says it: the registered
	// name and version, the alias that was asked for, the logged model, its run and
	// experiment, and the commit of the code that logged it.
	Name       string `toml:"name,omitempty" json:"name,omitempty"`
	Version    string `toml:"version,omitempty" json:"version,omitempty"`
	Alias      string `toml:"alias,omitempty" json:"alias,omitempty"`
	ModelID    string `toml:"model-id,omitempty" json:"model-id,omitempty"`
	RunID      string `toml:"run-id,omitempty" json:"run-id,omitempty"`
	Experiment string `toml:"experiment,omitempty" json:"experiment,omitempty"`
	Commit     string `toml:"commit,omitempty" json:"commit,omitempty"`
	// Layers are the blobs of an artifact in a registry, Root the directory of them
	// that is the model.
	Root   string  `toml:"root,omitempty" json:"root,omitempty"`
	Layers []Layer `toml:"layers,omitempty" json:"layers,omitempty"`
	// Revisions are names by which an object store with versions serves the contents
	// that files had, by their paths.
	Revisions map[string]string `toml:"revisions,omitempty" json:"revisions,omitempty"`
	// Archive is the file that has all of the model's files; Root is the directory of
	// it that is the model.
	Archive *File `toml:"archive,omitempty" json:"archive,omitempty"`
	// LFS are the paths of the files of a git repository that Git LFS has.
	LFS []string `toml:"lfs,omitempty" json:"lfs,omitempty"`
}

// maxText limits what a server says of a model, in bytes.
const maxText = 4096

// Check refuses a pin that no lock has.
func (p Pin) Check() error {
	if p.Source == "" || p.Resolved == "" {
		return fmt.Errorf("model source %q is pinned to %q: a name is empty", p.Source, p.Resolved)
	}
	for _, text := range []string{p.Source, p.Resolved, p.Server, p.Location, p.Name, p.Version, p.Alias, p.ModelID, p.RunID, p.Experiment, p.Commit} {
		if terminal.Obeys(text) {
			return fmt.Errorf("model source %q: %q has a control character", p.Source, text)
		}
		if len(text) > maxText {
			return fmt.Errorf("model source %q: %q… has more than %d bytes", p.Source[:min(len(p.Source), 200)], text[:200], maxText)
		}
	}
	if p.Root != "" && (!filepath.IsLocal(p.Root) || terminal.Obeys(p.Root)) {
		return fmt.Errorf("model source %q: %q leads out of the artifact", p.Source, p.Root)
	}
	for name, revision := range p.Revisions {
		if !filepath.IsLocal(name) || terminal.Obeys(name) || terminal.Obeys(revision) {
			return fmt.Errorf("model source %q: the revision %q of %q is not valid", p.Source, revision, name)
		}
	}
	for _, l := range p.Layers {
		if err := l.Check(); err != nil {
			return err
		}
	}
	for _, name := range p.LFS {
		if !filepath.IsLocal(name) || terminal.Obeys(name) {
			return fmt.Errorf("model source %q: %q is not a file of Git LFS", p.Source, name)
		}
	}
	if p.Archive != nil {
		if err := p.Archive.Check(); err != nil {
			return err
		}
	}
	if p.Server != "" {
		if u, err := url.Parse(p.Server); err != nil || u.User != nil {
			return fmt.Errorf("model source %q: its server is not an address without a credential", p.Source)
		}
	}
	return p.checkPlace()
}

// Describe adds to a model the registered name and version that it was found by, which
// MLflow's client before 3.18 writes into a directory that it downloads. The image is the
// one of that directory.
func (p *Pin) Describe(m *mlmodel.Model) {
	if p != nil && p.Name != "" {
		m.RegisteredName, m.RegisteredVersion = p.Name, p.Version
	}
}

// File is a file of a model, by its contents.
type File struct {
	// Path is relative to the model's directory, with slashes, Size in bytes, SHA256
	// in hexadecimal.
	Path   string `toml:"path" json:"path"`
	Size   int64  `toml:"size" json:"size"`
	SHA256 string `toml:"sha256" json:"sha256"`
}

// LargeFile is the size in bytes from which a file is fetched in a step of its own; it
// is also a layer of its own.
const LargeFile = layering.Large

// Check refuses a file that cannot be fetched: one outside the model's directory, or
// without a hash.
func (f File) Check() error {
	switch {
	case !filepath.IsLocal(f.Path) || terminal.Obeys(f.Path):
		return fmt.Errorf("model file %q is outside the model's directory, or its name has a control character", f.Path)
	case f.Size < 0 || digest.NewDigestFromEncoded(digest.SHA256, f.SHA256).Validate() != nil:
		return fmt.Errorf("model file %q has no sha256 in the lock; run deployfile lock", f.Path)
	}
	return nil
}

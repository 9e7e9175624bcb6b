package resolver

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/internal/terminal"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/toolchain"
)

// ModelStep returns the step of ModelFiles.
func ModelStep(model modelsource.Tree) toolchain.Step {
	return toolchain.Step{
		Name:   "hash the model's files",
		Script: script("digest.py"),
		Args:   model.LeftOut,
		Mounts: []toolchain.Mount{model.Mount("/model")},
	}
}

// ModelFiles hashes the model's files, unless their hashes are known.
func (r *Resolver) ModelFiles(ctx context.Context, t toolchain.Toolchain, model modelsource.Tree) ([]ModelFile, error) {
	if model.Files != nil {
		return knownFiles(model)
	}
	out, small := r.readModel(ctx, model)
	if !small {
		ref, err := r.Gateway.Step(ctx, t, ModelStep(model))
		if err != nil {
			return nil, err
		}
		if err := r.Gateway.ReadJSON(ctx, ref, "model.json", &out); err != nil {
			return nil, err
		}
	}
	for _, f := range out {
		if err := f.Check(); err != nil {
			return nil, err
		}
	}
	for _, f := range model.Known {
		if !slices.Contains(model.LeftOut, f.Path) {
			out = append(out, ModelFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256, Executable: f.Executable})
		}
	}
	slices.SortFunc(out, func(a, b ModelFile) int { return strings.Compare(a.Path, b.Path) })
	return withModes(out), nil
}

// knownFiles returns the files of a model whose hashes are known.
func knownFiles(model modelsource.Tree) ([]ModelFile, error) {
	var out []ModelFile
	for _, f := range model.Files {
		if err := f.Check(); err != nil {
			return nil, err
		}
		if !slices.Contains(model.LeftOut, f.Path) {
			out = append(out, ModelFile{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
		}
	}
	slices.SortFunc(out, func(a, b ModelFile) int { return strings.Compare(a.Path, b.Path) })
	return out, nil
}

// Check refuses a path outside the model's directory, or one that is not
// printable.
func (f ModelFile) Check() error {
	switch {
	case terminal.Obeys(f.Path):
		return fmt.Errorf("model file %q has a control character or invalid UTF-8 in its name; if nothing needs it, a line in .dockerignore with ? for each such character leaves it out", f.Path)
	case terminal.Obeys(f.Link):
		return fmt.Errorf("model file %q is a link to %q, a name with a control character or invalid UTF-8; if nothing needs it, a line in .dockerignore leaves it out", f.Path, f.Link)
	case len(f.Path) > maxPath:
		return fmt.Errorf("model file %q has a path of more than %d bytes", f.Path[:200]+"…", maxPath)
	case !filepath.IsLocal(f.Path):
		return fmt.Errorf("model file %q is outside the model's directory", f.Path)
	}
	return nil
}

// maxPath limits the path of a model's file in bytes, as file systems do.
const maxPath = 4096

// checkTree refuses a file that is there twice, or is a directory, too.
func checkTree(files []ModelFile) error {
	// A file is before what is below it, and next to that, if the slash is the least of
	// all characters: none is a control character.
	sorted := make([]string, len(files))
	for n, f := range files {
		sorted[n] = strings.ReplaceAll(f.Path, "/", "\x00")
	}
	slices.Sort(sorted)
	for n := 1; n < len(sorted); n++ {
		if below, ok := strings.CutPrefix(sorted[n], sorted[n-1]); ok && (below == "" || below[0] == 0) {
			return fmt.Errorf("model file %q is in the lock twice, or as a directory, too", strings.ReplaceAll(sorted[n-1], "\x00", "/"))
		}
	}
	return nil
}

// withModes clears the executable bits if all files have them: a client on
// Windows reports that for every file, and so do some mounts.
func withModes(files []ModelFile) []ModelFile {
	if slices.ContainsFunc(files, func(f ModelFile) bool { return f.Link == "" && !f.Executable }) {
		return files
	}
	out := slices.Clone(files)
	for i := range out {
		out[i].Executable = false
	}
	return out
}

// ModelChanges lists how the model's files differ from the locked ones.
func (l *Lock) ModelChanges(now []ModelFile) []string {
	was := map[string]ModelFile{}
	for _, f := range l.Model {
		was[f.Path] = f
	}
	var out []string
	for _, f := range withModes(now) {
		old, ok := was[f.Path]
		if !ok {
			out = append(out, fmt.Sprintf("model file %q was added", f.Path))
		} else if old != f {
			out = append(out, fmt.Sprintf("model file %q %s", f.Path, old.difference(f)))
		}
		delete(was, f.Path)
	}
	for _, f := range l.Model {
		if _, gone := was[f.Path]; gone {
			out = append(out, fmt.Sprintf("model file %q was removed", f.Path))
		}
	}
	return out
}

// difference describes the change of a file.
func (f ModelFile) difference(now ModelFile) string {
	switch {
	case now.Link != "" && f.Link != now.Link:
		return fmt.Sprintf("is now a link to %q", now.Link)
	case now.Link == "" && f.Link != "":
		return "is no link any more"
	case f.SHA256 != now.SHA256 || f.Size != now.Size:
		return "has other contents"
	case now.Executable:
		return "may now be run"
	}
	return "may no longer be run"
}

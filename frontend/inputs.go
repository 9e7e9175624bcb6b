package frontend

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	bkllb "github.com/moby/buildkit/client/llb"
)

// lockFiles is a lock with its pylock files by name.
type lockFiles struct {
	lock    *resolver.Lock
	pylocks map[string][]byte
}

// inputs is everything from which a build is made: the Deployfile, the lock beside it,
// and the model.
type inputs struct {
	*project

	// beside is the lock beside the Deployfile; its lock is nil if it is missing.
	beside lockFiles
	// context is what the build may read, pin what the model's source stands for;
	// nil if its scheme has no pins.
	context modelsource.Context
	pin     *modelsource.Pin
	// bases are the weights on a hub that the model refers to, withoutBases the model
	// before they were added to it.
	bases        []Base
	withoutBases modelsource.Tree
	// found is what the model and the requirements say.
	found *Inspection
}

// read reads the lock and the model. What it found before an error comes with the
// error.
func (p *project) read(ctx context.Context) (*inputs, error) {
	in := &inputs{project: p, found: &Inspection{name: p.name, File: p.file, Diagnostics: p.diagnostics}}
	if err := in.readLock(ctx); err != nil {
		return in, err
	}
	return in, in.readModel(ctx)
}

func (in *inputs) readLock(ctx context.Context) error {
	ref, err := in.resolver.Gateway.Solve(ctx, *in.source.State)
	if err != nil {
		return err
	}
	files, dir := refFS{ctx, ref}, path.Dir(in.name)
	data, err := untrusted.ReadFile(files, path.Join(dir, in.lockName), resolver.MaxLock)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	lock, err := resolver.ParseLock(data)
	if err != nil && in.output.relocks {
		in.warnText(ctx, in.lockName+" cannot be read and is made anew: "+err.Error())
		return nil
	}
	if err != nil {
		return &StaleLockError{File: in.lockName, Changes: []string{"it cannot be read (a merge conflict?): " + err.Error()}}
	}
	in.beside = lockFiles{lock, map[string][]byte{}}
	for _, name := range lock.PylockNames() {
		data, err := untrusted.ReadFile(files, path.Join(dir, name), resolver.MaxLock)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err == nil {
			in.beside.pylocks[name] = data
		}
	}
	return nil
}

func (in *inputs) readModel(ctx context.Context) error {
	scheme, err := modelsource.Find(in.file.Model.Source)
	if err != nil {
		return at(in.file, err, "model", "source")
	}
	files, err := in.readContext(ctx, scheme)
	if err != nil {
		return err
	}
	err = in.found.readModel(files, in.context.ModelDir, in.ui.BuildArgs[ArgIndex])
	for _, w := range in.found.Warnings {
		in.warnModel(ctx, w)
	}
	if in.found.Model != nil {
		in.context.Model.LeftOut = slices.Concat(in.context.Model.LeftOut, in.found.Model.LeftOut)
		in.pin.Describe(in.found.Model)
	}
	if err == nil {
		err = in.findBases()
	}
	if errors.Is(err, fs.ErrNotExist) && in.context.ModelDir != modelsource.Elsewhere {
		err = fmt.Errorf("%w; if it is there, .dockerignore leaves it out", err)
	}
	return err
}

// readContext fetches the build context and the model, and returns their files.
func (in *inputs) readContext(ctx context.Context, scheme modelsource.Scheme) (fs.FS, error) {
	source := in.file.Model.Source
	local := scheme.Local(source)
	in.found.ModelDir = local
	st, err := in.ui.MainContext(ctx, bkllb.FollowPaths(in.contextPaths(local)), bkllb.WithCaps(in.client.BuildOpts().LLBCaps))
	if err != nil {
		return nil, err
	}
	ref, err := in.resolver.Gateway.Solve(ctx, *st)
	if err != nil {
		return nil, err
	}
	in.context = modelsource.Context{State: *st, ModelDir: local}
	if in.context.Model, err = in.findModel(ctx, scheme); err != nil {
		return nil, at(in.file, err, "model", "source")
	}
	if in.context.ModelDir != modelsource.Elsewhere {
		return refFS{ctx, ref}, nil
	}
	files, err := in.openModel(ctx)
	if err != nil {
		return nil, at(in.file, err, "model", "source")
	}
	return withModel{context: refFS{ctx, ref}, model: files}, nil
}

// sent returns a pattern that matches a path, as clients read the patterns of what they
// send. "?" stands for each character that has a meaning there, since on Windows a
// backslash escapes nothing, and for spaces, which are trimmed. What the pattern matches besides is sent, and not used.
func sent(name string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]{}|^!\`, r) || unicode.IsSpace(r) {
			return '?'
		}
		return r
	}, name)
}

// contextPaths lists what is sent of the build context: the model, if it is there,
// the code, and the requirements with what they may name.
func (in *inputs) contextPaths(model string) []string {
	var paths []string
	if model != "" {
		paths = append(paths, sent(model))
	}
	for _, dir := range in.file.Environment.Code {
		paths = append(paths, sent(dir))
	}
	for _, list := range [][]string{in.file.Environment.Requirements, in.file.Environment.Constraints, in.file.Environment.Override} {
		for _, item := range list {
			name := pathIn(item)
			if name == "" {
				continue
			}
			file := sent(name)
			paths = append(paths, file)
			// What it names is beside it, or one directory below.
			for _, pattern := range []string{"*.txt", "*.in", "*.whl", "*.tar.gz", "*.zip"} {
				paths = append(paths, path.Join(path.Dir(file), pattern), path.Join(path.Dir(file), "*", pattern))
			}
		}
	}
	if len(paths) == 0 {
		// An empty list would send everything.
		paths = []string{".dockerignore"}
	}
	return paths
}

// pathIn returns the file that an item of requirements, constraints or overrides
// names: the item itself, or the wheel of "name @ ./name-1.0-py3-none-any.whl"; ""
// if it names none.
func pathIn(item string) string {
	if deployfile.IsRequirement(item) {
		if _, place, ok := strings.Cut(item, " @ "); ok {
			item, _, _ = strings.Cut(strings.TrimSpace(place), " ")
		}
		if strings.Contains(item, "://") || strings.ContainsAny(item, "=<>!~;[") {
			return ""
		}
	}
	if item = path.Clean(item); !fs.ValidPath(item) {
		return ""
	}
	return item
}

package frontend

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/modelsource"
	"github.com/deployfile/deployfile/resolver"
	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
)

// AttrModel is the frontend's option by which a client that has asked the store of a
// model says what it found: a Supply in JSON.
const AttrModel = "deployfile-model"

// ModelDirectory is the name of the client's local directory with the model, if
// Supply.Sends.
const ModelDirectory = "deployfile-model"

// ModelBases is the name of the client's local directory with the files of weights on a
// hub, by their paths in the model, if Supply.SendsBases.
const ModelBases = "deployfile-model-bases"

// ModelContext is the name of a build context that takes the place of the model's files.
const ModelContext = "model"

// Supply is what a client knows and gives of a model that is not in the build context.
type Supply struct {
	// Pin is what the source stands for, nil if the lock's pin stays.
	Pin *modelsource.Pin `json:"pin,omitempty"`
	// Files are all files of the model with their hashes; nil if the lock has them, or
	// a step is to hash what the client sends.
	Files []modelsource.File `json:"files,omitempty"`
	// Sends says that the client sends the model as the local directory
	// ModelDirectory: of Files those that are smaller than modelsource.LargeFile, or
	// all files if there are no Files.
	Sends bool `json:"sends,omitempty"`
	// Bases are weights on a hub that the model refers to; nil if the lock has them.
	Bases []Base `json:"bases,omitempty"`
	// SendsBases says that the client sends the files of all of them, those of the lock
	// included, as the local directory ModelBases.
	SendsBases bool `json:"sends-bases,omitempty"`
	// Secret says that the client gives modelsource.AccessSecret.
	Secret bool `json:"secret,omitempty"`
}

func (r *request) supply() (s Supply, err error) {
	text := r.client.BuildOpts().Opts[AttrModel]
	if text == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(text), &s); err != nil {
		return s, fmt.Errorf("option %s: %w", AttrModel, err)
	}
	return s, nil
}

// findModel finds the model, and says whether it is elsewhere than in the build context.
func (in *inputs) findModel(ctx context.Context, scheme modelsource.Scheme) (modelsource.Tree, error) {
	given, err := in.supply()
	if err != nil {
		return modelsource.Tree{}, err
	}
	named, err := in.ui.NamedContext(ModelContext, dockerui.ContextOpt{})
	if err != nil {
		return modelsource.Tree{}, err
	}
	if named != nil || in.context.ModelDir == "" {
		in.context.ModelDir = modelsource.Elsewhere
	}
	if named != nil {
		in.pin = in.lockedPin()
		st, _, err := named.Load(ctx)
		if err != nil {
			return modelsource.Tree{}, fmt.Errorf("build context %s: %w", ModelContext, err)
		}
		return modelsource.Tree{State: *st}, nil
	}
	if in.pin, err = in.pinModel(ctx, scheme, given); err != nil {
		return modelsource.Tree{}, err
	}
	if listed, ok := scheme.(modelsource.Listed); ok {
		return in.listedModel(ctx, listed, given)
	}
	q := modelsource.Request{Source: in.file.Model.Source, Context: in.context.State, File: path.Base(in.name)}
	if in.pin != nil {
		q.Pin, q.Root, q.Layers = in.pin.Resolved, in.pin.Root, in.pin.Layers
	}
	caps := in.client.BuildOpts().LLBCaps
	q.Blobs = caps.Supports(pb.CapSourceImageBlob) == nil
	return scheme.Tree(q)
}

// listedModel returns a model whose files the client sends, or steps fetch.
func (in *inputs) listedModel(ctx context.Context, scheme modelsource.Listed, given Supply) (modelsource.Tree, error) {
	if given.Sends {
		return modelsource.Tree{State: in.fromClient(ModelDirectory, "the model"), Files: given.Files}, nil
	}
	tools, err := in.fetchTools(ctx)
	if err != nil {
		return modelsource.Tree{}, err
	}
	files, _ := in.beside.lock.ModelFiles()
	if given.Secret {
		return modelsource.FetchModel(tools, *in.pin, files, nil)
	}
	access, err := scheme.Access(*in.pin)
	if err != nil {
		return modelsource.Tree{}, err
	}
	return modelsource.FetchModel(tools, *in.pin, files, &access)
}

// fromClient returns a local directory of the client.
func (in *inputs) fromClient(name, what string) bkllb.State {
	return bkllb.Local(name,
		bkllb.SessionID(in.client.BuildOpts().SessionID),
		bkllb.SharedKeyHint(name),
		bkllb.WithCustomName("load "+what+" from the client"))
}

// fetchTools returns the locked toolchain, as far as steps need it that fetch a model.
func (in *inputs) fetchTools(ctx context.Context) (toolchain.Toolchain, error) {
	tools, err := in.resolver.ImageTools(ctx, in.beside.lock, in.file.Environment.CA)
	return tools, in.found.locate(err)
}

// lockedPin returns the pin of this source in the lock, nil if there is none.
func (in *inputs) lockedPin() *modelsource.Pin {
	if l := in.beside.lock; l != nil && l.ModelSource != nil && l.ModelSource.Source == in.file.Model.Source {
		return l.ModelSource
	}
	return nil
}

// pinModel returns what the model's source stands for: what the client says, or what the
// lock says of this source, unless a new lock is to upgrade everything, else what it is
// now.
func (in *inputs) pinModel(ctx context.Context, scheme modelsource.Scheme, given Supply) (*modelsource.Pin, error) {
	if given.Pin != nil {
		return given.Pin, given.Pin.Check()
	}
	source, locked := in.file.Model.Source, in.lockedPin()
	_, listed := scheme.(modelsource.Listed)
	upgrades := in.output.relocks && UpgradesModel(in.ui.BuildArgs)
	switch {
	case locked != nil && (listed || !upgrades):
		return locked, nil
	case listed && in.beside.lock == nil:
		return nil, &NoLockError{File: in.lockName, By: fmt.Sprintf("model.source %q", source)}
	case listed:
		return nil, &StaleLockError{File: in.lockName, Changes: in.beside.lock.SourceChanges(&modelsource.Pin{Source: source})}
	}
	resolved, err := scheme.Pin(ctx, in.resolver.Gateway, source)
	if err != nil || resolved == "" {
		return nil, err
	}
	return &modelsource.Pin{Source: source, Resolved: resolved}, nil
}

// openModel returns the files of a model that is not in the build context.
func (in *inputs) openModel(ctx context.Context) (fs.FS, error) {
	ref, err := in.resolver.Gateway.Solve(ctx, in.context.Model.State)
	if err != nil {
		if in.beside.lock == nil {
			return nil, err
		}
		tools, toolsErr := in.fetchTools(ctx)
		if toolsErr != nil {
			return nil, err
		}
		err = in.resolver.Gateway.Explain(ctx, tools, err)
		var step *resolver.StepError
		if errors.As(err, &step) {
			return nil, errors.New(step.Message)
		}
		return nil, err
	}
	files, err := fs.Sub(refFS{ctx, ref}, path.Clean(in.context.Model.Dir))
	if err != nil {
		return nil, err
	}
	listed := slices.Clone(in.context.Model.Files)
	for _, f := range in.context.Model.Known {
		listed = append(listed, modelsource.File{Path: f.Path, Size: f.Size, SHA256: f.SHA256})
	}
	return newListedFS(files, listed, func(name string) (fs.FS, error) {
		st, at := in.context.Model.At(name)
		ref, err := in.resolver.Gateway.Solve(ctx, st)
		if err != nil {
			return nil, err
		}
		return oneFile{refFS{ctx, ref}, strings.TrimPrefix(at, "/")}, nil
	}), nil
}

// oneFile is a file system with one file, whatever it is called.
type oneFile struct {
	fs.FS
	name string
}

// Open implements fs.FS.
func (f oneFile) Open(string) (fs.File, error) { return f.FS.Open(f.name) }

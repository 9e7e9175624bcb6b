// Package modelsource finds the files of a model. A Scheme is one way to name a
// model in [model] source, such as a directory of the build context, and turns the
// name into a Tree, which is all that the rest of the build knows of it. Schemes
// lists them; to add one, add its file and a line there (docs/adding-a-source.md).
//
// Promise: none yet beyond what package frontend needs. Scheme and Tree may change
// with each new source.
package modelsource

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/deployfile/deployfile/toolchain"
	bkllb "github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
)

// Schemes lists the schemes. A source is read by the first that matches it.
func Schemes() []Scheme {
	return []Scheme{
		Directory{},
		MLflow{},
		OCI{},
		Objects{},
		Archive{},
		Hub{},
		Git{},
	}
}

// Scheme is one way to name a model. Its methods get the source as the Deployfile
// has it, and only sources that it matches.
type Scheme interface {
	// Match reports whether the source is written in this scheme: usually, whether
	// it begins with "NAME:".
	Match(source string) bool
	// Check returns what is wrong with a source, nil if nothing is, without asking
	// anything outside.
	Check(source string) error
	// Local returns the directory of the build context that is the model, or "" for
	// a model that is not there.
	Local(source string) string
	// Pin asks once, when a lock is made, what the source stands for, and returns a
	// name that means the same forever: a digest, a commit, a number of a version.
	// It is "" for a scheme without one, such as a directory: there the hashes of
	// the files in the lock are enough.
	Pin(ctx context.Context, b Builder, source string) (string, error)
	// Tree returns the model's files as LLB, without asking anything outside; the same
	// request gives the same vertices. The pin comes from a lock, which may be
	// untrusted.
	Tree(r Request) (Tree, error)
}

// Request is what a Tree is made from.
type Request struct {
	// Source is what the Deployfile says, Pin what Scheme.Pin returned for it.
	Source, Pin string
	// Context is the build context, File the name of the Deployfile in its directory.
	Context bkllb.State
	File    string
	// Root and Layers are those of the pin. Blobs says that the builder fetches blobs
	// of registries.
	Root   string
	Layers []Layer
	Blobs  bool
}

// Builder is what a scheme may ask while it pins a source. There is no toolchain
// yet: which one it is depends on the model.
type Builder interface {
	// Metadata returns what the builder says of a source without fetching it: the
	// digest of an image, the commit of a repository, the checksum of a download.
	// The state is the source's vertex alone.
	Metadata(ctx context.Context, st bkllb.State, opt sourceresolver.Opt) (*sourceresolver.MetaResponse, error)
}

// Tree is a model: a directory of a state.
type Tree struct {
	State bkllb.State
	// Dir is the directory, relative to the root of State, with slashes; "" is the
	// root.
	Dir string
	// LeftOut are files and directories of Dir that are no part of the model, relative
	// to it.
	LeftOut []string
	// Files are the model's files if whoever makes State and Large checks their
	// hashes; nil if nobody has yet.
	Files []File
	// Large are files that are not in State, each by its path, at which it is in a
	// state of its own.
	Large map[string]bkllb.State
	// Mounted are layers that an image has as they are. Their files are neither in
	// State nor in Large.
	Mounted []Mounted
	// Known are the files of Large and Mounted whose hashes follow from what the lock
	// pins, so that nobody reads them to compare; nil if Files has them.
	Known []LayerFile

	// named are the names of files of Large that are at the root of their states.
	named map[string]string
}

// Path returns the absolute path in State of a file of the model.
func (t Tree) Path(name string) string { return path.Join("/", t.Dir, name) }

// At returns the state that a file of the model is in, and its absolute path there.
func (t Tree) At(name string) (bkllb.State, string) {
	if st, ok := t.Large[name]; ok {
		return st, path.Join("/", cmp.Or(t.named[name], name))
	}
	if st, at, ok := t.mountedAt(name); ok {
		return st, at
	}
	return t.State, t.Path(name)
}

// Mount puts the model into a step, read-only, without the files of Large.
func (t Tree) Mount(at string) toolchain.Mount {
	return toolchain.Mount{Path: at, Source: t.State, From: t.Dir}
}

// Find returns the scheme of a source, which it checks. Its errors are about the
// source.
func Find(source string) (Scheme, error) {
	for _, s := range Schemes() {
		if s.Match(source) {
			return s, s.Check(source)
		}
	}
	return nil, &UnknownError{Source: source}
}

// UnknownError reports a source that no scheme matches.
type UnknownError struct {
	// Source is what the Deployfile says.
	Source string
}

// Error names what can be done instead.
func (e *UnknownError) Error() string {
	scheme, _, _ := strings.Cut(e.Source, ":")
	return fmt.Sprintf("model.source is a URI of the scheme %q, which cannot be read: download the model and name its directory, "+
		"for example with: mlflow artifacts download --artifact-uri URI --dst-path model", scheme)
}

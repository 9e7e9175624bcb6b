package publish

import (
	"context"
	"io"
)

// ModelKeeper is a Publisher whose target keeps the files of models in a store of its own.
type ModelKeeper interface {
	// KeepModel makes sure that the files of a model are at a place of the store, before
	// anything is deployed that names it. Open calls read with a tar of the model; it is
	// called if something is missing, and may call read anew.
	KeepModel(ctx context.Context, place string, files []ModelFile, open func(read func(tar io.Reader) error) error) error
}

// ModelFile is a file of a model.
type ModelFile struct {
	// Path is relative to the model's directory. SHA256 is in hexadecimal.
	Path, SHA256 string
	Size         int64
}

package modelsource

import (
	"context"
	"errors"
)

// Listed is a scheme of a store that the client asks when a lock is made, with its own
// credentials (package internal/modelstore). The lock then has the path, size and hash
// of each file, and a build fetches the files by these (Fetch), or the client sends
// them. Nothing asks a Listed scheme for a Pin or a Tree.
type Listed interface {
	Scheme
	// Access returns how a step fetches the files that a lock pins, without any
	// secret: the step has the secrets that it names. Only other clients than the
	// command line need it, which gives the step an Access of its own.
	Access(p Pin) (Access, error)
}

// listed has the methods of a Listed scheme that nothing calls.
type listed struct{}

var errListed = errors.New("the client finds the files of this source, and no builder")

// Local implements Scheme.
func (listed) Local(string) string { return "" }

// Pin implements Scheme.
func (listed) Pin(context.Context, Builder, string) (string, error) { return "", errListed }

// Tree implements Scheme.
func (listed) Tree(Request) (Tree, error) { return Tree{}, errListed }

// Package deploy deploys a model to its targets and asks them for their state: the
// verbs of the command line, for programs. A Deployer builds the image, delivers it
// (pushed by digest, or imported into the target's own image store), makes a
// manifests.Release of it and calls package publish, which does the rest at the target.
// Verbs return the types of package report.
//
// Promise: a Deployer needs no terminal, prints nothing and keeps no state. Verbs
// return the same results and typed errors as the command line reports, and fields
// are added to its option structs in such a way that their zero value changes
// nothing.
package deploy

import (
	"context"
	"os"
	"os/user"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/builder"
	"github.com/moby/buildkit/client"
)

// Deployer has the verbs for the targets of one Deployfile. Its methods can be
// called at the same time.
type Deployer struct {
	// Project has the Deployfile with the targets.
	Project *build.Project
	// Build has the options of every build. The Deployer itself sets Target,
	// Outputs, Exports and Then.
	Build build.Options
	// Builder says where a build runs.
	Builder builder.Options
	// By is who deploys, user@host; "" for the user of this process.
	By string
	// Progress is told what is done; nil for nobody.
	Progress Progress
	// Warn receives the warnings of a build; nil drops them.
	Warn func([]client.VertexWarning)
}

// Progress is told what a Deployer is doing. Its methods are called from several
// goroutines.
type Progress interface {
	// Say has a line about something that was done.
	Say(line string)
	// Wait has a line about something that may take time, until the next call.
	Wait(line string)
	// Done ends the last line of Wait: a build that shows its own progress begins.
	Done()
	// Reverting is called when ctx ends while a target is changed: the previous revision
	// is restored, which takes time.
	Reverting()
}

// silent is a Progress that discards everything.
type silent struct{}

func (silent) Say(string)  {}
func (silent) Wait(string) {}
func (silent) Done()       {}
func (silent) Reverting()  {}

func (d *Deployer) progress() Progress {
	if d.Progress == nil {
		return silent{}
	}
	return d.Progress
}

// by is who deploys, user@host.
func (d *Deployer) by() string {
	if d.By != "" {
		return d.By
	}
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return name + "@" + host
}

// reverting tells the Progress if ctx ends before stop is called.
func (d *Deployer) reverting(ctx context.Context) (stop func() bool) {
	return context.AfterFunc(ctx, d.progress().Reverting)
}

package deploy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deployfile/deployfile/build"
	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/internal/suggest"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/connect"
	"github.com/deployfile/deployfile/report"
	"golang.org/x/sync/errgroup"
)

// Selection names targets of the Deployfile; the zero value is its only one.
type Selection struct {
	// Names are those of the targets, in the order in which they are done.
	Names []string
	// All selects all targets, in the order of their names.
	All bool
}

// Select returns the targets that are selected. The error is a *build.UsageError.
func (d *Deployer) Select(s Selection) ([]deployfile.Target, error) {
	all := d.Project.File.Targets
	known := slices.Sorted(maps.Keys(all))
	names := s.Names
	switch {
	case len(known) == 0:
		return nil, usage("%s has no targets: add a table such as [targets.local] with kind = \"docker\"", d.Project.Path)
	case len(names) > 0 && s.All:
		return nil, usage("--all goes without the names of targets")
	case s.All:
		names = known
	case len(names) == 0 && len(known) == 1:
		names = known
	case len(names) == 0:
		return nil, usage("name a target: %s", suggest.Alternatives(known))
	}
	var out []deployfile.Target
	for _, name := range names {
		target, ok := all[name]
		if !ok {
			return nil, usage("there is no target %q in %s: %s", name, d.Project.Path, suggest.OneOf(name, known))
		}
		if !slices.ContainsFunc(out, func(t deployfile.Target) bool { return t.Name == name }) {
			out = append(out, target)
		}
	}
	return out, nil
}

func usage(format string, args ...any) error {
	return &build.UsageError{Err: fmt.Errorf(format, args...)}
}

// Target returns the target of that name, or the only one if it is "". The error is a
// *build.UsageError.
func (d *Deployer) Target(name string) (deployfile.Target, error) {
	var s Selection
	if name != "" {
		s.Names = []string{name}
	}
	targets, err := d.Select(s)
	if err != nil {
		return deployfile.Target{}, err
	}
	return targets[0], nil
}

func nameOf(t deployfile.Target) report.Target {
	return report.Target{Target: t.Name, Kind: t.Kind, Endpoint: t.Endpoint}
}

// atTarget adds the target to an error that does not have it.
func atTarget(t deployfile.Target, err error) error {
	var known *deployfile.TargetError
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &deployfile.TargetError{Name: t.Name, Err: err}
}

// session is a target and the connection to it.
type session struct {
	deployfile.Target
	publisher publish.Publisher
	// revisions are what was deployed there, if they were asked for.
	revisions []publish.Revision
}

// connect connects to a target. What the target warns of is reported as progress.
func (d *Deployer) connect(ctx context.Context, t deployfile.Target) (*session, error) {
	publisher, err := connect.Open(ctx, t, warnings{t, d.progress()})
	if err != nil {
		return nil, atTarget(t, err)
	}
	return &session{Target: t, publisher: publisher}, nil
}

// open connects to the target of that name, or the only one if it is "".
func (d *Deployer) open(ctx context.Context, name string) (*session, error) {
	t, err := d.Target(name)
	if err != nil {
		return nil, err
	}
	d.progress().Wait(t.Name + ": connecting")
	return d.connect(ctx, t)
}

func (s *session) close() { _ = s.publisher.Close() }

// warnings are those of a target, a line each.
type warnings struct {
	deployfile.Target
	progress Progress
}

// Write reports each line as a warning of the target.
func (w warnings) Write(lines []byte) (int, error) {
	for line := range strings.Lines(string(lines)) {
		w.progress.Say(w.Name + ": " + strings.TrimSpace(line))
	}
	return len(lines), nil
}

// maxParallel is the number of targets that are contacted concurrently.
const maxParallel = 16

// each connects to several targets and does the same at all of them. The errors
// are in the order of the targets.
func (d *Deployer) each(ctx context.Context, targets []deployfile.Target, do func(n int, s *session) error) []error {
	errs := make([]error, len(targets))
	var group errgroup.Group
	group.SetLimit(maxParallel)
	for n, t := range targets {
		group.Go(func() error {
			s, err := d.connect(ctx, t)
			if err != nil {
				errs[n] = err
				return nil
			}
			defer s.close()
			errs[n] = atTarget(t, do(n, s))
			return nil
		})
	}
	_ = group.Wait()
	return errs
}

// connectAll connects to all targets in turn, and asks each for its revisions.
func (d *Deployer) connectAll(ctx context.Context, targets []deployfile.Target) ([]*session, error) {
	var out []*session
	for _, t := range targets {
		d.progress().Wait(t.Name + ": connecting")
		s, err := d.connect(ctx, t)
		if err == nil {
			out = append(out, s)
			s.revisions, err = s.publisher.Revisions(ctx)
			err = atTarget(t, err)
		}
		if err != nil {
			for _, s := range out {
				s.close()
			}
			return nil, err
		}
	}
	return out, nil
}

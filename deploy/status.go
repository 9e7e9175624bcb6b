package deploy

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/report"
)

// Status asks targets what they have and whether it is ready. A target that cannot
// be asked has its error in its report; the error is that of all of them.
func (d *Deployer) Status(ctx context.Context, o Selection) ([]report.Status, error) {
	targets, err := d.Select(o)
	if err != nil {
		return nil, err
	}
	d.progress().Wait(fmt.Sprintf("asking %d targets", len(targets)))
	out := make([]report.Status, len(targets))
	errs := d.each(ctx, targets, func(n int, s *session) error {
		got, err := s.publisher.Status(ctx)
		if err == nil {
			out[n] = statusOf(s.Target, got)
		}
		return err
	})
	for n, err := range errs {
		if err != nil {
			out[n] = report.Status{Target: nameOf(targets[n]), Instances: []report.Instance{}, Problem: problem(err)}
		}
	}
	return out, errors.Join(errs...)
}

func statusOf(t deployfile.Target, got *publish.Status) report.Status {
	out := report.Status{Target: nameOf(t), Ready: got.Ready, Message: got.Message, URL: got.URL, Instances: []report.Instance{}}
	if r := got.Revision; r != nil {
		at := r.At.UTC()
		out.Deployed, out.Revision, out.At, out.By = true, r.Number, &at, r.By
		out.Live, out.Next = slots(r.State)
	}
	for _, i := range got.Instances {
		out.Instances = append(out.Instances, report.Instance(i))
	}
	return out
}

// List returns the revisions of a target, "" for the only one, newest first.
func (d *Deployer) List(ctx context.Context, target string) ([]report.Revision, error) {
	s, err := d.open(ctx, target)
	if err != nil {
		return nil, err
	}
	defer s.close()
	revisions, err := s.publisher.Revisions(ctx)
	if err != nil {
		return nil, atTarget(s.Target, err)
	}
	return listed(revisions), nil
}

// listed reports what each revision deployed, and what has become of it.
func listed(revisions []publish.Revision) []report.Revision {
	out := []report.Revision{}
	live, next := false, false
	for _, r := range revisions {
		newest, now := r.State.Newest(), revisions[0].State
		l := report.Revision{
			Number: r.Number, At: r.At.UTC(), By: r.By, Image: newest.Image, ModelImage: newest.ModelImage,
			Lock: newest.LockDigest, File: newest.FileDigest, Version: newest.Version,
		}
		switch {
		case !live && reflect.DeepEqual(newest, now.Live.Release):
			l.Serves, live = "live", true
		case !next && now.Next != nil && reflect.DeepEqual(newest, now.Next.Release):
			l.Serves, next = "next", true
		}
		out = append(out, l)
	}
	return out
}

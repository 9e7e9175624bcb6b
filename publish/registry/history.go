package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests"
	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/errgroup"
)

// maxTags is how many tags of a repository are read, and maxPages on how many
// pages: many registries list no more than 100 on one.
const (
	maxTags  = 1_000_000
	maxPages = 10_000
)

// atATime is how many requests are under way at once.
const atATime = 4

// records are the endpoint's, newest first, without withdrawn ones.
func (p *Publisher) records(ctx context.Context) ([]record, error) {
	all, err := p.allRecords(ctx)
	return slices.DeleteFunc(all, func(r record) bool { return r.Withdrawn }), err
}

// allRecords are the endpoint's, newest first.
func (p *Publisher) allRecords(ctx context.Context) ([]record, error) {
	numbers, err := p.numbers(ctx)
	if isNotFound(err) {
		return nil, nil // no repository yet
	}
	if err != nil {
		return nil, err
	}
	found := make([]*record, len(numbers))
	var size atomic.Int64
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for n, number := range numbers {
		group.Go(func() (err error) {
			if found[n], err = p.record(ctx, number); err != nil || found[n] == nil {
				return err
			}
			if size.Add(int64(found[n].size)) > maxRecords {
				return fmt.Errorf("%w: delete those that deployfile did not write, the tags %s-rN", &untrusted.TooLargeError{Name: "what " + p.repository.Name() + " records of revisions", Limit: maxRecords}, p.endpoint)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []record
	for _, r := range found {
		if r != nil {
			out = append(out, *r)
		}
	}
	slices.SortFunc(out, func(a, b record) int { return b.Number - a.Number })
	return out, nil
}

// numbers are those of the revisions that tags name as the endpoint's records, in
// the registry's order.
func (p *Publisher) numbers(ctx context.Context) ([]int, error) {
	pages, err := p.client.puller.Lister(ctx, p.repository)
	if err != nil {
		return nil, err
	}
	var out []int
	for tags, n := 0, 0; pages.HasNext(); n++ {
		page, err := pages.Next(ctx)
		if err != nil {
			return nil, err
		}
		if tags += len(page.Tags); tags > maxTags {
			return nil, fmt.Errorf("tags of %s: %w", p.called, &untrusted.AnswerError{Limit: fmt.Sprintf("%d tags", maxTags)})
		}
		if n == maxPages {
			return nil, fmt.Errorf("tags of %s: %w", p.called, &untrusted.AnswerError{Limit: fmt.Sprintf("%d pages", maxPages)})
		}
		for _, tag := range page.Tags {
			if number, ok := manifests.RevisionOfTag(p.endpoint, tag); ok {
				out = append(out, number)
			}
		}
	}
	return out, nil
}

// record is that of a revision, nil if there is none.
func (p *Publisher) record(ctx context.Context, number int) (*record, error) {
	tag := p.recordTag(number)
	fail := func(err error) (*record, error) { return nil, fmt.Errorf("%s: %w", tag, err) }
	d, err := p.client.puller.Get(ctx, tag)
	if isNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return fail(err)
	}
	if !d.MediaType.IsImage() {
		return fail(errNoRecord)
	}
	image, err := d.Image()
	if err != nil {
		return fail(err)
	}
	r, ok, err := readRecord(image)
	switch {
	case err != nil:
		return fail(err)
	case !ok:
		return fail(errNoRecord)
	}
	r.Number = number
	return &r, nil
}

var errNoRecord = errors.New("it has the name of a record of deployfile and is none: give the tag another name")

func (p *Publisher) recordTag(number int) name.Tag {
	return p.repository.Tag(manifests.RevisionTag(p.endpoint, number))
}

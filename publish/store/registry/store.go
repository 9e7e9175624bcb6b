// Package registry keeps the revisions of an endpoint in a repository of a
// registry, for any kind of target: each is an artifact of a few kilobytes, tagged
// ENDPOINT-rN.
//
// # What locks
//
// The distribution specification has no request that creates a tag and never
// replaces one (conditional requests were proposed and are not in it:
// https://github.com/opencontainers/distribution-spec/pull/251). Create looks,
// writes, and looks again after a pause that is several times as long as the first
// two took. If two overlap, the later write is what both see then, so one of them
// has the record. A process that the system suspends between its look and its
// write, for longer than that pause, replaces a record that somebody holds. The
// engine of the holder then finds that the record is not its own before it switches
// and before it commits; one that has committed loses the record. Registries whose
// tags do not move, as can be set at many, refuse the second write, and there the
// lock is exact.
//
// # What says that a revision is deployed
//
// The tag ENDPOINT-rN-image, which Update creates, and after that the record
// itself, if its tag moves. So a record is written once where tags do not move; it
// only cannot be renewed there, and a rollout that takes longer than the lease can
// be taken over.
package registry

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	"github.com/deployfile/deployfile/publish/internal/wait"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const (
	// lease is long, because each renewal replaces an artifact.
	lease = 2 * time.Minute
	// settling is the shortest pause after which a record that has stayed the same
	// counts as created.
	settling = 200 * time.Millisecond
	// cleanupLimit is how long removing what nobody uses may take.
	cleanupLimit = 30 * time.Second
)

// FactImage is the publish.Record's fact with the digest of what the revision runs,
// if that is in the same repository. The record refers to it as its subject, and
// the tag ENDPOINT-rN-image keeps it. Without the fact that tag names the record.
const FactImage = "image"

// Options select the endpoint and the repository of its records.
type Options struct {
	Endpoint string
	// Repository is written without a tag.
	Repository string
	// Format is one of package imageformat's; other than in OCI, a record is an
	// image without files, for registries that know only Docker's media types.
	Format string
}

// Store is a publish.Store of one endpoint in one repository.
type Store struct {
	client     *registryclient.Client
	endpoint   string
	format     string
	repository name.Repository
	// called is the repository as the user writes it.
	called string
	// created is the number of the last record that this process has created: a
	// list of tags may be older than that.
	created atomic.Int64
}

var _ publish.Store = (*Store)(nil)

// New sends nothing yet. The credentials are those of docker login.
func New(o Options) (*Store, error) {
	repository, err := registryclient.ParseRepository(o.Repository)
	if err != nil {
		return nil, fmt.Errorf("repository %q: %w", o.Repository, err)
	}
	c, err := registryclient.New()
	if err != nil {
		return nil, err
	}
	return &Store{client: c, endpoint: o.Endpoint, format: o.Format, repository: repository, called: o.Repository}, nil
}

// Lease implements publish.Store.
func (s *Store) Lease() time.Duration { return lease }

func (s *Store) recordTag(number int) name.Tag {
	return s.repository.Tag(manifests.RevisionTag(s.endpoint, number))
}

// markTag is the tag that says that a revision is deployed.
func (s *Store) markTag(number int) name.Tag {
	return s.repository.Tag(manifests.RevisionImageTag(s.endpoint, number))
}

// Create implements publish.Store.
func (s *Store) Create(ctx context.Context, r publish.Record) error {
	a, err := s.artifactOf(ctx, r)
	if err != nil {
		return err
	}
	if err := s.vacant(ctx, s.markTag(r.Number)); err != nil {
		return err
	}
	// So that there is nothing to be sent between the look and the write.
	if err := s.client.Pusher.Push(ctx, s.repository.Digest(a.digest.String()), a.image); err != nil {
		return fmt.Errorf("record revision %d: %w", r.Number, err)
	}
	tag := s.recordTag(r.Number)
	if err := s.write(ctx, tag, a); err != nil {
		// It may be there all the same: of this attempt, or written with its answer lost.
		if now, there, looked := s.client.Digest(ctx, tag); looked == nil && (!there || now != a.digest) {
			s.discard(ctx, a.digest, a.subject)
		}
		return fmt.Errorf("record revision %d: %w", r.Number, err)
	}
	s.created.Store(int64(r.Number))
	return nil
}

// vacant returns an error that wraps publish.ErrExists if a tag is there.
func (s *Store) vacant(ctx context.Context, tag name.Tag) error {
	_, there, err := s.client.Digest(ctx, tag)
	if err == nil && there {
		err = fmt.Errorf("tag %s: %w", tag, publish.ErrExists)
	}
	return err
}

// write lets a tag that is not there name an artifact. A registry whose tags do not
// move may have refused it because another was faster.
func (s *Store) write(ctx context.Context, tag name.Tag, a *artifact) error {
	began := time.Now()
	if err := s.vacant(ctx, tag); err != nil {
		return err
	}
	err := s.client.Pusher.Put(ctx, tag, a.image)
	if err == nil {
		err = wait.For(ctx, max(settling, 4*time.Since(began)))
	}
	now, there, looked := s.client.Digest(ctx, tag)
	switch {
	case looked == nil && there && now != a.digest:
		return fmt.Errorf("tag %s: %w", tag, publish.ErrExists)
	case err != nil:
		return err
	case looked == nil && !there:
		return fmt.Errorf("somebody has deleted the tag %s", tag)
	}
	return looked
}

// Update implements publish.Store. It keeps publish.Switching as publish.Applying.
func (s *Store) Update(ctx context.Context, r publish.Record) error {
	had, err := s.read(ctx, r.Number)
	if err != nil {
		return err
	}
	if had == nil || had.Attempt != r.Attempt {
		return fmt.Errorf("record of revision %d: %w", r.Number, publish.ErrGone)
	}
	if r.Phase == publish.Switching {
		r.Phase = publish.Applying
	}
	if r.Phase == publish.Deployed && !had.marked {
		// This alone commits it. The record follows when the lock is released.
		return s.mark(ctx, had)
	}
	if r.Phase == had.written && r.Deadline.Equal(had.Deadline) {
		return nil
	}
	had.Phase, had.Deadline = r.Phase, r.Deadline
	a, err := encode(had.Record, s.endpoint, s.format, had.subject)
	if err != nil {
		return err
	}
	if err := s.client.Pusher.Push(ctx, s.recordTag(r.Number), a.image); err != nil {
		return fmt.Errorf("record of revision %d: %w", r.Number, err)
	}
	s.discard(ctx, had.digest, had.subject)
	return nil
}

// mark creates the tag that says that a revision is deployed.
func (s *Store) mark(ctx context.Context, r *held) error {
	if err := s.client.Point(ctx, s.markTag(r.Number), &r.keeps); err != nil {
		return fmt.Errorf("tag %s: %w", s.markTag(r.Number), err)
	}
	return nil
}

// discard deletes an untagged artifact, if the registry allows it.
func (s *Store) discard(ctx context.Context, digest v1.Hash, subject *v1.Descriptor) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupLimit)
	defer cancel()
	if s.client.Pusher.Delete(ctx, s.repository.Digest(digest.String())) == nil && subject != nil {
		_ = s.client.ForgetReferrer(ctx, s.repository, subject.Digest, digest)
	}
}

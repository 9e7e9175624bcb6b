package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"github.com/deployfile/deployfile/imagespec"
	"github.com/deployfile/deployfile/internal/imageformat"
	"github.com/deployfile/deployfile/internal/registryclient"
	"github.com/deployfile/deployfile/internal/untrusted"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/publish"
	record "github.com/deployfile/deployfile/record/v1"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sync/errgroup"
)

// How large all records of an endpoint may be together, in bytes: one has some
// kilobytes.
const maxRecords = 32 << 20

// atATime is the number of concurrent requests.
const atATime = 4

// held is a record that was read.
type held struct {
	publish.Record
	// written is the phase in the record itself.
	written publish.Phase
	// marked reports whether the tag which says that it is deployed is there.
	marked bool
	// digest is that of the artifact.
	digest  v1.Hash
	subject *v1.Descriptor
	// keeps is what the mark names: the image or, without one, the artifact.
	keeps v1.Hash
	// size is how many bytes of JSON it was.
	size int
}

// setMarked fills in the phase.
func (h *held) setMarked(marked bool) {
	h.marked = marked
	if h.written == publish.Applying && marked {
		h.Phase, h.Deadline = publish.Deployed, time.Time{}
	}
}

// List implements publish.Store. A mark without a record is one of a rollout that
// failed where tags cannot be deleted: its number must not be used again, or the
// next record would count as deployed.
func (s *Store) List(ctx context.Context) ([]publish.Record, error) {
	marks, numbers, err := s.tags(ctx)
	if err != nil {
		return nil, err
	}
	found := make([]*held, len(numbers))
	var size atomic.Int64
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(atATime)
	for n, number := range numbers {
		group.Go(func() (err error) {
			if found[n], err = s.readTag(within, number); err != nil || found[n] == nil {
				return err
			}
			if size.Add(int64(found[n].size)) > maxRecords {
				return fmt.Errorf("%w: delete those that deployfile did not write, the tags %s-rN", &untrusted.TooLargeError{Name: "what " + s.repository.Name() + " records of revisions", Limit: maxRecords}, s.endpoint)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var out []publish.Record
	newest := 0
	for n, h := range found {
		if h == nil {
			continue
		}
		h.setMarked(marks[numbers[n]])
		newest = max(newest, h.Number)
		out = append(out, h.Record)
	}
	for number := range marks {
		if number > newest {
			out = append(out, publish.Record{Revision: publish.Revision{Number: number}, Phase: publish.Failed})
		}
	}
	return out, nil
}

// tags returns the numbers of revisions that have a mark, and those that have a
// record.
func (s *Store) tags(ctx context.Context) (marks map[int]bool, records []int, err error) {
	marks = map[int]bool{}
	err = s.client.Tags(ctx, s.repository, func(tag string) {
		if number, ok := manifests.RevisionOfTag(s.endpoint, tag); ok {
			records = append(records, number)
		} else if number, ok := manifests.RevisionOfImageTag(s.endpoint, tag); ok {
			marks[number] = true
		}
	})
	if own := int(s.created.Load()); own > 0 && !slices.Contains(records, own) {
		records = append(records, own)
	}
	return marks, records, err
}

// read returns the record of a revision, nil if there is none.
func (s *Store) read(ctx context.Context, number int) (*held, error) {
	h, err := s.readTag(ctx, number)
	if err != nil || h == nil || h.written != publish.Applying {
		return h, err
	}
	_, marked, err := s.client.Digest(ctx, s.markTag(number))
	h.setMarked(marked)
	return h, err
}

func (s *Store) readTag(ctx context.Context, number int) (*held, error) {
	tag := s.recordTag(number)
	fail := func(err error) (*held, error) { return nil, fmt.Errorf("%s: %w", tag, err) }
	d, err := s.client.Puller.Get(ctx, tag)
	if registryclient.IsNotFound(err) {
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
	h, ok, err := decode(image)
	switch {
	case err != nil:
		return fail(err)
	case !ok:
		return fail(errNoRecord)
	}
	h.Number = number
	return h, nil
}

var errNoRecord = errors.New("it has the name of a record of deployfile but is not one: give the tag another name")

// decode reads a record; ok is false for an image that is not one.
func decode(image v1.Image) (h *held, ok bool, err error) {
	raw, err := image.RawManifest()
	if err != nil {
		return nil, false, err
	}
	var m v1.Manifest
	if err := untrusted.DecodeJSON(raw, "the manifest of the record", record.MaxSize, record.MaxValues, &m); err != nil {
		return nil, false, err
	}
	data, annotations, err := content(image, &m)
	if err != nil || len(data) == 0 {
		return nil, false, err
	}
	h = &held{subject: m.Subject, size: len(raw)}
	revision, size, err := publish.DecodeRevision(data)
	if err != nil {
		return nil, false, err
	}
	h.Revision, h.Facts, h.Attempt = revision, factsIn(annotations), annotations[annotationAttempt]
	h.size += size
	if err := h.setPhase(annotations, data); err != nil {
		return nil, false, err
	}
	if h.digest, err = image.Digest(); err != nil {
		return nil, false, err
	}
	h.keeps = h.digest
	if image := h.Facts[FactImage]; image != "" {
		if h.keeps, err = v1.NewHash(image); err != nil {
			return nil, false, fmt.Errorf("annotation %s: %w", annotationImage, err)
		}
	}
	return h, true, nil
}

// content returns the record/v1 JSON of an image that is a record, nil for another,
// and its annotations.
func content(image v1.Image, m *v1.Manifest) ([]byte, map[string]string, error) {
	switch {
	case m.ArtifactType == imagespec.RecordType && len(m.Layers) == 1:
		data, err := readBlob(image, m.Layers[0])
		return data, m.Annotations, err
	case m.MediaType != types.DockerManifestSchema2:
		return nil, nil, nil
	case m.Config.Size > record.MaxSize:
		return nil, nil, &untrusted.TooLargeError{Name: "the record of a revision", Limit: record.MaxSize}
	}
	config, err := imageformat.Config(image)
	if err != nil {
		return nil, nil, err
	}
	return []byte(config.Config.Labels[labelRecord]), config.Config.Labels, nil
}

// setPhase reads the phase and the deadline. Records from before they had a phase
// are deployed, or say in their JSON that they are withdrawn.
func (h *held) setPhase(annotations map[string]string, data []byte) error {
	switch h.written = publish.Phase(annotations[annotationPhase]); h.written {
	case publish.Applying, publish.Deployed, publish.Failed:
	case "":
		var old struct{ Withdrawn bool }
		if err := untrusted.DecodeJSON(data, "the record of a revision", record.MaxSize, record.MaxValues, &old); err != nil {
			return err
		}
		h.written = publish.Deployed
		if old.Withdrawn {
			h.written = publish.Failed
		}
	default:
		return fmt.Errorf("annotation %s: the phase %q is unknown: use a newer deployfile", annotationPhase, h.written)
	}
	h.Phase = h.written
	if text := annotations[annotationDeadline]; text != "" {
		deadline, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Errorf("annotation %s: %w", annotationDeadline, err)
		}
		h.Deadline = deadline.UTC()
	}
	return nil
}

func readBlob(image v1.Image, d v1.Descriptor) ([]byte, error) {
	// go-containerregistry does not hold a registry to a negative size.
	if d.Size < 0 || d.Size > record.MaxSize {
		return nil, &untrusted.TooLargeError{Name: "the record of a revision", Limit: record.MaxSize}
	}
	layer, err := image.LayerByDigest(d.Digest)
	if err != nil {
		return nil, err
	}
	content, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer content.Close()
	return untrusted.ReadAll(content, "the record of a revision", record.MaxSize)
}

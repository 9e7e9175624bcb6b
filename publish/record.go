package publish

import (
	"fmt"
	"slices"
	"time"

	"github.com/deployfile/deployfile/deployfile"
	"github.com/deployfile/deployfile/manifests"
	"github.com/deployfile/deployfile/manifests/kinds"
	record "github.com/deployfile/deployfile/record/v1"
)

// EncodeRevision returns a revision as record/v1 JSON, as every Store keeps it.
func EncodeRevision(r Revision) ([]byte, error) {
	newest := r.State.Newest().Target
	out := record.Record{
		Kind: newest.Kind, Endpoint: newest.Endpoint,
		Number: r.Number, By: r.By, At: r.At.UTC().Truncate(time.Second),
	}
	for _, s := range r.State.Slots() {
		if s.Target.Kind != out.Kind || s.Target.Endpoint != out.Endpoint {
			return nil, fmt.Errorf("revision %d has a release for %s %q and one for %s %q", r.Number, s.Target.Kind, s.Target.Endpoint, out.Kind, out.Endpoint)
		}
	}
	live, err := recordedSlot(r.State.Live)
	if err != nil {
		return nil, err
	}
	out.Live = *live
	if r.State.Next != nil {
		if out.Next, err = recordedSlot(*r.State.Next); err != nil {
			return nil, err
		}
	}
	for _, d := range r.Documents {
		out.Documents = append(out.Documents, record.Document{Name: d.Name, Body: string(d.Body)})
	}
	return record.Encode(out)
}

func recordedSlot(s manifests.Slot) (*record.Slot, error) {
	spec, err := s.Target.Keys()
	if err != nil {
		return nil, err
	}
	return &record.Slot{
		Track: s.Track, Model: s.Model, ModelVersion: s.Version, Image: s.Image, ModelImage: s.ModelImage, WorkingDir: s.WorkingDir,
		Port: s.Port, User: s.User, Protocols: s.Protocols, Lock: s.LockDigest, File: s.FileDigest,
		Target: record.Target{Name: s.Target.Name, Spec: spec},
	}, nil
}

// DecodeRevision decodes the output of EncodeRevision, and records from before the
// format had a version. It reads no more of data than package record allows. The size
// is the number of bytes of JSON, decompressed, for a limit on several revisions
// together.
func DecodeRevision(data []byte) (r Revision, size int, err error) {
	in, err := record.Decode(data)
	if err != nil {
		return r, 0, err
	}
	r = Revision{Number: in.Number, By: in.By, At: in.At}
	if r.State.Live, err = slotOf(in, in.Live); err != nil {
		return r, 0, err
	}
	if in.Next != nil {
		next, err := slotOf(in, *in.Next)
		if err != nil {
			return r, 0, err
		}
		r.State.Next = &next
	}
	for _, d := range in.Documents {
		r.Documents = append(r.Documents, manifests.Document{Name: d.Name, Body: []byte(d.Body)})
	}
	return r, in.Size(), nil
}

func slotOf(r *record.Record, s record.Slot) (manifests.Slot, error) {
	all := kinds.All()
	i := slices.IndexFunc(all, func(k deployfile.Kind) bool { return k.Name == r.Kind })
	if i < 0 {
		return manifests.Slot{}, fmt.Errorf("the record is of kind %q, which this deployfile does not know: use a newer one", r.Kind)
	}
	target, err := deployfile.NewTarget(all[i], s.Target.Name, r.Endpoint, s.Target.Spec)
	if err != nil {
		return manifests.Slot{}, fmt.Errorf("the record of a revision: %w", err)
	}
	return manifests.Slot{Track: s.Track, Release: manifests.Release{
		Model: s.Model, Version: s.ModelVersion, Target: target, Image: s.Image, ModelImage: s.ModelImage, WorkingDir: s.WorkingDir,
		Port: s.Port, User: s.User, Protocols: s.Protocols, LockDigest: s.Lock, FileDigest: s.File,
	}}, nil
}

package v1

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// unversioned is a record from before the format had a version, encoded under the
// names of Go fields. Docker, containerd and registries stored all of it,
// Kubernetes only State, Documents and Compressed.
type unversioned struct {
	Number     int
	State      struct{ Live, Next *unversionedSlot }
	Documents  json.RawMessage
	Compressed []byte
	By         string
	At         time.Time
}

type unversionedSlot struct {
	Track, Model, Version string
	Target                unversionedTarget
	Image, ModelImage     string
	Port                  int
	User                  string
	LockDigest            string
	FileDigest            string
}

// unversionedTarget has the keys of all kinds or, in later records, only those
// that all kinds share beside Keys.
type unversionedTarget struct {
	Name, Kind, Endpoint string
	// Keys are the spec of record/v1.
	Keys json.RawMessage

	Image     string
	Env       map[string]string
	Port      int
	Format    string
	Tags      []string
	Namespace string
	Replicas  int
	Resources struct {
		CPU, Memory string
		GPUs        int
		GPUResource string
	}
	Restart, Address, Network, Context, Strategy string
	Weight                                       int
	Autoscale                                    *struct{ Min, Max, CPU, Concurrency int }
	ModelVolume, Modelcar                        bool
	EnvFrom, ImagePullSecrets                    []string
	ServiceAccount                               *struct {
		Name        string
		Create      bool
		Annotations map[string]string
	}
	NodeSelector   map[string]string
	Tolerations    []struct{ Key, Value, Effect string }
	TopologySpread []string
	Ingress        *struct{ Host, Path, Class, TLSSecret string }
	HTTPRoute      *struct {
		Gateway string
		Hosts   []string
		Path    string
	}
	DisruptionBudget string
	NetworkPolicy    []string
	Mode             string
	Patches          []struct{ Kind, Name, Patch string }
}

// decodeUnversioned converts an unversioned record.
func decodeUnversioned(data []byte) (*Record, error) {
	var old unversioned
	if err := untrusted.DecodeJSON(data, recordName, MaxSize, MaxValues, &old); err != nil {
		return nil, err
	}
	if old.State.Live == nil {
		return nil, fmt.Errorf("%s: it has neither a version nor a state", recordName)
	}
	r := &Record{
		Version: Version, Kind: old.State.Live.Target.Kind, Endpoint: old.State.Live.Target.Endpoint,
		Number: old.Number, By: old.By, At: old.At, size: len(data),
	}
	live, err := old.State.Live.slot()
	if err != nil {
		return nil, err
	}
	r.Live = *live
	if old.State.Next != nil {
		if r.Next, err = old.State.Next.slot(); err != nil {
			return nil, err
		}
	}
	return r, old.documents(r)
}

func (s *unversionedSlot) slot() (*Slot, error) {
	spec, err := s.Target.spec()
	if err != nil {
		return nil, err
	}
	return &Slot{
		Track: s.Track, Model: s.Model, ModelVersion: s.Version, Image: s.Image, ModelImage: s.ModelImage,
		Port: s.Port, User: s.User, Lock: s.LockDigest, File: s.FileDigest,
		Target: Target{Name: s.Target.Name, Spec: spec},
	}, nil
}

// documents fills in the documents of r. Kubernetes, which did not store the
// number, stored their bodies as text and the others as base64.
func (u *unversioned) documents(r *Record) error {
	if u.Compressed != nil {
		size, err := decompress(u.Compressed, &r.Documents)
		r.size += size
		return err
	}
	if len(u.Documents) == 0 {
		return nil
	}
	if u.Number == 0 {
		return json.Unmarshal(u.Documents, &r.Documents)
	}
	var encoded []struct {
		Name string
		Body []byte
	}
	if err := json.Unmarshal(u.Documents, &encoded); err != nil {
		return fmt.Errorf("%s: documents: %w", recordName, err)
	}
	for _, d := range encoded {
		if !utf8.Valid(d.Body) {
			return fmt.Errorf("%s: document %q is not UTF-8", recordName, d.Name)
		}
		r.Documents = append(r.Documents, Document{Name: d.Name, Body: string(d.Body)})
	}
	return nil
}

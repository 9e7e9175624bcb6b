package v1

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"

	"github.com/deployfile/deployfile/internal/untrusted"
)

// The bounds of what Decode accepts, in bytes of JSON (compressed documents count
// as decompressed) and in JSON values.
const (
	MaxSize   = 8 << 20
	MaxValues = 10_000
)

// plainSize is the size in bytes from which on documents are compressed: etcd
// stores at most 1.5 MiB for an object.
const plainSize = 1_000_000

// VersionError reports a record of a later version of the format.
type VersionError struct{ Version int }

func (e *VersionError) Error() string {
	return fmt.Sprintf("the record has version %d of its format and this deployfile reads version %d: use a newer deployfile", e.Version, Version)
}

// Encode returns the JSON of a record. The same record gives the same bytes.
func Encode(r Record) ([]byte, error) {
	r.Version = Version
	data, err := json.Marshal(r)
	if err != nil || len(data) < plainSize {
		return data, err
	}
	plain, err := json.Marshal(r.Documents)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(plain); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	r.Documents, r.Compressed = nil, b.Bytes()
	return json.Marshal(r)
}

// Decode reads what Encode wrote, and records from before the format had a
// version: in those that Kubernetes stored, Number, By and At are missing and
// have to be filled in from the object. Whoever may write to the target may have
// written the record, so it is bounded by MaxSize and MaxValues. The error is a
// *VersionError for a later version of the format.
func Decode(data []byte) (*Record, error) {
	var head struct{ Version int }
	if err := untrusted.DecodeJSON(data, recordName, MaxSize, MaxValues, &head); err != nil {
		return nil, err
	}
	switch head.Version {
	case 0:
		return decodeUnversioned(data)
	case Version:
	default:
		return nil, &VersionError{head.Version}
	}
	r := &Record{size: len(data)}
	if err := untrusted.DecodeJSON(data, recordName, MaxSize, MaxValues, r); err != nil {
		return nil, err
	}
	if r.Compressed == nil {
		return r, nil
	}
	size, err := decompress(r.Compressed, &r.Documents)
	if err != nil {
		return nil, err
	}
	r.Compressed = nil
	r.size += size
	return r, nil
}

const recordName = "the record of a revision"

// decompress decodes gzipped JSON and returns its decompressed length.
func decompress(data []byte, into any) (int, error) {
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return 0, fmt.Errorf("%s: documents: %w", recordName, err)
	}
	plain, err := untrusted.ReadAll(z, recordName, MaxSize)
	if err != nil {
		return 0, err
	}
	return len(plain), untrusted.DecodeJSON(plain, recordName, MaxSize, MaxValues, into)
}

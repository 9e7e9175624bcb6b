package modelsource

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// Objects is the scheme of directories in the object stores of clouds:
// s3://BUCKET/PREFIX and gs://BUCKET/PREFIX.
type Objects struct{ listed }

var _ Listed = Objects{}

var (
	objectsPattern = regexp.MustCompile(`^(s3|gs)://`)
	// A name becomes a part of a host or of a path, so it has nothing else.
	bucketPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$`)
)

// Match implements Scheme.
func (Objects) Match(source string) bool { return objectsPattern.MatchString(source) }

// Check implements Scheme.
func (Objects) Check(source string) error {
	_, err := ParseObjects(source)
	return err
}

// ObjectsName is a source of the scheme Objects.
type ObjectsName struct {
	// Scheme is the kind of the store.
	Scheme string
	// Bucket is the bucket, Prefix what the keys of the model's files begin with: ""
	// or a path that ends with a slash.
	Bucket, Prefix string
}

// String returns the name as a source.
func (n ObjectsName) String() string {
	return strings.TrimSuffix(n.Scheme+"://"+n.Bucket+"/"+n.Prefix, "/")
}

// ParseObjects reads a source. Characters stand for themselves, as in MLflow and in the
// vendors' own tools: nothing is percent-encoded.
func ParseObjects(source string) (ObjectsName, error) {
	refused := func(why string) (ObjectsName, error) {
		return ObjectsName{}, fmt.Errorf("model.source %q: %s", source, why)
	}
	scheme, rest, _ := strings.Cut(source, "://")
	if strings.ContainsAny(rest, "?#") {
		return refused(`a "?" or a "#" has no meaning there`)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	n := ObjectsName{Scheme: scheme, Bucket: bucket}
	if !bucketPattern.MatchString(n.Bucket) || strings.Contains(n.Bucket, "..") {
		return refused("it names no bucket")
	}
	if prefix = strings.TrimSuffix(prefix, "/"); prefix != "" {
		if !clean(prefix) {
			return refused("its path has an empty part, or one that leads up")
		}
		n.Prefix = prefix + "/"
	}
	return n, nil
}

// Access implements Listed.
func (Objects) Access(Pin) (Access, error) {
	return Access{}, errors.New("only the client has credentials of its store: build it with deployfile build")
}

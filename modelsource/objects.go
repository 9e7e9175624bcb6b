package modelsource

import (
	"fmt"
	"regexp"
	"strings"
)

// Objects is the scheme of directories in the object stores of clouds:
// s3://BUCKET/PREFIX, gs://BUCKET/PREFIX, and those of Azure:
// wasbs://CONTAINER@ACCOUNT.blob.core.windows.net/PREFIX,
// abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX, and
// https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/.
type Objects struct{ listed }

var _ Listed = Objects{}

var (
	objectsPattern = regexp.MustCompile(`^(s3|gs|wasbs|abfss)://`)
	// A directory of a container by its address on the web. Without the slash at its end
	// it is the address of an archive.
	azurePattern   = regexp.MustCompile(`^https://(` + azureHost + `)/([^/?#]+)(/[^?#]*)?/$`)
	accountPattern = regexp.MustCompile(`^([a-z0-9]{3,24})\.(?:blob|dfs)\.(.*)$`)
	hostPattern    = regexp.MustCompile(`^` + azureHost + `$`)
	// A name becomes a part of a host or of a path, so it has nothing else.
	bucketPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$`)
)

// azureHost matches Microsoft's hosts alone, because a user's login goes there.
const azureHost = `[a-z0-9]{3,24}\.(?:blob|dfs)\.core\.(?:windows\.net|chinacloudapi\.cn|usgovcloudapi\.net)`

// Match implements Scheme.
func (Objects) Match(source string) bool {
	return objectsPattern.MatchString(source) || azurePattern.MatchString(source)
}

// Check implements Scheme.
func (Objects) Check(source string) error {
	_, err := ParseObjects(source)
	return err
}

// ObjectsName is a source of the scheme Objects.
type ObjectsName struct {
	// Scheme is the kind of the store.
	Scheme string
	// Account is the account of Azure, Cloud the domain of its hosts after "blob.".
	Account, Cloud string
	// Bucket is the bucket or container, Prefix what the keys of the model's files begin with: ""
	// or a path that ends with a slash.
	Bucket, Prefix string
}

// String returns the name as a source.
func (n ObjectsName) String() string {
	at := n.Bucket
	switch {
	case n.Scheme == "abfss":
		at += "@" + n.Account + ".dfs." + n.Cloud
	case n.Account != "":
		at += "@" + n.Account + ".blob." + n.Cloud
	}
	return strings.TrimSuffix(n.Scheme+"://"+at+"/"+n.Prefix, "/")
}

// ParseObjects reads a source. Characters stand for themselves, as in MLflow and in the
// vendors' own tools: nothing is percent-encoded.
func ParseObjects(source string) (ObjectsName, error) {
	refused := func(why string) (ObjectsName, error) {
		return ObjectsName{}, fmt.Errorf("model.source %q: %s", source, why)
	}
	name := source
	if web := azurePattern.FindStringSubmatch(source); web != nil {
		name = "wasbs://" + web[2] + "@" + web[1] + web[3]
	}
	scheme, rest, _ := strings.Cut(name, "://")
	if strings.ContainsAny(rest, "?#") {
		return refused(`a "?" or a "#" has no meaning there`)
	}
	bucket, prefix, _ := strings.Cut(rest, "/")
	n := ObjectsName{Scheme: scheme, Bucket: bucket}
	if scheme == "wasbs" || scheme == "abfss" {
		container, host, _ := strings.Cut(bucket, "@")
		if !hostPattern.MatchString(host) {
			return refused("it names no account of Azure: wasbs://CONTAINER@ACCOUNT.blob.core.windows.net/DIRECTORY")
		}
		found := accountPattern.FindStringSubmatch(host)
		n.Bucket, n.Account, n.Cloud = container, found[1], found[2]
	}
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
func (Objects) Access(p Pin) (Access, error) { return bucketAccess(p.Resolved, p.Revisions) }

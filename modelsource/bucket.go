package modelsource

import (
	"maps"
	"slices"
)

// Bucket says where a directory of a bucket is, to a step that has the vendor's
// credentials as secrets.
type Bucket struct {
	// Scheme is s3, gs or azure.
	Scheme string `json:"scheme"`
	// Account is the account of Azure, Cloud the domain of its hosts after "blob.".
	Account string `json:"account,omitempty"`
	Cloud   string `json:"cloud,omitempty"`
	// Name is the bucket or container, Prefix what the keys begin with.
	Name   string `json:"name"`
	Prefix string `json:"prefix,omitempty"`
	// Revisions are those of Pin.
	Revisions map[string]string `json:"revisions,omitempty"`
}

// bucketSecrets are the secrets of a step that fetches from a bucket, by its scheme. They
// have the names of the vendors' own variables.
func bucketSecrets(scheme string) []string {
	switch scheme {
	case "s3":
		return []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}
	case "gs":
		return []string{"CLOUDSDK_AUTH_ACCESS_TOKEN", "STORAGE_EMULATOR_HOST"}
	}
	return []string{"AZURE_STORAGE_CONNECTION_STRING"}
}

// bucketAccess is how a step fetches what is at a location of the scheme Objects.
func bucketAccess(location string, revisions map[string]string) (Access, error) {
	n, err := ParseObjects(location)
	if err != nil {
		return Access{}, err
	}
	scheme := n.Scheme
	if n.Account != "" {
		scheme = "azure"
	}
	b := &Bucket{Scheme: scheme, Account: n.Account, Cloud: n.Cloud, Name: n.Bucket, Prefix: n.Prefix, Revisions: revisions}
	return Access{Bucket: b, Secrets: bucketSecrets(scheme)}, nil
}

// of returns what concerns some files: a step's cache key has nothing of others.
func (a Access) of(files []File) Access {
	if a.Bucket == nil {
		return a
	}
	b := *a.Bucket
	b.Revisions = maps.Clone(b.Revisions)
	maps.DeleteFunc(b.Revisions, func(path, _ string) bool {
		return !slices.ContainsFunc(files, func(f File) bool { return f.Path == path })
	})
	a.Bucket = &b
	return a
}

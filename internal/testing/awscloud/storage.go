package awscloud

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Put adds an object to S3, and Object returns one; its path is BUCKET/KEY.
func (c *Cloud) Put(path, content string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.objects[path] = []byte(content)
}

// Object returns an object of S3; ok is false if there is none.
func (c *Cloud) Object(path string) (content string, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	text, ok := c.objects[path]
	return string(text), ok
}

// storageOperation returns what a request to S3 asks for.
func storageOperation(r *http.Request) string {
	_, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	switch {
	case r.Method == http.MethodPost && r.URL.Query().Has("delete"):
		return "s3:DeleteObjects"
	case r.Method == http.MethodGet && key == "":
		return "s3:ListObjectsV2"
	}
	return "s3:" + r.Method
}

func refuseStorage(w http.ResponseWriter, err *refusal) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(err.status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", err.code, err.message)
}

// store answers a request to S3. There is every bucket but "missing".
func (c *Cloud) store(w http.ResponseWriter, r *http.Request, operation string, body []byte, lost bool) {
	c.mu.Lock()
	c.pass()
	c.calls = append(c.calls, operation)
	path := strings.TrimPrefix(r.URL.Path, "/")
	bucket, _, _ := strings.Cut(path, "/")
	var answer any
	var content []byte
	var refused *refusal
	if err := c.mayStore(operation, path); err != nil {
		refused = err
	}
	switch {
	case refused != nil:
	case bucket == "missing":
		refused = &refusal{http.StatusNotFound, "NoSuchBucket", "The specified bucket does not exist"}
	case operation == "s3:PUT":
		c.objects[path] = body
	case operation == "s3:GET":
		var ok bool
		if content, ok = c.objects[path]; !ok {
			refused = &refusal{http.StatusNotFound, "NoSuchKey", "The specified key does not exist."}
		}
	case operation == "s3:DELETE":
		delete(c.objects, path)
	case operation == "s3:ListObjectsV2":
		answer = c.listed(bucket, r.URL.Query().Get("prefix"), r.URL.Query().Get("continuation-token"))
	case operation == "s3:DeleteObjects":
		var in struct{ Object []struct{ Key string } }
		if err := xml.Unmarshal(body, &in); err != nil {
			c.mistake("%s: %v", operation, err)
		}
		for _, o := range in.Object {
			delete(c.objects, bucket+"/"+o.Key)
		}
		answer = struct {
			XMLName xml.Name `xml:"DeleteResult"`
		}{}
	default:
		c.mistake("unknown operation %s %s", operation, path)
	}
	c.mu.Unlock()
	if lost {
		panic(http.ErrAbortHandler)
	}
	if refused != nil {
		refuseStorage(w, refused)
		return
	}
	if answer != nil {
		_ = xml.NewEncoder(w).Encode(answer)
		return
	}
	_, _ = io.Copy(w, bytes.NewReader(content))
}

// mayStore refuses what the caller's policy does not allow.
func (c *Cloud) mayStore(operation, path string) *refusal {
	policy := c.Policies[c.Caller]
	action := map[string]string{"s3:PUT": "s3:PutObject", "s3:GET": "s3:GetObject", "s3:DELETE": "s3:DeleteObject", "s3:ListObjectsV2": "s3:ListBucket"}[operation]
	if policy == nil || action == "" || policy.allows(action, "arn:aws:s3:::"+strings.TrimSuffix(path, "/")) == "allowed" {
		return nil
	}
	return &refusal{http.StatusForbidden, "AccessDenied", "User: " + c.Caller + " is not authorized to perform: " + action}
}

type listing struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	IsTruncated           bool
	NextContinuationToken string `xml:",omitempty"`
	Contents              []struct {
		Key  string
		Size int
	}
}

// listed lists objects in pages that are smaller than asked for, as is allowed.
func (c *Cloud) listed(bucket, prefix, after string) listing {
	const page = 7
	var out listing
	for _, path := range slices.Sorted(maps.Keys(c.objects)) {
		key, ok := strings.CutPrefix(path, bucket+"/")
		if !ok || !strings.HasPrefix(key, prefix) || key <= after {
			continue
		}
		if len(out.Contents) == page {
			out.IsTruncated, out.NextContinuationToken = true, out.Contents[page-1].Key
			break
		}
		out.Contents = append(out.Contents, struct {
			Key  string
			Size int
		}{key, len(c.objects[path])})
	}
	return out
}
